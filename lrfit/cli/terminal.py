"""The terminal: notes, warnings and, for long work, a progress bar, all on stderr.

rich is imported only when a bar has to be drawn.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from itertools import accumulate
from math import inf
from time import monotonic
from typing import TYPE_CHECKING, Literal

from lrfit.cli.streams import WIDTH
from lrfit.system.interrupts import closing
from lrfit.system.listener import Listener

if TYPE_CHECKING:
    from rich.progress import Progress, ProgressColumn, Task
    from rich.text import Text

__all__ = ["Terminal"]

_PATIENCE_S = 0.5
"""Seconds of work before a bar is shown."""

_PERIOD_S = 0.1
"""Seconds between two updates of the bar. No thread draws it, since reading may fork."""

_OPTIONS = r"--[a-z][\w-]*(?: (?:[\d.][\w.+-]*\b|auto\b|full\b|--[a-z][\w-]*))*"
"""Options and their values, to be pasted as a whole: a line ends before or after them."""

_SHORTEST_BAR = 8
"""Shortest bar, in characters; the columns beside it leave room for it."""


class Terminal(Listener):
    """A listener that shows notes, warnings and progress on stderr.

    Args:
        quiet: Leave out notes and progress; warnings stay.
        verbose: Show details, and what the library logs.
        has_bars: Show progress, where there is a terminal.

    Attributes:
        is_terminal: Whether stderr is a terminal, where long messages have lines.
    """

    def __init__(self, *, quiet: bool = False, verbose: bool = False, has_bars: bool = True) -> None:
        self._quiet, self._verbose = quiet, verbose
        if verbose:
            self._show_log()
        self.is_terminal = sys.stderr is not None and sys.stderr.isatty()
        self._live = has_bars and not quiet and self.is_terminal and os.environ.get("TERM") != "dumb"
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
        """Number of characters of a line: COLUMNS, else the width of the terminal on stderr, else 80."""
        with suppress(KeyError, ValueError):
            if (columns := int(os.environ["COLUMNS"])) > 0:
                return columns
        with suppress(AttributeError, OSError, ValueError):  # closed, or no terminal
            return os.get_terminal_size(sys.stderr.fileno()).columns or WIDTH
        return WIDTH

    @property
    def hears_notes(self) -> bool:
        """Whether notes are shown."""
        return not self._quiet

    def note(self, text: str) -> None:
        """Print `text`, unless quiet."""
        if not self._quiet:
            self.say(text)

    def detail(self, text: str) -> None:
        """Print `text` if verbose."""
        if self._verbose:
            self.note(text)

    def warn(self, text: str) -> None:
        """Print `text` as a warning."""
        self.say(f"lrfit: warning: {text}")

    @contextmanager
    def work(
        self, label: str, *, unit: Literal["bytes"] | None = None
    ) -> Iterator[Callable[[float, int | None], None]]:
        """Within the block, show progress; the block gets a function to call with `(done, total)`.

        The bar appears only on a terminal, once the work has lasted a while, and goes away with the block.

        Args:
            label: Text before the bar: the work, or what is counted.
            unit: Unit of `done` and `total`: bytes, or what `label` names. The total is None if unknown. Only
                the total at the first drawing counts.
        """
        started_s = monotonic()
        self._next_s = started_s + _PATIENCE_S

        def advance(done: float, total: int | None) -> None:
            if self._live and monotonic() > self._next_s:
                self._next_s = monotonic() + _PERIOD_S
                width = max(1, self.width - len("^C"))  # which a terminal prints after the bar
                self._bar = self._bar or _new_bar(label, unit, total, started_s, width)
                self._bar.console.width = width
                self._bar.update(self._bar.task_ids[0], completed=done, refresh=True)
                self._bar.start()  # draws the bar for the first time

        try:
            with closing(self._erase):
                yield advance
        finally:
            if self._bar:
                self._bar.stop()
            self._bar = None

    def _erase(self) -> str | None:
        """The codes that erase the bar and show the cursor; rich itself may be busy drawing."""
        return "\r\x1b[2K\x1b[?25h" if self._bar else None

    def _wrapped(self, line: str) -> str:
        """A line broken at blanks, if it is wider than the terminal."""
        if not self.is_terminal or len(line) <= self.width:
            return line
        import re  # noqa: PLC0415
        import textwrap  # noqa: PLC0415

        whole = re.sub(_OPTIONS, lambda options: options[0].replace(" ", "\xa0"), line)
        wrapped = textwrap.fill(whole, self.width, break_long_words=False, break_on_hyphens=False)
        return wrapped.replace("\xa0", " ")

    def say(self, text: str) -> None:
        """Print `text`, even if quiet; a long line is broken on a terminal."""
        text = "\n".join(map(self._wrapped, text.splitlines()))
        with suppress(OSError):  # the result matters more than a note about it
            if self._bar:
                self._bar.console.out(text, highlight=False)
            elif sys.stderr is not None:
                print(text, file=sys.stderr, flush=True)  # noqa: T201 (only commands print; this is how)


def _new_bar(label: str, unit: str | None, total: int | None, started_s: float, width: int) -> Progress:
    """A bar, not shown yet, of work that started at a time in the past."""
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    console, in_the_past = Console(stderr=True), True
    bar = Progress(
        *_columns(label, unit, total, width),
        console=console,
        transient=True,
        auto_refresh=False,
        disable=not console.is_interactive,
        speed_estimate_period=inf,  # of the last thousand updates, however rare they are
        get_time=lambda: started_s if in_the_past else monotonic(),
    )
    bar.advance(bar.add_task(label, total=total), 0)  # rich takes rates from the first advance on
    in_the_past = False
    return bar


def _columns(label: str, unit: str | None, total: int | None, width: int) -> list[ProgressColumn]:
    """The columns beside the bar for which there is room."""
    from rich import progress as rich  # noqa: PLC0415
    from rich.table import Column  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    class Rate(rich.ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = task.speed or 0.0
            digits = f"{speed:.0f}" if speed >= 100 else f"{speed:.3g}"  # noqa: PLR2004 (three digits)
            return Text(f"{digits}/s", style="progress.data.speed")

    of_width = partial(Column, no_wrap=True, justify="right")
    percentage = rich.TaskProgressColumn(table_column=of_width(min_width=4))
    time_left = rich.TimeRemainingColumn(table_column=of_width(min_width=7))
    amount: ProgressColumn
    rate: ProgressColumn
    if unit == "bytes":
        amount = rich.DownloadColumn(table_column=of_width(min_width=15))
        rate = rich.TransferSpeedColumn(table_column=of_width(min_width=10))
        by_rank = [percentage, time_left, rate, amount]
    else:
        amount = rich.MofNCompleteColumn(table_column=of_width(min_width=2 * len(str(total)) + 1))
        rate = Rate(table_column=of_width(min_width=10))
        by_rank = [amount, time_left, rate]
    if total is None:
        by_rank = [amount, rate]
    widths = accumulate(1 + (column.get_table_column().min_width or 0) for column in by_rank)
    room = width - len(label) - 1 - _SHORTEST_BAR
    shown = by_rank[: sum(needed <= room for needed in widths)]
    return [
        rich.TextColumn("{task.description}"),
        rich.BarColumn(),
        *(column for column in (percentage, amount, rate, time_left) if column in shown),
    ]
