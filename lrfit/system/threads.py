"""Threads: a function mapped over items ahead of the caller, if it seldom needs the interpreter's lock.

So do decoders, LAPACK and NumPy. Nothing is copied to another process, so this is for what is in memory
already; `lrfit.system.workers` is for functions of bytes.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

from lrfit.system.memory import keep_freed_memory

__all__ = ["map_in_threads"]

S = TypeVar("S")
T = TypeVar("T")

_MOST_THREADS = 7
"""Largest number of threads; for more, the main thread could hardly give out items fast enough."""


def map_in_threads(function: Callable[[S], T], items: Iterable[S]) -> Iterator[T]:
    """The result of `function` for each item, in order; an exception is raised when its turn comes.

    The caller's thread takes the items, a few ahead, while others work on them. With one core it does all.

    Args:
        function: A function of the item and of nothing else.
        items: The items; no more than a few per thread are held at a time.
    """
    keep_freed_memory()
    n_threads = min(_n_cores() - 1, _MOST_THREADS)
    if n_threads < 1:
        yield from map(function, items)
        return
    pool = ThreadPoolExecutor(n_threads)
    try:
        yield from _in_order(pool, function, items, 2 * n_threads + 2)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor, function: Callable[[S], T], items: Iterable[S], n_ahead: int
) -> Iterator[T]:
    tasks: deque[Future[T]] = deque()
    for item in items:
        tasks.append(pool.submit(copy_context().run, function, item))  # messages depend on the context
        if len(tasks) > n_ahead:
            yield tasks.popleft().result()
    while tasks:
        yield tasks.popleft().result()


def _n_cores() -> int:
    """Number of cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
