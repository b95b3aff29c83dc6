"""Cross entropies of logits and labels, computed without overflow.

The two cross entropies of a softmax are ops of their own, as in TensorFlow: the gradient of the one is
softmax(x) - z even where the labels z do not sum to 1, and the other refuses labels that are not classes.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node, Op
from lrfit.graph.shapes import RankedShape, broadcast_shape, fits
from lrfit.tf1.activations import axis_of, log_powers, log_softmax_node, relu, softmax_node
from lrfit.tf1.arithmetic import abs as absolute
from lrfit.tf1.arithmetic import (
    add,
    check_types,
    exp,
    greater_equal,
    log1p,
    multiply,
    negative,
    stop_gradient,
    subtract,
    where,
)
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, is_tensor
from lrfit.tf1.casting import cast
from lrfit.tf1.filling import zeros_like
from lrfit.tf1.old_names import chosen
from lrfit.tf1.sizes import shape
from lrfit.tf1.tensors import Tensor

__all__ = [
    "sigmoid_cross_entropy_with_logits", "softmax_cross_entropy_with_logits",
    "softmax_cross_entropy_with_logits_v2", "sparse_softmax_cross_entropy_with_logits",
    "weighted_cross_entropy_with_logits",
]  # fmt: skip


def _entropy(x: Any, z: Any) -> Any:
    shifted = x - np.maximum.reduce(x, axis=-1, keepdims=True)
    log_sum = np.log(np.add.reduce(np.exp(shifted), axis=-1, keepdims=True))
    return np.add.reduce(z * (log_sum - shifted), axis=-1)


def _spread(g: Node) -> Node:
    return selections.part(g, (..., None))


_cross_entropy = Op(
    "softmax_cross_entropy",
    _entropy,
    lambda x, z: broadcast_shape(x, z)[:-1],
    (
        lambda g, _y, x, z: ops.sum_like(_spread(g) * (softmax_node(x) - z), x),
        lambda g, _y, x, z: ops.sum_like(_spread(g) * -log_softmax_node(x), z),
    ),
)
"""softmax_cross_entropy(x, z): -Σ z · log softmax(x) along the last axis."""


def _classes(x: Any, labels: Any) -> Any:
    n_classes = x.shape[-1]
    wrong = (labels < 0) | (labels >= n_classes)
    if np.any(wrong):
        raise ValueError(
            f"Received a label value of {labels[wrong].flat[0]} which is outside the valid range of "
            f"[0, {n_classes}). Label values: {labels.ravel().tolist()[:10]}"
        )
    return labels[..., None]


def _put(g: Any, x: Any, labels: Any) -> Any:
    result = np.zeros_like(x)
    np.put_along_axis(result, _classes(x, labels), g[..., None], -1)
    return result


def _picked_shape(x: RankedShape, labels: RankedShape) -> RankedShape:
    return labels if None not in labels else x[:-1]


_pick: Op = Op(
    "pick",
    lambda x, labels: np.take_along_axis(x, _classes(x, labels), -1)[..., 0],
    _picked_shape,
    (lambda g, _y, x, labels: _put_at(g, x, labels), None),
)
"""pick(x, labels): the element of each row that its label numbers."""

_put_at: Op = Op(
    "put_at",
    _put,
    lambda _g, x, _labels: x,
    (lambda g, _y, _g, _x, labels: _pick(g, labels), None, None),
)
"""put_at(g, x, labels): zeros in the shape of x, with g at the labels; the transpose of pick."""


def _last(x: Tensor, axis: int) -> Tensor:
    """x with this axis moved to the end."""
    n_axes = x.shape.ndims
    if axis == -1 or n_axes is None or axis == n_axes - 1:
        return x
    order = [i for i in range(n_axes) if i != axis % n_axes] + [axis % n_axes]
    return apply("Transpose", partial(ops.transpose, perm=tuple(order)), {"x": x}, default="transpose")


def _dense(labels: Tensor, logits: Tensor, axis: int) -> Tensor:
    """The cross entropy of labels and logits of one type."""
    inputs = {"features": _last(logits, axis), "labels": _last(labels, axis)}
    loss = apply("SoftmaxCrossEntropyWithLogits", _cross_entropy, inputs, default="Reshape_2", same=())
    check_types("SoftmaxCrossEntropyWithLogits", {"features": logits}, "floats")
    return loss


def softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    dim: int | None = None,
    name: str | None = None,
    axis: int | None = None,
) -> Tensor:
    """-Σ labels · log softmax(logits) for each row; no gradient flows into the labels."""
    _check_named(_sentinel, labels, logits, "softmax_cross_entropy_with_logits")
    with graph_of([labels, logits]).name_scope(name or "softmax_cross_entropy_with_logits_sg"):
        fixed = stop_gradient(labels, name="labels_stop_gradient")
        x = convert_to_tensor(logits, name="logits")
        return _dense(cast(fixed, x.dtype), x, axis_of(axis, dim))


def softmax_cross_entropy_with_logits_v2(
    labels: Any = None,
    logits: Any = None,
    axis: int | None = None,
    name: str | None = None,
    dim: int | None = None,
) -> Tensor:
    """-Σ labels · log softmax(logits) for each row; gradients flow into both."""
    _check_named(None, labels, logits, "softmax_cross_entropy_with_logits_v2")
    with graph_of([labels, logits]).name_scope(name or "softmax_cross_entropy_with_logits"):
        x = convert_to_tensor(logits, name="logits")
        z = convert_to_tensor(labels, name="labels")
        return _dense(cast(z, x.dtype), x, axis_of(axis, dim))


def sparse_softmax_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> Tensor:
    """-log softmax(logits)[label] for each row, where labels are class numbers.

    Raises:
        InvalidArgumentError: In a run, a label is not a class number.
        TypeError: The labels are not integers.
        ValueError: There is not one label for each row.
    """
    _check_named(_sentinel, labels, logits, "sparse_softmax_cross_entropy_with_logits")
    with graph_of([labels, logits]).name_scope(name or "SparseSoftmaxCrossEntropyWithLogits"):
        numbers = convert_to_tensor(labels)
        x = convert_to_tensor(logits, name="logits")
        shape(numbers)
        _check_ranks(numbers, x)
        inputs = {"features": x, "labels": numbers}
        loss = apply("SparseSoftmaxCrossEntropyWithLogits", _sparse, inputs, name=name, same=())
    check_types("SparseSoftmaxCrossEntropyWithLogits", {"labels": numbers}, "integers")
    return loss


def _sparse(x: Node, labels: Node, name: str) -> Node:
    shifted, log_sum = log_powers(x)
    return ops.subtract(selections.part(log_sum, (..., 0)), _pick(shifted, labels), name=name)


def _check_ranks(labels: Tensor, logits: Tensor) -> None:
    a, b = labels.shape, logits.shape
    if a.ndims is None or b.ndims is None:
        return
    if a.ndims != b.ndims - 1:
        raise ValueError(
            f"Rank mismatch: Rank of labels (received {a.ndims}) should equal rank of logits minus 1 "
            f"(received {b.ndims}): labels are class numbers, not rows as for softmax_cross_entropy"
        )
    if not fits(tuple(a.as_list()), tuple(b.as_list()[:-1])):
        raise ValueError(
            f"Shape mismatch: The shape of labels (received {a}) should equal the shape of logits except "
            f"for the last dimension (received {b})."
        )


def sigmoid_cross_entropy_with_logits(
    _sentinel: Any = None,
    labels: Any = None,
    logits: Any = None,
    name: str | None = None,
) -> Tensor:
    """max(x, 0) - x · z + log(1 + exp(-|x|)), for logits x and labels z.

    Raises:
        ValueError: Their shapes differ.
    """
    _check_named(_sentinel, labels, logits, "sigmoid_cross_entropy_with_logits")
    with graph_of([labels, logits]).name_scope(name or "logistic_loss") as scope:
        x, z = _of_one_shape(logits, labels, "labels")
        zeros = zeros_like(x)
        is_positive = greater_equal(x, zeros)
        above = where(is_positive, x, zeros)
        below = where(is_positive, negative(x), x)
        loss = subtract(above, multiply(x, z, name="mul"), name="sub")
        rest = log1p(exp(below))
    return add(loss, rest, name=scope)


def weighted_cross_entropy_with_logits(
    labels: Any = None,
    logits: Any = None,
    pos_weight: Any = None,
    name: str | None = None,
    targets: Any = None,
) -> Tensor:
    """Sigmoid cross entropy with weight q = `pos_weight` on positive labels.

    For logits x and labels z, it is (1 - z) · x + (1 + (q - 1) · z) · (log(1 + exp(-|x|)) + max(-x, 0)).

    Raises:
        ValueError: Their shapes differ.
    """
    wanted = chosen("labels", labels, "targets", targets)
    with graph_of([wanted, logits]).name_scope(name or "logistic_loss") as scope:
        x, z = _of_one_shape(logits, wanted, "targets")
        weight = 1 + (pos_weight - 1) * z
        first = (1 - z) * x
        rest = log1p(exp(negative(absolute(x)))) + relu(negative(x))
        second = multiply(weight, rest, name="mul")
    return add(first, second, name=scope)


def _of_one_shape(logits: Any, labels: Any, name: str) -> tuple[Tensor, Tensor]:
    """The logits and the labels, which must have the same shape; broadcasting them would hide a mistake."""
    x = convert_to_tensor(logits, name="logits")
    z = convert_to_tensor(labels, None if is_tensor(labels) else x.dtype, name)
    if not x.shape.is_compatible_with(z.shape):
        raise ValueError(f"logits and {name} must have the same shape ({x.shape} vs {z.shape})")
    return x, z


def _check_named(sentinel: Any, labels: Any, logits: Any, name: str) -> None:
    if sentinel is not None:
        raise ValueError(f"Only call `{name}` with named arguments (labels=..., logits=..., ...)")
    if labels is None or logits is None:
        raise ValueError("Both labels and logits must be provided.")
