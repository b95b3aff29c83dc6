"""The picture of the loss surface: its contours over two parameters, the path of descent, the optimum.

The objective is quadratic, so its height above the optimum is ½·‖A·(θ - θ*)‖². Parameters without an axis
stay at their optimum. The axes cover the path and the optimum, each on its own scale if necessary, so that a
long and narrow valley stays readable.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import inf, sqrt

import numpy as np
import numpy.typing as npt

from lrfit.analysis.objective import Objective
from lrfit.arrays import Array
from lrfit.training.history import History
from lrfit.views.axis import Axis, Limits, limits_around
from lrfit.views.picture import Contours, Line, Mark, Panel, Picture, Points, named
from lrfit.views.pictures.loss import LOSS, thinned_notes

__all__ = ["surface_picture"]

_N_GRID = 241
"""Number of points on each side of the grid of heights."""

_N_LEVELS = 12
"""Number of contour lines."""

_DEEPEST = 1e-6
"""Least height of the lowest contour line, as a share of the greatest height in the panel."""

_LOWEST = 50
"""The lowest contour line encloses one part in this many of the panel."""

_STILL = 1e-6
"""A parameter that moves less than this share of its reach counts as still; see `_reach`."""

_TANGLED = 25.0
"""Length of a path, in widths or heights of the panel, beyond which its lines would hide everything."""

_N_STEPS = 12
"""Number of first epochs that each have a mark on the path."""

_LARGEST = 1e150
"""Largest absolute value of a parameter for which an axis has room."""

_WIDTH_BY_HEIGHT = 1.4
"""Approximate width of a panel divided by its height."""

_MOST_WIDENED = 3.0
"""An axis is stretched by at most this factor to have the same scale as the other."""

_FAR = 16.0
"""A path is drawn while its excess is below this multiple of the excess at the start."""


def surface_picture(
    objective: Objective,
    runs: Mapping[str, History],
    shown: Sequence[str],
    *,
    unit: float,
    title: str,
    of: str = "",
    notes: tuple[str, ...] = (),
) -> Picture:
    """The objective over two parameters (or one), with the paths of one or several runs.

    Args:
        objective: The quadratic that was descended on.
        runs: Histories of the runs, by their labels in the legend; θ in the units of the objective.
        shown: Names of the parameters on the axes.
        unit: The loss, in units of the data, that is 1 in the units of the objective.
        title: Title of the picture.
        of: Text that follows a parameter on its axis, such as " of standardized data".
        notes: Notes to begin with; the picture adds its own.
    """
    thinned = {label: history.thinned() for label, history in runs.items()}
    parameters = next(iter(runs.values())).parameters
    places = [parameters.index(name) for name in shown]
    labels = [_label(name, parameters) + of for name in shown]
    n_others = len(parameters) - len(shown)
    notes += thinned_notes(thinned.values())
    if n_others:
        notes += (f"the other parameters ({n_others}) are at their optimum in the contours",)
    if len(places) == 1:
        return Picture(title, (_curve(objective, thinned, unit, labels[0]),), notes)
    panel = _contours(objective, thinned, places, unit, labels)
    return Picture(title, (panel,), notes + _notes_on(panel, thinned, places))


def _notes_on(panel: Panel, runs: Mapping[str, History], places: Sequence[int]) -> tuple[str, ...]:
    """Notes on what a panel does not show."""
    outside = [np.any(_outside(panel, history.theta[:, places])) for history in runs.values()]
    return ("a path leaves the picture",) if any(outside) else ()


def _outside(panel: Panel, path: Array) -> npt.NDArray[np.bool_]:
    """Mask of the epochs in which a path is beyond the limits of the axes."""
    low, high = np.array([panel.x.limits, panel.y.limits]).T
    return np.asarray(np.any((path < low) | (path > high), axis=1))


def _label(name: str, parameters: Sequence[str]) -> str:
    """The name of a parameter on an axis: W or b, as in the equation, with the name of the column."""
    if name == "intercept" and parameters[-1] == name:
        return "b (intercept)"
    return f"W ({named(name)})"


def _heights(objective: Objective, places: Sequence[int], offsets: Sequence[Array], unit: float) -> Array:
    """Heights of the objective above its minimum, with the parameters at `places` off their optimum."""
    with np.errstate(over="ignore", invalid="ignore"):
        slopes = (sum(row[p] * d for p, d in zip(places, offsets, strict=True)) for row in objective.root)
        return np.asarray(0.5 * unit * sum(map(np.square, slopes)))


def _contours(
    objective: Objective,
    runs: Mapping[str, History],
    places: Sequence[int],
    unit: float,
    labels: Sequence[str],
) -> Panel:
    """The objective over two parameters: contours, paths, the optimum, then the marks along the paths."""
    best = objective.minimizer[places]
    limits = _on_one_scale(_extent(objective, list(runs.values()), places, unit))
    axes = [np.linspace(*limit, _N_GRID) for limit in limits]
    offsets = np.meshgrid(axes[0] - best[0], axes[1] - best[1])
    heights = _heights(objective, places, offsets, unit)
    levels = _levels(heights)
    marks: list[Mark] = []
    if len(levels):
        marks.append(Contours(axes[0], axes[1], heights, levels, "loss above the optimum"))
    paths = {label: history.theta[:, places] for label, history in runs.items()}
    for series, (label, path) in enumerate(paths.items()):
        marks.extend(_path(path, limits, named(label), series))
    marks.append(Points(best[:1], best[1:], "optimum", "optimum"))
    for series, path in enumerate(paths.values()):
        marks.extend(_stations(path, series, labelled=not series))
    return Panel(Axis(labels[0], limits[0]), Axis(labels[1], limits[1]), tuple(marks))


def _path(path: Array, limits: Sequence[Limits], label: str, series: int) -> list[Mark]:
    """A line from epoch to epoch; or points, for a path that swings so often that lines would hide all."""
    sizes = np.array([high - low for low, high in limits])
    with np.errstate(over="ignore"):
        length = float(np.sum(np.hypot(*(np.diff(path, axis=0) / sizes).T)))
    x, y = path.T
    if _TANGLED < length < inf and len(path) > 2 * _N_STEPS:
        beginning = slice(0, _N_STEPS + 1)
        return [
            Points(x, y, "epochs", f"{label}: a dot per epoch, and a line for the first {_N_STEPS}", series),
            Line(x[beginning], y[beginning], "run", "", series),
        ]
    return [Line(x, y, "run", label, series)]


def _stations(path: Array, series: int, *, labelled: bool) -> list[Mark]:
    """The first epochs of a path, its start, and its end."""
    x, y = path.T
    n_steps = min(_N_STEPS, len(path) - 1)
    steps, first, last = slice(1, n_steps + 1), slice(0, 1), slice(-1, None)
    texts = (
        [f"first {n_steps} epochs" if n_steps > 1 else "first epoch", "start", "end"]
        if labelled
        else [""] * 3
    )
    return [
        Points(x[steps], y[steps], "steps", texts[0], series),
        Points(x[first], y[first], "start", texts[1], series),
        Points(x[last], y[last], "end", texts[2], series),
    ]


def _extent(
    objective: Objective, runs: Sequence[History], places: Sequence[int], unit: float
) -> list[Limits]:
    """Limits of the axes around the optimum and the paths, without the parts of paths that lead far away.

    The limits of a parameter that stays still show the bowl as high as the start instead.
    """
    best = objective.minimizer[places]
    near = np.vstack([history.theta[_is_near(history)][:, places] for history in runs])
    near = np.clip(near, -_LARGEST, _LARGEST)
    highest = max(float(history.excess[0]) for history in runs)
    limits = []
    for place, at, values in zip(places, best, np.vstack([near, best]).T, strict=True):
        reach = _reach(objective, place, highest, unit)
        shows_bowl = np.ptp(values) <= _STILL * reach and 0.0 < reach < _LARGEST
        bowl = np.array([at - reach, at + reach])
        limits.append(limits_around(bowl, 0.0) if shows_bowl else limits_around(values, 0.15))
    return limits


def _reach(objective: Objective, place: int, height: float, unit: float) -> float:
    """Distance from the optimum at which one parameter alone makes this excess; 0 if it makes none."""
    curvature = unit * float(np.sum(np.square(objective.root[:, place])))
    return sqrt(2.0 * height / curvature) if curvature else 0.0


def _on_one_scale(limits: list[Limits]) -> list[Limits]:
    """The limits; one of them is widened to give both axes the same scale, unless that takes too much."""
    (left, right), (bottom, top) = limits
    factor = (right - left) / ((top - bottom) * _WIDTH_BY_HEIGHT)
    if not 1.0 / _MOST_WIDENED < factor < _MOST_WIDENED:
        return limits
    return [_widened(limits[0], max(1.0, 1.0 / factor)), _widened(limits[1], max(1.0, factor))]


def _widened(limits: Limits, factor: float) -> Limits:
    low, high = limits
    room = 0.5 * (factor - 1.0) * (high - low)
    return low - room, high + room


def _is_near(history: History) -> npt.NDArray[np.bool_]:
    """Mask of the epochs in which the excess is not far above that of the start; the start is one of them."""
    is_near = history.excess <= _FAR * (float(history.excess[0]) or inf)
    is_near[0] = True
    return is_near


def _levels(heights: Array) -> Array:
    """Heights of contour lines, each a fixed multiple of the one below."""
    largest = float(np.max(heights))
    n_below = heights.size // _LOWEST
    lowest = max(_DEEPEST * largest, float(np.partition(heights.ravel(), n_below)[n_below]))
    if not 0.0 < lowest < largest < inf:
        return np.zeros(0)
    return np.geomspace(lowest, largest, _N_LEVELS + 1)[:-1]


def _curve(objective: Objective, runs: Mapping[str, History], unit: float, label: str) -> Panel:
    """The objective over its only parameter: a parabola, with the marks along each path."""
    best, minimum = objective.minimizer, unit * objective.minimum
    (x_limits,) = _extent(objective, list(runs.values()), [0], unit)
    along = np.linspace(*x_limits, _N_GRID)
    curve = minimum + _heights(objective, [0], [along - best[0]], unit)
    marks: list[Mark] = [Line(along, curve, "fit", "loss")]
    for series, history in enumerate(runs.values()):
        heights = minimum + _heights(objective, [0], [history.theta[:, 0] - best[0]], unit)
        path = np.column_stack([history.theta[:, 0], heights])
        marks.extend(_stations(path, series + 1, labelled=not series))
    marks.append(Points(best, np.array([minimum]), "optimum", "optimum"))
    return Panel(Axis(label, x_limits), Axis(LOSS, limits_around(curve)), tuple(marks))
