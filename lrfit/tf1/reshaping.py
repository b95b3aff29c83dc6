"""Reshaping: the elements of a tensor in a new shape, or with its axes in a new order."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from lrfit.errors import ShapeError
from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import Shape, full_shape
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, known_value
from lrfit.tf1.errors import ShapesError
from lrfit.tf1.sizes import show_shape, size_vector, static_sizes, whole_numbers
from lrfit.tf1.tensors import Tensor

__all__ = ["expand_dims", "reshape", "squeeze", "transpose"]


_reshaped = Op(
    "reshaped",
    lambda x, sizes, **_: np.reshape(x, whole_numbers(sizes)),
    lambda *_, shape: shape,
    (lambda g, _y, x, _sizes: ops.reshape_like(g, x), None),
)


def _squeezed_shape(shape: tuple[int | None, ...], axes: tuple[int, ...] | None) -> Shape:
    if axes is None:
        return None if None in shape else tuple(n for n in shape if n != 1)
    places = [axis % len(shape) for axis in axes]
    for i in places:
        if shape[i] not in (1, None):
            raise ShapesError(f"Can not squeeze dim[{i}], expected a dimension of 1, got {shape[i]}")
    return tuple(n for i, n in enumerate(shape) if i not in places)


_squeezed = Op(
    "squeezed",
    lambda x, *, axes: np.squeeze(x, axes),
    _squeezed_shape,
    (lambda g, _y, x: ops.reshape_like(g, x),),
)


def reshape(tensor: Any, shape: Any, name: str | None = None) -> Tensor:
    """The elements, in order, in a new shape; one of its sizes may be -1.

    Raises:
        ShapesError: The number of elements differs.
    """
    sizes = size_vector(shape)
    static = static_sizes(sizes)

    def built(x: Node, vector: Node, name: str) -> Node:
        if static is None or sum(size in (None, -1) for size in static) > 1:
            unknown = None if static is None else tuple(None if size == -1 else size for size in static)
            return _reshaped(x, vector, shape=unknown, name=name)
        try:
            return ops.reshape(x, tuple(-1 if size is None else size for size in static), name=name)
        except ShapeError:
            n, wanted = prod(full_shape(x.shape) or ()), [-1 if size is None else size for size in static]
            raise ShapesError(
                f"Cannot reshape a tensor with {n} elements to shape {wanted} ({prod(wanted)} elements)"
            ) from None

    reshaped = apply("Reshape", built, {"tensor": tensor, "shape": sizes}, name=name, same=())
    show_shape(reshaped, static)
    return reshaped


def transpose(a: Any, perm: Any = None, name: str | None = None) -> Tensor:
    """`a` with its axes in a new order: reversed, or as in `perm`."""
    with graph_of([a]).name_scope(name or "transpose") as scope:
        x = convert_to_tensor(a, name="a")
    order = None if perm is None else whole_numbers(known_value(perm))
    shown = np.arange(x.shape.ndims or 0)[::-1] if order is None else order

    def built(node: Node, _: Node, name: str) -> Node:
        if order is not None and node.shape is not None and len(order) != len(node.shape):
            raise ShapesError(f"Dimension must be {len(node.shape)} but is {len(order)}")
        return ops.transpose(node, order, name=name)

    inputs = {"x": x, "perm": np.array(shown, np.int32)}
    transposed = apply("Transpose", built, inputs, name=scope, same=())
    show_shape(transposed, None if order is None else (None,) * len(order))
    return transposed


def expand_dims(input: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """`input` with a new axis of size 1 at `axis`.

    Raises:
        ShapesError: The axis is out of range.
        ValueError: No axis is given.
    """
    given = dim if axis is None else axis
    if given is None:
        raise ValueError("Must specify an axis argument to tf.expand_dims()")
    place = int(known_value(given))
    every = [slice(None)] * (place if place >= 0 else -1 - place)
    key: tuple[Any, ...] = (*every, None) if place >= 0 else (..., None, *every)

    def built(node: Node, _: Node, name: str) -> Node:
        n_axes = None if node.shape is None else len(node.shape)
        if n_axes is not None and not -n_axes - 1 <= place <= n_axes:
            raise ShapesError(f"dim {place} not in the interval [{-n_axes - 1}, {n_axes}].")
        return selections.part(node, key, name=name)

    return apply("ExpandDims", built, {"input": input, "dim": given}, name=name, same=())


def squeeze(input: Any, axis: Any = None, name: str | None = None, squeeze_dims: Any = None) -> Tensor:
    """`input` without its axes of size 1: all, or those in `axis`.

    Raises:
        ShapesError: One of these axes does not have size 1.
    """
    given = axis if axis is not None else squeeze_dims
    axes = None if given is None else whole_numbers(given)
    return apply("Squeeze", partial(_squeezed, axes=axes or None), {"input": input}, name=name)


def without_last_axis(x: Tensor, n_axes: int | None) -> Tensor:
    """x without its last axis, of size 1, if it has one axis more than that number."""
    has_more = n_axes is not None and x.shape.ndims == n_axes + 1
    return squeeze(x, [-1]) if has_more and x.shape.as_list()[-1] == 1 else x
