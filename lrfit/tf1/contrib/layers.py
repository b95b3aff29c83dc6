"""`tf.contrib.layers`: initializers, regularizers and the layer that courses used before `tf.layers`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from math import prod, sqrt
from typing import Any

from lrfit.tf1 import nn
from lrfit.tf1 import random as draws
from lrfit.tf1.arithmetic import abs as absolute
from lrfit.tf1.arithmetic import add_n, multiply
from lrfit.tf1.building import constant, convert_to_tensor, graph_of
from lrfit.tf1.dtypes import float32
from lrfit.tf1.errors import UnimplementedError
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.initializers import Initializer, xavier_initializer, zeros_initializer
from lrfit.tf1.matrices import tensordot
from lrfit.tf1.reductions import matmul, reduce_sum
from lrfit.tf1.refusals import refuser
from lrfit.tf1.tensors import Tensor
from lrfit.tf1.variable_scopes import get_variable, variable_scope

__all__ = [
    "apply_regularization",
    "fully_connected",
    "l1_l2_regularizer",
    "l1_regularizer",
    "l2_regularizer",
    "linear",
    "relu",
    "variance_scaling_initializer",
    "xavier_initializer",
]

__getattr__ = refuser(__name__)

Regularizer = Callable[..., Tensor | None]
"""A function from weights to a loss; None if it has no weight in the sum of losses."""


# Initializers.


class VarianceScaling(Initializer):
    """Random numbers with variance factor / n, where n is the number of inputs, of outputs, or their mean."""

    def __init__(
        self,
        factor: float = 2.0,
        mode: str = "FAN_IN",
        uniform: bool = False,
        seed: int | None = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__(dtype)
        if mode not in ("FAN_IN", "FAN_OUT", "FAN_AVG"):
            raise TypeError(f"Unknown mode {mode} [FAN_IN, FAN_OUT, FAN_AVG]")
        self._factor, self._mode, self._is_uniform, self._seed = factor, mode, uniform, seed

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        """The tensor of this shape and type."""
        field = float(prod(shape[:-2]))
        fan_in, fan_out = field * (shape[-2] if len(shape) > 1 else shape[-1]), field * shape[-1]
        n = {"FAN_IN": fan_in, "FAN_OUT": fan_out, "FAN_AVG": (fan_in + fan_out) / 2.0}[self._mode]
        if self._is_uniform:
            limit = sqrt(3.0 * self._factor / n)
            return draws.random_uniform(shape, -limit, limit, dtype, seed=self._seed)
        return draws.truncated_normal(shape, 0.0, sqrt(1.3 * self._factor / n), dtype, seed=self._seed)


variance_scaling_initializer = VarianceScaling


# Regularizers.


def l1_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """A function from weights to scale · Σ |w|.

    Args:
        scale: A float of 0 or more; with 0 there is no loss.
        scope: The scope of the operations.

    Raises:
        ValueError: `scale` is not such a number.
    """
    return _regularizer(scale, lambda weights: reduce_sum(absolute(weights)), scope, "l1_regularizer")


def l2_regularizer(scale: float, scope: str | None = None) -> Regularizer:
    """A function from weights to scale · Σ w² / 2; arguments as for `l1_regularizer`."""
    return _regularizer(scale, nn.l2_loss, scope, "l2_regularizer")


def _regularizer(
    scale: float, penalty: Callable[[Any], Tensor], scope: str | None, default: str
) -> Regularizer:
    if isinstance(scale, int):
        raise ValueError(f"scale cannot be an integer: {scale}")  # noqa: TRY004 (TensorFlow's error)
    if scale < 0.0:
        raise ValueError(f"Setting a scale less than 0 on a regularizer: {scale:g}")

    def regularized(weights: Any, name: str | None = None) -> Tensor | None:
        if not scale:
            return None
        with graph_of([weights]).name_scope(scope or default) as inner:
            factor = convert_to_tensor(scale, weights.dtype.base_dtype, name="scale")
            return multiply(factor, penalty(weights), name=name or inner)

    return regularized


def l1_l2_regularizer(scale_l1: float = 1.0, scale_l2: float = 1.0, scope: str | None = None) -> Regularizer:
    """A function from weights to scale_l1 · Σ |w| + scale_l2 · Σ w² / 2; see `l1_regularizer`."""
    members = [l1_regularizer(scale_l1), l2_regularizer(scale_l2)]

    def regularized(weights: Any, name: str | None = None) -> Tensor | None:
        with graph_of([weights]).name_scope(scope or "l1_l2_regularizer"):
            losses = [loss for member in members if (loss := member(weights)) is not None]
            return add_n(losses, name=name) if losses else None

    return regularized


def apply_regularization(regularizer: Regularizer, weights_list: Sequence[Any] | None = None) -> Tensor:
    """The sum of the losses that a regularizer gives for weights, added to the regularization losses.

    Args:
        regularizer: The regularizer.
        weights_list: The weights; those of the collection "weights" if None.

    Raises:
        ValueError: There are no weights.
    """
    graph = get_default_graph()
    weights = graph.get_collection("weights") if weights_list is None else list(weights_list)
    if not weights:
        raise ValueError("No weights to regularize.")
    with graph_of(weights).name_scope("get_regularization_penalty"):
        losses = [loss for each in weights if (loss := regularizer(each)) is not None]
        total = add_n(losses, name="total") if losses else constant(0.0)
    total.graph.add_to_collection(GraphKeys.REGULARIZATION_LOSSES, total)
    return total


# The layer.


def fully_connected(
    inputs: Any,
    num_outputs: int,
    activation_fn: Callable[[Any], Any] | None = nn.relu,
    normalizer_fn: Any = None,
    normalizer_params: Any = None,
    weights_initializer: Any = None,
    weights_regularizer: Regularizer | None = None,
    biases_initializer: Any = zeros_initializer,
    biases_regularizer: Regularizer | None = None,
    reuse: Any = None,
    variables_collections: Any = None,
    outputs_collections: str | None = None,
    trainable: bool = True,
    scope: Any = None,
) -> Tensor:
    """activation_fn(inputs · weights + biases), with new variables of these names in a scope.

    Args:
        inputs: The inputs, of shape (…, n).
        num_outputs: The number of outputs.
        activation_fn: A function from tensor to tensor; none if None.
        normalizer_fn: Not here.
        normalizer_params: Not here.
        weights_initializer: How the weights start; Glorot's uniform distribution if None.
        weights_regularizer: A function from the weights to a loss.
        biases_initializer: How the biases start; there are none if None.
        biases_regularizer: A function from the biases to a loss.
        reuse: Whether existing variables are reused.
        variables_collections: Not here.
        outputs_collections: The collection that the outputs are added to.
        trainable: Whether optimizers change the variables.
        scope: The scope; "fully_connected", "fully_connected_1" and so on if None.

    Raises:
        UnimplementedError: An argument that is not here is given.
        ValueError: The number of inputs is not known.
    """
    if normalizer_fn is not None or variables_collections is not None:
        raise UnimplementedError(
            "tf.contrib.layers.fully_connected with normalizer_fn or variables_collections is not in "
            "lrfit.tf1"
        )
    x = convert_to_tensor(inputs)
    sizes = x.shape.as_list() if x.shape else [None]
    if len(sizes) < 2 or sizes[-1] is None:  # noqa: PLR2004 (axes of a matrix)
        raise ValueError(f"the inputs of fully_connected need a shape (n_samples, n_features), not {x.shape}")
    with x.graph.as_default(), variable_scope(scope, "fully_connected", [x], reuse=reuse):
        weights = get_variable(
            "weights",
            [sizes[-1], num_outputs],
            x.dtype,
            weights_initializer or xavier_initializer(),
            weights_regularizer,
            trainable,
        )
        y = matmul(x, weights) if len(sizes) == 2 else tensordot(x, weights, 1)  # noqa: PLR2004
        if biases_initializer is not None:
            biases = get_variable(
                "biases", [num_outputs], x.dtype, biases_initializer, biases_regularizer, trainable
            )
            y = nn.bias_add(y, biases)
        y = y if activation_fn is None else activation_fn(y)
    if outputs_collections:
        x.graph.add_to_collection(outputs_collections, y)
    return y


linear = partial(fully_connected, activation_fn=None)
relu = partial(fully_connected, activation_fn=nn.relu)
