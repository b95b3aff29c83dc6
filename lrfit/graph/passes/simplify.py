"""Simplification: algebraic identities, as a table.

Each identity is a small function from a node to a simpler node of the same value, or to None if the identity
does not apply; its docstring says when that is. `IDENTITIES` lists them by op.

An identity is here only if it gives the same bits for every value, NaN and infinity included. There are two
exceptions: the sign of a zero (`x + 0` loses it), and the last bit of a `power` (a product is rounded once,
so it is more accurate). So 0 · x = 0 is missing (0 · inf is NaN), as are x - x = 0, x / x = 1, and
regroupings such as (x + a) + b = x + (a + b), which round differently.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np

from lrfit.graph.leaves import is_constant
from lrfit.graph.nodes import Node, Op, constant_of
from lrfit.graph.ops import add, negative, square, subtract
from lrfit.graph.program import Program
from lrfit.graph.shapes import full_shape, is_same_full_shape, normalised_axes

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
    for identity in IDENTITIES.get(node.op.name, ()):
        simpler = identity(node)
        if simpler is not None:
            return simpler
    return node


# Identities.


def _same(node: Node) -> Node | None:
    """identity(x) = x, stop_gradient(x) = x. Never fails."""
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


def _double_negative(node: Node) -> Node | None:
    """-(-x) = x. Fails where the input is not a negative."""
    (x,) = node.inputs
    return x.inputs[0] if x.op is negative else None


def _add_negative(node: Node) -> Node | None:
    """a + (-b) = a - b. Fails where b is not a negative."""
    a, b = node.inputs
    return _as(node, subtract, a, b.inputs[0]) if b.op is negative else None


def _negative_add(node: Node) -> Node | None:
    """(-a) + b = b - a. Fails where a is not a negative."""
    a, b = node.inputs
    return _as(node, subtract, b, a.inputs[0]) if a.op is negative else None


def _subtract_negative(node: Node) -> Node | None:
    """a - (-b) = a + b. Fails where b is not a negative."""
    a, b = node.inputs
    return _as(node, add, a, b.inputs[0]) if b.op is negative else None


def _power_two(node: Node) -> Node | None:
    """x ** 2 = square(x). Fails for any other exponent, and where the exponent would broadcast x."""
    x, c = node.inputs
    return _as(node, square, x) if _is_constant(c, 2.0) and _keeps_shape(c, x) else None


def _keeps(node: Node) -> Node | None:
    """reshape(x) = x, likewise for other ops on shapes. Fails unless the shape is known in full and stays."""
    (x, *_) = node.inputs
    return x if is_same_full_shape(node.shape, x.shape) else None


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
    return a if _is_same(a, b) and is_same_full_shape(node.shape, a.shape) else None


def _filled(value: float) -> Identity:
    """ones_like(x) = 1, zeros_like(x) = 0. Fails where the shape is not known in full."""

    def identity(node: Node) -> Node | None:
        shape = full_shape(node.shape)
        return None if shape is None else constant_of(np.full(shape, value), node.name)

    return identity


def _counted(node: Node) -> Node | None:
    """count(x) = its value. Fails where a counted dimension is not known."""
    shape = node.inputs[0].shape
    if shape is None:
        return None
    counted = full_shape(tuple(shape[axis] for axis in normalised_axes(node.attrs["axis"], len(shape))))
    return None if counted is None else constant_of(prod(counted), node.name)


IDENTITIES: dict[str, tuple[Identity, ...]] = {
    "identity": (_same,),
    "stop_gradient": (_same,),
    "add": (_right_neutral(0.0), _left_neutral(0.0), _add_negative, _negative_add),
    "subtract": (_right_neutral(0.0), _subtract_negative),
    "multiply": (_right_neutral(1.0), _left_neutral(1.0)),
    "divide": (_right_neutral(1.0),),
    "power": (_right_neutral(1.0), _power_two),
    "negative": (_double_negative,),
    "where": (_either,),
    "transpose": (_transposed_back,),
    "reshape": (_keeps,),
    "reshape_like": (_keeps,),
    "sum_like": (_keeps,),
    "broadcast_like": (_keeps,),
    "spread": (_keeps,),
    "ones_like": (_filled(1.0),),
    "zeros_like": (_filled(0.0),),
    "count": (_counted,),
}
"""The identities of each op, by its name. The first one that applies is used."""


def _as(node: Node, op: Op, *inputs: Node) -> Node:
    """A node that applies another op, with the name of `node`."""
    return Node.of(op, inputs, {}, node.name)


def _is_constant(node: Node, value: float) -> bool:
    """Whether `node` is a constant with this value in all elements."""
    return is_constant(node) and bool(np.all(node.attrs["value"] == value))


def _is_same(a: Node, b: Node) -> bool:
    """Whether a and b are one node, or equal scalar constants."""
    both_constant = is_constant(a) and is_constant(b) and a.shape == b.shape == ()
    return a is b or (both_constant and bool(a.attrs["value"] == b.attrs["value"]))


def _keeps_shape(c: Node, x: Node) -> bool:
    """Whether broadcasting x against the constant c leaves the shape of x as it is."""
    value = c.attrs["value"]
    one_element = value.size == 1 and x.shape is not None and value.ndim <= len(x.shape)
    return value.ndim == 0 or one_element or is_same_full_shape(c.shape, x.shape)
