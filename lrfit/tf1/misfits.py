"""Misfits: errors of runs in which values do not fit, in the words that people search for."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from lrfit.errors import ShapeError
from lrfit.graph.nodes import Node

__all__ = ["misfit"]


def misfit(node: Node, inputs: Sequence[Any], error: ValueError) -> ShapeError:
    """The error for inputs that the kernel of a node refuses, in TensorFlow's words, with the place."""
    shapes = [f"[{','.join(map(str, np.shape(value)))}]" for value in inputs]
    where = f"{node.name!r} cannot run on values of shape {' and '.join(shapes)}"
    return ShapeError(f"{_words(node, inputs, shapes, str(error))}: {where}")


def _words(node: Node, inputs: Sequence[Any], shapes: Sequence[str], reason: str) -> str:
    if node.op.name == "matmul":
        return f"Matrix size-incompatible: In[0]: {shapes[0]}, In[1]: {shapes[1]}"
    if node.op.name == "reshape":
        return _reshaped(np.size(inputs[0]), node.attrs["shape"])
    if len(shapes) == 2 and "broadcast" in reason:  # noqa: PLR2004 (of an op with two inputs)
        return f"Incompatible shapes: {shapes[0]} vs. {shapes[1]}"
    return reason.strip()


def _reshaped(n_values: int, shape: Sequence[int]) -> str:
    n_known = prod(size for size in shape if size != -1)
    wanted = f"requires a multiple of {n_known}" if -1 in shape else f"has {n_known}"
    return f"Input to reshape is a tensor with {n_values} values, but the requested shape {wanted}"
