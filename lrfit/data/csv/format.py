"""The format of a CSV, and the layout of its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lrfit.messages import shown

__all__ = ["LARGEST_EXACT", "MISSING", "ColumnLayout", "CsvFormat"]

MISSING = frozenset({"", "na", "nan", "null", "none"})
"""Cells that stand for a missing value, in lower case; the case of a cell does not matter."""

LARGEST_EXACT = 2**53
"""The integer up to which float64 holds every integer."""


@dataclass(frozen=True, eq=False)
class CsvFormat:
    """The format of a CSV.

    Attributes:
        separator: The character between fields, in ASCII.
        decimal: The decimal point, "." or ",".
        header: Whether the first row names the columns. If not, they are named 1, 2, ….
        drop_missing: Whether to leave out rows that lack a value in a column that is read. If not, a missing
            value is an error.
    """

    separator: str = ","
    decimal: str = "."
    header: bool = True
    drop_missing: bool = False

    @cached_property
    def number(self) -> re.Pattern[str]:
        """The grammar of a cell: a decimal number, with blanks around it or not."""
        point = re.escape(self.decimal)
        digits = rf"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)"
        return re.compile(rf"[ \t]*[+-]?{digits}(?:[eE][+-]?[0-9]+)?[ \t]*")

    @cached_property
    def row(self) -> re.Pattern[str]:
        """The grammar of a row without its line end: quotes enclose whole fields, and are doubled within."""
        field = rf'(?:"(?:[^"]++|"")*+"|[^"{re.escape(self.separator)}]*+)'
        return re.compile(rf"{field}(?:{re.escape(self.separator)}{field})*+")


@dataclass(frozen=True, eq=False)
class ColumnLayout:
    """The columns of a table, and those of them whose numbers are read.

    Attributes:
        source_name: The table's name in messages.
        format: The format of the CSV.
        header: Names of all columns.
        positions: Indices into `header` of the columns to read.
    """

    source_name: str
    format: CsvFormat
    header: tuple[str, ...]
    positions: tuple[int, ...]

    def where(self, line: int, position: int | None = None) -> str:
        """The name of a line, or of a cell in it, for messages."""
        column = "" if position is None else f", column {shown(self.header[position])}"
        return f"{self.source_name}, line {line}{column}"
