"""Predictions that are added to the rows of a table: as lines of CSV, or as columns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from lrfit.data.csv.writer import csv_line
from lrfit.errors import DataError
from lrfit.messages import shown
from lrfit.model.application import Application

if TYPE_CHECKING:
    from lrfit.arrays import Array
    from lrfit.data.block import Block
    from lrfit.data.column_names import ColumnRequest
    from lrfit.data.csv.format import CsvFormat
    from lrfit.data.kinds import Column
    from lrfit.data.table import Table
    from lrfit.model.document import ModelDocument
    from lrfit.model.intervals import IntervalKind

__all__ = ["AddedColumns", "Predictions"]

T = TypeVar("T")


@dataclass(frozen=True)
class Predictions:
    """Predictions to add to the rows of tables.

    Attributes:
        models: The models, one for each group.
        name: Name of the column of predictions.
        only: Whether the rows are left out.
        interval: The interval whose ends are added; None for none.
        level: Its level.
    """

    models: Sequence[ModelDocument]
    name: str
    only: bool
    interval: IntervalKind | None
    level: float

    def added_to(self, table: Table, columns: ColumnRequest, note: Callable[[str], None]) -> AddedColumns:
        """The predictions for the rows of a table, to be read."""
        names = [self.name, *([f"{self.name}_low", f"{self.name}_high"] if self.interval else [])]
        if not self.only:
            _refuse_taken(names, table)
        applied = Application(self.models, table, columns, note=note)
        ends = _ends(applied, self.interval, self.level)

        def predicted(block: Block) -> Sequence[Array]:
            y_hat = applied.predict(block.values)
            return [y_hat, *(ends(block.values, y_hat) if ends else [])]

        return AddedColumns(table, applied.columns, names, predicted, only=self.only)


@dataclass(frozen=True)
class AddedColumns:
    """New columns for the rows of one table, made as these are read.

    Attributes:
        table: The table.
        columns: The columns that are read for it.
        names: Names of the new columns.
        predicted: A function of a block to its new columns.
        only: Whether the rows are left out.
    """

    table: Table
    columns: Sequence[Column]
    names: Sequence[str]
    predicted: Callable[[Block], Sequence[Array]]
    only: bool

    def lines(self) -> Iterator[str]:
        """The header, or nothing where there is none, and then the rows as lines of CSV."""
        csv_format, predicted, only = self.table.format, self.predicted, self.only

        def written(block: Block) -> Lines:
            return Lines(_added(block.texts, _fields(predicted(block), csv_format), csv_format, only=only))

        chunks = self._mapped(written)
        title = _joined(self.names, csv_format)
        header = self.table.header_text
        yield "" if header is None else _added([header], [title], csv_format, only=only)
        yield from (chunk for _, chunk in chunks)

    def blocks(self) -> Iterator[tuple[Iterable[str] | None, Sequence[Array]]]:
        """The rows of each block, unless they are left out, and the new columns."""
        return (result for _, result in self._mapped(lambda block: (block.texts, self.predicted(block))))

    def _mapped(self, function: Callable[[Block], T]) -> Iterator[tuple[int, T]]:
        return self.table.map_blocks(function, self.columns, with_texts=not self.only, is_of_model=True)


def _refuse_taken(names: Sequence[str], table: Table) -> None:
    """Refuse names for new columns that the table has already."""
    if taken := [name for name in names if name in table.header]:
        raise DataError(f"{table.name} has a column {shown(taken[0])} already; choose another with --name")


def _ends(
    applied: Application, interval: IntervalKind | None, level: float
) -> Callable[[Array, Array], Array] | None:
    """A function to the ends of the interval that is asked for."""
    if interval is None:
        return None
    from lrfit.model.intervals import intervals  # noqa: PLC0415 (few predictions have any)

    return applied.ends(lambda model: intervals(model, interval, level))


def _fields(columns: Sequence[Array], csv_format: CsvFormat) -> Iterable[str]:
    """The numbers of each row, as fields behind those that are there."""
    texts = [_numbers(column, csv_format.decimal) for column in columns]
    if len(texts) == 1 and csv_format.decimal != csv_format.separator:
        return texts[0]
    return (_joined(row, csv_format) for row in zip(*texts, strict=True))


def _numbers(column: Array, decimal: str) -> Iterable[str]:
    """The numbers of a column with their shortest digits that are exact."""
    numbers = map(repr, column.tolist())
    return numbers if decimal == "." else (number.replace(".", decimal) for number in numbers)


def _joined(fields: Sequence[str], csv_format: CsvFormat) -> str:
    return csv_line(fields, csv_format.joint)


def _added(rows: Iterable[str] | None, fields: Iterable[str], csv_format: CsvFormat, *, only: bool) -> str:
    """The lines of `rows`, each with its fields added; with `only`, just these fields."""
    if not only and rows is not None:
        fields = map(csv_format.joint.join, zip(rows, fields, strict=True))
    return "\n".join(fields) + "\n"


class Lines(str):
    """Lines, which are merged by being put one behind the other."""

    __slots__ = ()

    def merge(self, other: Lines) -> Lines:
        """All lines, those of `other` last."""
        return Lines(self + other)
