"""The store of rows: what comes out is what went in, wherever it was meanwhile, and nothing stays behind."""

import errno
import os
import resource
import signal
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

import numpy as np
import oracles
import pytest
from conftest import UNMEASURED
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.data import row_store
from lrfit.data.row_store import RowStore
from lrfit.errors import OutputError
from lrfit.messages import shown
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings

MIB = 1 << 20


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """An empty folder, where scratch files are made."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setenv("TMPDIR", str(folder))
    return folder


def store_of(rows, max_bytes, sizes=(7, 1, 30)):
    """A store of these rows, which come in chunks of these sizes in turn, one of them by columns."""
    store, start = RowStore(max_bytes), 0
    while start < len(rows):
        for i, size in enumerate(sizes):
            chunk = rows[start : start + size]
            if len(chunk):
                store.append(np.asfortranarray(chunk) if i == 0 else chunk)
            start += size
    return store


def numbered(n_rows, n_columns=3):
    return np.arange(float(n_rows * n_columns)).reshape(n_rows, n_columns)


# What comes out.


@pytest.mark.parametrize("max_bytes", [0, 100, 100 * 24 - 1, 100 * 24, None])
def test_rows_come_out_as_they_went_in_whatever_the_budget(max_bytes):
    rows = numbered(100)
    store = store_of(rows, max_bytes)
    assert len(store) == 100
    np.testing.assert_array_equal(store.rows(), rows)
    np.testing.assert_array_equal(np.concatenate([w.copy() for w in store.windows(7)]), rows)


@pytest.mark.parametrize(("max_bytes", "is_on_disk"), [(0, True), (2399, True), (2400, False), (None, False)])
def test_rows_go_to_a_scratch_file_when_they_exceed_the_budget(max_bytes, is_on_disk):
    assert store_of(numbered(100), max_bytes).is_on_disk == is_on_disk


@settings(max_examples=60, deadline=None)
@given(
    n_rows=st.integers(1, 200),
    n_columns=st.integers(1, 4),
    batch_size=st.integers(1, 250),
    max_bytes=st.sampled_from([0, 64, 1000, 10**6]),
    window_bytes=st.sampled_from([1, 200, 1000, MIB]),
    seed=st.none() | st.integers(0, 9),
)
def test_windows_are_whole_batches_of_all_rows_in_order(
    n_rows, n_columns, batch_size, max_bytes, window_bytes, seed
):
    """All windows but the last; none is larger than the budget, or than a batch."""
    rows = numbered(n_rows, n_columns)
    order = None if seed is None else np.random.default_rng(seed).permutation(n_rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(row_store, "_WINDOW_BYTES", window_bytes)
        patch.setattr(row_store, "_SPAN_BYTES", window_bytes)
        store = store_of(rows, max_bytes)
        for _ in range(2):
            windows = [window.copy() for window in store.windows(batch_size, order)]
            assert all(len(window) % batch_size == 0 for window in windows[:-1])
            largest = max(window_bytes, max_bytes if store.is_on_disk else 0, batch_size * n_columns * 8)
            assert all(window.nbytes <= largest for window in windows)
            np.testing.assert_array_equal(np.concatenate(windows), rows if order is None else rows[order])


def test_a_store_of_rows_does_not_copy_them():
    rows = numbered(10)
    assert np.shares_memory(RowStore.of(rows).rows(), rows)


def test_blocks_are_freed_when_they_are_joined():
    store = store_of(numbered(100), None)
    store.rows()
    assert store._blocks == []


@pytest.mark.parametrize(
    "settings", [{}, {"standardize": True}, {"shuffle": False}, {"learning_rate": "auto"}]
)
def test_training_gives_the_same_bits_from_memory_and_from_a_scratch_file(monkeypatch, settings):
    """With windows of several batches, and a budget that makes them of another size."""
    monkeypatch.setattr(row_store, "_WINDOW_BYTES", 1000)
    rows = oracles.random_rows(301, 2)
    given_settings = {"learning_rate": 0.01, "epochs": 4, "batch_size": 5} | settings
    paths = []
    for max_bytes in (0, 6000, None):
        store = store_of(rows, max_bytes)
        records = descend(plan_of(Moments.of_rows(rows), TrainingSettings(**given_settings), store))
        paths.append([(*record.weights, record.intercept, record.loss) for record in records])
    assert paths[0] == paths[1] == paths[2]


# The scratch file.


def test_a_scratch_file_has_no_name_and_is_where_tmpdir_says(scratch):
    store = store_of(numbered(100), 0)
    assert [*scratch.iterdir()] == []
    assert os.fstat(store._scratch.fileno()).st_size == 2400
    assert os.fstat(store._scratch.fileno()).st_dev == scratch.stat().st_dev


@pytest.mark.usefixtures("scratch")
def test_rows_are_in_the_file_as_soon_as_they_are_appended():
    """Whole, whatever the size of a chunk: what is read is mapped from the file."""
    store, n_rows = RowStore(0), 0
    for size in (1, 3, 1000, 1):
        store.append(numbered(size))
        n_rows += size
        assert os.fstat(store._scratch.fileno()).st_size == n_rows * 24


@pytest.mark.usefixtures("scratch")
def test_a_scratch_file_that_cannot_be_mapped_is_an_error(monkeypatch):
    """As under `ulimit -v`."""

    def fail(*_, **__):
        raise OSError(errno.ENOMEM, "Cannot allocate memory")

    store = store_of(numbered(100), 0)
    monkeypatch.setattr(np, "memmap", fail)
    with pytest.raises(OutputError, match="scratch file for the rows cannot be mapped: Cannot allocate"):
        store.rows()


@pytest.mark.parametrize("limit", [100, 2399, 4800 + 24, 24 * 299])
def test_a_disk_that_is_full_is_an_error_that_says_where_and_what_to_do(scratch, limit):
    """Also where the system takes a part of what is written, and says so quietly."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, hard))
    try:
        with pytest.raises(OutputError) as info:
            store_of(numbered(300), 0, sizes=[100])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert f"cannot be written in {shown(str(scratch))}: File too large; set TMPDIR" in str(info.value)
    assert "or raise max_memory" in str(info.value)


