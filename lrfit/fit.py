"""Fits: the numbers that come out of a training run. Their fields are those of the model document.

What is called `half_mse` in `Moments` is the `loss` here. Imports nothing heavy: reading a model is quick.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite, sqrt
from typing import TYPE_CHECKING

from lrfit.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.descent import Descent
    from lrfit.graph import Array
    from lrfit.run import EpochRecord

__all__ = [
    "DataSummary",
    "LeastSquaresSummary",
    "LinearFit",
    "OptimumSummary",
    "TrainingSummary",
    "summarize",
]


@dataclass(frozen=True)
class LeastSquaresSummary:
    """The least-squares solution: what descent converges to; standard errors are None where not defined."""

    weights: dict[str, float]
    intercept: float
    loss: float
    standard_errors: dict[str, float | None]


@dataclass(frozen=True)
class OptimumSummary:
    """What descent with a penalty converges to, in the place of the least-squares solution.

    Attributes:
        weights: By feature.
        intercept: 0.0 for a model without one.
        loss: The half-MSE there, without the penalty.
    """

    weights: dict[str, float]
    intercept: float
    loss: float


@dataclass(frozen=True)
class TrainingSummary:
    """How a fit was trained, the loss (half-MSE) that it reached on the training data, and how to go on.

    The attributes are those of `TrainingSettings`, but for these.

    Attributes:
        loss: Of the fit, on the rows that it was trained on.
        epochs: That were done, in all runs together.
        learning_rate: That was used, at the start of a schedule.
        fit_intercept: The setting `intercept`.
        stopped: What ended the run: "epochs", "tol", "patience" or "time"; or "checkpoint": it went on.
        relative_excess: How far above its minimum the objective is, as a share of it.
        best_epoch: That the fit is from, if the run had patience.
        best: θ of that epoch, in the units of descent.
        validation_loss: Of the fit, on the rows held out; None without.
        variables: All variables of the training graph at the end, in the units of descent, row by row.
    """

    loss: float
    epochs: int
    learning_rate: float
    batch_size: int | None
    shuffle: bool
    seed: int
    standardize: bool
    fit_intercept: bool
    stopped: str
    condense: bool = True
    l2: float = 0.0
    momentum: float = 0.0
    nesterov: bool = False
    schedule: str = "constant"
    power_t: float = 0.25
    step_size: int = 30
    gamma: float = 0.1
    average: bool = False
    clip_norm: float | None = None
    validation_fraction: float | None = None
    validation_loss: float | None = None
    relative_excess: float | None = None
    best_epoch: int | None = None
    best: list[float] | None = None
    variables: dict[str, list[float]] | None = None


@dataclass(frozen=True)
class DataSummary:
    """The training data, and how the fit does on them.

    Attributes:
        n_samples: Number of rows.
        r2: 1 - loss / best_constant_loss; None where y is constant.
        rmse: Root of the mean squared residual.
        best_constant_loss: The loss of predicting the mean of y.
        max_stable_learning_rate: Of full batches, on the loss as it was descended (standardised, if it was);
            None if any rate is stable.
        least_squares: What could be reached.
        condition_number: λ_max / λ_min of the Hessian of the objective, as it was descended.
        optimum: What descent converges to, where a penalty makes that differ from least squares; else None.
        n_held_out: Number of rows held out.
        fingerprint: Of the values that were read; see `lrfit.data.Sample`.
    """

    n_samples: int
    r2: float | None
    rmse: float
    best_constant_loss: float
    max_stable_learning_rate: float | None
    least_squares: LeastSquaresSummary
    condition_number: float | None = None
    optimum: OptimumSummary | None = None
    n_held_out: int = 0
    fingerprint: str | None = None


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
    descent: Descent,
    record: EpochRecord,
    features: Sequence[str],
    target: str,
    *,
    fingerprint: str | None = None,
) -> LinearFit:
    """The fit that `record` stands for, with what the moments say of it.

    Args:
        descent: The run.
        record: Its last record; or one on the way, for a checkpoint.
        features: Names of the columns of x.
        target: Name of y.
        fingerprint: Of the data.
    """
    fitted = record.fitted
    return LinearFit(
        target=target,
        weights=_named(features, fitted.weights),
        intercept=float(fitted.intercept),
        training=_training_summary(descent, record),
        data=_data_summary(descent, fitted, features, fingerprint),
    )


def _training_summary(descent: Descent, record: EpochRecord) -> TrainingSummary:
    settings, fitted = descent.settings, record.fitted
    same = {f.name for f in fields(TrainingSummary)} & {f.name for f in fields(TrainingSettings)}
    excess = fitted.relative_excess
    own = {
        "loss": fitted.loss,
        "epochs": record.epoch,
        "learning_rate": descent.learning_rate,
        "momentum": descent.method.momentum,
        "fit_intercept": settings.intercept,
        "stopped": record.stopped or "checkpoint",
        "validation_loss": fitted.validation_loss,
        "relative_excess": excess if isfinite(excess) else None,
        "best_epoch": None if record.best is None else record.best.epoch,
        "best": None if record.best is None else record.best.theta.tolist(),
        "variables": {name: value.ravel().tolist() for name, value in record.variables.items()},
    }
    return TrainingSummary(**({name: getattr(settings, name) for name in same} | own))


def _data_summary(
    descent: Descent, record: EpochRecord, features: Sequence[str], fingerprint: str | None
) -> DataSummary:
    moments, bound = descent.moments, descent.max_stable_learning_rate
    return DataSummary(
        n_samples=moments.n_samples,
        r2=moments.r2(record.loss),
        rmse=sqrt(2.0 * record.loss),
        best_constant_loss=moments.best_constant_half_mse,
        max_stable_learning_rate=bound if isfinite(bound) else None,
        least_squares=_least_squares_summary(descent, features),
        condition_number=descent.objective.condition_number,
        optimum=_optimum_summary(descent, features),
        n_held_out=descent.held_out.n_samples if descent.held_out else 0,
        fingerprint=fingerprint,
    )


def _least_squares_summary(descent: Descent, features: Sequence[str]) -> LeastSquaresSummary:
    intercept = descent.settings.intercept
    best = descent.moments.least_squares(intercept=intercept)
    errors: dict[str, float | None] = dict.fromkeys([*features, "intercept"])
    if best.standard_errors is not None:
        errors.update(zip([*features, "intercept"], map(float, best.standard_errors), strict=False))
    return LeastSquaresSummary(_named(features, best.weights), best.intercept, best.half_mse, errors)


def _optimum_summary(descent: Descent, features: Sequence[str]) -> OptimumSummary | None:
    if not descent.settings.l2:
        return None
    weights, intercept = descent.parameters(descent.objective.minimizer)
    return OptimumSummary(
        _named(features, weights), float(intercept), descent.moments.half_mse(weights, intercept)
    )


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
