"""Slicing: parts of tensors, by places that are known or computed."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfit.graph import selections
from lrfit.graph.nodes import Node
from lrfit.tf1.arithmetic import check_types
from lrfit.tf1.building import (
    apply,
    convert_to_tensor,
    is_tensor,
    known_value,
)
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.sizes import whole_numbers
from lrfit.tf1.tensors import Operators, Tensor

_slice = slice  # the builtin, whose name is TensorFlow's below

__all__ = ["gather", "newaxis", "slice"]


newaxis = None
"""In an index: a new axis of size 1."""


def gather(
    params: Any, indices: Any, validate_indices: Any = None, name: str | None = None, axis: int = 0
) -> Tensor:
    """The rows of `params` at `indices`.

    Raises:
        UnimplementedError: The axis is not 0.
    """
    if axis:
        raise UnimplementedError(
            "tf.gather along an axis other than 0 is not in lrfit.tf1: tf.transpose first"
        )

    def built(x: Node, index: Node, _: Node, name: str) -> Node:
        return selections.gather(x, index, name=name)

    inputs = {"params": params, "indices": indices, "axis": 0}
    rows = apply("GatherV2", built, inputs, name=name, same=())
    check_types("GatherV2", {"indices": rows.op.inputs[1]}, "integers")
    return rows


def slice(input_: Any, begin: Any, size: Any, name: str | None = None) -> Tensor:
    """The part that starts at `begin` and has this `size`, where -1 stands for all that is left.

    Raises:
        ShapesError: There is no such part.
        UnimplementedError: Where it begins, or its size, is known only when the graph runs.
    """
    known = known_value(begin), known_value(size)
    if any(each is None or any(map(is_tensor, each)) for each in known):
        raise UnimplementedError("tf.slice at a place that is not known before the run is not in lrfit.tf1")
    begins, sizes = map(whole_numbers, known)
    key = tuple(_slice(b, None if n == -1 else b + n) for b, n in zip(begins, sizes, strict=True))

    def built(node: Node, *_: Node, name: str) -> Node:
        if node.shape is not None and len(node.shape) != len(key):
            raise ShapesError(f"Shape must be rank {len(node.shape)} but is rank {len(key)}")
        for i, (b, n, whole) in enumerate(zip(begins, sizes, node.shape or (), strict=False)):
            if whole is not None and not -1 <= n <= whole - b:
                raise ShapesError(f"Expected size[{i}] in [0, {whole - b}], but got {n}")
        return selections.part(node, key, name=name)

    places = {"begin": np.array(begins, np.int32), "size": np.array(sizes, np.int32)}
    return apply("Slice", built, {"input": input_, **places}, name=name, same=())


def _part(x: Any, key: Any) -> Tensor:
    """x[key].

    Raises:
        ShapesError: There is no such part.
        TypeError: A key cannot be an index.
        UnimplementedError: It is known only when the graph runs, and is not a single row.
    """
    if is_tensor(key) and convert_to_tensor(key).dtype.is_integer:
        return gather(x, key)
    keys = key if isinstance(key, tuple) else (key,)
    _check_keys(keys)
    shown = [getattr(each, "start", each) or 0 for each in keys if each is not None and each is not ...]
    places = np.array(shown, np.int32)

    def built(node: Node, *_: Node, name: str) -> Node:
        _check_range(node, keys)
        return selections.part(node, keys, name=name)

    inputs = {"input": x, "stack": places, "stack_1": places, "stack_2": places}
    return apply("StridedSlice", built, inputs, default="strided_slice", same=())


def _check_keys(keys: tuple[Any, ...]) -> None:
    for each in keys:
        ends = (each.start, each.stop, each.step) if isinstance(each, _slice) else (each,)
        if any(map(is_tensor, ends)):
            raise UnimplementedError(
                "an index that is known only when the graph runs is in lrfit.tf1 alone as a row: x[i], "
                "tf.gather(x, rows)"
            )
        if not all(end is None or end is ... or hasattr(end, "__index__") for end in ends):
            raise TypeError(
                "Only integers, slices (`:`), ellipsis (`...`), tf.newaxis (`None`) and scalar "
                f"tf.int32/tf.int64 tensors are valid indices, got {each!r}"
            )


def _check_range(x: Node, keys: tuple[Any, ...]) -> None:
    """Check the whole numbers of a key of x.

    Raises:
        ShapesError: One is out of range, or there are too many.
    """
    if x.shape is None or ... in keys:
        return
    taken = [each for each in keys if each is not None]
    if len(taken) > len(x.shape):
        lead = "Attempting to slice scalar input." if not x.shape else "Index out of range using input dim"
        raise ShapesError(f"{lead} {len(x.shape)}; input has only {len(x.shape)} dims" if x.shape else lead)
    for i, (each, size) in enumerate(zip(taken, x.shape, strict=False)):
        if size is not None and not isinstance(each, _slice) and not -size <= each < size:
            raise ShapesError(f"slice index {each} of dimension {i} out of bounds.")


Operators.__getitem__ = _part
