"""The header of a CSV: the first row that is not blank, checked to be names and not numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from lrfit.data.columns import first_repeated
from lrfit.data.csv.format import MISSING, ColumnLayout
from lrfit.data.csv.strict import decoded_lines, records
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

__all__ = ["Header", "read_header"]

_EXCEL_NOTE = re.compile(r'"?sep=.?"?', re.IGNORECASE)
"""A first row that tells Excel the separator."""


@dataclass(frozen=True, eq=False)
class Header:
    """The names of the columns, and the bytes behind them.

    Attributes:
        names: Names of all columns, in file order.
        text: The header as it was written; None if the table has none.
        n_lines: Number of lines before the first row of numbers, blank lines included.
        blocks: The blocks of bytes that follow.
    """

    names: tuple[str, ...]
    text: str | None
    n_lines: int
    blocks: Iterator[bytes]


def read_header(blocks: Iterator[bytes], layout: ColumnLayout) -> Header:
    """The header at the start of these blocks; without one, the columns are named 1, 2, ….

    Args:
        blocks: Blocks of bytes, each of whole rows.
        layout: The table's name and format; it has no names of columns yet.

    Raises:
        DataError: There is no header, two columns have the same name, or the header is a row of numbers.
    """
    n_lines = 0
    for block in blocks:
        if not block.strip(b"\r\n"):
            n_lines += len(block.splitlines())
            continue
        lines, refusal = decoded_lines(block, layout, n_lines + 1)
        row = next(records(lines, refusal, layout, n_lines + 1), None)
        if row is not None:
            start, end, fields = row
            n_skipped = end if layout.format.header else start
            rest = block[len("".join(lines[:n_skipped]).encode()) :]
            text = "".join(lines[start:end]).rstrip("\r\n") if layout.format.header else None
            names = _names(fields, text, layout)
            return Header(names, text, n_lines + n_skipped, _chained(rest, blocks))
        n_lines += len(lines)
    raise DataError(f"{layout.source_name} is empty: it has neither a header nor rows")


def _names(fields: list[str], text: str | None, layout: ColumnLayout) -> tuple[str, ...]:
    if text is None:
        return tuple(str(i) for i in range(1, len(fields) + 1))
    names = tuple(field.strip() for field in fields)
    _check_is_header(names, text, layout)
    twice = first_repeated(names)
    if twice is not None:
        problem = f"are named {shown(twice)}; rename one" if twice else "have no name; give them one"
        raise DataError(f"{layout.source_name}: two columns {problem}")
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
