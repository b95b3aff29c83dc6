"""The header of a CSV: the first row that is not blank, checked to be names and not numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeAlias

from lrfit.data.csv.format import BLANKS, ColumnLayout, CsvFormat
from lrfit.data.csv.place import Place, fields_of
from lrfit.data.csv.strict import decoded_lines, records, row_error
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

__all__ = ["Header", "read_header"]

_EXCEL_NOTE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""A first row that tells Excel the separator."""

_SEPARATORS = (";", "\t", "|", BLANKS)
"""Separators that a header and its rows may show."""

_LINE = re.compile(rb"[^\r\n]+")
"""A line that is not empty, without its end."""

_Lines: TypeAlias = "tuple[list[str], DataError | None]"
"""Lines, and the error that is behind them; see `decoded_lines`."""

_SHOWN_LINES = 20
"""Number of lines that have to agree on a separator."""

_SEARCHED_BYTES = 1 << 20
"""Number of bytes from which no more are read in search of the first row."""


@dataclass(frozen=True, eq=False)
class Header:
    """The names of the columns, and the bytes behind them.

    Attributes:
        names: Names of all columns, in file order; "" for one without a name.
        text: The header as it was written, with a name for each field; None if the table has none.
        n_lines: Number of lines before the first row of numbers, blank lines included.
        units: The fields of a single row below the header that is left out; empty if there is none.
        format: The format of the CSV, with the separator that was found.
        blocks: The rest of the block that has the header, and the blocks behind it.
        n_bytes: Number of bytes of that rest.
    """

    names: tuple[str, ...]
    text: str | None
    n_lines: int
    units: tuple[str, ...]
    format: CsvFormat
    blocks: Iterator[bytes]
    n_bytes: int


def read_header(blocks: Iterator[bytes], layout: ColumnLayout, *, finds_separator: bool = False) -> Header:
    """The header at the start of these blocks; without one, the columns are named 1, 2, ….

    Args:
        blocks: Blocks of bytes, each of whole rows.
        layout: The table's name and format; it has no names of columns yet.
        finds_separator: Whether another separator is taken, if the format's gives a single column.

    Raises:
        DataError: There is no header, or it is a row of numbers.
    """
    n_before = 0
    for block in blocks:
        if not block.strip(b"\r\n"):
            n_before += len(block.splitlines())
            continue
        if finds_separator:
            block = _with_first_row(block, blocks, layout.format)  # noqa: PLW2901 (longer)
        lines, refusal = decoded_lines(block, layout, n_before + 1)
        if finds_separator:
            layout = _with_separator(lines, layout)
        row = next(records(lines, refusal, layout, n_before + 1), None)
        if row is not None:
            return _header(row, (lines, refusal), n_before, _chained(block, blocks), layout)
        n_before += len(lines)
    raise DataError(f"{layout.source_name} is empty: it has neither a header nor rows")


def _refuse_title(names: tuple[str, ...], lines: list[str], layout: ColumnLayout, first_line: int) -> None:
    """Raise the error of the first row with several fields, if the header has one: it may be a title."""
    if len(names) > 1:
        return
    first, titled = lines[:_SHOWN_LINES], replace(layout, header=names)
    rows = list(_records_before_error(first, titled, first_line))
    longer = next(((start, fields) for start, _, fields in rows if len(fields) > 1), None)
    if longer is not None:
        raise row_error(longer[1], Place(titled, first, longer[0], first_line))


def _records_before_error(
    lines: list[str], layout: ColumnLayout, first_line: int
) -> Iterator[tuple[int, int, list[str]]]:
    """The records of these lines up to the first wrong quote, which is for the reader of rows."""
    with suppress(DataError):
        yield from records(lines, None, layout, first_line)


def _header(
    row: tuple[int, int, list[str]],
    decoded: _Lines,
    n_before: int,
    blocks: Iterator[bytes],
    layout: ColumnLayout,
) -> Header:
    """The header that a row is; or the one that is lacking, if it is the first row of numbers.

    Args:
        row: The range of the row among the lines, and its fields.
        decoded: The lines of the first of the blocks.
        n_before: Number of lines before this block.
        blocks: The block that has the row, and those behind it.
        layout: The table's name and format.
    """
    start, end, fields = row
    lines, refusal = decoded
    text = "".join(lines[start:end]).rstrip("\r\n") if layout.format.header else None
    names = _names(fields, text, layout)
    n_head = end if layout.format.header else start
    rest = next(blocks)[len("".join(lines[:n_head]).encode()) :]
    below, first, rest = _below((lines[n_head:], refusal), rest, blocks, layout)
    if text is not None and len(first) == len(names) + 1 and not first[-1].strip():
        names, text = (*names, ""), text + layout.format.joint
    n_lines = n_before + n_head + len(below)
    if text is not None:
        _refuse_title(names, lines[n_head + len(below) :], layout, n_lines + 1)
    units = _units(below, layout, len(names))
    return Header(names, text, n_lines, units, layout.format, _chained(rest, blocks), len(rest))


