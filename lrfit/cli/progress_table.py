"""The progress table: one line per epoch, with as many columns as fit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate
from typing import NamedTuple

from lrfit.cli.text_columns import cut, padding
from lrfit.training.record import EpochRecord

__all__ = ["ProgressTable", "next_reported"]

_EPOCH, _LONG, _SHORT = 7, 14, 10
"""Widths of columns, with a leading blank: for epochs, for numbers of 7 or 8 digits, for numbers of 3."""


class _Column(NamedTuple):
    title: str
    width: int
    n_digits: int
    number: Callable[[EpochRecord], float | None]

    def cell(self, record: EpochRecord) -> str:
        """The number, with fewer digits if not all of them fit; blank if there is no number."""
        number = self.number(record)
        texts = (f"{number:.{n}g}" for n in range(self.n_digits, 0, -1)) if number is not None else [""]
        return f"{next(text for text in texts if len(text) < self.width):>{self.width}}"


class ProgressTable:
    """The columns of progress: epoch, loss, its change in that epoch, and others if there is room.

    The others are, from the most important to the least: the validation loss, two parameters, the excess,
    the norm of the gradient, and the remaining parameters.

    Args:
        features: Names of the features.
        width: Number of characters of a line.
        intercept: Whether the model has an intercept.
        last_epoch: The largest number in the column of epochs.
        validation: Whether the records have a validation loss.

    Attributes:
        header: The first line of the table.
        n_hidden: Number of parameters for which there is no room.
    """

    def __init__(
        self,
        features: Sequence[str],
        width: int,
        *,
        intercept: bool,
        last_epoch: int,
        validation: bool = False,
    ) -> None:
        losses = [
            _Column("loss", _LONG, 8, lambda record: record.loss),
            _Column("change", _SHORT, 3, lambda record: record.change),
            *[_Column("validation", _LONG, 8, lambda record: record.validation_loss)] * validation,
        ]
        distances = [
            _Column("excess", _SHORT, 3, lambda record: record.excess),
            _Column("gradient", _SHORT, 3, lambda record: record.gradient_norm),
        ]
        titles = ["W"] if len(features) == 1 else [cut(f"W[{name}]", _LONG) for name in features]
        weights = [_Column(title, _LONG, 7, partial(_weight, i)) for i, title in enumerate(titles)]
        b = [_Column("b", _LONG, 7, lambda record: record.intercept)] * intercept
        first, *others = [*weights[:1], *b, *weights[1:]]
        by_rank = [*losses, first, *others[:1], *distances, *others[1:]]
        self._epoch_width = max(_EPOCH, len(str(last_epoch)) + 1)
        ends = accumulate((column.width for column in by_rank), initial=self._epoch_width)
        shown = by_rank[: max(2, sum(end <= width for end in ends) - 1)]
        self._columns = [column for column in (*losses, *distances, *weights, *b) if column in shown]
        self.n_hidden = sum(column not in shown for column in (*weights, *b))
        self.header = self._line("epoch", [padding(c.title, c.width) + c.title for c in self._columns])

    def row(self, record: EpochRecord) -> str:
        """The line of one record."""
        return self._line(str(record.epoch), [column.cell(record) for column in self._columns])

    def _line(self, epoch: str, cells: Sequence[str]) -> str:
        return f"{epoch:>{self._epoch_width}}" + "".join(cells)


def _weight(i: int, record: EpochRecord) -> float:
    return float(record.weights[i])


def next_reported(epoch: int, every: int | None) -> int:
    """The next epoch that the table shows: a multiple of `every`, or one of 1, 2, 4, 8, … if None."""
    return 1 << epoch.bit_length() if every is None else (epoch // every + 1) * every
