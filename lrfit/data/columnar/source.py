"""Sources: the batches of a columnar file, of some of its columns, in an order and with numbers of the file.

The rows of a batch are of one row group of Parquet, or of one record batch of Arrow IPC, and their number
depends on that of the columns. So a process that reads one row group gets the same batches of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence, Sized
from contextlib import contextmanager
from typing import BinaryIO, NamedTuple, Protocol

import pyarrow as pa
from pyarrow import ipc

from lrfit.data.block_numbers import number_of
from lrfit.data.columnar.signs import ARROW, ARROW_STREAM, PARQUET
from lrfit.errors import DataError

__all__ = ["Batch", "Source", "open_source"]

_MOST_ROWS, _FEWEST_ROWS = 1 << 17, 1 << 12
"""Number of rows of a batch of few columns, and of very many."""

_VALUES = 1 << 18
"""Number of values of a batch: few enough for a processor's cache, and enough that each costs little."""

_BUFFER_BYTES = 1 << 20
"""Number of bytes of each column that are read at a time, however large a row group is."""

OnGroup = Callable[[int, int], None]
"""A function that is told how many groups of how many are read."""


class Batch(NamedTuple):
    """Some rows that follow each other.

    Attributes:
        number: Number of the batch in the file, which grows, with gaps.
        first_row: Number of its first row in the file, from 1.
        rows: The rows.
    """

    number: int
    first_row: int
    rows: pa.RecordBatch


class Source(Protocol):
    """A columnar file that is open; its batches can be read once."""

    name: str
    format_name: str
    schema: pa.Schema

    def batches(self, positions: Sequence[int]) -> Iterator[Batch]:
        """All batches, of the columns at these positions, in this order.

        Raises:
            DataError: The file is damaged, or written in a way that is not read.
        """


def open_source(stream: BinaryIO, name: str, format_name: str, on_group: OnGroup) -> Source:
    """The source in a stream of this format.

    Args:
        stream: The bytes.
        name: The stream's name in messages.
        format_name: The format that its first bytes show.
        on_group: Told how far the reading is.

    Raises:
        DataError: The file is damaged, or written in a way that is not read.
    """
    with _reading(name, format_name):
        source = _opened(stream, name, format_name, on_group)
        source.schema.names  # noqa: B018 (Arrow decodes them when asked for, and may fail)
        return source


def _opened(stream: BinaryIO, name: str, format_name: str, on_group: OnGroup) -> Source:
    if format_name == PARQUET:
        return ParquetSource(stream, name, on_group)
    return ArrowFile(stream, name, on_group) if format_name == ARROW else ArrowStream(stream, name)


@contextmanager
def _reading(name: str, format_name: str) -> Iterator[None]:
    """Turn errors of pyarrow into `DataError`."""
    try:
        yield
    except (pa.ArrowException, OSError, ValueError, MemoryError) as error:  # sizes may be damaged, too
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise DataError(
            f"{name} is damaged, or {format_name} of a kind that is not read: {reason}"
        ) from error


class ParquetSource:
    """A Parquet file, whose groups are its row groups.

    Args:
        stream: The file.
        name: Its name in messages.
        on_group: Told how far the reading is.

    Attributes:
        format_name: The name of the format.
        schema: The columns and their types.
        n_groups: Number of row groups.
        on_group: Told how far the reading is.
    """

    format_name = PARQUET

    def __init__(self, stream: BinaryIO, name: str, on_group: OnGroup) -> None:
        self.name = name
        self.on_group = on_group
        from pyarrow import parquet  # noqa: PLC0415 (Arrow IPC does not need it)

        # Without buffers of one size, memory grows with the row groups; reading ahead takes a whole one.
        self._file = parquet.ParquetFile(
            stream, pre_buffer=False, buffer_size=_BUFFER_BYTES, page_checksum_verification=True
        )
        self.schema: pa.Schema = self._file.schema_arrow
        self.n_groups: int = self._file.num_row_groups

    def batches(self, positions: Sequence[int]) -> Iterator[Batch]:
        """All batches; see `Source`."""
        for group in range(self.n_groups):
            yield from self.batches_of_group(group, positions)
            self.on_group(group + 1, self.n_groups)

    def batches_of_group(self, group: int, positions: Sequence[int]) -> Iterator[Batch]:
        """The batches of a row group, from 0, as they are among all batches.

        Raises:
            DataError: It is damaged.
        """
        names = list(dict.fromkeys(self.schema.names[position] for position in positions))
        metadata = self._file.metadata
        first_row = 1 + sum(metadata.row_group(i).num_rows for i in range(group))
        with _reading(self.name, self.format_name):
            batches = self._file.iter_batches(
                _n_rows(positions), row_groups=[group], columns=names, use_threads=False
            )
            for i, batch in enumerate(batches):
                rows = batch.select([_place(batch.schema, self.schema, p) for p in positions])
                rows.validate(full=True)
                yield Batch(number_of(i, part=group), first_row, rows)
                first_row += len(rows)


def _place(read: pa.Schema, schema: pa.Schema, position: int) -> int:
    """The place of a column among those that were read by their names, which columns may share."""
    name = schema.names[position]
    return int(read.get_all_field_indices(name)[schema.names[:position].count(name)])


class ArrowFile:
    """An Arrow IPC file, whose groups are its record batches; see `ParquetSource`."""

    format_name = ARROW

    def __init__(self, stream: BinaryIO, name: str, on_group: OnGroup) -> None:
        self.name = name
        self._stream = stream
        self.on_group = on_group
        self.schema: pa.Schema = ipc.open_file(stream).schema

    def batches(self, positions: Sequence[int]) -> Iterator[Batch]:
        """All batches; see `Source`."""
        fields = sorted(positions)
        places = [fields.index(position) for position in positions]
        with _reading(self.name, self.format_name):
            options = ipc.IpcReadOptions(included_fields=fields, use_threads=False)
            file = ipc.open_file(self._stream, options=options)
            first_row = 1
            for group in range(file.num_record_batches):
                batch = file.get_batch(group).select(places)
                yield from _cut(batch, group, first_row)
                first_row += len(batch)
                self.on_group(group + 1, file.num_record_batches)


class ArrowStream:
    """An Arrow IPC stream, from a file or a pipe; see `ArrowFile`."""

    format_name = ARROW_STREAM

    def __init__(self, stream: BinaryIO, name: str) -> None:
        self.name = name
        self._reader = ipc.open_stream(stream)
        self.schema: pa.Schema = self._reader.schema

    def batches(self, positions: Sequence[int]) -> Iterator[Batch]:
        """All batches; see `Source`."""
        first_row = 1
        with _reading(self.name, self.format_name):
            for group, whole in enumerate(self._reader):
                batch = whole.select(list(positions))
                yield from _cut(batch, group, first_row)
                first_row += len(batch)


def _cut(batch: pa.RecordBatch, group: int, first_row: int) -> Iterator[Batch]:
    """The batches of a record batch."""
    batch.validate(full=True)
    n_rows = _n_rows(batch.schema)
    for i, begin in enumerate(range(0, len(batch), n_rows)):
        yield Batch(number_of(i, part=group), first_row + begin, batch.slice(begin, n_rows))


def _n_rows(columns: Sized) -> int:
    """Number of rows of a batch of so many columns, a power of two."""
    power = (_VALUES // max(len(columns), 1)).bit_length() - 1
    return min(max(1 << max(power, 0), _FEWEST_ROWS), _MOST_ROWS)
