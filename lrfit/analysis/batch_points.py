"""Points for batches: each batch of rows made the few rows that have its loss and gradients everywhere.

A batch of B rows with d features becomes its 2(d + 1) sigma points; see `lrfit.analysis.moments`. All batches
are worked on at once: the factor of each covariance comes from Cholesky's recursion, column by column, over
all batches together. A batch that does not vary in some direction has a zero there.

References:
    Golub and Van Loan, Matrix Computations, 4th ed., section 4.2: the Cholesky factorization, and that of
    semidefinite matrices.
"""

from __future__ import annotations

import inspect
from functools import cache

import numpy as np

from lrfit.arrays import Array
from lrfit.system.kernel_cache import Kernel, compile_kernel

__all__ = ["batch_points", "n_points"]

_EPS = float(np.finfo(np.float64).eps)


def n_points(n_features: int) -> int:
    """Number of points that stand for a batch."""
    return 2 * (n_features + 1)


def batch_points(rows: Array, batch_size: int, *, is_weighted: bool = False, compiled: bool = False) -> Array:
    """The points of all batches, one batch behind the other.

    Fed in batches of `n_points`, they give the steps that the rows give in batches of `batch_size`.

    Args:
        rows: The rows (x, y), and their weights behind them if they have some, shape (n_rows, width).
        batch_size: Number of rows of a batch; the last one may be shorter.
        is_weighted: Whether there are weights.
        compiled: Whether Numba does it, in a tenth of the time, and to the last digits the same; not for rows
            with weights.

    Returns:
        The points, shape (n_batches · 2(n_features + 1), width).
    """
    if compiled and not is_weighted:
        return _compiled_points(rows, batch_size)
    n_whole = len(rows) // batch_size
    whole = rows[: n_whole * batch_size].reshape(n_whole, batch_size, rows.shape[1])
    parts = [_points(whole, is_weighted=is_weighted)] if n_whole else []
    if rest := len(rows) - n_whole * batch_size:
        parts.append(_points(rows[np.newaxis, -rest:], is_weighted=is_weighted))
    return np.concatenate(parts)


def _compiled_points(rows: Array, batch_size: int) -> Array:
    """The points of all batches, by machine code."""
    n_batches = -(-len(rows) // batch_size)
    points = np.empty((n_batches * n_points(rows.shape[1] - 1), rows.shape[1]))
    _kernel()(np.ascontiguousarray(rows), batch_size, points)
    return points


@cache
def _kernel() -> Kernel:
    return compile_kernel(inspect.getsource(_fill_points), "void(float64[:,::1], int64, float64[:,::1])")


def _fill_points(rows, batch_size, points):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901, PLR0912 (Numba compiles it as a whole)
    """Fill in the points of each batch: its mean, plus and minus the columns of its factor."""
    n_rows, width = rows.shape
    mean = np.zeros(width)
    factor = np.zeros((width, width))
    for batch in range((n_rows + batch_size - 1) // batch_size):
        start = batch * batch_size
        end = min(start + batch_size, n_rows)
        n = end - start
        mean[:] = 0.0
        for row in range(start, end):
            for i in range(width):
                mean[i] += rows[row, i]
        for i in range(width):
            mean[i] /= n
        factor[:] = 0.0
        for row in range(start, end):
            for i in range(width):
                z = rows[row, i] - mean[i]
                for j in range(i + 1):
                    factor[i, j] += z * (rows[row, j] - mean[j])
        largest = 0.0
        for i in range(width):
            largest = max(largest, factor[i, i])
        for j in range(width):
            for i in range(j, width):
                for k in range(j):
                    factor[i, j] -= factor[i, k] * factor[j, k]
            pivot = factor[j, j]
            is_zero = not pivot > width * 2.220446049250313e-16 * largest  # what is left is rounding
            for i in range(j, width):
                factor[i, j] = 0.0 if is_zero else factor[i, j] / np.sqrt(pivot)
        spread = np.sqrt(width / n)
        first = batch * 2 * width
        for j in range(width):
            for i in range(width):
                step = spread * factor[i, j] if i >= j else 0.0
                points[first + j, i] = mean[i] + step
                points[first + width + j, i] = mean[i] - step


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
