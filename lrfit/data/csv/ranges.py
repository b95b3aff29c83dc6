"""Ranges of blocks: the very blocks of a whole CSV file, found without reading what is before them.

A block ends where the last row ends in its piece of the file, of 1 MiB. So who reads the blocks from k on has
to look back for the last row end before piece k, and to know whether it is within quotes. Nobody can tell
that from the piece itself. So a range is first read as if no quote were open before it, and gives back
whether one is open behind it. Where it turns out that one was open before, the range is read again.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Generic, NamedTuple, TypeAlias, TypeVar

from lrfit.analysis.merge_tree import MergeTree
from lrfit.data.block import BlockCounts
from lrfit.data.csv import blocks
from lrfit.data.csv.blocks import Source, csv_number, has_odd_quotes, last_row_end, whole_rows
from lrfit.data.file_mark import FileMark, open_marked
from lrfit.errors import DataError
from lrfit.system.files import rooted
from lrfit.system.memory import keep_freed_memory

__all__ = ["BlockRange", "Place", "RangeAnswer", "Work", "ranges_of", "work_on"]

T = TypeVar("T")

RANGE_BLOCKS = 16
"""Number of blocks of a range, a power of 2: so many that what a task costs by itself is little."""


@dataclass(frozen=True)
class BlockRange:
    """Some blocks of a file, one behind the other.

    Attributes:
        path: Path of the file, from the root; or its address.
        name: Its name in messages.
        mark: What tells that this is the file.
        first: Number of the first block.
        end: Number of the block behind the last one.
        n_kept: Number of bytes of the first block that are behind the header; None for all.
        is_quoted: Whether its first piece starts within quotes.
    """

    path: str
    name: str
    mark: FileMark
    first: int
    end: int
    n_kept: int | None = None
    is_quoted: bool = False

    @property
    def end_byte(self) -> int:
        """The place in the file behind its last piece."""
        return min(self.end * blocks.BLOCK_BYTES, self.mark.n_bytes)

    def blocks(self, stream: BinaryIO, quoted: list[bool]) -> Iterator[bytes]:
        """The blocks, as `Source.blocks` gives them.

        Args:
            stream: The open file.
            quoted: Is given, for each piece that has been read, whether a quote is open behind it.
        """

        def pieces() -> Iterator[tuple[bytes, bool]]:
            for number in range(self.first, self.end):
                text, is_last = _piece(stream, number)
                quoted.append((quoted[-1] if quoted else self.is_quoted) ^ has_odd_quotes(text))
                yield text, is_last

        rest = _begun_row(stream, self.first, is_quoted=self.is_quoted)
        rows = whole_rows(pieces(), self.name, rest=rest, is_quoted=self.is_quoted)
        first = next(rows)
        yield first if self.n_kept is None else first[len(first) - self.n_kept :]
        yield from rows


def ranges_of(source: Source, n_kept: int, n_blocks: int | None = None) -> Iterator[BlockRange]:
    """The ranges of a file, whose blocks are each a subtree of the `MergeTree` of all.

    Args:
        source: The file, which is not read any more; see `Source.can_be_split`.
        n_kept: Number of bytes of the first block that are behind the header.
        n_blocks: Number of blocks of a range, a power of 2; those of a task if None.
    """
    path, mark = rooted(source.path), FileMark.of(source.stored)
    n_blocks = n_blocks or RANGE_BLOCKS
    n_pieces = mark.n_bytes // blocks.BLOCK_BYTES + 1  # the last one is short, or empty
    for first in range(0, n_pieces, n_blocks):
        end = min(first + n_blocks, n_pieces)
        yield BlockRange(path, source.name, mark, first, end, None if first else n_kept)


Work: TypeAlias = Callable[[bytes, int], tuple[BlockCounts, T | None]]
"""A function of a block's bytes and the number of its first line, whose results can be merged."""


class Place(NamedTuple):
    """A place in a range that the caller has to look at, for a message.

    Attributes:
        number: Number of the block.
        n_lines: Number of lines of the range before it.
        is_quoted: Whether the block's piece starts within quotes.
    """

    number: int
    n_lines: int
    is_quoted: bool


@dataclass(frozen=True, eq=False)
class RangeAnswer(Generic[T]):
    """The work on a range.

    Attributes:
        counts: The counts of all of its blocks, or of those before the one that was refused.
        result: Their results merged; None if they have no rows.
        ends_quoted: Whether a quote is open behind it; not known where a block was refused.
        missing: The first block with rows that lack a value; None if there is none.
        refused: The block that was refused, at which the work ended; None if there is none.
    """

    counts: BlockCounts
    result: T | None
    ends_quoted: bool
    missing: Place | None = None
    refused: Place | None = None


def work_on(some: BlockRange, work: Work[T]) -> RangeAnswer[T]:
    """Work on the blocks of a range, and merge the results.

    Raises:
        DataError: The file is not there, or is another.
    """
    keep_freed_memory()
    with open_marked(some.path, some.mark) as stream:
        return _work_on(some, stream, work)


def _work_on(some: BlockRange, stream: BinaryIO, work: Work[T]) -> RangeAnswer[T]:
    tree: MergeTree[Any] = MergeTree()
    counts, missing, refused = BlockCounts(0, 0), None, None
    quoted: list[bool] = []
    here = Place(some.first, 0, some.is_quoted)
    try:
        for block in some.blocks(stream, quoted):
            number = some.first + len(quoted) - 1  # a piece may have two blocks, if a quote is never closed
            if number > here.number:
                here = Place(number, counts.n_lines, quoted[-2])
            of_block, result = work(block, 1)
            missing = missing or (here if of_block.n_missing else None)
            counts = counts.merge(of_block)
            if result is not None:
                tree.add(csv_number(number), result)
    except DataError:
        refused = here
    return RangeAnswer(counts, tree.total() if tree else None, bool(quoted) and quoted[-1], missing, refused)


def _piece(stream: BinaryIO, number: int) -> tuple[bytes, bool]:
    """The piece of a file of this number, never cut between CR and LF; and whether it is the last."""
    size = blocks.BLOCK_BYTES
    before = min(number, 1)  # the byte before it may be a CR, which is a part of it
    stream.seek(number * size - before)
    data = stream.read(size + before)
    is_last = len(data) < size + before
    text = data[before:] if data[:before] != b"\r" else data
    text = text.removeprefix(codecs.BOM_UTF8) if not number else text
    return text if is_last or not text.endswith(b"\r") else text[:-1], is_last


def _begun_row(stream: BinaryIO, number: int, *, is_quoted: bool) -> bytes:
    """The beginning of the row that goes on in a piece, which starts within quotes or not."""
    begun: list[bytes] = []
    while number and sum(map(len, begun)) <= blocks.LONGEST_ROW_BYTES:
        number -= 1
        text, _ = _piece(stream, number)
        is_quoted ^= has_odd_quotes(text)
        end = last_row_end(text, is_quoted=is_quoted)
        begun.append(text[end:])
        if end:
            break
    return b"".join(reversed(begun))
