"""Points for batches: each batch of rows made the few rows that have its loss and gradients everywhere.

A batch of B rows with d features becomes its 2(d + 1) sigma points; see `lrfit.analysis.moments`. All batches
are worked on at once: the factor of each covariance comes from Cholesky's recursion, column by column, over
all batches together. A batch that does not vary in some direction has a zero there.

References:
    Golub and Van Loan, Matrix Computations, 4th ed., section 4.2: the Cholesky factorization, and that of
    semidefinite matrices.
"""

from __future__ import annotations

import numpy as np

from lrfit.arrays import Array

__all__ = ["batch_points", "n_points"]

_EPS = float(np.finfo(np.float64).eps)


def n_points(n_features: int) -> int:
    """Number of points that stand for a batch."""
    return 2 * (n_features + 1)


def batch_points(rows: Array, batch_size: int, *, is_weighted: bool = False) -> Array:
    """The points of all batches, one batch behind the other.

    Fed in batches of `n_points`, they give the steps that the rows give in batches of `batch_size`.

    Args:
        rows: The rows (x, y), and their weights behind them if they have some, shape (n_rows, width).
        batch_size: Number of rows of a batch; the last one may be shorter.
        is_weighted: Whether there are weights.

    Returns:
        The points, shape (n_batches · 2(n_features + 1), width).
    """
    n_whole = len(rows) // batch_size
    whole = rows[: n_whole * batch_size].reshape(n_whole, batch_size, rows.shape[1])
    parts = [_points(whole, is_weighted=is_weighted)] if n_whole else []
    if rest := len(rows) - n_whole * batch_size:
        parts.append(_points(rows[np.newaxis, -rest:], is_weighted=is_weighted))
    return np.concatenate(parts)


def _points(batches: Array, *, is_weighted: bool) -> Array:
    """The points of batches of one size, shape (n_batches, batch_size, width)."""
    z = batches[:, :, :-1] if is_weighted else batches
    mean, covariance = _weighted(z, batches[:, :, -1]) if is_weighted else _unweighted(z)
    spread = np.sqrt(z.shape[2]) * _factors(covariance).transpose(0, 2, 1)
    points = np.concatenate([mean[:, np.newaxis] + spread, mean[:, np.newaxis] - spread], axis=1)
    if is_weighted:
        weight = np.mean(batches[:, :, -1], axis=1)
        columns = np.broadcast_to(weight[:, np.newaxis, np.newaxis], (*points.shape[:2], 1))
        points = np.concatenate([points, columns], axis=2)
    return points.reshape(-1, batches.shape[2])


def _unweighted(z: Array) -> tuple[Array, Array]:
    """The mean and the covariance of each batch."""
    mean = np.mean(z, axis=1)
    centred = z - mean[:, np.newaxis]
    return mean, np.matmul(centred.transpose(0, 2, 1), centred) / z.shape[1]


def _weighted(z: Array, weights: Array) -> tuple[Array, Array]:
    """The same, of rows with weights."""
    shares = weights / np.sum(weights, axis=1, keepdims=True)
    mean = np.einsum("bi,bij->bj", shares, z)
    centred = z - mean[:, np.newaxis]
    return mean, np.matmul((centred * shares[:, :, np.newaxis]).transpose(0, 2, 1), centred)


def _factors(matrices: Array) -> Array:
    """L, lower triangular, with L·Lᵀ equal to each of some positive semidefinite matrices."""
    n = matrices.shape[1]
    factors = np.zeros_like(matrices)
    least = n * _EPS * np.max(np.diagonal(matrices, axis1=1, axis2=2), axis=1, initial=0.0)
    for j in range(n):
        rest = matrices[:, j:, j] - np.einsum("bik,bk->bi", factors[:, j:, :j], factors[:, j, :j])
        pivot = np.where(rest[:, 0] > least, rest[:, 0], np.inf)  # what is left of less is rounding
        factors[:, j:, j] = rest / np.sqrt(pivot)[:, np.newaxis]
    return factors
