"""Mini-batches whose rows stay on the workers of a cluster, part by part.

A part is brought to the units of descent once, where it lies, and stays there. Steps have rows of one part
alone, so the shuffle is by parts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from lrfit.analysis.scaling import Scaling
from lrfit.arrays import Array
from lrfit.data.condense import KeptRows
from lrfit.data.kinds import Column
from lrfit.data.spread_rows import SpreadRows, rows_of
from lrfit.training.batches import FullBatches, MiniBatches, in_descent_units, largest, longest, n_shortest

if TYPE_CHECKING:
    from lrfit.system.cluster import Cluster, Kept

__all__ = ["AnyBatches", "SpreadBatches"]


class _Preparation(NamedTuple):
    """A part to prepare; see `SpreadBatches` for what is not listed here.

    Attributes:
        part: Index of the part.
        group: Name of the group.
        n_longest: Number of the longest rows that are asked for.
    """

    part: int
    group: str
    columns: Sequence[Column]
    scaling: Scaling
    mean_weight: float | None
    n_longest: int
    fit_intercept: bool


@dataclass(frozen=True, eq=False)
class SpreadBatches:
    """Each step sees some of the rows of a part.

    Attributes:
        rows: The rows, in the units of the data, and their weights if there are any.
        scaling: The way from these to the units of descent.
        batch_size: Number of rows of a step.
        seed: Seed of the shuffles.
        mean_weight: Mean of the weights of the rows; None if they have none.
        fit_intercept: Whether the model has an intercept.
    """

    rows: SpreadRows
    scaling: Scaling
    batch_size: int
    seed: int
    mean_weight: float | None
    fit_intercept: bool
    is_full = False

    @property
    def cluster(self) -> Cluster:
        """The cluster whose workers keep the rows."""
        return self.rows.parts[0].kept.cluster

    @property
    def is_weighted(self) -> bool:
        """Whether the rows have weights."""
        return self.mean_weight is not None

    @cached_property
    def part_sizes(self) -> tuple[int, ...]:
        """Number of rows of each part."""
        return tuple(part.n_rows for part in self.rows.parts)

    @cached_property
    def n_steps(self) -> int:
        """Number of steps of an epoch."""
        return sum(-(-n_rows // self.batch_size) for n_rows in self.part_sizes)

    @property
    def is_even(self) -> bool:
        """Whether no row is likelier to be in a shorter batch."""
        return not any(n_rows % self.batch_size for n_rows in self.part_sizes)

    def __len__(self) -> int:
        return len(self.rows)

    @cached_property
    def _prepared(self) -> tuple[list[Kept], Array]:
        """The rows of each part in the units of descent, where they lie; and the longest of all."""
        n_longest = n_shortest(self.part_sizes, self.batch_size)
        items = [
            _Preparation(
                i,
                part.group,
                self.rows.columns,
                self.scaling,
                self.mean_weight,
                n_longest,
                self.fit_intercept,
            )
            for i, part in enumerate(self.rows.parts)
        ]
        kept, squares = [], np.zeros(0)
        for _, found, rows in self.cluster.map_keeping(_prepare, items, lambda item: [self._part(item.part)]):
            kept.append(rows)
            squares = largest(np.append(squares, found), n_longest)
        return kept, squares

    def _part(self, part: int) -> Kept:
        return self.rows.parts[part].kept

    @property
    def prepared(self) -> Sequence[Kept]:
        """The rows of each part in the units of descent, and their weights, with the mean 1, behind them."""
        return self._prepared[0]

    def largest_curvature(self, *, fit_intercept: bool, l2: float) -> float:
        """As `MiniBatches.largest_curvature` has it."""
        mean = float(np.mean(np.sort(self._prepared[1])))
        return mean + (fit_intercept and not self.is_weighted) + l2


AnyBatches: TypeAlias = FullBatches | MiniBatches | SpreadBatches
"""The batches of a run."""


def _prepare(item: _Preparation, kept: Mapping[str, Sequence[KeptRows]]) -> tuple[Array, Array]:
    """The squared lengths of the longest rows of a part, and its rows in the units of descent."""
    rows = in_descent_units(rows_of(item.group, item.columns, kept), item.scaling, item.mean_weight)
    is_weighted = item.mean_weight is not None
    k = rows.shape[1] - 1 - is_weighted
    return longest(rows, k, item.n_longest, is_weighted=is_weighted, fit_intercept=item.fit_intercept), rows
