"""Inference: how far the least-squares parameters can be trusted, by Student's t.

If the residuals are independent and normal with one variance, (parameter - true value) / standard error has
Student's t distribution with n - n_parameters degrees of freedom.

References:
    Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.4 and 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, nan

import numpy as np

from lrfit.analysis.least_squares import LeastSquares
from lrfit.analysis.student import probability_beyond, quantile
from lrfit.arrays import Array

__all__ = ["LEVEL", "Inference", "infer"]

LEVEL = 0.95
"""Level of confidence of the intervals of parameters."""


@dataclass(frozen=True, eq=False)
class Inference:
    """Tests and intervals of the least-squares parameters: the weights, then the intercept if there is one.

    A number is not finite where it is not defined, as without any residual, or beyond the range of float64.

    Attributes:
        t: Parameter / standard error, shape (n_parameters,).
        p: Probability of a |t| at least as large if the parameter were 0, shape (n_parameters,).
        low: Lower end of the 95 % confidence interval, shape (n_parameters,).
        high: Upper end, shape (n_parameters,).
    """

    t: Array
    p: Array
    low: Array
    high: Array


@np.errstate(divide="ignore", over="ignore", invalid="ignore")
def infer(best: LeastSquares, n_samples: int) -> Inference | None:
    """The inference on a least-squares solution; None where it has no standard errors.

    Args:
        best: The solution.
        n_samples: Number of rows that it comes from.
    """
    if best.standard_errors is None:
        return None
    n_parameters = len(best.standard_errors)
    parameters = np.append(best.weights, best.intercept)[:n_parameters]
    degrees_of_freedom = n_samples - n_parameters
    t = parameters / best.standard_errors
    p = np.array(
        [probability_beyond(each, degrees_of_freedom) if isfinite(each) else nan for each in t.tolist()]
    )
    half_width = quantile(LEVEL, degrees_of_freedom) * best.standard_errors
    return Inference(t, p, parameters - half_width, parameters + half_width)
