"""Every kind of operation: its kernel, its shape rule and its derivative, laid out as a table.

To add an op, add a row: `_elementwise(name, kernel, *vjps)`, or an `Op` and, where it has parameters, a
function that builds it. Then give it a case in `tests/test_ops.py`, which refuses an op without one.

A vjp is written as in a table of derivatives: given g, the gradient with respect to the value y, and the
inputs a and b (or x), it returns the *node* of the gradient with respect to one input. So gradients are
part of the graph, and can be differentiated again. Elementwise ops broadcast as NumPy's do; their
gradients are summed back to the shape of the input in one place, `_elementwise`. Arithmetic is Python's
operators: on arrays they are NumPy's functions, on NumPy's scalars ten times faster than those.

The ops named `…_like`, `spread` and `count` take a second input for its shape alone, which may be known
only when the graph runs. They are what the derivatives of broadcasting, reducing and reshaping need.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph.nodes import (
    Graph,
    Kernel,
    Node,
    NodeLike,
    Op,
    Shape,
    Vjp,
    as_array,
    fits,
    format_shape,
    get_default_graph,
    is_same_known_shape,
    node_in_graph_of,
    shown_name,
)

__all__ = [
    "Variable", "abs", "add", "assign", "assign_add", "assign_sub", "broadcast_like", "constant", "count",
    "divide", "equal", "exp", "floor", "global_variables_initializer", "greater", "greater_equal", "group",
    "identity", "less", "less_equal", "log", "matmul", "maximum", "minimum", "multiply", "negative",
    "ones_like", "placeholder", "power", "reduce_mean", "reduce_sum", "relu", "reshape", "reshape_like",
    "sigmoid", "sign", "spread", "sqrt", "square", "stop_gradient", "subtract", "sum_like", "tanh",
    "transpose", "where", "zeros_like",
]  # fmt: skip


# Elementwise ops: a table of derivatives.


def _broadcast(*shapes: tuple[int | None, ...]) -> Shape:
    """The shape that NumPy's broadcasting gives; a dimension known only later fits any."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(shape)) + shape for shape in shapes]
    result: list[int | None] = []
    for dims in zip(*padded, strict=True):
        sizes = {dim for dim in dims if dim not in (1, None)}
        if len(sizes) > 1:
            raise ShapeError(f"cannot broadcast {' with '.join(map(format_shape, shapes))}")
        result.append(sizes.pop() if sizes else None if None in dims else 1)
    return tuple(result)


def _unbroadcast(vjp: Vjp, position: int) -> Vjp:
    """`vjp`, its result summed over the axes along which that input was broadcast."""

    def summed(g: Node, y: Node, *inputs: Node) -> Node:
        gradient, x = vjp(g, y, *inputs), inputs[position]
        return gradient if is_same_known_shape(gradient, x) else sum_like(gradient, x)

    return summed


def _elementwise(name: str, kernel: Kernel, *vjps: Vjp | None) -> Op:
    """An op on each element, broadcasting its inputs against each other."""
    return Op(name, kernel, _broadcast, tuple(v and _unbroadcast(v, i) for i, v in enumerate(vjps)))


# d(a**b)/da = b·a**(b-1) is 0 at b = 0, also where a**(-1) is infinite: so there the exponent is not -1 but 0.
# d(a**b)/db = a**b·log(a) is defined for a > 0 alone; 0 stands for it elsewhere, as in TensorFlow.
def _nonzero(x: Node) -> Node:
    """x, with 1 in place of 0."""
    return where(x, x, 1.0)


def _positive(x: Node) -> Node:
    """x, with 1 in place of what is not above 0."""
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
tanh          = _elementwise("tanh",          np.tanh,           lambda g, y, x: g * (1.0 - square(y)))
sigmoid       = _elementwise("sigmoid",       _sigmoid,          lambda g, y, x: g * (y * (1.0 - y)))
relu          = _elementwise("relu",          lambda x: np.maximum(x, 0.0),
                                                                 lambda g, y, x: g * (x > 0.0))
