"""Moments: all that the half-MSE of a linear model knows of the data, in a few numbers.

For z = (x, y) the mean half-squared error at any (W, b) depends on the rows only through their number n,
their mean and their covariance. `Moments` holds n, the mean and a triangular factor L of the covariance
(L·Lᵀ = covariance, population: divided by n). L is made by QR of the rows z - mean, chunk by chunk, and never
by summing squares, which would lose half of the digits to cancellation. Two `Moments` merge by one
QR of a few rows, so any number of rows needs one pass in constant memory. L has no more columns than there
are rows, so thousands of features are no burden where rows are few.

With m columns l of L, the 2m rows mean ± √m·l have the same mean and covariance as the data, hence the same
loss *and the same gradients at every (W, b)*. They are the sigma points of the unscented transform.
Full-batch descent on them is descent on the data.

References:
    Golub and Van Loan, Matrix Computations, 4th ed., section 5.3: least squares by QR.
    Julier and Uhlmann, Unscented filtering and nonlinear estimation (2004): sigma points, here with W₀ = 0.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from math import inf, isfinite, sqrt

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import DataError

__all__ = ["LeastSquares", "Moments"]

_CHUNK_ROWS = 4096
"""Rows of one QR. Few enough to stay in a processor's cache; a fixed number, so that bits do not vary."""


