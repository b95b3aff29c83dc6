"""The picture of a fit: rows and the line; of several features, predicted against actual, and residuals.

More rows than can be told apart as points are counted in the cells of a grid. The band is that of the mean
response, at 95 %, about the least-squares line: with s² = Σ residual² / (n - p),

    y_hat ± t(0.975; n - p) · s · √(1/n + (x - x̄)² / Σ(x - x̄)²),    without intercept  … · s · |x| / √(Σ x²).

References:
    Draper and Smith, Applied Regression Analysis, 3rd ed., sections 1.4 and 3.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from math import sqrt

import numpy as np

from lrfit.analysis.moments import LeastSquares, Moments
from lrfit.arrays import Array
from lrfit.data.row_store import RowStore
from lrfit.model.document import ModelDocument
from lrfit.views.picture import Axis, Band, Cells, Line, Mark, Panel, Picture, Points, limits_around, named

__all__ = ["fit_picture"]

_MOST_POINTS = 2000
"""Rows that are drawn as points."""

_N_CELLS = (96, 72)
"""Cells of the grid in which more rows are counted, to the right and up."""

_N_ALONG = 201
"""Points along the band."""

_VISIBLE = 0.005
"""Least distance of two lines that can be told apart, as a share of the height of the picture."""

_Pairs = Callable[[], Iterator[tuple[Array, Array]]]
"""Goes through all rows, as pieces (x, y) of what is on the axes."""


def fit_picture(
    fit: ModelDocument,
    rows: RowStore,
    moments: Moments,
    *,
    predict: Callable[[Array], Array],
    t_quantile: Callable[[int], float],
    intercept: bool,
    title: str,
) -> Picture:
    """Rows and what the fit makes of them.

    Args:
        fit: The fit.
        rows: The rows (x, y), in the order of its weights.
        moments: Moments of these rows.
        predict: Function from features, (n_samples, n_features), to y_hat, (n_samples,).
        t_quantile: The 97.5 % quantile of Student's t, by its degrees of freedom.
        intercept: Whether the model has one.
        title: Title of the picture.
    """
    if len(fit.weights) == 1:
        return _line_picture(fit, rows, moments, t_quantile=t_quantile, intercept=intercept, title=title)
    return _residual_picture(fit, rows, predict, title)


def _line_picture(
    fit: ModelDocument,
    rows: RowStore,
    moments: Moments,
    *,
    t_quantile: Callable[[int], float],
    intercept: bool,
    title: str,
) -> Picture:
    ((feature, slope),) = fit.weights.items()

    def pairs() -> Iterator[tuple[Array, Array]]:
        return ((window[:, 0], window[:, 1]) for window in rows.windows(1))

    x_limits, y_limits = _limits(pairs)
    along = np.linspace(*x_limits, _N_ALONG)
    best = moments.least_squares(intercept=intercept)
    with np.errstate(over="ignore", invalid="ignore"):
        line, best_line = slope * along + fit.intercept, best.weights[0] * along + best.intercept
        y_limits = _with_line(y_limits, line)
        apart = np.max(np.abs(line - best_line)) > _VISIBLE * (y_limits[1] - y_limits[0])
    lines: list[Mark] = [Line(along, line, "fit", "fitted line")]
    if apart:
        lines.insert(0, Line(along, best_line, "reference", "least squares"))
    half_width = _half_width(along, best, moments, t_quantile, intercept=intercept)
    notes = []
    if half_width is None:
        notes.append(f"no confidence band: {_why_no_band(moments, intercept=intercept)}")
    else:
        low, high = best_line - half_width, best_line + half_width
        y_limits = _with_line(y_limits, np.append(low, high))
        lines.insert(0, Band(along, low, high, f"95 % confidence band{' of least squares' * bool(apart)}"))
    data, of_rows = _rows(pairs, len(rows), x_limits, y_limits)
    marks = [*lines, data] if isinstance(data, Points) else [data, *lines]
    panel = Panel(Axis(named(feature), x_limits), Axis(named(fit.target), y_limits), tuple(marks))
    return Picture(title, (panel,), (*of_rows, *notes))


def _with_line(limits: tuple[float, float], line: Array) -> tuple[float, float]:
    """The limits with room for a line that leaves them, as far as the rows stay readable."""
    low, high = limits
    height = high - low
    nearest = np.clip(line, low - height, high + height)
    return min(low, float(np.min(nearest))), max(high, float(np.max(nearest)))


def _half_width(
    x: Array,
    best: LeastSquares,
    moments: Moments,
    t_quantile: Callable[[int], float],
    *,
    intercept: bool,
) -> Array | None:
    """Half the width of the confidence band at each x; None where it is not defined."""
    if best.standard_errors is None:
        return None
    n_samples, n_free = moments.n_samples, moments.n_samples - 1 - intercept
    s = sqrt(2.0 * best.half_mse) * sqrt(n_samples / n_free)
    if intercept:
        scaled = (x - moments.mean[0]) / moments.standard_deviation[0]
        relative = np.hypot(1.0, scaled)
    else:
        relative = np.abs(x) / moments.root_mean_square[0]
    return np.asarray(t_quantile(n_free) * s / sqrt(n_samples) * relative)


def _why_no_band(moments: Moments, *, intercept: bool) -> str:
    n_parameters = 1 + intercept
    if moments.n_samples <= n_parameters:
        return f"it takes more than {n_parameters} rows"
    return "the feature is constant"


def _residual_picture(
    fit: ModelDocument, rows: RowStore, predict: Callable[[Array], Array], title: str
) -> Picture:
    def against_actual() -> Iterator[tuple[Array, Array]]:
        return ((window[:, -1], predict(window[:, :-1])) for window in rows.windows(1))

    def residuals() -> Iterator[tuple[Array, Array]]:
        return ((y_hat, y_hat - y) for y, y_hat in against_actual())

    target = named(fit.target)
    predicted = f"predicted {target}"
    both = limits_around(np.array([*_limits(against_actual)]).ravel(), 0.0)
    marks, notes = _rows(against_actual, len(rows), both, both)
    diagonal = Line(np.array(both), np.array(both), "reference", "predicted = actual")
    left = Panel(Axis(f"actual {target}", both), Axis(predicted, both), (marks, diagonal))
    x_limits, y_limits = _limits(residuals)
    y_limits = limits_around(np.array([*y_limits, -y_limits[0], -y_limits[1]]), 0.0)
    marks, _ = _rows(residuals, len(rows), x_limits, y_limits)
    zero = Line(np.array(x_limits), np.zeros(2), "reference", "predicted = actual")
    residual = Axis("residual (predicted - actual)", y_limits)
    right = Panel(Axis(predicted, x_limits), residual, (marks, zero))
    return Picture(title, (left, right), tuple(notes))


def _limits(pairs: _Pairs) -> tuple[tuple[float, float], tuple[float, float]]:
    """The limits of the axes, around all rows."""
    ends = np.array([[[np.min(part), np.max(part)] for part in pair] for pair in pairs()])
    return limits_around(ends[:, 0].ravel()), limits_around(ends[:, 1].ravel())


def _rows(
    pairs: _Pairs, n_rows: int, x_limits: tuple[float, float], y_limits: tuple[float, float]
) -> tuple[Points | Cells, list[str]]:
    """The rows as points; or, if they are many, in cells, and a note that says so."""
    if n_rows <= _MOST_POINTS:
        x, y = map(np.concatenate, zip(*pairs(), strict=True))
        return Points(x, y, "rows", f"rows ({n_rows})"), []
    edges = [np.linspace(*limits, n + 1) for limits, n in zip((x_limits, y_limits), _N_CELLS, strict=True)]
    return Cells(edges[0], edges[1], _counted(pairs(), edges), "rows in a cell"), [
        f"{n_rows:,} rows, counted in cells"
    ]


def _counted(pairs: Iterable[tuple[Array, Array]], edges: list[Array]) -> Array:
    """Number of rows in each cell; shape (n_columns, n_rows)."""
    counts = np.zeros(_N_CELLS[0] * _N_CELLS[1])
    for pair in pairs:
        column, row = (
            np.clip((values - e[0]) / (e[-1] - e[0]) * (len(e) - 1), 0, len(e) - 2).astype(np.intp)
            for values, e in zip(pair, edges, strict=True)
        )
        counts += np.bincount(column * _N_CELLS[1] + row, minlength=len(counts))
    return counts.reshape(_N_CELLS)