abs           = _elementwise("abs",           operator.abs,      lambda g, y, x: g * sign(x))  # noqa: A001
sign: Op         = _elementwise("sign",          np.sign,           None)
floor         = _elementwise("floor",         np.floor,          None)
stop_gradient = _elementwise("stop_gradient", lambda x: x,       None)
add           = _elementwise("add",           operator.add,      lambda g, y, a, b: g,
                                                                 lambda g, y, a, b: g)
subtract      = _elementwise("subtract",      operator.sub,      lambda g, y, a, b: g,
                                                                 lambda g, y, a, b: -g)
multiply      = _elementwise("multiply",      operator.mul,      lambda g, y, a, b: g * b,
                                                                 lambda g, y, a, b: g * a)
divide        = _elementwise("divide",        operator.truediv,  lambda g, y, a, b: g / b,
                                                                 lambda g, y, a, b: -g * y / b)
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
# fmt: on


# Ops that look at a second input for its shape alone.

sum_like: Op = Op(
    "sum_like",
    lambda x, like: _sum_to(x, np.shape(like)),
    lambda x, like: _checked_like("sum_like", x, like, fits(_broadcast(x, like), x)),
    (lambda g, y, x, like: broadcast_like(g, x), None),
)
"""sum_like(x, like): x summed over the axes along which `like` would be broadcast to x's shape."""

broadcast_like: Op = Op(
    "broadcast_like",
    lambda x, like: np.broadcast_to(x, np.shape(like)),
    lambda x, like: _checked_like("broadcast_like", x, like, fits(_broadcast(x, like), like)),
    (lambda g, y, x, like: sum_like(g, x), None),
)
"""broadcast_like(x, like): x repeated to the shape of `like`."""

reshape_like: Op = Op(
    "reshape_like",
    lambda x, like: np.reshape(x, np.shape(like)),
    lambda x, like: _checked_like("reshape_like", x, like, None in (*x, *like) or prod(x) == prod(like)),
    (lambda g, y, x, like: reshape_like(g, x), None),
)
"""reshape_like(x, like): the elements of x, in order, in the shape of `like`."""

ones_like = Op("ones_like", lambda x: np.ones(np.shape(x)), lambda shape: shape, (None,))
"""ones_like(x): 1 for each element of x."""

zeros_like = Op("zeros_like", lambda x: np.zeros(np.shape(x)), lambda shape: shape, (None,))
"""zeros_like(x): 0 for each element of x."""


def _checked_like(op: str, x: Shape, like: Shape, is_right: bool) -> Shape:  # noqa: FBT001
    """The shape of `like`, which the result has."""
    if not is_right:
        raise ShapeError(f"{op} cannot bring {format_shape(x)} to {format_shape(like)}")
    return like


