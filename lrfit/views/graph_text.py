"""The text of a graph: how a node is made, shapes, and values, in a few characters."""

from __future__ import annotations

import re

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.assignments import is_assignment
from lrfit.graph.leaves import is_constant
from lrfit.graph.nodes import OPS, Node
from lrfit.graph.shapes import Shape

__all__ = ["array_text", "formula", "is_literal", "shape_text"]

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "·", "divide": "÷", "power": "**", "matmul": "@",
    "greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤", "equal": "=",
}  # fmt: skip
"""Signs of the ops that have one: `÷`, since `/` stands in names."""

_MOST_NUMBERS = 3
"""Most numbers of an array that is shown in full; a longer one shows two."""


def is_literal(node: Node) -> bool:
    """Whether it is a number to be written where it is used: a scalar constant that nobody gave a name."""
    name = node.name.rpartition("/")[2]
    return is_constant(node) and node.shape == () and re.sub(r"_\d+$", "", name) in OPS


def formula(node: Node) -> str:
    """How a node is made, with the names of its inputs; of a leaf, its kind or its value.

    Examples:
        >>> from lrfit import Graph, placeholder, square
        >>> with Graph().as_default():
        ...     x = placeholder((), name="x")
        ...     print(formula(x), formula(x - 2.0), formula(square(x)), sep=" | ")
        placeholder | x - 2 | square(x)
    """
    if is_constant(node):
        return array_text(node.attrs["value"])
    if not node.inputs:
        return node.op.name
    inputs = [
        array_text(parent.attrs["value"]) if is_literal(parent) else parent.name for parent in node.inputs
    ]
    if is_assignment(node):
        return f"{node.attrs['variable'].name} ← {inputs[0]}"
    if node.op.name in _INFIX:
        return f" {_INFIX[node.op.name]} ".join(inputs)
    if node.op.name == "negative":
        return f"-{inputs[0]}"
    attrs = [
        f"{key}={value}" for key, value in node.attrs.items() if value is not None and value is not False
    ]
    return f"{node.op.name}({', '.join(inputs + attrs)})"


def shape_text(shape: Shape) -> str:
    """A shape as text, with n for a dimension that is known when the graph runs: the rows."""
    if shape is None:
        return "(…)"
    dims = ["n" if dim is None else str(dim) for dim in shape]
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def array_text(array: Array) -> str:
    """A value: a single number with all its digits; of an array five, and of more than three numbers two.

    Examples:
        >>> print(array_text(np.float64(2 / 3)), array_text(np.ones((2, 1))), array_text(np.eye(3)))
        0.6666666666666666 [1, 1] [1, 0, …]
    """
    if np.size(array) == 1:
        return repr(float(np.ravel(array)[0])).removesuffix(".0")
    numbers = [f"{number:.5g}" for number in np.ravel(array)[: _MOST_NUMBERS + 1]]
    if len(numbers) > _MOST_NUMBERS:
        numbers[2:] = ["…"]
    return f"[{', '.join(numbers)}]"
