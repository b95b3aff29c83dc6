"""Sizes of tensors: as tensors, and as far as they are known before the graph runs."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node
from lrfit.graph.shapes import Shape
from lrfit.tf1.building import apply, constant, convert_to_tensor, graph_of, is_tensor, known_value
from lrfit.tf1.dtypes import as_dtype, int32
from lrfit.tf1.shapes import Dimension, TensorShape
from lrfit.tf1.tensors import Tensor

__all__ = ["rank", "shape", "size"]


def is_listed(value: Any) -> bool:
    """Whether a value is a list or a vector, and not a single number or tensor."""
    return isinstance(value, (list, tuple)) or bool(
        getattr(value, "shape", None) and isinstance(value, np.ndarray)
    )


def whole_numbers(numbers: Any) -> tuple[int, ...]:
    """A number or a vector of numbers as a tuple of integers."""
    return tuple(int(number) for number in np.ravel(numbers))


def size_vector(shape: Any) -> Any:
    """A shape, as scripts write it, in a form for a vector: a tensor, a list with tensors, or an array.

    Raises:
        TypeError: It holds something that is not a size.
        ValueError: Not all of its sizes are known.
    """
    if is_tensor(shape) or isinstance(shape, TensorShape):
        return shape
    listed = shape if is_listed(shape) else [shape]
    sizes = [size.value if isinstance(size, Dimension) else size for size in listed]
    if any(map(is_tensor, sizes)):
        return sizes
    if any(not hasattr(size, "__index__") for size in sizes):
        raise TypeError(
            f"Failed to convert object of type {type(shape)} to Tensor. Contents: {shape}. Consider casting "
            "elements to a supported type: a size is a whole number, in tf.reshape -1 if it is not known"
        )
    return np.array(sizes, np.int32)


def static_sizes(sizes: Any) -> Shape:
    """The static shape that a vector of sizes stands for; -1 for a size that is -1."""
    if isinstance(sizes, TensorShape):
        return tuple(sizes.as_list())
    known = known_value(sizes)
    if known is None and (node := convert_to_tensor(sizes).node).op is selections.shape_of:
        return node.inputs[0].shape
    if known is not None:
        return tuple(None if (size := known_value(each)) is None else int(size) for each in known)
    n_axes = convert_to_tensor(sizes).shape.as_list()[0] if convert_to_tensor(sizes).shape else None
    return None if n_axes is None else (None,) * n_axes


def show_shape(tensor: Tensor, static: Shape) -> None:
    """Make a tensor show this shape, if nothing is known of its own."""
    if tensor.shape.ndims is None and static is not None:
        tensor.set_shape([None if size == -1 else size for size in static])


def shape(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """The shape of a tensor, as a vector."""
    with graph_of([input]).name_scope(name or "Shape") as scope:
        x = convert_to_tensor(input)
    if x.shape.is_fully_defined():
        return constant(np.array(x.shape.as_list()), out_type, name=scope)
    sizes = apply("Shape", selections.shape_of, {"input": x}, name=scope, dtype=as_dtype(out_type))
    show_shape(sizes, (None,))
    return sizes


def size(input: Any, name: str | None = None, out_type: Any = int32) -> Tensor:
    """The number of elements of a tensor."""
    with graph_of([input]).name_scope(name or "Size") as scope:
        x = convert_to_tensor(input)
    if x.shape.is_fully_defined():
        return constant(x.shape.num_elements(), out_type, name=scope)
    count = partial(ops.count, axis=None)
    number = apply("Size", count, {"input": x}, name=scope, dtype=as_dtype(out_type))
    show_shape(number, ())
    return number


def _n_axes(x: Node, name: str) -> Node:
    return ops.count(selections.shape_of(x), axis=None, name=name)


def rank(input: Any, name: str | None = None) -> Tensor:
    """The number of axes of a tensor."""
    with graph_of([input]).name_scope(name or "Rank") as scope:
        x = convert_to_tensor(input)
    if x.shape.ndims is not None:
        return constant(x.shape.ndims, int32, name=scope)
    number = apply("Rank", _n_axes, {"input": x}, name=scope, dtype=int32)
    show_shape(number, ())
    return number
