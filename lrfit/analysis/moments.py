"""Moments: all that the half-MSE of a linear model depends on, in a few numbers.

For z = (x, y) the mean half-squared error at any (W, b) depends on the rows only through their number n,
their mean and their covariance. `Moments` holds n, the mean and a triangular factor L of the covariance
(L·Lᵀ = covariance, population: divided by n). L comes from QR decompositions of chunks of z - mean. Summing
squares instead would lose half of the digits to cancellation. Two `Moments` merge by one QR of a few rows, so
any number of rows needs one pass in constant memory. L has no more columns than there are rows, so it stays
small if there are thousands of features but few rows.

With m columns l of L, the 2m rows mean ± √m·l have the same mean and covariance as the data, hence the same
loss *and the same gradients at every (W, b)*. They are the sigma points of the unscented transform.
Full-batch descent on them is descent on the data.

References:
    Golub and Van Loan, Matrix Computations, 4th ed., section 5.3: least squares by QR.
    Julier and Uhlmann, Unscented filtering and nonlinear estimation (2004): sigma points, here with W₀ = 0.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from lrfit.analysis.least_squares import LeastSquares, solve_least_squares
from lrfit.analysis.linear_algebra import products, row_norms, triangles, upper_triangle
from lrfit.arrays import Array

__all__ = ["Moments", "root_of_columns"]

_CHUNK_ROWS = 4096
"""Number of rows in a chunk: few enough for a processor's cache, and fixed, so that bits do not vary."""

_EPS = float(np.finfo(np.float64).eps)


def root_of_columns(columns: Array) -> Array:
    """R, upper triangular, with RᵀR = Σ z·zᵀ over the rows z, which are given by columns."""
    chunks = _empty_chunks(*columns.shape)
    chunks.reshape(len(columns), -1)[:, : columns.shape[1]] = columns
    return _root(chunks)


