"""Blocks: the rows that are read from a file at a time, as numbers.

The values of a block have shape (n_columns, n_rows), and each column is contiguous in memory. Every step from
the reader to `Moments` keeps that layout, because checksums, means and QR decompositions go column by column.
Only mini-batches need rows, shape (n_rows, n_columns): see `lrfit.data.row_store.RowStore`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.kinds import Column

__all__ = ["Block", "BlockCounts", "ColumnValues", "used_levels"]


@dataclass(frozen=True, eq=False)
class BlockCounts:
    """The facts about a block that do not need its values.

    Attributes:
        n_rows: Number of rows whose values are given.
        n_lines: Number of lines.
        n_missing: Number of rows left out because they lack a value.
        first_missing: The place of the first row that was left out, for messages; empty if there is none.
        missing_of_columns: For each column, the number of those rows that lack its value; empty if there is
            none.
        lost_digits: Whether an integer beyond 2^53 was read, which float64 may not hold exactly.
    """

    n_rows: int
    n_lines: int
    n_missing: int = 0
    first_missing: str = ""
    missing_of_columns: tuple[int, ...] = ()
    lost_digits: bool = False

    def merge(self, other: BlockCounts) -> BlockCounts:
        """The counts of this block and of the one behind it together."""
        return BlockCounts(
            self.n_rows + other.n_rows,
            self.n_lines + other.n_lines,
            self.n_missing + other.n_missing,
            self.first_missing or other.first_missing,
            _sums(self.missing_of_columns, other.missing_of_columns),
            self.lost_digits or other.lost_digits,
        )


def _sums(one: tuple[int, ...], other: tuple[int, ...]) -> tuple[int, ...]:
    """The sum of each pair; an empty tuple stands for zeros."""
    return tuple(map(sum, zip(one, other, strict=True))) if one and other else one or other


@dataclass(frozen=True, eq=False)
class Block:
    """The values of a block, and the facts about it.

    Attributes:
        values: Values of the columns that were asked for, shape (n_columns, n_rows), C-contiguous.
        texts: The same rows as they are written in CSV, without line ends; None unless asked for.
        counts: Number of rows, lines and missing values.
        levels: For each column, the levels whose places its values are; empty for a column of numbers.
    """

    values: Array
    texts: Iterable[str] | None
    counts: BlockCounts
    levels: tuple[tuple[str, ...], ...] = ()


class ColumnValues(NamedTuple):
    """A column of a block.

    Attributes:
        values: Its numbers, shape (n_rows,); NaN for a missing value.
        lost_digits: Mask of the rows with an integer beyond 2^53; None if there is none.
        levels: The levels whose places the numbers are; empty for other kinds than categories.
    """

    values: npt.NDArray[Any]
    lost_digits: npt.NDArray[np.bool_] | None = None
    levels: tuple[str, ...] = ()


def used_levels(
    values: Array, columns: Sequence[Column], levels: Sequence[tuple[str, ...]]
) -> tuple[tuple[str, ...], ...]:
    """The levels that occur in a block, sorted; the values become their places among these.

    Levels that were known before stay as they are.

    Args:
        values: Shape (n_columns, n_rows), changed in place.
        columns: The columns.
        levels: For each column, the levels whose places its values are.
    """
    return tuple(
        _sorted(row, names) if column.kind == "category" and column.levels is None else names
        for row, column, names in zip(values, columns, levels, strict=True)
    )


def _sorted(places: Array, names: tuple[str, ...]) -> tuple[str, ...]:
    """The names that occur among these places, sorted; the places become those in this order."""
    used = [int(place) for place in np.unique(places)]
    order = sorted(used, key=lambda place: names[place])
    new_places = np.zeros(len(names))
    new_places[order] = np.arange(len(order))
    places[:] = new_places[places.astype(np.intp)]
    return tuple(names[place] for place in order)
