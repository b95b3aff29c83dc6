"""Numbers out of a block of CSV rows: two readers, one answer.

The strict reader (`csv` and a grammar of numbers) defines what is accepted, and what is said about the rest.
The fast reader (pandas' C reader) runs first. It may only return what the strict one would, and declines as
soon as anything is unusual: a quote, a NUL, a cell that is not a plain number, a count of fields that does
not add up. For pandas shifts, pads, drops and converts without a word. So nothing is misread, and good
files are read at the speed of pandas. It is imported when it is first needed: that takes as long as reading
over 1 MiB without it.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrfit.errors import DataError, shown
from lrfit.graph import Array

__all__ = ["Counts", "CsvFormat", "Layout", "Parsed", "parse", "records", "text_lines"]

MISSING = frozenset({"", "na", "nan", "null", "none"})
"""Cells that stand for a missing value, in any case of letters."""

_LARGEST_EXACT = 2**53

_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{16,}(?![0-9.eE])")

csv.field_size_limit(sys.maxsize)  # a long cell is refused for what it holds, by a message that shows it


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


def parse(
    text: bytes, layout: Layout, first_line: int, *, with_texts: bool = False, fast: bool = True
) -> Parsed:
    """The rows of a block.

    Args:
        text: Whole rows in UTF-8, with their line ends.
        layout: The columns.
        first_line: Number of the block's first line, for messages.
        with_texts: Whether to give the rows as they were written, too.
        fast: Whether to try the fast reader; the result is the same.

    Raises:
        DataError: A row has too many or too few fields, or a cell is not a number; says where.
    """
    columns = _parse_fast(text, layout) if fast else None
    if columns is None:
        return _parse_strict(text, layout, first_line, with_texts=with_texts)
    values = np.array(columns, dtype=np.float64).T  # column by column in memory, as they were read
    lost_digits = any(
        column.dtype.kind in "iu" and bool(np.any((column > _LARGEST_EXACT) | (column < -_LARGEST_EXACT)))
        for column in columns
    )
    return Parsed(
        values,
        [line.decode() for line in text.splitlines()] if with_texts else None,
        Counts(len(values), len(values), lost_digits=lost_digits),
    )


def _parse_fast(text: bytes, layout: Layout) -> list[np.ndarray] | None:
    """The columns that were asked for, or None if only the strict reader can tell."""
    if not _is_plain(text):
        return None
    import pandas as pd  # noqa: PLC0415 (slow to import)

    try:
        with warnings.catch_warnings(action="error"):
            frame = pd.read_csv(
                io.BytesIO(text),
                sep=layout.format.separator,
                decimal=layout.format.decimal,
                header=None,
                names=range(len(layout.header)),
                usecols=layout.positions,
                index_col=False,
                keep_default_na=False,  # a missing value makes the column text, and so declines
                skip_blank_lines=False,
                low_memory=False,
                engine="c",
            )
    except (ValueError, Warning):
        return None
    columns = [frame[position].to_numpy() for position in layout.positions]
    if all(_is_sure(column, text) for column in columns) and _has_right_fields(text, layout, len(frame)):
        return columns
    return None


def _is_plain(text: bytes) -> bool:
    """Whether there is nothing that pandas would pass over: quotes, NUL, blanks but space and tab, a mark."""
    if any(byte in text for byte in (b'"', b"\0", b"\v", b"\f")) or text.startswith(codecs.BOM_UTF8):
        return False
    return text.isascii() or _is_utf8(text)


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_sure(column: np.ndarray, text: bytes) -> bool:
    """Whether these are the very numbers of the text, and no digits were lost unnoticed."""
    if column.dtype.kind in "iu":  # which have no -0.0
        return b"-0" not in text or bool(np.all(column))
    if column.dtype.kind != "f":
        return False
    largest = np.max(np.abs(column))  # NaN if there is any
    return bool(largest < _LARGEST_EXACT) or (bool(np.isfinite(largest)) and not _LONG_INTEGER.search(text))


def _has_right_fields(text: bytes, layout: Layout, n_rows: int) -> bool:
    """Whether each of the rows has as many fields as the header.

    A row that is too short has an empty last field, which would have been no number. So if all columns were
    read, the total number of separators decides; else, what is left of the text without its fields.
    """
    separator = layout.format.separator.encode()
    n_expected = len(layout.header) - 1
    if len(set(layout.positions)) == len(layout.header):
        n_separators = np.count_nonzero(np.frombuffer(text, np.uint8) == ord(separator))
        return bool(n_separators == n_rows * n_expected)
    marks = separator + b"\n"
    skeleton = text.translate(None, delete=bytes(set(range(256)).difference(marks)))
    last_end = b"" if text.endswith(b"\n") else b"\n"
    return skeleton + last_end == (separator * n_expected + b"\n") * n_rows


def _parse_strict(text: bytes, layout: Layout, first_line: int, *, with_texts: bool) -> Parsed:
    """As `parse`, by definition: field by field."""
    lines = text_lines(text, layout, first_line)
    values: list[list[float]] = []
    texts: list[str] = []
    missing: list[str] = []
    lost_digits = False
    for start, end, fields in records(lines, layout, first_line):
        cells = _cells(fields, layout, first_line + start)
        numbers = [float(cell) for cell in cells if cell is not None]
        if len(numbers) < len(cells):
            missing.append(layout.where(first_line + start, layout.positions[cells.index(None)]))
            continue
        lost_digits |= any(map(_loses_digits, cells))
        values.append(numbers)
        texts.append("".join(lines[start:end]).rstrip("\r\n"))
    return Parsed(
        np.array(values, dtype=np.float64).reshape(-1, len(layout.positions)),
        texts if with_texts else None,
        Counts(len(values), len(lines), len(missing), missing[0] if missing else "", lost_digits),
    )


def records(lines: list[str], layout: Layout, first_line: int) -> Iterator[tuple[int, int, list[str]]]:
    """The rows that are not blank: from which to before which line of `lines` each is, and its fields.

    Raises:
        DataError: A quote is not closed, or text follows a closing quote.
    """
    reader = csv.reader(lines, delimiter=layout.format.separator, strict=True)
    start = 0
    try:
        for fields in reader:
            if len(fields) > 1 or "".join(fields).strip() or (fields and len(layout.header) == 1):
                yield start, reader.line_num, fields
            start = reader.line_num
    except csv.Error as error:
        raise DataError(
            f"{layout.where(first_line + start)}: a quote opens in this row that is not closed, or not at "
            f"the end of its field; write a quote within a field twice"
        ) from error


def text_lines(text: bytes, layout: Layout, first_line: int) -> list[str]:
    """The lines of a block, with their ends: LF, CR LF, or CR alone.

    Raises:
        DataError: The block is not UTF-8; says which byte.
    """
    try:
        return io.StringIO(text.decode(), newline="").readlines()
    except UnicodeDecodeError as error:
        line = first_line + len((text[: error.start] + b".").splitlines()) - 1
        raise DataError(
            f"{layout.where(line)}: byte 0x{text[error.start]:02X} is not UTF-8; "
            "name the file's encoding, such as --encoding latin-1"
        ) from error


def _cells(fields: list[str], layout: Layout, line: int) -> list[str | None]:
    """The cells of a row that were asked for, as Python writes numbers; None for a missing value."""
    if len(fields) != len(layout.header):
        raise DataError(
            f"{layout.where(line)}: {_counted(len(fields), 'field')}, but there are "
            f"{_counted(len(layout.header), 'column')}; "
            f"look for a missing or stray {shown(layout.format.separator)}"
        )
    return [_cell(fields[position], layout, line, position) for position in layout.positions]


def _cell(text: str, layout: Layout, line: int, position: int) -> str | None:
    if not layout.format.number.fullmatch(text):
        if text.strip().lower() in MISSING:
            return None
        raise DataError(
            f"{layout.where(line, position)}: {shown(text)} is not a number{_hint(text, layout.format)}"
        )
    cell = text.strip().replace(layout.format.decimal, ".")
    if np.isinf(float(cell)):
        raise DataError(
            f"{layout.where(line, position)}: {shown(text)} is beyond the range of float64, 1.8e308"
        )
    return cell


def _hint(text: str, format: CsvFormat) -> str:  # noqa: A002 (the module's word for it)
    swapped = {".": ",", ",": "."}[format.decimal]
    if CsvFormat(decimal=swapped).number.fullmatch(text):
        return f"; if {shown(swapped)} is the decimal point, say --decimal {shown(swapped)}"
    return "; mend it, or train on other columns (-x, -y)"


def _loses_digits(cell: str | None) -> bool:
    digits = "" if cell is None else cell.lstrip("+-0")
    return digits.isdigit() and (len(digits) > len(str(_LARGEST_EXACT)) or int(digits) > _LARGEST_EXACT)


def _counted(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
