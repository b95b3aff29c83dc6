"""Leverage: how far a row is from those that a line was fitted to, from a triangle that stands for them all.

With the rows z = (1, x) of the design matrix Z, or z = x without an intercept, the leverage of z is
zᵀ·(ZᵀZ)⁻¹·z. The variance of the least-squares line at x is s² times that, and of a new value of y there
s²·(1 + leverage).

References:
    Draper and Smith, Applied Regression Analysis, 3rd ed., sections 3.1 and 5.5.
    Golub and Van Loan, Matrix Computations, 4th ed., section 3.1: forward substitution.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array

__all__ = ["design_triangle", "leverages", "residual_standard_error"]


def design_triangle(moments: Moments, *, intercept: bool) -> Array:
    """R, upper triangular with a diagonal ≥ 0: RᵀR = ZᵀZ = Σ w·z·zᵀ, where w is 1 for rows without weights.

    It has shape (n_parameters, n_parameters), the intercept first. With the mean m of x, the triangle Rx of
    its covariance and n = Σ w, Σ w·z·zᵀ = n·[[1, mᵀ], [m, RxᵀRx + m·mᵀ]], so that R = √n·[[1, mᵀ], [0, Rx]].

    Args:
        moments: Moments of the rows, whose features do not depend linearly on each other.
        intercept: Whether the line has an intercept.
    """
    k = moments.n_features
    triangle = moments.root(intercept=intercept)[:k, :k]
    if intercept:
        below = np.column_stack([np.zeros(k), triangle])
        triangle = np.vstack([np.append(1.0, moments.mean[:k]), below])
    return sqrt(moments.weight) * triangle


def residual_standard_error(moments: Moments, *, intercept: bool) -> float:
    """s = √(Σ w·residual² / (n - n_parameters)) of least squares; there are more rows than parameters."""
    n_samples = moments.n_samples
    half_mse = moments.least_squares(intercept=intercept).half_mse
    return sqrt(2.0 * half_mse) * sqrt(moments.weight / (n_samples - moments.n_features - intercept))


@np.errstate(over="ignore", invalid="ignore")
def leverages(triangle: Array, x: Array) -> Array:
    """The leverage of each row, ‖R⁻ᵀ·z‖², shape (n_samples,); not finite where that overflows.

    Forward substitution subtracts the mean from x before it squares, so features far from 0 lose no more
    digits than in x - mean. The leverage of a row has the same bits, whatever the other rows are.

    Args:
        triangle: R, shape (n_parameters, n_parameters), as `design_triangle` makes it.
        x: Features, shape (n_samples, n_features). Where R has one row more, there is an intercept.
    """
    ones = np.ones((len(triangle) - x.shape[1], len(x)))
    z = np.vstack([ones, x.T])
    total = np.zeros(len(x))
    for i, row in enumerate(triangle):
        solved = z[i] / row[i]
        total += solved * solved
        z[i + 1 :] -= row[i + 1 :, np.newaxis] * solved
    return total
