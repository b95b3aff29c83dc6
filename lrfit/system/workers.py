"""Workers: forked processes that work on blocks of bytes ahead of the main process.

Threads would gain less: between its C loops pandas' reader holds the interpreter's lock, and page faults of
one address space wait for each other. Measured on two cores, a million rows of two columns: 0.15 s in one
thread, 0.11 s in two, 0.09 s in two processes, forking (3 ms) included; with more cores the lock weighs more.
Where there is one core, or no Linux, or little to read, the main process works alone.

Workers only accelerate. What one makes of a block is either what the main process would make of it, or None:
then the main process does that block in its turn, and says what there is to say. So neither results nor
messages depend on the number of workers, or on the fate of any.

Blocks and answers lie in memory that a worker shares with the main process; pipes carry only their sizes,
because a pipe does not hold a whole block, so that both sides could wait for each other for ever. A worker
reads its pipe to the end, so none outlives the main process for longer than a block, however that ends.

Forking is safe: lrfit starts no threads, OpenBLAS stops its own before a fork, and glibc keeps malloc usable.
"""

from __future__ import annotations

import ctypes
import gc
import os
import pickle
import signal
import sys
import threading
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from mmap import mmap
from select import select
from typing import Generic, NoReturn, TypeVar

from lrfit.system.interrupts import SIGNALS

__all__ = ["map_ahead"]

T = TypeVar("T")

_ALONE_BYTES = 1 << 20
"""Bytes that the main process does alone: if there is no more, forking costs more than it saves."""

_MOST_WORKERS = 7
"""With more, the main process could hardly cut blocks as fast as they are worked on."""

_N_BOXES = 2
"""Boxes of a worker: while it works on a block, the next one is there already."""

_BOX_BYTES = 32 << 20
"""Room for a block, then for what was made of it; what does not fit is left to the main process."""

_SIZE_BYTES = 8

_KEPT_BYTES = 16 << 20
"""Bytes of freed memory that are not given back at once."""

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # as glibc's malloc.h numbers them


def map_ahead(work: Callable[[bytes], T], blocks: Iterator[bytes]) -> Iterator[tuple[bytes, T | None]]:
    """Each block, in order, with what `work` made of it ahead of time; None if that is left to the caller.

    Args:
        work: A function of the block and of nothing else. What it gives is pickled; if it raises an
            exception, the block is left to the caller.
        blocks: Read by this process, a few blocks ahead.
    """
    n_bytes = 0
    for block in blocks:
        yield block, None
        n_bytes += len(block)
        if n_bytes > _ALONE_BYTES:
            break
    else:
        return
    _keep_freed_memory()
    with _workers(work) as workers:
        if workers:
            yield from _shared(work, blocks, workers)
    for block in blocks:
        yield block, None


def _keep_freed_memory() -> None:
    """Have glibc keep for the next block what it would else give back, and fetch again page by page.

    Without it a sixth of the time of reading went there, or not, as sizes happened to fall. What is kept is
    what a block needs, so memory stays bounded.
    """
    with suppress(AttributeError, OSError):  # another C library
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _KEPT_BYTES // 2)
        mallopt(_M_TRIM_THRESHOLD, _KEPT_BYTES)


class _Task(Generic[T]):
    """A block, and what becomes of it."""

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.is_taken = False
        self.is_done = False
        self.result: T | None = None

    def finish(self, result: T | None) -> None:
        self.is_taken = self.is_done = True
        self.result = result


def _shared(
    work: Callable[[bytes], T], blocks: Iterator[bytes], workers: list[_Worker[T]]
) -> Iterator[tuple[bytes, T | None]]:
    """As `map_ahead`; rather than wait, the main process takes the first block that no worker has."""
    tasks: deque[_Task[T]] = deque()
    n_ahead = 2 * _N_BOXES * len(workers) + 2  # beyond what is in boxes, so that the first may be late
    while True:
        while len(tasks) < n_ahead and (block := next(blocks, None)) is not None:
            tasks.append(_Task(block))
        if not tasks:
            return
        _exchange(tasks, workers, timeout_s=0.0)
        own = next((task for task in tasks if not task.is_taken), None)
        if tasks[0].is_done:
            task = tasks.popleft()
            yield task.block, task.result
        elif own:
            own.finish(_attempt(work, own.block))
        else:
            _exchange(tasks, workers, timeout_s=None)


