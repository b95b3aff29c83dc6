"""Checks around the fast readers: whether a block is plain enough, and whether they found all fields."""

from __future__ import annotations

import codecs

import numpy as np
import numpy.typing as npt

from lrfit.data.csv.format import BLANKS, ColumnLayout

__all__ = ["has_right_fields", "is_plain"]


def is_plain(block: bytes, separator: str) -> bool:
    """Whether a block is UTF-8 without what the fast readers overlook.

    That is: NUL, odd blanks, a byte-order mark, and quotes that are not at the ends of a field.
    """
    if any(byte in block for byte in (b"\0", b"\v", b"\f")):
        return False
    if block.lstrip(b"\r\n").startswith(codecs.BOM_UTF8):  # blank lines may be left out before it is read
        return False
    return (block.isascii() or _is_utf8(block)) and (b'"' not in block or _has_plain_quotes(block, separator))


def has_right_fields(block: bytes, layout: ColumnLayout, n_rows: int, *, is_whole: bool) -> bool:
    """Whether a block has `n_rows` lines, none of them blank, each with as many fields as the header.

    A row that is too short, or blank, lacks its last value. So if the last column is read, and no value is
    missing, the number of separators decides. Otherwise the order of all separators and line ends does.

    Args:
        block: The block, which is plain.
        layout: The columns.
        n_rows: Number of rows that were found.
        is_whole: Whether no value is missing.
    """
    last = len(layout.header) - 1
    if not (last or is_whole):
        return False  # in a single column only the strict reader tells blank lines from missing values
    if layout.format.separator == BLANKS:
        return _have_n_fields(block, n_rows, len(layout.header))
    array, separator = np.frombuffer(block, np.uint8), ord(layout.format.separator)
    if is_whole and last in layout.positions and b'"' not in block:
        return bool(np.count_nonzero(array == separator) == n_rows * last)
    line_end = ord("\n" if b"\n" in block else "\r")
    separators, ends = (np.flatnonzero(array == byte) for byte in (separator, line_end))
    if b'"' in block:
        quotes = _quotes(block)
        if np.any(np.searchsorted(quotes, ends) % 2):
            return False
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    if block[-1] != line_end:
        ends = np.append(ends, len(block))
    is_right = (len(separators), len(ends)) == (n_rows * last, n_rows)
    if not last or not is_right:
        return is_right
    return bool(np.all(separators[last - 1 :: last] < ends) and np.all(separators[last::last] > ends[:-1]))


def _have_n_fields(block: bytes, n_rows: int, n_columns: int) -> bool:
    """Whether a block has `n_rows` lines of as many fields as there are columns, separated by blanks."""
    array = np.frombuffer(block + b"\n", np.uint8)
    is_end = array == ord("\n" if b"\n" in block else "\r")
    is_blank = (array == ord(" ")) | (array == ord("\t")) | (array == ord("\r")) | (array == ord("\n"))
    if b'"' in block:
        is_quoted = np.logical_xor.accumulate(array == ord('"'))
        if np.any(is_quoted & is_end):
            return False
        is_blank &= ~is_quoted
    starts = np.flatnonzero(~is_blank & np.append(True, is_blank[:-1]))
    ends = np.flatnonzero(is_end)[: -1 if block[-1:] in (b"\n", b"\r") else None]
    counts = np.diff(np.searchsorted(starts, ends), prepend=0)
    return len(counts) == n_rows and bool(np.all(counts == n_columns))


def _has_plain_quotes(block: bytes, separator: str) -> bool:
    """Whether each quote opens or closes a field, or is doubled within one, and no line ends in CR alone."""
    array, quotes = np.frombuffer(block, np.uint8), _quotes(block)
    is_edge = np.zeros(256, np.bool_)
    is_edge[list((b" \t" if separator == BLANKS else separator.encode()) + b'"\r\n')] = True
    before = quotes[::2][int(quotes[0] == 0) :] - 1
    behind = quotes[1::2][: -1 if quotes[-1] == len(array) - 1 else None] + 1
    is_even = len(quotes) % 2 == 0 and block.count(b"\r") == block.count(b"\r\n")
    return is_even and bool(is_edge[array[before]].all() and is_edge[array[behind]].all())


def _quotes(block: bytes) -> npt.NDArray[np.intp]:
    """Positions of the quotes."""
    return np.flatnonzero(np.frombuffer(block, np.uint8) == ord('"'))


def _is_utf8(block: bytes) -> bool:
    try:
        block.decode()
    except UnicodeDecodeError:
        return False
    return True
