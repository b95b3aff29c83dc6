"""The table in a columnar file: named columns with types, read once from front to back, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, Generic, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from lrfit.data.block import Block, BlockCounts, ColumnValues, used_levels
from lrfit.data.column_names import ColumnRequest, check_known, named_columns
from lrfit.data.columnar.kinds import refusal
from lrfit.data.columnar.source import Batch, ParquetSource, Source
from lrfit.data.columnar.texts import RowTexts
from lrfit.data.columnar.values import Where, column_values
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.writer import csv_line
from lrfit.data.kinds import Column
from lrfit.data.tally import Answer, Tallied, Tally
from lrfit.errors import DataError
from lrfit.messages import shown
from lrfit.system.threads import map_in_threads

if TYPE_CHECKING:
    from lrfit.system.cluster import Cluster

__all__ = ["ColumnarTable"]

T = TypeVar("T")

_UNNAMED = "__index_level_"
"""How the name begins that pandas gives the column of an index without a name."""


class ColumnarTable(Tallied):
    """A columnar file that is open, and whose rows can be read once.

    Args:
        source: The source of batches.
        form: The format of its rows as CSV, which also says what stands for a missing value.
        streaming: Whether the first missing value raises an error at once; otherwise all are counted first.
        file: Path of the file, and the open file; needed for a cluster.
        cluster: Workers that read the row groups of Parquet; None for this machine alone.

    Attributes:
        header: Names of all columns; "" for the index that pandas wrote without a name.
        header_text: The same as it is written in CSV.
        format: The format of its rows as CSV.
        units: Empty, as such files have no units.
    """

    units: tuple[str, ...] = ()

    def __init__(
        self,
        source: Source,
        form: CsvFormat,
        *,
        streaming: bool = False,
        file: tuple[str, BinaryIO] | None = None,
        cluster: Cluster | None = None,
    ) -> None:
        self._source = source
        self._file = file
        self._cluster = cluster
        super().__init__(Tally(drops=form.drop_missing, is_prompt=streaming))
        self.format = form
        self.header = _header(source.schema)
        self.header_text: str | None = csv_line(self.header)

    @property
    def name(self) -> str:
        """The table's name in messages."""
        return self._source.name

    @property
    def format_name(self) -> str:
        """The name of the file's format in messages."""
        return self._source.format_name

    def named(self, request: ColumnRequest, note: Callable[[str], None]) -> ColumnRequest:
        """The request with the names of columns for positions and lists; see `named_columns`.

        A column that the header has no name for, but the request takes, is named by its position from now on.
        """
        named, self.header = named_columns(self.header, request, note)
        return named

    def map_blocks(
        self,
        function: Callable[[Block], T],
        columns: Sequence[Column],
        *,
        with_texts: bool = False,
        is_of_model: bool = False,
        keeps: bool = False,
    ) -> Iterator[tuple[int, T]]:
        """The number of each block that has rows and the result of `function` for it; see `Table.map_blocks`.

        Args:
            function: A function of a block. It runs in another thread.
            columns: The columns whose values it needs.
            with_texts: Whether it also needs the rows with all columns, as `RowTexts`.
            is_of_model: Whether a model says which columns these are, for messages.
            keeps: Whether workers of a cluster keep the rows of the results, row group by row group.
        """
        check_known([column.name for column in columns], self.header, self.name)
        positions = [self.header.index(column.name) for column in columns]
        for position, column in zip(positions, columns, strict=True):
            data_type = self._source.schema.field(position).type
            if reason := refusal(data_type, column, is_of_model=is_of_model):
                raise DataError(f"{self.name}: {reason}")
        wanted = range(len(self.header)) if with_texts else sorted(set(positions))
        places = tuple(wanted.index(position) for position in positions)
        header = self.header if with_texts else None
        work = _Work(function, self.name, tuple(columns), places, self.format, header)
        answers = self._answers(work, wanted, keeps=keeps)
        names = [column.name for column in columns]
        return self._tally.results(answers, names, f"{self.name} has no rows")

    def _answers(
        self, work: _Work[T], wanted: Sequence[int], *, keeps: bool
    ) -> Iterator[tuple[int, Answer[T]]]:
        """The number of each batch and the answer for it; on a cluster, of the batches of a row group."""
        source = self._source
        if self._cluster and self._file and isinstance(source, ParquetSource):
            from lrfit.data.columnar.spread import spread_answers  # noqa: PLC0415 (few runs have a cluster)

            return spread_answers(self._cluster, source, self._file, wanted, work, keeps=keeps)
        return map_in_threads(work, source.batches(wanted))

    @property
    def is_spread(self) -> bool:
        """Whether the workers of a cluster read it."""
        return bool(self._cluster and self._file) and isinstance(self._source, ParquetSource)


