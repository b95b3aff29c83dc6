"""The writer of columnar files: rows as they were read, with new columns of float64, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, BinaryIO

import pyarrow as pa
from pyarrow import ipc, parquet, types

from lrfit.arrays import Array
from lrfit.data.arrow_buffers import array_of
from lrfit.data.columnar.signs import PARQUET
from lrfit.errors import OutputError

__all__ = ["ColumnarWriter", "open_writer"]


class ColumnarWriter:
    """A writer to an open file.

    Args:
        file: The file.
        format_name: Its format.
        names: Names of the new columns.
        keeps_places: Whether words that were read as places in a dictionary are written so. All batches of an
            Arrow IPC file have one dictionary, so they have to be from such a file.
    """

    def __init__(self, file: BinaryIO, format_name: str, names: Sequence[str], *, keeps_places: bool) -> None:
        self._file = file
        self._format_name = format_name
        self._names = names
        self._keeps_places = keeps_places
        self._writer: Any = None

    def write(self, rows: pa.RecordBatch | None, columns: Sequence[Array]) -> None:
        """Write some rows with their new columns, or these alone."""
        added = [array_of(column) for column in columns]
        if rows is None:
            batch = pa.record_batch(added, names=self._names)
        else:
            fields = [pa.field(name, pa.float64()) for name in self._names]
            schema = pa.schema([*rows.schema, *fields], rows.schema.metadata)
            batch = pa.record_batch([*rows.columns, *added], schema=schema)
        batch = batch if self._keeps_places else _with_words(batch)
        if self._writer is None:
            self._writer = self._opened(batch.schema)
        self._writer.write_batch(batch)

    def _opened(self, schema: pa.Schema) -> Any:  # noqa: ANN401 (pyarrow has no types)
        if self._format_name == PARQUET:
            return parquet.ParquetWriter(self._file, schema, write_page_checksum=True)
        return ipc.new_file(self._file, schema)

    def close(self) -> None:
        """Write the end of the file."""
        if self._writer is not None:
            self._writer.close()


def _with_words(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch with words for places in a dictionary."""
    for i, field in enumerate(batch.schema):
        if types.is_dictionary(field.type):
            words = batch.column(i).dictionary_decode()
            batch = batch.set_column(i, field.with_type(words.type), words)
    return batch


@contextmanager
def open_writer(
    file: BinaryIO, format_name: str, names: Sequence[str], *, source_format: str
) -> Iterator[ColumnarWriter]:
    """A writer to an open file within the block, for rows from a file of this format; see `ColumnarWriter`.

    Raises:
        OutputError: Values of some type cannot be written in this format.
    """
    keeps_places = format_name in (PARQUET, source_format)
    writer = ColumnarWriter(file, format_name, names, keeps_places=keeps_places)
    try:
        try:
            yield writer
        finally:
            writer.close()  # in any case, as it would be closed later, when the file is gone
    except pa.ArrowException as error:
        reason = (str(error).splitlines() or [""])[0]
        raise OutputError(f"the rows cannot be written as {format_name}: {reason}") from error
