"""Ops: the kernel, shape rule and derivatives of every op that computes a value, laid out as a table.

To add an op, add a row: `_elementwise(name, kernel, *vjps)`, or an `Op` and, where it has parameters, a
function that builds it. Then give it a case in `tests/graph/test_ops.py`, which fails for an op without one.

A vjp is written as in a table of derivatives. Given g, the gradient with respect to the value y, and the
inputs a and b (or x), it returns the *node* of the gradient with respect to one input. So gradients are
part of the graph, and can be differentiated again. Elementwise ops broadcast as NumPy's do; their
gradients are summed back to the shape of the input in one place, `_elementwise`. Arithmetic uses Python's
operators: on arrays they call NumPy's functions, and on NumPy scalars they are ten times faster.

The ops named `…_like`, `spread` and `count` read only the shape of their last input, which may be known only
when the graph runs. The derivatives of broadcasting, reducing and reshaping need them.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from math import prod

import numpy as np

from lrfit.arrays import Array
from lrfit.graph import assignments, leaves  # noqa: F401 (their ops complete `OPS`)
from lrfit.graph.nodes import Kernel, Node, NodeLike, Op, Vjp
from lrfit.graph.shapes import (
    Axis,
    as_axis,
    broadcast_axes,
    broadcast_like_shape,
    broadcast_shape,
    count_shape,
    is_same_full_shape,
    matmul_shape,
    normalised_axes,
    reduced_shape,
    reshape_like_shape,
    reshaped_shape,
    spread_shape,
    sum_like_shape,
    transposed_shape,
)

__all__ = [
    "abs", "add", "broadcast_like", "ceil", "cos", "count", "divide", "equal", "exp", "expm1", "floor",
    "floor_divide", "floor_mod", "greater", "greater_equal", "identity", "less", "less_equal", "log",
    "log1p", "matmul", "maximum", "minimum", "multiply", "negative", "not_equal", "ones_like", "power",
    "reduce_mean", "reduce_sum", "relu", "reshape", "reshape_like", "round", "sigmoid", "sign", "sin",
    "softplus", "spread", "sqrt", "square", "stop_gradient", "subtract", "sum_like", "tanh", "transpose",
    "where", "zeros_like",
]  # fmt: skip


# Elementwise ops: a table of derivatives.


def _unbroadcast(vjp: Vjp, position: int) -> Vjp:
    """`vjp` with its result summed over the axes along which that input was broadcast."""

    def summed(g: Node, y: Node, *inputs: Node) -> Node:
        gradient, x = vjp(g, y, *inputs), inputs[position]
        return gradient if is_same_full_shape(gradient.shape, x.shape) else sum_like(gradient, x)

    return summed


def _elementwise(name: str, kernel: Kernel, *vjps: Vjp | None) -> Op:
    """An op that works element by element and broadcasts its inputs against each other."""
    return Op(name, kernel, broadcast_shape, tuple(v and _unbroadcast(v, i) for i, v in enumerate(vjps)))


# d(a**b)/da = b·a**(b-1) is 0 at b = 0, even where a**(-1) is infinite; so the exponent there is 0, not -1.
# d(a**b)/db = a**b·log(a) is defined only for a > 0; elsewhere it is taken as 0, as in TensorFlow.
def _nonzero(x: Node) -> Node:
    """x, with 1 in place of 0."""
    return where(x, x, 1.0)


def _positive(x: Node) -> Node:
    """x, with 1 in place of elements that are not above 0."""
    return where(x > 0.0, x, 1.0)


def _sigmoid(x: Array) -> Array:
    result: Array = np.exp(-np.logaddexp(0.0, -x))  # 1 / (1 + e⁻ˣ), without overflow for large -x
    return result


def _mask(comparison: np.ufunc) -> Kernel:
    return lambda a, b: comparison(a, b) * 1.0


# fmt: off
#                           name              kernel             gradients with respect to the inputs
identity      = _elementwise("identity",      lambda x: x,       lambda g, y, x: g)
negative      = _elementwise("negative",      operator.neg,      lambda g, y, x: -g)
square        = _elementwise("square",        np.square,         lambda g, y, x: g * (2.0 * x))
sqrt          = _elementwise("sqrt",          np.sqrt,           lambda g, y, x: g / (2.0 * y))
exp           = _elementwise("exp",           np.exp,            lambda g, y, x: g * y)
log           = _elementwise("log",           np.log,            lambda g, y, x: g / x)
log1p         = _elementwise("log1p",         np.log1p,          lambda g, y, x: g / (1.0 + x))
expm1         = _elementwise("expm1",         np.expm1,          lambda g, y, x: g * exp(x))
sin: Op          = _elementwise("sin",           np.sin,            lambda g, y, x: g * cos(x))
cos: Op          = _elementwise("cos",           np.cos,            lambda g, y, x: -g * sin(x))
tanh          = _elementwise("tanh",          np.tanh,           lambda g, y, x: g * (1.0 - square(y)))
sigmoid       = _elementwise("sigmoid",       _sigmoid,          lambda g, y, x: g * (y * (1.0 - y)))
softplus      = _elementwise("softplus",      lambda x: np.logaddexp(0.0, x),
                                                                 lambda g, y, x: g * sigmoid(x))
relu          = _elementwise("relu",          lambda x: np.maximum(x, 0.0),
                                                                 lambda g, y, x: g * (x > 0.0))
abs           = _elementwise("abs",           operator.abs,      lambda g, y, x: g * sign(x))  # noqa: A001
sign: Op         = _elementwise("sign",          np.sign,           None)
floor         = _elementwise("floor",         np.floor,          None)
ceil          = _elementwise("ceil",          np.ceil,           None)
round         = _elementwise("round",         np.round,          None)  # noqa: A001
stop_gradient = _elementwise("stop_gradient", lambda x: x,       None)
add           = _elementwise("add",           operator.add,      lambda g, y, a, b: g,
                                                                 lambda g, y, a, b: g)
subtract      = _elementwise("subtract",      operator.sub,      lambda g, y, a, b: g,
                                                                 lambda g, y, a, b: -g)
multiply      = _elementwise("multiply",      operator.mul,      lambda g, y, a, b: g * b,
                                                                 lambda g, y, a, b: g * a)
divide        = _elementwise("divide",        operator.truediv,  lambda g, y, a, b: g / b,
                                                                 lambda g, y, a, b: -g * y / b)
floor_divide  = _elementwise("floor_divide",  operator.floordiv, None, None)
floor_mod     = _elementwise("floor_mod",     operator.mod,      lambda g, y, a, b: g,
                                                                 lambda g, y, a, b: -g * floor_divide(a, b))
power         = _elementwise("power",         np.power,          lambda g, y, a, b: g * b * a ** (where(a, b, _nonzero(b)) - 1.0),
                                                                 lambda g, y, a, b: g * y * log(_positive(a)))
maximum       = _elementwise("maximum",       np.maximum,        lambda g, y, a, b: g * (a >= b),
                                                                 lambda g, y, a, b: g * (a < b))
minimum       = _elementwise("minimum",       np.minimum,        lambda g, y, a, b: g * (a <= b),
                                                                 lambda g, y, a, b: g * (a > b))
where: Op        = _elementwise("where",         lambda c, a, b: np.where(c != 0.0, a, b),
                                                                 None,
                                                                 lambda g, y, c, a, b: where(c, g, 0.0),
                                                                 lambda g, y, c, a, b: where(c, 0.0, g))
greater       = _elementwise("greater",       _mask(np.greater),       None, None)
greater_equal = _elementwise("greater_equal", _mask(np.greater_equal), None, None)
less          = _elementwise("less",          _mask(np.less),          None, None)
less_equal    = _elementwise("less_equal",    _mask(np.less_equal),    None, None)
equal         = _elementwise("equal",         _mask(np.equal),         None, None)
not_equal     = _elementwise("not_equal",     _mask(np.not_equal),     None, None)
# fmt: on


# Ops that read only the shape of their last input.

sum_like: Op = Op(
    "sum_like",
    lambda x, like: _sum_to(x, np.shape(like)),
    sum_like_shape,
    (lambda g, y, x, like: broadcast_like(g, x), None),
)
"""sum_like(x, like): x summed over the axes along which `like` would be broadcast to x's shape."""

