"""Pictures as PNG, SVG or PDF, by matplotlib.

Only objects of matplotlib are used, and its global state is restored. Its axes always go from 0 to 1: the
panel computes the positions of numbers and ticks, so no number is too large.
The colours are those of Okabe and Ito, which colour-blind people can tell apart; dashes and shapes differ as
well, for print in grey. The same picture always gives the same bytes.

References:
    Okabe and Ito, Color Universal Design (2008), the set of eight colours.
"""

from __future__ import annotations

import io
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import singledispatch
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np

from lrfit.system.optional import import_optional
from lrfit.views.axis import Axis, number_text
from lrfit.views.picture import Band, Cells, Contours, Line, Mark, Panel, Picture, Points

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["FORMATS", "render"]

FORMATS = ("png", "svg", "pdf")
"""File formats, named by their file extensions."""

_BLACK, _ORANGE, _SKY, _GREEN, _YELLOW, _BLUE, _RED, _PURPLE = (
    "#000000", "#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
)  # fmt: skip
_GREY = "#555555"

_RUNS = (_BLUE, _ORANGE, _BLACK, _GREEN, _PURPLE, _RED, _SKY)
"""Colours of runs; the first ones differ most in grey."""

_MARKERS = ("", "s", "^", "D", "v", "P", "X")
"""Markers along the lines of runs, to tell them apart in grey; dashes would hide how a line swings."""

