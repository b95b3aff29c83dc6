"""Kernels that replace the graph's, for ops whose results TensorFlow rounds in a way that scripts show.

TensorFlow flushes denormal numbers to 0. So exp(-88) is 0 and its logarithm -inf, and a lesson about a rate
that is too large prints `inf` and `nan`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lrfit.graph.nodes import Node

__all__ = ["flushing_kernel"]

_LEAST = float(np.finfo(np.float32).tiny)
"""The least float32 that is above 0 and not denormal."""

_FLUSHED = ("exp", "sigmoid")
"""Ops whose values come near 0 in ordinary programs."""


def flushing_kernel(node: Node) -> Callable[..., Any] | None:
    """A kernel that turns float32 below the least normal number into 0; None for an op that keeps its own."""
    if node.op.name not in _FLUSHED:
        return None
    kernel = node.op.kernel

    def flushed(x: Any) -> Any:
        value = kernel(x)
        return np.where(value < _LEAST, value.dtype.type(0), value) if value.dtype == np.float32 else value

    return flushed
