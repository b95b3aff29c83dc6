"""Moments by level: the moments of rows some of whose features are words, before all words are known.

All rows with the same words differ only in their numbers. So for each combination of levels that occurs there
is the weight and the mean of its numbers; and for all of them together one triangle of what is left, the
numbers minus the mean of their combination. Two of these merge combination by combination, and none needs to
know which levels are still to come. When all rows are read, each level but the first becomes a feature of 0
and 1, and the moments of all features follow.

References:
    Chan, Golub and LeVeque, Algorithms for computing the sample variance (1983): means and sums of squares
    merged pairwise. Here with a triangle in place of sums of squares, as in `Moments`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrfit.analysis.linear_algebra import upper_triangle
from lrfit.analysis.moments import Moments, root_of_columns
from lrfit.arrays import Array

__all__ = ["LevelMoments"]

Combination = tuple[str, ...]
"""A level of each category."""


@dataclass(frozen=True, eq=False)
class LevelMoments:
    """The moments of rows of numbers, by the combinations of levels that occur.

    Attributes:
        n_samples: Number of rows.
        combinations: The combinations that occur, each once.
        weights: Sum of the weights of the rows of each combination, shape (n_combinations,).
        means: Means of their numbers, shape (n_combinations, n_numbers).
        root: R, upper triangular: RᵀR is the sum of w·z·zᵀ over all rows, where z are the numbers minus the
            mean of their combination; shape (m, n_numbers) with m at most n_numbers.
        is_weighted: Whether the rows have weights.
    """

    n_samples: int
    combinations: tuple[Combination, ...]
    weights: Array
    means: Array
    root: Array
    is_weighted: bool

    @classmethod
    def empty(cls, n_numbers: int, *, is_weighted: bool = False) -> LevelMoments:
        """The moments of no rows; merging them changes nothing."""
        return cls(0, (), np.zeros(0), np.zeros((0, n_numbers)), np.zeros((0, n_numbers)), is_weighted)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of_columns(
        cls, numbers: Array, places: Array, levels: Sequence[Sequence[str]], weights: Array | None = None
    ) -> LevelMoments:
        """The moments of rows given by their columns.

        Args:
            numbers: The numbers, shape (n_numbers, n_samples).
            places: For each category, the places of the rows' levels, shape (n_categories, n_samples).
            levels: The levels of each category.
            weights: Weight of each row, above 0, shape (n_samples,).
        """
        n_samples = numbers.shape[1]
        if not n_samples:
            return cls.empty(len(numbers), is_weighted=weights is not None)
        sizes = [len(names) for names in levels]
        keys, of_row = np.unique(_joined_places(places, sizes), return_inverse=True)
        w = np.ones(n_samples) if weights is None else weights
        sums: Array = np.bincount(of_row, weights=w).astype(np.float64)
        means = _means(numbers, of_row, w, sums)
        z = numbers - means[:, of_row]
        rest = _means(z, of_row, w, sums)  # the means that are left because of rounding
        z -= rest[:, of_row]
        combinations = tuple(_combination(int(key), sizes, levels) for key in keys)
        root = root_of_columns(z * np.sqrt(w))
        return cls(n_samples, combinations, sums, (means + rest).T, root, weights is not None)

    @np.errstate(over="ignore", invalid="ignore")
    def merge(self, other: LevelMoments) -> LevelMoments:
        """The moments of the rows of both together; associative except for rounding."""
        if not (self.n_samples and other.n_samples):
            return self if self.n_samples else other
        place = {combination: i for i, combination in enumerate(self.combinations)}
        new = [i for i, combination in enumerate(other.combinations) if combination not in place]
        in_both = [i for i, combination in enumerate(other.combinations) if combination in place]
        here = [place[other.combinations[i]] for i in in_both]
        weights, means = (
            np.append(self.weights, other.weights[new]),
            np.vstack([self.means, other.means[new]]),
        )
        total = self.weights[here] + other.weights[in_both]
        apart = other.means[in_both] - self.means[here]
        between = apart * np.sqrt(self.weights[here] * (other.weights[in_both] / total))[:, np.newaxis]
        weights[here] = total
        means[here] += apart * (other.weights[in_both] / total)[:, np.newaxis]
        return LevelMoments(
            self.n_samples + other.n_samples,
            (*self.combinations, *(other.combinations[i] for i in new)),
            weights,
            means,
            upper_triangle(np.vstack([self.root, other.root, between])),
            self.is_weighted,
        )

    def levels(self) -> tuple[tuple[str, ...], ...]:
        """The levels of each category that occur, sorted."""
        return tuple(tuple(sorted(set(names))) for names in zip(*self.combinations, strict=True))

    def moments(self, numbers: Sequence[int], indicators: Sequence[Sequence[tuple[int, str]]]) -> Moments:
        """The moments of all features and the target.

        Args:
            numbers: For each number, the index of its feature; the target is the last.
            indicators: For each category, the features of its levels: index and level. A level without a
                feature is 0 in all of them.
        """
        width = len(numbers) + sum(map(len, indicators))
        rows = np.zeros((width, len(self.combinations)))
        rows[list(numbers)] = self.means.T
        for category, features in enumerate(indicators):
            place = {level: feature for feature, level in features}
            for i, combination in enumerate(self.combinations):
                if combination[category] in place:
                    rows[place[combination[category]], i] = 1.0
        between = Moments.of_columns(rows, self.weights)
        within = np.zeros((len(self.root), width))
        within[:, list(numbers)] = self.root
        root = upper_triangle(np.vstack([between.factor.T * np.sqrt(between.weight), within]))
        total = between.weight
        return Moments(
            self.n_samples, between.mean, root.T / np.sqrt(total), total if self.is_weighted else None
        )


def _joined_places(places: Array, sizes: Sequence[int]) -> npt.NDArray[np.int64]:
    """One number for each combination of places."""
    joined = np.zeros(places.shape[1], dtype=np.int64)
    for row, size in zip(places, sizes, strict=True):
        joined = joined * size + row.astype(np.int64)
    return joined


def _combination(key: int, sizes: Sequence[int], levels: Sequence[Sequence[str]]) -> Combination:
    """The levels that `_joined_places` has made this number of."""
    names = []
    for size, of_category in zip(reversed(sizes), reversed(levels), strict=True):
        key, place = divmod(key, size)
        names.append(of_category[place])
    return tuple(reversed(names))


def _means(numbers: Array, of_row: npt.NDArray[np.intp], weights: Array, sums: Array) -> Array:
    """The mean of each combination, shape (n_numbers, n_combinations)."""
    return np.array([np.bincount(of_row, weights=weights * row) / sums for row in numbers])
