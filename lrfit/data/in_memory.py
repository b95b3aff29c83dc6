"""Rows that are in memory already: arrays and pandas' DataFrames, as checked columns of float64."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypeGuard

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["columns_of_array", "columns_of_frame", "is_frame", "without_missing"]


def is_frame(data: object) -> TypeGuard[pd.DataFrame]:
    """Whether this is a DataFrame; pandas is not imported to tell."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and isinstance(data, pandas.DataFrame)


def columns_of_frame(frame: pd.DataFrame, names: Sequence[str]) -> Array:
    """The columns of these names, shape (n_columns, n_rows); a missing value is NaN.

    Raises:
        DataError: There is no such column, or two, or it does not hold finite numbers.
    """
    return np.array([_of_series(frame, name) for name in names], dtype=np.float64)


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


def without_missing(columns: Array, names: Sequence[str], missing: str) -> Array:
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


def _of_series(frame: pd.DataFrame, name: str) -> Array:
    """A column of a table, by the text of its label."""
    labels = [label for label in frame.columns if str(label) == name]
    if len(labels) != 1:
        there = listed([str(label) for label in frame.columns])
        n_columns = f"{len(labels)} columns" if labels else "no column"
        raise DataError(f"the DataFrame has {n_columns} named {shown(name)}; its columns are {there}")
    series = frame[labels[0]]
    if series.dtype.kind not in "iuf":
        raise DataError(
            f"column {shown(name)} of the DataFrame holds {series.dtype}, not numbers: convert or drop it"
        )
    return _numbers(series.to_numpy(dtype=np.float64, na_value=np.nan), name)


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
