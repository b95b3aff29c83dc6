"""Marks of files: what tells a file from another one of the same name, on another machine."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple

from lrfit.errors import DataError
from lrfit.system.files import open_stream

__all__ = ["FileMark", "open_marked"]

_HEAD_BYTES = 1 << 16
"""Number of bytes at the beginning of a file that enter its mark."""


class FileMark(NamedTuple):
    """A mark that tells a file from another one of the same name.

    Attributes:
        n_bytes: Its size.
        checksum: CRC-32 of its first bytes.
    """

    n_bytes: int
    checksum: int

    @classmethod
    def of(cls, stream: BinaryIO) -> FileMark:
        """The mark of an open file, which is left at its end."""
        stream.seek(0)
        checksum = zlib.crc32(stream.read(_HEAD_BYTES))
        return cls(stream.seek(0, 2), checksum)


@contextmanager
def open_marked(path: str, mark: FileMark) -> Iterator[BinaryIO]:
    """The file at a path, open within the block, if it is that with this mark.

    Raises:
        DataError: It is not there, or is another.
    """
    with open_stream(path) as (stream, name):
        if FileMark.of(stream) != mark:
            raise DataError(f"{name} is another file than where the run was started")
        stream.seek(0)
        yield stream
