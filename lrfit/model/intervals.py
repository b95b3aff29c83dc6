"""Intervals of predictions, from the document of a model alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias, get_args

import numpy as np

from lrfit.analysis.leverage import leverages
from lrfit.analysis.student import quantile
from lrfit.arrays import Array
from lrfit.errors import DataError, ModelFileError, UsageError
from lrfit.messages import shown, spelled
from lrfit.model.document import IntervalSummary, ModelDocument

__all__ = ["MOST_FEATURES", "IntervalKind", "intervals"]

IntervalKind: TypeAlias = Literal["confidence", "prediction"]
"""An interval of the mean of y at x, or of a new value of y there."""

MOST_FEATURES = 100
"""Largest number of features of which a document keeps the factor: 5151 numbers, about 150 kB."""


def intervals(
    fit: ModelDocument, kind: IntervalKind, level: float
) -> Callable[[Array, Array], tuple[Array, Array]]:
    """A function from rows and their predictions to the ends of an interval about each prediction.

    It takes x, shape (n_samples, n_features), with the features in the order of the weights, and y_hat, shape
    (n_samples,), and returns low and high, both of shape (n_samples,):

        y_hat ± t(n - n_parameters) · s · √(leverage),    for a new value  … · √(1 + leverage).

    The ends for a row have the same bits, whatever the other rows are. The function raises `DataError` if one
    is beyond the range of float64.

    Args:
        fit: The model.
        kind: "confidence" for the mean of y at x, "prediction" for a new value of y.
        level: Share of such intervals that hold it, between 0 and 1.

    Raises:
        ModelFileError: The document does not keep what intervals take; the message says why.
        UsageError: The kind or the level is none.

    References:
        Draper and Smith, Applied Regression Analysis, 3rd ed., sections 3.1 and 5.5.
    """
    if kind not in get_args(IntervalKind):
        raise UsageError(f"{spelled(interval=kind)} is neither 'confidence' nor 'prediction'")
    if not 0.0 < level < 1.0:
        raise UsageError(f"{spelled(level=level)} is not between 0 and 1, as 0.95 is")
    kept = _kept(fit)
    order = [kept.features.index(name) for name in fit.weights]
    triangle = _triangle(kept.factor)
    of_new = float(kind == "prediction")
    t = quantile(level, kept.degrees_of_freedom)

    def ends(x: Array, y_hat: Array) -> tuple[Array, Array]:
        in_order = np.empty_like(x)
        in_order[:, order] = x
        with np.errstate(over="ignore", invalid="ignore"):
            half_width = t * kept.residual_standard_error * np.sqrt(of_new + leverages(triangle, in_order))
            low, high = y_hat - half_width, y_hat + half_width
        if not (np.all(np.isfinite(low)) and np.all(np.isfinite(high))):
            raise DataError(
                "an interval is beyond the range of float64, 1.8e308: are the data in the units of the model?"
            )
        return low, high

    return ends


def _triangle(factor: list[list[float]]) -> Array:
    triangle = np.zeros((len(factor), len(factor)))
    for i, row in enumerate(factor):
        triangle[i, i:] = row
    return triangle


def _kept(fit: ModelDocument) -> IntervalSummary:
    """The numbers in the document that intervals take."""
    if fit.data and fit.data.intervals:
        return fit.data.intervals
    raise ModelFileError(f"the model for {shown(fit.target)} gives no intervals: {_why_none(fit)}")


def _why_none(fit: ModelDocument) -> str:
    if fit.data is None or fit.training is None:
        return "it was written by hand; only training finds out how far its predictions can be trusted"
    if fit.training.l2:
        return f"they are not defined with a penalty; train without {spelled(l2=...)}"
    if len(fit.weights) > MOST_FEATURES:
        return f"it has {len(fit.weights)} features; train on {MOST_FEATURES} or fewer"
    if not any(error is not None for error in fit.data.least_squares.standard_errors.values()):
        return (
            "its rows do not determine them; train on more rows than parameters, with features that do not "
            "depend on each other"
        )
    return "an older lrfit wrote it; train it again"
