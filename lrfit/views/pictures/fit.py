"""The picture of a fit: rows and the line; for several features, predicted against actual, and residuals.

Rows that are too many to be told apart as points are counted in the cells of a grid. The band is the 95 %
confidence band of the mean response about the least-squares line. With s² = Σ residual² / (n - p) it is

    y_hat ± t(0.975; n - p) · s · √(1/n + (x - x̄)² / Σ(x - x̄)²),    without intercept  … · s · |x| / √(Σ x²).

Where rows have weights, sums and means are weighted, and 1/n is 1/Σ w.

References:
    Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.4 and 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from math import sqrt

import numpy as np

from lrfit.analysis.inference import LEVEL
from lrfit.analysis.least_squares import LeastSquares
from lrfit.analysis.moments import Moments
from lrfit.analysis.student import quantile
from lrfit.arrays import Array
from lrfit.data.training_data import TrainingData
from lrfit.model.document import ModelDocument
from lrfit.views.axis import Axis, Limits, limits_around
from lrfit.views.labels import with_unit
from lrfit.views.number_texts import digits_of_error, significant
from lrfit.views.picture import Band, Cells, Line, Mark, Panel, Picture, Points, named

__all__ = ["fit_picture"]

_MOST_POINTS = 2000
"""Largest number of rows that are drawn as points."""

_N_CELLS = (96, 72)
"""Number of columns and of rows in the grid of cells that counts more rows."""

_N_ALONG = 201
"""Number of points along a line or the band."""

_VISIBLE = 0.005
"""Share of the picture's height by which two lines must differ to be told apart."""

_Pairs = Callable[[], Iterator[tuple[Array, Array]]]
"""A function that goes through all rows, in chunks (x, y) of the quantities on the axes."""


def fit_picture(
    document: ModelDocument,
    data: TrainingData,
    *,
    predict: Callable[[Array], Array],
    intercept: bool,
    title: str,
) -> Picture:
    """The rows, and the model's predictions for them.

    Args:
        document: The model.
        data: The data with their rows, whose features are those of the model, in its order.
        predict: Maps features, shape (n_samples, n_features), to y_hat, shape (n_samples,).
        intercept: Whether the model has an intercept.
        title: Title of the picture.

    Raises:
        ValueError: The data were read without their rows.
    """
    if len(document.weights) == 1:
        picture = _line_picture(document, data, intercept=intercept, title=title)
    else:
        picture = _residual_picture(data, predict, title)
    if data.weights is None:
        return picture
    return replace(picture, notes=(*picture.notes, f"weights of rows ({named(data.weights)}) are not drawn"))


def _line_picture(
    document: ModelDocument,
    data: TrainingData,
    *,
    intercept: bool,
    title: str,
) -> Picture:
    """One feature: the rows, the fitted line, and the least-squares line with its confidence band."""
    (slope,), moments = document.coefficients, data.moments
    pairs = partial(_columns, data)
    x_limits, y_limits = _limits(pairs)
    if _is_date(data) and moments.is_constant[0]:
        x_limits = float(moments.mean[0]) - 1.0, float(moments.mean[0]) + 1.0  # the days around it
    x = np.linspace(*x_limits, _N_ALONG)
    best = moments.least_squares(intercept=intercept)
    with np.errstate(over="ignore", invalid="ignore"):
        fitted, best_line = slope * x + document.intercept, best.weights[0] * x + best.intercept
        y_limits = _with_room_for(fitted, y_limits)
        apart = bool(np.max(np.abs(fitted - best_line)) > _VISIBLE * (y_limits[1] - y_limits[0]))
    lines: list[Mark] = [Line(x, best_line, "reference", "least squares")] if apart else []
    lines.append(Line(x, fitted, "fit", "fitted line"))
    half_width = _half_width(x, best, moments, intercept=intercept)
    notes = _equation(document, best, data, intercept=intercept)
    if half_width is None:
        notes.append(f"no confidence band: {_why_no_band(moments, intercept=intercept)}")
    else:
        low, high = best_line - half_width, best_line + half_width
        y_limits = _with_room_for(np.append(low, high), y_limits)
        lines.insert(0, Band(x, low, high, f"95 % confidence band{' of least squares' * apart}"))
    rows, rows_notes = _rows(pairs, moments.n_samples, x_limits, y_limits)
    marks = [*lines, rows] if isinstance(rows, Points) else [rows, *lines]
    (feature,) = data.features
    x_axis = Axis(_label(data, feature), x_limits, "dates" if _is_date(data) else "linear")
    panel = Panel(x_axis, Axis(_label(data, data.target), y_limits), tuple(marks))
    return Picture(title, (panel,), (*rows_notes, *notes))


def _columns(data: TrainingData) -> Iterator[tuple[Array, Array]]:
    """The only feature and the target of all rows, in chunks."""
    return ((window[:, 0], window[:, 1]) for window in _windows(data))


def _windows(data: TrainingData) -> Iterator[Array]:
    """All rows (x, y), in chunks; behind y there may be the weight."""
    if data.rows is None:
        raise ValueError("a picture of a fit shows rows, and there are none")
    return data.rows.windows(1)


def _label(data: TrainingData, name: str) -> str:
    """The name of a column, with its unit if it has one."""
    return with_unit(named(name), (data.units or {}).get(name))


def _is_date(data: TrainingData) -> bool:
    return data.columns[0].kind == "date"


