"""Columns as the fast readers give them, and the choice of those that are read as text first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import ColumnValues
from lrfit.data.csv.format import ColumnLayout

__all__ = ["NUMBERS", "SPELLINGS", "FastColumns", "text_positions"]

SPELLINGS = (
    *("", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan"),
    *("null", "NULL", "Null", "None", "none", "NONE"),
)
"""Usual spellings of a missing value; the strict reader knows the others."""

NUMBERS = ("number", "weight")
"""Kinds of columns that are read as numbers."""


class FastColumns(NamedTuple):
    """The columns to read, shape (n_columns, n_rows), with NaN for a missing value.

    Attributes:
        values: The numbers.
        lost_digits: Mask of the rows with an integer beyond 2^53; None if there is none.
        levels: For each column, the levels whose places its values are.
    """

    values: Array
    lost_digits: npt.NDArray[np.bool_] | None
    levels: Sequence[tuple[str, ...]]

    @classmethod
    def of(cls, columns: Sequence[ColumnValues]) -> FastColumns:
        """These columns, one by one."""
        values = np.array([column.values for column in columns], np.float64)
        lost = [column.lost_digits for column in columns if column.lost_digits is not None]
        is_lost = np.logical_or.reduce(lost) if lost else None
        return cls(values, is_lost, [column.levels for column in columns])


def text_positions(layout: ColumnLayout) -> list[int]:
    """Positions of the columns that are read as text first, because they are no plain numbers."""
    is_odd = bool(layout.format.thousands or layout.format.strip)
    return [
        position
        for position, column in zip(layout.positions, layout.read, strict=True)
        if is_odd or column.kind not in NUMBERS
    ]
