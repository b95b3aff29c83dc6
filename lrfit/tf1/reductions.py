"""Reductions: sums, means, extremes and products over axes, places of extremes, and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from typing import Any

import numpy as np

from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node
from lrfit.tf1.arithmetic import (
    add,
    check_types,
    exp,
    is_finite,
    log,
    squared_difference,
    stop_gradient,
    subtract,
    where,
)
from lrfit.tf1.building import apply, constant, convert_to_tensor, graph_of, known_value
from lrfit.tf1.dtypes import as_dtype, int64
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.filling import range, zeros_like
from lrfit.tf1.old_names import chosen
from lrfit.tf1.reshaping import reshape, squeeze
from lrfit.tf1.sizes import is_listed, rank, shape
from lrfit.tf1.tensors import Operators, Tensor

__all__ = [
    "arg_max", "arg_min", "argmax", "argmin", "matmul", "reduce_all", "reduce_any", "reduce_logsumexp",
    "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum",
]  # fmt: skip


def _reduction(kind: str, build: Callable[..., Node], *, of: str = "numbers") -> Callable[..., Tensor]:
    """A function that makes reductions of a kind."""

    def reduce(  # with the names that its arguments had before
        input_tensor: Any,
        axis: Any = None,
        keepdims: bool | None = None,
        name: str | None = None,
        reduction_indices: Any = None,
        keep_dims: bool | None = None,
    ) -> Tensor:
        axes = chosen("axis", axis, "reduction_indices", reduction_indices)
        keeps = bool(chosen("keepdims", keepdims, "keep_dims", keep_dims))
        known = None if axes is None else _axes(axes)
        places = _all_axes(input_tensor) if axes is None else axes

        def built(node: Node, _: Node, name: str) -> Node:
            _check_axes(node, known)
            return build(node, axis=known, keepdims=keeps, name=name)

        reduced = apply(kind, built, {"input": input_tensor, "reduction_indices": places}, name=name, same=())
        check_types(kind, {"input": reduced.op.inputs[0]}, of)
        if axes is None and not keeps:
            reduced.set_shape(())
        return reduced

    reduce.__doc__ = f"{kind} of the elements over these axes; over all of them if there are none."
    return reduce


def _all_axes(x: Any) -> Tensor:
    """The numbers of all axes, made as TensorFlow does: of the rank, unless x is a tensor of known rank."""
    if isinstance(x, Tensor) and x.shape.ndims is not None:
        return constant(np.arange(x.shape.ndims), "int32")
    return range(0, rank(x))


def _axes(axes: Any) -> int | tuple[int, ...]:
    known = known_value(axes)
    if known is None:
        raise UnimplementedError("axes that are known only when the graph runs are not in lrfit.tf1")
    return tuple(int(axis) for axis in known) if is_listed(known) else int(known)


def _check_axes(x: Node, axes: int | tuple[int, ...] | None) -> None:
    n_axes = 0 if x.shape is None else len(x.shape)
    for axis in (axes,) if isinstance(axes, int) else axes or ():
        if x.shape is not None and not -n_axes <= axis < n_axes:
            raise ShapesError(f"Invalid reduction dimension {axis} for input with {n_axes} dimensions")


reduce_sum = _reduction("Sum", ops.reduce_sum)
reduce_mean = _reduction("Mean", ops.reduce_mean)
reduce_max = _reduction("Max", selections.reduce_max)
reduce_min = _reduction("Min", selections.reduce_min)
reduce_prod = _reduction("Prod", selections.reduce_prod)
reduce_all = _reduction("All", selections.reduce_min, of="bools")
reduce_any = _reduction("Any", selections.reduce_max, of="bools")


def reduce_logsumexp(
    input_tensor: Any,
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """log Σ exp(x), without overflow."""
    axes = chosen("axis", axis, "reduction_indices", reduction_indices)
    keeps = bool(chosen("keepdims", keepdims, "keep_dims", keep_dims))
    x = convert_to_tensor(input_tensor)
    with x.graph.name_scope(name or "ReduceLogSumExp"):
        raw = reduce_max(x, axes, keepdims=True)
        largest = stop_gradient(where(is_finite(raw), raw, zeros_like(raw)))
        total = log(reduce_sum(exp(subtract(x, largest)), axes, keepdims=keeps))
        return add(total, largest if keeps else reshape(largest, shape(total)))


def _place(kind: str, build: Callable[..., Node], *, worst: float) -> Callable[..., Tensor]:
    def place(
        input: Any,
        axis: Any = None,
        name: str | None = None,
        dimension: Any = None,
        output_type: Any = int64,
    ) -> Tensor:
        given = chosen("axis", axis, "dimension", dimension)
        along = 0 if given is None else given
        number = int(known_value(along))

        def built(node: Node, _: Node, name: str) -> Node:
            n_axes = 1 if node.shape is None else len(node.shape)
            if node.shape is not None and not -n_axes <= number < n_axes:
                raise ShapesError(
                    f"Dimension ({number}) must be in the range [{-n_axes}, {n_axes}), where {n_axes} is the "
                    "number of dimensions in the input"
                )
            numbers = ops.where(ops.not_equal(node, node), worst, node)  # TensorFlow passes NaN over
            return build(numbers, axis=number, name=name)

        inputs = {"input": input, "dimension": along}
        return apply(kind, built, inputs, name=name, same=(), dtype=as_dtype(output_type))

    place.__doc__ = f"{kind}: the index of the extreme along an axis, from 0."
    return place


argmax = _place("ArgMax", selections.argmax, worst=-inf)
argmin = _place("ArgMin", selections.argmin, worst=inf)


def arg_max(input: Any, dimension: Any, output_type: Any = int64, name: str | None = None) -> Tensor:
    """`argmax` by its old name."""
    return argmax(input, dimension, name=name, output_type=output_type)


def arg_min(input: Any, dimension: Any, output_type: Any = int64, name: str | None = None) -> Tensor:
    """`argmin` by its old name."""
    return argmin(input, dimension, name=name, output_type=output_type)


def matmul(
    a: Any,
    b: Any,
    transpose_a: bool = False,
    transpose_b: bool = False,
    name: str | None = None,
) -> Tensor:
    """The product of two matrices, each transposed first if asked for.

    Raises:
        ShapesError: They are not matrices (m, k) and (k, n).
        TypeError: They are not made of numbers.
    """

    def built(first: Node, second: Node, name: str) -> Node:
        for node in (first, second):
            if node.shape is not None and len(node.shape) != 2:  # noqa: PLR2004 (axes of a matrix)
                raise ShapesError(f"Shape must be rank 2 but is rank {len(node.shape)}")
        first = ops.transpose(first) if transpose_a else first
        second = ops.transpose(second) if transpose_b else second
        _check_inner(first, second)
        return ops.matmul(first, second, name=name)

    product = apply("MatMul", built, {"a": a, "b": b}, name=name, same=("a", "b"))
    check_types("MatMul", dict(zip(("a", "b"), product.op.inputs, strict=True)), "numbers")
    return product


def _check_inner(a: Node, b: Node) -> None:
    if a.shape and b.shape and None not in (a.shape[1], b.shape[0]) and a.shape[1] != b.shape[0]:
        raise ShapesError(f"Dimensions must be equal, but are {a.shape[1]} and {b.shape[0]}")


Operators.__matmul__ = lambda self, other: matmul(self, other, name="matmul")
Operators.__rmatmul__ = lambda self, other: matmul(other, self, name="matmul")


def moments(
    x: Any,
    axes: Any,
    shift: Any = None,
    name: str | None = None,
    keep_dims: bool | None = None,
    keepdims: bool | None = None,
) -> tuple[Tensor, Tensor]:
    """Mean and variance over these axes; the variance is divided by their number of elements."""
    keeps = bool(chosen("keepdims", keepdims, "keep_dims", keep_dims))
    with graph_of([x]).name_scope(name or "moments"):
        y = convert_to_tensor(x, name="x")
        mean = reduce_mean(y, axes, keepdims=True, name="mean")
        variance = reduce_mean(
            squared_difference(y, stop_gradient(mean)), axes, keepdims=True, name="variance"
        )
        return (mean, variance) if keeps else (squeeze(mean, axes), squeeze(variance, axes))