_SMALLEST_SHARE = 1e-300
"""Least spread of a column, as a share of that of y: below it a weight would nearly overflow float64."""

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The parameters of least loss, and how well the data determine them.

    Attributes:
        weights: Shape (n_features,). Of all least-squares solutions the one of least norm, with each feature
            measured in its own root mean square.
        intercept: 0.0 for a model without one.
        half_mse: The least loss, 1/(2n) · Σ residual².
        standard_errors: Of the weights, then of the intercept: the square roots of the diagonal of
            s²·(XᵀX)⁻¹ with s² = Σ residual² / (n - n_parameters). None where they are not defined:
            n_samples ≤ n_parameters, or columns that depend linearly on each other.
        rank: Of the features (with the constant, if there is an intercept, taken out before).
    """

    weights: Array
    intercept: float
    half_mse: float
    standard_errors: Array | None
    rank: int


@dataclass(frozen=True, eq=False)
class Moments:
    """Number, mean and covariance of rows z = (x, y).

    Attributes:
        n_samples: Number of rows.
        mean: Shape (n_features + 1,).
        factor: L, lower triangular with a diagonal ≥ 0, shape (n_features + 1, m) with m at most
            n_features + 1 and n_samples.
    """

    n_samples: int
    mean: Array
    factor: Array

    @classmethod
    def empty(cls, width: int) -> Moments:
        """The moments of no rows of that many columns: merging them changes nothing."""
        return cls(0, np.zeros(width), np.zeros((width, 0)))

    @classmethod
    def of_rows(cls, rows: Array) -> Moments:
        """The moments of rows (x, y), shape (n_samples, n_features + 1); see `of_columns`."""
        return cls.of_columns(rows.T)

    @classmethod
    @np.errstate(over="ignore", invalid="ignore")
    def of_columns(cls, columns: Array) -> Moments:
        """The moments of rows given by their columns, shape (n_features + 1, n_samples), the target last.

        Columns that are contiguous take the least time. The moments are not finite where a sum overflows.
        """
        width, n_samples = columns.shape
        if not n_samples:
            return cls.empty(width)
        chunk = min(max(_CHUNK_ROWS, 2 * width), n_samples)
        n_chunks = -(-n_samples // chunk)
        mean = columns.mean(axis=1)
        centred = np.zeros((width, n_chunks * chunk))  # rows of zeros at the end change no QR
        z = centred[:, :n_samples]
        np.subtract(columns, mean[:, np.newaxis], out=z)
        rest = z.mean(axis=1)  # what rounding left of the mean
        z -= rest[:, np.newaxis]
        triangles = _r(centred.reshape(width, n_chunks, chunk).transpose(1, 2, 0))
        r = _upper_triangle(triangles.reshape(-1, width))
        return cls(n_samples, mean + rest, r.T / np.sqrt(n_samples))

    @classmethod
    def merged(cls, parts: Iterable[Moments]) -> Moments:
        """The moments of all rows of `parts` together; merged in order, two by two.

        Raises:
            DataError: There are no parts.
        """
        parts = iter(parts)
        first = next(parts, None)
        if first is None:
            raise DataError("there are no rows")
        return reduce(cls.merge, parts, first)

    def merge(self, other: Moments) -> Moments:
        """The moments of the rows of both together; associative, to rounding."""
        if not (self.n_samples and other.n_samples):
            return self if self.n_samples else other
        n_samples = self.n_samples + other.n_samples
        shift = self.mean + (other.mean - self.mean) * (other.n_samples / n_samples)
        # The first column of R gives what rounding left of the mean.
        r = _upper_triangle(np.vstack([self._triangle(shift), other._triangle(shift)]))
        return Moments(n_samples, shift + r[0, 1:] / r[0, 0], r[1:, 1:].T / np.sqrt(n_samples))

    def _triangle(self, shift: Array) -> Array:
        """Few rows R whose RᵀR is that of the rows [1, z - shift]."""
        top = np.concatenate([[1.0], self.mean - shift])
        below = np.column_stack([np.zeros(self.factor.shape[1]), self.factor.T])
        return sqrt(self.n_samples) * np.vstack([top, below])

    @property
    def n_features(self) -> int:
        """Number of features: columns of x."""
        return len(self.mean) - 1

    def sigma_points(self) -> Array:
        """Rows of the same mean and covariance: mean ± √m·l for each column l of L; (2m, n_features + 1)."""
        spread = sqrt(self.factor.shape[1]) * self.factor.T
        return np.vstack([self.mean + spread, self.mean - spread])

    def rescaled(self, shift: Array, scale: Array) -> Moments:
        """The moments of the rows (z - shift) / scale."""
        return replace(self, mean=(self.mean - shift) / scale, factor=self.factor / scale[:, np.newaxis])

    @cached_property
    def standard_deviation(self) -> Array:
        """Population standard deviation (divided by n) of each column of (x, y)."""
        return _row_norms(self.factor)

    @cached_property
    def root_mean_square(self) -> Array:
        """Root of the mean square of each column of (x, y)."""
        return np.hypot(self.standard_deviation, self.mean)

    @np.errstate(over="ignore", invalid="ignore")
    def half_mse(self, weights: Array, intercept: float) -> float:
        """The loss 1/(2n) · Σ (x·W + b - y)² of all rows, without a pass over them."""
        direction = np.append(weights, -1.0)
        spread = _products(self.factor.T, direction)
        offset = _products(self.mean, direction) + intercept
        return float(0.5 * (np.sum(spread * spread) + offset * offset))

    @np.errstate(over="ignore", invalid="ignore")
    def half_mse_rounding(self, weights: Array, intercept: float) -> float:
        """A bound on what rounding does to `half_mse` here: two losses closer than this are equal."""
        terms = np.append(np.abs(weights), 1.0) * self.root_mean_square
        error = 4 * len(terms) * _EPS * (float(np.sum(terms)) + abs(intercept))
        return error * (sqrt(2 * self.half_mse(weights, intercept)) + error)

    @cached_property
    def is_constant(self) -> npt.NDArray[np.bool_]:
        """Whether each column of (x, y) varies no more than rounding makes it."""
        constant: npt.NDArray[np.bool_] = self.standard_deviation <= 64 * _EPS * self.root_mean_square
        return constant

    @property
    def best_constant_half_mse(self) -> float:
        """The least loss of a constant prediction (the mean of y): half the variance of y."""
        return (
            0.0
            if self.is_constant[-1]
            else 0.5 * float(self.standard_deviation[-1]) * float(self.standard_deviation[-1])
        )

    @property
    def reference_half_mse(self) -> float:
        """The loss that others are measured against: of the best constant, or of 0 where y is constant."""
        return self.best_constant_half_mse or 0.5 * float(self.root_mean_square[-1]) ** 2

    def r2(self, half_mse: float) -> float | None:
        """1 - half_mse / best_constant_half_mse; None where y is constant, or as good as.

        References:
            The convention of scikit-learn's `r2_score`: about the mean of y, with or without intercept.
        """
        constant = self.best_constant_half_mse
        r2 = 1.0 - half_mse / constant if constant else -inf
        return r2 if isfinite(r2) else None

    def least_squares(self, *, intercept: bool = True, l2: float = 0.0) -> LeastSquares:
        """The parameters of least loss; not finite where they are beyond the range of float64.

        With the rows of L ordered x, y: L = [[Lx, 0], [lᵀ, d]], the weights solve Lxᵀ·W = l, and d²/2 is
        what loss is left; without an intercept the same holds for a factor of the mean of z·zᵀ. With `l2`
        it is the loss with the penalty ½·l2·‖W‖² that is least, and `half_mse` includes the penalty.
        """
        if (intercept, l2) not in self._solutions:
            self._solutions[intercept, l2] = self._solved(intercept=intercept, l2=l2)
        return self._solutions[intercept, l2]

    @cached_property
    def _solutions(self) -> dict[tuple[bool, float], LeastSquares]:
        return {}

    @np.errstate(over="ignore", invalid="ignore")
    def _solved(self, *, intercept: bool, l2: float) -> LeastSquares:
        k = self.n_features
        r = self.root(intercept=intercept, l2=l2)
        scale = np.hypot.reduce(r[:, :k], axis=0)
        # A column so small that its weight would overflow counts as a column of zeros.
        zero = scale <= np.max(np.abs(r[:, k])) * _SMALLEST_SHARE
        r = np.where(np.append(zero, False), 0.0, r)
        scale[zero] = 1.0
        rcond = 64 * (k + 1) * _EPS
        solution, _, rank, _ = np.linalg.lstsq(r[:, :k] / scale, r[:, k], rcond=rcond)
        weights = solution / scale
        b = float(self.mean[k] - _products(self.mean[:k], weights)) if intercept else 0.0
        residual = r[:, k] - _products(r[:, :k], weights)
        half_mse = 0.5 * float(np.sum(residual * residual))
        errors = None
        n_parameters = k + intercept
        if rank == k and self.n_samples > n_parameters:
            s2_over_n = 2 * half_mse / (self.n_samples - n_parameters)
            errors = np.sqrt(s2_over_n) * self._parameter_roots(r[:k, :k] / scale, scale, intercept=intercept)
        return LeastSquares(weights, b, half_mse, errors, int(rank))

    def _parameter_roots(self, r: Array, scale: Array, *, intercept: bool) -> Array:
        """Roots of the diagonal of the inverse of the Hessian, from the scaled triangle of the features."""
        inverse = np.linalg.pinv(r) / scale[:, np.newaxis]
        of_weights = _row_norms(inverse)
        if not intercept:
            return of_weights
        return np.append(of_weights, np.hypot(1.0, np.linalg.norm(self.mean[:-1] @ inverse)))

    def root(self, *, intercept: bool = True, l2: float = 0.0) -> Array:
        """R, upper triangular: RᵀR is the covariance of z, or the mean of z·zᵀ if there is no intercept.

        Shape (r, n_features + 1), with r at most n_features + 1.

        With `l2` added to the diagonal of its features, as rows √l2·e of an observed 0 would.
        """
        rows = [self.factor.T] if intercept else [self.mean, self.factor.T]
        if l2:
            rows.append(sqrt(l2) * np.eye(self.n_features, self.n_features + 1))
        return rows[0] if len(rows) == 1 else _upper_triangle(np.vstack(rows))


def _upper_triangle(rows: Array) -> Array:
    """R of the QR decomposition, with a diagonal ≥ 0, so that it is unique."""
    r = _r(rows)
    signs: Array = np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return r * signs[:, np.newaxis]


def _r(rows: Array) -> Array:
    """R of the QR decomposition of each matrix in a stack."""
    r: Array = np.linalg.qr(rows, mode="r")  # type: ignore[assignment]  # (Q, R) in other modes
    return r


def _row_norms(rows: Array) -> Array:
    """Euclidean norm of each row, without overflow of the squares."""
    norms: Array = np.hypot.reduce(rows, axis=1)
    return norms


def _products(rows: Array, vector: Array) -> Array:
    """rows · vector, not by BLAS: the same bits with any number of threads."""
    product: Array = np.sum(rows * vector, axis=-1)
    return product
