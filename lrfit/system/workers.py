"""Workers: forked processes that turn blocks of bytes into results ahead of the main process.

Threads would gain less: between its C loops pandas' reader holds the interpreter's lock, and page faults in
one address space wait for each other. On two cores, a million rows of two columns take 0.15 s in one thread,
0.11 s in two threads, and 0.09 s in two processes, of which the fork takes 3 ms. With more cores the lock
matters more. On one core, without Linux, or with little to read, the main process works alone.

Workers only save time. For each block a worker's result is what the main process would have computed, or
None: then the main process does that block when its turn comes, and reports what there is to report. So
neither results nor messages depend on how many workers there are, or on what becomes of them.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from select import select
from typing import TypeVar

from lrfit.system.memory import keep_freed_memory
from lrfit.system.worker import N_BOXES, Task, Worker, attempt

__all__ = ["map_ahead"]

T = TypeVar("T")

_ALONE_BYTES = 1 << 20
"""Number of bytes that the main process does alone: with no more, a fork costs more than it saves."""

_MOST_WORKERS = 7
"""Largest number of workers; for more, the main process could hardly cut blocks fast enough."""


def map_ahead(work: Callable[[bytes], T], blocks: Iterator[bytes]) -> Iterator[tuple[bytes, T | None]]:
    """Each block, in order, with the result of `work` for it, or with None.

    Workers compute the results of the next blocks while the caller uses that of the current one. None means
    that the caller has to do the block itself: it is one of the first, there is no worker, or `work` failed.

    Args:
        work: A function of the block and of nothing else. Its result is pickled.
        blocks: Blocks of bytes. This process reads them, a few blocks ahead.
    """
    n_bytes = 0
    for block in blocks:
        yield block, None
        n_bytes += len(block)
        if n_bytes > _ALONE_BYTES:
            break
    else:
        return
    keep_freed_memory()
    with _workers(work) as workers:
        if workers:
            yield from _shared(work, blocks, workers)
    for block in blocks:
        yield block, None


@contextmanager
def _workers(work: Callable[[bytes], T]) -> Iterator[list[Worker[T]]]:
    """Workers, one for each core but one, that live for the time of the `with` block."""
    workers: list[Worker[T]] = []
    gc.freeze()  # a collection would write to the memory that processes share, and so copy it
    try:
        with suppress(OSError):  # the system allows no more processes: fewer will do
            for _ in range(_n_workers()):
                workers.append(Worker(work, workers))
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _n_workers() -> int:
    if sys.platform != "linux" or threading.active_count() > 1:  # a fork copies only its own thread
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, _MOST_WORKERS)


def _shared(
    work: Callable[[bytes], T], blocks: Iterator[bytes], workers: list[Worker[T]]
) -> Iterator[tuple[bytes, T | None]]:
    """Each block with its result; the main process does not wait, but takes the first block that is free."""
    tasks: deque[Task[T]] = deque()
    n_ahead = 2 * N_BOXES * len(workers) + 2  # more than the boxes hold, in case the first block is late
    while True:
        while len(tasks) < n_ahead and (block := next(blocks, None)) is not None:
            tasks.append(Task(block))
        if not tasks:
            return
        _exchange(tasks, workers, timeout_s=0.0)
        own = next((task for task in tasks if not task.is_taken), None)
        if tasks[0].is_done:
            task = tasks.popleft()
            yield task.block, task.result
        elif own:
            own.finish(attempt(work, own.block))
        else:
            _exchange(tasks, workers, timeout_s=None)


def _exchange(tasks: deque[Task[T]], workers: list[Worker[T]], *, timeout_s: float | None) -> None:
    """Receive the answers that arrive in time, then fill the boxes that are free."""
    for worker in select([worker for worker in workers if worker.tasks], [], [], timeout_s)[0]:
        worker.receive()
    for task in tasks:
        if not task.is_taken:
            for worker in workers:
                if worker.has_room(task):
                    worker.send(task)
                    break