def _sum_to(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum g over its leading extra axes and over the axes where `shape` has 1: broadcasting's transpose."""
    if np.shape(g) == shape:
        return g
    if np.broadcast_shapes(np.shape(g), shape) != np.shape(g):
        raise ValueError(f"{shape} does not broadcast to {np.shape(g)}")
    extra = np.ndim(g) - len(shape)
    axes = tuple(i for i, dim in enumerate(np.shape(g)) if i < extra or shape[i - extra] == 1 != dim)
    return np.reshape(np.sum(g, axis=axes), shape)


# Reductions.

Axis = int | tuple[int, ...] | None


def _reduced(shape: tuple[int | None, ...], axis: Axis, *, keepdims: bool) -> Shape:
    axes = _axes(axis, len(shape))
    if keepdims:
        return tuple(1 if i in axes else dim for i, dim in enumerate(shape))
    return tuple(dim for i, dim in enumerate(shape) if i not in axes)


def _axes(axis: Axis, rank: int) -> tuple[int, ...]:
    """The axes that `axis` names, counted from 0, for an array of that rank."""
    named = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    if not all(-rank <= a < rank for a in named):
        raise ShapeError(f"axis {axis} does not exist in a shape of rank {rank}")
    axes = tuple(a % rank for a in named)
    if len(set(axes)) < len(axes):
        raise ShapeError(f"axis {axis} names the same axis twice")
    return axes


def _spread(g: Array, x: Array, axis: Axis, *, keepdims: bool) -> Array:
    shape, axes = np.shape(x), _axes(axis, np.ndim(x))
    kept = g if keepdims else np.expand_dims(g, axes)
    if np.shape(kept) != tuple([1 if i in axes else dim for i, dim in enumerate(shape)]):
        raise ValueError("the first is no reduction of the second")  # broadcasting might take it
    return np.broadcast_to(kept, shape)


def _count(x: Array, axis: Axis) -> np.float64:
    return np.float64(prod(np.shape(x)[a] for a in _axes(axis, np.ndim(x))))


def _count_shape(shape: tuple[int | None, ...], axis: Axis) -> Shape:
    _axes(axis, len(shape))  # which checks them
    return ()


_reduce_sum = Op(
    "reduce_sum",
    np.add.reduce,
    _reduced,
    (lambda g, y, x: spread(g, x, **y.attrs),),
)
_reduce_mean = Op(
    "reduce_mean",
    lambda x, axis, keepdims: np.add.reduce(x, axis=axis, keepdims=keepdims) / _count(x, axis),
    _reduced,
    (lambda g, y, x: spread(g / count(x, axis=y.attrs["axis"]), x, **y.attrs),),
)
spread: Op = Op(
    "spread",
    _spread,
    lambda x, like, axis, keepdims: _checked_like(
        "spread", x, like, fits(_reduced(like, axis, keepdims=keepdims), x)
    ),
    (lambda g, y, x, like: _reduce_sum(g, **y.attrs), None),
)
"""spread(x, like, axis=, keepdims=): x repeated along those axes to the shape of `like`; reduce_sum's transpose."""

count: Op = Op("count", _count, _count_shape, (None,))
"""count(x, axis=): how many elements of x a reduction over those axes takes together."""


def reduce_sum(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The sum of the elements of x.

    Args:
        x: Any shape.
        axis: The axis or axes to sum over; all if None.
        keepdims: Keep those axes, with one element.
        name: The node's name.

    Raises:
        ShapeError: x has no such axis.
    """
    return _reduce_sum(x, axis=_as_axis(axis), keepdims=keepdims, name=name)


def reduce_mean(
    x: NodeLike, axis: int | Iterable[int] | None = None, *, keepdims: bool = False, name: str | None = None
) -> Node:
    """The mean of the elements of x; arguments as for `reduce_sum`."""
    return _reduce_mean(x, axis=_as_axis(axis), keepdims=keepdims, name=name)


def _as_axis(axis: int | Iterable[int] | None) -> Axis:
    return axis if axis is None or isinstance(axis, int) else tuple(axis)


# Matrices and shapes.


def _matmul(a: Array, b: Array) -> Array:
    """The product of matrices, not by BLAS.

    The last bits of BLAS depend on the number of rows and of threads. Without it, a row's prediction is the
    same among any other rows, and a training run the same with any number of threads.
    """
    if np.ndim(a) != 2 or np.ndim(b) != 2 or a.shape[1] != b.shape[0]:
        raise ValueError("matmul needs matrices (m, k) and (k, n)")  # einsum would broadcast a 1
    product: Array = np.einsum("ij,jk->ik", a, b)
    return product


def _matmul_shape(a: tuple[int | None, ...], b: tuple[int | None, ...]) -> Shape:
    if len(a) != 2 or len(b) != 2 or (a[1] != b[0] and None not in (a[1], b[0])):
        raise ShapeError(
            f"matmul needs matrices (m, k) and (k, n), not {format_shape(a)} and {format_shape(b)}"
        )
    return (a[0], b[1])


matmul = Op(
    "matmul",
    _matmul,
    _matmul_shape,
    (lambda g, y, a, b: g @ transpose(b), lambda g, y, a, b: transpose(a) @ g),
)
"""matmul(a, b), or a @ b: the product of matrices (m, k) and (k, n)."""


def _transpose_shape(shape: tuple[int | None, ...], perm: tuple[int, ...] | None) -> Shape:
    if perm is None:
        return shape[::-1]
    if sorted(perm) != list(range(len(shape))):
        raise ShapeError(f"perm {perm} does not permute the axes of shape {format_shape(shape)}")
    return tuple(shape[axis] for axis in perm)


def _inverse(perm: tuple[int, ...] | None) -> tuple[int, ...] | None:
    return None if perm is None else tuple(int(axis) for axis in np.argsort(perm))


_transpose: Op = Op(
    "transpose",
    lambda x, perm: np.transpose(x, perm),
    _transpose_shape,
    (lambda g, y, x: _transpose(g, perm=_inverse(y.attrs["perm"])),),
)


def transpose(x: NodeLike, perm: tuple[int, ...] | None = None, *, name: str | None = None) -> Node:
    """x with its axes in the order `perm`; reversed if None.

    Raises:
        ShapeError: `perm` is not a permutation of the axes of x.
    """
    return _transpose(x, perm=None if perm is None else tuple(perm), name=name)


def _reshape_shape(old: tuple[int | None, ...], shape: tuple[int, ...]) -> Shape:
    known = prod(dim for dim in shape if dim != -1)
    size = None if None in old else prod(dim for dim in old if dim is not None)
    is_right = size is None or (
        size % known == 0 if known and -1 in shape else size == known and -1 not in shape
    )
    if shape.count(-1) > 1 or min(shape, default=0) < -1 or not is_right:
        raise ShapeError(f"cannot reshape {format_shape(old)} to {format_shape(shape)}")
    rest = None if size is None or not known else size // known
    return tuple(rest if dim == -1 else dim for dim in shape)


_reshape = Op(
    "reshape",
    lambda x, shape: np.reshape(x, shape),
    _reshape_shape,
    (lambda g, y, x: reshape_like(g, x),),
)


def reshape(x: NodeLike, shape: tuple[int, ...], *, name: str | None = None) -> Node:
    """The elements of x, in row-major order, in another shape.

    Args:
        x: Any shape.
        shape: The new shape; one dimension may be -1, and is then what is left.
        name: The node's name.

    Raises:
        ShapeError: The number of elements differs.
    """
    return _reshape(x, shape=tuple(shape), name=name)


# Leaves: nodes without inputs.


def _leaf_kernel(**_: Any) -> Any:  # noqa: ANN401
    raise GraphError("a placeholder or variable has no kernel: its value comes from a feed or a session")


_constant = Op("constant", lambda value: value, lambda value: value.shape)
_placeholder = Op("placeholder", _leaf_kernel, lambda shape: shape, pure=False)
_variable = Op("variable", _leaf_kernel, lambda initial, **_: initial.shape, pure=False)


def constant(value: npt.ArrayLike, *, name: str | None = None) -> Node:
    """A node whose value is always `value`, as float64.

    Raises:
        GraphError: `value` is not made of real numbers.
    """
    return _constant(value=as_array(value), name=name)


def placeholder(shape: Shape = None, *, name: str | None = None) -> Node:
    """A node whose value must be fed when the graph runs.

    Args:
        shape: What may be fed. A dimension that is None may have any size; a shape that is None, any rank.
        name: The node's name.

    Raises:
        ShapeError: That is no shape.
    """
    return _placeholder(shape=_placeholder_shape(shape), name=name)


def _placeholder_shape(shape: Any) -> Shape:  # noqa: ANN401
    """`shape`, which comes from a user, if it is one."""
    if shape is None:
        return None
    dims = tuple(shape) if isinstance(shape, (list, tuple)) else (-1,)
    if not all(dim is None or (isinstance(dim, int) and dim >= 0) for dim in dims):
        raise ShapeError(
            f"a shape is a tuple of sizes, each 0 or more or None; {shape!r} is not (all values are float64)"
        )
    return dims


def placeholder_for(node: Node, shape: Shape) -> Node:
    """A placeholder of that shape, in no graph, for the value of `node`; the node itself if it is one."""
    if is_placeholder(node) and node.shape == shape:
        return node
    return Node(_placeholder, (), {"shape": shape}, shape, node.name)


def Variable(initial_value: NodeLike, *, name: str | None = None, trainable: bool = True) -> Node:  # noqa: N802
    """A node whose value each session keeps from run to run, and `assign` changes; TensorFlow 1's name.

    Args:
        initial_value: What `global_variables_initializer` assigns. Its shape is the variable's.
        name: The node's name.
        trainable: Optimizers change it; False for an optimizer's own state.
    """
    initial = initial_value
    if not isinstance(initial, Node):
        initial = constant(initial, name=f"{name or 'variable'}_initial")
    with (initial.graph or get_default_graph()).as_default():
        return _variable(initial=initial, trainable=trainable, name=name)


# Ops with an effect.

_assign = Op(
    "assign",
    lambda value, variable: _assigned(value, variable.shape),
    lambda shape, variable: shape,
    (None,),
    pure=False,
)
_group = Op("group", lambda *_: None, lambda *_: (), vjps=None, pure=False, has_value=False)


def _assigned(value: Array | np.float64, shape: Shape) -> Array | np.float64:
    """A copy, so that a session shares no memory with a feed, and never changes a variable's shape."""
    if value.shape != shape and not fits(shape, value.shape):
        raise ValueError(f"the variable has shape {format_shape(shape)}")
    return value if isinstance(value, np.float64) else value.copy()


def assign(variable: Node, value: NodeLike, *, name: str | None = None) -> Node:
    """When this node runs, `variable` becomes `value` at the end of the run; the node's value is `value`.

    All reads of a variable within a run see what it was before the run, whatever the order of the nodes.

    Raises:
        GraphError: `variable` is not a Variable.
        ShapeError: `value` has another shape.
    """
    if not isinstance(variable, Node) or variable.op is not _variable:
        target = shown_name(variable) if isinstance(variable, Node) else repr(variable)
        raise GraphError(f"only a Variable can be assigned to, not {target}")
    node = node_in_graph_of(variable, value)
    if not fits(node.shape, variable.shape):
        raise ShapeError(
            f"cannot assign a value of shape {format_shape(node.shape)} to {variable.name!r} "
            f"of shape {format_shape(variable.shape)}"
        )
    return _assign(node, variable=variable, name=name)


def assign_add(variable: Node, delta: NodeLike, *, name: str | None = None) -> Node:
    """Assign `variable + delta`; see `assign`."""
    return assign(variable, add(variable, delta), name=name or "assign_add")


def assign_sub(variable: Node, delta: NodeLike, *, name: str | None = None) -> Node:
    """Assign `variable - delta`; see `assign`."""
    return assign(variable, subtract(variable, delta), name=name or "assign_sub")


def group(*nodes: Node, name: str | None = None) -> Node:
    """A node without a value that runs all of `nodes`; fetching it gives None."""
    return _group(*nodes, name=name)


def global_variables_initializer(graph: Graph | None = None, *, name: str = "init") -> Node:
    """A node that gives each variable of `graph` (the default graph if None) its initial value."""
    with (graph or get_default_graph()).as_default() as owner:
        variables = filter(is_variable, owner.nodes)
        return group(*[assign(v, v.attrs["initial"]) for v in variables], name=name)


def trainable_variables(graph: Graph) -> list[Node]:
    """The variables of `graph` that optimizers change, in the order in which they were made."""
    return [node for node in graph.nodes if is_variable(node) and node.attrs["trainable"]]


def is_variable(node: Node) -> bool:
    """Whether `node` is a Variable."""
    return node.op is _variable


def is_constant(node: Node) -> bool:
    """Whether `node` has the value in its attributes, always."""
    return node.op is _constant


def is_placeholder(node: Node) -> bool:
    """Whether `node` must be fed."""
    return node.op is _placeholder


def is_assignment(node: Node) -> bool:
    """Whether `node` changes the variable in its attributes when it runs."""
    return node.op is _assign