def _equation(
    document: ModelDocument, best: LeastSquares, data: TrainingData, *, intercept: bool
) -> list[str]:
    """The fitted line with its standard errors, which are those of least squares, and its R².

    A date needs a second sentence, which says the number that it is in the equation.
    """
    (slope,), (feature,), moments = document.coefficients, map(named, data.features), data.moments
    errors = (None, None) if best.standard_errors is None else (*map(float, best.standard_errors), None)
    terms = [f"{_with_error(float(slope), errors[0])}·{feature}"]
    if intercept:
        terms.append(_with_error(document.intercept, errors[1]))
    r2 = moments.r2(moments.half_mse(document.coefficients, document.intercept))
    share = "" if r2 is None else f", R² = {significant(4)(r2, None)}"
    equation = f"{named(data.target)} = {' + '.join(terms)}{share}"
    return [equation, *[f"{feature} in the equation: days since 1970-01-01"] * _is_date(data)]


def _with_error(value: float, error: float | None) -> str:
    text = digits_of_error(value, error)
    return text if error is None else f"({text} ± {digits_of_error(error, error)})"


def _with_room_for(line: Array, limits: Limits) -> Limits:
    """Limits extended to a line that leaves them, by at most their own length on each side.

    With more, the rows would be too small to read.
    """
    low, high = limits
    height = high - low
    nearest = np.clip(line, low - height, high + height)
    return min(low, float(np.min(nearest))), max(high, float(np.max(nearest)))


def _half_width(x: Array, best: LeastSquares, moments: Moments, *, intercept: bool) -> Array | None:
    """Half the width of the confidence band at x; None where it is not defined."""
    if best.standard_errors is None:
        return None
    n_samples, n_free = moments.n_samples, moments.n_samples - 1 - intercept
    s = sqrt(2.0 * best.half_mse) * sqrt(n_samples / n_free)
    if intercept:
        scaled = (x - moments.mean[0]) / moments.standard_deviation[0]
        relative = np.hypot(1.0, scaled)
    else:
        relative = np.abs(x) / moments.root_mean_square[0]
    return np.asarray(quantile(LEVEL, n_free) * s / sqrt(n_samples) * relative)


def _why_no_band(moments: Moments, *, intercept: bool) -> str:
    n_parameters = 1 + intercept
    if moments.n_samples <= n_parameters:
        return f"it needs more than {n_parameters} rows"
    return "the feature is constant"


def _residual_picture(data: TrainingData, predict: Callable[[Array], Array], title: str) -> Picture:
    """Several features: predicted against actual values, and residuals against predicted ones."""
    k, n_rows = data.moments.n_features, data.moments.n_samples

    def against_actual() -> Iterator[tuple[Array, Array]]:
        return ((window[:, k], predict(window[:, :k])) for window in _windows(data))

    def residuals() -> Iterator[tuple[Array, Array]]:
        return ((y_hat, y_hat - y) for y, y_hat in against_actual())

    target, unit = _label(data, data.target), with_unit("", (data.units or {}).get(data.target))
    predicted = f"predicted {target}"
    both = limits_around(np.array([*_limits(against_actual)]).ravel(), 0.0)
    marks, notes = _rows(against_actual, n_rows, both, both)
    diagonal = Line(np.array(both), np.array(both), "reference", "predicted = actual")
    left = Panel(Axis(f"actual {target}", both), Axis(predicted, both), (marks, diagonal))
    x_limits, y_limits = _limits(residuals)
    y_limits = limits_around(np.array([*y_limits, -y_limits[0], -y_limits[1]]), 0.0)
    marks, _ = _rows(residuals, n_rows, x_limits, y_limits)
    zero = Line(np.array(x_limits), np.zeros(2), "reference", "predicted = actual")
    residual = Axis(f"residual (predicted - actual){unit}", y_limits)
    right = Panel(Axis(predicted, x_limits), residual, (marks, zero))
    return Picture(title, (left, right), tuple(notes))


def _limits(pairs: _Pairs) -> tuple[Limits, Limits]:
    """Limits of both axes around all rows."""
    ends = np.array([[[np.min(part), np.max(part)] for part in pair] for pair in pairs()])
    return limits_around(ends[:, 0].ravel()), limits_around(ends[:, 1].ravel())


def _rows(pairs: _Pairs, n_rows: int, x_limits: Limits, y_limits: Limits) -> tuple[Points | Cells, list[str]]:
    """The rows as points; or, if there are many, as counts in cells, with a note that says so."""
    if n_rows <= _MOST_POINTS:
        x, y = map(np.concatenate, zip(*pairs(), strict=True))
        return Points(x, y, "rows", f"rows ({n_rows})"), []
    edges = [np.linspace(*limits, n + 1) for limits, n in zip((x_limits, y_limits), _N_CELLS, strict=True)]
    cells = Cells(edges[0], edges[1], _counted(pairs(), edges), "rows in a cell")
    return cells, [f"{n_rows} rows, counted in cells"]


def _counted(pairs: Iterable[tuple[Array, Array]], edges: list[Array]) -> Array:
    """Number of rows in each cell, shape (n_columns, n_rows)."""
    counts = np.zeros(_N_CELLS[0] * _N_CELLS[1])
    for pair in pairs:
        column, row = (
            np.clip((values - e[0]) / (e[-1] - e[0]) * (len(e) - 1), 0, len(e) - 2).astype(np.intp)
            for values, e in zip(pair, edges, strict=True)
        )
        counts += np.bincount(column * _N_CELLS[1] + row, minlength=len(counts))
    return counts.reshape(_N_CELLS)
