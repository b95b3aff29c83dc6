"""Blocks of bytes from a file, gzip or standard input: UTF-8, cut where a row ends.

The file is opened here and read once, so pipes and FIFOs work. gzip is recognised by its content. A block is
cut at the last line end outside quotes (RFC 4180). So a quoted line break does not fool it, and each block
can be read on its own. Blocks do not depend on where the bytes come from, so neither do the last bits of what
is computed from them.
"""

from __future__ import annotations

import codecs
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from lrfit.data.block_numbers import number_of
from lrfit.data.csv.encoding import is_utf8, recoder, refuse_other_encoding
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.left_out import without_lines
from lrfit.data.csv.signs import GZIP_MAGIC, TELLING_BYTES, may_be_no_text, may_be_other_text
from lrfit.errors import DataError
from lrfit.messages import spelled
from lrfit.system.files import n_bytes_of, open_stream

if TYPE_CHECKING:
    from lrfit.data.csv.conversion import Origin

__all__ = [
    "BLOCK_BYTES",
    "LONGEST_ROW_BYTES",
    "PART_BLOCKS",
    "Source",
    "csv_number",
    "has_odd_quotes",
    "last_row_end",
    "open_source",
    "whole_rows",
]

BLOCK_BYTES = 1 << 20
"""Size of a block: large enough that the cost of each call to a reader is small, and small for a cache."""

PART_BLOCKS = 64
"""Number of blocks of a part: few enough for the memory of a worker, and enough for a shuffle within."""

_HEAD_BYTES = 4
"""Number of bytes read first, to recognise gzip, a byte-order mark and most binary files.

It is no more, because the first row that arrives through a pipe may be as short.
"""

_LONG_ROW_BYTES = 1 << 20
"""Length from which a row whose quote is never closed is cut off behind that quote."""

LONGEST_ROW_BYTES = 16 << 20
"""Length from which a row counts as a quote that is never closed; it bounds the memory."""


_PLAIN = CsvFormat()
"""A format that leaves out no lines."""


def csv_number(block: int, *, is_one_part: bool = False) -> int:
    """The number of a block of a CSV, from its number in the file; see `lrfit.data.block_numbers`."""
    if is_one_part:
        return number_of(block)
    part, in_part = divmod(block, PART_BLOCKS)
    return number_of(in_part, part=part)


class Source:
    """An open stream of bytes, and how much of it has been read.

    Args:
        stream: The bytes as stored; buffered.
        name: The stream's name in messages.
        encoding: Python's name of the text's encoding. A byte-order mark is dropped.
        path: The file's path, for commands in messages; `-` if it is none.
        on_read: Called after each read of a file, with the number of bytes read as stored, and the
            number of bytes in the file.

    Attributes:
        stored: The bytes as stored.
        path: The file's path; `-` if it is none.
        encoding: Name of the encoding.
        n_blocks: Number of blocks given out.

    Raises:
        UsageError: There is no such encoding.
    """

    def __init__(
        self,
        stream: BinaryIO,
        name: str,
        encoding: str = "utf-8",
        *,
        path: str = "-",
        on_read: Callable[[int, int], None] | None = None,
    ) -> None:
        self.name = name
        self._on_read = on_read
        self.stored = stream
        self.encoding = encoding
        self._recode = recoder(encoding)
        self._is_utf8 = is_utf8(encoding)
        with self._reading():
            head = stream.read(_HEAD_BYTES)
        whole = io.BufferedReader(_Rejoined(head, stream))
        self._is_packed = head[:2] == GZIP_MAGIC
        self._stream = gzip.GzipFile(fileobj=whole) if self._is_packed else whole
        self.path = path
        self.n_blocks = 0

    @property
    def is_file(self) -> bool:
        """Whether the stream is a file, packed or not, so that all its bytes are there already."""
        return n_bytes_of(self.stored) is not None

    def can_be_split(self, csv_format: CsvFormat) -> bool:
        """Whether ranges of blocks can be read each by itself, once the first block has been given out."""
        return self.is_file and self.path != "-" and not self.is_one_part(csv_format)

    def is_one_part(self, csv_format: CsvFormat) -> bool:
        """Whether all rows are one part, as they can only be read in one go.

        So it is if they are packed, in another encoding than UTF-8, or below a header that is longer than a
        block, or if lines are left out. Ask once the first block has been given out.
        """
        form = csv_format
        leaves_out = form.comment or form.skip or form.skip_below or form.skip_footer
        return bool(self._is_packed or not self._is_utf8 or leaves_out or self.n_blocks != 1)

    def blocks(self, csv_format: CsvFormat = _PLAIN, *, streaming: bool = False) -> Iterator[bytes]:
        """All rows, in UTF-8 with their line ends, block by block; lines that are left out are blank.

        There is a block for each read, so that its number tells where it is; it is empty where no row ends.

        Args:
            csv_format: The lines to leave out.
            streaming: Whether to give out rows as soon as they arrive, in blocks of any size.

        Raises:
            DataError: The stream is not text, cannot be read, unpacked or decoded; or see `whole_rows`.
        """
        pieces = without_lines(self._decoded(streaming=streaming), csv_format, self.name)
        for block in whole_rows(pieces, self.name):
            self.n_blocks += 1
            yield block

    def _decoded(self, *, streaming: bool) -> Iterator[tuple[bytes, bool]]:
        """The bytes of each read in UTF-8, never cut between CR and LF, and whether they are the last."""
        held, beginning, is_first = b"", b"", True
        for data, is_last in self._unpacked(streaming=streaming):
            with self._reading():
                text = held + self._recode(data, is_last)
            if is_first:
                refuse_other_encoding(text, self.name)
                text, is_first = text.removeprefix(codecs.BOM_UTF8), False
            if len(beginning) < TELLING_BYTES:
                beginning += text
                if may_be_other_text(beginning):
                    from lrfit.data.csv.foreign import refuse_other_text  # noqa: PLC0415 (seldom needed)

                    refuse_other_text(beginning, self._origin(), is_last=is_last)
            held = b"\r" if text.endswith(b"\r") and not is_last else b""
            yield text.removesuffix(held), is_last

    def _unpacked(self, *, streaming: bool) -> Iterator[tuple[bytes, bool]]:
        """The unpacked bytes of each read, and whether they are the last: there are none, or few.

        So the last row is in one block with those before it, with or without a line end behind it.
        """
        read = self._stream.read1 if streaming else self._stream.read
        with self._reading():
            data = self._beginning()
            if not streaming:
                data += read(max(0, BLOCK_BYTES - len(data)))
        while True:
            is_last = not data if streaming else len(data) < BLOCK_BYTES
            yield data, is_last
            if is_last:
                return
            with self._reading():
                data = read(BLOCK_BYTES)
            self.report()

    def _beginning(self) -> bytes:
        """The first bytes, as few as tell whether this is text."""
        head = self._stream.read(_HEAD_BYTES)
        if may_be_no_text(head):
            from lrfit.data.csv.foreign import n_more_bytes, refuse_no_text  # noqa: PLC0415 (seldom needed)

            while more := self._stream.read(n_more_bytes(head)):
                head += more
            refuse_no_text(head, self._origin())
        return head

    def _origin(self) -> Origin:
        """The place where the text comes from, for commands that make a CSV of it."""
        from lrfit.data.csv.conversion import Origin  # noqa: PLC0415 (seldom needed)

        return Origin(self.name, self.path, is_packed=self._is_packed)

    def report(self, n_read: int | None = None) -> None:
        """Tell how many bytes, as stored, are read by now: here, or so many by workers."""
        if self._on_read and (n_bytes := n_bytes_of(self.stored)) is not None:
            self._on_read(self.stored.tell() if n_read is None else n_read, n_bytes)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """Turn errors of reading, unpacking and decoding into `DataError`."""
        try:
            yield
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(f"{self.name} is damaged gzip: {error}; pack it again") from error
        except UnicodeError as error:
            reason = str(error)
            if isinstance(error, UnicodeDecodeError):
                reason = f"byte 0x{error.object[error.start]:02X}: {error.reason}"
            raise DataError(
                f"{self.name} is not in the encoding that was named: {reason}; "
                f"name another by {spelled(encoding=...)}"
            ) from error
        except OSError as error:
            raise DataError(f"{self.name} cannot be read: {error.strerror or error}") from error


