"""Descents: training runs, prepared. Where to start, at which rate, in which units, and on what."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lrfit.errors import DivergenceError, UsageError
from lrfit.graph import Array
from lrfit.moments import Moments
from lrfit.row_store import RowStore
from lrfit.scaling import Scaling
from lrfit.settings import TrainingSettings

__all__ = ["Descent", "prepare"]

_LARGEST_VALUE = 1e150
"""Values beyond have squares that overflow."""


@dataclass(frozen=True, eq=False)
class Descent:
    """A training run, prepared.

    Attributes:
        settings: How to descend.
        moments: Of the data, in their units.
        scaling: Between the units of the data and those of descent.
        points: The (x, y) of a full batch, in the units of descent: sigma points, or rows. For mini-batches,
            the store of rows that they are drawn from, in the units of the data.
        weights: To start from, in the units of descent, shape (n_features,).
        intercept: To start from; None for a model without one.
        learning_rate: The settings' rate, or the one chosen for them.
        max_stable_learning_rate: 2 / λ_max, of full-batch descent in the units of descent.
    """

    settings: TrainingSettings
    moments: Moments
    scaling: Scaling
    points: Array | RowStore
    weights: Array
    intercept: float | None
    learning_rate: float
    max_stable_learning_rate: float


def prepare(moments: Moments, settings: TrainingSettings, rows: RowStore | None = None) -> Descent:
    """The training run on data of these moments.

    Args:
        moments: Of all rows.
        settings: How to descend.
        rows: The rows (x, y); needed if `settings.needs_rows`.

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
    points = _points(scaled, scaling, settings, rows)
    weights, intercept = _initial_parameters(scaling, settings)
    rate = settings.learning_rate
    return Descent(
        settings=settings,
        moments=moments,
        scaling=scaling,
        points=points,
        weights=weights,
        intercept=intercept,
        learning_rate=_automatic_rate(scaled, scaling, settings, points) if rate is None else rate,
        max_stable_learning_rate=scaled.max_stable_learning_rate(intercept=settings.intercept),
    )


def _points(
    scaled: Moments, scaling: Scaling, settings: TrainingSettings, rows: RowStore | None
) -> Array | RowStore:
    if not settings.needs_rows:
        return scaled.sigma_points()
    if rows is None:
        raise ValueError("mini-batches, and full batches that are not condensed, need the rows")
    return rows if settings.batch_size else scaling.apply(rows.rows())


def _automatic_rate(
    scaled: Moments, scaling: Scaling, settings: TrainingSettings, points: Array | RowStore
) -> float:
    if not isinstance(points, RowStore):
        return scaled.fastest_learning_rate(intercept=settings.intercept)
    windows = map(scaling.apply, points.windows(1))
    longest = max(float(np.max(np.sum(np.square(window[:, :-1]), axis=1))) for window in windows)
    return 1.0 / (longest + settings.intercept) if longest + settings.intercept else 1.0


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
