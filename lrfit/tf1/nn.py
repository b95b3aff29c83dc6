"""`tf.nn`: activations, cross entropies and dropout."""

from __future__ import annotations

from typing import Any

from lrfit.graph import ops
from lrfit.graph.nodes import Node
from lrfit.graph.shapes import fits
from lrfit.tf1.activations import elu, leaky_relu, log_softmax, relu, relu6, softmax, softplus, softsign
from lrfit.tf1.arithmetic import equal, identity, sigmoid, tanh
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, known_value
from lrfit.tf1.casting import cast
from lrfit.tf1.clipping import l2_loss, l2_normalize
from lrfit.tf1.counting import embedding_lookup, in_top_k
from lrfit.tf1.entropies import (
    sigmoid_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits,
    softmax_cross_entropy_with_logits_v2,
    sparse_softmax_cross_entropy_with_logits,
    weighted_cross_entropy_with_logits,
)
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.old_names import chosen
from lrfit.tf1.random import random_uniform
from lrfit.tf1.reductions import matmul, moments, reduce_mean
from lrfit.tf1.refusals import refuser
from lrfit.tf1.sizes import shape
from lrfit.tf1.tensors import Tensor

__all__ = [
    "bias_add", "dropout", "elu", "embedding_lookup", "in_top_k", "l2_loss", "l2_normalize", "leaky_relu",
    "log_softmax", "moments", "relu", "relu6", "sigmoid", "sigmoid_cross_entropy_with_logits", "softmax",
    "softmax_cross_entropy_with_logits", "softmax_cross_entropy_with_logits_v2", "softplus", "softsign",
    "sparse_softmax_cross_entropy_with_logits", "tanh", "weighted_cross_entropy_with_logits", "xw_plus_b",
    "zero_fraction",
]  # fmt: skip

__getattr__ = refuser(__name__)


def bias_add(value: Any, bias: Any, data_format: Any = None, name: str | None = None) -> Tensor:
    """value + bias, where bias is a vector for the last axis.

    Raises:
        ShapesError: `bias` is not such a vector.
        UnimplementedError: A different axis is asked for.
    """
    if data_format not in (None, "NHWC"):
        raise UnimplementedError(f"tf.nn.bias_add with data_format={data_format!r} is not in lrfit.tf1")
    return apply("BiasAdd", _biased, {"value": value, "bias": bias}, name=name, same=("value", "bias"))


def _biased(value: Node, bias: Node, name: str) -> Node:
    a, b = value.shape, bias.shape
    if b is not None and len(b) != 1:
        raise ShapesError(f"Shape must be rank 1 but is rank {len(b)}")
    if a is not None and len(a) < 2:  # noqa: PLR2004 (axes of a matrix)
        raise ShapesError(f"Shape must be at least rank 2 but is rank {len(a)}")
    if a and b and not fits(a[-1:], b):
        raise ShapesError(f"Dimensions must be equal, but are {a[-1]} and {b[0]}")
    return ops.add(value, bias, name=name)


def xw_plus_b(x: Any, weights: Any, biases: Any, name: str | None = None) -> Tensor:
    """x · weights + biases."""
    with graph_of([x, weights, biases]).name_scope(name or "xw_plus_b") as scope:
        inputs = convert_to_tensor(x, name="x"), convert_to_tensor(weights, name="weights")
        vector = convert_to_tensor(biases, name="biases")
        product = matmul(*inputs)
    return bias_add(product, vector, name=scope)


def zero_fraction(value: Any, name: str | None = None) -> Tensor:
    """The share of the elements that are 0."""
    with graph_of([value]).name_scope(name or "zero_fraction"):
        x = convert_to_tensor(value, name="value")
        return identity(reduce_mean(cast(equal(x, 0), "float32")), name="fraction")


def dropout(
    x: Any,
    keep_prob: Any = None,
    noise_shape: Any = None,
    seed: int | None = None,
    name: str | None = None,
    rate: Any = None,
) -> Tensor:
    """x with each element set to 0 with probability `rate`, else divided by 1 - rate.

    Raises:
        ValueError: Neither `keep_prob` nor `rate` is given, or it is no probability, or x has no floats.
    """
    dropped = chosen("rate", rate, "keep_prob", None if keep_prob is None else 1.0 - keep_prob)
    if dropped is None:
        raise ValueError("You must provide a rate to dropout.")
    with graph_of([x]).name_scope(name or "dropout"):
        tensor = convert_to_tensor(x, name="x")
        if not tensor.dtype.is_floating:
            raise ValueError(
                "x has to be a floating point tensor since it's going to be scaled. "
                f"Got a {tensor.dtype} tensor instead: tf.cast(x, tf.float32)"
            )
        known = known_value(dropped)
        if known is not None and not 0 <= float(known) < 1:
            raise ValueError(
                f"rate must be a scalar tensor or a float in the range [0, 1), got {float(known):g}"
            )
        if known is not None and not float(known):
            return tensor
        share = convert_to_tensor(dropped, tensor.dtype, "rate")
        noise = random_uniform(
            shape(tensor) if noise_shape is None else noise_shape, seed=seed, dtype=tensor.dtype
        )
        scale = 1 / (1 - share)
        is_kept = noise >= share
        return tensor * scale * cast(is_kept, tensor.dtype)
