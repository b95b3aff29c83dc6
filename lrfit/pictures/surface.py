"""The picture of the loss surface: its contours over two parameters, the path of descent, the optimum.

The objective is a quadratic, so its height over the optimum is ½·‖A·(θ - θ*)‖², where parameters that are not
drawn stay at their optimum. Each axis covers the path and the optimum, so that a valley stays readable
however long and narrow it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import inf

import numpy as np
import numpy.typing as npt

from lrfit.graph import Array
from lrfit.history_file import History
from lrfit.objective import Objective
from lrfit.picture import Contours, Line, Mark, Panel, Picture, Points, limits_around, named

__all__ = ["surface_picture"]

_N_GRID = 181
"""Points of the grid of heights, each way."""

_N_LEVELS = 12
"""Contour lines."""

_DEEPEST = 1e-6
"""Height of the lowest contour line at the least, as a share of the highest."""

_N_STEPS = 12
"""First epochs of a path that are marked each."""

_FAR = 16.0
"""How many times as high above the optimum as the start a path is followed."""


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
        objective: What was descended on.
        runs: By what the legend calls them; θ in the units of the objective.
        shown: Names of the parameters on the axes.
        unit: The loss that is 1 in the units of the objective.
        title: What it is.
        of: What the parameters are of, for the axes.
        notes: To go with it.
    """
    thinned = {label: history.thinned() for label, history in runs.items()}
    parameters = next(iter(runs.values())).parameters
    places = [parameters.index(name) for name in shown]
    labels = [_label(name, parameters) + of for name in shown]
    n_others = len(parameters) - len(shown)
    if n_others:
        notes += (f"the other parameters ({n_others}) are at their optimum in the contours",)
    if len(places) == 1:
        return Picture(title, (_curve(objective, thinned, unit, labels[0]),), notes)
    return Picture(title, (_contours(objective, thinned, places, unit, labels),), notes)


def _label(name: str, parameters: Sequence[str]) -> str:
    """What an axis calls a parameter: b for the intercept."""
    if name == "intercept" and parameters[-1] == name:
        return "b (intercept)"
    return f"W ({named(name)})"


def _heights(objective: Objective, places: Sequence[int], offsets: Sequence[Array], unit: float) -> Array:
    """The objective above its minimum where these parameters are off their optimum by so much."""
    slopes = [sum(row[p] * d for p, d in zip(places, offsets, strict=True)) for row in objective.root]
    with np.errstate(over="ignore"):
        return np.asarray(0.5 * unit * np.sum(np.square(slopes), axis=0))


def _contours(
    objective: Objective,
    runs: Mapping[str, History],
    places: Sequence[int],
    unit: float,
    labels: Sequence[str],
) -> Panel:
    best = objective.minimizer[places]
    paths = {label: history.theta[:, places] for label, history in runs.items()}
    limits = _extent(best, runs.values(), places)
    axes = [np.linspace(*limit, _N_GRID) for limit in limits]
    offsets = np.meshgrid(axes[0] - best[0], axes[1] - best[1])
    heights = _heights(objective, places, offsets, unit)
    marks: list[Mark] = []
    levels = _levels(heights)
    if len(levels):
        marks.append(Contours(axes[0], axes[1], heights, levels, "loss above the optimum"))
    for series, (label, path) in enumerate(paths.items()):
        marks.extend(_path(path, label, series))
    marks.append(Points(best[:1], best[1:], "optimum", "optimum"))
    return Panel(labels[0], labels[1], tuple(marks), *limits)


def _path(path: Array, label: str, series: int) -> list[Mark]:
    x, y = path.T
    first, last = slice(0, 1), slice(-1, None)
    steps = slice(1, _N_STEPS + 1)
    return [
        Line(x, y, "run", named(label), series),
        Points(x[steps], y[steps], "steps", "" if series else f"first {_N_STEPS} epochs", series),
        Points(x[first], y[first], "start", "" if series else "start", series),
        Points(x[last], y[last], "end", "" if series else "end", series),
    ]


def _extent(best: Array, runs: Iterable[History], places: Sequence[int]) -> list[tuple[float, float]]:
    """Limits of the axes: around the optimum and the paths, but for where these lead away."""
    near = np.vstack([history.theta[_is_near(history)][:, places] for history in runs])
    return [limits_around(values, 0.15) for values in np.vstack([near, best]).T]


def _is_near(history: History) -> npt.NDArray[np.bool_]:
    """Which epochs are not far above the start; it is always."""
    is_near = history.excess <= _FAR * (history.excess[0] or inf)
    is_near[0] = True
    return is_near


def _levels(heights: Array) -> Array:
    """Heights of contour lines, each a fixed number of times the one below."""
    largest = float(np.max(heights))
    lowest = max(float(np.partition(heights.ravel(), heights.size // 200)[heights.size // 200]), _DEEPEST * largest)
    if not 0.0 < lowest < largest:
        return np.zeros(0)
    return np.geomspace(lowest, largest, _N_LEVELS + 1)[:-1]


def _curve(objective: Objective, runs: Mapping[str, History], unit: float, label: str) -> Panel:
    """The objective over its only parameter."""
    best, minimum = objective.minimizer, unit * objective.minimum
    paths = {name: history.theta for name, history in runs.items()}
    (x_limits,) = _extent(best, runs.values(), [0])
    along = np.linspace(*x_limits, _N_GRID)
    curve = minimum + _heights(objective, [0], [along - best[0]], unit)
    marks: list[Mark] = [Line(along, curve, "reference", "loss")]
    for series, (name, path) in enumerate(paths.items()):
        heights = minimum + _heights(objective, [0], [path[:, 0] - best[0]], unit)
        marks.extend(_path(np.column_stack([path[:, 0], heights]), name, series))
    marks.append(Points(best, np.array([minimum]), "optimum", "optimum"))
    return Panel(label, "loss (half the mean squared residual)", tuple(marks), x_limits, limits_around(curve))
