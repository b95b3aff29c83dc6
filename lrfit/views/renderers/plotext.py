"""Pictures as text for a terminal, by plotext: braille dots for lines, signs for points, shades for counts.

What is not the drawing itself (title, labels of axes, legend, notes) is in lines around it, so that nothing
covers the data. plotext has one figure for the whole process, which is cleared before each use.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import singledispatch
from textwrap import wrap

import numpy as np
import numpy.typing as npt
from rich.cells import cell_len

from lrfit.arrays import Array
from lrfit.system.optional import import_optional
from lrfit.views.picture import Band, Cells, Contours, Line, Mark, Panel, Picture, Points, number_text

__all__ = ["drawn"]

_NARROWEST = 30
"""Characters of a line in which there is room for a picture."""

_RATIO, _LOWEST, _HIGHEST = 0.25, 14, 28
"""Height of a panel in lines: as a share of its width in characters; at least; at most."""

_DOTS = (2, 4)
"""Braille dots in a character, to the right and up."""

_LAST = 1.0 - 1e-9
"""The last place on an axis that is still within its last character."""

_SIGNS = {"rows": "o", "epochs": "·", "steps": "•", "start": "S", "end": "E", "optimum": "*"}

_COLOURS = ("blue", "red", "green", "magenta", "orange", "cyan")
"""Colours of runs, as the terminal has them."""

_SHADES = "░▒▓█"

_DASHES = ((1, 1), (5, 9), (1, 4), (9, 15))
"""Dashes of runs: the number of dots drawn, and of those with the ones left out."""

_Size = tuple[int, int]
"""Columns and rows of a canvas."""


@dataclass(frozen=True, eq=False)
class _Layer:
    """The same sign at many places, from 0 to 1 to the right and up; braille dots if it is empty."""

    x: Array
    y: Array
    sign: str = ""
    colour: str | None = None
    key: str = ""
    """The sign of a mark in the legend; empty for none."""


def drawn(picture: Picture, width: int, *, colour: bool = False) -> str:
    """The picture in lines of at most `width` characters, or 30 if that is more; one panel below the other.

    Args:
        picture: The picture.
        width: Characters of a line.
        colour: Whether with ANSI codes of colours.

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
    plotext = import_optional("plotext", "a picture in the terminal")
    height = min(max(int(_RATIO * width), _LOWEST), _HIGHEST)
    x_ticks = panel.x.ticks(max(2, width // 14))
    y_ticks = panel.y.ticks(max(2, height // 3))
    size = width - max(map(len, y_ticks.values())) - 1, height - 2
    layers = [layer for mark in panel.marks for layer in _layers(mark, panel, size)]
    plotext.terminal.limit(width=False, height=False)  # to the size of the terminal that there may be
    figure = plotext.figure.clear().theme("colorless").plot_size(width, height)
    figure.canvas("default").axes(active=False, axis=[0, 1], side=1)
    for i, axis, texts in ((0, panel.x, x_ticks), (1, panel.y, y_ticks)):
        places = np.minimum(axis.fractions(np.array([*texts])), _LAST)
        figure.ruler(i, 0).lim(0.0, 1.0).alignment(lim="edge").ticks(places.tolist(), list(texts.values()))
    for layer in layers:
        x, y = _inside(layer)
        if x:
            marker = plotext.marker(layer.sign or "braille", plotext.pixel(foreground=layer.colour))
            figure.draw(figure.signal(x, y, marker=marker))
    yield from _wrapped(panel.y.title, width)
    yield from map(str.rstrip, figure.build().string(colorless=not colour).rstrip("\n").split("\n"))
    yield from (" " * (width - cell_len(line)) + line for line in _wrapped(panel.x.title, width))
    yield from _wrapped("   ".join(layer.key for layer in layers if layer.key), width)


def _wrapped(text: str, width: int) -> list[str]:
    """The text in lines of so many columns of a terminal at most; a wide character takes two."""
    return wrap(text, width if cell_len(text) == len(text) else width // 2)


def _inside(layer: _Layer) -> tuple[list[float], list[float]]:
    """The places that are on the canvas."""
    is_inside = (layer.x >= 0.0) & (layer.x <= 1.0) & (layer.y >= 0.0) & (layer.y <= 1.0)
    x, y = (np.minimum(places[is_inside], _LAST) for places in (layer.x, layer.y))
    return x.tolist(), y.tolist()


def _key(sign: str, label: str) -> str:
    return f"{sign} {label}" if label else ""


@singledispatch
def _layers(mark: Mark, panel: Panel, size: _Size) -> list[_Layer]:
    """The layers of a mark on a canvas of this size."""
    raise NotImplementedError(type(mark))


@_layers.register
def _of_points(mark: Points, panel: Panel, size: _Size) -> list[_Layer]:  # noqa: ARG001 (of one family)
    sign = _SIGNS[mark.role]
    colour = {"rows": None, "optimum": "orange"}.get(mark.role, _COLOURS[mark.series % len(_COLOURS)])
    x, y = panel.x.fractions(mark.x), panel.y.fractions(mark.y)
    return [_Layer(x, y, sign, colour, _key(sign, mark.label))]


@_layers.register
def _of_line(mark: Line, panel: Panel, size: _Size) -> list[_Layer]:
    n_set, period = {"reference": (2, 6), "validation": (1, 3)}.get(
        mark.role, _DASHES[mark.series % len(_DASHES)]
    )
    colour = None if mark.role == "reference" else _COLOURS[mark.series % len(_COLOURS)]
    x, y = _dots(panel.x.fractions(mark.x), panel.y.fractions(mark.y), size)
    is_set = np.arange(len(x)) % period < n_set
    sample = {(1, 1): "⠒⠒⠒", (2, 6): "⠒ ⠒", (1, 3): "⠂⠂⠂", (5, 9): "⠒⠂⠒", (1, 4): "⠂ ⠂", (9, 15): "⠒⠒ "}
    return [_Layer(x[is_set], y[is_set], "", colour, _key(sample[n_set, period], mark.label))]


@_layers.register
def _of_band(mark: Band, panel: Panel, size: _Size) -> list[_Layer]:
    """Its edges."""
    x = panel.x.fractions(mark.x)
    edges = [_dots(x, panel.y.fractions(y), size) for y in (mark.low, mark.high)]
    x, y = (np.concatenate([places[::4] for places in pair]) for pair in zip(*edges, strict=True))
    return [_Layer(x, y, "", "cyan", _key("⠂ ⠂", mark.label))]


@_layers.register
def _of_cells(mark: Cells, panel: Panel, size: _Size) -> list[_Layer]:
    """The largest count within each character, in four shades that begin at powers of the largest."""
    x, y = np.meshgrid(*_centres(size, (1, 1)))
    counts = np.zeros((size[1], size[0]))
    columns = _places(panel.x.fractions(mark.x_edges), size[0])
    rows = _places(panel.y.fractions(mark.y_edges), size[1])
    for column in range(size[0]):
        for row in range(size[1]):
            part = mark.counts[columns[0][column] : columns[1][column], rows[0][row] : rows[1][row]]
            counts[row, column] = np.max(part)
    shade = np.zeros(counts.shape, dtype=np.intp)
    is_set = counts > 0.0
    largest = max(float(np.max(counts)), 2.0)
    shade[is_set] = np.minimum(len(_SHADES) * np.log(counts[is_set]) / np.log(largest), len(_SHADES) - 1)
    layers = []
    for i, sign in enumerate(_SHADES):
        least = int(np.ceil(largest ** (i / len(_SHADES))))
        of_shade = is_set & (shade == i)
        label = f"≥ {number_text(least)}" + f" {mark.label}" * (i == 0)
        layers.append(_Layer(x[of_shade], y[of_shade], sign, None, _key(sign, label)))
    return layers


def _places(edges: Array, n: int) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """For each of n characters along an axis, the first cell in it, and the one after the last."""
    ends = np.linspace(0.0, 1.0, n + 1)
    first = np.clip(np.searchsorted(edges, ends[:-1], side="right") - 1, 0, len(edges) - 2)
    return first, np.maximum(
        np.clip(np.searchsorted(edges, ends[1:], side="left"), 0, len(edges) - 1), first + 1
    )


@_layers.register
def _of_contours(mark: Contours, panel: Panel, size: _Size) -> list[_Layer]:
    """Dots where a neighbour is on another side of a level."""
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
    """The centres of characters, or of dots in them: to the right, and up."""
    n_x, n_y = size[0] * dots[0], size[1] * dots[1]
    return (np.arange(n_x) + 0.5) / n_x, (np.arange(n_y) + 0.5) / n_y


def _dots(x: Array, y: Array, size: _Size) -> tuple[Array, Array]:
    """Dots along a line from point to point, as far as it is on the canvas; none where it is broken."""
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
    """Points on a segment as close as dots, from the first on the canvas to the last; shape (n, 2)."""
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
