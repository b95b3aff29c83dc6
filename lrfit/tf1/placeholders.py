"""Placeholders: tensors whose values are fed."""

from __future__ import annotations

from functools import partial
from typing import Any

from lrfit.graph import leaves
from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import Shape, fits
from lrfit.tf1.building import apply
from lrfit.tf1.dtypes import as_dtype
from lrfit.tf1.errors import ShapesError
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.shapes import static_shape
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["placeholder", "placeholder_with_default"]


def placeholder(dtype: Any, shape: Any = None, name: str | None = None) -> Tensor:
    """A tensor whose value must be fed when the graph runs.

    Args:
        dtype: Its type.
        shape: Shape of the values; a size of None allows any size, a shape of None any rank.
        name: Its name.

    Raises:
        TypeError: There is no such type.
        ValueError: `shape` is not a shape.
    """
    graph, kind = get_default_graph(), as_dtype(dtype)
    scope = graph.unique_name(name or "Placeholder")
    node = graph.node(leaves.placeholder, name=scope, shape=static_shape(shape))
    return Tensor(Operation(graph, "Placeholder", scope), node, kind)


_defaulted = Op(
    "defaulted",
    lambda x, **_: x,
    lambda *_, shape: shape,
    (lambda g, _y, _x: g,),
)
"""defaulted(x, shape=): x; other values of this shape may be fed in its place."""


def placeholder_with_default(input: Any, shape: Any, name: str | None = None) -> Tensor:
    """A tensor whose value may be fed; otherwise it has this value.

    Raises:
        ShapesError: The value does not have that shape.
    """
    sizes = static_shape(shape)
    build = partial(_with_default, sizes)
    return apply("PlaceholderWithDefault", build, {"input": input}, name=name)


def _with_default(shape: Shape, x: Node, name: str) -> Node:
    if not fits(shape, x.shape):
        raise ShapesError(f"Shapes must be compatible, but are {list(x.shape or ())} and {list(shape or ())}")
    return _defaulted(x, shape=shape, name=name)
