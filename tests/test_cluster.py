"""A cluster of processes over TCP, as a user starts it: the same bits as without, or one line."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from shutil import copy

import numpy as np
import oracles
import pytest
from depth import cases

import lrfit
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import read_training_data
from lrfit.errors import UsageError
from lrfit.system.cluster import Cluster

distributed = pytest.importorskip("distributed")

BIN = Path(sys.executable).parent
LRFIT = [sys.executable, "-m", "lrfit"]
SETTINGS = ["--lr", "0.1", "--epochs", "20", "--format", "json"]
MINI_BATCHES = ["--epochs", "5", "--batch-size", "32", "--shuffle", "parts", "--momentum", "0.5"]


class Scheduler:
    """`dask scheduler`, and workers that it has."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "scheduler.json"
        self.scheduler = self._start("scheduler", "--host", "127.0.0.1", "--port", "0")
        wait_for(self.file.exists)
        self.workers = [self.start_worker(), self.start_worker()]
        self.wait_for_workers()

    def _start(self, what, *options):
        command = [BIN / "dask", what, "--scheduler-file", self.file, "--no-dashboard", *options]
        with (self.folder / f"{what}.log").open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self.folder)

    def start_worker(self):
        return self._start("worker", "--nthreads", "1", "--no-nanny", "--local-directory", self.folder)

    def wait_for_workers(self):
        """Until all are there: what is decided by their number depends on it."""
        with distributed.Client(scheduler_file=str(self.file), set_as_default=False) as client:
            wait_for(lambda: len(client.scheduler_info(n_workers=-1)["workers"]) == len(self.workers))

    def end(self):
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


def wait_for(condition, timeout_s=30):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    started = Scheduler(tmp_path_factory.mktemp("cluster"))
    yield started
    started.end()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A table of 20 MiB, in one file and in five, and a model of it."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    lines = [f"{x:.15f},{2 * x + 1 + e:.15f}\n" for x, e in rng.normal(size=(550_000, 2))]
    for i in range(5):
        (folder / f"part-{i}.csv").write_text("x,y\n" + "".join(lines[110_000 * i : 110_000 * (i + 1)]))
    (folder / "all.csv").write_text("x,y\n" + "".join(lines))
    assert run(folder, "train", "all.csv", "-q", "-o", "m.json").returncode == 0
    return folder


def run(folder, *arguments, **options):
    return subprocess.run([*LRFIT, *arguments], cwd=folder, capture_output=True, check=False, **options)


@pytest.mark.parametrize("names", [["all.csv"], ["part-*.csv"]])
def test_train_has_the_bits_of_one_machine(cluster, folder, names):
    alone = run(folder, "train", *names, *SETTINGS)
    spread = run(folder, "train", *names, *SETTINGS, "--cluster", cluster.file)
    assert spread.stdout == alone.stdout != b""
    assert spread.stderr.startswith(b"cluster: 2 workers, 2 tasks at a time\n")
    assert spread.stderr.partition(b"\n")[2] == alone.stderr


def test_processes_here_have_them_too_and_leave_nothing(folder, tmp_path):
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    spread = run(folder, "train", "all.csv", *SETTINGS, "--cluster", "local:2", env=environment)
    assert spread.stdout == run(folder, "train", "all.csv", *SETTINGS).stdout != b""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("after_s", cases([0.9], [0.4 + 0.1 * i for i in range(20)]))
