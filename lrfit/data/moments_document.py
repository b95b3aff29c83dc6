"""Documents of moments: a table condensed to what full-batch descent needs of it, in a few hundred bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated

import numpy as np

from lrfit.analysis.level_moments import LevelMoments
from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.columns import ColumnChoice
from lrfit.data.condense import AnyMoments
from lrfit.data.kinds import Column
from lrfit.data.moments_sign import FORMAT_NAME
from lrfit.errors import DataError
from lrfit.system.documents import DocumentFormat
from lrfit.system.rules import Count, Positive, Rule, one_of

__all__ = ["FORMAT", "MomentsDocument", "moments_document", "to_bytes"]


_SOME = Rule(bool, "a list that is not empty")


@dataclass(frozen=True)
class NumberMoments:
    """The moments of rows of numbers (x, y); see `Moments`.

    Attributes:
        n_samples: Number of rows.
        mean: Mean of each column.
        factor: L, lower triangular, row by row: L·Lᵀ is the covariance of the columns (divided by n).
        total_weight: Sum of the weights of the rows; None if they have none.
    """

    n_samples: Count
    mean: list[float]
    factor: Annotated[list[list[float]], _SOME]
    total_weight: Positive | None = None

    @classmethod
    def of(cls, moments: Moments) -> NumberMoments:
        """The document of moments."""
        return cls(moments.n_samples, moments.mean.tolist(), moments.factor.tolist(), moments.total_weight)

    def moments(self, width: int) -> Moments:
        """The moments; a ValueError says if they are not of `width` columns."""
        factor = _matrix("factor", self.factor, width)
        if factor.shape[1] > width or np.triu(factor, 1).any():
            raise ValueError("field 'factor' is not lower triangular")
        _check_length("mean", self.mean, width)
        return Moments(self.n_samples, np.array(self.mean), factor, self.total_weight)


@dataclass(frozen=True)
class LeveledMoments:
    """The moments of rows with words, by the combinations of levels that occur; see `LevelMoments`.

    Attributes:
        n_samples: Number of rows.
        combinations: The combinations of levels that occur.
        weights: Sum of the weights of the rows of each combination.
        means: Means of their numbers, a row for each combination.
        root: R, upper triangular, row by row: RᵀR is the sum of w·z·zᵀ, z the numbers minus these means.
        is_weighted: Whether the rows have weights.
    """

    n_samples: Count
    combinations: Annotated[list[list[str]], _SOME]
    weights: Annotated[list[Positive], _SOME]
    means: Annotated[list[list[float]], _SOME]
    root: Annotated[list[list[float]], _SOME]
    is_weighted: bool = False

    @classmethod
    def of(cls, moments: LevelMoments) -> LeveledMoments:
        """The document of moments."""
        return cls(
            moments.n_samples,
            list(map(list, moments.combinations)),
            moments.weights.tolist(),
            moments.means.tolist(),
            moments.root.tolist(),
            moments.is_weighted,
        )

    def moments(self, n_numbers: int, n_categories: int) -> LevelMoments:
        """The moments; a ValueError says if they are not of so many columns."""
        for combination in self.combinations:
            _check_length("combinations", combination, n_categories)
        combinations = tuple(map(tuple, self.combinations))
        if len(set(combinations)) < len(combinations):
            raise ValueError("field 'combinations' has one twice")
        _check_length("weights", self.weights, len(self.combinations))
        means = _matrix("means", self.means, len(self.combinations), n_numbers)
        if not np.isfinite(sum(self.weights)):
            raise ValueError("field 'weights' has a sum that is not finite")
        root = _matrix("root", self.root, len(self.root), n_numbers)
        if len(root) > n_numbers or np.tril(root, -1).any():
            raise ValueError("field 'root' is not upper triangular")
        return LevelMoments(
            self.n_samples,
            combinations,
            np.array(self.weights),
            means,
            root,
            self.is_weighted,
        )


@dataclass(frozen=True)
class GroupMoments:
    """The moments of the rows of a group, or of all.

    Attributes:
        fingerprints: The fingerprint of each file that was read; see `Sample`.
        of_numbers: The moments, if all features are numbers.
        of_levels: The moments, if some features are words.
        level: The level of the group; None for all rows.
    """

    fingerprints: Annotated[list[str], _SOME]
    of_numbers: NumberMoments | None = None
    of_levels: LeveledMoments | None = None
    level: str | None = None


@dataclass(frozen=True)
class MomentsDocument:
    """A document of moments: what full-batch descent needs of a table.

    Attributes:
        columns: The kinds of the features by their names, in order.
        target: Name of y.
        groups: The moments of each group; of all rows, if there are none.
        weights_column: The column of the weights of the rows; None if all count the same.
        group_column: The column whose levels are the groups; None without.
        units: Units of columns by their names, as far as the table said.
        lost_digits: Whether an integer beyond 2^53 was read, whose last digits may be lost.
    """

    columns: Annotated[
        dict[str, Annotated[str, one_of(("number", "date", "category"))]],
        Rule(bool, "of one feature or more"),
    ]
    target: str
    groups: Annotated[list[GroupMoments], _SOME]
    weights_column: str | None = None
    group_column: str | None = None
    units: dict[str, str] = field(default_factory=dict)
    lost_digits: bool = False

    @property
    def choice(self) -> ColumnChoice:
        """The columns that were read."""
        features = tuple(Column(name, kind) for name, kind in self.columns.items())
        return ColumnChoice(features, self.target, self.weights_column, self.group_column)

    def check_names(self) -> None:
        """Raise a ValueError if a column has two roles, or groups contradict their column."""
        roles = [*self.columns, self.target, self.weights_column, self.group_column]
        names = [name for name in roles if name is not None]
        if len(set(names)) < len(names):
            raise ValueError("a column has two roles")
        levels = [group.level for group in self.groups]
        if self.group_column is None and levels != [None]:
            raise ValueError("field 'groups' has levels, but field 'group_column' is null")
        if self.group_column is not None and (None in levels or len(set(levels)) < len(levels)):
            raise ValueError("field 'groups' lacks a level, or has one twice")

    def moments(self, group: GroupMoments) -> AnyMoments:
        """The moments of a group; a ValueError says what in them does not fit the columns."""
        if group.of_levels and group.of_numbers:
            raise ValueError("field 'groups' has moments of two kinds for the same rows")
        n_categories = [*self.columns.values()].count("category")
        width = len(self.columns) + 1 - n_categories
        if group.of_levels and n_categories:
            self._check_weights(is_weighted=group.of_levels.is_weighted)
            return group.of_levels.moments(width, n_categories)
        if group.of_numbers and not n_categories:
            self._check_weights(is_weighted=group.of_numbers.total_weight is not None)
            return group.of_numbers.moments(width)
        raise ValueError("field 'groups' has no moments for columns of these kinds")

    def _check_weights(self, *, is_weighted: bool) -> None:
        if is_weighted != (self.weights_column is not None):
            raise ValueError("field 'weights_column' contradicts the moments")


FORMAT = DocumentFormat(FORMAT_NAME, 1, MomentsDocument)


def moments_document(
    choice: ColumnChoice,
    groups: Mapping[str, tuple[AnyMoments, Sequence[str]]],
    *,
    units: Mapping[str, str],
    lost_digits: bool,
) -> MomentsDocument:
    """The document of the moments of a table.

    Args:
        choice: The columns that were read.
        groups: The moments and the fingerprints of each group; those of "" where there are no groups.
        units: Units of columns.
        lost_digits: Whether an integer beyond 2^53 was read.
    """
    return MomentsDocument(
        {column.name: column.kind for column in choice.features},
        choice.target,
        [
            GroupMoments(
                list(fingerprints),
                NumberMoments.of(moments) if isinstance(moments, Moments) else None,
                LeveledMoments.of(moments) if isinstance(moments, LevelMoments) else None,
                level if choice.by is not None else None,
            )
            for level, (moments, fingerprints) in groups.items()
        ],
        choice.weights,
        choice.by,
        dict(units),
        lost_digits,
    )


def to_bytes(document: MomentsDocument) -> bytes:
    """A document as the bytes of a file; see `DocumentFormat.to_bytes`.

    Raises:
        DataError: A number in it is not finite.
    """
    try:
        return FORMAT.to_bytes(document)
    except ValueError as error:
        raise DataError(
            "the moments are beyond the range of float64: divide columns by powers of ten"
        ) from error


def _check_length(name: str, values: Sequence[object], length: int) -> None:
    if len(values) != length:
        raise ValueError(f"field {name!r} has {len(values)} entries, and must have {length}")


def _matrix(name: str, rows: Sequence[Sequence[float]], n_rows: int, n_columns: int | None = None) -> Array:
    """The rows of a matrix of this shape, with any number of columns if None."""
    _check_length(name, rows, n_rows)
    for row in rows:
        _check_length(name, row, n_columns or len(rows[0]))
    return np.array(rows, dtype=np.float64).reshape(n_rows, n_columns or len(rows[0]))
