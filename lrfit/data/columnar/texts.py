"""Texts of values: as a CSV of the same rows has them, so that they read back to the same numbers."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from lrfit.data.columnar.kinds import value_type
from lrfit.errors import DataError
from lrfit.messages import shown, spelled

__all__ = ["RowTexts", "texts_of"]


class RowTexts:
    """The rows of a block with all columns: as CSV lines when they are gone through.

    Args:
        batch: The rows as they were read.
        names: Names of all columns, for messages.
    """

    def __init__(self, batch: pa.RecordBatch, names: tuple[str, ...]) -> None:
        self.batch = batch
        self._names = names

    def __iter__(self) -> Iterator[str]:
        fields = [self._fields(i) for i in range(self.batch.num_columns)]
        return map(",".join, zip(*fields, strict=True))

    def _fields(self, i: int) -> list[str]:
        array = self.batch.column(i)
        try:
            texts = texts_of(array)
        except pa.ArrowException as error:
            raise DataError(
                f"column {shown(self._names[i])} holds {shown(str(array.type))}, which CSV has no way to "
                f"write: {spelled(only=True)} leaves out all columns, {spelled(output='out.parquet')} keeps "
                "them as they are"
            ) from error
        return ["" if text is None else _quoted(text) for text in texts]


def _quoted(text: str) -> str:
    """A field of CSV, in quotes where need be."""
    if not any(character in text for character in ',"\r\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def texts_of(array: pa.Array) -> list[str | None]:
    """The text of each value; None for null.

    Floats have their shortest digits that are exact in float64. Times are in UTC.

    Raises:
        pyarrow.ArrowException: Values of this type have no text.
    """
    types, kind = pa.types, value_type(array.type)
    values = array if kind == array.type else array.dictionary_decode()
    if types.is_floating(kind):
        floats = values.cast(pa.float64()).to_pylist()
        return [None if number is None else repr(number) for number in floats]
    end = ""
    if types.is_timestamp(kind) and kind.tz is not None:
        values, end = values.cast(pa.timestamp(kind.unit)), "Z"
    texts: list[str | None] = values.cast(pa.large_string()).to_pylist()
    return [None if text is None else text + end for text in texts] if end else texts
