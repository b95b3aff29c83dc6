"""The fast reader: pandas' C reader, checked to give exactly what the strict reader would, or nothing.

pandas shifts, pads, drops and converts silently. So it only gets what it reads as the strict reader does: no
quotes but around whole fields, no NUL, no blanks but spaces and tabs. A column that pandas does not take for
numbers, and rows whose separators do not add up, are left to the strict reader. pandas is imported on first
use, because that takes as long as reading over 1 MiB without it.
"""

from __future__ import annotations

import io
import re
import warnings
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import Block, BlockCounts
from lrfit.data.csv.format import LARGEST_EXACT, ColumnLayout
from lrfit.data.csv.plain import has_right_fields, is_plain

__all__ = ["parse_fast"]

_SPELLINGS = ("", "NA", "na", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", "NONE")
"""Usual spellings of a missing value; the strict reader knows the others."""

_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{16,}(?![0-9.eE])")


def parse_fast(block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool) -> Block | None:
    """The numbers of a block, or None if it needs the strict reader; see `lrfit.data.csv.parse.parse`."""
    if not is_plain(block, layout.format.separator):
        return None
    columns = _columns(block, layout)
    if not columns or not all(column.dtype.kind in "iuf" for column in columns):
        return None
    values = np.array(columns, dtype=np.float64)
    is_whole = not np.isnan(np.max(values))
    if not (_is_small(columns, values) or all(_is_exact(c, block, layout.format.separator) for c in columns)):
        return None
    n_lines = values.shape[1]
    if not has_right_fields(block, layout, n_lines, is_whole=is_whole):
        return None
    texts = [line.decode() for line in block.splitlines()] if with_texts else None
    first_missing = ""
    if not is_whole:
        present, line, i_column = _without_missing(values)
        first_missing = layout.where(first_line + line, layout.positions[i_column])
        columns, values = [column[present] for column in columns], values.compress(present, axis=1)
        texts = list(compress(texts, present.tolist())) if texts else None
    n_rows = values.shape[1]
    lost_digits = any(map(_loses_digits, columns))
    return Block(values, texts, BlockCounts(n_rows, n_lines, n_lines - n_rows, first_missing, lost_digits))


def _columns(block: bytes, layout: ColumnLayout) -> list[npt.NDArray[Any]] | None:
    """The columns to read as pandas types them, with NaN for a missing value; None if pandas objects."""
    import pandas as pd  # noqa: PLC0415 (slow to import)

    try:
        with warnings.catch_warnings(action="error"):
            frame = pd.read_csv(
                io.BytesIO(block),
                sep=layout.format.separator,
                decimal=layout.format.decimal,
                header=None,
                names=range(len(layout.header)),
                usecols=layout.positions,
                index_col=False,
                keep_default_na=False,
                na_values=_SPELLINGS,
                skip_blank_lines=False,
                low_memory=False,
                engine="c",
            )
    except (ValueError, Warning):
        return None
    return [frame[position].to_numpy() for position in layout.positions] if len(frame) else None


def _is_small(columns: list[npt.NDArray[Any]], values: Array) -> bool:
    """Whether all values are floats below 2^53, and none is missing: then pandas read them exactly."""
    return all(column.dtype.kind == "f" for column in columns) and bool(
        np.max(np.abs(values)) < LARGEST_EXACT
    )


def _is_exact(column: npt.NDArray[Any], block: bytes, separator: str) -> bool:
    """Whether the numbers are those of the text, and no digits were lost unnoticed."""
    is_integer = column.dtype.kind in "iu"
    if is_integer or np.isnan(np.max(column)):  # integers become floats where a value is missing
        has_zero = not np.all(column)
        if has_zero and _has_negative_zero(block, separator):  # integers have no -0
            return False
    if is_integer:
        return True
    largest = np.fmax.reduce(np.abs(column), initial=0.0)  # ignores NaN
    return bool(largest < LARGEST_EXACT) or (bool(np.isfinite(largest)) and not _LONG_INTEGER.search(block))


def _has_negative_zero(block: bytes, separator: str) -> bool:
    """Whether a cell may be -0, written as an integer."""
    array = np.frombuffer(block + b"\n", np.uint8)
    behind = np.flatnonzero((array[:-2] == ord("-")) & (array[1:-1] == ord("0"))) + 2
    is_end = np.zeros(256, np.bool_)
    is_end[list(separator.encode() + b'0 \t\r\n"')] = True
    return bool(is_end[array[behind]].any())


def _without_missing(values: Array) -> tuple[npt.NDArray[np.bool_], int, int]:
    """The mask of the complete rows, then the row and the column of the first missing value."""
    missing = np.isnan(values)
    present = np.logical_not(np.logical_or.reduce(missing))
    row = int(np.argmin(present))
    return present, row, int(np.argmax(missing[:, row]))


def _loses_digits(column: npt.NDArray[Any]) -> bool:
    is_integer = column.dtype.kind in "iu"
    return is_integer and bool(np.any((column > LARGEST_EXACT) | (column < -LARGEST_EXACT)))
