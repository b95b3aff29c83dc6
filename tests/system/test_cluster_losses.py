"""What goes wrong on a cluster, played by a client; `tests/test_cluster.py` has real ones."""

from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from lrfit.errors import ClusterError, DataError, UsageError
from lrfit.system import cluster, cluster_connection
from lrfit.system.cluster import Cluster

WORKERS = {"tcp://a": {"nthreads": 1, "memory_limit": 100}, "tcp://b": {"nthreads": 2, "memory_limit": 50}}


class CommClosedError(OSError):
    """As Dask has it."""


class KilledWorker(Exception):  # noqa: N818 (Dask's name)
    """As Dask has it."""


class Future:
    """A result, after some other outcomes."""

    def __init__(self, outcomes):
        self._outcomes = outcomes

    def result(self, timeout):  # noqa: ARG002 (Dask's signature)
        outcome = self._outcomes.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome


class Client:
    """A client all of whose results come after some errors."""

    def __init__(self, *outcomes, workers=WORKERS, theirs=None):
        self.status = "running"
        self.workers = workers
        self._outcomes = list(outcomes)
        self._theirs = theirs

    def scheduler_info(self, n_workers):  # noqa: ARG002 (Dask's signature)
        return {"workers": self.workers}

    def submit(self, *_, **__):
        return Future(self._outcomes)

    def compute(self, tasks):
        return [Future(self._outcomes) for _ in tasks]

    def wait_for_workers(self, n, timeout):  # noqa: ARG002 (Dask's signature)
        if not self.workers:
            raise TimeoutError

    def run(self, function, on_error):  # noqa: ARG002 (Dask's signature)
        if isinstance(self._theirs, Exception):
            raise self._theirs
        return self._theirs


@pytest.fixture(autouse=True)
def no_patience(monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 0.0)


def result_of(client):
    return Cluster(client).call(str, 1)


def test_the_size_of_a_cluster():
    assert (Cluster(Client()).n_threads, Cluster(Client()).n_bytes()) == (3, 150)
    unlimited = {"tcp://a": {"nthreads": 1, "memory_limit": 0}}
    assert Cluster(Client(workers=unlimited)).n_bytes() is None


@pytest.mark.parametrize(
    "outcomes", [["r"], [TimeoutError(), TimeoutError(), "r"], [CommClosedError()] * 3 + ["r"]]
)
def test_a_result_is_waited_for_and_made_again_if_it_is_lost(outcomes):
    assert result_of(Client(*outcomes)) == "r"


def test_a_result_that_is_lost_again_and_again_is_given_up():
    with pytest.raises(ClusterError, match="the scheduler is lost"):
        result_of(Client(*[CommClosedError()] * 5))


def test_what_dask_has_delayed_cannot_be_handed_out_again():
    assert list(Cluster(Client("a", "b")).results([1, 2])) == ["a", "b"]
    with pytest.raises(ClusterError, match="the scheduler is lost"):
        list(Cluster(Client(CommClosedError(), "a")).results([1]))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("No module", name="pyarrow"), "a worker lacks pyarrow: install"),
        (KilledWorker(), "workers died three times of the same part"),
        (ValueError("odd\nand more"), "a worker failed: ValueError: odd$"),
    ],
)
def test_an_error_of_a_worker_is_one_line(error, words):
    with pytest.raises(ClusterError, match=words):
        result_of(Client(error))


def test_an_error_of_ours_comes_through():
    with pytest.raises(DataError, match="line 3"):
        result_of(Client(DataError("line 3")))


def test_a_cluster_that_all_have_left_is_given_up():
    client = Client(TimeoutError(), TimeoutError(), "r", workers={})
    with pytest.raises(ClusterError, match="no worker is left: start some"):
        result_of(client)
    client = Client(TimeoutError())
    client.status = "closed"
    with pytest.raises(ClusterError, match="the scheduler is lost"):
        result_of(client)


def connected(monkeypatch, client, where="tcp://far:8786"):
    def connect(*_, **__):
        if isinstance(client, Exception):
            raise client
        return client

    monkeypatch.setattr(
        cluster_connection, "import_optional", lambda *_, **__: SimpleNamespace(Client=connect)
    )
    with cluster_connection.cluster_of(where) as found:
        return found


@pytest.mark.parametrize(
    ("client", "words"),
    [
        (OSError("Timed out\nafter 10 s"), r"no scheduler answers at 'tcp://far:8786' \(Timed out\)"),
        (TypeError("TLS expects an `ssl_context`"), r"no scheduler answers at .*\(TLS expects"),
        (Client(workers={}), "has no workers; start some"),
        (Client(theirs=CommClosedError()), "the scheduler is lost"),
        (Client(theirs={"tcp://a": ModuleNotFoundError("", name="lrfit")}), "a worker lacks lrfit"),
        (
            Client(theirs={"tcp://a": ("lrfit 0.0.0", *cluster_connection.versions()[1:])}),
            "worker tcp://a has lrfit 0.0.0",
        ),
    ],
)
def test_a_cluster_that_is_no_use_is_refused_at_once(monkeypatch, client, words):
    with pytest.raises(ClusterError, match=words):
        connected(monkeypatch, client)


def test_a_worker_that_dies_meanwhile_is_no_reason(monkeypatch):
    theirs = {"tcp://a": CommClosedError(), "tcp://b": cluster_connection.versions()}
    assert connected(monkeypatch, Client(theirs=theirs)).n_threads == 3


def test_local_alone_is_for_all_cores(monkeypatch):
    def started(_, n_workers):
        return nullcontext(Client(theirs={f"tcp://{n_workers}": cluster_connection.versions()}))

    monkeypatch.setattr(cluster_connection, "_local_client", started)
    assert connected(monkeypatch, None, "local").n_threads == 3


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"address": 5}'])
def test_a_file_that_no_scheduler_wrote_is_refused(tmp_path, text):
    (tmp_path / "s.json").write_text(text)
    with pytest.raises(UsageError, match="this file is none that dask scheduler"):
        cluster_connection._check_scheduler_file(str(tmp_path / "s.json"))


def test_an_error_on_a_worker_names_it(monkeypatch):
    def fail(item):
        raise DataError(f"line {item}")

    pytest.importorskip("distributed")
    monkeypatch.setattr("distributed.get_worker", lambda: SimpleNamespace(address="tcp://a"))
    with pytest.raises(DataError, match="worker tcp://a: line 3"):
        cluster._run(fail, 3)


def test_a_result_in_two_parts_is_taken_apart_where_it_is():
    assert cluster._first_of("item", ("first", "second")) == "first"
    assert cluster._second(("first", "second")) == "second"
