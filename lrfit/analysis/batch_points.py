"""Points for batches: each batch of rows made the few rows that have its loss and gradients everywhere.

A batch of B rows with d features becomes its 2(d + 1) sigma points; see `lrfit.analysis.moments`. Their
factor comes from a QR decomposition of the centred batch. It may be singular, and columns may have any units.

References:
    Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., section 19.8: modified Gram-Schmidt, as
    the machine code does it, gives an R that is backward stable.
"""

from __future__ import annotations

import inspect
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from lrfit.analysis.linear_algebra import triangles
from lrfit.arrays import Array

if TYPE_CHECKING:
    from lrfit.system.machine_code import Kernel

__all__ = ["batch_points", "n_points"]


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
    width = rows.shape[1]
    points = np.empty((n_batches * n_points(width - 1), width))
    scratch = np.empty(width), np.empty((width, width)), np.empty((width, batch_size))
    _kernel()(np.ascontiguousarray(rows), batch_size, points, *scratch)
    return points


_SIGNATURE = "void(float64[:,::1], int64, float64[:,::1], float64[::1], float64[:,::1], float64[:,::1])"


@cache
def _kernel() -> Kernel:
    from lrfit.system.kernel_cache import compile_kernel  # noqa: PLC0415 (few runs compile)

    return compile_kernel(inspect.getsource(_fill_points), _SIGNATURE)


def _fill_points(rows, batch_size, points, mean, factor, centred):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202, C901 (Numba compiles it as a whole)
    """Fill in the points of each batch: its mean, plus and minus the rows of R."""
    n_rows, width = rows.shape
    for batch in range((n_rows + batch_size - 1) // batch_size):
        start = batch * batch_size
        n = min(batch_size, n_rows - start)
        for i in range(width):
            total = 0.0
            for row in range(n):
                total += rows[start + row, i]
            mean[i] = total / n
            for row in range(n):
                centred[i, row] = rows[start + row, i] - mean[i]
        for i in range(width):
            square = 0.0
            for row in range(n):
                square += centred[i, row] * centred[i, row]
            factor[i, i] = np.sqrt(square)
            for j in range(i + 1, width):
                product = 0.0
                if square > 0.0:
                    for row in range(n):
                        product += centred[i, row] * centred[j, row]
                    for row in range(n):
                        centred[j, row] -= product / square * centred[i, row]
                factor[i, j] = product / factor[i, i] if square > 0.0 else 0.0
        spread = np.sqrt(width / n)
        first = batch * 2 * width
        for j in range(width):
            for i in range(width):
                step = spread * factor[j, i] if i >= j else 0.0
                points[first + j, i] = mean[i] + step
                points[first + width + j, i] = mean[i] - step


def _points(batches: Array, *, is_weighted: bool) -> Array:
    """The points of batches of one size, shape (n_batches, batch_size, width)."""
    z, weights = (batches[:, :, :-1], batches[:, :, -1:]) if is_weighted else (batches, None)
    width = z.shape[2]
    if weights is None:
        mean = np.mean(z, axis=1, keepdims=True)
        centred = (z - mean) / np.sqrt(z.shape[1])
    else:
        shares = weights / np.sum(weights, axis=1, keepdims=True)
        mean = np.sum(shares * z, axis=1, keepdims=True)
        centred = (z - mean) * np.sqrt(shares)
    factors = triangles(centred)
    spread = np.zeros((len(z), width, width))
    spread[:, : factors.shape[1]] = np.sqrt(width) * factors
    points = np.concatenate([mean + spread, mean - spread], axis=1)
    if weights is not None:
        of_batch = np.broadcast_to(np.mean(weights, axis=1, keepdims=True), (*points.shape[:2], 1))
        points = np.concatenate([points, of_batch], axis=2)
    return points.reshape(-1, batches.shape[2])
