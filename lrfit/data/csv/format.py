"""The format of a CSV, and the layout of its columns."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from lrfit.data.kinds import Column
from lrfit.messages import shown

__all__ = ["BLANKS", "LARGEST_EXACT", "MISSING", "SIGNS", "ColumnLayout", "CsvFormat"]

MISSING = frozenset(
    {"", "na", "n/a", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "null", "none"}
    | {"1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan"}
)
"""Cells that stand for a missing value, in lower case, as pandas has them. A cell may have any case."""

SIGNS = "+-()<>~\u2010\u2011\u2012\u2013\u2014\u2212\u2264\u2265\u2248"
"""Characters that change what a number means: they are never taken away from it."""

BLANKS = "blanks"
"""The separator of columns that are aligned: runs of blanks and tabs."""

_BLANKS = " \u00a0\u2009\u202f"
"""Blanks between groups of digits: a space, and those that do not break a line."""

LARGEST_EXACT = 2**53
"""The integer up to which float64 holds every integer."""


@dataclass(frozen=True, eq=False)
class CsvFormat:
    """The format of a CSV.

    Attributes:
        separator: The character between fields, in ASCII; or `BLANKS`.
        decimal: The decimal point, "." or ",".
        header: Whether the first row names the columns. If not, they are named 1, 2, ….
        drop_missing: Whether to leave out rows that lack a value in a column that is read. If not, a missing
            value is an error.
        thousands: The character between groups of digits; "" for none. A blank stands for each kind of blank.
        strip: Characters that, like blanks, are no part of a number at either end of its cell.
        na: Further cells that stand for a missing value. Those that are numbers count by their value.
        comment: How a line begins that is left out; "" for none.
        skip: Number of lines above the header that are left out.
        skip_below: Number of lines below the header that are left out, not counting blank ones.
        skip_footer: Number of lines at the end that are left out, not counting blank ones.
    """

    separator: str = ","
    decimal: str = "."
    header: bool = True
    drop_missing: bool = False
    thousands: str = ""
    strip: str = ""
    na: tuple[str, ...] = ()
    comment: str = ""
    skip: int = 0
    skip_below: int = 0
    skip_footer: int = 0

    @property
    def joint(self) -> str:
        """A text that separates one more field from a row."""
        return " " if self.separator == BLANKS else self.separator

    @cached_property
    def number(self) -> re.Pattern[str]:
        """The grammar of a number, with blanks around it or not."""
        point = re.escape(self.decimal)
        whole = "[0-9]+"
        if self.thousands:
            groups = rf"(?P<mark>{self._marks})[0-9]{{2,3}}(?:(?P=mark)[0-9]{{2,3}})*(?<=\d\d\d)"
            whole = rf"(?:[0-9]{{1,3}}{groups}|[0-9]+)"
        digits = rf"(?:{whole}(?:{point}[0-9]*)?|{point}[0-9]+)"
        return re.compile(rf"[ \t]*[+-]?{digits}(?:[eE][+-]?[0-9]+)?[ \t]*", re.ASCII)

    @property
    def _marks(self) -> str:
        """The grammar of a mark between groups of digits."""
        return f"[{_BLANKS}]" if self.thousands == " " else re.escape(self.thousands)

    @cached_property
    def _grouping(self) -> re.Pattern[str]:
        return re.compile(self._marks)

    @cached_property
    def missing_numbers(self) -> tuple[float, ...]:
        """The numbers among the cells that stand for a missing value."""
        words = map(self.bare, self.na)
        return tuple(float(self.plain(word)) for word in words if self.number.fullmatch(word))

    def bare(self, cell: str) -> str:
        """The cell without what is no part of a number at its ends."""
        return cell.strip(f" \t{self.strip}") if self.strip else cell

    def plain(self, number: str) -> str:
        """A number of this format, as Python writes it."""
        plain = number.strip()
        if self.thousands:
            plain = self._grouping.sub("", plain)
        return plain.replace(self.decimal, ".")

    def is_missing(self, cell: str) -> bool:
        """Whether a cell that is no number stands for a missing value."""
        word = cell.strip()
        return word.lower() in MISSING or word in self.na

    @cached_property
    def row(self) -> re.Pattern[str]:
        """The grammar of a row without its line end: quotes enclose whole fields, and are doubled within.

        There may be blanks around the quotes.
        """
        quoted = r'"(?:[^"]++|"")*+"'
        if self.separator == BLANKS:
            return re.compile(rf'[ \t]*+(?:(?:{quoted}|[^" \t]++)(?:[ \t]++|$))*+')
        blanks = " \t".replace(self.separator, "")
        blank = f"[{blanks}]*+"
        field = rf'(?:{blank}{quoted}{blank}|[^"{re.escape(self.separator)}]*+)'
        return re.compile(rf"{field}(?:{re.escape(self.separator)}{field})*+")


@dataclass(frozen=True, eq=False)
class ColumnLayout:
    """The columns of a table, and those of them whose numbers are read.

    Attributes:
        source_name: The table's name in messages.
        format: The format of the CSV.
        header: Names of all columns.
        positions: Indices into `header` of the columns to read.
        columns: These columns with their kinds; empty if all are numbers.
        is_of_model: Whether a model says which columns are read, and not the user.
    """

    source_name: str
    format: CsvFormat
    header: tuple[str, ...]
    positions: tuple[int, ...]
    columns: tuple[Column, ...] = ()
    is_of_model: bool = False

    def where(self, line: int, position: int | None = None) -> str:
        """The name of a line, or of a cell in it, for messages."""
        column = "" if position is None else f", column {shown(self.header[position] or str(position + 1))}"
        return f"{self.source_name}, line {line}{column}"

    @property
    def read(self) -> tuple[Column, ...]:
        """The columns to read, with their kinds."""
        return self.columns or tuple(Column(self.header[position]) for position in self.positions)
