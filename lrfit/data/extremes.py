"""Extremes: the ends of each column's range, which show a number that stands for a missing value.

Instruments and portals write -99999 or 9999 where nothing was measured. Such a number is far outside all
others, and occurs several times. Each block is looked at once, so a table of any length is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from lrfit.arrays import Array
from lrfit.messages import rows_text, shown, spelled

__all__ = ["Extremes", "sentinels"]

_SEVERAL = 2
"""Number of times that such a number occurs at least."""

_FAR = 50.0
"""Distance from all others from which a number is far, in units of their range."""

_GLANCE = 256
"""Number of rows that are looked at first: in most columns they show that no end is far from all others."""

_SIGNS = np.array([-1.0, 1.0])
"""Factors that turn both ends into largest values."""

_NEAR = 1.5
"""The same for numbers that consist of nines, as -9999 and 99.9 do."""


@dataclass(frozen=True, eq=False)
class Extremes:
    """Both ends of the ranges of columns. Each row of an array is for an end: the least, then the largest.

    The least values are negated, so that both ends are largest values.

    Attributes:
        ends: The largest value of each column, shape (2, n_columns).
        counts: Number of times that it occurs; 1 where others come near.
        others: The largest of all other values; no less than that, where they come near. -inf if all are
            alike.
    """

    ends: Array
    counts: Array
    others: Array

    @classmethod
    def of_columns(cls, columns: Array) -> Extremes:
        """The extremes of rows given by their columns, shape (n_columns, n_rows), with a row at least."""
        ends = np.array([-columns.min(axis=1), columns.max(axis=1)])
        counts, others = np.ones(ends.shape), ends.copy()
        for i, row in enumerate(columns):
            middle = (ends[1, i] / 2.0 - ends[0, i] / 2.0) * _SIGNS
            for end, sign in enumerate(_SIGNS):
                towards = sign * row[:_GLANCE]
                if np.any((towards > middle[end]) & (towards < ends[end, i])):
                    continue  # there is another value near
                towards = sign * row
                counts[end, i] = np.count_nonzero(towards == ends[end, i])
                if counts[end, i] == np.count_nonzero(towards >= middle[end]):
                    others[end, i] = np.max(towards[towards < ends[end, i]], initial=-inf)
        return cls(ends, counts, others)

    @classmethod
    def empty(cls, n_columns: int) -> Extremes:
        """The extremes of no rows; merging them changes nothing."""
        lowest = np.full((2, n_columns), -inf)
        return cls(lowest, np.zeros((2, n_columns)), lowest)

    def merge(self, other: Extremes) -> Extremes:
        """The extremes of the rows of both."""
        ends = np.maximum(self.ends, other.ends)
        mine, theirs = self.ends == ends, other.ends == ends
        return Extremes(
            ends,
            self.counts * mine + other.counts * theirs,
            np.maximum(np.where(mine, self.others, self.ends), np.where(theirs, other.others, other.ends)),
        )


def sentinels(extremes: Extremes, names: Sequence[str]) -> Iterator[str]:
    """A sentence on each number that seems to stand for a missing value."""
    for i, name in enumerate(names):
        for end, sign in ((0, -1.0), (1, 1.0)):
            value, count, other = (
                float(a[end, i]) for a in (extremes.ends, extremes.counts, extremes.others)
            )
            spread = other + float(extremes.ends[1 - end, i])
            if count < _SEVERAL or not 0.0 < spread < inf:
                continue
            if value - other >= (_NEAR if _is_all_nines(value) else _FAR) * spread:
                number = _text(sign * value)
                yield (
                    f"column {shown(name)} has {number} in {rows_text(int(count))}, far outside all other "
                    f"values: if it stands for a missing value, say {spelled(na=number, missing='drop')}"
                )


def _text(number: float) -> str:
    """A number as people write it, with all of its digits."""
    short = f"{number:.15g}"
    return short if float(short) == number else repr(number)


def _is_all_nines(value: float) -> bool:
    """Whether a number is written with nines only, two of them at least."""
    digits = _text(abs(value)).replace(".", "")
    return len(digits) > 1 and set(digits) == {"9"}
