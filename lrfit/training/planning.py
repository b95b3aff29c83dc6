"""Planning: from data and settings to the plan of a run, with what is chosen for "auto" and "needed"."""

from __future__ import annotations

from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfit.analysis.convergence import Method, fastest_method
from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.analysis.scaling import Scaling
from lrfit.data.training_data import TrainingData
from lrfit.errors import DivergenceError, UsageError
from lrfit.training.batches import Batches, FullBatches, MiniBatches, in_descent_units
from lrfit.training.plan import OPTIMUM, Start, TrainingPlan
from lrfit.training.settings import TrainingSettings
from lrfit.training.spread_batches import AnyBatches, SpreadBatches

if TYPE_CHECKING:
    from lrfit.data.spread_rows import SpreadRows

__all__ = ["overflow", "plan_training"]

_MANY_EPOCHS = 100
"""Number of epochs from which momentum is needed."""

_MOST_EPOCHS = 1_000_000
"""The most epochs that a run does of its own accord."""

_SLACK = 1.05
"""Factor of a forecast, which rounding may prolong."""

_LARGEST_VALUE = 1e150
"""Root mean square of a column beyond which squares overflow."""


def plan_training(data: TrainingData, settings: TrainingSettings) -> TrainingPlan:
    """The plan of a run that begins. Its settings have what was chosen for "needed", and for "auto" epochs.

    Args:
        data: The data, with their rows if `settings.needs_rows`.
        settings: How to descend.

    Raises:
        DivergenceError: The squares of the data are too large for any loss to be finite.
        UsageError: `settings.init` has not one number for each parameter.
        ValueError: The rows are needed, and not there.
    """
    plan = _planned(data, settings)
    if settings.momentum == "needed":
        plan = _with_momentum_if_needed(plan)
    if settings.epochs == "auto":
        plan = replace(plan, settings=replace(plan.settings, **_epochs_to_optimum(plan)))
    return plan


def _with_momentum_if_needed(plan: TrainingPlan) -> TrainingPlan:
    """The plan with the best momentum, if descent takes long without; else without.

    It is Nesterov's, with which the loss rises less on the way.
    """
    n_epochs = plan.epochs_until(plan.settings.tol or OPTIMUM)
    if n_epochs is not None and n_epochs > _MANY_EPOCHS and plan.settings.learning_rate == "auto":
        return _planned(plan.data, replace(plan.settings, momentum="auto", nesterov=True))
    return replace(plan, settings=replace(plan.settings, momentum=0.0, nesterov=False))


def _epochs_to_optimum(plan: TrainingPlan) -> dict[str, Any]:
    """The number of epochs, and the tolerance that ends them, of a run that goes on to the optimum."""
    tol = plan.settings.tol or OPTIMUM
    n_epochs = plan.epochs_until(tol)
    if n_epochs is None:
        return {"epochs": TrainingSettings.epochs}
    return {"epochs": int(min(_SLACK * n_epochs + 1, _MOST_EPOCHS)), "tol": tol}


def _planned(data: TrainingData, settings: TrainingSettings) -> TrainingPlan:
    """The plan of a run that begins, with as many epochs as the settings say; "needed" is no momentum yet."""
    if too_large := overflow(data.moments):
        raise DivergenceError(f"the loss is not finite at any parameters: {too_large}")
    scaling = _scaling(data.moments, settings)
    scaled = data.moments.rescaled(scaling.shift, scaling.scale) if settings.standardize else data.moments
    batches = _batches(data, scaled, scaling, settings)
    objective = Objective.of(scaled, intercept=settings.fit_intercept, l2=settings.l2)
    smallest, largest = objective.extremes
    if settings.momentum == "auto":
        method = fastest_method(smallest, largest, nesterov=settings.nesterov)
    else:
        momentum = 0.0 if settings.momentum == "needed" else settings.momentum
        method = Method(momentum, nesterov=settings.nesterov)
    safe = bound = method.max_stable_rate(largest)
    if isinstance(batches, MiniBatches | SpreadBatches):
        curvature = batches.largest_curvature(fit_intercept=settings.fit_intercept, l2=settings.l2)
        safe = method.max_safe_rate(curvature)
    rate = settings.learning_rate
    return TrainingPlan(
        settings=settings,
        data=data,
        scaling=scaling,
        objective=objective,
        batches=batches,
        start=_first_start(scaling, settings),
        method=method,
        learning_rate=_automatic_rate(batches, method, objective, safe) if rate == "auto" else rate,
        max_stable_learning_rate=bound,
        safe_learning_rate=safe,
    )


