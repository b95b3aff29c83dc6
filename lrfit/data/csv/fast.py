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
from collections.abc import Sequence
from dataclasses import replace
from itertools import compress, filterfalse
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import Block, BlockCounts, used_levels
from lrfit.data.csv.fast_texts import converted
from lrfit.data.csv.format import BLANKS, LARGEST_EXACT, ColumnLayout, CsvFormat
from lrfit.data.csv.place import fields_of
from lrfit.data.csv.plain import has_right_fields, is_plain

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["parse_fast"]

_SPELLINGS = (
    *("", "NA", "na", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan"),
    *("null", "NULL", "Null", "None", "none", "NONE"),
)
"""Usual spellings of a missing value; the strict reader knows the others."""

_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{16,}(?![0-9.eE])")

_NUMBERS = ("number", "weight")
"""Kinds of columns that pandas reads as numbers."""


class _Columns(NamedTuple):
    """The columns to read, shape (n_columns, n_rows), with NaN for a missing value.

    Attributes:
        values: The numbers.
        lost_digits: Mask of the rows with an integer beyond 2^53; None if there is none.
        levels: For each column, the levels whose places its values are.
    """

    values: Array
    lost_digits: npt.NDArray[np.bool_] | None
    levels: list[tuple[str, ...]]


def parse_fast(block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool) -> Block | None:
    """The numbers of a block, or None if it needs the strict reader; see `lrfit.data.csv.parse.parse`."""
    if not is_plain(block, layout.format.separator):
        return None
    dense = _without_blank_lines(block) if layout.format.comment else block
    columns = _columns_with_right_fields(dense, layout)
    if columns is None:
        dense = _without_blank_lines(block)
        columns = None if dense == block else _columns_with_right_fields(dense, layout)
    if columns is None or _has_negative_weight(columns.values, layout):
        return None
    values, lost_digits, levels = columns
    n_rows = values.shape[1]
    is_whole = not (_mark_missing(values, layout) or np.isnan(np.max(values)))
    texts = [line.decode() for line in dense.splitlines()] if with_texts else None
    counts = BlockCounts(n_rows, n_rows if dense == block else _n_lines(block))
    if not is_whole:
        counts, present = _without_missing(values, layout, block, dense, counts, first_line)
        values = values.compress(present, axis=1)
        texts = list(compress(texts, present.tolist())) if texts else texts
        lost_digits = None if lost_digits is None else lost_digits[present]
    counts = replace(counts, lost_digits=lost_digits is not None and bool(lost_digits.any()))
    return Block(values, texts, counts, used_levels(values, layout.read, levels))


def _columns_with_right_fields(block: bytes, layout: ColumnLayout) -> _Columns | None:
    """The columns of a block without blank lines, if each row has as many fields as the header."""
    frame = _frame(block, layout)
    columns = None if frame is None else _columns(frame, layout, block)
    if columns is None:
        return None
    values = columns.values  # noqa: PD011
    is_whole = not np.isnan(np.max(values))
    return columns if has_right_fields(block, layout, values.shape[1], is_whole=is_whole) else None


def _without_blank_lines(block: bytes) -> bytes:
    """The block without blank lines, which pandas takes for rows; the same object if there are none."""
    array = np.frombuffer(block, np.uint8)
    is_end = array == ord("\n" if b"\n" in block else "\r")
    is_second = is_end[1:] & is_end[:-1]  # to look for both with `in` takes ten times as long
    has_returns = b"\n" in block and b"\r" in block
    if not has_returns and not is_second.any():
        return block
    is_blank = np.append(is_end[:1], is_second)
    if has_returns:
        is_behind = (array[1:-1] == ord("\r")) & is_end[2:] & is_end[:-2]
        is_blank[1:-1] |= is_behind
        is_blank[2:] |= is_behind
    dense = array[~is_blank].tobytes() if is_blank.any() else block
    return dense.lstrip(b"\r\n") if dense[:1] in (b"\r", b"\n") else dense


def _n_lines(block: bytes) -> int:
    """Number of lines of a block, some of which are blank."""
    if b"\r" in block:
        return len(block.splitlines())
    return block.count(b"\n") + (not block.endswith(b"\n"))


def _frame(block: bytes, layout: ColumnLayout) -> pd.DataFrame | None:
    """The columns to read, as pandas types them, or as text; None if pandas objects."""
    import pandas as pd  # noqa: PLC0415 (slow to import)

    form, texts = layout.format, _texts(layout)
    spellings = [*_SPELLINGS, *filterfalse(_is_number, form.na)]
    try:
        with warnings.catch_warnings(action="error"):
            frame = pd.read_csv(  # type: ignore[call-overload]
                io.BytesIO(block),
                sep=r"\s+" if form.separator == BLANKS else form.separator,
                decimal=form.decimal,
                header=None,
                names=range(len(layout.header)),
                usecols=layout.positions,
                dtype=dict.fromkeys(texts, object),
                index_col=False,
                keep_default_na=False,
                na_values={p: [] if p in texts else spellings for p in layout.positions}
                if texts
                else spellings,
                skip_blank_lines=False,
                low_memory=False,
                engine="c",
            )
    except (ValueError, Warning):
        return None
    return cast("pd.DataFrame", frame) if len(frame) else None


def _is_number(word: str) -> bool:
    """Whether Python reads a word as a number, so that pandas would take all ways to write it for missing.

    Numbers that stand for a missing value are marked later; other words are left to the strict reader.
    """
    try:
        float(word)
    except ValueError:
        return False
    return True


def _texts(layout: ColumnLayout) -> list[int]:
    """Positions of the columns that pandas does not take for numbers."""
    is_odd = bool(layout.format.thousands or layout.format.strip)
    return [
        position
        for position, column in zip(layout.positions, layout.read, strict=True)
        if is_odd or column.kind not in _NUMBERS
    ]


def _columns(frame: pd.DataFrame, layout: ColumnLayout, block: bytes) -> _Columns | None:
    """The columns as the strict reader has them; None where that is not sure."""
    texts = _texts(layout)
    plain = [frame[position].to_numpy() for position in layout.positions if position not in texts]
    if not all(column.dtype.kind in "iuf" for column in plain):
        return None
    separator = layout.format.joint
    if not (_are_small(plain) or all(_is_exact(column, block, separator) for column in plain)):
        return None
    lost = [_beyond_exact(column) for column in plain]
    if not texts:
        return _Columns(np.array(plain, np.float64), _any(lost), [()] * len(plain))
    of_plain = iter(plain)
    columns, levels = [], []
    for position, column in zip(layout.positions, layout.read, strict=True):
        if position in texts:
            answer = converted(frame[position].to_numpy(), column, layout.format)
            if answer is None:
                return None
            columns.append(answer[0])
            lost.append(answer[1])
            levels.append(answer[2])
        else:
            columns.append(next(of_plain).astype(np.float64))
            levels.append(())
    return _Columns(np.array(columns), _any(lost), levels)


def _any(masks: Sequence[npt.NDArray[np.bool_] | None]) -> npt.NDArray[np.bool_] | None:
    """The rows that are in one of the masks; None if there is no mask."""
    there = [mask for mask in masks if mask is not None]
    return np.logical_or.reduce(there) if there else None


def _mark_missing(values: Array, layout: ColumnLayout) -> bool:
    """Set numbers that stand for a missing value to NaN; whether there were any."""
    found = False
    for number in layout.format.missing_numbers:
        for column, row in zip(layout.read, values, strict=True):
            if column.kind in _NUMBERS and (is_one := row == number).any():
                row[is_one] = np.nan
                found = True
    return found


def _are_small(columns: list[npt.NDArray[Any]]) -> bool:
    """Whether all values are floats below 2^53, and none is missing: then pandas read them exactly."""
    return all(
        column.dtype.kind == "f" and bool(np.max(np.abs(column)) < LARGEST_EXACT) for column in columns
    )


def _has_negative_weight(values: Array, layout: ColumnLayout) -> bool:
    weights = [row for row, column in zip(values, layout.read, strict=True) if column.kind == "weight"]
    return any((row < 0.0).any() for row in weights)


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


def _without_missing(
    values: Array, layout: ColumnLayout, block: bytes, dense: bytes, counts: BlockCounts, first_line: int
) -> tuple[BlockCounts, npt.NDArray[np.bool_]]:
    """The counts of a block in which values are missing, and the mask of its complete rows.

    A row that is empty in all columns, whether they are read or not, counts as a blank line.
    """
    lacking = np.isnan(values)
    present = np.logical_not(np.logical_or.reduce(lacking))
    if (without_any := np.flatnonzero(np.logical_and.reduce(lacking))).size:
        lines = dense.splitlines()
        blank = [row for row in without_any if _is_empty(lines[row], layout.format)]
        lacking[:, blank] = False
    absent = np.flatnonzero(np.logical_or.reduce(lacking))
    counts = replace(counts, n_rows=int(np.count_nonzero(present)), n_missing=len(absent))
    if not len(absent):
        return counts, present
    first = int(absent[0])
    line = first if dense == block else _places_of_rows(block)[first]
    where = layout.where(first_line + line, layout.positions[int(np.argmax(lacking[:, first]))])
    of_columns = tuple(map(int, np.count_nonzero(lacking, axis=1)))
    return replace(counts, first_missing=where, missing_of_columns=of_columns), present


def _is_empty(line: bytes, csv_format: CsvFormat) -> bool:
    """Whether all fields of a row are empty."""
    text = line.decode()
    if csv_format.separator == BLANKS:
        text = text.replace("\t", csv_format.joint)
    if '"' not in text:
        return not text.replace(csv_format.joint, "").strip()
    return not "".join(next(fields_of([text], csv_format.joint), [])).strip()


def _places_of_rows(block: bytes) -> list[int]:
    """Indices of the lines of a block that are not blank."""
    return [i for i, line in enumerate(block.splitlines()) if line]


def _beyond_exact(column: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """The rows whose integers float64 may not hold exactly; None if there are none."""
    if column.dtype.kind not in "iu":
        return None
    mask: npt.NDArray[np.bool_] = (column > LARGEST_EXACT) | (column < -LARGEST_EXACT)
    return mask if mask.any() else None
