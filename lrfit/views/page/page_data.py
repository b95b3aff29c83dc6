"""Page data: all that the page shows and computes with, as the types that JSON knows."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

import numpy as np

from lrfit.analysis.convergence import Method
from lrfit.arrays import Array
from lrfit.errors import DataError, DivergenceError, UsageError
from lrfit.messages import printable, spelled
from lrfit.training.plan import TrainingPlan
from lrfit.views.labels import with_unit
from lrfit.views.page.programs import page_programs

__all__ = ["PageData", "page_data"]

MOST_CELLS = 20_000
"""Most numbers (x, y) of rows in a page; they make it half a megabyte larger."""

MOST_SHOWN = 1000
"""Rows of a sample: more points could not be told apart in a picture."""

MOST_FEATURES = 99
"""Most features: with more, the sigma points alone would exceed `MOST_CELLS`."""


@dataclass(frozen=True, eq=False)
class PageData:
    """The data that the scripts of the page find in its JSON, by these names.

    Attributes:
        source: Name of the data.
        command: The command `lrfit train` for the same data, without the options that the page controls.
        features: Names of the features.
        target: Name of y.
        labels: Labels of axes, with units where the table has some: of the features, then of y.
        is_date: Whether x is the only feature and a date, in days since 1970-01-01.
        n_samples: Number of rows.
        points: The sigma points, in the units of descent, shape (2·(n_features + 1), n_features + 1).
        rows: The rows, or some of them, in the units of descent, shape (n, n_features + 1).
        has_all_rows: Whether these are all there is to know of the rows, so that steps can be of some of
            them: they are all, and have no weights.
        shift: What is subtracted from the columns to get the units of descent.
        scale: What they are then divided by.
        learning_rate: The rate to start with.
        momentum: The momentum to start with.
        batch_size: Rows of a step to start with; None for all rows.
        intercept: Whether the model has one.
        standardize: Whether the units of descent are standard units.
        l2: Strength of the penalty.
        max_stable_rate: The largest stable rate of full batches without momentum; None for any.
        fastest_rate: Their fastest rate without momentum; None if there is none.
        condition_number: Ratio of the largest to the smallest curvature of the objective.
        optimum: The parameters with the least objective, in the units of the data.
        minimum: The least objective, in the units of the data.
        minimum_scale: The size of the numbers that it was made from, with which its rounding grows.
        minimizer: The parameters with the least objective, in the units of descent.
        root: The matrix A whose ½·‖A·(θ - θ*)‖² is the excess, in the units of the data.
        loss_unit: Factor from a loss in the units of descent to one in those of the data.
        programs: The programs that the page runs; see `page_programs`.
    """

    source: str
    command: str
    features: list[str]
    target: str
    labels: list[str]
    is_date: bool
    n_samples: int
    points: list[list[float]]
    rows: list[list[float]]
    has_all_rows: bool
    shift: list[float]
    scale: list[float]
    learning_rate: float
    momentum: float
    batch_size: int | None
    intercept: bool
    standardize: bool
    l2: float
    max_stable_rate: float | None
    fastest_rate: float | None
    condition_number: float
    optimum: list[float]
    minimum: float
    minimum_scale: float
    minimizer: list[float]
    root: list[list[float]]
    loss_unit: float
    programs: dict[str, Any]


def page_data(plan: TrainingPlan, *, source: str, command: str) -> PageData:
    """All that the page of a plan shows and computes with.

    Args:
        plan: The run that the page starts with; its data have their rows.
        source: Name of the data.
        command: The command `lrfit train` that reads the same data, without the options that the page
            controls.

    Raises:
        DataError: There are too many features for a page.
        DivergenceError: The loss at the start is not finite.
        UsageError: Mini-batches are asked for, and the rows are too many for a page, or have weights.
    """
    data = plan.data
    units = data.units or {}
    rows = data.points()
    if rows is None:
        raise ValueError("a page shows rows, and there are none")
    _check(plan, rows)
    moments, settings, scaling = plan.moments, plan.settings, plan.scaling
    is_weighted = data.weights is not None
    chosen = _chosen(rows, settings.seed, MOST_SHOWN if is_weighted else MOST_CELLS)
    objective = plan.objective
    bound = Method().max_stable_rate(objective.extremes[1])
    fastest = Method().fastest_rate(*objective.extremes)
    return PageData(
        source=printable(source),
        command=command,
        features=[printable(name) for name in data.features],
        target=printable(data.target),
        labels=[with_unit(printable(name), units.get(name)) for name in (*data.features, data.target)],
        is_date=[column.kind for column in data.columns] == ["date"],
        n_samples=moments.n_samples,
        points=moments.rescaled(scaling.shift, scaling.scale).sigma_points().tolist(),
        rows=scaling.apply(chosen).tolist(),
        has_all_rows=len(chosen) == len(rows) and not is_weighted,
        shift=scaling.shift.tolist(),
        scale=scaling.scale.tolist(),
        learning_rate=plan.learning_rate,
        momentum=plan.method.momentum,
        batch_size=settings.batch_size,
        intercept=settings.fit_intercept,
        standardize=settings.standardize,
        l2=settings.l2,
        max_stable_rate=bound if isfinite(bound) else None,
        fastest_rate=fastest if 0.0 < fastest < inf else None,
        condition_number=objective.condition_number,
        optimum=_parameters(plan, objective.minimizer),
        minimum=objective.minimum * plan.loss_unit,
        minimum_scale=objective.scale * plan.loss_unit,
        minimizer=objective.minimizer.tolist(),
        root=(objective.root * scaling.scale[-1]).tolist(),
        loss_unit=plan.loss_unit,
        programs=page_programs(plan),
    )


def _check(plan: TrainingPlan, rows: Array) -> None:
    """Refuse what a page has no room for, and what it could not begin with."""
    if (n_features := plan.moments.n_features) > MOST_FEATURES:
        raise DataError(
            f"a page has room for {MOST_FEATURES} features, and there are {n_features}: "
            f"choose some ({spelled(x=...)})"
        )
    if not isfinite(plan.moments.half_mse(*plan.parameters(plan.start.theta))):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")
    if plan.settings.batch_size and plan.data.weights is not None:
        raise UsageError(
            f"the steps of a page are of all rows where these have weights: leave out "
            f"{spelled(batch_size=...)} or {spelled(weights=...)}"
        )
    if plan.settings.batch_size and rows.size > MOST_CELLS:
        raise UsageError(
            f"mini-batches need the rows in the page, which has room for {MOST_CELLS} numbers, and there "
            f"are {rows.size}: leave out {spelled(batch_size=...)}, "
            f"or choose fewer columns ({spelled(x=...)})"
        )


def _chosen(rows: Array, seed: int, most: int) -> Array:
    """All rows, if they are at most `most` and have room; else those that can be shown, drawn at random."""
    n_rows, width = rows.shape
    if n_rows <= most and rows.size <= MOST_CELLS:
        return rows
    n_chosen = min(MOST_SHOWN, MOST_CELLS // width)
    chosen = np.random.default_rng(seed).choice(n_rows, n_chosen, replace=False, shuffle=False)
    return np.asarray(rows[np.sort(chosen)])


def _parameters(plan: TrainingPlan, theta: Array) -> list[float]:
    """The weights, and the intercept if there is one, in the units of the data."""
    weights, intercept = plan.parameters(theta)
    return [*map(float, weights), *([float(intercept)] if plan.settings.fit_intercept else [])]
