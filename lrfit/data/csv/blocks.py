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
import re
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import BinaryIO

import numpy as np

from lrfit.errors import DataError, UsageError
from lrfit.messages import shown
from lrfit.system.files import open_stream

__all__ = [
    "Source",
    "open_source",
]

BLOCK_BYTES = 1 << 20
"""Bytes of a block: large enough that the cost of starting to parse does not count, small for a cache."""

_HEAD_BYTES = 4
"""Enough to tell gzip, a byte-order mark, and most of what is no text; no more, as rows may be as short."""

_GZIP_MAGIC = b"\x1f\x8b"

_NO_TEXT = {
    _GZIP_MAGIC: "gzip within gzip: unpack it once",
    b"PK\x03\x04": "a zip archive or a workbook: unpack it, or save it as CSV",
    b"\xd0\xcf\x11\xe0": "a workbook: save it as CSV",
    b"\xfd7zX": "packed by xz: unpack it",
    b"(\xb5/\xfd": "packed by zstd: unpack it",
    b"7z\xbc\xaf": "a 7z archive: unpack it",
    b"BZh91AY&SY": "packed by bzip2: unpack it",
    b"PAR1\x15": "Parquet: save it as CSV",
}
"""How files begin that are no text, and what they are."""

_OTHER_ENCODINGS = (
    (re.compile(rb"\xff\xfe\0\0|\0\0\xfe\xff"), "utf-32"),
    (re.compile(rb"\xff\xfe|\xfe\xff"), "utf-16"),
    (re.compile(rb"[^\0]\0\0\0"), "utf-32-le"),
    (re.compile(rb"\0\0\0[^\0]"), "utf-32-be"),
    (re.compile(rb"[^\0]\0[^\0]\0"), "utf-16-le"),
    (re.compile(rb"\0[^\0]\0[^\0]"), "utf-16-be"),
)
"""How text begins that is not in UTF-8: with a byte-order mark, or zeros between its letters."""

_LONG_ROW_BYTES = 1 << 20
"""Of a longer row whose quote is never closed, what follows that quote is not looked at."""

_LONGEST_ROW_BYTES = 16 << 20
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
        encoding: Of the text, by Python's names; a byte-order mark is dropped.
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
            DataError: The stream is no text, cannot be read, unpacked or decoded, or a row is longer than
                16 MiB. Of a row whose quote is not closed, what leads up to it is given out: to say where it
                opens is the reader's business.
        """
        rest: list[bytes] = []  # of a row that has not ended
        is_quoted = False
        for text, is_last in self._texts(streaming=streaming):
            has_odd_quotes = b'"' in text and text.count(b'"') % 2 == 1  # to count takes long
            ends_quoted = is_quoted ^ has_odd_quotes
            is_end = is_last and not ends_quoted
            end = len(text) if is_end else _last_row_end(text, is_quoted=is_quoted)
            if end or is_end:
                if block := b"".join((*rest, memoryview(text)[:end])):  # copied but once
                    yield block
                rest = []
            rest.append(text[end:])
            is_quoted = ends_quoted
            if is_quoted and (is_last or sum(map(len, rest)) > _LONGEST_ROW_BYTES):
                row = b"".join(rest)
                yield row if len(row) <= _LONG_ROW_BYTES else row[: row.find(b'"') + 1]
            if sum(map(len, rest)) > _LONGEST_ROW_BYTES:
                raise DataError(
                    f"{self.name} has a row of over {_LONGEST_ROW_BYTES >> 20} MiB: are there line ends?"
                )

    def _texts(self, *, streaming: bool) -> Iterator[tuple[bytes, bool]]:
        """The text in UTF-8, piece by piece, and whether each is the last; none ends between CR and LF."""
        held, is_first = b"", True
        for piece, is_last in self._pieces(streaming=streaming):
            with self._reading():
                text = held + self._recode(piece, is_last)
            if is_first:
                self._refuse_other_encoding(text)
                text, is_first = text.removeprefix(codecs.BOM_UTF8), False
            held = b"\r" if text.endswith(b"\r") and not is_last else b""
            yield text.removesuffix(held), is_last

    def _pieces(self, *, streaming: bool) -> Iterator[tuple[bytes, bool]]:
        """The unpacked bytes, and whether each piece is the last: an empty one, or a short one.

        So the last row is in the block of those before it, with or without a line end behind it.
        """
        read = self._stream.read1 if streaming else self._stream.read
        with self._reading():
            piece = self._beginning()
            if not streaming:
                piece += read(max(0, BLOCK_BYTES - len(piece)))
        while True:
            is_last = not piece if streaming else len(piece) < BLOCK_BYTES
            yield piece, is_last
            if is_last:
                return
            with self._reading():
                piece = read(BLOCK_BYTES)
            self._report()

    def _beginning(self) -> bytes:
        """The first bytes: as few as tell whether this is text."""
        head = self._stream.read(_HEAD_BYTES)
        n_telling = max((len(beginning) for beginning in _NO_TEXT if beginning.startswith(head)), default=0)
        head += self._stream.read(max(0, n_telling - len(head)))
        for beginning, kind in _NO_TEXT.items():
            if head.startswith(beginning):
                raise DataError(f"{self.name} is {kind}")
        return head

    def _refuse_other_encoding(self, text: bytes) -> None:
        for beginning, encoding in _OTHER_ENCODINGS:
            if beginning.match(text):
                kind = encoding.upper().removesuffix("-LE").removesuffix("-BE")
                raise DataError(f"{self.name} is {kind}, not UTF-8: say --encoding {encoding}")

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self.name} is damaged gzip: {error}; pack it again") from error
        except UnicodeError as error:
            reason = str(error)
            if isinstance(error, UnicodeDecodeError):
                reason = f"byte 0x{error.object[error.start]:02X}: {error.reason}"
            raise DataError(
                f"{self.name} is not in the encoding that was named: {reason}; name another by --encoding"
            ) from error
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


def _last_row_end(text: bytes, *, is_quoted: bool) -> int:
    """Where the last whole row ends, 0 if none does, of text that starts within quotes or not."""
    line_end = b"\n" if b"\n" in text else b"\r"
    end = text.rfind(line_end) + 1
    if b'"' not in text and not is_quoted:
        return end
    if (text.count(b'"', 0, end) + is_quoted) % 2 == 0:
        return end
    array = np.frombuffer(text, np.uint8)
    quoted = np.logical_xor.accumulate(array == ord('"')) ^ is_quoted
    ends = np.flatnonzero((array == ord(line_end)) & ~quoted)
    return int(ends[-1]) + 1 if len(ends) else 0
