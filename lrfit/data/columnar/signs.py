"""Signs: the first bytes of columnar files, and the endings of their names. Imports nothing heavy."""

from __future__ import annotations

from io import SEEK_END, BufferedReader
from typing import BinaryIO

__all__ = ["ARROW", "ARROW_STREAM", "ENCRYPTED", "PARQUET", "columnar_format", "format_by_ending"]

PARQUET, ARROW, ARROW_STREAM = "Parquet", "Arrow IPC", "an Arrow IPC stream"
"""The names of the formats in messages."""

ENCRYPTED = "encrypted Parquet"
"""The name of a format that is not read."""

_MARKS = {b"PAR1": PARQUET, b"PARE": ENCRYPTED}
"""The four bytes at both ends of a file, and its format. They may be the beginning of a CSV, too."""

_BEGINNINGS = {b"PAR1\x15": PARQUET, b"ARROW1\0\0": ARROW, b"\xff\xff\xff\xff": ARROW_STREAM}
"""The first bytes of a file that is no text, and its format."""

_ENDINGS = {".parquet": PARQUET, ".arrow": ARROW, ".feather": ARROW}


def columnar_format(stream: BinaryIO) -> str | None:
    """The columnar format of a stream whose first bytes are not read yet; None for others.

    A file whose end is read first, as in all formats but one, is none in a pipe.
    """
    try:
        head = stream.peek(8)[:8] if isinstance(stream, BufferedReader) else b""
        found = next((name for start, name in _BEGINNINGS.items() if head.startswith(start)), None)
        if found == ARROW_STREAM or not stream.seekable():
            return found if found == ARROW_STREAM else None
        if found is None and (mark := _MARKS.get(head[:4])) and _last_four(stream) == head[:4]:
            return mark
    except OSError:  # it cannot be read, as the reader of CSV will say
        return None
    return found


def _last_four(stream: BinaryIO) -> bytes:
    stream.seek(-4, SEEK_END)
    last = stream.read()
    stream.seek(0)
    return last


def format_by_ending(path: str) -> str | None:
    """The columnar format that the name of a file promises; None for others.

    Examples:
        >>> format_by_ending("out/a.parquet"), format_by_ending("a.csv")
        ('Parquet', None)
    """
    return next((name for ending, name in _ENDINGS.items() if path.lower().endswith(ending)), None)