@contextmanager
def open_source(
    path: str, encoding: str = "utf-8", *, on_read: Callable[[int, int], None] | None = None
) -> Iterator[Source]:
    """The source at `path`, or on standard input for `-`, open within the block; see `Source`.

    Raises:
        DataError: It cannot be opened.
        UsageError: There is no such encoding.
    """
    with open_stream(path) as (stream, name):
        yield Source(stream, name, encoding, path=path, on_read=on_read)


def whole_rows(
    pieces: Iterable[tuple[bytes, bool]], name: str, *, rest: bytes = b"", is_quoted: bool = False
) -> Iterator[bytes]:
    """The whole rows that end in each piece of a text; none where no row ends.

    Args:
        pieces: The text in pieces, never cut between CR and LF, each with whether it is the last.
        name: Name of the text in messages.
        rest: The beginning of a row that goes on in the first piece.
        is_quoted: Whether the first piece starts within quotes.

    Raises:
        DataError: A row is longer than 16 MiB. A row whose quote is not closed is given out up to the quote
            at least, because it is the reader who says where it opens.
    """
    begun = [rest]
    for text, is_last in pieces:
        ends_quoted = is_quoted ^ has_odd_quotes(text)
        is_end = is_last and not ends_quoted
        end = len(text) if is_end else last_row_end(text, is_quoted=is_quoted)
        block = b""
        if end or is_end:
            block, begun = b"".join((*begun, memoryview(text)[:end])), []  # copied but once
        begun.append(text[end:])
        yield block
        is_quoted = ends_quoted
        n_begun = sum(map(len, begun))
        if is_quoted and (is_last or n_begun > LONGEST_ROW_BYTES):
            row = b"".join(begun)
            yield row if n_begun <= _LONG_ROW_BYTES else row[: row.find(b'"') + 1]
        if n_begun > LONGEST_ROW_BYTES:
            raise DataError(f"{name} has a row of over {LONGEST_ROW_BYTES >> 20} MiB: are there line ends?")


def has_odd_quotes(text: bytes) -> bool:
    """Whether a text has an odd number of quotes, so that it ends within quotes if it starts outside."""
    return b'"' in text and text.count(b'"') % 2 == 1  # to count takes long


class _Rejoined(io.RawIOBase):
    """A stream whose first bytes have been read already, made whole again."""

    def __init__(self, head: bytes, rest: BinaryIO) -> None:
        self._head = head
        self._rest = rest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data = self._head[: len(buffer)] or self._read_rest(len(buffer))
        self._head = self._head[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def _read_rest(self, n_bytes: int) -> bytes:
        """The bytes that are there, without waiting for all `n_bytes`."""
        read1 = getattr(self._rest, "read1", self._rest.read)
        data: bytes = read1(n_bytes)
        return data


def last_row_end(text: bytes, *, is_quoted: bool) -> int:
    """The end of the last whole row in a text, or 0; `is_quoted` if the text starts within quotes."""
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
