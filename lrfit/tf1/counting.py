"""Counting and picking: numbers that are not 0, distinct ones, rows of a table, and those that a mask picks.

How many there are is known only when the graph runs.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import RankedShape, fits
from lrfit.tf1.arithmetic import check_types, identity, not_equal, where
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, is_tensor
from lrfit.tf1.casting import cast
from lrfit.tf1.clipping import clip_by_norm
from lrfit.tf1.dtypes import as_dtype, int32, int64
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.filling import zeros
from lrfit.tf1.old_names import chosen
from lrfit.tf1.reductions import reduce_sum
from lrfit.tf1.reshaping import reshape, squeeze
from lrfit.tf1.sizes import shape
from lrfit.tf1.slicing import gather
from lrfit.tf1.tensors import Tensor

__all__ = ["boolean_mask", "count_nonzero", "unique"]


def count_nonzero(
    input_tensor: Any = None,
    axis: Any = None,
    keepdims: bool | None = None,
    dtype: Any = int64,
    name: str | None = None,
    reduction_indices: Any = None,
    keep_dims: bool | None = None,
    input: Any = None,
) -> Tensor:
    """The number of elements that are not 0, False or empty, over these axes; over all if None."""
    values = chosen("input", input, "input_tensor", input_tensor)
    axes = chosen("axis", axis, "reduction_indices", reduction_indices)
    keeps = bool(chosen("keepdims", keepdims, "keep_dims", keep_dims))
    with graph_of([values]).name_scope(name or "count_nonzero"):
        x = convert_to_tensor(values, name="input")
        flags = x if x.dtype.is_bool else not_equal(x, zeros([], x.dtype))
        return cast(reduce_sum(cast(flags, int64), axes, keeps), dtype)


# Classes.


def _is_in_top(predictions: Any, targets: Any, k: Any) -> Any:
    """Whether fewer than k predictions of a row are above that of the target; False if one is not finite."""
    n_rows, n_classes = predictions.shape
    is_class = (targets >= 0) & (targets < n_classes)
    of_target = predictions[np.arange(n_rows), np.where(is_class, targets, 0)]
    n_above = np.sum(predictions > of_target[:, None], axis=1)
    return is_class & np.all(np.isfinite(predictions), axis=1) & (n_above < k)


def _top_shape(predictions: RankedShape, targets: RankedShape, k: RankedShape) -> RankedShape:
    if len(predictions) != 2:  # noqa: PLR2004 (axes of a matrix)
        raise ShapesError(f"Shape must be rank 2 but is rank {len(predictions)}")
    if len(targets) != 1:
        raise ShapesError(f"Shape must be rank 1 but is rank {len(targets)}")
    if not fits(predictions[:1], targets):
        raise ShapesError(f"Dimensions must be equal, but are {predictions[0]} and {targets[0]}")
    return targets if predictions[0] is None else predictions[:1]


_in_top = Op("in_top", _is_in_top, _top_shape, (None, None, None))


def in_top_k(predictions: Any, targets: Any, k: Any, name: str | None = None) -> Tensor:
    """Whether the target of a row is among the k classes with the largest predictions; ties count.

    Raises:
        ShapesError: There is not one target for each row.
        TypeError: The predictions are not floats, or the targets not integers.
    """
    inputs = {"predictions": predictions, "targets": targets, "k": k}
    with graph_of(inputs.values()).name_scope(name or "in_top_k"):
        found = apply("InTopKV2", _in_top, inputs, same=(), dtype=bool_)
    check_types("InTopKV2", {"predictions": found.op.inputs[0]}, "floats")
    check_types("InTopKV2", {"targets": found.op.inputs[1]}, "integers")
    return found


def embedding_lookup(
    params: Any,
    ids: Any,
    partition_strategy: str = "mod",
    name: str | None = None,
    validate_indices: bool = True,
    max_norm: Any = None,
) -> Tensor:
    """The rows of a table with these numbers, scaled down to the norm `max_norm` if it is given.

    Raises:
        UnimplementedError: The table is in several parts.
    """
    tables = [params] if is_tensor(params) or not isinstance(params, (list, tuple)) else list(params)
    if len(tables) != 1:
        raise UnimplementedError(
            "tf.nn.embedding_lookup in several tables is not in lrfit.tf1: tf.concat them"
        )
    with graph_of([tables[0], ids]).name_scope(name or "embedding_lookup") as scope:
        table = convert_to_tensor(tables[0], name="params_0")
        numbers = convert_to_tensor(ids, name="ids")
        rows = gather(table, numbers, name=scope)
        if max_norm is None:
            return identity(rows)
        return clip_by_norm(rows, max_norm, [*range(len(numbers.shape), len(rows.shape))])


# Distinct values.


class Unique(NamedTuple):
    """The distinct values, and for each element the place of its value among them."""

    y: Tensor
    idx: Tensor


def _distinct(x: Any) -> Any:
    _, first = np.unique(x, return_index=True, equal_nan=False)
    return x[np.sort(first)]


def _places(x: Any) -> Any:
    _, first, inverse = np.unique(x, return_index=True, return_inverse=True, equal_nan=False)
    return np.argsort(np.argsort(first))[inverse]


def _check_vector(x: RankedShape) -> RankedShape:
    if len(x) != 1:
        raise ShapesError(f"Shape must be rank 1 but is rank {len(x)}")
    return x


_distinct_values = Op("distinct_values", _distinct, lambda _: (None,), (None,))
_distinct_places = Op("distinct_places", _places, _check_vector, (None,))


def unique(x: Any, out_idx: Any = int32, name: str | None = None) -> Unique:
    """The distinct values of a vector, in order of appearance, and the place of each element among them.

    Raises:
        ShapesError: x is not a vector.
    """

    def built(node: Node, name: str) -> Node:
        places.append(_distinct_places(node, name=name))
        return _distinct_values(node, name=name)

    places: list[Node] = []
    values = apply("Unique", built, {"x": x}, name=name)
    return Unique(values, Tensor(values.op, places[0], as_dtype(out_idx)))


# Masks.


def boolean_mask(tensor: Any, mask: Any, name: str = "boolean_mask", axis: Any = None) -> Tensor:
    """The rows for which a mask is true; or, where the mask has several axes, the elements along these.

    Raises:
        UnimplementedError: The axis is not 0.
        ValueError: The mask does not fit the tensor, or the number of its axes is not known.
    """
    if axis:
        raise UnimplementedError(
            "tf.boolean_mask along an axis other than 0 is not in lrfit.tf1: tf.transpose first"
        )
    with graph_of([tensor, mask]).name_scope(name):
        x = convert_to_tensor(tensor, name="tensor")
        flags = convert_to_tensor(mask, bool_ if not is_tensor(mask) else None, name="mask")
        n_axes = _n_axes(flags, x)
        if n_axes > 1:
            rest = x.shape.as_list()[n_axes:]
            sizes = shape(x) if None in rest else None
            known = [sizes[n_axes + i] if n is None and sizes is not None else n for i, n in enumerate(rest)]
            x, flags = reshape(x, [-1, *known]), reshape(flags, [-1])
        return gather(x, squeeze(where(flags), axis=[1]))


def _n_axes(mask: Tensor, x: Tensor) -> int:
    """The number of axes of a mask, whose shape is checked."""
    n_axes = mask.shape.ndims
    if n_axes == 0:
        raise ValueError("mask cannot be scalar.")
    if n_axes is None:
        raise ValueError(
            "Number of mask dimensions must be specified, even if some dimensions are None.  E.g. "
            "shape=[None] is ok, but shape=None is not."
        )
    if x.shape.ndims is not None and not x.shape[:n_axes].is_compatible_with(mask.shape):
        raise ValueError(f"Shapes {x.shape[:n_axes]} and {mask.shape} are incompatible")
    return n_axes
