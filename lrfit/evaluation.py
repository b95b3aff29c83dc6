"""Evaluation: how well a fit predicts rows that have a target, in one pass and constant memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from lrfit.errors import DataError
from lrfit.fit import LinearFit
from lrfit.graph import Array
from lrfit.moments import Moments
from lrfit.prediction import predictor

__all__ = ["Evaluation", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """Measures of the residuals y_hat - y.

    Attributes:
        n_samples: Number of rows.
        loss: Half the mean squared residual, mse / 2.
        mse: Mean squared residual.
        rmse: Its root.
        mae: Mean absolute residual.
        r2: 1 - Σ residual² / Σ (y - mean of y)², of these rows; None where y is constant.
        max_error: Largest absolute residual.

    References:
        The definitions, and names, of scikit-learn's `metrics`.
    """

    n_samples: int
    loss: float
    mse: float
    rmse: float
    mae: float
    r2: float | None
    max_error: float


def evaluate(fit: LinearFit, chunks: Iterable[Array]) -> Evaluation:
    """The measures of `fit` on rows (x, y), in chunks of shape (n_rows, n_features + 1).

    Raises:
        DataError: There are no rows, or a squared residual overflows.
    """
    predict = predictor(fit)
    target = Moments.empty(1)
    squares = absolutes = largest = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for rows in chunks:
            residual = predict(rows[:, :-1]) - rows[:, -1]
            squares += float(np.sum(np.square(residual)))
            absolutes += float(np.sum(np.abs(residual)))
            largest = max(largest, float(np.max(np.abs(residual))))
            target = target.merge(Moments.of_rows(rows[:, -1:]))
    if not target.n_samples:
        raise DataError("there are no rows to evaluate")
    mse = squares / target.n_samples
    if not np.isfinite(mse + target.best_constant_half_mse):
        raise DataError("the squares of the residuals overflow; divide the columns by a power of ten first")
    return Evaluation(
        n_samples=target.n_samples,
        loss=mse / 2.0,
        mse=mse,
        rmse=sqrt(mse),
        mae=absolutes / target.n_samples,
        r2=target.r2(mse / 2.0),
        max_error=largest,
    )
