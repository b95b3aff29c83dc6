"""Pictures: what there is to see, as data: marks in panels, with axes. How they look is for a renderer.

A picture holds finite numbers only, and text in which nothing unprintable is left: see `named`.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from math import ceil, floor, log10
from typing import Literal, TypeAlias

import numpy as np

from lrfit.arrays import Array
from lrfit.messages import printable

__all__ = [
    "Axis",
    "Band",
    "Cells",
    "Contours",
    "Line",
    "Mark",
    "Panel",
    "Picture",
    "Points",
    "Scale",
    "limits_around",
    "named",
    "number_text",
]

Scale: TypeAlias = Literal["linear", "log", "epochs", "log epochs"]
"""Scale of an axis. Epochs are integers; their log axis is linear up to 1, to have room for epoch 0."""

_LONGEST_NAME = 32
"""Most characters of a name in a picture."""

_SMALL_POWER, _LARGE_POWER = -3, 5
"""Powers of ten between which numbers are written without them."""

_LEAST_POWER = -323
"""Least power of ten that float64 holds."""

_FAR = 1e9
"""Positions are clipped this many axis lengths outside."""

_SAME = 1e-12
"""A difference below this share of a value cannot be told on an axis."""

_LEAST_LENGTH = 1e-300
"""Least length of an axis: shares of less have few digits in float64, if any."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True, eq=False)
class Points:
    """Points, with nothing between them.

    Attributes:
        x: Shape (n_points,).
        y: Likewise.
        role: Meaning of the marks, which says how they look.
        label: In the legend; none if empty.
        series: Number of the run that they belong to, from 0.
    """

    x: Array
    y: Array
    role: Literal["rows", "epochs", "steps", "start", "end", "optimum"]
    label: str = ""
    series: int = 0


@dataclass(frozen=True, eq=False)
class Line:
    """A line from point to point, with the attributes of `Points`."""

    x: Array
    y: Array
    role: Literal["fit", "reference", "run", "validation"]
    label: str = ""
    series: int = 0


@dataclass(frozen=True, eq=False)
class Band:
    """The area between two lines over the same x, of shape (n_points,)."""

    x: Array
    low: Array
    high: Array
    label: str = ""


@dataclass(frozen=True, eq=False)
class Cells:
    """Numbers of rows in the cells of a grid.

    Attributes:
        x_edges: Ascending; shape (n_columns + 1,).
        y_edges: Ascending; shape (n_rows + 1,).
        counts: Shape (n_columns, n_rows).
        label: Label of a count.
    """

    x_edges: Array
    y_edges: Array
    counts: Array
    label: str


@dataclass(frozen=True, eq=False)
class Contours:
    """A surface over (x, y), by its contour lines.

    Attributes:
        x: Positions of the columns of the grid, ascending; shape (n_columns,).
        y: Positions of its rows, ascending; shape (n_rows,).
        heights: Shape (n_rows, n_columns).
        levels: Heights of the lines, ascending, above 0.
        label: Label of a height.
    """

    x: Array
    y: Array
    heights: Array
    levels: Array
    label: str


