"""Training: gradient descent on the model's graph, as a generator of epoch records.

`prepare` turns data and settings into a `Descent`; `train` runs it, one record an epoch; `summarize` makes
the fit of the last record. There is one loop: full-batch descent runs it on the sigma points of the
`Moments` in place of the rows (the same loss and gradients, at a cost that does not depend on the number of
rows), or, with `condense=False`, on the rows; mini-batch descent runs it on batches of the rows.

The loss that a record carries is that of all rows, from the `Moments`, after the epoch's last step.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
import numpy.typing as npt

from lrfit.errors import DivergenceError, UsageError
from lrfit.graph import Array
from lrfit.model import (
    DataSummary,
    LeastSquaresSummary,
    LinearFit,
    LinearModel,
    TrainingSummary,
    linear_model,
)
from lrfit.moments import Moments
from lrfit.ops import global_variables_initializer
from lrfit.optimizers import GradientDescentOptimizer
from lrfit.scaling import Scaling
from lrfit.session import Session

__all__ = ["Descent", "EpochRecord", "TrainingSettings", "prepare", "summarize", "train"]

_LARGEST_VALUE = 1e150
"""Values beyond have squares that overflow."""

_MINI_BATCH_RISE = 1e3
"""A mini-batch run whose loss is this many times both the starting and the best constant's has diverged."""


@dataclass(frozen=True)
class TrainingSettings:
    """How to descend.

    Attributes:
        learning_rate: Factor of each step, above 0; None for `Moments.fastest_learning_rate` in full batch,
            and for 1 / max ‖(x, 1)‖² in mini-batches, with which no batch can overshoot.
        epochs: Passes over the data, 1 or more.
        batch_size: Rows of one step; None for all.
        shuffle: Draw the rows of each mini-batch epoch in an order of its own.
        seed: Of the shuffles and of `init="normal"`, 0 or more.
        intercept: Whether the model has one.
        init: "zeros", "normal" (standard normal), both in the units of descent; or the numbers in the units
            of the data: weights in the order of the features, then the intercept if there is one.
        standardize: Descend on (x - mean) / sd and (y - mean) / sd.
        condense: Descend on the sigma points in place of the rows, where the batch is full.
    """

    learning_rate: float | None = 0.01
    epochs: int = 100
    batch_size: int | None = None
    shuffle: bool = True
    seed: int = 0
    intercept: bool = True
    init: str | Sequence[float] = "zeros"
    standardize: bool = False
    condense: bool = True

    @property
    def needs_rows(self) -> bool:
        """Whether descent needs the rows themselves, not just their moments."""
        return self.batch_size is not None or not self.condense


@dataclass(frozen=True, eq=False)
class EpochRecord:
    """Where descent stands after an epoch, in the units of the data.

    Attributes:
        epoch: Number of epochs done; 0 is the start.
        loss: Half-MSE of all rows.
        change: Loss less the loss of the epoch before; None at the start.
        weights: Shape (n_features,).
        intercept: 0.0 for a model without one.
    """

    epoch: int
    loss: float
    change: float | None
    weights: Array
    intercept: float


@dataclass(frozen=True, eq=False)
class Descent:
    """A training run, prepared.

    Attributes:
        settings: How to descend.
        moments: Of the data, in their units.
        scaling: Between the units of the data and those of descent.
        x: What batches are drawn from, in the units of descent: features of sigma points or of rows.
        y: Their targets, shape (len(x), 1).
        learning_rate: The settings' rate, or the one chosen for them.
        max_stable_learning_rate: 2 / λ_max, of full-batch descent in the units of descent.
    """

    settings: TrainingSettings
    moments: Moments
    scaling: Scaling
    x: Array
    y: Array
    learning_rate: float
    max_stable_learning_rate: float


def prepare(moments: Moments, settings: TrainingSettings, rows: Array | None = None) -> Descent:
    """The training run on data of these moments.

    Args:
        moments: Of all rows.
        settings: How to descend.
        rows: The rows (x, y), shape (n_samples, n_features + 1); needed if `settings.needs_rows`.

    Raises:
        DivergenceError: The squares of the data are too large for any loss to be finite.
        UsageError: `settings.init` has not one number for each parameter.
        ValueError: The rows are needed, and not given.
    """
    if settings.needs_rows and rows is None:
        raise ValueError("mini-batches, and full batches that are not condensed, need the rows")
    if not np.all(moments.root_mean_square < _LARGEST_VALUE):
        raise DivergenceError(
            f"the loss is not finite at any parameters: values beyond {_LARGEST_VALUE:g} overflow when they "
            "are squared; divide the columns by a power of ten first"
        )
    scaling = Scaling.none(moments.n_features)
    if settings.standardize:
        scaling = Scaling.standardizing(moments, intercept=settings.intercept)
    scaled = moments.rescaled(scaling.shift, scaling.scale)
    points = scaled.sigma_points() if rows is None or not settings.needs_rows else scaling.apply(rows)
    rate = settings.learning_rate or _automatic_rate(scaled, settings, points)
    bound = scaled.max_stable_learning_rate(intercept=settings.intercept)
    x, y = (np.ascontiguousarray(part) for part in (points[:, :-1], points[:, -1:]))
    return Descent(settings, moments, scaling, x, y, rate, bound)


