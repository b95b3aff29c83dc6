"""Evaluation: how well a model predicts rows that have a target, in one pass and constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import reduce
from math import sqrt

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.errors import DataError
from lrfit.model.document import ModelDocument
from lrfit.model.prediction import predictor

__all__ = ["Evaluation", "ResidualSums", "evaluate", "summing"]


@dataclass(frozen=True)
class Evaluation:
    """Measures of the residuals y_hat - y.

    Attributes:
        n_samples: Number of rows.
        loss: Half the mean squared residual, mse / 2.
        mse: Mean squared residual.
        rmse: Root of the mean squared residual.
        mae: Mean absolute residual.
        r2: 1 - Σ residual² / Σ (y - mean of y)², for these rows; None where y is constant.
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


@dataclass(frozen=True)
class ResidualSums:
    """Sums over rows, from which the measures are computed; the sums of two sets of rows can be merged.

    Attributes:
        squares: Σ residual².
        absolutes: Σ |residual|.
        largest: Largest |residual|.
        target: Moments of y.
    """

    squares: float
    absolutes: float
    largest: float
    target: Moments

    def merge(self, other: ResidualSums) -> ResidualSums:
        """The sums over the rows of both."""
        return ResidualSums(
            self.squares + other.squares,
            self.absolutes + other.absolutes,
            max(self.largest, other.largest),
            self.target.merge(other.target),
        )


def summing(fit: ModelDocument) -> Callable[[Array], ResidualSums]:
    """A function from rows (x, y), shape (n_rows, n_features + 1), to sums of residuals.

    The sums are not finite if they are too large.

    Examples:
        >>> summing(ModelDocument("y", {"x": 2.0}, 1.0))(np.array([[1.0, 3.5], [2.0, 4.0]])).squares
        1.25
    """
    predict = predictor(fit)

    @np.errstate(over="ignore", invalid="ignore")
    def sums(rows: Array) -> ResidualSums:
        residual = predict(rows[:, :-1]) - rows[:, -1]
        sizes = np.abs(residual)
        target = Moments.of_rows(rows[:, -1:])
        return ResidualSums(
            float(np.sum(np.square(residual))), float(np.sum(sizes)), float(np.max(sizes)), target
        )

    return sums


@np.errstate(over="ignore", invalid="ignore")
def evaluate(parts: Iterable[ResidualSums], source_name: str = "the data") -> Evaluation:
    """The measures of a model on rows, from the sums that `summing` gives for chunks of them, in order.

    `source_name` is the name of the rows in messages.

    Raises:
        DataError: There are no rows, or a squared residual overflows.
    """
    total = reduce(ResidualSums.merge, parts, ResidualSums(0.0, 0.0, 0.0, Moments.empty(1)))
    target = total.target
    if not target.n_samples:
        raise DataError(f"{source_name}: there are no rows to evaluate")
    mse = total.squares / target.n_samples
    if not np.isfinite(mse + target.best_constant_half_mse):
        raise DataError(
            f"{source_name}: squares of residuals overflow; divide the columns by a power of ten first"
        )
    return Evaluation(
        n_samples=target.n_samples,
        loss=mse / 2.0,
        mse=mse,
        rmse=sqrt(mse),
        mae=total.absolutes / target.n_samples,
        r2=target.r2(mse / 2.0),
        max_error=total.largest,
    )
