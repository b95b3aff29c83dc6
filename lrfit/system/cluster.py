"""Clusters: Dask's workers, on this machine or on others, that work on tasks ahead of this process.

Scheduling, transport, data locality and what becomes of the tasks of a worker that dies are Dask's business.
Here a cluster is found or started, tasks are handed out some time before their results are needed, and what
can go wrong becomes one line.
"""

from __future__ import annotations

import json
import logging
import shutil
import signal
import sys
import tempfile
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from importlib import import_module
from itertools import islice
from multiprocessing import resource_tracker
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from lrfit.errors import ClusterError, LrfitError, UsageError
from lrfit.messages import shown, spelled
from lrfit.system.interrupts import closing
from lrfit.system.listener import Listener
from lrfit.system.optional import import_optional

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["Cluster", "Kept", "cluster_of"]

S = TypeVar("S")
T = TypeVar("T")

_PATIENCE_S = 10.0
"""Time that a cluster may take to answer, or to have workers."""

_LOOK_S = 2.0
"""Time between two looks at whether there are workers left, while a result is awaited."""

_TASKS_PER_THREAD = 4
"""Number of tasks that are handed out ahead for each thread of the workers."""

_MOST_PROCESSES = 1000
"""Number of processes that may be asked for on this machine."""

_MOST_TIMES = 3
"""Number of times that a task whose result was lost with its worker is handed out again."""

_TRACKER_WARNING = "ignore::UserWarning:multiprocessing.resource_tracker"
_LOGGERS = ("distributed", "tornado", "asyncio", "bokeh")


class Kept(NamedTuple):
    """The second part of a result, which stays on the worker that made it; see `Cluster.map_keeping`.

    Attributes:
        future: Dask's handle of it.
        cluster: The cluster that keeps it.
    """

    future: Any
    cluster: Cluster


def _nothing(item: object) -> tuple[Kept, ...]:  # noqa: ARG001 (one of a family)
    """What most functions need besides their item."""
    return ()


class _Task(Generic[S, T]):
    """A function and an item that were handed out.

    Args:
        client: The client of Dask.
        function: The function.
        item: The item.
        kept: What it needs of what workers keep.
        priority: Tasks of a higher one go first.

    Attributes:
        item: The item.
        future: Dask's handle of the result.
    """

    def __init__(
        self,
        client: Client,
        function: Callable[..., T],
        item: S,
        kept: Sequence[Kept] = (),
        *,
        priority: int = 0,
    ) -> None:
        self.item = item
        self._n_times = 0
        futures = [one.future for one in kept]
        self._submit = partial(client.submit, _run, function, item, *futures, pure=False, priority=priority)
        self.future: Future[T] = self._submit()

    def may_go_again(self) -> bool:
        """Hand it out once more, unless it was several times already; whether it was."""
        self._n_times += 1
        if self._n_times > _MOST_TIMES:
            return False
        self.future = self._submit()
        return True


class _Delayed(NamedTuple):
    """A task that Dask has delayed, by the handle of its result."""

    future: Any

    def may_go_again(self) -> bool:
        """Whether it can be handed out once more: never, from here."""
        return False