_SETTINGS = {
    "text.parse_math": False,  # a name such as $x_1$ stays as it is
    "text.usetex": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "lrfit",
    "pdf.fonttype": 42,
    "font.size": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

_METADATA: dict[str, dict[str, Any]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}
"""Metadata that removes dates and versions, so that the bytes depend on the picture alone."""

_WIDTHS = {1: 7.0, 2: 11.0}
_HEIGHT = 5.0
"""Widths of figures in inches, by number of panels, and their height."""

_CHARACTERS_AN_INCH = 12.0
"""Approximate number of characters of a title or note per inch."""

_N_TICKS, _N_DATES = 7, 5
"""Largest number of ticks on an axis, and on one of dates, whose texts are longer."""

_FEW_ROWS = 200
"""Number of rows above which their points are half transparent."""

_LEGEND_CHARACTERS, _HANDLE_CHARACTERS = 92.0, 7.0
"""Approximate width of a legend and of one of its signs, in characters."""


def render(picture: Picture, file_format: str) -> bytes:
    """The picture as the bytes of a file.

    Args:
        picture: The picture.
        file_format: One of `FORMATS`.

    Raises:
        UsageError: matplotlib is not installed.
    """
    matplotlib = import_optional("matplotlib", "a picture in a file")
    out = io.BytesIO()
    with matplotlib.rc_context(), _quiet():
        matplotlib.rcdefaults()  # the user's own settings must have no effect
        matplotlib.rcParams.update(_SETTINGS)
        shown = picture if file_format == "svg" else _escaped_for_the_font(picture)
        _figure(shown).savefig(out, format=file_format, dpi=150, metadata=_METADATA[file_format])
    return out.getvalue()


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence matplotlib's warnings about fonts and missing characters."""
    log = logging.getLogger("matplotlib")
    level = log.level
    log.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        log.setLevel(level)


def _escaped_for_the_font(picture: Picture) -> Picture:
    """The picture, with characters that the font lacks escaped.

    An SVG does not need this: its viewers have other fonts.
    """
    from matplotlib.font_manager import findfont, get_font  # noqa: PLC0415 (slow to import)

    font = get_font(findfont("DejaVu Sans"))

    def known(text: str) -> str:
        return "".join(c if font.get_char_index(ord(c)) else ascii(c)[1:-1] for c in text)

    panels = [
        replace(
            panel,
            x=replace(panel.x, label=known(panel.x.label)),
            y=replace(panel.y, label=known(panel.y.label)),
            marks=tuple(replace(mark, label=known(mark.label)) for mark in panel.marks),
        )
        for panel in picture.panels
    ]
    return Picture(known(picture.title), tuple(panels), tuple(map(known, picture.notes)))


def _figure(picture: Picture) -> Figure:
    """The figure: a title, the panels side by side, and the notes below them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415 (slow to import)
    from matplotlib.figure import Figure  # noqa: PLC0415 (slow to import)

    width = _WIDTHS[len(picture.panels)]
    figure = Figure(figsize=(width, _HEIGHT), layout="constrained")
    FigureCanvasAgg(figure)
    n_characters = int(width * _CHARACTERS_AN_INCH)
    figure.suptitle(fill(picture.title, n_characters), fontsize=11)
    all_axes = figure.subplots(1, len(picture.panels), squeeze=False)[0]
    for axes, panel in zip(all_axes, picture.panels, strict=True):
        _draw_panel(axes, panel)
    if picture.notes:
        notes = "\n".join(fill(note, int(1.2 * n_characters)) for note in picture.notes)
        figure.supxlabel(notes, fontsize=8.5, color=_GREY, x=0.01, ha="left", linespacing=1.4)
    return figure


def _draw_panel(axes: Axes, panel: Panel) -> None:
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(0.0, 1.0)
    axes.set_xlabel(panel.x.title)
    axes.set_ylabel(panel.y.title)
    x_ticks = panel.x.ticks(_N_DATES if panel.x.scale == "dates" else _N_TICKS)
    y_ticks = panel.y.ticks(_N_TICKS)
    axes.set_xticks(panel.x.fractions(np.array([*x_ticks])), labels=list(x_ticks.values()))
    axes.set_yticks(panel.y.fractions(np.array([*y_ticks])), labels=list(y_ticks.values()))
    axes.tick_params(color=_GREY, labelsize=9)
    for order, mark in enumerate(panel.marks):
        _draw(mark, axes, panel, order + 2)
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        axes.legend(
            handles,
            labels,
            loc="upper center",
            bbox_to_anchor=(0.5, 0.0),
            borderaxespad=4.4,  # in units of the font size: below the label of the axis
            ncols=max(1, int(_LEGEND_CHARACTERS / (max(map(len, labels)) + _HANDLE_CHARACTERS))),
            frameon=False,
            fontsize=9,
        )


@singledispatch
def _draw(mark: Mark, axes: Axes, panel: Panel, order: int) -> None:
    """Draw a mark of a panel; marks of a higher order are in front."""
    raise NotImplementedError(type(mark))


_POINTS: dict[str, dict[str, Any]] = {
    "rows": {"marker": "o", "markersize": 4.5, "markerfacecolor": "none", "markeredgecolor": _BLACK},
    "epochs": {"marker": ".", "markersize": 3.0},
    "steps": {"marker": "o", "markersize": 4.0},
    "start": {"marker": "s", "markersize": 8.0, "markerfacecolor": "white", "markeredgewidth": 1.6},
    "end": {"marker": "D", "markersize": 7.0, "markeredgecolor": "white"},
    "optimum": {
        "marker": "*", "markersize": 16.0, "markerfacecolor": _YELLOW, "markeredgecolor": _BLACK
    },
}  # fmt: skip


@_draw.register(Points)
def _draw_points(mark: Points, axes: Axes, panel: Panel, order: int) -> None:
    look = {"color": _RUNS[mark.series % len(_RUNS)], "linestyle": "none", **_POINTS[mark.role]}
    if mark.role == "steps":
        look["marker"] = _MARKERS[mark.series % len(_MARKERS)] or "o"
    if mark.role == "rows":
        look["alpha"] = 1.0 if len(mark.x) <= _FEW_ROWS else 0.5
    x, y = panel.x.fractions(mark.x), panel.y.fractions(mark.y)
    axes.plot(x, y, label=mark.label or None, zorder=order, **look)


_LINES: dict[str, dict[str, Any]] = {
    "fit": {"color": _BLUE, "linewidth": 2.0, "linestyle": "-"},
    "reference": {"color": _BLACK, "linewidth": 1.6, "linestyle": (0, (1, 1.5))},
    "run": {"linewidth": 1.5},
    "validation": {"linewidth": 1.2, "linestyle": (0, (4, 2))},
}


@_draw.register(Line)
def _draw_line(mark: Line, axes: Axes, panel: Panel, order: int) -> None:
    every = max(1, len(mark.x) // 8)
    of_series: dict[str, Any] = {
        "color": _RUNS[mark.series % len(_RUNS)],
        "marker": _MARKERS[mark.series % len(_MARKERS)],
        "markersize": 4.5,
        "markevery": (mark.series * every // 4, every),
    }
    x, y = panel.x.fractions(mark.x), panel.y.fractions(mark.y)
    axes.plot(x, y, label=mark.label or None, zorder=order, **of_series | _LINES[mark.role])


@_draw.register(Band)
def _draw_band(mark: Band, axes: Axes, panel: Panel, order: int) -> None:
    x, low, high = panel.x.fractions(mark.x), panel.y.fractions(mark.low), panel.y.fractions(mark.high)
    axes.fill_between(x, low, high, color=_SKY, alpha=0.35, linewidth=0, label=mark.label, zorder=order)


@_draw.register(Cells)
def _draw_cells(mark: Cells, axes: Axes, panel: Panel, order: int) -> None:
    largest = max(2.0, float(np.max(mark.counts)))
    mesh = axes.pcolormesh(
        panel.x.fractions(mark.x_edges),
        panel.y.fractions(mark.y_edges),
        np.log10(mark.counts.T, where=mark.counts.T > 0.0, out=np.full(mark.counts.T.shape, np.nan)),
        vmin=-0.6 * np.log10(largest),  # a single row is not white
        vmax=1.35 * np.log10(largest),  # many rows are not black, so that lines in front can be seen
        cmap="Greys",
        rasterized=True,
        zorder=order,
    )
    bar = _add_bar(axes, mesh, mark.label)
    bar.ax.set_ylim(0.0, np.log10(largest))
    numbers = Axis(mark.label, (1.0, largest), "log").ticks(_N_TICKS)
    bar.set_ticks(np.log10([*numbers]), labels=list(numbers.values()))


@_draw.register(Contours)
def _draw_contours(mark: Contours, axes: Axes, panel: Panel, order: int) -> None:
    x, y, levels = panel.x.fractions(mark.x), panel.y.fractions(mark.y), mark.levels
    heights = np.log10(np.maximum(mark.heights, levels[0] * 1e-3) / levels[0])
    places = np.log10(levels / levels[0])
    colours = _shades(len(levels) + 1)
    filled = axes.contourf(x, y, heights, places, colors=colours, extend="both", zorder=order)
    axes.contour(x, y, heights, places, colors="white", linewidths=0.7, zorder=order)
    bar = _add_bar(axes, filled, mark.label)
    some = slice(None, None, 2)
    bar.set_ticks(places[some], labels=[number_text(level, 2) for level in levels[some]])


def _shades(n: int) -> list[Any]:
    """Shades of grey from dark, at the bottom, to light."""
    from matplotlib import colormaps  # noqa: PLC0415 (slow to import)

    return [colormaps["Greys"](0.42 - 0.38 * i / (n - 1)) for i in range(n)]


def _add_bar(axes: Axes, mappable: Any, label: str) -> Any:  # noqa: ANN401 (what matplotlib leaves untyped)
    figure: Any = axes.get_figure()
    bar = figure.colorbar(mappable, ax=axes, pad=0.02, fraction=0.06)
    bar.set_label(label)
    bar.ax.tick_params(labelsize=8)
    return bar