broadcast_like: Op = Op(
    "broadcast_like",
    lambda x, like: np.broadcast_to(x, np.shape(like)),
    broadcast_like_shape,
    (lambda g, y, x, like: sum_like(g, x), None),
)
"""broadcast_like(x, like): x repeated to the shape of `like`."""

reshape_like: Op = Op(
    "reshape_like",
    lambda x, like: np.reshape(x, np.shape(like)),
    reshape_like_shape,
    (lambda g, y, x, like: reshape_like(g, x), None),
)
"""reshape_like(x, like): the elements of x, in order, in the shape of `like`."""

ones_like = Op("ones_like", lambda x: np.ones(np.shape(x)), lambda shape: shape, (None,))
"""ones_like(x): 1 for each element of x."""

zeros_like = Op("zeros_like", lambda x: np.zeros(np.shape(x)), lambda shape: shape, (None,))
"""zeros_like(x): 0 for each element of x."""


def _sum_to(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum g over its leading extra axes and over the axes where `shape` has 1: the transpose of broadcasting."""
    if np.shape(g) == shape:
        return g
    if np.broadcast_shapes(np.shape(g), shape) != np.shape(g):
        raise ValueError(f"{shape} does not broadcast to {np.shape(g)}")
    return np.reshape(np.sum(g, axis=broadcast_axes(shape, np.shape(g))), shape)


# Reductions.


def _spread(g: Array, x: Array, axis: Axis, *, keepdims: bool) -> Array:
    shape, axes = np.shape(x), normalised_axes(axis, np.ndim(x))
    kept = g if keepdims else np.expand_dims(g, axes)
    if np.shape(kept) != tuple([1 if i in axes else dim for i, dim in enumerate(shape)]):
        raise ValueError("the first is not a reduction of the second")  # which broadcasting might accept
    return np.broadcast_to(kept, shape)


def _count(x: Array, axis: Axis) -> np.float64:
    return np.float64(prod(np.shape(x)[a] for a in normalised_axes(axis, np.ndim(x))))


_reduce_sum = Op(
    "reduce_sum",
    np.add.reduce,
    reduced_shape,
    (lambda g, y, x: spread(g, x, **y.attrs),),
)
_reduce_mean = Op(
    "reduce_mean",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims) / _count(x, axis),
    reduced_shape,
    (lambda g, y, x: spread(g / count(x, axis=y.attrs["axis"]), x, **y.attrs),),
)
spread: Op = Op(
    "spread",
    _spread,
    spread_shape,
    (lambda g, y, x, like: _reduce_sum(g, **y.attrs), None),
)
"""spread(x, like, axis=, keepdims=): x repeated along these axes to the shape of `like`; the transpose of reduce_sum."""

count: Op = Op("count", _count, count_shape, (None,))
"""count(x, axis=): the number of elements of x that a reduction over these axes combines."""


def reduce_sum(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The sum of the elements of x.

    Args:
        x: Values of any shape.
        axis: The axis or axes to sum over; all if None.
        keepdims: Whether to keep these axes, with size 1.
        name: The node's name.

    Raises:
        ShapeError: x has no such axis.
    """
    return _reduce_sum(x, axis=as_axis(axis), keepdims=keepdims, name=name)


def reduce_mean(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The mean of the elements of x; arguments as for `reduce_sum`."""
    return _reduce_mean(x, axis=as_axis(axis), keepdims=keepdims, name=name)


# Matrices and shapes.


def _matmul(a: Array, b: Array) -> Array:
    """The matrix product, computed without BLAS.

    The last bits of BLAS results depend on the number of rows and of threads. Without BLAS, the prediction
    for a row does not depend on the other rows, and a training run does not depend on the number of threads.
    """
    if np.ndim(a) != 2 or np.ndim(b) != 2 or a.shape[1] != b.shape[0]:
        raise ValueError("matmul needs matrices (m, k) and (k, n)")  # einsum would broadcast a 1
    product: Array = np.einsum("ij,jk->ik", a, b)
    return product


matmul = Op(
    "matmul",
    _matmul,
    matmul_shape,
    (lambda g, y, a, b: g @ transpose(b), lambda g, y, a, b: transpose(a) @ g),
)
"""matmul(a, b), or a @ b: the product of matrices (m, k) and (k, n)."""


def _inverse(perm: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if perm is None else tuple(int(axis) for axis in np.argsort(perm))


_transpose: Op = Op(
    "transpose",
    lambda x, perm: np.transpose(x, perm),
    transposed_shape,
    (lambda g, y, x: _transpose(g, perm=_inverse(y.attrs["perm"])),),
)


def transpose(x: NodeLike, perm: tuple[int, ...] | None = None, *, name: str | None = None) -> Node:
    """x with its axes in the order `perm`; reversed if None.

    Raises:
        ShapeError: `perm` is not a permutation of the axes of x.
    """
    return _transpose(x, perm=None if perm is None else tuple(perm), name=name)


_reshape = Op(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    reshaped_shape,
    (lambda g, y, x: reshape_like(g, x),),
)


def reshape(x: NodeLike, shape: tuple[int, ...], *, name: str | None = None) -> Node:
    """The elements of x, in row-major order, in another shape.

    Args:
        x: Values of any shape.
        shape: The new shape; one size may be -1, which is then inferred.
        name: The node's name.

    Raises:
        ShapeError: The number of elements differs.
    """
    return _reshape(x, shape=tuple(shape), name=name)
