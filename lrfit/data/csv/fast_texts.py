"""The fast readers' columns of text: each different text is read once, by the strict reader's own cells.

Dates of the usual form are many and seldom alike. So NumPy reads these, with the same result to the last bit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import ColumnValues
from lrfit.data.csv.cells import cells_of
from lrfit.data.csv.format import LARGEST_EXACT, CsvFormat
from lrfit.data.kinds import Column
from lrfit.errors import DataError

__all__ = ["of_different", "usual_days"]

_FORM = np.frombuffer(b"0000-00-00T00:00:00", np.uint8)
"""The usual form of a date with its time; minutes, or the day, may be its end."""

_WIDTHS = (10, 16, 19)
"""Number of characters of a date: without a time, with minutes, and with seconds."""

_MICROSECONDS = 86_400_000_000
"""Number of microseconds of a day."""


def of_different(
    codes: npt.NDArray[np.integer[Any]], different: Sequence[str], column: Column, csv_format: CsvFormat
) -> ColumnValues | None:
    """The numbers of a column of text; None if one is refused.

    Args:
        codes: For each row, the place of its text; -1 for a missing value.
        different: The texts.
        column: The column.
        csv_format: The format of its cells.
    """
    cells = cells_of(column, csv_format)
    try:
        values = [cells.value(text) for text in different]
    except (ValueError, DataError):
        return None
    loses = [
        value is not None and cells.loses_digits(text) for value, text in zip(values, different, strict=True)
    ]
    numbers = np.array([*(np.nan if v is None else v for v in values), np.nan])  # the last is for code -1
    lost = np.array([*loses, False])[codes] if any(loses) else None
    return ColumnValues(numbers[codes], lost, cells.levels)


def usual_days(characters: npt.NDArray[np.uint8]) -> Array | None:
    """Days since 1970-01-01 of dates that are all written in the same usual form; None for others.

    Args:
        characters: The bytes of each text, shape (n_rows, width), contiguous.
    """
    width = characters.shape[1]
    if width not in _WIDTHS:
        return None
    form = _FORM[:width]
    is_digit = (characters >= ord("0")) & (characters <= ord("9"))
    is_same = np.where(form == ord("0"), is_digit, characters == form)
    if width > _WIDTHS[0]:
        is_same[:, _WIDTHS[0]] |= characters[:, _WIDTHS[0]] == ord(" ")
    has_year = np.any(characters[:, :4] != ord("0"), axis=1)
    if not (is_same.all() and has_year.all()):
        return None
    try:
        moments = characters.view(f"S{width}")[:, 0].astype(str).astype("datetime64[us]").astype(np.int64)
    except ValueError:
        return None
    return moments / _MICROSECONDS if np.max(np.abs(moments)) < LARGEST_EXACT else None
