"""Fits: the numbers that come out of a training run. Their fields are those of the model document.

What is called `half_mse` in `Moments` is the `loss` here. Imports nothing heavy: reading a model is quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields
from math import isfinite, sqrt
from typing import TYPE_CHECKING, Annotated

from lrfit.errors import shown
from lrfit.settings import (
    Amount,
    Count,
    Gamma,
    Momentum,
    Number,
    Positive,
    Rule,
    Schedule,
    Share,
    TrainingSettings,
    one_of,
)

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
    "contradictions",
    "summarize",
]

_STOPS = ("epochs", "tol", "patience", "time", "checkpoint")


@dataclass(frozen=True)
class LeastSquaresSummary:
    """The least-squares solution: what descent converges to; standard errors are None where not defined."""

    weights: dict[str, float]
    intercept: float
    loss: Amount
    standard_errors: dict[str, Amount | None]


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
    loss: Amount


@dataclass(frozen=True)
class TrainingSummary:
    """How a fit was trained, the loss (half-MSE) that it reached on the training data, and how to go on.

    The attributes are those of `TrainingSettings`, but for these. Defaults are what the fields of older
    documents, which lack them, stand for: they stay, whatever becomes of those of the settings.

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

    loss: Amount
    epochs: Count
    learning_rate: Positive
    batch_size: Number | None
    shuffle: bool
    seed: Count
    standardize: bool
    fit_intercept: bool
    stopped: Annotated[str, one_of(_STOPS)]
    condense: bool = True
    l2: Amount = 0.0
    momentum: Momentum = 0.0
    nesterov: bool = False
    schedule: Schedule = "constant"
    power_t: Positive = 0.25
    step_size: Number = 30
    gamma: Gamma = 0.1
    average: bool = False
    clip_norm: Positive | None = None
    validation_fraction: Share | None = None
    validation_loss: Amount | None = None
    relative_excess: Amount | None = None
    best_epoch: Count | None = None
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

    n_samples: Number
    r2: Annotated[float, Rule(lambda value: value <= 1.0, "at most 1")] | None
    rmse: Amount
    best_constant_loss: Amount
    max_stable_learning_rate: Amount | None
    least_squares: LeastSquaresSummary
    condition_number: Annotated[float, Rule(lambda value: value >= 1.0, "at least 1")] | None = None
    optimum: OptimumSummary | None = None
    n_held_out: Count = 0
    fingerprint: str | None = None


@dataclass(frozen=True)
class LinearFit:
    """A fitted line: `y_hat = Σ weights[name] · x[name] + intercept`, and where it comes from.

    The fields are those of the model document; `training` and `data` are None in a fit written by hand.
    What may be in a field stands in its type; what goes together, in `contradictions`.
    """

    target: str
    weights: Annotated[dict[str, float], Rule(bool, "of one feature or more")]
    intercept: float
    training: TrainingSummary | None = None
    data: DataSummary | None = None


def contradictions(fit: LinearFit) -> Iterator[str]:
    """Which names and lengths in a fit do not go together: sentences that begin with a field's path."""
    yield from _of_data(fit.data, set(fit.weights)) if fit.data else ()
    yield from _of_training(fit.training, len(fit.weights)) if fit.training else ()


def _of_data(data: DataSummary, features: set[str]) -> Iterator[str]:
    solutions = {"least_squares": data.least_squares, "optimum": data.optimum}
    named: dict[str, tuple[Iterable[str], set[str]]] = {
        f"{name}.weights": (solution.weights, features) for name, solution in solutions.items() if solution
    }
    named["least_squares.standard_errors"] = (data.least_squares.standard_errors, {*features, "intercept"})
    for field, (names, wanted) in named.items():
        if other := sorted(wanted.symmetric_difference(names)):
            has = "lacks" if other[0] in wanted else "has"
            yield f"'data.{field}' {has} {shown(other[0])}, and must have the names of 'weights'"


def _of_training(training: TrainingSummary, n_features: int) -> Iterator[str]:
    variables, best = training.variables, training.best
    if variables and ("b" in variables) != training.fit_intercept:
        yield f"'training.variables' {'lacks' if training.fit_intercept else 'has'} 'b', the intercept"
    lengths = {
        f"variables.{name}": (v, n_features if name[:1] == "W" else 1)
        for name, v in (variables or {}).items()
    }
    lengths |= {} if best is None else {"best": (best, n_features + training.fit_intercept)}
    for field, (numbers, wanted) in lengths.items():
        if len(numbers) != wanted:
            yield f"{shown(f'training.{field}')} has {len(numbers)} numbers, and must have {wanted}"
    if (training.best_epoch is None) != (best is None):
        yield "'training.best_epoch' and 'training.best' go together"
    if (training.best_epoch or 0) > training.epochs:
        yield f"'training.best_epoch' is {training.best_epoch}, beyond 'training.epochs', {training.epochs}"


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
