"""Training data: what a run is given, whether it comes from a table or from arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.columns import choose_columns
from lrfit.data.sample import Sample, read_sample, sample_of
from lrfit.data.tables import TableRequest, open_table
from lrfit.messages import listed, rows_text, shown
from lrfit.system.listener import Listener

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut
    from lrfit.data.row_store import RowStore

__all__ = ["TrainingData", "read_training_data", "training_data_of"]


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows that a run is given, as far as it needs them.

    Attributes:
        features: Names of the columns of x.
        target: Name of y.
        sample: What is known of the rows.
        held_out: Moments of the rows to validate on; None without.
        rows: The rows to train on; None if they were not kept, or are too many.
    """

    features: tuple[str, ...]
    target: str
    sample: Sample
    held_out: Moments | None = None
    rows: RowStore | None = None

    @property
    def moments(self) -> Moments:
        """Moments of the rows to train on."""
        return self.sample.moments


def read_training_data(
    request: TableRequest,
    listener: Listener | None = None,
    *,
    validation: TableRequest | None = None,
    hold_out: HoldOut | None = None,
    most_kept: float = 0,
    max_memory: int | None = None,
) -> TrainingData:
    """The columns of a table that are asked for, read once from front to back.

    Args:
        request: The table, and its columns.
        listener: Hears what was chosen, and how far the reading is.
        validation: A table of rows to validate on.
        hold_out: Which rows of the table to validate on instead.
        most_kept: The rows are kept if there are no more than this.
        max_memory: Bytes that they may take; beyond it a scratch file holds them. Half of what is available
            if None.

    Raises:
        DataError: A table cannot be read, or lacks a column.
    """
    listener = listener or Listener()
    rows = _row_store(max_memory) if most_kept else None
    with open_table(request, listener) as table:
        features, target = choose_columns(
            table.header, request.x, request.y, drop=request.drop, source_name=table.name
        )
        keep = None if rows is None else _appending(rows, most_kept)
        sample = read_sample(table, [*features, target], keep=keep, hold_out=hold_out)
        listener.note(
            f"{table.name}: {rows_text(table.n_samples)}, target {shown(target)}, features {listed(features)}"
        )
        if not request.x and (unnamed := [i for i, name in enumerate(table.header, 1) if not name]):
            listener.note(f"left out columns without a name: {', '.join(map(str, unnamed))}")
    held_out = sample.held_out
    if validation:
        with open_table(validation, listener) as table:
            held_out = read_sample(table, [*features, target]).moments
    if held_out:
        listener.note(
            f"training on {rows_text(sample.moments.n_samples)}, validating on {held_out.n_samples}"
        )
    if rows is not None and len(rows) > most_kept:
        rows = None
    return TrainingData(tuple(features), target, sample, held_out, rows)


def training_data_of(
    columns: Array, features: Sequence[str], target: str, *, hold_out: HoldOut | None = None
) -> TrainingData:
    """The data of rows that are in memory, shape (n_columns, n_rows), the target last.

    Raises:
        DataError: There is no row, or none is left to train on or to validate on.
    """
    rows = _row_store(columns.nbytes)
    sample = sample_of(columns, keep=rows.append, hold_out=hold_out)
    return TrainingData(tuple(features), target, sample, sample.held_out, rows)


def _row_store(max_bytes: int | None) -> RowStore:
    from lrfit.data.row_store import RowStore  # noqa: PLC0415 (full batches need no rows)

    return RowStore(max_bytes)


def _appending(rows: RowStore, most: float) -> Callable[[Array], None]:
    """A function that adds rows to a store, until there are more than `most`."""

    def append(block: Array) -> None:
        if len(rows) <= most:
            rows.append(block)

    return append
