"""Differentiation: gradients and second derivatives, as tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfit.graph import autodiff
from lrfit.tf1.building import convert_to_tensor, is_tensor
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["gradients", "hessians"]


def gradients(
    ys: Any,
    xs: Any,
    grad_ys: Any = None,
    name: str = "gradients",
    colocate_gradients_with_ops: bool = False,
    gate_gradients: bool = False,
    aggregation_method: Any = None,
    stop_gradients: Sequence[Any] | None = None,
) -> list[Tensor | None]:
    """For each x, Σ ∂y/∂x over all elements of ys; None if no y depends on it, or x is not made of floats.

    Raises:
        NotImplementedError: `stop_gradients` is given.
    """
    if stop_gradients:
        raise NotImplementedError("stop_gradients is not in lrfit.tf1: use tf.stop_gradient")
    ends, targets = ([each] if is_tensor(each) else list(each) for each in (ys, xs))
    tensors = [convert_to_tensor(y) for y in ends]
    nodes = [x.node for x in targets]
    graph = tensors[0].graph
    given = None
    if grad_ys is not None:
        listed = [grad_ys] if is_tensor(ys) and not isinstance(grad_ys, (list, tuple)) else grad_ys
        given = [convert_to_tensor(g, y.dtype).node for g, y in zip(listed, tensors, strict=True)]
    with graph.core.as_default():
        found = autodiff.gradients([y.node for y in tensors], nodes, given)
    result: list[Tensor | None] = []
    for node, x in zip(found, targets, strict=True):
        if node is None or not x.dtype.base_dtype.is_floating:
            result.append(None)
            continue
        graph.types.setdefault(node.name, x.dtype.base_dtype.numpy)
        operation = Operation(graph, "Gradient", graph.unique_name(f"{name}/{x.op.name}_grad"), tensors)
        result.append(Tensor(operation, node, x.dtype.base_dtype))
    return result


def hessians(ys: Any, xs: Any, name: str = "hessians") -> list[Tensor | None]:
    """For each scalar x, the second derivative of Σ y.

    Raises:
        NotImplementedError: An x is not a scalar.
    """
    targets = [xs] if is_tensor(xs) else list(xs)
    if any(x.shape.as_list() for x in targets):
        raise NotImplementedError("tf.hessians of tensors that are not scalars is not in lrfit.tf1")
    first = gradients(ys, targets, name=name)
    return [None if g is None else gradients(g, x, name=name)[0] for g, x in zip(first, targets, strict=True)]
