"""The table in a CSV file: named columns, read once from front to back, block by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Generic, TypeVar

from lrfit.data.block import Block
from lrfit.data.column_names import ColumnRequest, check_known, named_columns
from lrfit.data.csv import blocks
from lrfit.data.csv.blocks import Source, csv_number
from lrfit.data.csv.fast import few_bytes
from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.data.csv.header import read_header
from lrfit.data.csv.parse import parse
from lrfit.data.file_mark import FileMark
from lrfit.data.kinds import Column
from lrfit.data.tally import Answer, Tallied, Tally
from lrfit.errors import DataError
from lrfit.system.files import rooted
from lrfit.system.workers import map_ahead

if TYPE_CHECKING:
    from lrfit.system.cluster import Cluster

__all__ = ["CsvTable"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class _Work(Generic[T]):
    """A function of a block's numbers, made a function of its bytes."""

    function: Callable[[Block], T]
    layout: ColumnLayout
    with_texts: bool

    def __call__(self, block: bytes, first_line: int, *, fast: bool = True) -> Answer[T]:
        parsed = parse(block, self.layout, first_line, with_texts=self.with_texts, fast=fast)
        is_refused = parsed.counts.n_missing and not self.layout.format.drop_missing
        is_wanted = parsed.counts.n_rows and not is_refused
        try:
            return parsed.counts, self.function(parsed) if is_wanted else None
        except DataError as error:
            last_line = first_line + parsed.counts.n_lines - 1
            raise DataError(
                f"{self.layout.source_name}, lines {first_line} to {last_line}: {error}"
            ) from error

    def ahead(self, block: bytes) -> Answer[T]:
        """The same, in a process that does not know the block's first line.

        Raises:
            DataError: The block is refused, so the main process has to name the line.
        """
        counts, result = self(block, 1)
        if counts.n_missing and not self.layout.format.drop_missing:
            raise DataError(counts.first_missing)
        return counts, result


