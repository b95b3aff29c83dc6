"""Interrupts: Ctrl-C, SIGTERM and SIGHUP end the process at once, but leave nothing half done.

No exception is raised, since one that comes out of nowhere gets lost in finalisers and in C code, or breaks
off the very code that tidies up. What must not be left behind is registered, `closing`, for as long as it is
there; a step that must be done as a whole is `held_back` until it is. A signal closes what is registered, the
latest first, and leaves. A second one ends the process by the system. Signals that are ignored from the start
(as by `nohup`, or SIGINT in a script's background) stay ignored.

Python runs handlers between two operations of the main thread. One that takes long, such as compiling, or
a pass over all rows, would delay the end; so long work is `watched` by a thread, which does the same in its
place. Reading is not: its operations are short, and processes that have threads should not fork.
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
"""Signals that ask the process to end."""

_PATIENCE_S = 0.05
"""Seconds that the watching thread waits: the main one may be about to see the signal itself."""

Close = Callable[[], str | None]

_open: list[Close] = []
_lock = threading.Lock()
"""Held while something is held back; and from the beginning of the end on."""
_holding = threading.Event()
"""Set while the main thread has the lock, or is about to: a handler, which runs in it, must not wait."""
_waiting: list[int] = []
"""The signal that came while something was held back."""


def end_on_signals() -> None:
    """Have the signals end the process, with exit code 128 + the signal's number."""
    for number in _not_ignored():
        signal.signal(number, _on_signal)


def ignore_signals() -> None:
    """Have the signals do nothing: all is done, and the process about to end by itself."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def closing(close: Close) -> Iterator[None]:
    """Within the block, a signal calls `close` before the process ends.

    Args:
        close: May be called between any two operations of the block, and from another thread. What it
            returns, if anything, is written to stderr.
    """
    _open.append(close)
    try:
        yield
    finally:
        _open.remove(close)


@contextmanager
def held_back() -> Iterator[None]:
    """Within the block, which is short, a signal waits for its end."""
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
    """Within the block, signals end the process even while the main thread is in one long operation."""
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
    """End the process for a signal of which the system writes the number here."""
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
    """Close what is open, and leave; whatever thread comes second waits for that."""
    _lock.acquire()
    words = []
    for close in reversed(tuple(_open)):
        with suppress(Exception):
            words.append(close())
    _say("".join([*filter(None, words), "lrfit: interrupted\n"]))
    os._exit(128 + number)


def _say(text: str) -> None:
    """Write to stderr, past the buffers in which the main thread may be; unless that would block."""
    with suppress(AttributeError, OSError, ValueError):  # closed
        stderr = sys.stderr.fileno()
        if select([], [stderr], [], 0.0)[1]:
            os.write(stderr, text.encode(errors="backslashreplace"))
