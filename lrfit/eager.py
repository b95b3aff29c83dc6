"""Define by run: the ops of the graph, evaluated as they are called; gradients afterwards, by `backward`.

No op is written twice. A `Value` is a node that was computed when it was made, by its op's own
kernel; its inputs are the tape. It belongs to a graph that keeps none of its nodes, so a tape is freed with
the last value that needs it. All that is built of nodes works on values, at once: the ops, whether from here
or from `lrfit`, the rules of their derivatives, and so `lrfit.gradients`, which is the sweep of `backward`.

A value never changes, since a tape may need it. So a step makes a new `Variable`, with no gradient yet:

    >>> from lrfit.eager import Variable, gradient, reduce_mean, square
    >>> x, y = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0]
    >>> W = Variable(0.0)
    >>> for _ in range(50):
    ...     loss = reduce_mean(square(W * x - y)) / 2.0
    ...     loss.backward()
    ...     W = Variable(W - 0.1 * W.grad)
    >>> print(round(float(W), 6))
    2.0

`gradient` makes a function of a function, as often as one likes:

    >>> slope = gradient(lambda x: x**3)
    >>> slope(2.0), gradient(slope)(2.0)
    (<Value 12.0>, <Value 12.0>)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Any, NoReturn

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph import leaves, ops, selections
from lrfit.graph.assignments import is_assignment
from lrfit.graph.autodiff import gradients
from lrfit.graph.executors.numpy import misfit
from lrfit.graph.nodes import OPS, Graph, Node, NodeLike, constant_of, shown_name
from lrfit.graph.order import topological_order
from lrfit.graph.tensorflow_names import hint

__all__ = ["Value", "Variable", "gradient"]


class Value(Node):
    """A node with its value: what an eager op returns.

    Attributes:
        value: The value, a read-only array of float64, or a NumPy scalar for the shape ().
    """

    __slots__ = ("__weakref__", "value")
    __iter__ = None  # else Python would try one index after the other
    value: Array

    def __init__(self, node: Node, value: Array) -> None:
        super().__init__(node.op, node.inputs, node.attrs, node.shape, f"eager {node.name}", _VALUES)
        object.__setattr__(self, "value", value[()])
        if self.value.shape:
            self.value.flags.writeable = False

    def backward(self, grad: NodeLike | None = None) -> None:
        """Add to the `grad` of each variable that this value depends on: Σ ∂value/∂variable.

        Args:
            grad: The gradient that flows into this value, of its shape; 1 if None. So a value that is not a
                scalar counts as the sum of its elements, as in `lrfit.gradients`.

        Raises:
            GraphError: The value depends on no variable.
            ShapeError: The shape of `grad` is not that of the value.
        """
        variables = [node for node in topological_order([self]) if isinstance(node, Variable)]
        if not variables:
            raise GraphError(f"{self!r} depends on no Variable, so no gradient flows back from it")
        for x, g in zip(variables, gradients(self, variables, grad), strict=True):
            if g is not None:
                x.grad = _VALUES.as_node(g if x.grad is None else x.grad + g).value

    def numpy(self) -> Array:
        """A copy of the value that may be changed."""
        return np.array(self.value)

    def __getitem__(self, key: Any) -> Node:  # noqa: ANN401
        return selections.part(self, key)

    def __float__(self) -> float:
        if self.shape != ():
            raise ShapeError(f"only a value of shape () is a number, not one of {self.shape}: {self.name!r}")
        return float(self.value)

    def __bool__(self) -> bool:  # type: ignore[override]
        return bool(float(self))

    def __reduce__(self) -> NoReturn:
        raise GraphError("a value cannot be copied, since it never changes, nor pickled; its numpy() can")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.value}>"

    def __setattr__(self, name: str, value: object) -> None:
        if name != "grad":
            raise GraphError("a value does not change: for a new one, W = Variable(W - 0.1 * W.grad)")
        object.__setattr__(self, name, value)


class Variable(Value):
    """A value to differentiate with respect to.

    Args:
        value: Its value: a number, an array, or a value, whose tape is left behind.

    Attributes:
        grad: The sum of the gradients that `backward` has found, an array of the same shape; None before, and
            to start again. It is no value, because the tape of a gradient leads to the variable itself: a
            circle, which would not be freed at once. For gradients of gradients, see `gradient`.

    Raises:
        GraphError: `value` is not made of real numbers.
    """

    __slots__ = ("grad",)
    grad: Array | None

    def __init__(self, value: NodeLike) -> None:
        array = _VALUES.as_node(value).value
        super().__init__(Node(OPS["variable"], (), {}, array.shape, "variable"), array)
        self.grad = None


def gradient(f: Callable[..., NodeLike]) -> Callable[..., Any]:
    """The function that gives the gradient of f with respect to each of its positional arguments.

    Args:
        f: A function with one result, of shape ().

    Returns:
        A function of the same arguments; its result is a value of the shape of the argument, or a tuple with
        one for each if there are several. It is 0 where f does not depend on an argument. The function raises
        `ShapeError` if the result of f is not a scalar.

    References:
        HIPS autograd, `grad`, which gives the gradient for the first argument alone.

    Examples:
        >>> gradient(lambda a, b: a * a * b)(3.0, 2.0)
        (<Value 12.0>, <Value 9.0>)
    """

    def slope(*args: NodeLike, **settings: Any) -> Any:  # noqa: ANN401
        # A node of its own for each argument: f may use the same value in another way, too.
        xs = [ops.identity(_VALUES.as_node(x)) for x in args]
        y = _VALUES.as_node(f(*xs, **settings))
        if y.shape != ():
            raise ShapeError(f"gradient needs a function with a result of shape (), not {y.shape}: sum it")
        found = zip(xs, gradients(y, xs), strict=True)
        slopes = [ops.zeros_like(x) if g is None else g for x, g in found]
        return slopes[0] if len(slopes) == 1 else tuple(slopes)

    return slope


class _ValueGraph(Graph):
    """The graph of all values. It computes a node when it is added, and keeps none."""

    def append(self, node: Node) -> Value:
        if is_assignment(node) or not node.op.has_value:
            raise GraphError(f"{node.op.name} is for sessions: a value cannot change, so make a new Variable")
        inputs = [self.as_node(x).value for x in node.inputs]
        with np.errstate(all="ignore"):
            try:
                return Value(node, node.op.kernel(*inputs, **node.attrs))
            except ValueError as error:
                raise misfit(node, inputs, error) from None

    def as_node(self, value: NodeLike, name: str = "constant") -> Value:
        if isinstance(value, Value):
            return value
        if isinstance(value, Node):
            raise GraphError(
                f"{shown_name(value)} belongs to a static graph, and has no value that eager ops could use: "
                "run it in a Session, and take the result"
            )
        return self.append(constant_of(value, name))

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:  # noqa: ARG002 (all threads share this graph)
        yield


_VALUES = _ValueGraph()

_BUILDERS = {"constant": leaves} | {name: module for module in (ops, selections) for name in module.__all__}
"""The modules of the functions that build nodes: under a name of this module, each makes values."""


def __getattr__(name: str) -> Callable[..., Value]:
    if name not in _BUILDERS:
        raise AttributeError(f"module 'lrfit.eager' has no attribute {name!r}{hint(name)}")
    return _evaluated(name)


def __dir__() -> list[str]:
    return sorted({*__all__, *_BUILDERS})


@cache
def _evaluated(name: str) -> Callable[..., Value]:
    build = getattr(_BUILDERS[name], name)

    @wraps(build, updated=())
    def evaluated(*inputs: Any, **attrs: Any) -> Value:  # noqa: ANN401
        checked = [_VALUES.as_node(x) if isinstance(x, Node) else x for x in inputs]
        with _VALUES.as_default():
            return _VALUES.as_node(build(*checked, **attrs))

    evaluated.__name__ = evaluated.__qualname__ = name
    return evaluated
