"""Clipping: tensors scaled down to a norm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lrfit.graph import ops
from lrfit.graph.nodes import Node
from lrfit.tf1.arithmetic import abs as absolute
from lrfit.tf1.arithmetic import (
    check_types,
    identity,
    maximum,
    minimum,
    multiply,
    pow,
    rsqrt,
    sqrt,
    square,
    subtract,
    where,
)
from lrfit.tf1.building import apply, constant, convert_to_tensor, graph_of, is_tensor, stack
from lrfit.tf1.filling import ones_like
from lrfit.tf1.old_names import chosen
from lrfit.tf1.reductions import reduce_max, reduce_sum
from lrfit.tf1.reshaping import squeeze
from lrfit.tf1.tensors import Tensor

__all__ = ["clip_by_global_norm", "clip_by_norm", "global_norm", "l2_normalize", "norm"]


def l2_loss(t: Any, name: str | None = None) -> Tensor:
    """Σ t² / 2."""

    def built(x: Node, name: str) -> Node:
        return ops.divide(ops.reduce_sum(ops.square(x)), 2.0, name=name)

    loss = apply("L2Loss", built, {"t": t}, name=name)
    check_types("L2Loss", {"t": loss.op.inputs[0]}, "floats")
    return loss


def norm(
    tensor: Any,
    ord: Any = "euclidean",
    axis: Any = None,
    keepdims: bool | None = None,
    name: str | None = None,
    keep_dims: bool | None = None,
) -> Tensor:
    """(Σ |t|^ord)^(1 / ord) over all axes, or those in `axis`: √Σ t², Σ |t|, or the largest |t|.

    Raises:
        ValueError: `ord` is not one of TensorFlow's norms.
    """
    if ord not in ("euclidean", "fro") and not (isinstance(ord, (int, float)) and ord > 0):
        raise ValueError(
            f"'ord' must be a supported vector norm, got {ord}: 'euclidean', or a number above 0"
        )
    keeps = chosen("keepdims", keepdims, "keep_dims", keep_dims)
    with graph_of([tensor]).name_scope(name or "norm"):
        result = _norm(convert_to_tensor(tensor), ord, axis)
        return result if keeps else squeeze(result, axis)


def _norm(x: Tensor, order: Any, axis: Any) -> Tensor:
    if order in ("euclidean", "fro", 2):
        return sqrt(reduce_sum(x * x, axis, keepdims=True))
    if order == 1:
        return reduce_sum(absolute(x), axis, keepdims=True)
    if order == np.inf:
        return reduce_max(absolute(x), axis, keepdims=True)
    return pow(reduce_sum(pow(absolute(x), order), axis, keepdims=True), 1.0 / order)


def l2_normalize(
    x: Any, axis: Any = None, epsilon: float = 1e-12, name: str | None = None, dim: Any = None
) -> Tensor:
    """x / √max(Σ x², epsilon) along an axis."""
    axes = chosen("axis", axis, "dim", dim)
    with graph_of([x]).name_scope(name or "l2_normalize") as scope:
        y = convert_to_tensor(x, name="x")
        inverse = rsqrt(maximum(reduce_sum(square(y), axes, keepdims=True), epsilon))
    return multiply(y, inverse, name=scope)


def clip_by_norm(t: Any, clip_norm: Any, axes: Any = None, name: str | None = None) -> Tensor:
    """t · clip_norm / max(‖t‖, clip_norm); the gradient at 0 is not NaN."""
    with graph_of([t]).name_scope(name or "clip_by_norm") as scope:
        tensor = convert_to_tensor(t, name="t")
        total = reduce_sum(tensor * tensor, axes, keepdims=True)
        is_positive = total > 0
        safe = where(is_positive, total, ones_like(total))
        length = where(is_positive, sqrt(safe), total)
        clipped = (tensor * clip_norm) / maximum(length, clip_norm)
    return identity(clipped, name=scope)


def global_norm(t_list: Sequence[Any], name: str | None = None) -> Tensor:
    """√Σ t² over all elements of all tensors; each None among them is left out.

    Raises:
        TypeError: `t_list` is a single tensor.
        ValueError: There are no tensors.
    """
    _check_listed(t_list)
    with graph_of(t_list).name_scope(name or "global_norm"):
        halves = [l2_loss(convert_to_tensor(t, name=f"t_{i}")) for i, t in enumerate(t_list) if t is not None]
        total = reduce_sum(stack(halves))
        return sqrt(total * constant(2.0, total.dtype), name="global_norm")


def _check_listed(t_list: Sequence[Any]) -> None:
    if is_tensor(t_list):
        raise TypeError("t_list should be a sequence of tensors, not one: put it into a list")
    if all(t is None for t in t_list):
        raise ValueError("t_list has no tensors: the loss depends on none of the variables")


def clip_by_global_norm(
    t_list: Sequence[Any],
    clip_norm: Any,
    use_norm: Any = None,
    name: str | None = None,
) -> tuple[list[Tensor | None], Tensor]:
    """The tensors, each times clip_norm / max(global norm, clip_norm), and that norm; NaN if it is infinite.

    Raises:
        TypeError: `t_list` is a single tensor.
        ValueError: There are no tensors.
    """
    _check_listed(t_list)
    length = global_norm(t_list, name) if use_norm is None else convert_to_tensor(use_norm)
    with graph_of([length]).name_scope(name or "clip_by_global_norm") as scope:
        inverse = 1.0 / length
        share = clip_norm * minimum(inverse, constant(1.0, length.dtype) / clip_norm)
        scale = share + subtract(length, length, name="sub")
        clipped = [
            None if t is None else identity(multiply(t, scale, name="mul"), name=f"{scope}_{i}")
            for i, t in enumerate(t_list)
        ]
    return clipped, length
