"""`tf.layers`: layers that make their variables, under TensorFlow's names for them."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

from lrfit.graph import ops
from lrfit.graph.nodes import Node
from lrfit.tf1 import nn
from lrfit.tf1.arithmetic import identity
from lrfit.tf1.building import apply, convert_to_tensor, is_tensor
from lrfit.tf1.errors import UnimplementedError
from lrfit.tf1.initializers import zeros_initializer
from lrfit.tf1.reductions import matmul
from lrfit.tf1.refusals import refuser
from lrfit.tf1.reshaping import expand_dims, reshape
from lrfit.tf1.sizes import shape
from lrfit.tf1.tensors import Tensor
from lrfit.tf1.variable_scopes import get_variable, get_variable_scope, variable_scope
from lrfit.tf1.variables import Variable

__all__ = ["Dense", "dense", "dropout", "flatten"]

__getattr__ = refuser(__name__)

_ZEROS = zeros_initializer()


class Dense:
    """A layer: activation(inputs · kernel + bias). Its variables are made when it is first called.

    Args:
        units: The number of outputs.
        activation: A function from tensor to tensor; none if None.
        use_bias: Whether there is a bias.
        kernel_initializer: How the kernel starts; Glorot's uniform distribution if None.
        bias_initializer: How the bias starts.
        kernel_regularizer: A function from the kernel to a loss, for `tf.losses.get_regularization_loss`.
        bias_regularizer: A function from the bias to a loss.
        trainable: Whether optimizers change the variables.
        name: The scope of the variables; "dense", "dense_1" and so on if None.
        **options: TensorFlow's other arguments, which must be None.

    Raises:
        UnimplementedError: One of those is given.
    """

    def __init__(
        self,
        units: Any,
        activation: Callable[[Any], Any] | None = None,
        use_bias: bool = True,
        kernel_initializer: Any = None,
        bias_initializer: Any = _ZEROS,
        kernel_regularizer: Callable[[Any], Any] | None = None,
        bias_regularizer: Callable[[Any], Any] | None = None,
        *,
        trainable: bool = True,
        name: str | None = None,
        **options: Any,
    ) -> None:
        self.units, self.activation, self.use_bias = int(units), activation, use_bias
        self._initializers = {"kernel": kernel_initializer, "bias": bias_initializer}
        self._regularizers = {"kernel": kernel_regularizer, "bias": bias_regularizer}
        self._trainable, self._name = trainable, name
        self._reuse = options.pop("_reuse", None)
        self._scope = ""
        self.kernel: Variable | None = None
        self.bias: Variable | None = None
        for option, value in options.items():
            if value is not None:
                raise UnimplementedError(f"tf.layers.dense(…, {option}=…) is not in lrfit.tf1: leave it out")

    @property
    def name(self) -> str:
        """The scope of its variables."""
        return self._name or "dense"

    @property
    def variables(self) -> list[Variable]:
        """Its variables."""
        return [each for each in (self.kernel, self.bias) if each is not None]

    weights = variables

    @property
    def trainable_variables(self) -> list[Variable]:
        """Its variables, if optimizers change them."""
        return self.variables if self._trainable else []

    trainable_weights = trainable_variables

    def __call__(self, inputs: Any) -> Tensor:
        """The outputs for inputs of shape (…, n).

        Raises:
            TypeError: The inputs are integers.
            ValueError: They have fewer than two axes, or n is not known; or the variables exist already,
                and not to be reused.
        """
        x = convert_to_tensor(inputs)
        with x.graph.as_default():
            if self.kernel is not None:
                with x.graph.name_scope(self._scope):
                    return self._outputs(x)
            size = _last_size(x)
            self._name = self._name or get_variable_scope().unused("dense")
            with variable_scope(self._name, reuse=self._reuse):
                self._scope = f"{x.graph.get_name_scope()}/"
                self.kernel = self._variable("kernel", [size, self.units], x)
                if self.use_bias:
                    self.bias = self._variable("bias", [self.units], x)
                return self._outputs(x)

    apply = __call__

    def _variable(self, name: str, sizes: list[int], x: Tensor) -> Variable:
        return get_variable(
            name,
            sizes,
            x.dtype,
            initializer=self._initializers[name],
            regularizer=self._regularizers[name],
            trainable=self._trainable,
        )

    def _outputs(self, x: Tensor) -> Tensor:
        y = _product(x, self.kernel)
        if self.bias is not None:
            y = nn.bias_add(y, self.bias)
        return y if self.activation is None else self.activation(y)


def _last_size(x: Tensor) -> int:
    if not x.dtype.is_floating:
        raise TypeError(
            f"Unable to build `Dense` layer with non-floating point dtype {x.dtype}: tf.cast the inputs to "
            "tf.float32"
        )
    sizes = x.shape.as_list() if x.shape else [None]
    if sizes[-1:] in ([], [None]):
        raise ValueError(
            "The last dimension of the inputs to `Dense` should be defined. Found `None`: give the "
            "placeholder a shape, such as [None, 3]"
        )
    if len(sizes) == 1:
        raise ValueError(
            "Input 0 of layer dense is incompatible with the layer: : expected min_ndim=2, found ndim=1. "
            f"Full shape received: {sizes}: give the inputs the shape (n_samples, n_features)"
        )
    return int(sizes[-1] or 0)


def _product(x: Tensor, kernel: Any) -> Tensor:
    """x · kernel, over the last axis of x."""
    *rows, size = x.shape.as_list()
    if len(rows) == 1:
        return matmul(x, kernel)
    if rows.count(None) > 1:
        raise UnimplementedError(
            f"tf.layers.dense of inputs of shape {x.shape} is not in lrfit.tf1: tf.reshape them"
        )
    with x.graph.name_scope("Tensordot"):
        flat = matmul(reshape(x, [-1, size]), kernel)
        return reshape(flat, [*(-1 if n is None else n for n in rows), flat.shape.as_list()[-1]])


def dense(
    inputs: Any,
    units: Any,
    activation: Callable[[Any], Any] | None = None,
    use_bias: bool = True,
    kernel_initializer: Any = None,
    bias_initializer: Any = _ZEROS,
    kernel_regularizer: Callable[[Any], Any] | None = None,
    bias_regularizer: Callable[[Any], Any] | None = None,
    activity_regularizer: Any = None,
    kernel_constraint: Any = None,
    bias_constraint: Any = None,
    trainable: bool = True,
    name: str | None = None,
    reuse: Any = None,
) -> Tensor:
    """activation(inputs · kernel + bias), see `Dense`; with `reuse`, existing variables are used."""
    layer = Dense(
        units,
        activation,
        use_bias,
        kernel_initializer,
        bias_initializer,
        kernel_regularizer,
        bias_regularizer,
        activity_regularizer=activity_regularizer,
        kernel_constraint=kernel_constraint,
        bias_constraint=bias_constraint,
        trainable=trainable,
        name=name,
        _reuse=reuse,
    )
    return layer(inputs)


def dropout(
    inputs: Any,
    rate: Any = 0.5,
    noise_shape: Any = None,
    seed: int | None = None,
    training: Any = False,
    name: str | None = None,
) -> Tensor:
    """In training, the inputs with each set to 0 with probability `rate`, else divided by 1 - rate.

    Args:
        inputs: The inputs.
        rate: The probability.
        noise_shape: The shape of the random numbers; that of the inputs if None.
        seed: The seed of the operation.
        training: True or False, or a tensor that says so in each run; then numbers are drawn in either case.
        name: The scope of the operations.
    """
    x = convert_to_tensor(inputs)
    with x.graph.name_scope(name or "dropout"):
        if not is_tensor(training) and not training:
            return identity(x)
        dropped = nn.dropout(x, noise_shape=noise_shape, seed=seed, rate=rate)
        return _chosen(training, dropped, x) if is_tensor(training) else dropped


def _chosen(flag: Any, x: Tensor, y: Tensor) -> Tensor:
    """x if the flag is true, else y, of the same shape; which is known even if that of the flag is not."""

    def built(*nodes: Node, name: str) -> Node:
        return x.graph.core.append(Node(ops.where, nodes, {}, y.node.shape, name))

    inputs = {"condition": flag, "t": x, "e": y}
    return apply("Select", built, inputs, same=("t", "e"), dtype=x.dtype)


def flatten(inputs: Any, name: str | None = None) -> Tensor:
    """The inputs with all axes but the first joined; shape (n_samples, n)."""
    x = convert_to_tensor(inputs)
    n_rows, *sizes = x.shape.as_list()
    with x.graph.name_scope(name or "flatten"):
        if not sizes:
            return expand_dims(x, -1)
        n = None if None in sizes else prod(size or 0 for size in sizes)
        target = (n_rows or -1, n or -1)

        def built(node: Node, _: Node, name: str) -> Node:
            return ops.reshape(node, target, name=name)

        if target == (-1, -1):
            raise UnimplementedError(
                f"tf.layers.flatten of shape {x.shape} is not in lrfit.tf1: tf.reshape it"
            )
        rows = shape(x)[0] if n_rows is None else n_rows
        return apply("Reshape", built, {"tensor": x, "shape": [rows, -1]}, same=())