def _exchange(tasks: deque[_Task[T]], workers: list[_Worker[T]], *, timeout_s: float | None) -> None:
    """Take the answers that come within the time, and fill the boxes that are free."""
    for worker in select([worker for worker in workers if worker.tasks], [], [], timeout_s)[0]:
        worker.receive()
    for task in tasks:
        if not task.is_taken:
            for worker in workers:
                if worker.has_room(task):
                    worker.send(task)
                    break


def _attempt(work: Callable[[bytes], T], block: bytes) -> T | None:
    try:
        return work(block)
    except Exception:  # noqa: BLE001 (the caller does the block again, and meets it)
        return None


@contextmanager
def _workers(work: Callable[[bytes], T]) -> Iterator[list[_Worker[T]]]:
    """A worker for each core but one, for the time of the block."""
    workers: list[_Worker[T]] = []
    gc.freeze()  # a collection would write to the memory that processes share, and so copy it
    try:
        with suppress(OSError):  # there is no room for one more process: fewer will do
            for _ in range(_n_workers()):
                workers.append(_Worker(work, workers))
        yield workers
    finally:
        for worker in workers:
            worker.end()


def _n_workers() -> int:
    if sys.platform != "linux" or threading.active_count() > 1:  # a fork would tear another thread off
        return 0
    return min(len(os.sched_getaffinity(0)) - 1, _MOST_WORKERS)


class _Worker(Generic[T]):
    """A forked process, seen from the main process.

    Attributes:
        tasks: What it was sent and has not answered yet.
    """

    def __init__(self, work: Callable[[bytes], T], older: list[_Worker[T]]) -> None:
        self.tasks: deque[_Task[T]] = deque()
        self._n_sent = 0
        self._boxes = mmap(-1, _N_BOXES * _BOX_BYTES)
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        try:
            self._process = _fork()
            if not self._process:
                _serve(work, self._boxes, requests, answers, [self, *older])
        except OSError:
            self.let_go()
            raise
        finally:
            os.close(requests)
            os.close(answers)

    def has_room(self, task: _Task[T]) -> bool:
        """Whether a box is free, and large enough; and the worker lives."""
        fits = len(self.tasks) < _N_BOXES and len(task.block) <= _BOX_BYTES
        return fits and bool(self._process)

    def fileno(self) -> int:
        """The file descriptor that becomes readable with an answer, or at the worker's end."""
        return self._answers

    def send(self, task: _Task[T]) -> None:
        """Have it do a task."""
        task.is_taken = True
        self.tasks.append(task)
        start = self._n_sent % _N_BOXES * _BOX_BYTES
        self._n_sent += 1
        n_bytes = len(task.block)
        self._boxes[start : start + n_bytes] = task.block
        with suppress(BrokenPipeError):  # it is dead, as its answers will tell
            os.write(self._requests, n_bytes.to_bytes(_SIZE_BYTES))

    def receive(self) -> None:
        """Finish the oldest of its tasks; all of them, if the worker has died."""
        size = os.read(self._answers, _SIZE_BYTES)
        if not size:
            self.end()
            return
        start = (self._n_sent - len(self.tasks)) % _N_BOXES * _BOX_BYTES
        answer = self._boxes[start : start + int.from_bytes(size)]
        self.tasks.popleft().finish(pickle.loads(answer) if answer else None)  # noqa: S301 (our own process)

    def let_go(self) -> None:
        """Close the main process's ends of the pipes."""
        os.close(self._requests)
        os.close(self._answers)

    def end(self) -> None:
        """End the process, whatever it is doing, and leave its tasks to the caller."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)  # it holds nothing
            os.waitpid(self._process, 0)
            self.let_go()
        self._process = 0
        while self.tasks:
            self.tasks.popleft().finish(None)


def _fork() -> int:
    """As `os.fork`; but signals that a terminal sends to all of its processes are the parent's business."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    process = -1
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # see above: it is safe
            process = os.fork()
    finally:
        if process:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return process


def _serve(
    work: Callable[[bytes], T], boxes: mmap, requests: int, answers: int, workers: list[_Worker[T]]
) -> NoReturn:
    """Be a worker: answer requests until there are no more; then leave at once."""
    start = 0
    try:
        for worker in workers:
            worker.let_go()
        while size := os.read(requests, _SIZE_BYTES):
            result = _attempt(work, boxes[start : start + int.from_bytes(size)])
            answer = b"" if result is None else pickle.dumps(result)
            answer = answer if len(answer) <= _BOX_BYTES else b""
            boxes[start : start + len(answer)] = answer
            os.write(answers, len(answer).to_bytes(_SIZE_BYTES))
            start = (start + _BOX_BYTES) % len(boxes)
    finally:
        os._exit(0)
