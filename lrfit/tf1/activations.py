"""Activations: functions of the outputs of a layer, element by element or along an axis."""

from __future__ import annotations

from functools import partial
from typing import Any

from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node
from lrfit.tf1.arithmetic import check_types, op
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, known_value
from lrfit.tf1.casting import cast
from lrfit.tf1.old_names import chosen
from lrfit.tf1.tensors import Tensor

__all__ = ["elu", "leaky_relu", "log_softmax", "relu", "relu6", "softmax", "softplus", "softsign"]


def _softsign(x: Node, name: str) -> Node:
    return ops.divide(x, ops.add(1.0, ops.abs(x)), name=name)


def _relu6(x: Node, name: str) -> Node:
    return ops.minimum(ops.relu(x), 6.0, name=name)


def _elu(x: Node, name: str) -> Node:
    return ops.where(x > 0.0, x, ops.expm1(ops.minimum(x, 0.0)), name=name)


relu = op("Relu", ops.relu, "features", of="numbers")
relu6 = op("Relu6", _relu6, "features", of="numbers")
elu = op("Elu", _elu, "features", of="floats")
softplus = op("Softplus", ops.softplus, "features", of="floats")
softsign = op("Softsign", _softsign, "features", of="floats")


def leaky_relu(features: Any, alpha: float = 0.2, name: str | None = None) -> Tensor:
    """x where x > 0, else alpha · x."""

    def built(x: Node, name: str) -> Node:
        return ops.where(x > 0.0, x, ops.multiply(alpha, x), name=name)

    with graph_of([features]).name_scope(name or "LeakyRelu") as scope:
        x = convert_to_tensor(features, name="features")
        x = cast(x, "float32") if x.dtype.is_integer else x
    return apply("LeakyRelu", built, {"features": x}, name=scope)


def axis_of(axis: Any, dim: Any) -> int:
    """The axis given under either name; the last one if neither is."""
    along = chosen("axis", axis, "dim", dim)
    return -1 if along is None else int(known_value(along))


def log_powers(x: Node, axis: int = -1) -> tuple[Node, Node]:
    """x minus its largest element, so that no power overflows, and the logarithm of the sum of its powers."""
    shifted = ops.subtract(x, ops.stop_gradient(selections.reduce_max(x, axis, keepdims=True)))
    return shifted, ops.log(ops.reduce_sum(ops.exp(shifted), axis, keepdims=True))


def log_softmax_node(x: Node, axis: int = -1, name: str | None = None) -> Node:
    """x - log Σ exp(x) along an axis, in the graph that computes."""
    return ops.subtract(*log_powers(x, axis), name=name)


def softmax_node(x: Node, axis: int = -1, name: str | None = None) -> Node:
    """exp(x) / Σ exp(x) along an axis, in the graph that computes."""
    shifted, _ = log_powers(x, axis)
    powers = ops.exp(shifted)
    return ops.divide(powers, ops.reduce_sum(powers, axis, keepdims=True), name=name)


def log_softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """log of `softmax`: x - log Σ exp(x)."""
    return _of_logits("LogSoftmax", partial(log_softmax_node, axis=axis_of(axis, dim)), logits, name)


def softmax(logits: Any, axis: Any = None, name: str | None = None, dim: Any = None) -> Tensor:
    """exp(x) / Σ exp(x) along the last axis, or the given one."""
    return _of_logits("Softmax", partial(softmax_node, axis=axis_of(axis, dim)), logits, name)


def _of_logits(kind: str, build: Any, logits: Any, name: str | None) -> Tensor:
    result = apply(kind, build, {"logits": convert_to_tensor(logits)}, name=name)
    check_types(kind, {"logits": result.op.inputs[0]}, "floats")
    return result