def _empty_chunks(width: int, n_rows: int) -> Array:
    """Zeros for the columns of `n_rows` rows or a few more, shape (width, n_chunks, chunk)."""
    chunk = min(max(_CHUNK_ROWS, 2 * width), n_rows)
    return np.zeros((width, -(-n_rows // chunk), chunk))  # rows of zeros at the end change no QR


def _root(chunks: Array) -> Array:
    r_of_chunks = triangles(chunks.transpose(1, 2, 0))
    return upper_triangle(r_of_chunks.reshape(-1, len(chunks)))


def _mean(columns: Array, weights: Array | None) -> Array:
    return np.asarray(
        columns.mean(axis=1) if weights is None else np.average(columns, axis=1, weights=weights)
    )


@dataclass(frozen=True, eq=False)
class Moments:
    """Number, mean and covariance of rows z = (x, y).

    Attributes:
        n_samples: Number of rows.
        mean: Mean of each column of (x, y), shape (n_features + 1,).
        factor: L, lower triangular with a diagonal ≥ 0, shape (n_features + 1, m) with m at most
            n_features + 1 and n_samples.
        total_weight: Sum of the weights of the rows; None if all have the weight 1. With weights, mean,
            covariance and loss are weighted.
    """

    n_samples: int
    mean: Array
    factor: Array
    total_weight: float | None = None

    @classmethod
    def empty(cls, width: int) -> Moments:
        """The moments of no rows, with `width` columns; merging them changes nothing."""
        return cls(0, np.zeros(width), np.zeros((width, 0)))

    @classmethod
    def of_rows(cls, rows: Array) -> Moments:
        """The moments of rows (x, y), shape (n_samples, n_features + 1); see `of_columns`."""
        return cls.of_columns(rows.T)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of_columns(cls, columns: Array, weights: Array | None = None) -> Moments:
        """The moments of rows given by their columns, shape (n_features + 1, n_samples), the target last.

        Contiguous columns are the fastest. The moments are not finite where a sum overflows.

        Args:
            columns: The rows.
            weights: Weight of each row, above 0, shape (n_samples,).
        """
        width, n_samples = columns.shape
        if not n_samples:
            return cls.empty(width)
        mean = _mean(columns, weights)
        chunks = _empty_chunks(width, n_samples)
        z = chunks.reshape(width, -1)[:, :n_samples]
        np.subtract(columns, mean[:, np.newaxis], out=z)
        rest = _mean(z, weights)  # the mean that is left because of rounding
        z -= rest[:, np.newaxis]
        total = None
        if weights is not None:
            z *= np.sqrt(weights)
            total = float(np.sum(weights))
        return cls(n_samples, mean + rest, _root(chunks).T / np.sqrt(total or n_samples), total)

    def merge(self, other: Moments) -> Moments:
        """The moments of the rows of both together; associative except for rounding."""
        if not (self.n_samples and other.n_samples):
            return self if self.n_samples else other
        n_samples, weight = self.n_samples + other.n_samples, self.weight + other.weight
        shift = self.mean + (other.mean - self.mean) * (other.weight / weight)
        # The first row of R gives the mean that is left because of rounding.
        r = upper_triangle(np.vstack([self._triangle(shift), other._triangle(shift)]))
        is_weighted = self.total_weight is not None
        return Moments(
            n_samples,
            shift + r[0, 1:] / r[0, 0],
            r[1:, 1:].T / np.sqrt(weight),
            weight if is_weighted else None,
        )

    def _triangle(self, shift: Array) -> Array:
        """A few rows R with the same RᵀR as all rows [1, z - shift]."""
        top = np.concatenate([[1.0], self.mean - shift])
        below = np.column_stack([np.zeros(self.factor.shape[1]), self.factor.T])
        return sqrt(self.weight) * np.vstack([top, below])

    @property
    def weight(self) -> float:
        """Sum of the weights of the rows; their number, if they have none."""
        return self.n_samples if self.total_weight is None else self.total_weight

    @property
    def mean_weight(self) -> float | None:
        """Mean of the weights of the rows; None if they have none."""
        return None if self.total_weight is None else self.total_weight / self.n_samples

    @property
    def n_features(self) -> int:
        """Number of features: columns of x."""
        return len(self.mean) - 1

    def sigma_points(self) -> Array:
        """Rows with the same mean and covariance as the data, shape (2m, n_features + 1).

        They are mean ± √m·l for each of the m columns l of L.
        """
        spread = sqrt(self.factor.shape[1]) * self.factor.T
        return np.vstack([self.mean + spread, self.mean - spread])

    def rescaled(self, shift: Array, scale: Array) -> Moments:
        """The moments of the rows (z - shift) / scale."""
        return replace(self, mean=(self.mean - shift) / scale, factor=self.factor / scale[:, np.newaxis])

    @cached_property
    def standard_deviation(self) -> Array:
        """Population standard deviation (divided by n) of each column of (x, y)."""
        return row_norms(self.factor)

    @cached_property
    def root_mean_square(self) -> Array:
        """Root of the mean square of each column of (x, y)."""
        return np.hypot(self.standard_deviation, self.mean)

    @np.errstate(over="ignore", invalid="ignore")
    def half_mse(self, weights: Array, intercept: float) -> float:
        """The loss 1/(2n) · Σ (x·W + b - y)² of all rows, without a pass over them."""
        direction = np.append(weights, -1.0)
        spread = products(self.factor.T, direction)
        offset = products(self.mean, direction) + intercept
        return float(0.5 * (np.sum(spread * spread) + offset * offset))

    @np.errstate(over="ignore", invalid="ignore")
    def half_mse_rounding(self, weights: Array, intercept: float) -> float:
        """A bound on the rounding error of `half_mse`: losses that differ by less count as equal."""
        error = self.residual_rounding(weights, intercept)
        return error * (sqrt(2 * self.half_mse(weights, intercept)) + error)

    def residual_rounding(self, weights: Array, intercept: float) -> float:
        """A bound on the rounding error of the root mean square of the residuals."""
        terms = np.append(np.abs(weights), 1.0) * self.root_mean_square
        return 4 * len(terms) * _EPS * (float(np.sum(terms)) + abs(intercept))

    @cached_property
    def is_constant(self) -> npt.NDArray[np.bool_]:
        """Mask of the columns of (x, y) that vary by no more than rounding."""
        constant: npt.NDArray[np.bool_] = self.standard_deviation <= 64 * _EPS * self.root_mean_square
        return constant

    @property
    def best_constant_half_mse(self) -> float:
        """The loss of the best constant prediction, the mean of y: half the variance of y."""
        return (
            0.0
            if self.is_constant[-1]
            else 0.5 * float(self.standard_deviation[-1]) * float(self.standard_deviation[-1])
        )

    @property
    def reference_half_mse(self) -> float:
        """The loss to compare others with: that of the best constant, or of predicting 0 if y is constant."""
        return self.best_constant_half_mse or 0.5 * float(self.root_mean_square[-1]) ** 2

    def r2(self, half_mse: float) -> float | None:
        """R² = 1 - half_mse / best_constant_half_mse; None where y is constant, or nearly so.

        References:
            The convention of scikit-learn's `r2_score`: about the mean of y, with or without intercept.
        """
        constant = self.best_constant_half_mse
        r2 = 1.0 - half_mse / constant if constant else -inf
        return r2 if isfinite(r2) else None

    def least_squares(self, *, intercept: bool = True, l2: float = 0.0) -> LeastSquares:
        """The parameters of least loss; not finite where they are beyond the range of float64.

        With L = [[Lx, 0], [lᵀ, d]], where the rows of x come before the row of y, the weights solve
        Lxᵀ·W = l, and the least loss is d²/2. Without an intercept, the same holds for a factor of the mean
        of z·zᵀ. With `l2`, the loss includes the penalty ½·l2·‖W‖², and so does `half_mse`.
        """
        if (intercept, l2) not in self._solutions:
            self._solutions[intercept, l2] = solve_least_squares(
                self.root(intercept=intercept, l2=l2), self.mean, self.n_samples, intercept=intercept
            )
        return self._solutions[intercept, l2]

    @cached_property
    def _solutions(self) -> dict[tuple[bool, float], LeastSquares]:
        return {}

    def root(self, *, intercept: bool = True, l2: float = 0.0) -> Array:
        """R, upper triangular: RᵀR is the covariance of z, or the mean of z·zᵀ if there is no intercept.

        Its shape is (r, n_features + 1), with r at most n_features + 1. `l2` is added to the diagonal of the
        features in RᵀR, as if rows √l2·eᵢ with target 0 had been observed.
        """
        rows = [self.factor.T] if intercept else [self.mean, self.factor.T]
        if l2:
            rows.append(sqrt(l2) * np.eye(self.n_features, self.n_features + 1))
        return rows[0] if len(rows) == 1 else upper_triangle(np.vstack(rows))
