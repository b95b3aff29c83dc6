"""Batches: the rows that descent runs on, all of them or some at a time, in the units of descent.

Full batches are the sigma points of the data, or all rows: one window an epoch, so that many epochs can be
run at once. Mini-batches come from a store of rows, window by window, in the order of the epoch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from lrfit.analysis.scaling import Scaling
from lrfit.arrays import Array
from lrfit.data.shuffle import Order, order_by_parts, order_of_epoch, orders

if TYPE_CHECKING:
    from lrfit.data.level_rows import LevelRows
    from lrfit.data.row_store import RowStore

EpochOrder: TypeAlias = Order | list[Order] | None
"""The order of the rows of an epoch; of each part in turn; or None for the order in which they are."""

__all__ = [
    "Batches",
    "EpochOrder",
    "FullBatches",
    "MiniBatches",
    "Windowed",
    "in_descent_units",
    "largest",
    "longest",
    "n_shortest",
]

_MOST_ROWS = 4096
"""Number of the longest rows that enter a bound, at most; with more it could only be lower."""


class Batches(Protocol):
    """The rows (x, y) that descent runs on.

    Attributes:
        batch_size: Number of rows of a step; the last one of an epoch may have fewer.
        is_full: Whether each step sees all rows, so that an epoch is one window, the same each time.
        is_weighted: Whether the rows have weights, with the mean 1, in a column behind y.
        n_steps: Number of steps of an epoch.
        is_even: Whether no row always counts more than others, as in a batch that is always shorter.
    """

    @property
    def batch_size(self) -> int: ...  # noqa: D102

    @property
    def is_full(self) -> bool: ...  # noqa: D102

    @property
    def is_weighted(self) -> bool: ...  # noqa: D102

    @property
    def n_steps(self) -> int: ...  # noqa: D102

    @property
    def is_even(self) -> bool: ...  # noqa: D102

    def __len__(self) -> int:
        """Number of rows of an epoch."""


class Windowed(Batches, Protocol):
    """Batches whose rows are in this process."""

    def order(self, epoch: int) -> EpochOrder:
        """The order of the rows in an epoch; None for the order in which they are."""

    def orders(self, epochs: range) -> Iterator[EpochOrder]:
        """The orders of the rows in these epochs; None for the order in which they are."""

    def windows(self, order: EpochOrder = None) -> Iterator[Array]:
        """The rows of an epoch, shape (n, n_features + 1 or 2), a whole number of batches at a time."""


@dataclass(frozen=True, eq=False)
class FullBatches:
    """Each step sees all of the rows, or the sigma points that stand for them.

    Attributes:
        rows: Shape (n_rows, n_features + 1), in the units of descent; and their weights if there are any.
        is_weighted: Whether the rows have weights.
    """

    rows: Array
    is_weighted: bool = False
    is_full = True
    is_even = True
    n_steps = 1

    @property
    def batch_size(self) -> int:
        """Number of rows of a step: all."""
        return len(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def order(self, epoch: int) -> None:
        """None: all epochs have the rows as they are."""

    def orders(self, epochs: range) -> Iterator[None]:  # noqa: ARG002
        """All epochs have the rows as they are."""
        return repeat(None)

    def windows(self, order: EpochOrder = None) -> Iterator[Array]:  # noqa: ARG002
        """All rows, at once."""
        yield self.rows


@dataclass(frozen=True, eq=False)
class MiniBatches:
    """Each step sees some of the rows.

    Attributes:
        store: The rows, in the units of the data, and their weights if there are any.
        scaling: The way from these to the units of descent.
        batch_size: Number of rows of a step.
        shuffle: Whether each epoch has an order of its own.
        seed: Seed of these orders.
        mean_weight: Mean of the weights of the rows; None if they have none.
        part_sizes: Number of rows of each part, if the shuffle is by parts; else None.
    """

    store: RowStore | LevelRows
    scaling: Scaling
    batch_size: int
    shuffle: bool
    seed: int
    mean_weight: float | None = None
    part_sizes: tuple[int, ...] | None = None
    is_full = False

    @property
    def is_weighted(self) -> bool:
        """Whether the rows have weights."""
        return self.mean_weight is not None

    def __len__(self) -> int:
        return len(self.store)

    @property
    def _sequences(self) -> tuple[int, ...]:
        """Number of rows of each sequence that is cut into batches: of all rows, or of each part."""
        return self.part_sizes or (len(self),)

    @property
    def n_steps(self) -> int:
        """Number of steps of an epoch."""
        return sum(-(-n_rows // self.batch_size) for n_rows in self._sequences)

    @property
    def is_even(self) -> bool:
        """Whether no row is always in a shorter batch, or likelier to be."""
        is_mixed = self.shuffle and self.part_sizes is None
        return is_mixed or not any(n_rows % self.batch_size for n_rows in self._sequences)

    def order(self, epoch: int) -> EpochOrder:
        """The order of the rows in an epoch, of rows that are shuffled."""
        if self.part_sizes:
            return order_by_parts(self.part_sizes, self.seed, epoch)
        return order_of_epoch(len(self), self.seed, epoch)

    def orders(self, epochs: range) -> Iterator[EpochOrder]:
        """The orders of the rows in these epochs, one drawn ahead."""
        return map(self.order, epochs) if self.part_sizes else orders(len(self), self.seed, epochs)

    def windows(self, order: EpochOrder = None) -> Iterator[Array]:
        """The rows in this order, a whole number of batches at a time; a window is valid until the next."""
        for sequence in order if isinstance(order, list) else [order]:
            for window in self.store.windows(self.batch_size, sequence):
                yield in_descent_units(window, self.scaling, self.mean_weight)

    def largest_curvature(self, *, fit_intercept: bool, l2: float) -> float:
        """A number that no eigenvalue of the Hessian of a batch exceeds: the mean of w·‖(x, 1)‖² + l2.

        The mean is that of the longest rows, as many as the shortest batch has: they may be all that it has.
        """
        n_rows, k = n_shortest(self._sequences, self.batch_size), len(self.scaling.shift) - 1
        found = np.zeros(0)
        for rows in self.store.windows(1):
            window = in_descent_units(rows, self.scaling, self.mean_weight)
            squares = longest(window, k, n_rows, is_weighted=self.is_weighted, fit_intercept=fit_intercept)
            found = largest(np.append(found, squares), n_rows)
        return float(np.mean(np.sort(found))) + (fit_intercept and not self.is_weighted) + l2


def n_shortest(sequences: Sequence[int], batch_size: int) -> int:
    """Number of rows of the shortest batch, but no more than a bound needs.

    Args:
        sequences: Number of rows of each sequence that is cut into batches.
        batch_size: Number of rows of a batch.
    """
    return min(*(n_rows % batch_size or batch_size for n_rows in sequences), _MOST_ROWS)


def longest(rows: Array, n_features: int, n: int, *, is_weighted: bool, fit_intercept: bool) -> Array:
    """The squared lengths of the `n` longest rows x; of w·‖(x, 1)‖², if rows have weights."""
    squares = np.einsum("ij,ij->i", rows[:, :n_features], rows[:, :n_features])
    if is_weighted:
        squares = (squares + fit_intercept) * rows[:, -1]
    return largest(squares, n)


def largest(values: Array, n: int) -> Array:
    """The `n` largest of some values, in any order."""
    return np.partition(values, len(values) - n)[-n:] if len(values) > n else values


def in_descent_units(rows: Array, scaling: Scaling, mean_weight: float | None) -> Array:
    """Rows in the units of descent, and their weights, if they have some, with the mean 1."""
    if mean_weight is None:
        return scaling.apply(rows)
    return np.column_stack([scaling.apply(rows[:, :-1]), rows[:, -1] / mean_weight])
