"""Common subexpressions: equal nodes are merged, so that each value is computed once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from lrfit.graph.nodes import Node
from lrfit.graph.program import Program


def merge_common_subexpressions(program: Program) -> Program:
    """The program with equal applications of pure ops to the same inputs merged into the first of them.

    Placeholders and variables are not pure: two of them are never the same.

    Examples:
        >>> from lrfit import Graph, placeholder, square
        >>> with Graph().as_default():
        ...     x = placeholder((), name="x")
        ...     total = square(x) + square(x)
        >>> print(merge_common_subexpressions(Program.of([total], [x])))
        x       ()  placeholder(shape=())
        square  ()  square(x)
        add     ()  add(square, square)
        fetch add
    """
    first: dict[Hashable, Node] = {}

    def merge(node: Node) -> Node:
        return first.setdefault(_key(node), node) if node.op.pure else node

    return program.rewritten(merge)


def _key(node: Node) -> Hashable:
    return (node.op, node.inputs, tuple((name, _hashable(value)) for name, value in node.attrs.items()))


def _hashable(value: Any) -> Hashable:  # noqa: ANN401
    """A hashable form of an attribute: of an array its shape and bits, so -0.0 is not 0.0 and NaN is NaN."""
    return (value.shape, value.tobytes()) if isinstance(value, np.ndarray) else value
