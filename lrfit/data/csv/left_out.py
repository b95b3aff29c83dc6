"""Lines that are left out: comments, what is above the header, and what is below the table.

Each becomes a blank line before anything else is read. So line numbers stay what they are, and a quote in a
title or a comment opens nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lrfit.data.csv.format import CsvFormat
from lrfit.errors import DataError
from lrfit.messages import spelled

__all__ = ["without_lines"]

_Pieces = Iterator[tuple[bytes, bool]]
"""The bytes of a text, piece by piece, never cut between CR and LF, each with whether it is the last."""

_LINE_END = re.compile(rb"\r\n|\r|\n")

_INCH = "\N{DOUBLE PRIME}".encode()

_MOST_HELD = 16 << 20
"""Number of bytes that wait for those behind them, at most; it bounds the memory."""


def without_lines(pieces: _Pieces, csv_format: CsvFormat, name: str) -> _Pieces:
    """The text without the comments, the title and the footer that the format names.

    Args:
        pieces: The text.
        csv_format: The lines to leave out.
        name: The text's name in messages.

    Raises:
        DataError: The footer, or a line where there may be comments, is longer than 16 MiB.
    """
    if csv_format.skip:
        pieces = _without_first(pieces, csv_format.skip)
    if csv_format.comment or csv_format.skip_below:
        pieces = _of_whole_lines(pieces, name)
    if csv_format.skip_below:
        pieces = _without_inches(pieces, csv_format)
    if csv_format.comment:
        pieces = _without_comments(pieces, csv_format.comment.encode())
    if csv_format.skip_footer:
        pieces = _without_last(pieces, csv_format.skip_footer, name)
    return pieces


def _without_first(pieces: _Pieces, n_lines: int) -> _Pieces:
    before = b""
    for text, is_last in pieces:
        start = 0
        for end in islice(_LINE_END.finditer(text), n_lines):
            n_lines -= 1
            start = end.end()
        start = len(text) if n_lines else start
        kept = _line_ends(text[:start], before)
        before = (before + kept)[-1:]
        yield kept + text[start:], is_last


def _line_ends(lines: bytes, before: bytes) -> bytes:
    """The ends of some lines, as they stand behind `before`; CR and LF that were apart do not become one."""
    ends = [before[-1:]]
    for end in _LINE_END.findall(lines):
        ends.append(b"\r\n" if end == b"\n" and ends[-1] == b"\r" else end)
    return b"".join(ends[1:])


def _of_whole_lines(pieces: _Pieces, name: str) -> _Pieces:
    """The same pieces, but for the last one cut at the end of a line."""
    held = b""
    for piece, is_last in pieces:
        text = held + piece
        end = len(text) if is_last else max(text.rfind(b"\n"), text.rfind(b"\r")) + 1
        held = text[end:]
        if len(held) > _MOST_HELD:
            raise DataError(f"{name} has a line of over {_MOST_HELD >> 20} MiB: are there line ends?")
        yield text[:end], is_last


def _without_inches(pieces: _Pieces, csv_format: CsvFormat) -> _Pieces:
    """The text with ″ for the quotes in lines below the header where they are odd in number.

    These lines are left out by the reader of the header, who takes the units from them. So a quote in one of
    them stands for inches, and opens nothing.
    """
    mark, n_left = csv_format.comment.encode(), csv_format.skip_below
    header: list[bytes] = []
    is_below = is_quoted = False
    for text, is_last in pieces:
        kept = []
        start = 0
        while n_left and start < len(text):
            end = _end_of_line(text, start, has_cr=True)
            line = text[start:end]
            start = end
            is_odd = line.count(b'"') % 2 == 1
            if mark and not is_quoted and line.lstrip(b" \t").startswith(mark):
                pass
            elif not is_below:
                header.append(line)
                is_quoted ^= is_odd
                is_below = not is_quoted and _has_names(b"".join(header), csv_format)
                header = header if is_quoted else []
            elif line.decode(errors="replace").strip():
                n_left -= 1
                line = line.replace(b'"', _INCH) if is_odd else line
            kept.append(line)
        yield b"".join([*kept, text[start:]]), is_last


def _has_names(row: bytes, csv_format: CsvFormat) -> bool:
    """Whether a row is not empty in all columns."""
    text = row.decode(errors="replace")
    return bool(text.replace(csv_format.joint, "").replace('"', "").strip())


def _without_comments(pieces: _Pieces, mark: bytes) -> _Pieces:
    is_quoted = False
    before = b""
    for text, is_last in pieces:
        kept = [before]
        start = 0
        for line_start, end in _comments(text, mark, is_quoted=is_quoted):
            kept.append(text[start:line_start])
            kept.append(_line_ends(text[line_start:end], text[start:line_start] or kept[-2]))
            start = end
        rest = b"".join([*kept, text[start:]])[len(before) :]
        is_quoted ^= b'"' in rest and rest.count(b'"') % 2 == 1
        before = (before + rest)[-1:]
        yield rest, is_last


def _comments(text: bytes, mark: bytes, *, is_quoted: bool) -> Iterator[tuple[int, int]]:
    """The start and the end of each line that begins with the mark, outside of quotes."""
    has_cr = b"\r" in text
    has_quotes = is_quoted or b'"' in text
    place, checked = text.find(mark), 0
    while place >= 0:
        line_start = text.rfind(b"\n", 0, place) + 1
        if has_cr:
            line_start = max(line_start, text.rfind(b"\r", line_start, place) + 1)
        end = _end_of_line(text, place, has_cr=has_cr)
        if has_quotes:
            is_quoted ^= text.count(b'"', checked, line_start) % 2 == 1
            checked = line_start
        if not is_quoted and not text[line_start:place].strip(b" \t"):
            yield line_start, end
            checked = end  # quotes in a comment open nothing
        place = text.find(mark, end)


def _end_of_line(text: bytes, start: int, *, has_cr: bool) -> int:
    """The place behind the line that goes on at `start`."""
    end = text.find(b"\n", start) + 1 or len(text)
    found = text.find(b"\r", start, end) if has_cr else -1
    return end if found < 0 or text[found:end] == b"\r\n" else found + 1


def _without_last(pieces: _Pieces, n_lines: int, name: str) -> _Pieces:
    """All but the last lines that are not blank, which wait until it is known that they are the last."""
    held = before = b""
    for piece, is_last in pieces:
        text = held + piece
        start = _start_of_last(text, n_lines)
        before = (before + text[:start])[-1:]
        held = text[start:]
        if len(held) > _MOST_HELD:
            raise DataError(
                f"{name}: {spelled(skip_footer=n_lines)} would leave out lines of over {_MOST_HELD >> 20} MiB"
            )
        yield text[:start] + (_line_ends(held, before) if is_last else b""), is_last


def _start_of_last(text: bytes, n_lines: int) -> int:
    """Where the last lines that are not blank start."""
    end = len(text)
    while n_lines and end:
        body = text[:end].rstrip(b" \t\r\n")
        start = max(body.rfind(b"\n"), body.rfind(b"\r")) + 1
        n_lines -= bool(body)
        end = start
    return end
