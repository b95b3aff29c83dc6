"""Requests for tables: which files, how they are written, which columns. Imports nothing heavy."""

from __future__ import annotations

from dataclasses import dataclass

from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv.format import BLANKS, SIGNS, CsvFormat
from lrfit.errors import UsageError
from lrfit.messages import shown, spelled

__all__ = ["TableRequest"]

_DECIMALS = (".", ",")
_MISSING = ("error", "drop")


@dataclass(frozen=True)
class TableRequest:
    """A table to read, from one or several files, and the columns that are wanted.

    Attributes:
        paths: Paths or addresses of the files, which have the same columns; `-` for standard input.
        separator: Character between fields, or "blanks" for runs of blanks; None for a tab in files named
            `.tsv`, else for a comma, or what the header and the first rows show.
        decimal: Decimal mark, "." or ",".
        thousands: Character between groups of digits; "" for none.
        strip: Characters that are no part of a number at either end of its cell.
        na: Cells that stand for a missing value, beside the usual ones; numbers count by their value.
        missing: "error", or "drop" to leave out rows that lack a value in a column that is read.
        comment: How lines begin that are left out; "" for none.
        skip: Number of lines above the header that are left out.
        skip_below: Number of lines below the header that are left out, not counting blank ones.
        skip_footer: Number of lines at the end that are left out, not counting blank ones.
        encoding: Encoding of the text, by Python's names.
        header: Whether the first row names the columns; else they are named 1, 2, ….
        columns: The columns that are wanted.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """

    paths: tuple[str, ...]
    separator: str | None = None
    decimal: str = "."
    thousands: str = ""
    strip: str = ""
    na: tuple[str, ...] = ()
    missing: str = "error"
    comment: str = ""
    skip: int = 0
    skip_below: int = 0
    skip_footer: int = 0
    encoding: str = "utf-8"
    header: bool = True
    columns: ColumnRequest = ColumnRequest()  # noqa: RUF009 (immutable)

    def __post_init__(self) -> None:
        for name, valid in (("decimal", _DECIMALS), ("missing", _MISSING)):
            if getattr(self, name) not in valid:
                words = " or ".join(map(repr, valid))
                raise UsageError(f"{name} is {shown(str(getattr(self, name)))}, and must be {words}")
        for name in ("skip", "skip_below", "skip_footer"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 0:
                raise UsageError(f"{name} is {getattr(self, name)!r}, and must be an integer of at least 0")
        self._check_characters()

    def _check_characters(self) -> None:
        """Refuse characters that would have two meanings."""
        separator = self.separator
        if (
            separator is not None
            and separator != BLANKS
            and not (len(separator) == 1 and separator.isascii())
        ):
            raise UsageError(f"separator is {shown(separator)}, and must be one ASCII character, or 'blanks'")
        if self.skip_below and not self.header:
            raise UsageError(f"{spelled(skip_below=...)} is for lines below a header, and there is none")
        if len(self.thousands) > 1 or self.thousands.isalnum() or self.thousands in ("+", "-", self.decimal):
            raise UsageError(
                f"{spelled(thousands=self.thousands)}: it must be one character, no letter, digit or sign, "
                "and other than the decimal mark"
            )
        if wrong := [c for c in self.strip if c.isdigit() or c in SIGNS + self.decimal]:
            raise UsageError(f"{spelled(strip=self.strip)}: {shown(wrong[0])} is a part of numbers")
        if any(end in self.comment for end in "\r\n") or self.comment.startswith((" ", "\t")):
            raise UsageError(f"{spelled(comment=self.comment)}: it must be the text that comments begin with")

    def format_of(self, path: str) -> CsvFormat:
        """The way in which the file at this path is written."""
        is_tsv = path.lower().removesuffix(".gz").endswith(".tsv")
        return CsvFormat(
            separator=self.separator or ("\t" if is_tsv else ","),
            decimal=self.decimal,
            header=self.header,
            drop_missing=self.missing == "drop",
            thousands=self.thousands,
            strip=self.strip,
            na=self.na,
            comment=self.comment,
            skip=self.skip,
            skip_below=self.skip_below,
            skip_footer=self.skip_footer,
        )
