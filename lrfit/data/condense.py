"""Condensing: a block made the few numbers that a sample needs of it, in a worker.

These are the moments of its rows, by level where features are words, and by group where each group gets a
line; their checksum, from which the rows held out are drawn; and the ends of the ranges of its columns.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.block import Block
from lrfit.data.columns import ColumnChoice
from lrfit.data.extremes import Extremes

if TYPE_CHECKING:
    from lrfit.analysis.level_moments import LevelMoments
    from lrfit.data.hold_out import HoldOut
    from lrfit.system.cluster import Kept

__all__ = ["AnyMoments", "CondensedBlock", "Part", "Recipe", "condensed"]

AnyMoments: TypeAlias = "Moments | LevelMoments"
"""Moments of numbers; or, where some features are words, by level."""


@dataclass(frozen=True, eq=False)
class Recipe:
    """How a block is condensed.

    Attributes:
        choice: The columns.
        hold_out: The choice of the rows held out; None to train on all.
        wants_rows: Whether the rows are kept, too, unless they are too many.
        needs_rows: Whether they are kept however many they are.
    """

    choice: ColumnChoice
    hold_out: HoldOut | None = None
    wants_rows: bool = False
    needs_rows: bool = False

    @property
    def n_features(self) -> int:
        """Number of columns of features."""
        return len(self.choice.features)

    @property
    def holds_out_last(self) -> bool:
        """Whether the last rows are held out, so that all rows are needed until they are known."""
        return self.hold_out is not None and self.hold_out.is_last

    @property
    def keeps_values(self) -> bool:
        """Whether the rows of a block are kept: they are wanted, or the last are not yet known."""
        return self.wants_rows or self.holds_out_last

    @property
    def is_weighted(self) -> bool:
        """Whether the rows have weights, behind the target."""
        return self.choice.weights is not None

    @property
    def categories(self) -> list[int]:
        """Indices of the categories."""
        return [i for i, column in enumerate(self.choice.features) if column.kind == "category"]

    @property
    def numbers(self) -> list[int]:
        """Indices of the other features, and of the target."""
        return [i for i in range(self.n_features + 1) if i not in self.categories]

    def no_moments(self) -> AnyMoments:
        """The moments of no rows."""
        return self.moments(np.zeros((len(self.choice.columns), 0)), [()] * self.n_features)

    def moments(self, values: Array, levels: Sequence[Sequence[str]]) -> AnyMoments:
        """The moments of rows given by their columns: features, target, and the weights if there are any."""
        weights = values[self.n_features + 1] if self.is_weighted else None
        if not self.categories:
            return Moments.of_columns(values[: self.n_features + 1], weights)
        from lrfit.analysis.level_moments import LevelMoments  # noqa: PLC0415 (most data have no words)

        places, names = values[self.categories], [levels[i] for i in self.categories]
        return LevelMoments.of_columns(values[self.numbers], places, names, weights)


class KeptRows(NamedTuple):
    """Rows that are kept to train on.

    Attributes:
        values: Their values, by columns, shape (n_columns, n_rows).
        levels: For each feature, the levels whose places its values are; empty for one of numbers.
    """

    values: Array
    levels: tuple[tuple[str, ...], ...]


class Part(NamedTuple):
    """The rows of one group, in a block or in files.

    Attributes:
        n_rows: Number of rows.
        marks: Tells them from others: for a block, the number of rows and the CRC-32 of the values; for
            files, the fingerprint of each.
        training: Moments of the rows to train on.
        held_out: Moments of the rows held out.
        kept: The rows to train on, block by block; None if they are not kept here.
    """

    n_rows: int
    marks: tuple[tuple[int, int], ...] | tuple[str, ...]
    training: AnyMoments
    held_out: AnyMoments
    kept: tuple[KeptRows, ...] | None = None

    def merge(self, other: Part) -> Part:
        """The rows of both."""
        return Part(
            self.n_rows + other.n_rows,
            self.marks + other.marks,  # type: ignore[operator]
            self.training.merge(other.training),  # type: ignore[arg-type]
            self.held_out.merge(other.held_out),  # type: ignore[arg-type]
            None if self.kept is None or other.kept is None else self.kept + other.kept,
        )


class CondensedBlock(NamedTuple):
    """The numbers that a sample needs of a block, or of several.

    Attributes:
        parts: What is needed of each group; of "" where there are none.
        extremes: Ends of the ranges of all columns of numbers.
        remote: The rows to train on of each group, where a worker keeps them; None if none does.
    """

    parts: dict[str, Part]
    extremes: Extremes
    remote: Kept | None = None

    def merge(self, other: CondensedBlock) -> CondensedBlock:
        """Both together."""
        parts = dict(self.parts)
        for name, part in other.parts.items():
            parts[name] = parts[name].merge(part) if name in parts else part
        return CondensedBlock(parts, self.extremes.merge(other.extremes))

    def parted(self) -> tuple[CondensedBlock, dict[str, tuple[KeptRows, ...]]]:
        """The numbers without the rows, and the rows of each group."""
        without = {name: part._replace(kept=None) for name, part in self.parts.items()}
        return self._replace(parts=without), {name: part.kept or () for name, part in self.parts.items()}


def condensed(block: Block, *, recipe: Recipe) -> CondensedBlock:
    """The moments and checksums of a block, group by group, and the ends of its ranges."""
    k, choice = recipe.n_features, recipe.choice
    levels = block.levels or ((),) * len(block.values)
    numbers = block.values[: k + 1]
    extremes = Extremes.of_columns(block.values[recipe.numbers] if recipe.categories else numbers)
    values = block.values[: k + 1 + recipe.is_weighted]
    groups = {"": values}
    if choice.by is not None:
        places = block.values[-1]
        groups = {name: values[:, places == i] for i, name in enumerate(levels[-1])}
    parts = {name: _part(rows, levels[:k], recipe) for name, rows in groups.items()}
    return CondensedBlock(parts, extremes)


def _part(values: Array, levels: tuple[tuple[str, ...], ...], recipe: Recipe) -> Part:
    """The moments and the checksum of some rows. Those of weight 0 are not there."""
    if recipe.is_weighted and not values[-1].all():
        values = values[:, values[-1] > 0.0]
    values = np.ascontiguousarray(values)
    checksum, n_rows = zlib.crc32(values.data), values.shape[1]
    if any(levels):
        checksum = zlib.crc32(repr(levels).encode(), checksum)
    training, held_out = values, values[:, :0]
    if recipe.hold_out and not recipe.hold_out.is_last:
        mask = recipe.hold_out.mask(n_rows, checksum)
        training, held_out = training.compress(~mask, axis=1), training.compress(mask, axis=1)
    return Part(
        n_rows,
        ((n_rows, checksum),),
        recipe.moments(training, levels),
        recipe.moments(held_out, levels),
        (KeptRows(training, levels),) if recipe.keeps_values else None,
    )
