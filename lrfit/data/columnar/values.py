"""Values: the columns of a batch as float64, by their kinds, with NaN for what is missing.

Numbers are taken from the buffers of Arrow. Only what is no plain number is converted by Arrow, or text by
text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyarrow import types

from lrfit.arrays import Array
from lrfit.data.arrow_buffers import array_of, stored_values
from lrfit.data.block import ColumnValues
from lrfit.data.columnar.kinds import is_days, value_type
from lrfit.data.columnar.texts import texts_of
from lrfit.data.csv.cells import cells_of
from lrfit.data.csv.format import LARGEST_EXACT, CsvFormat
from lrfit.data.kinds import Column
from lrfit.errors import DataError
from lrfit.messages import shown

__all__ = ["Where", "column_values"]

Where = Callable[[int], str]
"""A function from a row of a batch to the name of the place, for messages."""

_OF_DAY = {"s": 86_400, "ms": 86_400_000, "us": 86_400_000_000}
"""Number of units in a day."""


def column_values(array: pa.Array, column: Column, form: CsvFormat, where: Where) -> ColumnValues:
    """The numbers of a column of this kind.

    Args:
        array: Its values, of a type that the kind may have.
        column: The column.
        form: Says what else stands for a missing value.
        where: Names the place of a row that is refused.

    Raises:
        DataError: A number is infinite, a weight negative, or a text no date or an unknown level.
    """
    kind = value_type(array.type)
    if column.kind in ("number", "weight"):
        return _numbers(_decoded(array), column, form, where)
    if column.kind == "date" and is_days(kind):
        return ColumnValues(_days(_decoded(array)))
    return _of_texts(array, column, form, where)


def _decoded(array: pa.Array) -> pa.Array:
    return array if value_type(array.type) == array.type else array.dictionary_decode()


def _numbers(array: pa.Array, column: Column, form: CsvFormat, where: Where) -> ColumnValues:
    if types.is_decimal(array.type):
        exact = array.cast(pa.string())  # Arrow rounds text exactly, and decimals only nearly
        values, present = stored_values(exact.cast(pa.float64()))
        lost = np.abs(values) >= LARGEST_EXACT if array.type.scale <= 0 else None
    else:
        values, present = stored_values(array)
        lost = _beyond_exact(values)
    if present is not None:
        values = np.where(present, values, np.nan)
    if values.dtype.kind == "f" and (infinite := np.isinf(values)).any():
        raise DataError(f"{where(int(np.argmax(infinite)))}: a number has to be finite")
    values = _with_missing(values, form.missing_numbers)
    if column.kind == "weight" and (negative := values < 0).any():
        raise DataError(f"{where(int(np.argmax(negative)))}: the weight is negative, and is at least 0")
    return ColumnValues(values, lost if lost is not None and lost.any() else None)


@np.errstate(over="ignore")  # a number beyond the range of float32 is none of its values
def _with_missing(values: npt.NDArray[Any], missing: Sequence[float]) -> npt.NDArray[Any]:
    """The values, with NaN for numbers that stand for a missing value, as far as their type holds these."""
    for number in missing:
        found = values == (values.dtype.type(number) if values.dtype.kind == "f" else number)
        if found.any():
            values = np.where(found, np.nan, values)
    return values


def _beyond_exact(values: npt.NDArray[Any]) -> npt.NDArray[np.bool_] | None:
    """The rows whose integers float64 may not hold exactly; None if it holds all integers of this type."""
    if values.dtype.kind not in "iu" or values.itemsize <= 4:  # noqa: PLR2004 (bytes)
        return None
    mask: npt.NDArray[np.bool_] = values > LARGEST_EXACT
    return mask if values.dtype.kind == "u" else mask | (values < -LARGEST_EXACT)


def _days(array: pa.Array) -> Array:
    """Days since 1970-01-01 in UTC, as a CSV of the same rows has them: to the microsecond."""
    values, present = stored_values(array)
    if types.is_date32(array.type):
        days = values.astype(np.float64)
    else:
        unit = "ms" if types.is_date64(array.type) else array.type.unit
        if unit == "ns":
            values, unit = values // 1000, "us"
        days = _quotients(values, _OF_DAY[unit])
    return days if present is None else np.where(present, days, np.nan)


def _quotients(integers: npt.NDArray[Any], divisor: int) -> Array:
    """The quotients, rounded once."""
    if np.max(integers) <= LARGEST_EXACT and np.min(integers) >= -LARGEST_EXACT:
        return integers / divisor
    return np.array([integer / divisor for integer in integers.tolist()])


def _of_texts(array: pa.Array, column: Column, form: CsvFormat, where: Where) -> ColumnValues:
    """The numbers that different texts stand for, each of which is read once, as it would be in a CSV."""
    if types.is_float16(array.type):
        array = array.cast(pa.float32())  # pyarrow 25 and older encode no half floats
    words = array if types.is_dictionary(array.type) else array.dictionary_encode()
    known = words.dictionary
    if types.is_string_view(known.type):
        known = known.cast(pa.large_string())  # Arrow takes nothing out of views
    places, present = stored_values(words.indices)
    places = places.astype(np.intp)
    if present is not None:
        places = np.where(present, places, len(known))
    used = np.unique(places[places < len(known)])
    cells = cells_of(column, form)
    numbers = np.full(len(known) + 1, np.nan)  # the last is for null
    texts = texts_of(known.take(array_of(used)))
    for place, text in zip(used.tolist(), texts, strict=True):
        try:
            number = None if text is None else cells.value(text)
        except ValueError as error:
            row = int(np.argmax(places == place))
            raise DataError(f"{where(row)}: {shown(text or '')} {error}") from error
        numbers[place] = np.nan if number is None else number
    return ColumnValues(numbers[places], None, cells.levels)
