"""Inference: how far the least-squares parameters can be trusted, by Student's t.

If the residuals are independent and normal with one variance, (parameter - true value) / standard error has
Student's t distribution with n - n_parameters degrees of freedom.

References:
    Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.4 and 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import ModuleType

import numpy as np

from lrfit.analysis.least_squares import LeastSquares
from lrfit.arrays import Array
from lrfit.errors import UsageError
from lrfit.system.optional import import_optional

__all__ = ["LEVEL", "Inference", "infer", "missing", "t_quantile"]

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
    """The inference on a least-squares solution; None where it has no standard errors, or SciPy is missing.

    Args:
        best: The solution.
        n_samples: Number of rows that it comes from.
    """
    if best.standard_errors is None or missing():
        return None
    n_parameters = len(best.standard_errors)
    parameters = np.append(best.weights, best.intercept)[:n_parameters]
    degrees_of_freedom = n_samples - n_parameters
    t = parameters / best.standard_errors
    p = np.where(np.isfinite(t), 2.0 * _special().stdtr(degrees_of_freedom, -np.abs(t)), np.nan)
    half_width = t_quantile(degrees_of_freedom, LEVEL) * best.standard_errors
    return Inference(t, p, parameters - half_width, parameters + half_width)


def missing() -> str | None:
    """A message that says what to install for inference; None if nothing is missing."""
    try:
        _special()
    except UsageError as error:
        return str(error)
    return None


def t_quantile(degrees_of_freedom: int, level: float, user: str = "an interval") -> float:
    """The half width, in standard errors, of a two-sided interval at this level.

    Args:
        degrees_of_freedom: 1 or more.
        level: Level of confidence, between 0 and 1.
        user: The thing that needs it, for the message.

    Raises:
        UsageError: SciPy is not installed.
    """
    return -float(_special(user).stdtrit(degrees_of_freedom, 0.5 * (1.0 - level)))


def _special(user: str = "the table of t, p and intervals") -> ModuleType:
    return import_optional("scipy.special", user)
