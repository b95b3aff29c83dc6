"""History files: the records of a run as a CSV, written line by line and read back to the same bits."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from lrfit.arrays import Array
from lrfit.data.csv.blocks import open_source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import CsvTable
from lrfit.data.csv.writer import csv_line
from lrfit.errors import DataError
from lrfit.training.history import History
from lrfit.training.record import EpochRecord

__all__ = ["BEGINNING", "history_header", "history_row", "history_schema", "read_history"]

BEGINNING = ("epoch", "loss", "excess", "gradient_norm")
"""The first columns of every history."""

_MOST_EPOCHS = 2.0**53
"""Number from which on float64 does not hold all integers."""


def history_header(features: Sequence[str], *, intercept: bool, validation: bool = False) -> str:
    """The first line of a history file."""
    names = [*BEGINNING, *["validation_loss"] * validation, *(f"W[{name}]" for name in features)]
    return csv_line([*names, *["b"] * intercept]) + "\n"


def history_schema() -> dict[str, Any]:
    """The JSON Schema of a row of a history, as an object with the names of the columns."""
    from lrfit.model.schema import DIALECT  # noqa: PLC0415 (few want a schema)

    number = {"type": "number"}
    return {
        "$schema": DIALECT,
        "title": "row of an lrfit history",
        "type": "object",
        "properties": {
            "epoch": {"type": "integer", "description": "Number of epochs done; 0 is the start."},
            "loss": {**number, "description": "Half-MSE of the rows trained on."},
            "excess": {**number, "description": "The objective minus its minimum."},
            "gradient_norm": {**number, "description": "Norm of the gradient, in the units of descent."},
            "validation_loss": {**number, "description": "Half-MSE of the rows held out, if there are any."},
            "b": {**number, "description": "The intercept, if the model has one."},
        },
        "patternProperties": {r"^W\[.*\]$": {**number, "description": "The weight of a feature."}},
        "required": list(BEGINNING),
    }


def history_row(record: EpochRecord, *, intercept: bool) -> str:
    """The line of a history file for one record; with its validation loss, if it has one."""
    validation = [] if record.validation_loss is None else [record.validation_loss]
    measures = [record.loss, record.excess, record.gradient_norm, *validation]
    numbers = [*measures, *map(float, record.weights), *[record.intercept] * intercept]
    return csv_line([str(record.epoch), *map(repr, numbers)]) + "\n"


def read_history(path: str) -> History:
    """The history in the file at `path`, in the units of the data.

    Raises:
        DataError: It cannot be opened, or is no history; says where.
    """
    with open_source(path) as source:
        table = CsvTable(source, CsvFormat(",", ".", header=True, drop_missing=False))
        features, validation, intercept = _parts(table.header, table.name)
        blocks = [values for _, values in table.map_blocks(lambda block: block.values, table.header)]
    columns = np.concatenate(blocks, axis=1)
    start = len(BEGINNING) + validation
    _check(columns[:start], table.name)
    return History(
        features,
        intercept,
        columns[0],
        columns[1],
        columns[2],
        columns[start - 1] if validation else None,
        columns[start:].T,
    )


def _parts(header: Sequence[str], name: str) -> tuple[tuple[str, ...], bool, bool]:
    """The features in a header, and whether it has a validation loss and an intercept."""
    validation = header[len(BEGINNING) : len(BEGINNING) + 1] == ("validation_loss",)
    rest = header[len(BEGINNING) + validation :]
    weights = list(takewhile(lambda column: column.startswith("W[") and column.endswith("]"), rest))
    features = tuple(column[2:-1] for column in weights)
    intercept = rest[len(weights) :] == ("b",)
    wanted = history_header(features, intercept=intercept, validation=validation)
    if not features or csv_line(header) + "\n" != wanted:
        raise DataError(
            f"{name} is no history as lrfit train --history writes it: its columns are not epoch, loss, "
            "excess, gradient_norm, W[…] and b"
        )
    return features, validation, intercept


def _check(columns: Array, name: str) -> None:
    """Refuse epochs that are no whole numbers from 0 on, or do not ascend; and measures below 0."""
    epochs = columns[0]
    is_whole = (epochs >= 0.0) & (epochs < _MOST_EPOCHS) & (epochs == np.floor(epochs))
    reasons = {
        "an epoch that is no whole number from 0 on": ~is_whole,
        "an epoch that does not come after that of the row before": np.diff(epochs, prepend=-1.0) <= 0.0,
        "a loss, an excess or a norm below 0": np.any(columns[1:] < 0.0, axis=0),
    }
    for reason, is_wrong in reasons.items():
        if np.any(is_wrong):
            row = int(np.argmax(is_wrong))
            raise DataError(
                f"{name} is no history: its row {row + 1}, of epoch {epochs[row]:.15g}, has {reason}"
            )