@dataclass(frozen=True, eq=False)
class _Work(Generic[T]):
    """A function of a block's numbers, made a function of a batch.

    Attributes:
        function: The function.
        source_name: The file's name in messages.
        columns: The columns to read.
        places: Their places in a batch.
        format: Says what stands for a missing value.
        header: Names of all columns, if the function needs the rows with all of them; None if not.
    """

    function: Callable[[Block], T]
    source_name: str
    columns: tuple[Column, ...]
    places: tuple[int, ...]
    format: CsvFormat
    header: tuple[str, ...] | None

    def __call__(self, batch: Batch) -> tuple[int, Answer[T]]:
        """The number of a batch, its counts, and the result for it."""
        read = [
            column_values(batch.rows.column(place), column, self.format, self._where(batch, column.name))
            for place, column in zip(self.places, self.columns, strict=True)
        ]
        block = self._block(batch, read)
        counts = block.counts
        if not counts.n_rows or (counts.n_missing and not self.format.drop_missing):
            return batch.number, (counts, None)
        try:
            return batch.number, (counts, self.function(block))
        except DataError as error:
            last = batch.first_row + len(batch.rows) - 1
            raise DataError(f"{self.source_name}, rows {batch.first_row} to {last}: {error}") from error

    def _where(self, batch: Batch, name: str) -> Where:
        return lambda row: f"{self.source_name}, row {batch.first_row + row} (from 1), column {shown(name)}"

    def _block(self, batch: Batch, read: Sequence[ColumnValues]) -> Block:
        """The rows of a batch that lack no value."""
        values = np.empty((len(read), len(batch.rows)))
        for row, column in zip(values, read, strict=True):
            row[:] = column.values
        rows = batch.rows
        lost = [column.lost_digits for column in read if column.lost_digits is not None]
        is_lost = np.logical_or.reduce(lost) if lost else np.zeros(len(rows), np.bool_)
        counts = BlockCounts(len(rows), len(rows))
        lacking = np.isnan(values)
        if lacking.any():
            present = ~np.logical_or.reduce(lacking)
            counts = self._counts_of_missing(lacking, batch)
            values, is_lost = values.compress(present, axis=1), is_lost[present]
            rows = _those(rows, present) if self.header else rows
        counts = replace(counts, lost_digits=bool(is_lost.any()))
        texts = None if self.header is None else RowTexts(rows, self.header)
        return Block(values, texts, counts, used_levels(values, self.columns, [c.levels for c in read]))

    def _counts_of_missing(self, lacking: npt.NDArray[np.bool_], batch: Batch) -> BlockCounts:
        """The counts of a batch in which values are missing, by their mask, shape (n_columns, n_rows)."""
        absent = np.flatnonzero(np.logical_or.reduce(lacking))
        first, n_rows = int(absent[0]), len(batch.rows)
        where = self._where(batch, self.columns[int(np.argmax(lacking[:, first]))].name)(first)
        of_columns = tuple(map(int, np.count_nonzero(lacking, axis=1)))
        return BlockCounts(n_rows - len(absent), n_rows, len(absent), where, of_columns)


def _those(rows: pa.RecordBatch, present: npt.NDArray[np.bool_]) -> pa.RecordBatch:
    """The rows of a mask. They are joined run by run, which works with types that Arrow cannot filter."""
    ends = np.flatnonzero(np.diff(present, prepend=False, append=False)).reshape(-1, 2)
    runs = [rows.slice(begin, end - begin) for begin, end in ends.tolist()]
    return pa.concat_batches(runs) if runs else rows.slice(0, 0)


def _header(schema: pa.Schema) -> tuple[str, ...]:
    """Names of all columns; "" for an index that pandas wrote without a name, as its CSV has it."""
    try:
        columns = (schema.pandas_metadata or {}).get("index_columns", ())
    except ValueError:  # it is not JSON
        columns = ()
    unnamed = [name for name in columns if isinstance(name, str) and name.startswith(_UNNAMED)]
    return tuple("" if name in unnamed else name for name in schema.names)
