"""The strict reader, which defines the meaning of a CSV: Python's `csv`, and a grammar of numbers.

Errors are found in the order of the rows, whatever kind they are of. So neither the numbers nor the message
depend on where blocks are cut.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections.abc import Iterable, Iterator

import numpy as np

from lrfit.data.block import Block, BlockCounts, used_levels
from lrfit.data.csv.cells import Cells, cells_of
from lrfit.data.csv.format import BLANKS, ColumnLayout
from lrfit.data.csv.place import Place, aligned_fields
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

__all__ = ["decoded_lines", "parse_strict", "records", "row_error"]

csv.field_size_limit(sys.maxsize)  # a long cell is refused for its content, by a message that shows it


def parse_strict(block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool) -> Block:
    """The numbers of a block, read field by field; see `lrfit.data.csv.parse.parse`."""
    lines, refusal = decoded_lines(block, layout, first_line)
    readers = [cells_of(column, layout.format) for column in layout.read]
    cells = list(zip(readers, layout.positions, strict=True))
    rows: list[list[float | None]] = []
    texts: list[str] = []
    missing = _Missing(layout)
    lost_digits = False
    has_nul = b"\0" in block
    for start, end, fields in records(lines, refusal, layout, first_line):
        if has_nul or len(fields) != len(layout.header):
            _check_fields(fields, Place(layout, lines, start, first_line))
        try:
            values = [reader.value(fields[position]) for reader, position in cells]
        except ValueError:
            raise _cell_error(fields, cells, Place(layout, lines, start, first_line)) from None
        if None in values:
            missing.add(values, first_line + start)
            continue
        lost_digits |= any(reader.loses_digits(fields[position]) for reader, position in cells)
        rows.append(values)
        texts.append("".join(lines[start:end]).rstrip("\r\n"))
    of_rows = np.array(rows, dtype=np.float64).reshape(-1, len(layout.positions)).T
    columns = np.ascontiguousarray(of_rows)
    levels = used_levels(columns, layout.read, [reader.levels for reader in readers])
    counts = BlockCounts(
        len(rows), len(lines), missing.n_rows, missing.first, tuple(missing.of_columns), lost_digits
    )
    return Block(columns, texts if with_texts else None, counts, levels)


class _Missing:
    """The rows that lack a value: how many there are, the place of the first, and what each column lacks."""

    def __init__(self, layout: ColumnLayout) -> None:
        self._layout = layout
        self.n_rows = 0
        self.first = ""
        self.of_columns: list[int] = []

    def add(self, values: list[float | None], line: int) -> None:
        """Count a row; `line` is its number."""
        lacks = [value is None for value in values]
        self.n_rows += 1
        self.first = self.first or self._layout.where(line, self._layout.positions[lacks.index(True)])
        self.of_columns = list(map(sum, zip(self.of_columns or [0] * len(lacks), lacks, strict=True)))


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
    """The rows that are not empty in all columns: for each, its fields and the range of its lines in `lines`.

    Raises:
        DataError: A quote is not closed, or not at the ends of its field. After the last line, `refusal` is
            raised if it is not None.
    """
    if layout.format.separator == BLANKS:
        yield from _aligned_records(lines, refusal, layout, first_line)
        return
    tight = _without_blanks_around_quotes(lines, layout.format.separator)
    reader = csv.reader(_then(tight, refusal), delimiter=layout.format.separator, strict=True)
    start = 0
    try:
        for fields in reader:
            end = reader.line_num
            written = "".join(lines[start:end])
            if '"' in written and not layout.format.row.fullmatch(written.rstrip("\r\n")):
                raise _quote_error(Place(layout, lines, start, first_line))
            if "".join(fields).strip() or (fields and len(layout.header) == 1):
                yield start, end, fields
            start = end
    except csv.Error as error:
        raise _quote_error(Place(layout, lines, start, first_line)) from error
    except DataError as error:
        is_open = start == len(lines) or layout.format.row.fullmatch("".join(lines[start:]) + '"')
        if error is not refusal or is_open:
            raise
        raise _quote_error(Place(layout, lines, start, first_line)) from error


def _then(lines: Iterable[str], refusal: DataError | None) -> Iterator[str]:
    yield from lines
    if refusal:
        raise refusal


def _aligned_records(
    lines: list[str], refusal: DataError | None, layout: ColumnLayout, first_line: int
) -> Iterator[tuple[int, int, list[str]]]:
    """The same, of rows whose fields are separated by runs of blanks; each is one line."""
    for i, line in enumerate(_then(lines, refusal)):
        written = line.rstrip("\r\n")
        if '"' in written and not layout.format.row.fullmatch(written):
            raise _quote_error(Place(layout, lines, i, first_line))
        fields = aligned_fields(line)
        if "".join(fields).strip() or (fields and len(layout.header) == 1):
            yield i, i + 1, fields


def _without_blanks_around_quotes(lines: list[str], separator: str) -> list[str]:
    """The lines without the blanks before and behind a quoted field, which Python's `csv` does not allow.

    Whether it is a whole field is checked on what was written.
    """
    text = "".join(lines)
    if '"' not in text or not any(f'{blank}"' in text or f'"{blank}' in text for blank in " \t"):
        return lines
    blanks = " \t".replace(separator, "")
    quoted = rf'(?<![^{re.escape(separator)}\r\n])[{blanks}]*+("(?:[^"]++|"")*+"?)[{blanks}]*+'
    return io.StringIO(re.sub(quoted, r"\1", text), newline="").readlines()


def _check_fields(fields: list[str], place: Place) -> None:
    """Raise `DataError` for a row with too many or too few fields, or with a NUL in one."""
    layout = place.layout
    if len(fields) != len(layout.header):
        raise row_error(fields, place)
    for position, field in enumerate(fields):
        if "\0" in field:
            raise DataError(
                f"{layout.where(place.line, position)}: {shown(field)} is no text: it has a NUL byte"
            )


def _cell_error(fields: list[str], cells: list[tuple[Cells, int]], place: Place) -> DataError:
    """The error for the first cell that has no value."""
    from lrfit.data.csv.hints import cell_hint  # noqa: PLC0415 (most files need no hint)

    refusals = (
        (position, column, refusal)
        for (reader, position), column in zip(cells, place.layout.read, strict=True)
        if (refusal := _refusal(reader, fields[position]))
    )
    position, column, refusal = next(refusals)
    where, hint = place.layout.where(place.line, position), cell_hint(fields, position, column, place)
    return DataError(f"{where}: {shown(fields[position])} {refusal}{hint}")


def _refusal(reader: Cells, text: str) -> str:
    """The reason why a cell has no value; empty if it has one."""
    try:
        reader.value(text)
    except ValueError as error:
        return str(error)
    return ""


def row_error(fields: list[str], place: Place) -> DataError:
    """The error for a row that has more or fewer fields than there are columns."""
    from lrfit.data.csv.hints import row_hint  # noqa: PLC0415 (most files need no hint)

    layout = place.layout
    n_columns = len(layout.header)
    return DataError(
        f"{layout.where(place.line)}: {_n_of(len(fields), 'field')}, but there "
        f"{'is' if n_columns == 1 else 'are'} {_n_of(n_columns, 'column')} "
        f"({listed(layout.header)}){row_hint(fields, place)}"
    )


def _quote_error(place: Place) -> DataError:
    from lrfit.data.csv.hints import quote_hint  # noqa: PLC0415 (most files need no hint)

    return DataError(
        f"{place.layout.where(place.line)}: a quote opens in this row that is not closed, or not at both "
        f"ends of its field; {quote_hint(place)}"
    )


def _n_of(n: int, noun: str) -> str:
    return f"{n} {noun}" if n == 1 else f"{n} {noun}s"
