"""Descents: training runs, prepared. Where to start, at which rate, in which units, and on what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf

import numpy as np

from lrfit.analysis.convergence import Method, epochs_until, fastest_method
from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.analysis.scaling import Scaling
from lrfit.arrays import Array
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError, UsageError
from lrfit.training.graph import TrainingGraph, training_graph
from lrfit.training.settings import TrainingSettings

__all__ = ["Start", "TrainingPlan"]

LARGEST_VALUE = 1e150
"""Values beyond have squares that overflow."""

_MOST_ROWS = 4096
"""The longest rows that are looked at for a bound: a mean over more is no larger."""


@dataclass(frozen=True, eq=False)
class Start:
    """Where a run starts.

    Attributes:
        weights: In the units of descent, shape (n_features,).
        intercept: In the units of descent; None for a model without one.
        epoch: Epochs done before.
        variables: Values of all variables of the training graph, by name, to go on with; None at a first
            start, from the parameters alone.
        best_epoch: That had the lowest loss so far, if a run with patience goes on.
        best: θ of that epoch, in the units of descent.
    """

    weights: Array
    intercept: float | None
    epoch: int = 0
    variables: Mapping[str, Array] | None = None
    best_epoch: int | None = None
    best: Array | None = None

    @property
    def theta(self) -> Array:
        """θ: the weights, then the intercept if there is one."""
        return np.append(self.weights, [] if self.intercept is None else self.intercept)


@dataclass(frozen=True, eq=False)
class TrainingPlan:
    """A training run, prepared.

    Attributes:
        settings: How to descend.
        moments: Of the rows to train on, in the units of the data.
        held_out: Of the rows to validate on; None without.
        scaling: Between the units of the data and those of descent.
        objective: What is made smaller, in the units of descent.
        points: The (x, y) of a full batch, in the units of descent: sigma points, or rows. For mini-batches,
            the store of rows that they are drawn from, in the units of the data.
        start: Where it starts.
        method: Momentum, as set or as chosen.
        learning_rate: The settings' rate, or the one chosen for them.
        max_stable_learning_rate: `Method.max_stable_rate` of full batches.
        safe_learning_rate: `Method.max_safe_rate` of the batches that can occur; of full batches the largest
            stable one.
    """

    settings: TrainingSettings
    moments: Moments
    held_out: Moments | None
    scaling: Scaling
    objective: Objective
    points: Array | RowStore
    start: Start
    method: Method
    learning_rate: float
    max_stable_learning_rate: float
    safe_learning_rate: float

    @property
    def batch_size(self) -> int:
        """Rows, or sigma points, of a step; the last batch of an epoch may have fewer."""
        return min(self.settings.batch_size or len(self.points), len(self.points))

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches; the last one may be shorter."""
        return -(-len(self.points) // self.batch_size)

    @property
    def values_per_epoch(self) -> int:
        """Number of cells (x, y) that an epoch goes over."""
        return len(self.points) * len(self.moments.mean)

    @property
    def is_full_batch(self) -> bool:
        """Whether each step sees all rows, as sigma points or as such."""
        return self.settings.batch_size is None

    @property
    def cannot_diverge(self) -> bool:
        """Whether no step can lead away, so that no epoch needs to be looked at."""
        is_simple = self.settings.is_linear or not self.method.momentum
        is_stable = self.learning_rate < self.max_stable_learning_rate
        return is_simple and (is_stable if self.is_full_batch else self.is_safe)

    @property
    def is_safe(self) -> bool:
        """Whether the rate is one with which no batch, whatever it is, leads away."""
        return self.learning_rate <= self.safe_learning_rate

    @property
    def loss_unit(self) -> float:
        """The loss in the units of the data that is 1 in those of descent."""
        return float(self.scaling.scale[-1]) ** 2

    def parameters(self, theta: Array) -> tuple[Array, float]:
        """Weights and intercept in the units of the data, of θ in those of descent."""
        k = self.moments.n_features
        return self.scaling.to_data_units(theta[:k], float(np.sum(theta[k:])))

    def graph(self) -> TrainingGraph:
        """A graph of the run, with variables that start where it does."""
        return training_graph(
            self.start.weights,
            self.start.intercept,
            self.settings,
            learning_rate=self.learning_rate,
            momentum=self.method.momentum,
            steps_per_epoch=self.steps_per_epoch,
        )

    def epochs_until(self, tol: float) -> float | None:
        """How many epochs it takes, from the start, until the relative excess is `tol`; infinity for never.

        None where no such forecast can be made: for mini-batches, schedules and clipping.
        """
        if not (self.is_full_batch and self.settings.is_linear):
            return None
        theta, known = self.start.theta, self.start.variables or {}
        gathered = [known[name].ravel() for name in ("W_momentum", "b_momentum") if name in known]
        velocity = np.concatenate(gathered) if gathered else np.zeros_like(theta)
        target = tol * self.objective.scale
        return epochs_until(target, self.objective, self.method, self.learning_rate, theta, velocity)


def plan_training(
    moments: Moments,
    settings: TrainingSettings,
    rows: RowStore | None = None,
    *,
    held_out: Moments | None = None,
) -> TrainingPlan:
    """The training run on data of these moments.

    Args:
        moments: Of all rows to train on.
        settings: How to descend.
        rows: The rows (x, y); needed if `settings.needs_rows`.
        held_out: Of the rows to validate on.

    Raises:
        DivergenceError: The squares of the data are too large for any loss to be finite.
        UsageError: `settings.init` has not one number for each parameter.
        ValueError: The rows are needed, and not given.
    """
    _check_size(moments)
    scaling = Scaling.none(moments.n_features)
    if settings.standardize:
        scaling = Scaling.standardizing(moments, intercept=settings.intercept)
    scaled = moments.rescaled(scaling.shift, scaling.scale) if settings.standardize else moments
    points = _points(scaled, scaling, settings, rows)
    objective = Objective.of(scaled, intercept=settings.intercept, l2=settings.l2)
    smallest, largest = objective.extremes
    method = Method(settings.momentum or 0.0, nesterov=settings.nesterov)
    if settings.momentum is None:
        method = fastest_method(smallest, largest, nesterov=settings.nesterov)
    safe = bound = method.max_stable_rate(largest)
    if isinstance(points, RowStore):
        safe = method.max_safe_rate(_longest(points, scaling, settings))
    return TrainingPlan(
        settings=settings,
        moments=moments,
        held_out=held_out,
        scaling=scaling,
        objective=objective,
        points=points,
        start=_first_start(scaling, settings),
        method=method,
        learning_rate=settings.learning_rate or _automatic_rate(points, method, objective, safe),
        max_stable_learning_rate=bound,
        safe_learning_rate=safe,
    )


def _check_size(moments: Moments) -> None:
    if not np.all(moments.root_mean_square < LARGEST_VALUE):
        raise DivergenceError(
            f"the loss is not finite at any parameters: values beyond {LARGEST_VALUE:g} overflow when they "
            "are squared; divide the columns by a power of ten first"
        )


def _automatic_rate(points: Array | RowStore, method: Method, objective: Objective, safe: float) -> float:
    """For mini-batches half of the safe one: without momentum it takes a single row to its own minimum."""
    if isinstance(points, RowStore):
        return safe / 2.0 if safe < inf else 1.0
    return method.fastest_rate(*objective.extremes)


def _points(
    scaled: Moments, scaling: Scaling, settings: TrainingSettings, rows: RowStore | None
) -> Array | RowStore:
    if not settings.needs_rows:
        return scaled.sigma_points()
    if rows is None:
        raise ValueError("mini-batches, and full batches that are not condensed, need the rows")
    return rows if settings.batch_size else scaling.apply(rows.rows())


def _longest(rows: RowStore, scaling: Scaling, settings: TrainingSettings) -> float:
    """What no eigenvalue of the Hessian of a batch exceeds: the largest mean of ‖(x, 1)‖² of so many rows.

    Of the shortest batch, the longest rows may be all that there is.
    """
    batch_size = min(settings.batch_size or len(rows), len(rows))
    n_rows = min(len(rows) % batch_size or batch_size, _MOST_ROWS)
    longest = np.zeros(0)
    for window in map(scaling.apply, rows.windows(1)):
        squares = np.einsum("ij,ij->i", window[:, :-1], window[:, :-1])
        longest = np.append(longest, squares)
        if len(longest) > n_rows:
            longest = np.partition(longest, len(longest) - n_rows)[-n_rows:]
    return float(np.mean(np.sort(longest))) + settings.intercept + settings.l2


def _first_start(scaling: Scaling, settings: TrainingSettings) -> Start:
    """Weights and intercept to start from."""
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
            plural = "s" * (len(numbers) != 1)
            raise UsageError(
                f"init has {len(numbers)} number{plural}, but needs {k} for the weights{intercept}"
            )
        given = scaling.from_data_units(numbers[:k], numbers[k] if settings.intercept else 0.0)
        numbers = np.append(*given)[:n_parameters]
    return Start(numbers[:k], float(numbers[k]) if settings.intercept else None)
