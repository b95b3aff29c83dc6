"""A CSV that one worker reads as a whole: packed, in another encoding, or with lines that are left out."""

from __future__ import annotations

from typing import Any, Generic, NamedTuple, TypeVar

from lrfit.analysis.merge_tree import MergeTree
from lrfit.data.block import BlockCounts
from lrfit.data.csv.blocks import Source, csv_number
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.csv.header import read_header
from lrfit.data.csv.ranges import Work
from lrfit.data.file_mark import FileMark, open_marked
from lrfit.errors import DataError
from lrfit.system.memory import keep_freed_memory

__all__ = ["FileAnswer", "WholeFile", "work_on_file"]

T = TypeVar("T")


class WholeFile(NamedTuple):
    """A file, and how it is written.

    Attributes:
        path: Its path, from the root, or its address.
        name: Its name in messages.
        mark: What tells that this is the file.
        encoding: Encoding of its text.
        format: The format that was asked for.
        finds_separator: Whether it may show another separator.
    """

    path: str
    name: str
    mark: FileMark
    encoding: str
    format: CsvFormat
    finds_separator: bool


class FileAnswer(NamedTuple, Generic[T]):
    """The counts of all blocks, their results merged, and the message of the error that ended the work."""

    counts: BlockCounts
    result: T | None
    refusal: str | None


def work_on_file(some: WholeFile, work: Work[T]) -> FileAnswer[T]:
    """Work on the blocks of a file, and merge the results.

    Raises:
        DataError: The file is not there, or is another.
    """
    keep_freed_memory()
    tree: MergeTree[Any] = MergeTree()
    counts = BlockCounts(0, 0)
    with open_marked(some.path, some.mark) as stream:
        try:
            source = Source(stream, some.name, some.encoding, path=some.path)
            layout = ColumnLayout(some.name, some.format, (), ())
            header = read_header(source.blocks(some.format), layout, finds_separator=some.finds_separator)
            first = source.n_blocks - 1
            for i, block in enumerate(header.blocks, first):
                of_block, result = work(block, 1 + header.n_lines + counts.n_lines)
                counts = counts.merge(of_block)
                if result is not None:
                    tree.add(csv_number(i, is_one_part=True), result)
        except DataError as error:
            return FileAnswer(counts, None, str(error))
    return FileAnswer(counts, tree.total() if tree else None, None)
