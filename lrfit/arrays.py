"""The one type of numbers: every value, in data and in graphs, is an array of float64."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

__all__ = ["Array"]

Array: TypeAlias = npt.NDArray[np.float64]
