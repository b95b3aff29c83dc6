"""The streams: results to stdout, everything else to stderr; and a bar on a terminal where work is long.

stdout gets UTF-8 bytes, whatever the locale and whether or not it is a terminal. rich is imported only when
a bar has to be drawn.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import TYPE_CHECKING, TextIO

from lrfit.errors import OutputError

if TYPE_CHECKING:
    from rich.progress import Progress

__all__ = ["Terminal", "flush_result", "write_result"]

_PATIENCE_S = 0.5
"""Work that is done sooner shows no bar."""

_PERIOD_S = 0.1
"""Between two pictures of the bar. They are drawn here, not by a thread: reading may fork."""


def write_result(result: str | bytes) -> None:
    """Write to stdout; `flush_result` makes sure that it got there.

    Raises:
        OutputError: stdout is closed.
        OSError: stdout cannot take it: the disk is full, or the reader has gone.
    """
    # An argument that is no UTF-8 goes out with the bytes with which it came in.
    _stdout().buffer.write(result.encode(errors="surrogateescape") if isinstance(result, str) else result)


def flush_result() -> None:
    """Make sure that all that was written to stdout got there; raises as `write_result`."""
    _stdout().flush()


def _stdout() -> TextIO:
    if sys.stdout is None:
        raise OutputError("standard output is closed, so the result cannot be written")
    return sys.stdout


class Terminal:
    """Where people look: stderr.

    Args:
        quiet: Leave out notes and progress; warnings stay.
        verbose: Show what the library logs.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False) -> None:
        self._quiet = quiet
        if verbose:
            self._show_log()
        self._live = (
            not quiet and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        )
        self._bar: Progress | None = None
        self._next_s = 0.0

    def _show_log(self) -> None:
        import logging  # noqa: PLC0415

        log, handler = logging.getLogger("lrfit"), logging.Handler()
        handler.emit = lambda record: self.note(record.getMessage())  # type: ignore[method-assign]
        log.setLevel(logging.INFO)
        log.handlers = [handler]

    @property
    def width(self) -> int:
        """Characters of a line."""
        return shutil.get_terminal_size().columns

    def note(self, text: str) -> None:
        """Say `text`, unless quiet."""
        if not self._quiet:
            self._print(text)

    def warn(self, text: str) -> None:
        """Say `text` as a warning."""
        self._print(f"lrfit: warning: {text}")

    @contextmanager
    def work(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """Within the block, what it gives shows how much of the work is done: `(done, total)`.

        On a terminal only, and only when the work has lasted for a while; the bar goes with the block.
        """
        self._next_s = monotonic() + _PATIENCE_S

        def advance(done: int, total: int) -> None:
            if self._live and monotonic() > self._next_s:
                self._next_s = monotonic() + _PERIOD_S
                self._bar = self._bar or _new_bar(label)
                self._bar.update(self._bar.task_ids[0], completed=done, total=total, refresh=True)

        try:
            yield advance
        finally:
            if self._bar:
                self._bar.stop()
            self._bar = None

    def _print(self, text: str) -> None:
        with suppress(OSError):  # a result is worth more than a word about it
            if self._bar:
                self._bar.console.out(text, highlight=False)
            elif sys.stderr is not None:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 (only commands print; this is how)


def _new_bar(label: str) -> Progress:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    bar = Progress(console=Console(stderr=True), transient=True, auto_refresh=False)
    bar.add_task(label)
    bar.start()
    return bar
