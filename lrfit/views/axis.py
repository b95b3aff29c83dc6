"""Axes: the positions of numbers on an axis, its ticks, and the texts of numbers."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import count
from math import ceil, floor, log10
from typing import Literal, TypeAlias

import numpy as np

from lrfit.arrays import Array
from lrfit.views.date_ticks import date_ticks

__all__ = ["Axis", "Limits", "Scale", "limits_around", "number_text"]

Limits: TypeAlias = tuple[float, float]
"""The numbers at the two ends of an axis, the lower one first."""

Scale: TypeAlias = Literal["linear", "log", "epochs", "log epochs", "dates"]
"""The scale of an axis.

Epochs are whole numbers. Their log axis is linear up to 1, so that it has room for epoch 0. Dates are days
since 1970-01-01.
"""

_SMALL_POWER, _LARGE_POWER = -3, 5
"""Powers of ten between which a number is written without a power."""

_LEAST_POWER = -323
"""The least power of ten that float64 holds."""

_FAR = 1e9
"""Positions are clipped this many axis lengths outside the limits."""

_SAME = 1e-12
"""Share of a value below which a difference cannot be seen on an axis."""

_LEAST_LENGTH = 1e-300
"""Least length of an axis: float64 keeps few digits of a share of anything shorter."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


@dataclass(frozen=True)
class Axis:
    """An axis.

    Attributes:
        label: The quantity on the axis, with its unit if it has one.
        limits: The numbers at its two ends; values beyond them are clipped.
        scale: How positions depend on numbers.
    """

    label: str
    limits: Limits
    scale: Scale = "linear"

    @property
    def title(self) -> str:
        """The text beside the axis: the label, and the scale if that is logarithmic."""
        return f"{self.label}, log scale" if self.scale.startswith("log") else self.label

    def fractions(self, values: Array) -> Array:
        """Positions of values: 0 at the lower limit, 1 at the upper, NaN for a value without a position.

        Values far outside the limits are clipped; the difference cannot be seen.

        Examples:
            >>> Axis("loss", (1.0, 100.0), "log").fractions(np.array([1.0, 10.0, 0.0]))
            array([0. , 0.5, nan])
        """
        low, high = (_scaled(np.asarray(limit, dtype=np.float64), self.scale) for limit in self.limits)
        with np.errstate(over="ignore"):
            return np.clip((_scaled(values, self.scale) - low) / (high - low), -_FAR, _FAR)

    def ticks(self, n_most: int) -> dict[float, str]:
        """Round numbers within the limits, at most `n_most`, each with its text.

        Examples:
            >>> list(Axis("x", (0.0, 1.0)).ticks(6).values())
            ['0', '0.2', '0.4', '0.6', '0.8', '1']
            >>> list(Axis("loss", (0.5, 2e6), "log").ticks(4).values())
            ['1', '100', '10000', '10⁶']
            >>> list(Axis("epoch", (0.0, 1000.0), "log epochs").ticks(5).values())
            ['0', '1', '10', '100', '1000']
            >>> list(Axis("day", (20526.0, 20530.0), "dates").ticks(3).values())
            ['2026-03-15', '2026-03-17']
        """
        if self.scale == "dates":
            return date_ticks(self.limits, n_most)
        values = _round_numbers(self.limits, self.scale, n_most)
        n_digits = next(n for n in range(1, 18) if all(float(f"{value:.{n}g}") == value for value in values))
        return {value: number_text(value, n_digits) for value in values}


def limits_around(values: Array, margin: float = 0.05) -> Limits:
    """Limits that hold all values, with a margin on both sides given as a share of their range.

    Values that are not finite are ignored. Where all values are the same, some room is left around them.

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


def number_text(value: float, n_digits: int = 4) -> str:
    """A number as a picture shows it, with at most `n_digits` significant digits.

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


def _scaled(values: Array, scale: Scale) -> Array:
    """Values in units in which the axis is linear; NaN for a value without a position on it."""
    if scale in ("linear", "epochs", "dates"):
        return np.where(np.isfinite(values), values, np.nan)
    logs = np.log10(values, where=values > 0.0, out=np.full(np.shape(values), np.nan))
    return logs if scale == "log" else np.where(values < 1.0, values, 1.0 + logs)


def _round_numbers(limits: Limits, scale: Scale, n_most: int) -> list[float]:
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


def _multiples(limits: Limits, digit: int, power: int) -> range:
    """Multiples of digit·10^power within the limits, as factors."""
    step = float(f"{digit}e{power}")
    return range(ceil(limits[0] / step), floor(limits[1] / step) + 1)
