"""Whichever call fails while a run writes its files: a line, the right code, and old files or new ones.

And a standard output that does not take the result is code 1.
"""

import errno
import os
import tempfile
from pathlib import Path

import oracles
import pytest
from depth import cases
from faults import faults

from lrfit.messages import shown

OLD = b'epoch,loss,excess,gradient_norm,"lrfit-model"\n'  # which both may overwrite
ARGUMENTS = (
    "-q --epochs 3 --lr 0.01 -o m.json --history h.csv --checkpoint-every 2 --batch-size 5 --max-memory 100"
)
FILES = ("m.json", "h.csv")


@pytest.fixture
def train(in_process, tmp_path, monkeypatch):
    """Run `lrfit train` over old files, with a scratch file; gives the calls, the result and the files."""
    (tmp_path / "scratch").mkdir()
    (tmp_path / "files").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    monkeypatch.chdir(tmp_path / "files")

    def run(*fault):
        for name in FILES:
            (tmp_path / "files" / name).write_bytes(OLD)
        with faults(*fault) as made:
            code, out, err = in_process(
                "train", str(oracles.SAMPLE_DATA / "lab.csv"), *ARGUMENTS.split(), stdin=""
            )
        assert sorted(path.name for path in Path().iterdir()) == sorted(FILES), made.failed
        assert [*(tmp_path / "scratch").iterdir()] == [], made.failed
        return made, (code, out, err), [(tmp_path / "files" / name).read_bytes() for name in FILES]

    return run


def contents(made):
    """What each file has been, in turn."""
    return [[OLD, *(new for path, new in made.replaced if path.endswith(name))] for name in FILES]


@pytest.mark.parametrize("error", cases([errno.ENOSPC], [errno.ENOSPC, errno.EIO, errno.EPERM, errno.EDQUOT]))
def test_whichever_call_fails_files_are_old_or_whole_and_the_run_says_so(train, error):
    train()  # which imports what is needed
    made, (code, result, err), files = train()
    assert (code, err) == (0, "")
    models, histories = contents(made)
    assert (len(models), len(histories)) == (3, 2)  # a checkpoint, and the end
    assert files == [models[-1], histories[-1]]
    reported = set()
    for n in range(1, len(made.calls) + 1):
        failing, (code, out, err), (model, history) = train(n, error)
        place = f"call {n}, {failing.failed}"
        if code == 0:  # such as where a folder cannot be synced
            assert (out, err, [model, history]) == (result, "", files), place
            continue
        assert (code, out, err.count("\n")) == (1, "", 1), place
        assert err.startswith("lrfit: error: "), place
        assert os.strerror(error) in err, place
        assert any(name in err for name in (*map(shown, FILES), "scratch file")), place
        assert model in models[:-1], place
        assert history in histories, place
        assert len(failing.calls) >= n
        reported.add(failing.failed)
    assert reported >= {"open", "file", "write", "file.close", "chmod", "fsync", "replace"}


@pytest.mark.parametrize("part", [1, 7, 100])
def test_writes_that_take_only_a_part_are_gone_on_with(train, part):
    _, result, files = train()
    made, again, same = train(None, errno.EIO, part)
    assert (again, same) == (result, files)
    assert made.calls.count("write") > 100 / part


RESULTS = [
    "train lab.csv -q --format json",
    "train lab.csv -q",
    "evaluate m.json lab.csv --format json",
    "evaluate m.json lab.csv",
    "predict m.json lab.csv",
]


@pytest.mark.parametrize("arguments", cases(RESULTS[0::2], RESULTS))
@pytest.mark.parametrize(
    ("stdout", "reason"),
    [
        (">/dev/full", "the result cannot be written: No space left on device"),
        (">&-", "standard output is closed, so the result cannot be written"),
    ],
)
def test_a_standard_output_that_takes_nothing_is_code_1_and_one_line(
    shell, tmp_path, arguments, stdout, reason
):
    (tmp_path / "lab.csv").write_bytes((oracles.SAMPLE_DATA / "lab.csv").read_bytes())
    (tmp_path / "m.json").write_text(
        '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1}, "intercept": 0}'
    )
    result = shell(f"lrfit {arguments} {stdout}")
    assert (result.returncode, result.stderr.decode()) == (1, f"lrfit: error: {reason}\n")
