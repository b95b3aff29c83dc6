"""Plans: what a run will do, before its first step: where it starts, at which rate, in which units."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lrfit.analysis.convergence import Method
from lrfit.analysis.forecast import epochs_until
from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.analysis.scaling import Scaling
from lrfit.arrays import Array
from lrfit.data.training_data import TrainingData
from lrfit.training.graph import TrainingGraph, training_graph, velocity_of
from lrfit.training.settings import TrainingSettings
from lrfit.training.spread_batches import AnyBatches

__all__ = ["OPTIMUM", "Start", "TrainingPlan"]

OPTIMUM = 1e-12
"""Relative excess that counts as the optimum: parameters are off by millionths of their standard errors."""


@dataclass(frozen=True, eq=False)
class Start:
    """The start of a run, in the units of descent.

    Attributes:
        weights: Weights, shape (n_features,).
        intercept: Intercept; None for a model without one.
        epoch: Number of epochs done before.
        variables: Values of all variables of the training graph, by name, to go on with; None at a first
            start, from the parameters alone.
        best_epoch: The epoch that had the lowest loss so far, if a run with patience goes on.
        best: θ of that epoch.
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
    """A run before its first step.

    Attributes:
        settings: How to descend.
        data: The data to descend on.
        scaling: The way between the units of the data and those of descent.
        objective: The function that is made smaller, in the units of descent.
        batches: The rows that the steps run on, in the units of descent.
        start: Where the run starts.
        method: Momentum, as set or as chosen.
        learning_rate: The settings' rate, or the one chosen for them.
        max_stable_learning_rate: `Method.max_stable_rate` of full batches.
        safe_learning_rate: `Method.max_safe_rate` of the batches that can occur; for full batches the largest
            stable rate.
    """

    settings: TrainingSettings
    data: TrainingData
    scaling: Scaling
    objective: Objective
    batches: AnyBatches
    start: Start
    method: Method
    learning_rate: float
    max_stable_learning_rate: float
    safe_learning_rate: float

    @property
    def moments(self) -> Moments:
        """Moments of the rows to train on, in the units of the data."""
        return self.data.moments

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches; the last one, or the last of each part, may be shorter."""
        return self.batches.n_steps

    @property
    def values_per_epoch(self) -> int:
        """Number of cells (x, y) that an epoch goes over."""
        return len(self.batches) * len(self.moments.mean)

    @property
    def is_stable(self) -> bool:
        """Whether the rate is below the largest with which full batches converge."""
        return self.learning_rate < self.max_stable_learning_rate

    @property
    def is_safe(self) -> bool:
        """Whether the rate is one with which no batch, whatever it is, leads away."""
        return self.learning_rate <= self.safe_learning_rate

    @property
    def cannot_diverge(self) -> bool:
        """Whether no step can lead away, so that no epoch needs to be looked at."""
        is_simple = self.settings.is_linear or not self.method.momentum
        return is_simple and (self.is_stable if self.batches.is_full else self.is_safe)

    @property
    def rounding(self) -> float:
        """The relative excess that is left where the parameters are exact to their last digits, or 0."""
        k, minimizer = self.moments.n_features, self.objective.minimizer
        scaled = self.moments.rescaled(self.scaling.shift, self.scaling.scale)
        error = scaled.residual_rounding(minimizer[:k], float(np.sum(minimizer[k:])))
        return 0.5 * error * error / self.objective.scale if self.objective.scale else 0.0

    @property
    def n_epochs(self) -> int:
        """Number of epochs, if nothing stops the run before."""
        return int(self.settings.epochs)

    @property
    def last_epoch(self) -> int:
        """The number of the last epoch, if nothing stops the run before."""
        return self.start.epoch + self.n_epochs

    @property
    def loss_unit(self) -> float:
        """The loss in the units of the data that is 1 in those of descent."""
        return float(self.scaling.scale[-1]) ** 2

    def parameters(self, theta: Array) -> tuple[Array, float]:
        """Weights and intercept in the units of the data, from θ in those of descent."""
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
            is_weighted=self.batches.is_weighted,
        )

    def epochs_until(self, tol: float) -> float | None:
        """Number of epochs from the start until the relative excess is `tol`; infinity for never.

        None where there is no such forecast: for mini-batches, schedules and clipping.
        """
        if not (self.batches.is_full and self.settings.is_linear):
            return None
        if tol not in self._forecasts:
            theta = self.start.theta
            velocity = velocity_of(self.start.variables or {}, theta)
            target = tol * self.objective.scale
            self._forecasts[tol] = epochs_until(
                target, self.objective, self.method, self.learning_rate, theta, velocity
            )
        return self._forecasts[tol]

    @cached_property
    def _forecasts(self) -> dict[float, float]:
        """The forecasts of `epochs_until` by tolerance, kept because momentum makes them slow."""
        return {}
