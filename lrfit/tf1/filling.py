"""Filling: tensors of one repeated number, of numbers in a sequence, or of a one among zeros.

The number of operations depends on the number of elements, as in TensorFlow.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import Shape, full_shape
from lrfit.tf1.arithmetic import check_types
from lrfit.tf1.building import (
    apply,
    constant,
    constant_node,
    convert_to_tensor,
    graph_of,
    is_tensor,
    known_value,
)
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import as_dtype, float32, float64, int32, int64
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.shapes import TensorShape
from lrfit.tf1.sizes import is_listed, shape, size_vector, static_sizes, whole_numbers
from lrfit.tf1.tensors import Tensor

__all__ = [
    "eye",
    "fill",
    "lin_space",
    "linspace",
    "one_hot",
    "ones",
    "ones_like",
    "range",
    "zeros",
    "zeros_like",
]


_full = Op(
    "full",
    lambda sizes, value, **_: np.full(whole_numbers(sizes), value),
    lambda *_, shape: shape,
    (None, lambda g, *_: ops.reduce_sum(g)),
)

_numbers = Op("numbers", np.arange, lambda *_: (None,), (None, None, None))

_SMALL = 1000
"""Number of elements from which on TensorFlow fills a shape when the graph runs, and keeps no constant."""


def _filled(number: int, shape: Any, dtype: Any, name: str) -> Tensor:
    """A tensor of this shape, filled with one number."""
    kind = as_dtype(dtype)
    value = b"" if kind.numpy.kind == "O" else kind.numpy.type(number)
    sizes = size_vector(shape)
    static = static_sizes(sizes)
    is_known = not isinstance(sizes, list) and static is not None and None not in static
    if is_known and (is_listed(shape) or isinstance(shape, TensorShape)):
        static = full_shape(static) or ()
        if min(static, default=0) < 0:
            raise ValueError(f"Fill dimensions must be >= 0, got {list(static)}")
        if prod(static) < _SMALL:
            return constant(np.full(static, value, kind.numpy), kind, name=name)
    with graph_of([*sizes] if isinstance(sizes, list) else [sizes]).name_scope(name) as scope:
        vector = convert_to_tensor(sizes, name="packed" if isinstance(sizes, list) else "shape_as_tensor")
        number_of_all = constant(np.array(value, kind.numpy), kind)
    return _fill(vector, static, number_of_all, scope)


def zeros(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """A tensor of zeros of this shape."""
    return _filled(0, shape, dtype, name or "zeros")


def ones(shape: Any, dtype: Any = float32, name: str | None = None) -> Tensor:
    """A tensor of ones of this shape."""
    return _filled(1, shape, dtype, name or "ones")


def zeros_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Zeros in the shape of a tensor."""
    with graph_of([tensor]).name_scope(name or "zeros_like") as scope:
        x = convert_to_tensor(tensor, name="tensor")
        kind = x.dtype if dtype is None else as_dtype(dtype)
        if x.shape.is_fully_defined():
            return zeros(x.shape, kind, name=scope)
        if kind is not x.dtype:
            return zeros(shape(x), kind, name=scope)
    return apply("ZerosLike", ops.zeros_like, {"tensor": x}, name=scope)


def ones_like(tensor: Any, dtype: Any = None, name: str | None = None, optimize: bool = True) -> Tensor:
    """Ones in the shape of a tensor."""
    with graph_of([tensor]).name_scope(name or "ones_like") as scope:
        x = convert_to_tensor(tensor, name="tensor")
        return ones(shape(x), x.dtype if dtype is None else dtype, name=scope)


def fill(dims: Any, value: Any, name: str | None = None) -> Tensor:
    """A tensor of this shape, filled with one value."""
    sizes = size_vector(dims)
    return _fill(sizes, static_sizes(sizes), value, name)


def _fill(sizes: Any, static: Shape, value: Any, name: str | None) -> Tensor:
    """A tensor of a shape, of which `static` is known, filled with one value."""

    def built(vector: Node, node: Node, name: str) -> Node:
        if node.shape:
            raise ShapesError(f"Shape must be rank 0 but is rank {len(node.shape)}")
        return _full(vector, node, shape=static, name=name)

    return apply("Fill", built, {"dims": sizes, "value": value}, name=name, same=(), dtype="value")


