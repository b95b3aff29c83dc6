"""The strict reader, which defines the meaning of a CSV: Python's `csv`, and a grammar of numbers.

Errors are found in the order of the rows, whatever kind they are of. So neither the numbers nor the message
depend on where blocks are cut.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator

import numpy as np

from lrfit.data.block import Block, BlockCounts
from lrfit.data.csv.format import LARGEST_EXACT, MISSING, ColumnLayout
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

__all__ = ["decoded_lines", "parse_strict", "records"]

_DIAGNOSED = 1000
"""Number of characters of a bad cell that are searched for a hint."""

csv.field_size_limit(sys.maxsize)  # a long cell is refused for its content, by a message that shows it


def parse_strict(block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool) -> Block:
    """The numbers of a block, read field by field; see `lrfit.data.csv.parse.parse`."""
    lines, refusal = decoded_lines(block, layout, first_line)
    rows: list[list[float]] = []
    texts: list[str] = []
    missing: list[str] = []
    lost_digits = False
    has_nul = b"\0" in block
    for start, end, fields in records(lines, refusal, layout, first_line):
        cells = _cells(fields, layout, first_line + start, has_nul=has_nul)
        numbers = [float(cell) for cell in cells if cell is not None]
        if len(numbers) < len(cells):
            missing.append(layout.where(first_line + start, layout.positions[cells.index(None)]))
            continue
        lost_digits |= any(map(_loses_digits, cells))
        rows.append(numbers)
        texts.append("".join(lines[start:end]).rstrip("\r\n"))
    values = np.array(rows, dtype=np.float64).reshape(-1, len(layout.positions)).T
    return Block(
        np.ascontiguousarray(values),
        texts if with_texts else None,
        BlockCounts(len(rows), len(lines), len(missing), missing[0] if missing else "", lost_digits),
    )


def decoded_lines(block: bytes, layout: ColumnLayout, first_line: int) -> tuple[list[str], DataError | None]:
    """The lines of a block, and an error if they are not UTF-8 to the end.

    A line keeps its end: LF, CR LF, or CR alone. With an error, the lines before the bad one are returned.
    """
    try:
        return _lines(block), None
    except UnicodeDecodeError as error:
        lines = _lines(block[: error.start] + b".")[:-1]
        refusal = DataError(
            f"{layout.where(first_line + len(lines))}: byte 0x{block[error.start]:02X} is not UTF-8; "
            f"name the file's encoding, such as {spelled(encoding='latin-1')}"
        )
        return lines, refusal


def _lines(block: bytes) -> list[str]:
    return io.StringIO(block.decode(), newline="").readlines()


def records(
    lines: list[str], refusal: DataError | None, layout: ColumnLayout, first_line: int
) -> Iterator[tuple[int, int, list[str]]]:
    """The rows that are not blank: for each, its fields and the range of its lines in `lines`.

    Raises:
        DataError: A quote is not closed, or not at the ends of its field. After the last line, `refusal` is
            raised if it is not None.
    """
    reader = csv.reader(_then(lines, refusal), delimiter=layout.format.separator, strict=True)
    start = 0
    try:
        for fields in reader:
            end = reader.line_num
            written = "".join(lines[start:end])
            if '"' in written and not layout.format.row.fullmatch(written.rstrip("\r\n")):
                raise _quote_error(layout.where(first_line + start))
            if len(fields) > 1 or "".join(fields).strip() or (fields and len(layout.header) == 1):
                yield start, end, fields
            start = end
    except csv.Error as error:
        raise _quote_error(layout.where(first_line + start)) from error


def _then(lines: list[str], refusal: DataError | None) -> Iterator[str]:
    yield from lines
    if refusal:
        raise refusal


def _quote_error(where: str) -> DataError:
    return DataError(
        f"{where}: a quote opens in this row that is not closed, or not at both ends of its field; "
        "write a quote within a field twice, and the field in quotes"
    )


def _cells(fields: list[str], layout: ColumnLayout, line: int, *, has_nul: bool) -> list[str | None]:
    """The cells of the columns to read, as Python writes numbers; None for a missing value."""
    if len(fields) != len(layout.header):
        raise _row_error(fields, layout, line)
    if has_nul:
        for position, field in enumerate(fields):
            if "\0" in field:
                raise DataError(
                    f"{layout.where(line, position)}: {shown(field)} is no text: it has a NUL byte"
                )
    return [_cell(fields[position], layout, line, position) for position in layout.positions]


def _cell(text: str, layout: ColumnLayout, line: int, position: int) -> str | None:
    if not layout.format.number.fullmatch(text):
        if text.strip().lower() in MISSING:
            return None
        raise _cell_error(text, layout, line, position)
    cell = text.strip().replace(layout.format.decimal, ".")
    if np.isinf(float(cell)):
        raise DataError(
            f"{layout.where(line, position)}: {shown(text)} is beyond the range of float64, 1.8e308"
        )
    return cell


def _row_error(fields: list[str], layout: ColumnLayout, line: int) -> DataError:
    from lrfit.data.csv.hints import row_hint  # noqa: PLC0415 (most files need no hint)

    return DataError(
        f"{layout.where(line)}: {_n_of(len(fields), 'field')}, but there are "
        f"{_n_of(len(layout.header), 'column')} ({listed(layout.header)}){row_hint(fields, layout)}"
    )


def _cell_error(text: str, layout: ColumnLayout, line: int, position: int) -> DataError:
    from lrfit.data.csv.hints import cell_hint  # noqa: PLC0415 (most files need no hint)

    hint = cell_hint(text[:_DIAGNOSED], layout)
    return DataError(f"{layout.where(line, position)}: {shown(text)} is not a number{hint}")


def _loses_digits(cell: str | None) -> bool:
    digits = "" if cell is None else cell.lstrip("+-0")
    return digits.isdigit() and (len(digits) > len(str(LARGEST_EXACT)) or int(digits) > LARGEST_EXACT)


def _n_of(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
