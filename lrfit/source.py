"""Where bytes come from: a file, gzip or standard input, as UTF-8 blocks that end where a row ends.

The file is opened here and read once, so pipes and FIFOs work, and no name is ever taken for a URL. gzip is
told by its content. A block is cut at the last line end outside of quotes (RFC 4180), so that a quoted line
break does not fool it, and each block can be read on its own. Blocks do not depend on where the bytes come
from, so neither do the last bits of what is computed from them.
"""

from __future__ import annotations

import codecs
import gzip
import io
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import numpy as np

from lrfit.errors import DataError, UsageError, shown

__all__ = ["Source", "open_source", "open_stream"]

BLOCK_BYTES = 1 << 20
"""Bytes of a block: large enough that the cost of starting to parse does not count, small for a cache."""

_HEAD_BYTES = 3
"""Enough to tell gzip, and a byte-order mark."""

_GZIP_MAGIC = b"\x1f\x8b"

_LONGEST_ROW_BYTES = 64 << 20
"""A row longer than this is taken for a quote that is never closed; bounds the memory."""


class _Rejoined(io.RawIOBase):
    """A stream of which the first bytes have been read already, whole again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        piece = self._head[: len(buffer)] or self._read_rest(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(piece)] = piece
        return len(piece)

    def _read_rest(self, n_bytes: int) -> bytes:
        """What there is, without waiting for all of it."""
        read1 = getattr(self._rest, "read1", self._rest.read)
        piece: bytes = read1(n_bytes)
        return piece


class Source:
    """An open stream of bytes, and how much of it has been read.

    Args:
        stream: The bytes as stored; buffered.
        name: What messages call it.
        encoding: Of the text, by Python's names; a byte-order mark of UTF-8 is dropped.
        on_read: Told of each reading: bytes read as stored, and bytes there are. Only of a regular file.

    Raises:
        UsageError: There is no such encoding.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        encoding: str = "utf-8",
        *,
        on_read: Callable[[int, int], None] | None = None,
    ) -> None:
        self.name = name
        self._on_read = on_read
        self._stored = stream
        self._recode = _recoder(encoding)
        with self._reading():
            head = stream.read(_HEAD_BYTES)
        whole = io.BufferedReader(_Rejoined(head, stream))
        self._stream = gzip.GzipFile(fileobj=whole) if head[:2] == _GZIP_MAGIC else whole

    @property
    def is_file(self) -> bool:
        """Whether all bytes are there already: it is a regular file, packed or not."""
        try:
            return stat.S_ISREG(os.fstat(self._stored.fileno()).st_mode)
        except OSError:
            return False

    def _report(self) -> None:
        if self._on_read and self.is_file:
            self._on_read(self._stored.tell(), os.fstat(self._stored.fileno()).st_size)

    def blocks(self, *, streaming: bool = False) -> Iterator[bytes]:
        """All rows, in UTF-8, with their line ends; with `streaming`, as soon as there are any, in any size.

        Raises:
            DataError: The stream cannot be read, unpacked or decoded, or a row is longer than 64 MiB.
        """
        rest = b""
        for text, is_last in self._texts(streaming=streaming):
            if is_last:
                if rest or text:
                    yield rest + text
            elif end := _plain_row_end(rest, text):
                yield b"".join((rest, memoryview(text)[:end]))  # copied but once
                rest = text[end:]
            else:
                rest += text
                if end := _last_row_end(rest):
                    yield rest[:end]
                    rest = rest[end:]
                elif len(rest) > _LONGEST_ROW_BYTES:
                    raise DataError(
                        f"{self.name} has a row of over {_LONGEST_ROW_BYTES >> 20} MiB: "
                        "is a quote never closed?"
                    )

    def _texts(self, *, streaming: bool) -> Iterator[tuple[bytes, bool]]:
        """The decoded bytes piece by piece, and whether each is the last.

        A short piece is the last, so that it makes one block, with or without a line end behind its last row;
        where rows are wanted as soon as they are there, the last one is an empty one.
        """
        n_wanted, read = _HEAD_BYTES, self._stream.read
        is_last = False
        while not is_last:
            with self._reading():
                piece = read(n_wanted)
                is_last = not piece if streaming else len(piece) < n_wanted
                text = self._recode(piece, is_last)
            if n_wanted == _HEAD_BYTES:
                text = self._without_mark(text)
            else:
                self._report()
            n_wanted, read = BLOCK_BYTES, self._stream.read1 if streaming else read
            yield text, is_last

    def _without_mark(self, text: bytes) -> bytes:
        if text[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            raise DataError(f"{self.name} is UTF-16, not UTF-8: say --encoding utf-16")
        return text.removeprefix(codecs.BOM_UTF8)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self.name} is damaged gzip: {error}; pack it again") from error
        except UnicodeError as error:
            reason = error.reason if isinstance(error, UnicodeDecodeError) else error
            raise DataError(f"{self.name} is not in the encoding that was named: {reason}") from error
        except OSError as error:
            raise DataError(f"{self.name} cannot be read: {error.strerror or error}") from error


