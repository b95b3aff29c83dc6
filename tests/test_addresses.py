"""Files at addresses: the same bits as of files here, by every command, with a cluster and without."""

import gzip
import json
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from clusters import Here
from remote import bucket, web_server

import lrfit
from lrfit.data.column_names import ColumnRequest
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data
from lrfit.system.file_names import matching
from lrfit.system.listener import Listener

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("aiohttp")

N_ROWS = 70_000


def rows(n_rows, seed):
    x, e = np.random.default_rng(seed).normal(size=(2, n_rows))
    return "".join(f"{a:.15f},{2 * a + 1 + b:.15f}\n" for a, b in zip(x, e, strict=True))


@pytest.fixture(scope="module")
def parts():
    """Two tables, of 2.7 and 1 MB."""
    return {f"part-{i}.csv": f"x,y\n{rows(n, i)}".encode() for i, n in enumerate((N_ROWS, N_ROWS // 3))}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch, parts):
    for name, content in parts.items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def memory(parts):
    filesystem = fsspec.filesystem("memory")
    for name, content in parts.items():
        filesystem.pipe_file(f"/{name}", content)
    yield filesystem
    filesystem.store.clear()


@pytest.fixture
def web(parts):
    with web_server() as server:
        server.files |= parts
        yield server


@pytest.fixture(scope="module")
def s3(parts):
    with bucket(**parts) as filesystem:
        yield filesystem


class Heard(Listener):
    def __init__(self):
        self.notes = []

    def note(self, text):
        self.notes.append(text)


def outcome(name, cluster=None, listener=None):
    wanted = ColumnRequest(x=("x",), y="y")
    request = TableRequest(matching([name]), columns=wanted)
    (data,) = read_training_data(request, listener, cluster=cluster)
    return data.sample.fingerprint, data.moments.mean.tobytes(), data.moments.factor.tobytes()


@pytest.mark.usefixtures("memory")
@pytest.mark.parametrize("pattern", ["part-0.csv", "part-*.csv", "part-[10].csv"])
@pytest.mark.parametrize("start", ["memory://", "memory:///", "MEMORY://", "file://"])
def test_the_bits_are_those_of_files_here(start, pattern, folder):
    address = f"file://{folder}/{pattern}" if start == "file://" else start + pattern
    assert outcome(address) == outcome(address, Here()) == outcome(pattern)


@pytest.mark.usefixtures("s3")
@pytest.mark.parametrize("pattern", ["part-1.csv", "part-*.csv"])
def test_they_are_from_a_bucket(pattern):
    assert outcome(f"s3://bucket/{pattern}") == outcome(f"s3://bucket/{pattern}", Here()) == outcome(pattern)


@pytest.mark.parametrize("pattern", ["part-0.csv", "part-*.csv"])
def test_they_are_from_a_web_server(web, pattern):
    assert outcome(web.address + pattern) == outcome(web.address + pattern, Here()) == outcome(pattern)


@pytest.mark.parametrize("way", ["gives_ranges", "says_sizes"])
def test_a_web_server_without_ranges_is_read_as_a_pipe_is(web, way, parts):
    setattr(web, way, False)
    heard = Heard()
    address = f"{web.address}part-0.csv"
    assert outcome(address, Here(), heard) == outcome("part-0.csv")
    assert heard.notes[0] == f"'{address}': read by this process alone, as it cannot be divided"
    web.files["part-0.csv"] = gzip.compress(parts["part-0.csv"])
    assert outcome(address) == outcome("part-0.csv")


def test_few_bytes_are_read_in_vain(web, parts):
    outcome(f"{web.address}part-0.csv")
    assert web.sent == len(parts["part-0.csv"]) + 1  # one to see whether it gives ranges


def test_a_packed_file_and_a_columnar_one_are_known_by_their_content(web, parts, folder):
    pa = pytest.importorskip("pyarrow")
    csv, parquet = (pytest.importorskip(f"pyarrow.{name}") for name in ("csv", "parquet"))
    web.files["packed"] = gzip.compress(parts["part-0.csv"])
    assert outcome(f"{web.address}packed") == outcome("part-0.csv")
    table = csv.read_csv(pa.BufferReader(parts["part-0.csv"]))
    parquet.write_table(table, "d.parquet", row_group_size=N_ROWS // 3)
    web.files["d"] = (folder / "d.parquet").read_bytes()
    assert outcome(f"{web.address}d") == outcome(f"{web.address}d", Here()) == outcome("d.parquet")


COMMANDS = {
    "train": ["train", "DATA", "-q", "--format", "json"],
    "evaluate": ["evaluate", "MODEL", "DATA", "--format", "json"],
    "predict": ["predict", "MODEL", "DATA", "--only"],
    "plot": ["plot", "DATA", "MODEL", "-o", "p.svg", "-q"],
    "graph": ["graph", "--data", "DATA"],
    "explore": ["explore", "DATA", "-o", "p.html", "-q"],
    "condense": ["condense", "DATA", "-o", "m.json", "-q"],
}


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_reads_addresses(here, memory, command):
    text = b"x,y\n" + b"".join(b"%d,%d\n" % (i, 3 * i % 7) for i in range(20))
    Path("d.csv").write_bytes(text)
    assert here("train", "d.csv", "-q", "-o", "model.json").returncode == 0
    memory.pipe_file("/far.csv", text)
    memory.pipe_file("/model.json", Path("model.json").read_bytes())
    results = []
    for data, model in (("d.csv", "model.json"), ("memory://far.csv", "memory://model.json")):
        words = [{"DATA": data, "MODEL": model}.get(word, word) for word in COMMANDS[command]]
        result = here(*words)
        assert result.returncode == 0, result.stderr
        results.append(result.stdout)
    assert results[0] == results[1]


def test_a_file_is_written_for_each_address(here, memory):
    memory.pipe_file("/a.csv", b"x,y\n1,2\n2,3\n3,5\n")
    memory.pipe_file("/b.csv", b"x,y\n4,5\n")
    assert here("train", "memory://a.csv", "-q", "-o", "m.json").returncode == 0
    result = here("predict", "m.json", "memory://a.csv", "memory://b.csv", "-o", "{stem}-out.csv")
    assert (result.returncode, result.stderr) == (0, b"")
    assert Path("b-out.csv").read_text().startswith("x,y,y_hat\n4,5,")
    result = here("predict", "m.json", "memory://a.csv", "-o", "s3://bucket/p.csv")
    assert result.returncode == 1
    assert (
        result.stderr
        == b"lrfit: error: 's3://bucket/p.csv' is an address: write a file here, and copy it there\n"
    )


def test_a_local_file_of_that_name_is_a_file(folder):
    (folder / "s3:" / "bucket").mkdir(parents=True)
    (folder / "s3:" / "bucket" / "d.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    assert lrfit.train("s3://bucket/d.csv").save("s3://bucket/m.json") is None
    assert json.loads((folder / "s3:" / "bucket" / "m.json").read_text())["target"] == "y"


def test_progress_is_of_all_addresses(web, parts):
    class Bytes(Listener):
        def __init__(self):
            self.told = []

        @contextmanager
        def work(self, label, *, unit=None):  # noqa: ARG002
            yield lambda *numbers: self.told.append(numbers)

    listener = Bytes()
    outcome(f"{web.address}part-*.csv", listener=listener)
    whole = sum(map(len, parts.values()))
    assert {n_bytes for _, n_bytes in listener.told} == {whole}
    assert len(parts["part-0.csv"]) <= listener.told[-1][0] <= whole


def run(*arguments):
    command = [sys.executable, "-m", "lrfit", *arguments]
    return subprocess.run(command, capture_output=True, check=False, timeout=60, env=os.environ)


def test_workers_in_other_processes_open_the_address(web):
    pytest.importorskip("distributed")
    settings = ["--lr", "0.1", "--epochs", "5", "--format", "json"]
    alone = run("train", "part-0.csv", *settings)
    spread = run("train", f"{web.address}part-0.csv", *settings, "--cluster", "local:1")
    assert (spread.stdout, alone.returncode) == (alone.stdout, 0), spread.stderr
    assert b"this process alone" not in spread.stderr
