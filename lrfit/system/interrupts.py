"""Interrupts: Ctrl-C, SIGTERM and SIGHUP end the process at once, but leave nothing half done.

A signal raises no exception: an exception out of nowhere is lost in finalisers and in C code, or interrupts
the very code that tidies up. Instead, code that must leave nothing behind registers how to close it, with
`closing`, and code that must run as a whole runs in `held_back`. On a signal, what is registered is closed,
the latest first, and the process ends. A second signal ends the process at once. Signals that are ignored
from the start (by `nohup`, or SIGINT for a script in the background) stay ignored.

Python runs handlers between two operations of the main thread. A long operation, such as compiling or a pass
over all rows, would delay the end. So long work is `watched` by a thread, which ends the process instead.
Reading is not watched: its operations are short, and a process with threads should not fork.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from select import select
from types import FrameType

__all__ = ["SIGNALS", "closing", "end_on_signals", "held_back", "ignore_signals", "watched"]

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
"""The signals that ask the process to end."""

_PATIENCE_S = 0.05
"""Time that the watching thread gives the main thread to handle the signal itself."""

Close = Callable[[], str | None]

_open: list[Close] = []
"""The functions that a signal calls, in the order in which they were registered."""
_lock = threading.Lock()
"""Held while a signal is held back, and for good once the process is ending."""
_holding = threading.Event()
"""Set while the main thread holds the lock or is about to: a handler, which it runs, must not wait then."""
_waiting: list[int] = []
"""The signal that came while signals were held back, if any."""


def end_on_signals() -> None:
    """Let the signals end the process, with exit code 128 + the signal's number."""
    for number in _not_ignored():
        signal.signal(number, _on_signal)


def ignore_signals() -> None:
    """Ignore the signals, because all is done and the process is about to end by itself."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def closing(close: Close) -> Iterator[None]:
    """Within the block, a signal calls `close` before the process ends.

    Args:
        close: A function that may be called between any two operations of the block, and from another
            thread. The text that it returns, if any, is written to stderr.
    """
    _open.append(close)
    try:
        yield
    finally:
        _open.remove(close)


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block, which should be short, a signal waits for the end of the block."""
    _holding.set()
    try:
        with _lock:
            yield
    finally:
        _holding.clear()
        if _waiting:
            _end(_waiting[0])


@contextmanager
def watched() -> Iterator[None]:
    """Within the block, signals end the process even during a long operation of the main thread."""
    if not any(signal.getsignal(number) is _on_signal for number in SIGNALS):
        yield
        return
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(readable,), daemon=True).start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(-1)
        os.close(writable)


def _watch(readable: int) -> None:
    """End the process when the system writes the number of a signal to this pipe."""
    came = False
    while number := os.read(readable, 1):
        if number[0] in SIGNALS and came:
            os._exit(128 + number[0])
        if number[0] in SIGNALS:
            came = True
            threading.Timer(_PATIENCE_S, _end, [number[0]]).start()
    os.close(readable)


def _not_ignored() -> list[int]:
    return [number for number in SIGNALS if signal.getsignal(number) is not signal.SIG_IGN]


def _on_signal(number: int, frame: FrameType | None) -> None:  # noqa: ARG001
    for other in _not_ignored():
        signal.signal(other, signal.SIG_DFL)
    if _holding.is_set():
        _waiting.append(number)
    else:
        _end(number)


def _end(number: int) -> None:
    """Close what is registered, and end the process; a second thread that gets here waits."""
    _lock.acquire()
    texts = []
    for close in reversed(tuple(_open)):
        with suppress(Exception):
            texts.append(close() or "")
    codes = [text for text in texts if not text.endswith("\n")]  # they erase a bar
    notes = [text for text in texts if text.endswith("\n")]
    _say("".join([*codes, "lrfit: interrupted\n", *notes]))
    os._exit(128 + number)


def _say(text: str) -> None:
    """Write to stderr without its buffers, which the main thread may be using, unless that would block."""
    with suppress(AttributeError, OSError, ValueError):  # closed
        stderr = sys.stderr.fileno()
        if select([], [stderr], [], 0.0)[1]:
            os.write(stderr, text.encode(errors="backslashreplace"))