def test_a_budget_bounds_what_is_allocated():
    """64 times as many rows as the budget allows; their order takes 8 bytes a row, and is not counted."""
    n_rows = 64 * MIB // 64
    order = np.random.default_rng(0).permutation(n_rows)
    chunk = np.ones((10_000, 8))
    tracemalloc.start()
    try:
        store = RowStore(MIB)
        for start in range(0, n_rows, len(chunk)):
            store.append(chunk[: n_rows - start].copy())
        assert sum(len(window) for window in store.windows(100, order)) == n_rows
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 5 * MIB


def test_no_folder_for_a_scratch_file_is_an_error_that_says_so(monkeypatch):
    """As on a machine whose disks are all full."""
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: ["/no/such/folder"])
    with pytest.raises(OutputError, match=r"in any folder: No usable temporary directory .* set TMPDIR"):
        RowStore(0).append(numbered(1))


# On the command line.


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A CSV of 120,000 rows of 8 columns."""
    path = tmp_path_factory.mktemp("table") / "t.csv"
    lines = [",".join(f"{value:.3f}" for value in row) + "\n" for row in oracles.random_rows(5_000, 7)]
    path.write_text("a,b,c,d,e,f,g,y\n" + "".join(lines) * 24)
    return path


ARGUMENTS = ("--batch-size", "1000", "--epochs", "2", "--lr", "0.001", "--executor", "numpy")


def test_a_budget_does_not_change_the_result_and_leaves_nothing_behind(lrfit, scratch, table):
    plain = lrfit("train", table, *ARGUMENTS, "-q")
    small = lrfit("train", table, *ARGUMENTS, "-v", "--max-memory", "1M")
    assert (plain.returncode, small.returncode) == (0, 0)
    assert plain.stdout == small.stdout
    assert f"rows: beyond 1 MiB, so in a scratch file in {shown(str(scratch))}" in small.stderr.decode()
    assert [*scratch.iterdir()] == []


def test_nothing_stays_behind_after_divergence(lrfit, scratch, table):
    result = lrfit("train", table, *ARGUMENTS, "--lr", "100", "-q", "--max-memory", "0")
    assert result.returncode == 3
    assert [*scratch.iterdir()] == []


def test_nothing_stays_behind_after_a_kill(scratch, table):
    """With a signal that no process can handle, in the midst of training."""
    command = [
        sys.executable,
        "-m",
        "lrfit",
        "train",
        table,
        *ARGUMENTS,
        "--epochs",
        "100000",
        "--max-memory",
        "0",
    ]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert any(line.split()[0] == "2" for line in process.stderr)
            assert scratch_files(process.pid, scratch)
        finally:
            process.kill()
    assert process.returncode == -signal.SIGKILL
    assert [*scratch.iterdir()] == []


def scratch_files(pid: int, folder: Path) -> int:
    """How often a process has files of that folder open that have no name any more."""
    links = [str(path.readlink()) for path in Path(f"/proc/{pid}/fd").iterdir()]
    return sum(link.startswith(str(folder)) and link.endswith("(deleted)") for link in links)


@pytest.mark.parametrize("n_rows", [100, 100_000])
def test_a_full_disk_exits_1_with_one_line(shell, scratch, tmp_path, n_rows):
    """A limit on the size of files, of 1 KiB, stands for a disk that is full."""
    (tmp_path / "t.csv").write_text("x,y\n" + "1,2\n2,4.5\n" * (n_rows // 2))
    result = shell("ulimit -f 1; lrfit train t.csv --batch-size 5 --max-memory 0 -q | cat", **UNMEASURED)
    assert (result.returncode, result.stdout) == (1, b"")
    (line,) = result.stderr.decode().splitlines()
    assert line.startswith(
        f"lrfit: error: the scratch file for the rows cannot be written in {shown(str(scratch))}: "
    )
    assert [*scratch.iterdir()] == []


def test_a_budget_bounds_the_memory_of_the_process(tmp_path):
    """Rows that take 46 MiB in memory."""
    table = tmp_path / "t.csv"
    table.write_text("x,y\n" + "1,2\n3,5\n" * 1_500_000)
    arguments = ("train", table, *ARGUMENTS, "--epochs", "1", "--no-shuffle", "--quiet")
    plain, small = (peak_bytes(*arguments, "--max-memory", size) for size in ("4G", "1M"))
    assert plain - small > 30 * MIB


def peak_bytes(*arguments: object) -> int:
    """The most memory that a successful run of lrfit uses; on one core, so that none is read ahead."""
    code = """if True:
        import os
        import sys
        from pathlib import Path
        from lrfit.cli.group import run
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
        code = run(sys.argv[1:])
        lines = Path("/proc/self/status").read_text().splitlines()
        print(code, next(line.split()[1] for line in lines if line.startswith("VmHWM:")), file=sys.stderr)
    """
    command = [sys.executable, "-c", code, *map(str, arguments)]
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    returned, kib = result.stderr.split()[-2:]
    assert returned == "0", result.stderr
    return int(kib) << 10