def train(descent: Descent) -> Iterator[EpochRecord]:
    """Run gradient descent; one record for the start and one after each epoch.

    Raises:
        DivergenceError: The loss moved away from its minimum, and how; no record is made of that epoch.
    """
    settings = descent.settings
    model = linear_model(*_initial_parameters(descent))
    with Session(model.graph) as session:
        train_op = GradientDescentOptimizer(descent.learning_rate).minimize(model.loss)
        session.run(global_variables_initializer())
    model.graph.finalize()
    start = record = _record(descent, session, model, None)
    _check(descent, start, start, start)
    yield record
    for epoch in range(1, settings.epochs + 1):
        for batch in _batches(len(descent.x), settings, epoch):
            session.run(train_op, {model.x: descent.x[batch], model.y: descent.y[batch]})
        before, record = record, _record(descent, session, model, record)
        _check(descent, record, before, start)
        yield record


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
    constant = moments.best_constant_half_mse
    return DataSummary(
        n_samples=moments.n_samples,
        r2=1.0 - record.loss / constant if constant else None,
        rmse=sqrt(2.0 * record.loss),
        best_constant_loss=constant,
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


def _automatic_rate(scaled: Moments, settings: TrainingSettings, rows: Array) -> float:
    if settings.batch_size is None:
        return scaled.fastest_learning_rate(intercept=settings.intercept)
    longest = float(np.max(np.sum(np.square(rows[:, :-1]), axis=1))) + settings.intercept
    return 1.0 / longest if longest else 1.0


def _initial_parameters(descent: Descent) -> tuple[Array, float | None]:
    """Weights and intercept to start from, in the units of descent; the intercept is None without one."""
    settings, k = descent.settings, descent.moments.n_features
    n_parameters = k + settings.intercept
    if isinstance(settings.init, str):
        draw = np.random.default_rng(settings.seed).standard_normal
        numbers = np.zeros(n_parameters) if settings.init == "zeros" else draw(n_parameters)
        return numbers[:k], float(numbers[k]) if settings.intercept else None
    if len(settings.init) != n_parameters:
        parts = (
            f"{k} for the weights and 1 for the intercept" if settings.intercept else f"{k} for the weights"
        )
        raise UsageError(f"--init has {len(settings.init)} numbers, but needs {n_parameters}: {parts}")
    weights, intercept = np.array(settings.init[:k]), settings.init[k] if settings.intercept else 0.0
    weights, intercept = descent.scaling.from_data_units(weights, intercept)
    return weights, intercept if settings.intercept else None


def _batches(n_rows: int, settings: TrainingSettings, epoch: int) -> Iterator[slice | npt.NDArray[np.intp]]:
    """The rows of each step of an epoch. The order is a pure function of (seed, epoch)."""
    size = settings.batch_size or n_rows
    order = None
    if settings.shuffle and settings.batch_size:
        order = np.random.default_rng((settings.seed, epoch)).permutation(n_rows)
    for start in range(0, n_rows, size):
        batch = slice(start, start + size)
        yield batch if order is None else order[batch]


def _record(
    descent: Descent, session: Session, model: LinearModel, before: EpochRecord | None
) -> EpochRecord:
    weights, intercept = (session.run(model.W), 0.0) if model.b is None else session.run([model.W, model.b])
    weights, intercept = descent.scaling.to_data_units(weights[:, 0], intercept)
    loss = descent.moments.half_mse(weights, intercept)
    change = None if before is None else loss - before.loss
    return EpochRecord(0 if before is None else before.epoch + 1, loss, change, weights, float(intercept))


def _check(descent: Descent, record: EpochRecord, before: EpochRecord, start: EpochRecord) -> None:
    """Raise if `record` shows that descent diverges.

    Full batch: below 2 / λ_max the loss falls at every step, so any rise beyond rounding is proof.
    Mini-batches go up and down, so their rule is coarse: see `_MINI_BATCH_RISE`.
    """
    moments = descent.moments
    if isfinite(record.loss) and record.loss <= before.loss:
        return
    if descent.settings.batch_size is None:
        limit = before.loss + sum(moments.half_mse_rounding(r.weights, r.intercept) for r in (record, before))
    else:
        limit = _MINI_BATCH_RISE * max(start.loss, moments.best_constant_half_mse)
    if isfinite(record.loss) and record.loss <= limit:
        return
    raise DivergenceError(
        f"training diverged in epoch {record.epoch}: the loss went from {before.loss:.6g} to "
        f"{record.loss:.6g} at learning rate {descent.learning_rate:.6g}; the largest stable rate is "
        f"{descent.max_stable_learning_rate:.6g}. Try --lr {_below(descent.max_stable_learning_rate)}, "
        "--lr auto, or --standardize. Nothing was saved."
    )


def _below(bound: float) -> str:
    """A rate of two digits that is safely below the bound."""
    return f"{bound / 2:.1e}" if isfinite(bound) else "0.01"
