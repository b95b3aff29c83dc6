"""Fits: the numbers that come out of a training run. Their fields are those of the model document.

What is called `half_mse` in `Moments` is the `loss` here. Imports nothing heavy: reading a model is quick.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from lrfit.messages import shown
from lrfit.model.rules import Amount, Count, Gamma, Momentum, Number, Positive, Rule, Schedule, Share, one_of

if TYPE_CHECKING:
    from lrfit.arrays import Array

__all__ = [
    "DataSummary",
    "LeastSquaresSummary",
    "ModelDocument",
    "OptimumSummary",
    "TrainingSummary",
    "contradictions",
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
    """The solution that descent with a penalty converges to, in the place of least squares.

    Attributes:
        weights: Weights by feature.
        intercept: Intercept; 0.0 for a model without one.
        loss: Half-MSE there, without the penalty.
    """

    weights: dict[str, float]
    intercept: float
    loss: Amount


@dataclass(frozen=True)
class TrainingSummary:
    """How a fit was trained, the loss (half-MSE) that it reached on the training data, and how to go on.

    The attributes are those of `TrainingSettings`, but for these. The defaults say what it means that an
    older document lacks a field. So they stay, even if the defaults of the settings change.

    Attributes:
        loss: Half-MSE of the fit, on the rows that it was trained on.
        epochs: Number of epochs done, in all runs together.
        learning_rate: The rate that was used, at the start of a schedule.
        stopped: Reason why the run ended: "epochs", "tol", "patience" or "time"; or "checkpoint": it went on.
        relative_excess: The objective less its minimum, as a share of the minimum.
        best_epoch: Epoch that the fit is from, if the run had patience.
        best: θ of that epoch, in the units of descent.
        validation_loss: Half-MSE of the fit, on the rows held out; None without.
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
        max_stable_learning_rate: Largest stable rate of full batches, in the units of descent; None if any
            rate is stable.
        least_squares: The best that a line can reach.
        condition_number: λ_max / λ_min of the Hessian of the objective, as it was descended.
        optimum: The solution that descent converges to, where a penalty moves it; else None.
        n_held_out: Number of rows held out.
        fingerprint: Fingerprint of the values that were read; see `Sample`.
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
class ModelDocument:
    """A fitted line: `y_hat = Σ weights[name] · x[name] + intercept`, and where it comes from.

    The fields are those of the model document; `training` and `data` are None in a fit written by hand.
    What may be in a field stands in its type; what goes together, in `contradictions`.
    """

    target: str
    weights: Annotated[dict[str, float], Rule(bool, "of one feature or more")]
    intercept: float
    training: TrainingSummary | None = None
    data: DataSummary | None = None

    @property
    def coefficients(self) -> Array:
        """The weights as an array, in the order of the features; shape (n_features,)."""
        import numpy as np  # noqa: PLC0415 (takes long, and reading a model needs none)

        return np.array(list(self.weights.values()))


def contradictions(fit: ModelDocument) -> Iterator[str]:
    """Sentences on names and lengths that do not go together; each begins with the path of a field."""
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
