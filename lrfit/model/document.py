"""Model documents: models and how they were trained, as dataclasses with the fields of the JSON file.

The `loss` here is the `half_mse` of `Moments`. Imports nothing heavy, so that reading a model is quick.
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

_STOPS = ("epochs", "tol", "optimum", "patience", "time", "checkpoint")


@dataclass(frozen=True)
class LeastSquaresSummary:
    """The least-squares solution, to which descent converges; undefined standard errors are None."""

    weights: dict[str, float]
    intercept: float
    loss: Amount
    standard_errors: dict[str, Amount | None]


@dataclass(frozen=True)
class OptimumSummary:
    """The solution that descent with a penalty converges to, in place of the least-squares solution.

    Attributes:
        weights: Weights by feature.
        intercept: Intercept; 0.0 for a model without one.
        loss: Half-MSE of this solution, without the penalty.
    """

    weights: dict[str, float]
    intercept: float
    loss: Amount


@dataclass(frozen=True)
class TrainingSummary:
    """How a model was trained, the loss (half-MSE) that it reached, and the state to resume the run from.

    Attributes that are not listed here are those of `TrainingSettings`. The defaults stand for fields that an
    older document lacks. So they must stay as they are, even if the defaults of the settings change.

    Attributes:
        loss: Half-MSE of the model on the rows that it was trained on.
        epochs: Number of epochs done, in all runs together.
        learning_rate: The learning rate that was used; with a schedule, the initial one.
        stopped: Why the run ended, as `EpochRecord.stopped` has it; "checkpoint" if it went on.
        relative_excess: The objective minus its minimum, as a share of the minimum.
        converged: Whether the relative excess is at most 1 %; None in older documents.
        best_epoch: Epoch that the weights and the intercept are from, if the run had patience.
        best: θ of that epoch, in the units of descent.
        validation_loss: Half-MSE of the model on the rows held out; None if there are none.
        variables: All variables of the training graph at the end, in the units of descent, flattened.
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
    converged: bool | None = None
    best_epoch: Count | None = None
    best: list[float] | None = None
    variables: dict[str, list[float]] | None = None


@dataclass(frozen=True)
class DataSummary:
    """The training data, and how well the model fits them.

    Attributes:
        n_samples: Number of rows.
        r2: 1 - loss / best_constant_loss; None where y is constant.
        rmse: Root of the mean squared residual.
        best_constant_loss: The loss of predicting the mean of y.
        max_stable_learning_rate: Largest stable rate of full batches, in the units of descent; None if any
            rate is stable.
        least_squares: The least-squares solution.
        condition_number: λ_max / λ_min of the Hessian of the objective, in the units of descent.
        optimum: The solution that descent converges to, if a penalty moves it; else None.
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
    """A model document: the line `y_hat = Σ weights[name] · x[name] + intercept`, and where it comes from.

    `training` and `data` are None in a document written by hand. The types give the valid values of each
    field; `contradictions` checks that the fields agree with each other.
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
    """Sentences about names and lengths that contradict each other; each begins with the path of a field."""
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
