"""Kinds of columns: how the cells of a column become numbers. Imports nothing heavy.

A number is its value, a date its days since 1970-01-01. A word becomes the place of its level among the
levels of its column; the model has a 0/1 feature for each level but the first, `city=london`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lrfit.errors import DataError
from lrfit.messages import shown, spelled

__all__ = ["MOST_LEVELS", "Column", "feature_names", "too_many_levels"]

MOST_LEVELS = 1000
"""The most levels that a column of categories, or of groups, may have."""


class Column(NamedTuple):
    """A column of a table, as it is read.

    Attributes:
        name: Its name in the header.
        kind: "number", "weight" (a number of at least 0), "date", or "category".
        levels: The levels of a category that are known, sorted; None where the data tell.
    """

    name: str
    kind: str = "number"
    levels: tuple[str, ...] | None = None


def feature_names(columns: Sequence[Column]) -> tuple[str, ...]:
    """The names of the features that a model has of these columns, whose levels are known.

    Examples:
        >>> feature_names([Column("size"), Column("city", "category", ("berlin", "london", "rome"))])
        ('size', 'city=london', 'city=rome')
    """
    return tuple(name for column in columns for name in _names(column))


def _names(column: Column) -> Iterator[str]:
    if column.kind != "category":
        yield column.name
    else:
        yield from (f"{column.name}={level}" for level in (column.levels or ())[1:])


def too_many_levels(name: str) -> DataError:
    """The error for a column of categories with too many levels."""
    return DataError(
        f"column {shown(name)} has over {MOST_LEVELS} levels: is it an id? {spelled(drop=name)} leaves it out"
    )
