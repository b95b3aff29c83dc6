"""The reader of good tables: pandas' C reader, checked to give what the strict one would, or nothing.

For pandas shifts, pads, drops and converts without a word. So it is only given what it takes as the strict
reader does: no quotes but around whole fields, no NUL, no blanks but space and tab. A column that it does not
take for numbers, and rows whose separators do not add up, are left to the strict reader. pandas is imported
when it is first needed: that takes as long as reading over 1 MiB without it.
"""

from __future__ import annotations

import codecs
import io
import re
import warnings
from itertools import compress
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.csv.format import LARGEST_EXACT, Counts, Layout, Parsed

__all__ = ["parse_fast"]

_SPELLINGS = ("", "NA", "na", "NaN", "nan", "NAN", "null", "NULL", "Null", "None", "none", "NONE")
"""Of a missing value, as they are found; others are left to the strict reader."""

_LONG_INTEGER = re.compile(rb"(?<![0-9.])[0-9]{16,}(?![0-9.eE])")


def parse_fast(text: bytes, layout: Layout, first_line: int, *, with_texts: bool) -> Parsed | None:
    """The rows of a block, or None if only the strict reader can tell; see `lrfit.data.csv.parse.parse`."""
    if not _is_plain(text, layout.format.separator):
        return None
    columns = _columns(text, layout)
    if not columns or not all(column.dtype.kind in "iuf" for column in columns):
        return None
    values = np.array(columns, dtype=np.float64)  # column by column in memory, as they were read
    is_whole = not np.isnan(np.max(values))
    if not (_is_small(columns, values) or all(_is_sure(c, text, layout.format.separator) for c in columns)):
        return None
    n_lines = values.shape[1]
    if not _has_right_fields(text, layout, n_lines, is_whole=is_whole):
        return None
    texts = [line.decode() for line in text.splitlines()] if with_texts else None
    first_missing = ""
    if not is_whole:
        present, line, i_column = _without_missing(values)
        first_missing = layout.where(first_line + line, layout.positions[i_column])
        columns, values = [column[present] for column in columns], values[:, present]
        texts = list(compress(texts, present.tolist())) if texts else None
    n_rows = values.shape[1]
    lost_digits = any(map(_loses_digits, columns))
    return Parsed(values.T, texts, Counts(n_rows, n_lines, n_lines - n_rows, first_missing, lost_digits))


def _is_plain(text: bytes, separator: str) -> bool:
    """Whether it is UTF-8 without what pandas would pass over: NUL, odd blanks, a mark, stray quotes."""
    if any(byte in text for byte in (b"\0", b"\v", b"\f")) or text.startswith(codecs.BOM_UTF8):
        return False
    return (text.isascii() or _is_utf8(text)) and (b'"' not in text or _has_plain_quotes(text, separator))


def _has_plain_quotes(text: bytes, separator: str) -> bool:
    """Whether all quotes open or close a field, or are written twice within one; and no line ends in CR."""
    array, quotes = np.frombuffer(text, np.uint8), _quotes(text)
    is_edge = np.zeros(256, np.bool_)
    is_edge[list(separator.encode() + b'"\r\n')] = True
    before = quotes[::2][int(quotes[0] == 0) :] - 1
    behind = quotes[1::2][: -1 if quotes[-1] == len(array) - 1 else None] + 1
    is_even = len(quotes) % 2 == 0 and text.count(b"\r") == text.count(b"\r\n")
    return is_even and bool(is_edge[array[before]].all() and is_edge[array[behind]].all())


def _quotes(text: bytes) -> npt.NDArray[np.intp]:
    """Where quotes are."""
    return np.flatnonzero(np.frombuffer(text, np.uint8) == ord('"'))


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def _columns(text: bytes, layout: Layout) -> list[npt.NDArray[Any]] | None:
    """The columns to read, as pandas takes them: NaN where a value is missing."""
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
                keep_default_na=False,
                na_values=_SPELLINGS,
                skip_blank_lines=False,
                low_memory=False,
                engine="c",
            )
    except (ValueError, Warning):
        return None
    return [frame[position].to_numpy() for position in layout.positions] if len(frame) else None


def _is_small(columns: list[npt.NDArray[Any]], values: Array) -> bool:
    """Whether all are floats up to 2^53, and none is missing: then they are the numbers of the text."""
    return all(column.dtype.kind == "f" for column in columns) and bool(
        np.max(np.abs(values)) < LARGEST_EXACT
    )


def _is_sure(column: npt.NDArray[Any], text: bytes, separator: str) -> bool:
    """Whether these are the very numbers of the text, and no digits were lost unnoticed."""
    is_integer = column.dtype.kind in "iu"
    if is_integer or np.isnan(np.max(column)):  # integers become floats where a value is missing
        has_zero = not np.all(column)
        if has_zero and _has_negative_zero(text, separator):  # of which integers know nothing
            return False
    if is_integer:
        return True
    largest = np.fmax.reduce(np.abs(column), initial=0.0)  # but for missing values
    return bool(largest < LARGEST_EXACT) or (bool(np.isfinite(largest)) and not _LONG_INTEGER.search(text))


def _has_negative_zero(text: bytes, separator: str) -> bool:
    """Whether a cell may be -0, written as an integer."""
    array = np.frombuffer(text + b"\n", np.uint8)
    behind = np.flatnonzero((array[:-2] == ord("-")) & (array[1:-1] == ord("0"))) + 2
    is_end = np.zeros(256, np.bool_)
    is_end[list(separator.encode() + b'0 \t\r\n"')] = True
    return bool(is_end[array[behind]].any())


def _without_missing(values: Array) -> tuple[npt.NDArray[np.bool_], int, int]:
    """Which rows lack no value; and the first row that does, and where."""
    missing = np.isnan(values)
    present = np.logical_not(np.logical_or.reduce(missing))
    row = int(np.argmin(present))
    return present, row, int(np.argmax(missing[:, row]))


def _has_right_fields(text: bytes, layout: Layout, n_rows: int, *, is_whole: bool) -> bool:
    """Whether each of the rows is one line, not a blank one, and has as many fields as the header.

    A row that is too short, or blank, lacks its last value. So if that column is read, and no value is
    missing, the total number of separators decides; else, the order of all separators and line ends.
    """
    array, separator = np.frombuffer(text, np.uint8), ord(layout.format.separator)
    last = len(layout.header) - 1
    if is_whole and last in layout.positions and b'"' not in text:
        return bool(np.count_nonzero(array == separator) == n_rows * last)
    line_end = ord("\n" if b"\n" in text else "\r")
    separators, ends = (np.flatnonzero(array == byte) for byte in (separator, line_end))
    if b'"' in text:
        quotes = _quotes(text)
        if np.any(np.searchsorted(quotes, ends) % 2):
            return False
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    if text[-1] != line_end:
        ends = np.append(ends, len(text))
    if (len(separators), len(ends)) != (n_rows * last, n_rows) or not (last or is_whole):
        return False  # of one column, the strict reader tells blank lines from missing values
    if not last:
        return True
    return bool(np.all(separators[last - 1 :: last] < ends) and np.all(separators[last::last] > ends[:-1]))


def _loses_digits(column: npt.NDArray[Any]) -> bool:
    is_integer = column.dtype.kind in "iu"
    return is_integer and bool(np.any((column > LARGEST_EXACT) | (column < -LARGEST_EXACT)))