def eye(num_rows: Any, num_columns: Any = None, dtype: Any = float32, name: str | None = None) -> Tensor:
    """The identity matrix.

    Raises:
        UnimplementedError: Its size is known only when the graph runs.
    """
    sizes = known_value(num_rows), known_value(num_rows if num_columns is None else num_columns)
    if None in sizes:
        raise UnimplementedError("tf.eye of a size that is not known before the run is not in lrfit.tf1")
    return constant(np.eye(*map(int, sizes), dtype=as_dtype(dtype).numpy), dtype, name=name or "eye")


_ORDER = (int32, int64, float32, float64)
"""The types that a range may have, each wider than those before it."""


def range(
    start: Any, limit: Any = None, delta: Any = 1, dtype: Any = None, name: str | None = None
) -> Tensor:
    """The numbers from `start`, or 0, up to but without `limit`, in steps of `delta`.

    Raises:
        ValueError: The steps are 0.
    """
    first, last = (0, start) if limit is None else (start, limit)
    bounds = {"start": first, "limit": last, "delta": delta}
    with graph_of(bounds.values()).name_scope(name or "range") as scope:
        tensors = [convert_to_tensor(value, dtype, each) for each, value in bounds.items()]
        kind = as_dtype(dtype) if dtype else max((tensor.dtype for tensor in tensors), key=_ORDER.index)
        tensors = [cast(tensor, kind) for tensor in tensors]
    known = [known_value(value) for value in bounds.values()]
    if known[2] is not None and not known[2]:
        raise ValueError(f"Requires delta != 0, got {known[2]}")
    inputs = dict(zip(bounds, tensors, strict=True))

    def built(*nodes: Node, name: str) -> Node:
        if any(value is None for value in known):
            return _numbers(*nodes, name=name)
        return constant_node(value=np.arange(*known).astype(kind.numpy), name=name)

    return apply("Range", built, inputs, name=scope, same=tuple(bounds))


def linspace(start: Any, stop: Any, num: Any, name: str | None = None) -> Tensor:
    """`num` evenly spaced numbers from `start` to `stop`, both included.

    Raises:
        TypeError: The ends are integers.
        UnimplementedError: An end or the number is known only when the graph runs.
    """
    known = [known_value(value) for value in (start, stop, num)]
    if any(value is None for value in known):
        raise UnimplementedError("tf.linspace of ends that are not known before the run is not in lrfit.tf1")

    def built(*_: Node, name: str) -> Node:
        return constant_node(
            value=np.linspace(known[0], known[1], int(known[2])).astype(kind.numpy), name=name
        )

    kind = convert_to_tensor(start).dtype if is_tensor(start) else as_dtype(getattr(start, "dtype", float32))
    inputs = {"start": start, "stop": stop, "num": num}
    numbers = apply("LinSpace", built, inputs, name=name, same=("start", "stop"))
    check_types("LinSpace", {"start": numbers.op.inputs[0]}, "floats")
    return numbers


lin_space = linspace


def one_hot(
    indices: Any,
    depth: Any,
    on_value: Any = None,
    off_value: Any = None,
    axis: int | None = None,
    dtype: Any = None,
    name: str | None = None,
) -> Tensor:
    """For each index, a vector of length `depth`: `on_value` there, `off_value` elsewhere.

    Raises:
        TypeError: The indices are not integers.
        UnimplementedError: The axis is in the middle, or the length is known only when the graph runs.
    """
    n_classes = known_value(depth)
    if n_classes is None:
        raise UnimplementedError("tf.one_hot of a depth that is not known before the run is not in lrfit.tf1")
    places = np.arange(int(n_classes))

    def built(on: Node, off: Node, index: Node, _: Node, name: str) -> Node:
        if axis == 0:
            rank = len(index.shape or ())
            is_there = ops.equal(index, np.reshape(places, (-1, *[1] * rank)))
        elif axis in (None, -1, len(index.shape or ())):
            is_there = ops.equal(selections.part(index, (..., None)), places)
        else:
            raise UnimplementedError("tf.one_hot along an axis in the middle is not in lrfit.tf1")
        return ops.where(is_there, on, off, name=name)

    with graph_of([indices, depth, on_value, off_value]).name_scope(name or "one_hot") as scope:
        given = [convert_to_tensor(value, dtype) for value in (on_value, off_value) if value is not None]
        kind = given[0].dtype if given else as_dtype(dtype or float32)
        on, off = (
            convert_to_tensor(default if value is None else value, kind, each)
            for each, value, default in (("on_value", on_value, 1), ("off_value", off_value, 0))
        )
    inputs = {"on_value": on, "off_value": off, "indices": indices, "depth": depth}
    hot = apply("OneHot", built, inputs, name=scope, same=())
    check_types("OneHot", {"indices": hot.op.inputs[2]}, "integers")
    return hot
