"""The streams: results to stdout, everything else to stderr; and a bar on a terminal where work is long.

stdout gets UTF-8 bytes, whatever the locale and whether or not it is a terminal. rich is imported only when
a bar has to be drawn.
"""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING

from lrfit.errors import OutputError

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

__all__ = ["Terminal", "write_result"]

_PATIENCE_S = 0.5
"""Work that is done sooner shows no bar."""


def write_result(result: str | bytes) -> None:
    """Write to stdout.

    Raises:
        OutputError: stdout is closed.
        OSError: stdout cannot take it: the disk is full, or the reader has gone.
    """
    if sys.stdout is None:
        raise OutputError("standard output is closed, so the result cannot be written")
    sys.stdout.buffer.write(result.encode() if isinstance(result, str) else result)


class Terminal:
    """Where people look: stderr.

    Args:
        quiet: Leave out notes and progress; warnings stay.
    """

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._live = (
            not quiet and sys.stderr is not None and sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        )
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        self._started_s = monotonic()

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

    def advance(self, label: str, done: int, total: int) -> None:
        """Show how much of the work named `label` is done; the bar comes when it has lasted for a while."""
        if self._live and (self._bar or monotonic() - self._started_s > _PATIENCE_S):
            self._shown_bar(label, total).update(self._task, completed=done)  # type: ignore[arg-type]

    def finish(self) -> None:
        """Take the bar away; the next work gets a new one."""
        if self._bar:
            self._bar.stop()
        self._bar = None
        self._started_s = monotonic()

    def _shown_bar(self, label: str, total: int) -> Progress:
        if self._bar is None:
            from rich.console import Console  # noqa: PLC0415
            from rich.progress import Progress  # noqa: PLC0415

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._task = self._bar.add_task(label, total=total)
            self._bar.start()
        return self._bar

    def _print(self, text: str) -> None:
        with suppress(OSError):  # a result is worth more than a word about it
            if self._bar:
                self._bar.console.out(text, highlight=False)
            elif sys.stderr is not None:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 (only commands print; this is how)
