"""History files: the records of a run as a CSV, written line by line and read back to the same bits.

A `History` is also what pictures are made of, whether it was read from a file or comes from a run.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np

from lrfit.arrays import Array
from lrfit.data.csv.blocks import open_source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import Table
from lrfit.data.csv.writer import csv_line
from lrfit.errors import DataError
from lrfit.training.run import EpochRecord

__all__ = ["BEGINNING", "History", "history_header", "history_row", "next_thinned", "read_history"]

BEGINNING = ("epoch", "loss", "excess", "gradient_norm")
"""The columns that every history has, in front."""

_MOST_EPOCHS = 2.0**53
"""From which on float64 does not hold all whole numbers."""

_ALL, _GROWTH, _SHARE = 200, 1.02, 1000
"""Epochs of which a long run keeps all; by which factor, and by which share of the run, others follow."""


@dataclass(frozen=True, eq=False)
class History:
    """What is known of the epochs of a run, an entry for each of the arrays.

    Attributes:
        features: Names.
        intercept: Whether the model has one.
        epochs: Numbers of epochs done, ascending.
        loss: Half-MSE of the rows to train on.
        excess: The objective less its minimum.
        validation_loss: Half-MSE of the rows held out; None without.
        theta: Weights, then the intercept if there is one; shape (n_epochs, n_parameters).
    """

    features: tuple[str, ...]
    intercept: bool
    epochs: Array
    loss: Array
    excess: Array
    validation_loss: Array | None
    theta: Array

    @classmethod
    def of(cls, records: Iterable[EpochRecord], features: Sequence[str], *, intercept: bool) -> History:
        """That of a run; θ in the units of descent, in which the loss and the excess are not."""
        kept = list(records)
        losses = [record.validation_loss for record in kept]
        return cls(
            features=tuple(features),
            intercept=intercept,
            epochs=np.array([float(record.epoch) for record in kept]),
            loss=np.array([record.loss for record in kept]),
            excess=np.array([record.excess for record in kept]),
            validation_loss=None if None in losses else np.array(losses, dtype=np.float64),
            theta=np.array([record.theta for record in kept]),
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the columns of θ."""
        return (*self.features, *["intercept"] * self.intercept)

    def thinned(self) -> History:
        """The epochs that a picture can show: of a long run some 2,000, from its first to its last."""
        last, chosen = self.epochs[-1], [0]
        while chosen[-1] < len(self.epochs) - 1:
            due = next_thinned(int(self.epochs[chosen[-1]]), int(last))
            chosen.append(max(chosen[-1] + 1, int(np.searchsorted(self.epochs, due, side="right")) - 1))
        validation = None if self.validation_loss is None else self.validation_loss[chosen]
        return History(
            self.features,
            self.intercept,
            self.epochs[chosen],
            self.loss[chosen],
            self.excess[chosen],
            validation,
            self.theta[chosen],
        )


def next_thinned(epoch: int, last: int) -> int:
    """The next epoch, after this one, of the few that stand for a run that ends with `last`.

    All of the first 200; then those that are close on a log axis, or on a linear one.

    Examples:
        >>> next_thinned(7, 100), next_thinned(500, 1000), next_thinned(50_000, 1_000_000)
        (8, 501, 51000)
    """
    if epoch < _ALL:
        return epoch + 1
    step = -(-last // _SHARE)
    return min(int(epoch * _GROWTH) + 1, (epoch // step + 1) * step, max(last, epoch + 1))


def history_header(features: Sequence[str], *, intercept: bool, validation: bool = False) -> str:
    """The first line of a history file."""
    names = [*BEGINNING, *["validation_loss"] * validation, *(f"W[{name}]" for name in features)]
    return csv_line([*names, *["b"] * intercept]) + "\n"


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
        table = Table(source, CsvFormat(",", ".", header=True, drop_missing=False))
        features, validation, intercept = _parts(table.header, table.name)
        blocks = list(table.map_blocks(lambda block: block.values, table.header))
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
