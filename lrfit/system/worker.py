"""A worker: one forked process, which works on blocks until the main process needs no more.

Blocks and answers lie in memory that a worker shares with the main process. Pipes carry only their sizes: a
pipe cannot hold a whole block, so both sides might wait for each other for ever. A worker reads its pipe to
the end, so it never outlives the main process by more than one block, however that ends.

Forking is safe: lrfit starts no threads before, OpenBLAS stops its own threads for a fork, and glibc keeps
malloc usable.
"""

from __future__ import annotations

import os
import pickle
import signal
import warnings
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from mmap import mmap
from typing import Generic, NoReturn, TypeVar

from lrfit.system.interrupts import SIGNALS

__all__ = ["N_BOXES", "Task", "Worker", "attempt"]

T = TypeVar("T")

N_BOXES = 2
"""Number of boxes of a worker: while it works on the block in one, the next block waits in the other."""

_BOX_BYTES = 32 << 20
"""Size of a box, which holds a block, then its result. What does not fit is left to the main process."""

_SIZE_BYTES = 8
"""Length of a message in a pipe: a number of bytes."""


class Task(Generic[T]):
    """A block and its result.

    Attributes:
        block: The block.
        is_taken: Whether a process has begun it.
        is_done: Whether it is finished, with a result or without.
        result: The result; None if the caller has to do the block.
    """

    def __init__(self, block: bytes) -> None:
        self.block = block
        self.is_taken = False
        self.is_done = False
        self.result: T | None = None

    def finish(self, result: T | None) -> None:
        """Set the result."""
        self.is_taken = self.is_done = True
        self.result = result


def attempt(work: Callable[[bytes], T], block: bytes) -> T | None:
    """The result of `work` for a block; None if it raises an exception."""
    try:
        return work(block)
    except Exception:  # noqa: BLE001 (the caller does the block again, and gets the same exception)
        return None


class Worker(Generic[T]):
    """A forked process, as the main process sees it.

    Args:
        work: The function that turns a block into a result.
        older: The workers that were forked before. Their pipes, which a fork copies, are closed in this one.

    Attributes:
        tasks: Tasks that it has been sent and has not answered yet.
    """

    def __init__(self, work: Callable[[bytes], T], older: list[Worker[T]]) -> None:
        self.tasks: deque[Task[T]] = deque()
        self._n_sent = 0
        self._boxes = mmap(-1, N_BOXES * _BOX_BYTES)
        requests, self._requests = os.pipe()
        self._answers, answers = os.pipe()
        try:
            self._process = _fork()
            if not self._process:
                _serve(work, self._boxes, requests, answers, [self, *older])
        except OSError:
            self.close_pipes()
            raise
        finally:
            os.close(requests)
            os.close(answers)

    def has_room(self, task: Task[T]) -> bool:
        """Whether the worker lives, and has a free box that is large enough."""
        fits = len(self.tasks) < N_BOXES and len(task.block) <= _BOX_BYTES
        return fits and bool(self._process)

    def fileno(self) -> int:
        """The file descriptor that becomes readable when there is an answer, or the worker has died."""
        return self._answers

    def send(self, task: Task[T]) -> None:
        """Give the worker a task."""
        task.is_taken = True
        self.tasks.append(task)
        start = self._n_sent % N_BOXES * _BOX_BYTES
        self._n_sent += 1
        n_bytes = len(task.block)
        self._boxes[start : start + n_bytes] = task.block
        with suppress(BrokenPipeError):  # it has died, as `receive` will notice
            os.write(self._requests, n_bytes.to_bytes(_SIZE_BYTES))

    def receive(self) -> None:
        """Finish the worker's oldest task with its answer; all of its tasks if it has died."""
        size = os.read(self._answers, _SIZE_BYTES)
        if not size:
            self.end()
            return
        start = (self._n_sent - len(self.tasks)) % N_BOXES * _BOX_BYTES
        answer = self._boxes[start : start + int.from_bytes(size)]
        self.tasks.popleft().finish(pickle.loads(answer) if answer else None)  # noqa: S301 (our own process)

    def close_pipes(self) -> None:
        """Close the main process's ends of the pipes."""
        os.close(self._requests)
        os.close(self._answers)

    def end(self) -> None:
        """End the process, whatever it is doing, and leave its tasks to the caller."""
        if self._process:
            os.kill(self._process, signal.SIGKILL)  # it has nothing to tidy up
            os.waitpid(self._process, 0)
            self.close_pipes()
        self._process = 0
        while self.tasks:
            self.tasks.popleft().finish(None)


def _fork() -> int:
    """Fork as `os.fork` does, but leave to the parent the signals that a terminal sends to both."""
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    process = -1
    try:
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):  # safe: see the top
            process = os.fork()
    finally:
        if process:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return process


def _serve(
    work: Callable[[bytes], T], boxes: mmap, requests: int, answers: int, workers: list[Worker[T]]
) -> NoReturn:
    """Answer requests, in the worker, until there are no more; then leave at once."""
    start = 0
    try:
        for worker in workers:
            worker.close_pipes()
        while size := os.read(requests, _SIZE_BYTES):
            result = attempt(work, boxes[start : start + int.from_bytes(size)])
            answer = b"" if result is None else pickle.dumps(result)
            answer = answer if len(answer) <= _BOX_BYTES else b""
            boxes[start : start + len(answer)] = answer
            os.write(answers, len(answer).to_bytes(_SIZE_BYTES))
            start = (start + _BOX_BYTES) % len(boxes)
    finally:
        os._exit(0)
