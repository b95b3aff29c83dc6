"""Pictures as text for a terminal, by plotext: braille dots for lines, signs for points, shades for counts.

Title, axis labels, legend and notes are lines above and below the drawing, so that nothing covers the data.
plotext has a single figure for the whole process; it is cleared before each use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from textwrap import wrap
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from lrfit.arrays import Array
from lrfit.system.optional import import_optional
from lrfit.views.axis import number_text
from lrfit.views.picture import Band, Cells, Contours, Line, Mark, Panel, Picture, Points

__all__ = ["render"]

_NARROWEST = 30
"""Least width of a picture, in characters."""

_RATIO, _LOWEST, _HIGHEST = 0.25, 14, 28
"""Height of a panel as a share of its width in characters; then its least and greatest number of lines."""

_DOTS = (2, 4)
"""Number of braille dots in a character, horizontally and vertically."""

_LAST = 1.0 - 1e-9
"""The greatest position that is still within the last character of an axis."""

_SIGNS = {"rows": "o", "epochs": "·", "steps": "•", "start": "S", "end": "E", "optimum": "*"}
"""Signs of points, by their role."""

_COLOURS = ("blue", "red", "green", "magenta", "orange", "cyan")
"""Colours of runs, as a terminal names them."""

_SHADES = "░▒▓█"
"""Signs of counts, from few to many."""

_SOLID, _REFERENCE, _VALIDATION = (1, 1), (2, 6), (1, 3)
_DASHES = (_SOLID, (5, 9), (1, 4), (9, 15))
"""Dashes of runs: a number of dots, and the period in dots after which they repeat."""

_SAMPLES = {
    _SOLID: "⠒⠒⠒", _REFERENCE: "⠒ ⠒", _VALIDATION: "⠂⠂⠂", (5, 9): "⠒⠂⠒", (1, 4): "⠂ ⠂", (9, 15): "⠒⠒ ",
}  # fmt: skip
"""Samples of dashes, in the legend."""

_Size = tuple[int, int]
"""Numbers of columns and rows of a canvas, in characters."""


@dataclass(frozen=True, eq=False)
class _Layer:
    """One sign at many places.

    Attributes:
        x: Horizontal positions, from 0 to 1 on the canvas.
        y: Vertical positions, from 0 to 1 on the canvas.
        sign: A character; empty for braille dots.
        colour: Name of the colour; None for the terminal's own.
        key: Text in the legend; an empty text has no entry there.
    """

    x: Array
    y: Array
    sign: str = ""
    colour: str | None = None
    key: str = ""


def render(picture: Picture, width: int, *, colour: bool = False) -> str:
    """The picture as lines of text, one panel below the other.

    Args:
        picture: The picture.
        width: Largest number of characters per line; less than 30 is taken as 30.
        colour: Whether the text has ANSI codes for colours.

    Raises:
        UsageError: plotext is not installed.
    """
    width = max(width, _NARROWEST)
    lines = _wrapped(picture.title, width)
    for panel in picture.panels:
        lines += ["", *_panel_lines(panel, width, colour=colour)]
    for note in picture.notes:
        lines += _wrapped(f"({note})", width)
    return "\n".join(lines) + "\n"


def _panel_lines(panel: Panel, width: int, *, colour: bool) -> Iterator[str]:
    """Lines of a panel: vertical axis label, canvas with ticks, horizontal axis label, legend."""
    height = min(max(int(_RATIO * width), _LOWEST), _HIGHEST)
    x_ticks = panel.x.ticks(max(2, width // 14))
    y_ticks = panel.y.ticks(max(2, height // 3))
    size = width - max(map(len, y_ticks.values())) - 1, height - 2
    layers = [layer for mark in panel.marks for layer in _layers(mark, panel, size)]
    figure = _empty_figure(width, height)
    for i, axis, texts in ((0, panel.x, x_ticks), (1, panel.y, y_ticks)):
        places = np.minimum(axis.fractions(np.array([*texts])), _LAST)
        figure.ruler(i, 0).lim(0.0, 1.0).alignment(lim="edge").ticks(places.tolist(), list(texts.values()))
    for layer in layers:
        _draw(layer, figure)
    yield from _wrapped(panel.y.title, width)
    yield from map(str.rstrip, figure.build().string(colorless=not colour).rstrip("\n").split("\n"))
    yield from (" " * (width - cell_len(line)) + line for line in _wrapped(panel.x.title, width))
    yield from _wrapped("   ".join(layer.key for layer in layers if layer.key), width)


def _empty_figure(width: int, height: int) -> Any:  # noqa: ANN401 (plotext has no types)
    plotext = import_optional("plotext", "a picture in the terminal")
    plotext.terminal.limit(width=False, height=False)  # the size of a terminal must not limit it
    figure = plotext.figure.clear().theme("colorless").plot_size(width, height)
    figure.canvas("default").axes(active=False, axis=[0, 1], side=1)
    return figure


def _draw(layer: _Layer, figure: Any) -> None:  # noqa: ANN401
    """Draw the part of a layer that is on the canvas."""
    plotext = import_optional("plotext", "a picture in the terminal")
    is_inside = (layer.x >= 0.0) & (layer.x <= 1.0) & (layer.y >= 0.0) & (layer.y <= 1.0)
    x, y = (np.minimum(places[is_inside], _LAST).tolist() for places in (layer.x, layer.y))
    if x:
        marker = plotext.marker(layer.sign or "braille", plotext.pixel(foreground=layer.colour))
        figure.draw(figure.signal(x, y, marker=marker))


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` columns of a terminal; a wide character takes two columns."""
    return wrap(text, width if cell_len(text) == len(text) else width // 2)


def _key(sign: str, label: str) -> str:
    return f"{sign} {label}" if label else ""


@singledispatch
def _layers(mark: Mark, panel: Panel, size: _Size) -> list[_Layer]:
    """The layers of a mark on a canvas of this size, from back to front."""
    raise NotImplementedError(type(mark))


@_layers.register
def _layers_of_points(mark: Points, panel: Panel, size: _Size) -> list[_Layer]:  # noqa: ARG001 (of one family)
    sign = _SIGNS[mark.role]
    colour = {"rows": None, "optimum": "orange"}.get(mark.role, _COLOURS[mark.series % len(_COLOURS)])
    x, y = panel.x.fractions(mark.x), panel.y.fractions(mark.y)
    return [_Layer(x, y, sign, colour, _key(sign, mark.label))]


@_layers.register
def _layers_of_line(mark: Line, panel: Panel, size: _Size) -> list[_Layer]:
    dashes = {"reference": _REFERENCE, "validation": _VALIDATION}.get(
        mark.role, _DASHES[mark.series % len(_DASHES)]
    )
    colour = None if mark.role == "reference" else _COLOURS[mark.series % len(_COLOURS)]
    x, y = _dots(panel.x.fractions(mark.x), panel.y.fractions(mark.y), size)
    n_set, period = dashes
    is_set = np.arange(len(x)) % period < n_set
    return [_Layer(x[is_set], y[is_set], "", colour, _key(_SAMPLES[dashes], mark.label))]


@_layers.register
def _layers_of_band(mark: Band, panel: Panel, size: _Size) -> list[_Layer]:
    """The two edges of the band, as widely spaced dots."""
    x = panel.x.fractions(mark.x)
    edges = [_dots(x, panel.y.fractions(y), size) for y in (mark.low, mark.high)]
    x, y = (np.concatenate([places[::4] for places in pair]) for pair in zip(*edges, strict=True))
    return [_Layer(x, y, "", "cyan", _key("⠂ ⠂", mark.label))]


@_layers.register
def _layers_of_cells(mark: Cells, panel: Panel, size: _Size) -> list[_Layer]:
    """Four shades, whose lower bounds are equally spaced on a log scale."""
    x, y = np.meshgrid(*_centres(size, (1, 1)))
    counts = _counts(mark, panel, size)
    shade = np.zeros(counts.shape, dtype=np.intp)
    is_set = counts > 0.0
    largest = max(float(np.max(counts)), 2.0)
    shade[is_set] = np.minimum(len(_SHADES) * np.log(counts[is_set]) / np.log(largest), len(_SHADES) - 1)
    layers = []
    for i, sign in enumerate(_SHADES):
        least = int(np.ceil(largest ** (i / len(_SHADES))))
        is_shade = is_set & (shade == i)
        label = f"≥ {number_text(least)}" + f" {mark.label}" * (i == 0)
        layers.append(_Layer(x[is_shade], y[is_shade], sign, None, _key(sign, label)))
    return layers


def _counts(mark: Cells, panel: Panel, size: _Size) -> Array:
    """The largest count within each character of a canvas, shape (n_rows, n_columns)."""
    counts = np.zeros((size[1], size[0]))
    columns = _places(panel.x.fractions(mark.x_edges), size[0])
    rows = _places(panel.y.fractions(mark.y_edges), size[1])
    for column in range(size[0]):
        for row in range(size[1]):
            part = mark.counts[columns[0][column] : columns[1][column], rows[0][row] : rows[1][row]]
            counts[row, column] = np.max(part)
    return counts


def _places(edges: Array, n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each of n characters along an axis, the index of its first cell, and that after its last."""
    ends = np.linspace(0.0, 1.0, n + 1)
    first = np.clip(np.searchsorted(edges, ends[:-1], side="right") - 1, 0, len(edges) - 2)
    after = np.clip(np.searchsorted(edges, ends[1:], side="left"), 0, len(edges) - 1)
    return first, np.maximum(after, first + 1)


@_layers.register
def _layers_of_contours(mark: Contours, panel: Panel, size: _Size) -> list[_Layer]:
    """Dots whose neighbour, to the left or below, is on the other side of a level."""
    x, y = _centres(size, _DOTS)
    columns, rows = panel.x.fractions(mark.x), panel.y.fractions(mark.y)
    across = np.array([np.interp(x, columns, heights) for heights in mark.heights])
    heights = np.array([np.interp(y, rows, column) for column in across.T]).T
    side = np.searchsorted(mark.levels, heights)
    is_edge = np.zeros(side.shape, dtype=bool)
    is_edge[:, 1:] |= side[:, 1:] != side[:, :-1]
    is_edge[1:] |= side[1:] != side[:-1]
    grid_x, grid_y = np.meshgrid(x, y)
    lowest, second, highest = (number_text(level, 2) for level in mark.levels[[0, 1, -1]])
    label = f"{mark.label}: {lowest}, {second}, … {highest}"
    return [_Layer(grid_x[is_edge], grid_y[is_edge], "", None, _key("⠒⠒⠒", label))]


def _centres(size: _Size, dots: tuple[int, int]) -> tuple[Array, Array]:
    """Centres of characters, or of the dots in them, horizontally and vertically."""
    n_x, n_y = size[0] * dots[0], size[1] * dots[1]
    return (np.arange(n_x) + 0.5) / n_x, (np.arange(n_y) + 0.5) / n_y


def _dots(x: Array, y: Array, size: _Size) -> tuple[Array, Array]:
    """Dots along the part of a line that is on the canvas; a point that is NaN breaks the line."""
    n_x, n_y = size[0] * _DOTS[0], size[1] * _DOTS[1]
    dots = [
        _clipped_segment(start, end, (n_x, n_y))
        for start, end in zip(np.column_stack([x, y]), np.column_stack([x, y])[1:], strict=False)
        if np.all(np.isfinite([start, end]))
    ]
    found = np.concatenate([np.column_stack([x[:1], y[:1]]), *dots])
    cells = np.floor(found * [n_x, n_y])
    is_new = np.append(True, np.any(cells[1:] != cells[:-1], axis=1))
    return found[is_new, 0], found[is_new, 1]


def _clipped_segment(start: Array, end: Array, n_dots: tuple[int, int]) -> Array:
    """Points, as close as dots, on the part of a segment that is on the canvas; shape (n, 2)."""
    step = end - start
    with np.errstate(divide="ignore", invalid="ignore"):
        bounds = np.sort([-start / step, (1.0 - start) / step], axis=0)
    is_level = step == 0.0
    bounds[:, is_level] = [[-np.inf], [np.inf]]
    first, last = max(0.0, *bounds[0]), min(1.0, *bounds[1])
    if first > last or np.any(is_level & ((start < 0.0) | (start > 1.0))):
        return np.zeros((0, 2))
    n = int(np.max(np.abs((last - first) * step) * n_dots)) + 2
    return start + np.linspace(first, last, n)[:, np.newaxis] * step
