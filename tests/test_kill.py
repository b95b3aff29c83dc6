"""kill -9 at any moment: what is left is a model as it was saved, whole."""

import random
import subprocess
import sys
import time

import pytest
from depth import cases

from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load, to_bytes

FITS = [
    ModelDocument(f"y{i}", {f"x{j}": (i + 1) / (j + 1) for j in range(n_features)}, i / 3.0)
    for i, n_features in enumerate((5000, 7000))
]
"""Their documents differ in length, and are larger than a pipe's buffer."""

SAVE_IN_TURNS = """
import sys
from itertools import cycle
from pathlib import Path
from lrfit.system.files import open_output

documents = [Path(name).read_bytes() for name in ("0.json", "1.json")]
for document in cycle(documents):
    with open_output("m.json") as file:
        for start in range(0, len(document), 10_000):
            file.write(document[start : start + 10_000])
    print(end=".", flush=True)
"""


@pytest.mark.parametrize("seed", range(cases(5, 300)))
def test_a_process_that_is_killed_while_it_saves_leaves_a_whole_model(tmp_path, seed):
    documents = list(map(to_bytes, FITS))
    assert min(map(len, documents)) > 1 << 16
    for i, document in enumerate(documents):
        (tmp_path / f"{i}.json").write_bytes(document)
    with subprocess.Popen(
        [sys.executable, "-c", SAVE_IN_TURNS], cwd=tmp_path, stdout=subprocess.PIPE
    ) as process:
        process.stdout.read(1 + seed % 2)  # so much was saved
        time.sleep(random.Random(seed).uniform(0.0, 0.02))  # noqa: S311
        process.kill()
    assert (tmp_path / "m.json").read_bytes() in documents
    assert load(str(tmp_path / "m.json")) in FITS
    left = {path.name for path in tmp_path.iterdir()} - {"0.json", "1.json", "m.json"}
    assert len(left) <= 1
    assert all(name.startswith(".lrfit-") for name in left)
