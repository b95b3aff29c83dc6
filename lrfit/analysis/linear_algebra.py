"""Linear algebra: triangles by QR, and sums that give the same bits with any number of threads."""

from __future__ import annotations

import numpy as np

from lrfit.arrays import Array

__all__ = ["inverse", "products", "row_norms", "triangles", "upper_triangle"]


def upper_triangle(rows: Array) -> Array:
    """R of the QR decomposition, with a diagonal ≥ 0, so that it is unique."""
    r = triangles(rows)
    signs: Array = np.where(np.diagonal(r) < 0.0, -1.0, 1.0)
    return r * signs[:, np.newaxis]


def triangles(rows: Array) -> Array:
    """R of the QR decomposition of a matrix, or of each matrix in a stack."""
    r: Array = np.linalg.qr(rows, mode="r")  # type: ignore[assignment]  # (Q, R) in other modes
    return r


def row_norms(rows: Array) -> Array:
    """Euclidean norm of each row; the squares cannot overflow."""
    norms: Array = np.hypot.reduce(rows, axis=1)
    return norms


def products(rows: Array, vector: Array) -> Array:
    """rows · vector, without BLAS, whose last bits depend on the number of threads."""
    product: Array = np.sum(rows * vector, axis=-1)
    return product


def inverse(matrix: Array) -> Array | None:
    """The inverse of a matrix; None if it is singular, or its inverse is beyond the range of float64.

    The rank is checked first, because LAPACK may not terminate on such a matrix.
    """
    scale = np.hypot.reduce(matrix, axis=0)
    if not np.all(scale) or np.linalg.matrix_rank(matrix / scale) < len(scale):
        return None
    result: Array = np.linalg.inv(matrix / scale) / scale[:, np.newaxis]
    return result if np.all(np.isfinite(result)) else None