Mark: TypeAlias = Points | Line | Band | Cells | Contours


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: Name of the quantity, with its unit if it has one.
        limits: From where to where it goes; what is beyond is clipped.
        scale: How places on it go with numbers.
    """

    label: str
    limits: tuple[float, float]
    scale: Scale = "linear"

    @property
    def title(self) -> str:
        """The text beside the axis: the label, and the scale if it is not linear."""
        return f"{self.label}, log scale" if self.scale.startswith("log") else self.label

    def fractions(self, values: Array) -> Array:
        """Where values are, from 0 at the lower limit to 1; not a number where they have no place.

        Values far outside are clipped; the difference cannot be seen.

        Examples:
            >>> Axis("loss", (1.0, 100.0), "log").fractions(np.array([1.0, 10.0, 0.0]))
            array([0. , 0.5, nan])
        """
        low, high = (_forward(np.asarray(limit, dtype=np.float64), self.scale) for limit in self.limits)
        with np.errstate(over="ignore"):
            return np.clip((_forward(values, self.scale) - low) / (high - low), -_FAR, _FAR)

    def ticks(self, n_most: int) -> dict[float, str]:
        """Round numbers within the limits, at most so many, as they are written there.

        Examples:
            >>> list(Axis("x", (0.0, 1.0)).ticks(6).values())
            ['0', '0.2', '0.4', '0.6', '0.8', '1']
            >>> list(Axis("loss", (0.5, 2e6), "log").ticks(4).values())
            ['1', '100', '10000', '10⁶']
            >>> list(Axis("epoch", (0.0, 1000.0), "log epochs").ticks(5).values())
            ['0', '1', '10', '100', '1000']
        """
        values = _round_numbers(self.limits, self.scale, n_most)
        n_digits = next(n for n in range(1, 18) if all(float(f"{value:.{n}g}") == value for value in values))
        return {value: number_text(value, n_digits) for value in values}


@dataclass(frozen=True)
class Panel:
    """Marks on a pair of axes.

    Attributes:
        x: The axis to the right.
        y: The axis upwards.
        marks: Marks to draw, the later ones in front.
    """

    x: Axis
    y: Axis
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Picture:
    """Panels side by side, or one below the other where there is no room.

    Attributes:
        title: Title of the picture.
        panels: One or two.
        notes: Sentences that one needs to read the picture right.
    """

    title: str
    panels: tuple[Panel, ...]
    notes: tuple[str, ...] = ()


def named(name: str) -> str:
    r"""Text of outside origin as a picture shows it: unprintable characters escaped, shortened.

    Examples:
        >>> named("speed"), named("a" * 99), named("red\x1b[31m")
        ('speed', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa…', 'red\\x1b[31m')
    """
    text = printable(name)
    return text if len(text) <= _LONGEST_NAME else text[: _LONGEST_NAME - 1] + "…"


def limits_around(values: Array, margin: float = 0.05) -> tuple[float, float]:
    """From below the least of these values to above the largest, by this share of what is between them.

    Those that are not finite are passed over. Where all are the same, some room is left around them.

    Examples:
        >>> limits_around(np.array([0.0, 10.0, np.nan])), limits_around(np.array([4.0]))
        ((-0.5, 10.5), (2.0, 6.0))
    """
    finite = values[np.isfinite(values)]
    low, high = float(np.min(finite)), float(np.max(finite))
    room = margin * (high - low)
    if high - low <= max(_SAME * max(abs(low), abs(high)), _LEAST_LENGTH):
        room = 0.5 * abs(high) if abs(high) > _LEAST_LENGTH else 1.0
    return low - room, high + room


def _forward(values: Array, scale: Scale) -> Array:
    if scale in ("linear", "epochs"):
        return np.where(np.isfinite(values), values, np.nan)
    logs = np.log10(values, where=values > 0.0, out=np.full(np.shape(values), np.nan))
    return logs if scale == "log" else np.where(values < 1.0, values, 1.0 + logs)


def _round_numbers(limits: tuple[float, float], scale: Scale, n_most: int) -> list[float]:
    low, high = limits
    if scale == "log epochs":
        return [0.0, *_round_numbers((1.0, max(high, 1.0)), "log", n_most - 1)]
    if scale == "log" and floor(log10(high)) > ceil(log10(low)):
        first, last = ceil(log10(low)), floor(log10(high))
        return [float(f"1e{power}") for power in range(first, last + 1, ceil((last - first + 1) / n_most))]
    least_power = 0 if scale == "epochs" else max(_LEAST_POWER, floor(log10(high - low)) - 2)
    steps = ((digit, power) for power in count(least_power) for digit in (1, 2, 5))
    digit, power = next(step for step in steps if len(_multiples(limits, *step)) <= n_most)
    return [float(f"{i * digit}e{power}") for i in _multiples(limits, digit, power)]


def _multiples(limits: tuple[float, float], digit: int, power: int) -> range:
    """The multiples of digit·10^power within the limits."""
    step = float(f"{digit}e{power}")
    return range(ceil(limits[0] / step), floor(limits[1] / step) + 1)


def number_text(value: float, n_digits: int = 4) -> str:
    """A number in a picture, with so many significant digits at most.

    Examples:
        >>> [number_text(value) for value in (0.0, 0.25, -1947.0, 1e6, 2.5e-7)]
        ['0', '0.25', '-1947', '10⁶', '2.5·10⁻⁷']
    """
    mantissa, power = f"{value:.{n_digits - 1}e}".split("e")
    if _SMALL_POWER <= int(power) <= max(_LARGE_POWER, n_digits - 1):
        return f"{Decimal(f'{mantissa}e{power}').normalize():f}"
    digits = f"{Decimal(mantissa).normalize():f}·"
    raised = str(int(power)).translate(_RAISED)
    return {"1·": "", "-1·": "-"}.get(digits, digits) + f"10{raised}"
