"""Training: gradient descent on the model's graph, as a generator of epoch records.

`prepare` turns data and settings into a `Descent`; `train` runs it, one record an epoch. There is one loop:
full-batch descent runs it on the sigma points of the `Moments` in place of the rows (the same loss and
gradients, at a cost that does not depend on the number of rows), or, with `condense=False`, on the rows;
mini-batch descent runs it on batches of the rows.

The loss that a record carries is that of all rows, from the `Moments`, after the epoch's last step.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from lrfit.errors import DivergenceError, UsageError
from lrfit.graph import Array
from lrfit.model import LinearModel, linear_model
from lrfit.moments import Moments
from lrfit.ops import global_variables_initializer
from lrfit.optimizers import GradientDescentOptimizer
from lrfit.scaling import Scaling
from lrfit.session import Session
from lrfit.settings import TrainingSettings

__all__ = ["Descent", "EpochRecord", "prepare", "train"]

_LARGEST_VALUE = 1e150
"""Values beyond have squares that overflow."""

_MINI_BATCH_RISE = 1e3
"""A mini-batch run whose loss is this many times that at the start, and that of y_hat = 0, has diverged."""


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
        weights: To start from, in the units of descent, shape (n_features,).
        intercept: To start from; None for a model without one.
        learning_rate: The settings' rate, or the one chosen for them.
        max_stable_learning_rate: 2 / λ_max, of full-batch descent in the units of descent.
    """

    settings: TrainingSettings
    moments: Moments
    scaling: Scaling
    x: Array
    y: Array
    weights: Array
    intercept: float | None
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
    if not np.all(moments.root_mean_square < _LARGEST_VALUE):
        raise DivergenceError(
            f"the loss is not finite at any parameters: values beyond {_LARGEST_VALUE:g} overflow when they "
            "are squared; divide the columns by a power of ten first"
        )
    scaling = Scaling.none(moments.n_features)
    if settings.standardize:
        scaling = Scaling.standardizing(moments, intercept=settings.intercept)
    scaled = moments.rescaled(scaling.shift, scaling.scale)
    x, y = _points(scaled, scaling, settings, rows)
    weights, intercept = _initial_parameters(scaling, settings)
    rate = settings.learning_rate
    return Descent(
        settings=settings,
        moments=moments,
        scaling=scaling,
        x=x,
        y=y,
        weights=weights,
        intercept=intercept,
        learning_rate=_automatic_rate(scaled, settings, x) if rate is None else rate,
        max_stable_learning_rate=scaled.max_stable_learning_rate(intercept=settings.intercept),
    )


def train(descent: Descent) -> Iterator[EpochRecord]:
    """Run gradient descent; one record for the start and one after each epoch.

    Raises:
        DivergenceError: The loss moved away from its minimum, and how; after the record of that epoch.
    """
    settings = descent.settings
    model = linear_model(descent.weights, descent.intercept)
    train_op = GradientDescentOptimizer(descent.learning_rate).minimize(model.loss)
    session = Session(model.graph)
    session.run(global_variables_initializer(model.graph))
    model.graph.finalize()
    start = record = _record(descent, session, model, 0)
    _check_start(start)
    yield record
    for epoch in range(1, settings.epochs + 1):
        for batch in _batches(len(descent.x), settings, epoch):
            session.run(train_op, {model.x: descent.x[batch], model.y: descent.y[batch]})
        before, record = record, _record(descent, session, model, epoch, record)
        yield record
        if not record.loss <= before.loss:  # also if it is not a number
            _check_rise(descent, record, before, start)


def _points(
    scaled: Moments, scaling: Scaling, settings: TrainingSettings, rows: Array | None
) -> tuple[Array, Array]:
    """x and y of what batches are drawn from."""
    if not settings.needs_rows:
        points = scaled.sigma_points()
    elif rows is None:
        raise ValueError("mini-batches, and full batches that are not condensed, need the rows")
    else:
        points = scaling.apply(rows)
    return np.ascontiguousarray(points[:, :-1]), np.ascontiguousarray(points[:, -1:])


def _automatic_rate(scaled: Moments, settings: TrainingSettings, x: Array) -> float:
    if settings.batch_size is None:
        return scaled.fastest_learning_rate(intercept=settings.intercept)
    longest = float(np.max(np.sum(np.square(x), axis=1))) + settings.intercept
    return 1.0 / longest if longest else 1.0


def _initial_parameters(scaling: Scaling, settings: TrainingSettings) -> tuple[Array, float | None]:
    """Weights and intercept to start from, in the units of descent; the intercept is None without one."""
    k = len(scaling.shift) - 1
    n_parameters = k + settings.intercept
    if settings.init == "zeros":
        numbers = np.zeros(n_parameters)
    elif settings.init == "normal":
        numbers = np.random.default_rng(settings.seed).standard_normal(n_parameters)
    else:
        numbers = np.array(settings.init, dtype=np.float64)
        if len(numbers) != n_parameters:
            intercept = " and 1 for the intercept" if settings.intercept else ""
            raise UsageError(f"init has {len(numbers)} numbers, but needs {k} for the weights{intercept}")
        given = scaling.from_data_units(numbers[:k], numbers[k] if settings.intercept else 0.0)
        numbers = np.append(*given)[:n_parameters]
    return numbers[:k], float(numbers[k]) if settings.intercept else None


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
    descent: Descent, session: Session, model: LinearModel, epoch: int, before: EpochRecord | None = None
) -> EpochRecord:
    weights, intercept = (session.run(model.W), 0.0) if model.b is None else session.run([model.W, model.b])
    weights, intercept = descent.scaling.to_data_units(weights[:, 0], intercept)
    loss = descent.moments.half_mse(weights, intercept)
    change = None if before is None else loss - before.loss
    return EpochRecord(epoch, loss, change, weights, float(intercept))


def _check_start(start: EpochRecord) -> None:
    if not isfinite(start.loss):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")


def _check_rise(descent: Descent, record: EpochRecord, before: EpochRecord, start: EpochRecord) -> None:
    """Raise if the loss, which rose in this epoch, shows that descent diverges.

    Full batch: below 2 / λ_max the loss falls at every step, so any rise beyond rounding is proof.
    Mini-batches go up and down, so their rule is coarse: see `_MINI_BATCH_RISE`.
    """
    moments = descent.moments
    if descent.settings.batch_size is None:
        limit = before.loss + sum(moments.half_mse_rounding(r.weights, r.intercept) for r in (record, before))
    else:
        limit = _MINI_BATCH_RISE * max(start.loss, 0.5 * float(moments.root_mean_square[-1]) ** 2)
    if not (isfinite(record.loss) and record.loss <= limit):
        raise DivergenceError(
            f"training diverged in epoch {record.epoch}: the loss went from {before.loss:.6g} to "
            f"{record.loss:.6g} at learning rate {descent.learning_rate:.6g}; the largest stable rate is "
            f"{descent.max_stable_learning_rate:.6g}"
        )
