"""Least squares: the parameters of least loss, from a triangular matrix that stands for all rows.

References:
    Golub and Van Loan, Matrix Computations, 4th ed., section 5.3: least squares by QR.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfit.analysis.linear_algebra import products, row_norms
from lrfit.arrays import Array

__all__ = ["LeastSquares", "solve_least_squares"]

_EPS = float(np.finfo(np.float64).eps)

_SMALLEST_SHARE = 1e-300
"""Ratio of a feature's spread to that of y, below which its weight could overflow."""


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The parameters of least loss, and how well the data determine them.

    Attributes:
        weights: Shape (n_features,). Among all least-squares solutions the one of least norm, with each
            feature measured in its own root mean square.
        intercept: The intercept b; 0.0 for a model without one.
        half_mse: The least loss, 1/(2n) · Σ residual².
        standard_errors: Standard errors of the weights, then of the intercept: the square roots of the
            diagonal of s²·(XᵀX)⁻¹ with s² = Σ residual² / (n - n_parameters). None where they are not
            defined: n_samples ≤ n_parameters, or columns that depend linearly on each other.
        rank: Rank of the features, centred if there is an intercept.
    """

    weights: Array
    intercept: float
    half_mse: float
    standard_errors: Array | None
    rank: int


@np.errstate(over="ignore", invalid="ignore")
def solve_least_squares(r: Array, mean: Array, n_samples: int, *, intercept: bool) -> LeastSquares:
    """The parameters of least loss; not finite where they are beyond the range of float64.

    Args:
        r: Upper triangle, shape (m, n_features + 1), with RᵀR the covariance of (x, y), or the mean of its
            squares if there is no intercept.
        mean: Means of (x, y), shape (n_features + 1,).
        n_samples: Number of rows.
        intercept: Whether the line has an intercept.
    """
    k = len(mean) - 1
    scale = np.hypot.reduce(r[:, :k], axis=0)
    # A column so small that its weight would overflow counts as a column of zeros.
    zero = scale <= np.max(np.abs(r[:, k])) * _SMALLEST_SHARE
    r = np.where(np.append(zero, False), 0.0, r)
    scale[zero] = 1.0
    rcond = 64 * (k + 1) * _EPS
    solution, _, rank, _ = np.linalg.lstsq(r[:, :k] / scale, r[:, k], rcond=rcond)
    weights = solution / scale
    b = float(mean[k] - products(mean[:k], weights)) if intercept else 0.0
    residual = r[:, k] - products(r[:, :k], weights)
    half_mse = 0.5 * float(np.sum(residual * residual))
    errors = None
    n_parameters = k + intercept
    if rank == k and n_samples > n_parameters:
        s2_over_n = 2 * half_mse / (n_samples - n_parameters)
        roots = _parameter_roots(r[:k, :k] / scale, scale, mean[:-1] if intercept else None)
        errors = np.sqrt(s2_over_n) * roots
    return LeastSquares(weights, b, half_mse, errors, int(rank))


def _parameter_roots(r: Array, scale: Array, mean: Array | None) -> Array:
    """Square roots of the diagonal of the inverse Hessian.

    Args:
        r: Triangle of the features, divided by `scale`.
        scale: Norm of each column of the triangle.
        mean: Means of the features; None without intercept.
    """
    inverse = np.linalg.pinv(r) / scale[:, np.newaxis]
    of_weights = row_norms(inverse)
    if mean is None:
        return of_weights
    return np.append(of_weights, np.hypot(1.0, np.linalg.norm(mean @ inverse)))
