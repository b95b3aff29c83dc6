"""The header of a CSV: the first row that is not blank, checked to be names and not numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lrfit.data.csv.format import MISSING, ColumnLayout, CsvFormat
from lrfit.data.csv.strict import decoded_lines, records
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

__all__ = ["Header", "read_header"]

_EXCEL_NOTE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""A first row that tells Excel the separator."""

_SEPARATORS = (";", "\t", "|", " ")
"""Separators that a header and its rows may show."""

_SHOWN_LINES = 20
"""Number of lines that have to agree on a separator."""


@dataclass(frozen=True, eq=False)
class Header:
    """The names of the columns, and the bytes behind them.

    Attributes:
        names: Names of all columns, in file order; "" for one without a name.
        text: The header as it was written, with a name for each field; None if the table has none.
        n_lines: Number of lines before the first row of numbers, blank lines included.
        format: The format of the CSV, with the separator that was found.
        blocks: The blocks of bytes that follow.
    """

    names: tuple[str, ...]
    text: str | None
    n_lines: int
    format: CsvFormat
    blocks: Iterator[bytes]


def read_header(blocks: Iterator[bytes], layout: ColumnLayout, *, finds_separator: bool = False) -> Header:
    """The header at the start of these blocks; without one, the columns are named 1, 2, ….

    Args:
        blocks: Blocks of bytes, each of whole rows.
        layout: The table's name and format; it has no names of columns yet.
        finds_separator: Whether another separator is taken, if the format's gives a single column.

    Raises:
        DataError: There is no header, or it is a row of numbers.
    """
    n_lines = 0
    for block in blocks:
        if not block.strip(b"\r\n"):
            n_lines += len(block.splitlines())
            continue
        if not any(end in block.strip(b"\r\n") for end in (b"\n", b"\r")):  # of a pipe: wait for a row
            block += next(blocks, b"")  # noqa: PLW2901
        lines, refusal = decoded_lines(block, layout, n_lines + 1)
        if finds_separator:
            layout = _with_separator(lines, layout)
        row = next(records(lines, refusal, layout, n_lines + 1), None)
        if row is not None:
            start, end, fields = row
            n_skipped = end if layout.format.header else start
            rest = block[len("".join(lines[:n_skipped]).encode()) :]
            text = "".join(lines[start:end]).rstrip("\r\n") if layout.format.header else None
            names = _names(fields, text, layout)
            if text is not None and _has_empty_end(lines[n_skipped:], layout, len(names)):
                names, text = (*names, ""), text + layout.format.separator
            return Header(names, text, n_lines + n_skipped, layout.format, _chained(rest, blocks))
        n_lines += len(lines)
    raise DataError(f"{layout.source_name} is empty: it has neither a header nor rows")


def _with_separator(lines: list[str], layout: ColumnLayout) -> ColumnLayout:
    """The layout with another separator, if that gives the header and the first rows as many fields.

    These have to be two or more. With the separator of the layout the header has to have one, or not be CSV.
    """
    first = [line for line in lines[:_SHOWN_LINES] if line.strip()]
    if _n_fields(first[:1], layout.format.separator) <= 1:
        for separator in _SEPARATORS:
            if separator != layout.format.decimal and _n_fields(first, separator) > 1:
                return replace(layout, format=replace(layout.format, separator=separator))
    return layout


def _n_fields(lines: list[str], separator: str) -> int:
    """Number of fields that each of these lines has with a separator; 0 if it is not the same."""
    try:
        counts = {len(fields) for fields in csv.reader(lines, delimiter=separator, strict=True) if fields}
    except csv.Error:
        return 0
    return counts.pop() if len(counts) == 1 else 0


def _has_empty_end(lines: list[str], layout: ColumnLayout, n_columns: int) -> bool:
    """Whether the first row has one field more than there are columns, and that is empty."""
    first = [line for line in lines[:_SHOWN_LINES] if line.strip()][:1]
    try:
        fields = next(csv.reader(first, delimiter=layout.format.separator, strict=True), [])
    except csv.Error:
        return False
    return len(fields) == n_columns + 1 and not fields[-1].strip()


def _names(fields: list[str], text: str | None, layout: ColumnLayout) -> tuple[str, ...]:
    if text is None:
        return tuple(str(i) for i in range(1, len(fields) + 1))
    names = tuple(field.strip() for field in fields)
    _check_is_header(names, text, layout)
    return names


def _check_is_header(names: tuple[str, ...], text: str, layout: ColumnLayout) -> None:
    """Raise `DataError` for a first row that is a note to Excel, binary, or a row of numbers."""
    first_row = f"{layout.source_name}: the first row"
    if _EXCEL_NOTE.fullmatch(text.strip()):
        separator = text.strip('" ')[4:] or ","
        raise DataError(
            f"{first_row}, {shown(text)}, is a note to Excel: delete it, "
            f"and say {spelled(separator=separator)}"
        )
    if "\0" in text:
        raise DataError(f"{first_row}, {shown(text)}, is no text: it has a NUL byte")
    if any(map(layout.format.number.fullmatch, names)) and all(map(_is_like_a_number, names)):
        raise DataError(
            f"{first_row} is all numbers ({listed(names)}); "
            f"if there is no header, say {spelled(header=False)}"
        )


def _is_like_a_number(name: str) -> bool:
    """Whether the name could be a cell of a numeric column, missing and infinite values included."""
    try:
        float(name.replace(",", "."))
    except ValueError:
        return name.lower() in MISSING
    return True


def _chained(rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    if rest:
        yield rest
    yield from blocks
