"""Clusters: Dask's workers, on this machine or on others, that work on tasks ahead of this process.

Scheduling, transport, data locality and what becomes of the tasks of a worker that dies are Dask's business.
Here tasks are handed out some time before their results are needed, and what can go wrong becomes one line.
`cluster_connection` finds or starts a cluster.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from lrfit.errors import ClusterError, LrfitError

if TYPE_CHECKING:
    from distributed import Client, Future

__all__ = ["PATIENCE_S", "Cluster", "Kept", "explained", "first_line"]

S = TypeVar("S")
T = TypeVar("T")

PATIENCE_S = 10.0
"""Time that a cluster may take to answer, or to have workers."""

_LOOK_S = 2.0
"""Time between two looks at whether there are workers left, while a result is awaited."""

_TASKS_PER_THREAD = 4
"""Number of tasks that are handed out ahead for each thread of the workers."""

_MOST_TIMES = 3
"""Number of times that a task whose result was lost with its worker is handed out again."""


class Kept(NamedTuple):
    """The second part of a result, which stays on the worker that made it; see `Cluster.map_keeping`.

    Attributes:
        future: Dask's handle of it.
        cluster: The cluster that keeps it.
    """

    future: Any
    cluster: Cluster


def _nothing(item: object) -> tuple[Kept, ...]:  # noqa: ARG001 (one of a family)
    """Most functions need nothing besides their item."""
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
        n_workers: Number of workers that there are at the start.
        n_threads: Number of tasks that can run at a time. What is decided by it does not change when workers
            die or come later.
    """

    def __init__(self, client: Client) -> None:
        self._client = client
        workers = self._workers()
        self.n_workers = len(workers)
        self.n_threads = sum(worker["nthreads"] for worker in workers.values())

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
                    raise explained(error) from error

    def _checked(self, deserted_s: float | None) -> float | None:
        """Since when there are no workers, if there are none; an error if that is for long."""
        if self._client.status != "running":
            raise ClusterError("the scheduler is lost: is it still running?")
        if self._workers():
            return None
        now_s = monotonic()
        if deserted_s is not None and now_s - deserted_s > PATIENCE_S:
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


def explained(error: Exception) -> ClusterError:
    """The error of ours that says in one line why a cluster failed."""
    name = type(error).__name__
    if isinstance(error, ModuleNotFoundError):
        return ClusterError(f"a worker lacks {error.name}: install the same packages on all workers")
    if name == "KilledWorker":
        return ClusterError("workers died three times of the same part of the data: have they enough memory?")
    if _is_lost(error):
        return ClusterError("the scheduler is lost: is it still running?")
    return ClusterError(f"a worker failed: {name}: {first_line(error)}")


def _is_lost(error: Exception) -> bool:
    """Whether the result of a task is lost, with its worker or with the scheduler."""
    return "Cancelled" in type(error).__name__ or type(error).__name__ == "CommClosedError"


def first_line(error: Exception) -> str:
    """The first line of an error's message; the error's name if it has none."""
    lines = str(error).splitlines()
    return lines[0] if lines else type(error).__name__
