"""Model documents: models and how they were trained, as dataclasses with the fields of the JSON file.

The `loss` here is the `half_mse` of `Moments`. Imports nothing heavy, so that reading a model is quick.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from lrfit.data.kinds import Column
from lrfit.model.rules import Gamma, Momentum, Schedule, ValidationRows
from lrfit.system.rules import Amount, Count, Number, Positive, Probability, Rule, Share, one_of

if TYPE_CHECKING:
    from lrfit.arrays import Array

__all__ = [
    "DataSummary",
    "IntervalSummary",
    "LeastSquaresSummary",
    "ModelDocument",
    "OptimumSummary",
    "TrainingSummary",
]

_STOPS = ("epochs", "tol", "optimum", "patience", "time", "checkpoint")


@dataclass(frozen=True)
class LeastSquaresSummary:
    """The least-squares solution, to which descent converges; what is not defined is None.

    Attributes:
        weights: Weights by feature.
        intercept: Intercept; 0.0 for a model without one.
        loss: Half-MSE of this solution.
        standard_errors: Standard errors of the weights and of the "intercept".
        t: Each parameter / its standard error; None as a whole without standard errors.
        p: Two-sided p values of t, with n_samples - n_parameters degrees of freedom; None where t is.
        interval_95: Ends of the 95 % confidence intervals of the parameters; None where t is.
    """

    weights: dict[str, float]
    intercept: float
    loss: Amount
    standard_errors: dict[str, Amount | None]
    t: dict[str, float | None] | None = None
    p: dict[str, Probability | None] | None = None
    interval_95: dict[str, list[float] | None] | None = None


@dataclass(frozen=True)
class IntervalSummary:
    """The numbers that intervals of predictions take, beside the model itself.

    Attributes:
        degrees_of_freedom: n_samples - n_parameters.
        residual_standard_error: s = √(Σ residual² / degrees_of_freedom), of least squares.
        features: Features in the order of the factor, which those of a sorted object may lose.
        factor: R, upper triangular: RᵀR = Σ z·zᵀ over the rows, with z = (1, x), or x without an intercept.
            Each list is a row from its diagonal on.
    """

    degrees_of_freedom: Number
    residual_standard_error: Amount
    features: list[str]
    factor: list[list[float]]


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
    shuffle_parts: bool = False
    validation_fraction: Share | None = None
    validation_rows: ValidationRows = "random"
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
        weights_column: The column of the weights of the rows; None if all count the same.
        intervals: The numbers that intervals of predictions take; None with a penalty, with more than 100
            features, where standard errors are not defined, and in older documents.
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
    weights_column: str | None = None
    intervals: IntervalSummary | None = None


@dataclass(frozen=True)
class ColumnSummary:
    """A column of features as it is read.

    Attributes:
        kind: "number"; "date", which becomes days since 1970-01-01 (UTC unless an offset is given); or
            "category", whose levels but the first become features of 0 and 1, named `column=level`.
        levels: The levels of a category, sorted; None for other kinds.
    """

    kind: Annotated[str, one_of(("number", "date", "category"))] = "number"
    levels: list[str] | None = None


@dataclass(frozen=True)
class GroupSummary:
    """The rows that the line is for: those with this level in this column."""

    column: str
    level: str


@dataclass(frozen=True)
class ModelDocument:
    """A model document: the line `y_hat = Σ weights[name] · x[name] + intercept`, and where it comes from.

    `training` and `data` are None in a document written by hand. The types give the valid values of each
    field; `lrfit.model.contradictions` checks that the fields agree with each other.

    Attributes:
        target: Name of y.
        weights: The weight of each feature.
        intercept: The intercept; 0.0 for a model without one.
        training: How the model was trained.
        data: The data that it was trained on.
        columns: The columns that the features are made from, in order; None if each is a number.
        group: The rows that the line is for; None for all.
    """

    target: str
    weights: Annotated[dict[str, float], Rule(bool, "of one feature or more")]
    intercept: float
    training: TrainingSummary | None = None
    data: DataSummary | None = None
    columns: dict[str, ColumnSummary] | None = None
    group: GroupSummary | None = None

    @property
    def read_columns(self) -> tuple[Column, ...]:
        """The columns that the features are made from, in order."""
        summaries = self.columns or {name: ColumnSummary() for name in self.weights}
        return tuple(
            Column(name, summary.kind, None if summary.levels is None else tuple(summary.levels))
            for name, summary in summaries.items()
        )

    @property
    def coefficients(self) -> Array:
        """The weights as an array, in the order of the features; shape (n_features,)."""
        import numpy as np  # noqa: PLC0415 (takes long, and reading a model needs none)

        return np.array(list(self.weights.values()))
