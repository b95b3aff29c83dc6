"""How a table is written, what of it is to be read, and what a block of it holds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lrfit.arrays import Array
from lrfit.messages import shown

__all__ = ["LARGEST_EXACT", "MISSING", "Counts", "CsvFormat", "Layout", "Parsed"]

MISSING = frozenset({"", "na", "nan", "null", "none"})
"""Cells that stand for a missing value, in any case of letters."""

LARGEST_EXACT = 2**53
"""Up to here float64 holds every integer."""


@dataclass(frozen=True)
class CsvFormat:
    """How a table is written.

    Attributes:
        separator: Between fields; one ASCII character.
        decimal: "." or ",".
        header: Whether the first row names the columns; else they are named 1, 2, ….
        drop_missing: Leave out rows with a missing value in a column that is read; else it is an error.
    """

    separator: str = ","
    decimal: str = "."
    header: bool = True
    drop_missing: bool = False

    @cached_property
    def number(self) -> re.Pattern[str]:
        """The grammar of a cell: a decimal number, blanks around it at most."""
        point = re.escape(self.decimal)
        digits = rf"(?:[0-9]+(?:{point}[0-9]*)?|{point}[0-9]+)"
        return re.compile(rf"[ \t]*[+-]?{digits}(?:[eE][+-]?[0-9]+)?[ \t]*")

    @cached_property
    def row(self) -> re.Pattern[str]:
        """The grammar of a row, without its line end: quotes stand around whole fields, and twice within."""
        field = rf'(?:"(?:[^"]++|"")*+"|[^"{re.escape(self.separator)}]*+)'
        return re.compile(rf"{field}(?:{re.escape(self.separator)}{field})*+")


@dataclass(frozen=True)
class Layout:
    """The columns of a table, and which of them are numbers to read.

    Attributes:
        source_name: What messages call the table.
        format: How it is written.
        header: Names of all columns.
        positions: The columns to read, as indices into `header`.
    """

    source_name: str
    format: CsvFormat
    header: tuple[str, ...]
    positions: tuple[int, ...]

    def where(self, line: int, position: int | None = None) -> str:
        """A place, for messages."""
        column = "" if position is None else f", column {shown(self.header[position])}"
        return f"{self.source_name}, line {line}{column}"


@dataclass(frozen=True)
class Counts:
    """What is known of a block beside its values.

    Attributes:
        n_rows: Rows that are given.
        n_lines: Lines of the block.
        n_missing: Rows left out for a missing value.
        first_missing: Where the first of them is.
        lost_digits: Whether there is an integer beyond 2^53, not all of which float64 holds.
    """

    n_rows: int
    n_lines: int
    n_missing: int = 0
    first_missing: str = ""
    lost_digits: bool = False


@dataclass(frozen=True, eq=False)
class Parsed:
    """What a block holds.

    Attributes:
        values: Shape (n_rows, len(positions)).
        texts: Each of these rows as it was written, without its line end; None unless asked for.
        counts: Of the block.
    """

    values: Array
    texts: list[str] | None
    counts: Counts
