"""Training data: what a command reads of a CSV before it descends, by its options.

Imports no NumPy before it reads, so that help is quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any

from lrfit.cli.options import open_table
from lrfit.cli.terminal import Terminal
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown
from lrfit.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.analysis.moments import Moments
    from lrfit.arrays import Array
    from lrfit.data.csv.table import Table
    from lrfit.data.row_store import RowStore
    from lrfit.data.sample import Sample
    from lrfit.model.document import ModelDocument

__all__ = ["TrainingData", "check_size", "read_training_data"]


@dataclass(frozen=True)
class TrainingData:
    """What was read.

    Attributes:
        features: Names of the columns of x.
        target: Name of y.
        sample: What is known of the rows.
        held_out: Moments of the rows to validate on; None without.
        rows: The rows to train on; None if they were not kept, or are too many.
    """

    features: list[str]
    target: str
    sample: Sample
    held_out: Moments | None
    rows: RowStore | None


def read_training_data(
    options: dict[str, Any],
    settings: TrainingSettings,
    terminal: Terminal,
    model: ModelDocument | None = None,
    *,
    keep_rows: float = 0,
) -> TrainingData:
    """The columns that are asked for, or those of a model.

    Args:
        options: Of a command with `data`, `column_options` and `csv_options`; also `validation` and
            `max_memory`, if it has them.
        settings: Which say what is held out, and whether descent needs the rows.
        terminal: Is told what was chosen.
        model: Whose columns are read, if the options do not say which.
        keep_rows: Keep the rows, though descent may not need them, if there are no more than so many.

    Raises:
        DataError: The table cannot be read, or lacks a column.
        UsageError: The options contradict each other, or the model.
    """
    from lrfit.data.hold_out import HoldOut  # noqa: PLC0415 (imports NumPy)
    from lrfit.data.row_store import RowStore  # noqa: PLC0415 (imports NumPy)
    from lrfit.data.sample import read_sample  # noqa: PLC0415 (imports NumPy)

    validation = options.get("validation")
    most = inf if settings.needs_rows else keep_rows
    rows = RowStore(options.get("max_memory"))
    fraction = settings.validation_fraction
    if fraction and validation:
        raise UsageError(
            "--validation and rows held out exclude each other: the model that is resumed has some"
        )
    with open_table(options["data"], options, terminal) as table:
        features, target = _chosen_columns(table, options, terminal, model)
        sample = read_sample(
            table,
            [*features, target],
            keep=_keeping(rows, most) if most else None,
            hold_out=None if fraction is None else HoldOut(fraction, settings.seed),
        )
    held_out = sample.held_out
    if validation:
        with open_table(validation, options, terminal) as table:
            held_out = read_sample(table, [*features, target]).moments
    if held_out:
        terminal.note(f"rows: {held_out.n_samples} to validate on, {sample.moments.n_samples} to train on")
    return TrainingData(features, target, sample, held_out, rows if 0 < len(rows) <= most else None)


def _chosen_columns(
    table: Table, options: dict[str, Any], terminal: Terminal, model: ModelDocument | None
) -> tuple[list[str], str]:
    """Names of the columns of x, and of y: those of the options, else of the model, else the default."""
    from lrfit.data.columns import choose_columns  # noqa: PLC0415 (imports NumPy)
    from lrfit.messages import listed  # noqa: PLC0415 (imports NumPy)

    x = [name for group in options["x"] for name in group] or list(model.weights if model else [])
    y = model.target if model and options["y"] is None else options["y"]
    features, target = choose_columns(table.header, x, y, source_name=table.name)
    terminal.note(f"{table.name}: target {shown(target)}, features {listed(features)}")
    if model and (features, target) != (list(model.weights), model.target):
        raise UsageError("the model that is resumed has other columns: leave out -x and -y")
    return features, target


def _keeping(rows: RowStore, most: float) -> Callable[[Array], None]:
    """What adds rows to a store, until these are more than so many."""

    def keep(chunk: Array) -> None:
        if len(rows) <= most:
            rows.append(chunk)

    return keep


def check_size(data: TrainingData) -> None:
    """Refuse values whose squares overflow, of which nothing could be drawn but the rows.

    Raises:
        DataError: There are such values.
    """
    from lrfit.training.plan import LARGEST_VALUE  # noqa: PLC0415 (imports NumPy)

    if not all(size < LARGEST_VALUE for size in data.sample.moments.root_mean_square):
        raise DataError(
            f"values beyond {LARGEST_VALUE:g} overflow when they are squared; divide the columns by a "
            "power of ten first"
        )
