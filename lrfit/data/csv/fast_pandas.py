"""The fast reader by pandas, which every installation has.

pandas shifts, pads, drops and converts silently. So it only gets what it reads as the strict reader does, and
rows whose separators do not add up are left to the strict reader. pandas is imported on first use, because
that takes as long as reading over 1 MiB without it.
"""

from __future__ import annotations

import io
import re
import warnings
from itertools import filterfalse
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import ColumnValues
from lrfit.data.csv.fast_columns import SPELLINGS, FastColumns, text_positions
from lrfit.data.csv.fast_texts import of_different, usual_days
from lrfit.data.csv.format import BLANKS, LARGEST_EXACT, ColumnLayout, CsvFormat
from lrfit.data.csv.plain import has_right_fields
from lrfit.data.kinds import Column

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["pandas_columns"]

_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{16,}(?![0-9.eE])")


def pandas_columns(block: bytes, layout: ColumnLayout) -> FastColumns | None:
    """The columns of a plain block without blank lines; None where that is not sure.

    Args:
        block: Whole rows; `lrfit.data.csv.plain.is_plain` holds.
        layout: The columns.
    """
    frame = _frame(block, layout)
    columns = None if frame is None else _columns(frame, layout, block)
    if columns is None:
        return None
    values = columns.values  # noqa: PD011
    is_whole = not np.isnan(np.max(values))
    return columns if has_right_fields(block, layout, values.shape[1], is_whole=is_whole) else None


def _frame(block: bytes, layout: ColumnLayout) -> pd.DataFrame | None:
    """The columns to read, as pandas types them, or as text; None if pandas objects."""
    import pandas as pd  # noqa: PLC0415 (slow to import)

    form, texts = layout.format, text_positions(layout)
    spellings = [*SPELLINGS, *filterfalse(_is_number, form.na)]
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


def _columns(frame: pd.DataFrame, layout: ColumnLayout, block: bytes) -> FastColumns | None:
    """The columns as the strict reader has them; None where that is not sure."""
    texts = text_positions(layout)
    plain = [frame[position].to_numpy() for position in layout.positions if position not in texts]
    if not all(column.dtype.kind in "iuf" for column in plain):
        return None
    separator = layout.format.joint
    if not (_are_small(plain) or all(_is_exact(column, block, separator) for column in plain)):
        return None
    of_plain, columns = iter(plain), []
    for position, column in zip(layout.positions, layout.read, strict=True):
        if position in texts:
            answer = _of_text(frame[position].to_numpy(), column, layout.format)
            if answer is None:
                return None
            columns.append(answer)
        else:
            numbers = next(of_plain)
            columns.append(ColumnValues(numbers, _beyond_exact(numbers)))
    return FastColumns.of(columns)


def _of_text(texts: npt.NDArray[Any], column: Column, form: CsvFormat) -> ColumnValues | None:
    """The numbers that texts stand for; None if one is refused."""
    import pandas as pd  # noqa: PLC0415 (loaded already)

    if column.kind == "date" and not form.na and (days := _days(texts)) is not None:
        return ColumnValues(days)
    codes, different = pd.factorize(texts)
    return of_different(codes, different.tolist(), column, form)


def _days(texts: npt.NDArray[Any]) -> Array | None:
    """The days of dates of one usual form."""
    try:
        written = texts.astype("S")
    except UnicodeEncodeError:
        return None
    return usual_days(written.view(np.uint8).reshape(-1, written.itemsize))


def _are_small(columns: list[npt.NDArray[Any]]) -> bool:
    """Whether all values are floats below 2^53, and none is missing: then pandas read them exactly."""
    return all(
        column.dtype.kind == "f" and bool(np.max(np.abs(column)) < LARGEST_EXACT) for column in columns
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


def _beyond_exact(column: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """The rows whose integers float64 may not hold exactly; None if there are none."""
    if column.dtype.kind not in "iu":
        return None
    mask: npt.NDArray[np.bool_] = (column > LARGEST_EXACT) | (column < -LARGEST_EXACT)
    return mask if mask.any() else None
