"""Fits: the numbers that come out of a training run. Their fields are those of the model document.

What is called `half_mse` in `Moments` is the `loss` here. Imports nothing heavy: reading a model is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite, sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lrfit.descent import Descent
    from lrfit.graph import Array
    from lrfit.training import EpochRecord

__all__ = ["DataSummary", "LeastSquaresSummary", "LinearFit", "TrainingSummary", "summarize"]


@dataclass(frozen=True)
class LeastSquaresSummary:
    """The least-squares solution: what descent converges to; standard errors are None where not defined."""

    weights: dict[str, float]
    intercept: float
    loss: float
    standard_errors: dict[str, float | None]


@dataclass(frozen=True)
class TrainingSummary:
    """How a fit was trained, and the loss (half-MSE) that it reached on the training data."""

    loss: float
    epochs: int
    learning_rate: float
    batch_size: int | None
    shuffle: bool
    seed: int
    standardize: bool
    fit_intercept: bool
    stopped: str


@dataclass(frozen=True)
class DataSummary:
    """The training data, and how the fit does on them.

    Attributes:
        n_samples: Number of rows.
        r2: 1 - loss / best_constant_loss; None where y is constant.
        rmse: Root of the mean squared residual.
        best_constant_loss: The loss of predicting the mean of y.
        max_stable_learning_rate: 2 / λ_max of the loss as it was descended (standardised, if it was); None
            if any rate is stable.
        least_squares: What could be reached.
    """

    n_samples: int
    r2: float | None
    rmse: float
    best_constant_loss: float
    max_stable_learning_rate: float | None
    least_squares: LeastSquaresSummary


@dataclass(frozen=True)
class LinearFit:
    """A fitted line: `y_hat = Σ weights[name] · x[name] + intercept`, and where it comes from.

    The fields are those of the model document; `training` and `data` are None in a fit written by hand.
    """

    target: str
    weights: dict[str, float]
    intercept: float
    training: TrainingSummary | None = None
    data: DataSummary | None = None


def summarize(
    descent: Descent, record: EpochRecord, features: Sequence[str], target: str, *, stopped: str = "epochs"
) -> LinearFit:
    """The fit that `record` stands for, with what the moments say of it.

    Args:
        descent: The run.
        record: Its last record.
        features: Names of the columns of x.
        target: Name of y.
        stopped: What ended the run.
    """
    settings = descent.settings
    return LinearFit(
        target=target,
        weights=_named(features, record.weights),
        intercept=float(record.intercept),
        training=TrainingSummary(
            loss=record.loss,
            epochs=record.epoch,
            learning_rate=descent.learning_rate,
            batch_size=settings.batch_size,
            shuffle=settings.shuffle,
            seed=settings.seed,
            standardize=settings.standardize,
            fit_intercept=settings.intercept,
            stopped=stopped,
        ),
        data=_data_summary(descent, record, features),
    )


def _data_summary(descent: Descent, record: EpochRecord, features: Sequence[str]) -> DataSummary:
    moments, bound = descent.moments, descent.max_stable_learning_rate
    return DataSummary(
        n_samples=moments.n_samples,
        r2=moments.r2(record.loss),
        rmse=sqrt(2.0 * record.loss),
        best_constant_loss=moments.best_constant_half_mse,
        max_stable_learning_rate=bound if isfinite(bound) else None,
        least_squares=_least_squares_summary(descent, features),
    )


def _least_squares_summary(descent: Descent, features: Sequence[str]) -> LeastSquaresSummary:
    intercept = descent.settings.intercept
    best = descent.moments.least_squares(intercept=intercept)
    errors: dict[str, float | None] = dict.fromkeys([*features, "intercept"])
    if best.standard_errors is not None:
        errors.update(zip([*features, "intercept"], map(float, best.standard_errors), strict=False))
    return LeastSquaresSummary(_named(features, best.weights), best.intercept, best.half_mse, errors)


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