def overflow(moments: Moments) -> str | None:
    """A sentence on values so large that no loss of them is finite; None if there are none."""
    if np.all(moments.root_mean_square < _LARGEST_VALUE):
        return None
    return (
        f"values beyond {_LARGEST_VALUE:g} overflow when they are squared; "
        "divide the columns by a power of ten first"
    )


def _scaling(moments: Moments, settings: TrainingSettings) -> Scaling:
    if settings.standardize:
        return Scaling.standardizing(moments, intercept=settings.fit_intercept)
    return Scaling.none(moments.n_features)


def _batches(data: TrainingData, scaled: Moments, scaling: Scaling, settings: TrainingSettings) -> AnyBatches:
    """The rows that the steps run on: sigma points of the scaled moments, all rows, or some of them."""
    if not settings.needs_rows:
        return FullBatches(scaled.sigma_points())
    if data.spread_rows is not None:
        return _spread_batches(data.spread_rows, data.moments, scaling, settings)
    if data.rows is None:
        raise ValueError("mini-batches, and full batches that are not condensed, need the rows")
    mean_weight = data.moments.mean_weight
    if settings.batch_size is None:
        rows = in_descent_units(data.rows.rows(), scaling, mean_weight)
        return FullBatches(rows, is_weighted=mean_weight is not None)
    size = min(settings.batch_size, len(data.rows))
    parts = data.sample.part_sizes if settings.shuffle_parts else None
    return MiniBatches(data.rows, scaling, size, settings.shuffle, settings.seed, mean_weight, parts)


def _spread_batches(
    rows: SpreadRows, moments: Moments, scaling: Scaling, settings: TrainingSettings
) -> SpreadBatches:
    """Mini-batches of rows that stay on workers."""
    size = min(settings.batch_size or len(rows), len(rows))
    return SpreadBatches(rows, scaling, size, settings.seed, moments.mean_weight, settings.fit_intercept)


def _automatic_rate(batches: Batches, method: Method, objective: Objective, safe: float) -> float:
    """The fastest rate; for mini-batches half of the safe one, which takes a single row to its minimum."""
    if batches.is_full:
        return method.fastest_rate(*objective.extremes)
    return safe / 2.0 if safe < inf else 1.0


def _first_start(scaling: Scaling, settings: TrainingSettings) -> Start:
    """Weights and intercept to start from."""
    k = len(scaling.shift) - 1
    n_parameters = k + settings.fit_intercept
    if settings.init == "zeros":
        numbers = np.zeros(n_parameters)
    elif settings.init == "normal":
        numbers = np.random.default_rng(settings.seed).standard_normal(n_parameters)
    else:
        numbers = np.array(settings.init, dtype=np.float64)
        if len(numbers) != n_parameters:
            intercept = " and 1 for the intercept" if settings.fit_intercept else ""
            plural = "s" * (len(numbers) != 1)
            raise UsageError(
                f"init has {len(numbers)} number{plural}, but needs {k} for the weights{intercept}"
            )
        given = scaling.from_data_units(numbers[:k], numbers[k] if settings.fit_intercept else 0.0)
        numbers = np.append(*given)[:n_parameters]
    return Start(numbers[:k], float(numbers[k]) if settings.fit_intercept else None)