def test_ctrl_c_is_one_line(folder, after_s):
    """A terminal sends it to all processes, and whatever they print comes before stderr ends."""
    settings = [*MINI_BATCHES, "--epochs", "1000000", "--cluster", "local:2", "-q"]
    process = subprocess.Popen(
        [*LRFIT, "train", "all.csv", "part-*.csv", *settings],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    time.sleep(after_s)
    os.killpg(process.pid, signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"lrfit: interrupted\n")
    assert process.returncode == 130


def test_another_cluster_on_this_machine_is_not_in_the_way(folder):
    with socket.socket() as other:
        with suppress(OSError):  # there is one already
            other.bind(("127.0.0.1", 8787))
            other.listen()
        result = run(folder, "train", "part-0.csv", *SETTINGS, "-q", "--cluster", "local:1")
    assert (result.returncode, result.stderr) == (0, b"")


@pytest.mark.parametrize(
    "arguments",
    [
        ["evaluate", "m.json", "part-*.csv", "--format", "json"],
        ["predict", "m.json", "part-1.csv", "part-0.csv"],
        ["predict", "m.json", "part-1.csv", "--only", "--interval", "prediction"],
    ],
)
def test_models_are_applied_alike(cluster, folder, arguments):
    spread = run(folder, *arguments, "--cluster", cluster.file)
    assert spread.stdout == run(folder, *arguments).stdout != b""
    assert spread.returncode == 0


def test_a_message_is_that_of_one_machine(cluster, folder):
    text = (folder / "part-2.csv").read_text()
    place = text.rindex("\n", 0, len(text) - 100) + 1
    (folder / "bad.csv").write_text(text[:place] + "1,x\n" + text[place:])
    alone, spread = (
        run(folder, "train", "part-0.csv", "bad.csv", "-q", *some)
        for some in ([], ["--cluster", cluster.file])
    )
    assert spread.stderr == alone.stderr
    assert b"'bad.csv', line 109999, column 'y': 'x' is not a number" in alone.stderr
    assert (spread.returncode, spread.stdout) == (1, b"")


def numbers_of(stdout):
    model = json.loads(stdout)
    return [*model["weights"].values(), model["intercept"], model["training"]["loss"]]


def test_mini_batches_have_the_numbers_of_one_machine(cluster, folder):
    arguments = ["train", "all.csv", "part-*.csv", *SETTINGS, *MINI_BATCHES, "--lr", "0.001"]
    alone = run(folder, *arguments, "-q")
    spread = run(folder, *arguments, "-v", "--cluster", cluster.file)
    np.testing.assert_allclose(numbers_of(spread.stdout), numbers_of(alone.stdout), rtol=1e-12)
    assert b"cluster: maps of the parts, made on the sigma points of their batches" in spread.stderr


def killed_run(cluster, folder, after_s, victim, method=()):
    """The result of a run during which a process was killed, some time after its start."""
    command = [*LRFIT, "train", "all.csv", "part-*.csv", *SETTINGS, *method, "-q", "--cluster", cluster.file]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    time.sleep(after_s)
    os.kill(victim(process), signal.SIGKILL)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err.decode()


@pytest.mark.parametrize("after_s", cases([0.9], [0.3 + 0.2 * i for i in range(20)]))
@pytest.mark.parametrize("method", [[], MINI_BATCHES])
def test_a_worker_that_dies_changes_no_bit(cluster, folder, after_s, method):
    """Of full batches. Mini-batches may go another way if it dies before the run asks how many there are."""
    arguments = ["all.csv", "part-*.csv", *SETTINGS, *method, "-q", "--cluster", cluster.file]
    whole = run(folder, "train", *arguments)
    worker = cluster.workers.pop(0)
    code, out, err = killed_run(cluster, folder, after_s, lambda _: worker.pid, method)
    worker.wait()
    cluster.wait_for_workers()
    cluster.workers.append(cluster.start_worker())
    cluster.wait_for_workers()
    assert (code, err) == (0, "")
    if method:
        np.testing.assert_allclose(numbers_of(out), numbers_of(whole.stdout), rtol=1e-12)
    else:
        assert out == whole.stdout


def test_a_run_that_is_killed_leaves_no_task_behind(cluster, folder):
    long = [*MINI_BATCHES, "--epochs", "100000"]
    code, out, _ = killed_run(cluster, folder, 1.5, lambda process: process.pid, long)
    assert (code, out) == (-signal.SIGKILL, b"")
    with distributed.Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        wait_for(lambda: not any(client.processing().values()))


def test_the_library_takes_a_client(cluster, folder):
    alone = lrfit.train(str(folder / "all.csv"), learning_rate=0.1, epochs=5)
    with distributed.Client(scheduler_file=str(cluster.file), set_as_default=False) as client:
        spread = lrfit.train(str(folder / "all.csv"), learning_rate=0.1, epochs=5, cluster=client)
        assert client.status == "running"
    assert spread.weights == alone.weights


@pytest.mark.parametrize(
    ("where", "words"),
    [
        ("nowhere", "cluster='nowhere': it must be local, local:N for N processes here"),
        ("local:0", "cluster='local:0': it must be local"),
        ("local:two", "cluster='local:two': it must be local"),
        ("local:99999", "cluster='local:99999': it must be local"),
        (str(oracles.SAMPLE_DATA / "lab.csv"), "this file is none that dask scheduler"),
    ],
)
def test_a_wrong_name_is_a_usage_error(where, words):
    with pytest.raises(UsageError, match=words):
        lrfit.train(str(oracles.SAMPLE_DATA / "lab.csv"), cluster=where)


@pytest.mark.parametrize(
    "settings", [{"batch_size": 4}, {"validation_fraction": 0.2, "validation_rows": "last"}]
)
def test_what_needs_rows_is_refused(cluster, settings):
    with pytest.raises(UsageError, match=r"^cluster "):
        lrfit.train(str(oracles.SAMPLE_DATA / "lab.csv"), cluster=str(cluster.file), **settings)


def test_a_file_that_a_worker_cannot_see_is_one_line(cluster, tmp_path):
    """The workers of the cluster are on this machine, so the file is taken away while it is read."""
    path = tmp_path / "gone.csv"
    copy(oracles.SAMPLE_DATA / "lab.csv", path)

    class Gone(Cluster):
        def map(self, function, items):
            path.unlink()
            return super().map(function, items)

    with (
        distributed.Client(scheduler_file=str(cluster.file), set_as_default=False) as client,
        pytest.raises(lrfit.DataError, match=r"^worker tcp://.*: '.*' cannot be opened: No such file"),
    ):
        read_training_data(TableRequest((str(path),)), cluster=Gone(client))
