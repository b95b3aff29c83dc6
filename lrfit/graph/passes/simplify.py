"""Identities of algebra, as a table.

Each identity is a small function from a node to a simpler node of the same value, or None where it does
not hold; its docstring says where. `IDENTITIES` lists them by the op that they apply to.

Only such are here as give the same bits for every value, NaN and infinity included, but for the sign of a
zero (`x + 0` loses it) and the last bit of a `power` (a product is rounded once, so it is the better one).
So 0 · x = 0 is missing (0 · inf is NaN), as are x - x = 0, x / x = 1, and regroupings such as
(x + a) + b = x + (a + b), which round otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from lrfit.graph.nodes import OPS, Node, Op, constant_of, is_same_known_shape
from lrfit.graph.ops import is_constant
from lrfit.graph.program import Program

Identity = Callable[[Node], Node | None]


def simplify(program: Program) -> Program:
    """The program with the identities of the table `IDENTITIES` applied to each node.

    Examples:
        >>> from lrfit import Graph, placeholder
        >>> from lrfit.graph.passes.prune import prune
        >>> with Graph().as_default():
        ...     x = placeholder((), name="x")
        ...     y = -(-x) * 1.0
        >>> print(prune(simplify(Program.of([y], [x]))))
        x  ()  placeholder(shape=())
        fetch x
    """
    return program.rewritten(_simplified)


def _simplified(node: Node) -> Node:
    for identity in IDENTITIES.get(node.op, ()):
        simpler = identity(node)
        if simpler is not None:
            return simpler
    return node


def _same(node: Node) -> Node | None:
    """identity(x) = x, stop_gradient(x) = x. Always."""
    return node.inputs[0]


def _right_neutral(neutral: float) -> Identity:
    """x + 0 = x, x - 0 = x, x · 1 = x, x / 1 = x, x ** 1 = x. Fails where the constant would broadcast x."""

    def identity(node: Node) -> Node | None:
        x, c = node.inputs
        return x if _is_constant(c, neutral) and _keeps_shape(c, x) else None

    return identity


def _left_neutral(neutral: float) -> Identity:
    """0 + x = x, 1 · x = x. Fails where the constant would broadcast x."""

    def identity(node: Node) -> Node | None:
        c, x = node.inputs
        return x if _is_constant(c, neutral) and _keeps_shape(c, x) else None

    return identity


def _undone(node: Node) -> Node | None:
    """-(-x) = x. Fails where the input is no negative."""
    (x,) = node.inputs
    return x.inputs[0] if x.op is node.op else None


def _add_negative(node: Node) -> Node | None:
    """a + (-b) = a - b. Fails where b is no negative."""
    a, b = node.inputs
    return _as(node, OPS["subtract"], a, b.inputs[0]) if b.op is OPS["negative"] else None


def _subtract_negative(node: Node) -> Node | None:
    """a - (-b) = a + b. Fails where b is no negative."""
    a, b = node.inputs
    return _as(node, OPS["add"], a, b.inputs[0]) if b.op is OPS["negative"] else None


def _power_two(node: Node) -> Node | None:
    """x ** 2 = square(x). Fails for any other exponent, and where the exponent would broadcast x."""
    x, c = node.inputs
    return _as(node, OPS["square"], x) if _is_constant(c, 2.0) and _keeps_shape(c, x) else None


def _keeps(node: Node) -> Node | None:
    """reshape(x), sum_like(x, y), spread(x, y), … = x. Fails unless the shape is known, and stays."""
    return node.inputs[0] if is_same_known_shape(node, node.inputs[0]) else None


def _transposed_back(node: Node) -> Node | None:
    """transpose(transpose(x)) = x. Fails where the two permutations do not undo each other."""
    (x,) = node.inputs
    if x.op is not node.op or x.shape is None:
        return None
    reverse = tuple(range(len(x.shape)))[::-1]
    inner, outer = (n.attrs["perm"] or reverse for n in (x, node))
    return x.inputs[0] if [inner[axis] for axis in outer] == sorted(inner) else None


def _either(node: Node) -> Node | None:
    """where(c, a, a) = a. Fails where c would broadcast a."""
    _, a, b = node.inputs
    return a if _is_same(a, b) and is_same_known_shape(node, a) else None


def _is_same(a: Node, b: Node) -> bool:
    """Whether they are one node, or equal scalar constants."""
    both_constant = is_constant(a) and is_constant(b) and a.shape == b.shape == ()
    return a is b or (both_constant and bool(a.attrs["value"] == b.attrs["value"]))


def _filled(value: float) -> Identity:
    """ones_like(x) = 1, zeros_like(x) = 0. Fails where the shape is not known in full."""

    def identity(node: Node) -> Node | None:
        shape = _known(node.shape)
        return None if shape is None else constant_of(np.full(shape, value), node.name)

    return identity


def _counted(node: Node) -> Node | None:
    """count(x) = its value. Fails where a dimension that it counts is not known."""
    shape, axis = node.inputs[0].shape, node.attrs["axis"]
    if shape is None:
        return None
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    counted = _known(tuple(shape[a] for a in axes))
    return None if counted is None else constant_of(prod(counted), node.name)


IDENTITIES: dict[Op, tuple[Identity, ...]] = {
    OPS["identity"]: (_same,),
    OPS["stop_gradient"]: (_same,),
    OPS["add"]: (_right_neutral(0.0), _left_neutral(0.0), _add_negative),
    OPS["subtract"]: (_right_neutral(0.0), _subtract_negative),
    OPS["multiply"]: (_right_neutral(1.0), _left_neutral(1.0)),
    OPS["divide"]: (_right_neutral(1.0),),
    OPS["power"]: (_right_neutral(1.0), _power_two),
    OPS["negative"]: (_undone,),
    OPS["where"]: (_either,),
    OPS["transpose"]: (_transposed_back,),
    OPS["reshape"]: (_keeps,),
    OPS["reshape_like"]: (_keeps,),
    OPS["sum_like"]: (_keeps,),
    OPS["broadcast_like"]: (_keeps,),
    OPS["spread"]: (_keeps,),
    OPS["ones_like"]: (_filled(1.0),),
    OPS["zeros_like"]: (_filled(0.0),),
    OPS["count"]: (_counted,),
}


def _as(node: Node, op: Op, *inputs: Node) -> Node:
    """The application of another op, under the name of `node`."""
    return Node.of(op, inputs, {}, node.name)


def _is_constant(node: Node, value: float) -> bool:
    return is_constant(node) and bool(np.all(node.attrs["value"] == value))


def _keeps_shape(c: Node, x: Node) -> bool:
    """Whether broadcasting against the constant c leaves the shape of x as it is."""
    value = c.attrs["value"]
    fits_any = value.ndim == 0 or (value.size == 1 and x.shape is not None and value.ndim <= len(x.shape))
    return fits_any or is_same_known_shape(c, x)


def _known(shape: tuple[int | None, ...] | None) -> tuple[int, ...] | None:
    """The shape, if it is known in full."""
    if shape is None:
        return None
    dims = tuple(dim for dim in shape if dim is not None)
    return dims if len(dims) == len(shape) else None
