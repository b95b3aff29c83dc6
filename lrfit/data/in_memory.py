"""Rows that are in memory already: arrays and pandas' DataFrames, as checked columns of float64."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.block import Block, BlockCounts, used_levels
from lrfit.data.csv.cells import cells_of
from lrfit.data.csv.format import CsvFormat
from lrfit.data.kinds import Column
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["block_of_frame", "block_of_values", "columns_of_array", "is_frame"]


def is_frame(data: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a DataFrame; pandas is not imported to tell."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def block_of_frame(frame: pd.DataFrame, columns: Sequence[Column], missing: str) -> Block:
    """The columns of a DataFrame by their kinds; dates may be datetimes or text.

    Args:
        frame: The rows.
        columns: The columns, with the levels of categories if they are known.
        missing: "error", or "drop" to leave out rows that lack a value.

    Raises:
        DataError: There is no such column, or two, or a value is missing or not of the column's kind.
    """
    read = [_of_series(frame, column) for column in columns]
    values = np.array([values for values, _ in read], dtype=np.float64).reshape(len(columns), len(frame))
    return block_of_values(values, columns, missing, [levels for _, levels in read])


def block_of_values(
    values: Array, columns: Sequence[Column], missing: str, levels: Sequence[tuple[str, ...]] | None = None
) -> Block:
    """The rows of these columns that lack no value, in which a missing value is NaN.

    Raises:
        DataError: A value is missing, and `missing` is "error".
    """
    whole = _without_missing(values, [column.name for column in columns], missing)
    used = used_levels(whole, columns, levels or [()] * len(columns))
    return Block(whole, None, BlockCounts(whole.shape[1], 0), used)


def columns_of_array(values: npt.ArrayLike, names: Sequence[str]) -> Array:
    """The columns of an array of shape (n_rows, n_columns), or (n_rows,), as shape (n_columns, n_rows).

    Raises:
        DataError: It has another number of columns than there are names, or does not hold finite numbers.
    """
    array = np.asarray(values)
    rows = array[:, np.newaxis] if array.ndim == 1 else array
    if rows.ndim != 2 or rows.shape[1] != len(names):  # noqa: PLR2004 (rows and columns)
        raise DataError(
            f"an array of shape {array.shape} does not have one column for each of {listed(names)}: "
            f"reshape it to (n_rows, {len(names)})"
        )
    columns = np.array([_numbers(column, name) for column, name in zip(rows.T, names, strict=True)])
    return columns.reshape(len(names), len(rows))


def _without_missing(columns: Array, names: Sequence[str], missing: str) -> Array:
    """The rows that lack no value, if `missing` is "drop"; all rows, if it is "error".

    Raises:
        DataError: A value is missing, and `missing` is "error".
    """
    lacks = np.isnan(columns)
    if not lacks.any():
        return columns
    if missing == "drop":
        return np.ascontiguousarray(columns[:, ~lacks.any(axis=0)])
    row = int(np.argmax(lacks.any(axis=0)))
    name = names[int(np.argmax(lacks[:, row]))]
    n_rows = int(np.count_nonzero(lacks.any(axis=0)))
    raise DataError(
        f"row {row}, column {shown(name)}: {f'{n_rows} rows have' if n_rows > 1 else 'a row has'} a missing "
        f"value, here first (rows count from 0); {spelled(missing='drop')} leaves such rows out"
    )


def _of_series(frame: pd.DataFrame, column: Column) -> tuple[Array, tuple[str, ...]]:
    """The numbers of a column, found by the text of its label, and the levels that they are places of."""
    labels = [label for label in frame.columns if str(label) == column.name]
    if len(labels) != 1:
        there = listed([str(label) for label in frame.columns])
        n_columns = f"{len(labels)} columns" if labels else "no column"
        raise DataError(f"the DataFrame has {n_columns} named {shown(column.name)}; its columns are {there}")
    series = frame[labels[0]]
    if column.kind in ("date", "category"):
        return _of_text(series, column)
    if series.dtype.kind not in "iuf":
        raise DataError(
            f"column {shown(column.name)} of the DataFrame holds {series.dtype}, not numbers: "
            f"{spelled(dates=column.name)} or {spelled(categories=column.name)} reads dates or words, "
            f"{spelled(drop=column.name)} leaves it out"
        )
    numbers = _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan), column.name)
    if column.kind == "weight" and (numbers < 0.0).any():
        row = int(np.argmax(numbers < 0.0))
        raise DataError(
            f"row {row}, column {shown(column.name)}: a weight has to be at least 0 (rows count from 0)"
        )
    return numbers, ()


def _of_text(series: pd.Series[Any], column: Column) -> tuple[Array, tuple[str, ...]]:
    """The numbers of dates or words, by the text of each different value."""
    codes, values = series.factorize()
    cells = cells_of(column, CsvFormat())
    numbers = []
    for code, value in enumerate(values):
        text = value.isoformat() if hasattr(value, "isoformat") else str(value)
        try:
            number = cells.value(text)
        except ValueError as error:
            row = int(np.argmax(codes == code))
            raise DataError(
                f"row {row}, column {shown(column.name)}: {shown(text)} {error} (rows count from 0)"
            ) from error
        numbers.append(np.nan if number is None else number)
    return np.array([*numbers, np.nan])[codes], cells.levels


def _numbers(column: npt.NDArray[Any], name: str) -> Array:
    """A column as float64, refused if it does not hold real numbers, or an infinite one."""
    if column.dtype.kind not in "iuf":
        raise DataError(f"column {shown(name)} holds {column.dtype}, not real numbers: convert it")
    numbers = column.astype(np.float64)
    if np.isinf(numbers).any():
        raise DataError(
            f"row {int(np.argmax(np.isinf(numbers)))}, column {shown(name)}: a number has to be finite "
            "(rows count from 0)"
        )
    return numbers
