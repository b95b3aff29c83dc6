"""Matrices: the inverse, the solution of linear equations, the determinant, and diagonals.

They are apart from `lrfit.graph.ops` for the same reason as selections. Derivatives are made of ops, so that
they can be differentiated again. The run that finds a singular matrix says which node has it. So the ops that
find one are not pure: no pass may compute them before.

References:
    The derivatives: Giles, An extended collection of matrix derivative results for forward and reverse mode
    algorithmic differentiation (2008), section 2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.nodes import Op
from lrfit.graph.ops import transpose
from lrfit.graph.shapes import (
    determinant_shape,
    diagonal_matrix_shape,
    diagonal_shape,
    inverse_shape,
    on_diagonal_shape,
    solution_shape,
)

__all__ = ["diagonal", "diagonal_matrix", "matrix_determinant", "matrix_inverse", "matrix_solve"]


def _check_square(a: Array) -> None:
    if np.ndim(a) != 2 or a.shape[0] != a.shape[1]:  # noqa: PLR2004 (NumPy would take a stack of matrices)
        raise ValueError("it needs a square matrix")


def _unless_singular(compute: Callable[..., Any], *matrices: Array) -> Array:
    try:
        result: Array = compute(*matrices)
    except np.linalg.LinAlgError:
        raise ValueError("the matrix is singular") from None
    return result


def _inverted(a: Array) -> Array:
    _check_square(a)
    return _unless_singular(np.linalg.inv, a)


def _solution(a: Array, b: Array) -> Array:
    _check_square(a)
    if np.ndim(b) != 2 or a.shape[0] != b.shape[0]:  # noqa: PLR2004
        raise ValueError("it needs matrices (n, n) and (n, k)")
    return _unless_singular(np.linalg.solve, a, b)


def _determinant(a: Array) -> np.floating[Any]:
    _check_square(a)
    result: np.floating[Any] = np.linalg.det(a)
    return result


matrix_inverse: Op = Op(
    "matrix_inverse",
    _inverted,
    inverse_shape,
    (lambda g, y, _a: -(transpose(y) @ g @ transpose(y)),),
    pure=False,
)
"""matrix_inverse(a): the inverse of a square matrix; a run raises ShapeError where there is none."""

matrix_solve: Op = Op(
    "matrix_solve",
    _solution,
    solution_shape,
    (
        lambda g, y, a, _b: -(matrix_solve(transpose(a), g) @ transpose(y)),
        lambda g, _y, a, _b: matrix_solve(transpose(a), g),
    ),
    pure=False,
)
"""matrix_solve(a, b): the matrix x with a @ x = b; a run raises ShapeError where a is singular."""

matrix_determinant: Op = Op(
    "matrix_determinant",
    _determinant,
    determinant_shape,
    (lambda g, y, a: g * y * transpose(matrix_inverse(a)),),
)
"""matrix_determinant(a): the determinant of a square matrix; it has no gradient where it is 0."""


# Diagonals.


def _diagonal(a: Array) -> Array:
    if np.ndim(a) != 2:  # noqa: PLR2004
        raise ValueError("it needs a matrix")
    return np.diagonal(a)


def _diagonal_matrix(x: Array) -> Array:
    if np.ndim(x) != 1:
        raise ValueError("it needs a vector")
    return np.diag(x)


def _on_diagonal(x: Array, like: Array) -> Array:
    result = np.zeros(np.shape(like), x.dtype)
    if np.shape(x) != np.shape(_diagonal(like)):
        raise ValueError("the first is not as long as the diagonal of the second")  # NumPy would repeat it
    np.fill_diagonal(result, x)
    return result


diagonal: Op = Op("diagonal", _diagonal, diagonal_shape, (lambda g, _y, a: on_diagonal(g, a),))
"""diagonal(a): the elements a[i, i] of a matrix, which need not be square."""

diagonal_matrix: Op = Op(
    "diagonal_matrix",
    _diagonal_matrix,
    diagonal_matrix_shape,
    (lambda g, _y, _x: diagonal(g),),
)
"""diagonal_matrix(x): the square matrix with the vector x on its diagonal and 0 elsewhere."""

on_diagonal: Op = Op(
    "on_diagonal",
    _on_diagonal,
    on_diagonal_shape,
    (lambda g, _y, _x, _like: diagonal(g), None),
)
"""on_diagonal(x, like): zeros in the shape of `like`, with x on the diagonal; the transpose of diagonal."""
