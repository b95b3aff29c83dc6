"""Scaling: the units in which descent works, and the way back to the units of the data.

Standardising gives each column mean 0 and standard deviation 1, so that one learning rate suits all.
The line of a model without intercept goes through the origin, which must not move. So columns are then only
divided by their root mean square.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Self

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array

__all__ = ["Scaling"]

_overflowing = np.errstate(over="ignore", invalid="ignore")
"""Parameters that diverge may overflow without a warning; the loss shows it."""


@dataclass(frozen=True, eq=False)
class Scaling:
    """The map from the units of the data to those of descent: rows (x, y) become (row - shift) / scale.

    Attributes:
        shift: Shape (n_features + 1,).
        scale: Shape (n_features + 1,), above 0.
    """

    shift: Array
    scale: Array

    @classmethod
    def none(cls, n_features: int) -> Self:
        """The scaling that leaves all values in the units of the data."""
        return cls(np.zeros(n_features + 1), np.ones(n_features + 1))

    @classmethod
    def standardizing(cls, moments: Moments, *, intercept: bool) -> Self:
        """The scaling to mean 0 and standard deviation 1; without intercept, to root mean square 1.

        A column that is constant keeps its unit.
        """
        shift = moments.mean if intercept else np.zeros_like(moments.mean)
        spread = moments.standard_deviation if intercept else moments.root_mean_square
        keeps = moments.is_constant if intercept else spread == 0.0
        return cls(shift, np.where(keeps, 1.0, spread))

    @cached_property
    def _is_none(self) -> bool:
        return bool(np.all(self.shift == 0.0) and np.all(self.scale == 1.0))

    @_overflowing
    def apply(self, rows: Array) -> Array:
        """Rows (x, y), shape (n_samples, n_features + 1), in the units of descent."""
        if self._is_none:
            return rows
        return (rows - self.shift) / self.scale

    @_overflowing
    def to_data_units(self, weights: Array, intercept: float) -> tuple[Array, float]:
        """The parameters in the units of the data, from those in the units of descent."""
        in_data = weights * self.scale[-1] / self.scale[:-1]
        offset = float(np.sum(in_data * self.shift[:-1]))
        return in_data, self.scale[-1] * intercept + (self.shift[-1] - offset)

    @_overflowing
    def from_data_units(self, weights: Array, intercept: float) -> tuple[Array, float]:
        """The parameters in the units of descent, from those in the units of the data."""
        offset = float(np.sum(weights * self.shift[:-1]))
        in_descent = weights * self.scale[:-1] / self.scale[-1]
        return in_descent, (intercept + offset - self.shift[-1]) / self.scale[-1]