def _below(
    decoded: _Lines, block: bytes, blocks: Iterator[bytes], layout: ColumnLayout
) -> tuple[list[str], list[str], bytes]:
    """The lines below the header that are left out, the fields of the row behind them, and the bytes from it.

    There are no fields if there is no row, or if quotes are astray in it.

    Args:
        decoded: The lines of the block.
        block: The rest of the block that has the header. Where it has no row, others are joined to it.
        blocks: The blocks behind it.
        layout: The table's name and format.
    """
    lines, refusal = decoded
    while True:
        n_below = _n_lines_with_text(lines, layout.format.skip_below)
        try:
            _, _, fields = next(records(lines[n_below:], refusal, layout, 1), (0, 0, []))
            has_all = bool(fields) or not layout.format.header
        except DataError:
            fields, has_all = [], True
        following = None if has_all or len(block) > _SEARCHED_BYTES else next(blocks, None)
        if following is None:
            rest = block[len("".join(lines[:n_below]).encode()) :]
            return lines[:n_below], [] if layout.format.separator == BLANKS else fields, rest
        block += following
        lines, refusal = decoded_lines(block, layout, 1)


def _with_first_row(block: bytes, blocks: Iterator[bytes], csv_format: CsvFormat) -> bytes:
    """The block, with those behind it until there are a header and a row; a block may be of one row."""
    while len(block) < _SEARCHED_BYTES and not _has_lines(block, 1 + csv_format.header):
        following = next(blocks, None)
        if following is None:
            break
        block += following
    return block


def _has_lines(block: bytes, n: int) -> bool:
    """Whether a block has `n` lines that are not blank."""
    lines = (line for line in _LINE.finditer(block) if line[0].decode(errors="replace").strip())
    return len(list(islice(lines, n))) == n


def _n_lines_with_text(lines: list[str], n: int) -> int:
    """Number of lines up to the n-th that is not blank."""
    places = list(islice((i for i, line in enumerate(lines, 1) if line.strip()), n))
    return places[-1] if places else 0


def _units(lines: list[str], layout: ColumnLayout, n_columns: int) -> tuple[str, ...]:
    """The fields of the only one of these lines that is not blank, if it has as many as there are columns."""
    rows = [line for line in lines if line.strip()]
    fields = next(fields_of(rows, layout.format.separator), []) if len(rows) == 1 else []
    return tuple(field.strip() for field in fields) if len(fields) == n_columns else ()


def _with_separator(lines: list[str], layout: ColumnLayout) -> ColumnLayout:
    """The layout with another separator, if that gives the header and the first rows as many fields.

    These have to be two or more. With the separator of the layout, the header has to have one or not be CSV,
    and the rows below it have to be CSV: where quotes in them are astray, the message names the separator.
    """
    first = [line for line in lines[:_SHOWN_LINES] if line.strip()]
    used = layout.format.separator
    if _n_fields(first[:1], used) <= 1 and all(
        layout.format.row.fullmatch(line.rstrip()) for line in first[1:]
    ):
        for separator in _SEPARATORS:
            if separator != layout.format.decimal and _n_fields(first, separator) > 1:
                return replace(layout, format=replace(layout.format, separator=separator))
    return layout


def _n_fields(lines: list[str], separator: str) -> int:
    """Number of fields that each of these lines has with a separator; 0 if it is not the same."""
    rows = list(fields_of(lines, separator))
    if len(rows) > 1 and all(len(fields) > len(rows[0]) and not fields[-1].strip() for fields in rows[1:]):
        rows[1:] = [fields[:-1] for fields in rows[1:]]  # a separator at the end of each row
    counts = [len(fields) for fields in rows]
    return counts[0] if len(counts) == len(lines) and len(set(counts)) == 1 else 0


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
            f"{first_row}, {shown(text)}, is a note to Excel: say {spelled(skip=1, separator=separator)}"
        )
    if "\0" in text:
        raise DataError(f"{first_row}, {shown(text)}, is no text: it has a NUL byte")
    csv_format = layout.format
    if any(_is_number(name, csv_format) for name in names) and all(
        _is_like_a_number(name, csv_format) for name in names
    ):
        raise DataError(
            f"{first_row} is all numbers ({listed(names)}); "
            f"if there is no header, say {spelled(header=False)}"
        )


def _is_number(name: str, csv_format: CsvFormat) -> bool:
    return bool(csv_format.number.fullmatch(csv_format.bare(name)))


def _is_like_a_number(name: str, csv_format: CsvFormat) -> bool:
    """Whether the name could be a cell of a numeric column, missing and infinite values included."""
    try:
        float(name.replace(",", "."))
    except ValueError:
        return _is_number(name, csv_format) or csv_format.is_missing(name)
    return True


def _chained(rest: bytes, blocks: Iterator[bytes]) -> Iterator[bytes]:
    yield rest
    yield from blocks
