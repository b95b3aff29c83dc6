"""Pictures as data: marks in panels, with axes. A renderer decides how they look.

A picture holds finite numbers only, and text without unprintable characters: see `named`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from lrfit.arrays import Array
from lrfit.messages import printable
from lrfit.views.axis import Axis

__all__ = ["Band", "Cells", "Contours", "Line", "Mark", "Panel", "Picture", "Points", "Trace", "named"]

_LONGEST_NAME = 32
"""Number of characters of a name that a picture shows."""


@dataclass(frozen=True, eq=False)
class Trace:
    """A sequence of points: the base of `Points` and `Line`.

    Attributes:
        x: Horizontal positions, shape (n_points,).
        y: Vertical positions, shape (n_points,).
        role: The meaning of the points, from which a renderer chooses their look.
        label: Text in the legend; an empty text has no entry there.
        series: Number of the run that the points belong to, from 0.
    """

    x: Array
    y: Array
    role: str
    label: str = ""
    series: int = 0


@dataclass(frozen=True, eq=False)
class Points(Trace):
    """Points that are drawn one by one."""

    role: Literal["rows", "epochs", "steps", "start", "end", "optimum"]


@dataclass(frozen=True, eq=False)
class Line(Trace):
    """A line from point to point; a NaN breaks it."""

    role: Literal["fit", "reference", "run", "validation"]


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines.

    Attributes:
        x: Horizontal positions, common to both lines; shape (n_points,).
        low: The lower line, shape (n_points,).
        high: The upper line, shape (n_points,).
        label: Text in the legend.
    """

    x: Array
    low: Array
    high: Array
    label: str = ""


@dataclass(frozen=True, eq=False)
class Cells:
    """The number of rows in each cell of a grid.

    Attributes:
        x_edges: Edges of the columns, ascending; shape (n_columns + 1,).
        y_edges: Edges of the rows, ascending; shape (n_rows + 1,).
        counts: Numbers of rows, shape (n_columns, n_rows).
        label: The quantity that is counted.
    """

    x_edges: Array
    y_edges: Array
    counts: Array
    label: str


@dataclass(frozen=True, eq=False)
class Contours:
    """A surface over (x, y), drawn as contour lines.

    Attributes:
        x: Positions of the columns of the grid, ascending; shape (n_columns,).
        y: Positions of the rows of the grid, ascending; shape (n_rows,).
        heights: Heights of the surface, shape (n_rows, n_columns).
        levels: Heights of the contour lines, ascending and above 0.
        label: The quantity that the heights measure.
    """

    x: Array
    y: Array
    heights: Array
    levels: Array
    label: str


Mark: TypeAlias = Points | Line | Band | Cells | Contours


@dataclass(frozen=True)
class Panel:
    """Marks on a pair of axes.

    Attributes:
        x: The horizontal axis.
        y: The vertical axis.
        marks: The marks, from back to front.
    """

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """Panels side by side, or one below the other where there is no room.

    Attributes:
        title: Text above the panels.
        panels: One or two panels.
        notes: Sentences below the panels that a reader needs to understand them.
    """

    title: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()


def named(name: str) -> str:
    r"""A name from outside as a picture shows it: shortened, with unprintable characters escaped.

    Examples:
        >>> named("speed"), named("a" * 99), named("red\x1b[31m")
        ('speed', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…', 'red\\x1b[31m')
    """
    text = printable(name)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"
