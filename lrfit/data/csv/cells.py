"""Cells: the one place where the text of a cell becomes a number, by the kind of its column.

The strict reader asks for each cell, the fast reader for each different text of a column that pandas does not
take for numbers. Both get the same answer.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from math import isinf
from typing import Protocol

from lrfit.data.csv.format import LARGEST_EXACT, CsvFormat
from lrfit.data.kinds import MOST_LEVELS, Column, too_many_levels
from lrfit.messages import listed

__all__ = ["Cells", "cells_of", "is_date"]

_MONTH = re.compile(r"[0-9]{4}(-[0-9]{2})?")
"""A year, or a month: ISO 8601 of reduced precision."""

_DATE = re.compile(
    r"(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}|[0-9]{4}-?W[0-9]{2}(?:-?[1-7])?)"
    r"(?:[T ](?:[01][0-9]|2[0-3])(?::?[0-5][0-9](?::?[0-5][0-9](?:[.,][0-9]+)?)?)?"
    r"(?:Z|[+-](?:[01][0-9]|2[0-3])(?::?[0-5][0-9])?)?)?"
)
"""A date of ISO 8601, with or without a time of the day and its offset from UTC."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Cells(Protocol):
    """The cells of one column in one block.

    Attributes:
        levels: The levels of a category, in the order of their numbers; empty for other kinds.
    """

    @property
    def levels(self) -> tuple[str, ...]: ...  # noqa: D102

    def value(self, text: str) -> float | None:
        """The number that a cell stands for; None if it is missing.

        Raises:
            ValueError: It stands for none; the error says how, as "is not a number".
        """

    def loses_digits(self, text: str) -> bool:
        """Whether the cell is an integer that float64 may not hold exactly."""


def cells_of(column: Column, csv_format: CsvFormat) -> Cells:
    """The cells of a column of this kind, in a CSV of this format."""
    if column.kind == "category":
        return _Categories(column, csv_format)
    if column.kind == "date":
        return _Dates(csv_format)
    return _Weights(csv_format) if column.kind == "weight" else _Numbers(csv_format)


def is_date(text: str) -> bool:
    """Whether a text is a date that is read."""
    try:
        _days(text)
    except ValueError:
        return False
    return True


class _Numbers:
    """Decimal numbers."""

    levels = ()

    def __init__(self, csv_format: CsvFormat) -> None:
        self._format = csv_format
        self._missing = csv_format.missing_numbers
        self._is_number = csv_format.number.fullmatch

    def value(self, text: str) -> float | None:
        cell = self._format.bare(text)
        if not self._is_number(cell):
            if self._format.is_missing(text) or self._format.is_missing(cell):
                return None
            raise ValueError("is not a number")
        number = float(self._format.plain(cell))
        if isinf(number):
            raise ValueError("is beyond the range of float64, 1.8e308")
        return None if number in self._missing else number

    def loses_digits(self, text: str) -> bool:
        digits = self._format.plain(self._format.bare(text)).lstrip("+-0")
        return digits.isdigit() and (len(digits) > len(str(LARGEST_EXACT)) or int(digits) > LARGEST_EXACT)


class _Weights(_Numbers):
    """Weights of rows."""

    def value(self, text: str) -> float | None:
        weight = super().value(text)
        if weight is not None and weight < 0.0:
            raise ValueError("is negative, and a weight is at least 0")
        return weight


class _Dates:
    """Dates and times of ISO 8601, in days since 1970-01-01; UTC unless they have an offset."""

    levels = ()

    def __init__(self, csv_format: CsvFormat) -> None:
        self._format = csv_format

    def value(self, text: str) -> float | None:
        if self._format.is_missing(text):
            return None
        try:
            return _days(text)
        except ValueError as error:
            raise ValueError("is not a date of ISO 8601, such as 2026-03-01 or 2026-03-01T12:30") from error

    def loses_digits(self, text: str) -> bool:  # noqa: ARG002
        return False


def _days(text: str) -> float:
    """Days since 1970-01-01 in UTC, with times as fractions of a day."""
    date = text.strip()
    if _MONTH.fullmatch(date):
        date = f"{date}-01" if "-" in date else f"{date}-01-01"
    elif not _DATE.fullmatch(date):
        raise ValueError("not ISO 8601")
    moment = datetime.fromisoformat(date)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) / timedelta(days=1)


class _Categories:
    """Words, each of which is a level of its column."""

    def __init__(self, column: Column, csv_format: CsvFormat) -> None:
        self._column = column
        self._format = csv_format
        self._places = {level: float(i) for i, level in enumerate(column.levels or ())}

    @property
    def levels(self) -> tuple[str, ...]:
        return tuple(self._places)

    def value(self, text: str) -> float | None:
        level = text.strip()
        place = self._places.get(level)
        if place is not None:
            return place
        if self._format.is_missing(level):
            return None
        if self._column.levels is not None:
            raise ValueError(
                f"is a level that the model has not seen; it knows {listed(self._column.levels)}"
            )
        if len(self._places) == MOST_LEVELS:
            raise too_many_levels(self._column.name)
        self._places[level] = place = float(len(self._places))
        return place

    def loses_digits(self, text: str) -> bool:  # noqa: ARG002
        return False
