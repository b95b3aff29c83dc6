"""Joining and parting: tensors put together along an axis, repeated, or cut up."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from lrfit.graph import selections
from lrfit.graph.nodes import Node
from lrfit.tf1.building import (
    apply,
    convert_n,
    convert_to_tensor,
    graph_of,
    is_tensor,
    known_value,
    stack,
)
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.sizes import is_listed, show_shape, whole_numbers
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["concat", "pack", "split", "stack", "tile", "unpack", "unstack"]


pack = stack


def unstack(value: Any, num: int | None = None, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """The slices along an axis, each without that axis.

    Raises:
        ValueError: Their number is not known, or there is no such axis.
    """
    x = convert_to_tensor(value)
    n_axes = x.shape.ndims
    if n_axes is not None and not -n_axes <= axis < n_axes:
        raise ValueError(f"axis = {axis} not in [{-n_axes}, {n_axes})")
    size = None if n_axes is None else x.shape.as_list()[axis]
    n_parts = size if num is None else num
    if n_parts is None:
        raise ValueError(f"Cannot infer num from shape {x.shape}: give it, tf.unstack(value, num=…)")
    if size not in (None, n_parts):
        raise ValueError(
            f"Dimension must be {n_parts} but is {size} for {name or 'unstack'!r} (op: 'Unpack')"
        )
    before = [slice(None)] * (axis % n_axes if n_axes else axis)
    return _parts("Unpack", {"value": x}, x, [(*before, i) for i in range(n_parts)], name or "unstack")


unpack = unstack


def split(value: Any, num_or_size_splits: Any, axis: int = 0, name: str | None = None) -> list[Tensor]:
    """Parts along an axis: a number of parts of equal size, or parts of these sizes, of which one may be -1.

    Raises:
        ValueError: The sizes do not add up to that of the axis.
    """
    x = convert_to_tensor(value)
    place = int(known_value(axis))
    whole = x.shape.as_list()[place]
    if is_listed(num_or_size_splits):
        inputs = {"value": x, "size_splits": convert_to_tensor(num_or_size_splits), "split_dim": place}
        sizes = _split_sizes(list(num_or_size_splits), whole)
        kind = "SplitV"
    else:
        inputs = {"split_dim": place, "value": x}
        sizes = _equal_sizes(whole, num_or_size_splits)
        kind = "Split"
    ends = list(accumulate(sizes, initial=0))
    before = [slice(None)] * (place % len(x.shape.as_list()))
    keys = [(*before, slice(a, b)) for a, b in pairwise(ends)]
    return _parts(kind, inputs, x, keys, name or "split")


def _split_sizes(sizes: list[int], whole: int | None) -> list[int]:
    """The sizes of parts with the one that is -1 filled in."""
    if -1 in sizes and whole is None:
        raise UnimplementedError("tf.split with -1 along an axis whose size is not known is not in lrfit.tf1")
    if whole is None:
        return sizes
    rest = whole - sum(size for size in sizes if size != -1)
    if rest < 0 or (rest and -1 not in sizes):
        raise ValueError(f"can't split axis of size {whole} into pieces of size {sizes}")
    return [rest if size == -1 else size for size in sizes]


def _equal_sizes(whole: int | None, n_parts: int) -> list[int]:
    if whole is None:
        raise UnimplementedError(
            "tf.split of an axis whose size is not known is not in lrfit.tf1: give the sizes"
        )
    if whole % n_parts:
        raise ValueError(
            f"Dimension size must be evenly divisible by {n_parts} but is {whole}: give tf.split the sizes"
        )
    return [whole // n_parts] * n_parts


def _parts(kind: str, inputs: dict[str, Any], x: Tensor, keys: Sequence[Any], name: str) -> list[Tensor]:
    """The tensors of one operation that gives parts of x."""
    graph = x.graph
    with graph.name_scope(name) as scope:
        tensors = [convert_to_tensor(value, name=each) for each, value in inputs.items()]
    operation = Operation(graph, kind, scope.removesuffix("/"), tensors)
    parts = [graph.node(selections.part, x.node, key=key, name=operation.name) for key in keys]
    return [Tensor(operation, node, x.dtype) for node in parts]


def concat(values: Any, axis: Any = 0, name: str | None = None) -> Tensor:
    """Tensors joined along an axis; `concat(axis, values)`, as before TensorFlow 1.0, works, too.

    Raises:
        ShapesError: Their shapes differ along another axis, or there is no such axis.
        TypeError: Their types differ.
    """
    if isinstance(values, int):
        values, axis = axis, values
    listed = [values] if is_tensor(values) else list(values)
    if not listed:
        raise ValueError(
            "List argument 'values' to 'ConcatV2' Op with length 0 shorter than minimum length 1."
        )
    with graph_of(listed).name_scope(name or "concat") as scope:
        tensors = convert_n(listed, [f"values_{i}" for i, _ in enumerate(listed)])
    place = int(known_value(axis))

    def built(*nodes: Node, name: str) -> Node:
        return selections.concat(_of_one_rank(nodes[:-1], place), place, name=name)

    inputs = {f"values_{i}": tensor for i, tensor in enumerate(tensors)}
    return apply("ConcatV2", built, inputs | {"axis": place}, name=scope, same=tuple(inputs))


def _of_one_rank(nodes: Sequence[Node], axis: int) -> list[Node]:
    """The nodes, if all have the same number of axes, and this axis exists."""
    ranks = [len(node.shape) for node in nodes if node.shape is not None]
    for rank in ranks:
        if rank != ranks[0]:
            raise ShapesError(f"Shape must be rank {ranks[0]} but is rank {rank}")
        if not -rank <= axis < rank:
            needed = axis + 1 if axis >= 0 else -axis
            raise ShapesError(f"Shape must be at least rank {needed} but is rank {rank}")
    return list(nodes)


def tile(input: Any, multiples: Any, name: str | None = None) -> Tensor:
    """`input`, repeated `multiples[i]` times along axis i.

    Raises:
        UnimplementedError: `multiples` is known only when the graph runs.
    """
    known = known_value(multiples)
    if known is None or any(map(is_tensor, known)):
        raise UnimplementedError(
            "tf.tile with multiples that are known only when the graph runs is not in lrfit.tf1: arithmetic "
            "repeats a single row by itself"
        )
    times = whole_numbers(known)

    def built(node: Node, _: Node, name: str) -> Node:
        return selections.tile(node, times, name=name)

    shown = multiples if is_tensor(multiples) else np.array(times, np.int32)
    tiled = apply("Tile", built, {"input": input, "multiples": shown}, name=name, same=())
    show_shape(tiled, (None,) * len(times))
    return tiled