class Cluster:
    """Workers that run tasks.

    Args:
        client: The client of Dask that is connected to them.

    Attributes:
        n_threads: Number of tasks that can run at a time. What is decided by it does not change when workers
            die or come later.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        self.n_threads = sum(worker["nthreads"] for worker in self._workers().values())

    def _workers(self) -> dict[str, Any]:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return workers

    def n_bytes(self) -> int | None:
        """Number of bytes that the workers may use together; None if that is not limited."""
        limits = [worker["memory_limit"] for worker in self._workers().values()]
        return sum(limits) if all(limits) else None

    def map_keeping(
        self,
        function: Callable[..., tuple[T, Any]],
        items: Iterable[S],
        needs: Callable[[S], Sequence[Kept]] = _nothing,
    ) -> Iterator[tuple[S, T, Kept]]:
        """As `map`, for a function whose result has two parts, of which the second stays on the worker.

        It is made again if it is lost. It takes its place there for as long as there is a `Kept` of it.
        """
        kept: deque[Kept] = deque()

        def made(task: _Task[S, Any]) -> _Task[S, Any]:
            kept.append(Kept(self._client.submit(_second, task.future, pure=False), self))
            return _Task(self._client, _first_of, task.item, [Kept(task.future, self)])

        tasks = (made(_Task(self._client, function, item, needs(item))) for item in items)
        return ((item, first, kept.popleft()) for item, first in self._in_order(tasks))

    def map(
        self,
        function: Callable[..., T],
        items: Iterable[S],
        needs: Callable[[S], Sequence[Kept]] = _nothing,
    ) -> Iterator[tuple[S, T]]:
        """Each item, in order, with the result of a function for it, worked out some items ahead.

        Args:
            function: A function of an item, and of what it needs, and of nothing else. It runs on a worker,
                perhaps more than once.
            items: The items; they and the results are pickled.
            needs: Maps an item to what workers keep that the function gets behind it.

        Raises:
            ClusterError: The cluster is lost, or workers died of an item.
            LrfitError: The function raises it.
        """
        return self._in_order(_Task(self._client, function, item, needs(item)) for item in items)

    def _in_order(self, tasks: Iterable[_Task[S, T]]) -> Iterator[tuple[S, T]]:
        """The item and the result of each task. Some are taken ahead, at once, which hands them out."""
        rest = iter(tasks)
        waiting = deque(islice(rest, max(1, self.n_threads) * _TASKS_PER_THREAD))

        def results() -> Iterator[tuple[S, T]]:
            while waiting:
                first = waiting.popleft()
                waiting.extend(islice(rest, 1))
                yield first.item, self._result(first)

        return results()

    def call(self, function: Callable[..., T], item: S, kept: Sequence[Kept] = ()) -> T:
        """The result of a function for one item, before all that is handed out already; see `map`."""
        return self._result(_Task(self._client, function, item, kept, priority=1))

    def results(self, tasks: Iterable[Any]) -> Iterator[Any]:
        """The results of tasks that Dask has delayed, in order; raises as `map` does."""
        client: Any = self._client
        waiting: deque[_Delayed] = deque(map(_Delayed, client.compute(list(tasks))))
        while waiting:
            yield self._result(waiting.popleft())

    def _result(self, task: _Task[Any, T] | _Delayed) -> T:
        """The result, or the error as one of ours."""
        deserted_s: float | None = None
        while True:
            try:
                result: T = task.future.result(timeout=_LOOK_S)
                return result  # noqa: TRY300
            except TimeoutError:
                deserted_s = self._checked(deserted_s)
            except LrfitError:
                raise
            except Exception as error:
                if not (_is_lost(error) and self._client.status == "running" and task.may_go_again()):
                    raise _explained(error) from error

    def _checked(self, deserted_s: float | None) -> float | None:
        """Since when there are no workers, if there are none; an error if that is for long."""
        if self._client.status != "running":
            raise ClusterError("the scheduler is lost: is it still running?")
        if self._workers():
            return None
        now_s = monotonic()
        if deserted_s is not None and now_s - deserted_s > _PATIENCE_S:
            raise ClusterError("no worker is left: start some, and run the command again")
        return deserted_s or now_s


def _first_of(item: object, result: tuple[T, Any]) -> T:  # noqa: ARG001 (one of a family)
    return result[0]


def _second(result: tuple[Any, T]) -> T:
    return result[1]


def _run(function: Callable[..., T], item: S, *kept: object) -> T:
    """The result, on a worker; an error names the worker."""
    try:
        return function(item, *kept)
    except LrfitError as error:
        from distributed import get_worker  # noqa: PLC0415

        raise type(error)(f"worker {get_worker().address}: {error}") from error


@contextmanager
def cluster_of(where: str | Client | None, listener: Listener | None = None) -> Iterator[Cluster | None]:
    """The cluster that is named, for the time of the block; None if none is.

    Args:
        where: "local" or "local:N" for N processes on this machine, the address of a scheduler, the path of a
            scheduler file, or a client that is connected, and stays so.
        listener: Hears how many workers there are.

    Raises:
        ClusterError: It does not answer, has no workers, or they have other versions.
        UsageError: `where` is none of these, or Dask is not installed.
    """
    if where is None:
        yield None
    elif isinstance(where, str):
        with _connected(where, listener or Listener()) as cluster:
            yield cluster
    else:
        _check_workers(where, "the client's address")
        yield Cluster(where)


@contextmanager
def _connected(where: str, listener: Listener) -> Iterator[Cluster]:
    distributed = import_optional("distributed", spelled(cluster=where))
    _silence_loggers()
    with _client_at(where, distributed) as client:
        _check_workers(client, where)
        cluster = Cluster(client)
        workers = cluster._workers()  # noqa: SLF001 (of this module)
        n_workers = f"{len(workers)} worker{'s' * (len(workers) != 1)}"
        listener.note(f"cluster: {n_workers}, {cluster.n_threads} tasks at a time")
        yield cluster


def _silence_loggers() -> None:
    """Let Dask say nothing of what becomes one line here."""
    for name in (*_LOGGERS, *logging.root.manager.loggerDict):
        if name.startswith(_LOGGERS):
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def _client_at(where: str, distributed: Any) -> Any:  # noqa: ANN401
    kind, _, number = where.partition(":")
    if where == "local":
        return _local_client(distributed, None)
    if kind == "local" and number.isascii() and number.isdigit() and 0 < int(number) <= _MOST_PROCESSES:
        return _local_client(distributed, int(number))
    if Path(where).is_file():
        _check_scheduler_file(where)
        return _remote_client(distributed, where, scheduler_file=where)
    if ":" in where and kind != "local":
        return _remote_client(distributed, where, address=where)
    raise UsageError(
        f"{spelled(cluster=where)}: it must be local, local:N for N processes here, at most "
        f"{_MOST_PROCESSES}, the address of a scheduler such as tcp://host:8786, or a scheduler file"
    )


@contextmanager
def _local_client(distributed: Any, n_workers: int | None) -> Iterator[Client]:  # noqa: ANN401
    """Workers on this machine, one process each, which end with the block."""
    folder = tempfile.mkdtemp(prefix="lrfit-")

    def clear() -> None:
        shutil.rmtree(folder, ignore_errors=True)

    with closing(clear):
        # A signal that ends the workers would make a process of multiprocessing's print a warning.
        sys.warnoptions.append(_TRACKER_WARNING)
        try:
            with ExitStack() as stack:
                stack.enter_context(import_module("dask.config").set({"temporary-directory": folder}))
                resource_tracker.ensure_running()  # which would let signals through
                with _not_for_children(signal.SIGINT):
                    local = distributed.LocalCluster(
                        n_workers=n_workers,
                        threads_per_worker=1,
                        dashboard_address=None,
                        scheduler_kwargs={
                            "dashboard_address": "127.0.0.1:0"
                        },  # others may have the usual port
                        local_directory=folder,
                        silence_logs=logging.CRITICAL + 1,
                    )
                stack.enter_context(local)
                yield stack.enter_context(distributed.Client(local))
        finally:
            sys.warnoptions.remove(_TRACKER_WARNING)
            clear()


@contextmanager
def _not_for_children(number: int) -> Iterator[None]:
    """Keep a signal, which a terminal sends to all, from the processes that are started here.

    It reaches this process when the block ends.
    """
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


@contextmanager
def _remote_client(distributed: Any, where: str, **address: str) -> Iterator[Client]:  # noqa: ANN401
    """A client of a scheduler that is there already, and stays there."""
    try:
        client = distributed.Client(**address, timeout=_PATIENCE_S, set_as_default=False)
    except (OSError, TimeoutError, TypeError, ValueError) as error:
        raise ClusterError(
            f"no scheduler answers at {shown(where)} ({_first_line(error)}); dask scheduler starts one"
        ) from error
    try:
        yield client
    finally:
        with suppress(Exception):  # it may be lost already
            client.close(timeout=_LOOK_S)


def _check_scheduler_file(path: str) -> None:
    """Refuse a file that no scheduler wrote."""
    try:
        with Path(path).open(encoding="utf-8") as stream:
            content = json.load(stream)
    except (OSError, ValueError):
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("address"), str):
        raise UsageError(
            f"{spelled(cluster=path)}: this file is none that dask scheduler --scheduler-file writes"
        )


def _check_workers(client: Client, where: str) -> None:
    """Refuse a cluster without workers, or whose workers have other versions than this process."""
    try:
        client.wait_for_workers(1, timeout=_PATIENCE_S)
    except TimeoutError as error:
        raise ClusterError(
            f"the scheduler at {shown(where)} has no workers; start some: dask worker ADDRESS"
        ) from error
    try:
        theirs = client.run(versions, on_error="return")
    except Exception as error:
        raise _explained(error) from error
    ours = versions()
    for worker, found in theirs.items():
        if isinstance(found, OSError):
            continue  # it has just died
        if isinstance(found, Exception):
            raise _explained(found) from found
        for mine, other in zip(ours, found, strict=True):
            if mine != other:
                raise ClusterError(
                    f"worker {worker} has {other}, and this process {mine}: all need the same, for the same "
                    "numbers"
                )


def versions() -> tuple[str, ...]:
    """The versions on which the last bits of numbers may depend."""
    import numpy as np  # noqa: PLC0415
    import pandas as pd  # noqa: PLC0415

    import lrfit  # noqa: PLC0415

    python = ".".join(map(str, sys.version_info[:2]))
    return (
        f"lrfit {lrfit.__version__}",
        f"Python {python}",
        f"numpy {np.__version__}",
        f"pandas {pd.__version__}",
    )


def _explained(error: Exception) -> ClusterError:
    """What went wrong on a cluster, in one line."""
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        return ClusterError(f"a worker lacks {error.name}: install the same packages on all workers")
    if name == "KilledWorker":
        return ClusterError("workers died three times of the same part of the data: have they enough memory?")
    if _is_lost(error):
        return ClusterError("the scheduler is lost: is it still running?")
    return ClusterError(f"a worker failed: {name}: {_first_line(error)}")


def _is_lost(error: Exception) -> bool:
    """Whether the result of a task is lost, with its worker or with the scheduler."""
    return "Cancelled" in type(error).__name__ or type(error).__name__ == "CommClosedError"


def _first_line(error: Exception) -> str:
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