@contextmanager
def open_source(
    path: str, encoding: str = "utf-8", *, on_read: Callable[[int, int], None] | None = None
) -> Iterator[Source]:
    """The text at `path`, or from standard input for `-`, open within the block; see `Source`.

    Raises:
        DataError: It cannot be opened.
        UsageError: There is no such encoding.
    """
    with open_stream(path) as (stream, name):
        yield Source(stream, name, encoding, on_read=on_read)


@contextmanager
def open_stream(path: str) -> Iterator[tuple[BinaryIO, str]]:
    """The bytes at `path`, or standard input for `-`, open within the block; and what messages call them.

    Raises:
        DataError: It cannot be opened.
    """
    if path == "-":
        if sys.stdin is None:
            raise DataError("standard input is closed")
        yield sys.stdin.buffer, "standard input"
        return
    try:
        stream = Path(path).open("rb")  # noqa: SIM115 (opening fails apart from reading)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise DataError(f"{shown(path)} cannot be opened: {reason}") from error
    with stream:
        yield stream, shown(path)


def _recoder(encoding: str) -> Callable[[bytes, bool], bytes]:
    """What turns pieces of text in `encoding` into UTF-8; UTF-8 is left for the reader to check."""
    try:
        info = codecs.lookup(encoding)
    except (LookupError, ValueError) as error:
        raise UsageError(
            f"--encoding {shown(encoding)}: there is no such encoding; try utf-8 or latin-1"
        ) from error
    if not info._is_text_encoding:  # noqa: SLF001 (what str.encode itself asks)
        raise UsageError(f"--encoding {shown(encoding)} is no encoding of text; try utf-8 or latin-1")
    if info.name in ("utf-8", "utf-8-sig", "ascii"):
        return lambda piece, final: piece  # noqa: ARG005
    decoder = info.incrementaldecoder()
    return lambda piece, final: decoder.decode(piece, final).encode()


def _plain_row_end(rest: bytes, text: bytes) -> int:
    """Where the last whole row of `text`, after `rest`, ends; 0 if none does, or it is not plain to see."""
    return 0 if b'"' in rest or b'"' in text else text.rfind(b"\n") + 1


def _last_row_end(text: bytes) -> int:
    """Where the last whole row ends; 0 if none does."""
    end = b"\n" if b"\n" in text else b"\r"
    known = text if end == b"\n" else text[:-1]  # a CR at the end may be half of a CR LF
    if b'"' not in text:
        return known.rfind(end) + 1
    array = np.frombuffer(known, np.uint8)
    quoted = np.logical_xor.accumulate(array == ord('"'))
    ends = np.flatnonzero((array == ord(end)) & ~quoted)
    return int(ends[-1]) + 1 if len(ends) else 0