class CsvTable(Tallied):
    """A CSV whose header has been read, and whose rows can be read once.

    Args:
        source: The open source of bytes.
        format: The format of the CSV.
        finds_separator: Whether the header and the first rows may show another separator than that of the
            format, if with that one there is a single column.
        cluster: Workers that read the rows; None for this machine alone.
        streaming: Whether to give out rows as soon as they arrive, even one by one through a pipe. The first
            missing value then raises an error at once; otherwise all missing values are counted first.

    Attributes:
        header_text: The header as it was written; None if the table has none.
        units: The fields of a single row below the header that was left out; empty if there is none.

    Raises:
        DataError: There is no header, or it is a row of numbers.
    """

    def __init__(
        self,
        source: Source,
        format: CsvFormat,  # noqa: A002
        *,
        streaming: bool = False,
        finds_separator: bool = False,
        cluster: Cluster | None = None,
    ) -> None:
        self._source = source
        self._cluster = cluster
        self._given, self._finds_separator = format, finds_separator
        super().__init__(Tally(drops=format.drop_missing, is_prompt=streaming))
        self._is_prompt = streaming and not source.is_file
        layout = ColumnLayout(source.name, format, (), ())
        blocks = source.blocks(format, streaming=self._is_prompt)
        header = read_header(blocks, layout, finds_separator=finds_separator)
        self.header_text = header.text
        self.units = header.units
        self._layout = replace(layout, header=header.names, format=header.format)
        self._line = 1 + header.n_lines
        self._n_kept = header.n_bytes
        self._blocks = header.blocks
        self._first_number = source.n_blocks - 1

    @property
    def name(self) -> str:
        """The table's name in messages."""
        return self._layout.source_name

    @property
    def format_name(self) -> str:
        """The name of the file's format in messages."""
        return "CSV"

    @property
    def format(self) -> CsvFormat:
        """The format of the CSV."""
        return self._layout.format

    @property
    def header(self) -> tuple[str, ...]:
        """Names of all columns, in file order."""
        return self._layout.header

    def named(self, request: ColumnRequest, note: Callable[[str], None]) -> ColumnRequest:
        """The request with the names of columns for positions and lists; see `named_columns`.

        A column that the header has no name for, but the request takes, is named by its position from now on.
        """
        named, names = named_columns(self.header, request, note)
        self._layout = replace(self._layout, header=names)
        return named

    def map_blocks(
        self,
        function: Callable[[Block], T],
        columns: Sequence[str | Column],
        *,
        with_texts: bool = False,
        is_of_model: bool = False,
        keeps: bool = False,
    ) -> Iterator[tuple[int, T]]:
        """The number of each block that has rows and the result of `function` for it; see `Table.map_blocks`.

        Args:
            function: A function of a block.
            columns: The columns whose values it needs; those that are mere names are numbers.
            with_texts: Whether it also needs the rows as they were written.
            is_of_model: Whether a model says which columns these are, for messages.
            keeps: Whether workers of a cluster keep the rows of the results, part by part.
        """
        wanted = tuple(Column(column) if isinstance(column, str) else column for column in columns)
        check_known([column.name for column in wanted], self.header, self.name)
        places = {name: position for position, name in enumerate(self.header)}
        positions = tuple(places[column.name] for column in wanted)
        layout = replace(self._layout, positions=positions, columns=wanted, is_of_model=is_of_model)
        return self._results(_Work(function, layout, with_texts=with_texts), keeps=keeps)

    def _results(self, work: _Work[T], *, keeps: bool) -> Iterator[tuple[int, T]]:
        """The results for blocks that have rows; counts them all on the way."""
        answers = self._answers(work, keeps=keeps)
        columns = [column.name for column in work.layout.read]
        return self._tally.results(answers, columns, f"{self.name} has a header, but no rows")

    def _answers(self, work: _Work[T], *, keeps: bool) -> Iterator[tuple[int, Answer[T]]]:
        """The number of each block, and the answer for it; on a cluster, of some blocks merged."""
        if self._cluster and self.is_spread:
            return self._answers_there(work, self._cluster, keeps=keeps)
        number = partial(csv_number, is_one_part=self._source.is_one_part(self.format))
        here = self._answers_here(work)
        return zip(map(number, count(self._first_number)), here, strict=False)

    @property
    def is_spread(self) -> bool:
        """Whether the workers of a cluster read it."""
        return self._cluster is not None and self._source.is_file and self._source.path != "-"

    def _answers_there(
        self, work: _Work[T], cluster: Cluster, *, keeps: bool
    ) -> Iterator[tuple[int, Answer[T]]]:
        """The number of the first block of each range that a worker reads, or of the file, and the answer."""
        from lrfit.data.csv.ranges import ranges_of  # noqa: PLC0415 (few runs have a cluster)
        from lrfit.data.csv.spread import spread_answers, whole_answers  # noqa: PLC0415
        from lrfit.data.csv.whole_file import WholeFile  # noqa: PLC0415

        source = self._source
        if source.can_be_split(self.format):
            ranges = ranges_of(source, self._n_kept, blocks.PART_BLOCKS if keeps else None)
            return spread_answers(cluster, ranges, work, self._line, on_read=source.report, keeps=keeps)
        path, mark = rooted(source.path), FileMark.of(source.stored)
        some = WholeFile(path, source.name, mark, source.encoding, self._given, self._finds_separator)
        return whole_answers(cluster, some, work, keeps=keeps)

    def _answers_here(self, work: _Work[T]) -> Iterator[Answer[T]]:
        """An answer for each block, from a worker or, where workers give none, worked out here."""
        alone = ((block, None) for block in self._blocks)  # rows that arrive one by one leave none to others
        done = alone if self._is_prompt else map_ahead(work.ahead, self._blocks)
        n_bytes = 0
        for block, given in done:
            n_bytes += len(block)
            answer = given or work(block, self._line, fast=n_bytes > few_bytes())
            self._line += answer[0].n_lines
            yield answer
