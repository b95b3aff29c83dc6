"""Formulas: the text of an element of a node, in terms of elements of its inputs.

This is Numba's table of ops. To add an op, add a row to `ELEMENTWISE`, or a case to `formula_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from lrfit.errors import LrfitError
from lrfit.graph.nodes import Node, shown_name
from lrfit.graph.shapes import RankedShape, broadcast_axes, normalised_axes

__all__ = [
    "CALCULATIONS",
    "ELEMENTWISE",
    "FILLS",
    "MOVES",
    "REDUCTIONS",
    "CannotFuseError",
    "Formula",
    "Index",
    "formula_of",
    "ranked_shape",
    "read_inputs",
    "source_index",
]

Index: TypeAlias = tuple[str, ...]
"""The index of an element of a node: an expression for each axis."""


class CannotFuseError(LrfitError):
    """A program has no fused form, so it is run step by step, one batch at a time."""


@dataclass(frozen=True)
class Formula:
    """The formula of an element of a node: a sum of terms, with an optional divisor.

    Attributes:
        term: Returns the text of a term, given the index of the element and an index into `dims`.
        dims: Sizes of the axes that are summed over; None for the rows. Without any, there is one term.
        divisor: The text of the divisor; empty for none.
    """

    term: Callable[[Index, Index], str]
    dims: RankedShape = ()
    divisor: str = ""


# The table of ops.

ELEMENTWISE = {
    "identity": "{0}",
    "stop_gradient": "{0}",
    "negative": "-{0}",
    "square": "{0} * {0}",
    "sqrt": "np.sqrt({0})",
    "exp": "np.exp({0})",
    "log": "np.log({0})",
    "log1p": "np.log1p({0})",
    "expm1": "np.expm1({0})",
    "sin": "np.sin({0})",
    "cos": "np.cos({0})",
    "tanh": "np.tanh({0})",
    "sigmoid": "np.exp(-np.logaddexp(0.0, -{0}))",
    "softplus": "np.logaddexp(0.0, {0})",
    "relu": "np.maximum({0}, 0.0)",
    "abs": "abs({0})",
    "sign": "np.sign({0})",
    "floor": "np.floor({0})",
    "ceil": "np.ceil({0})",
    "round": "np.rint({0})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "floor_divide": "{0} // {1}",
    "floor_mod": "{0} % {1}",
    "power": "np.power({0}, {1})",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
    "where": "{1} if {0} != 0.0 else {2}",
    "greater": "1.0 if {0} > {1} else 0.0",
    "greater_equal": "1.0 if {0} >= {1} else 0.0",
    "less": "1.0 if {0} < {1} else 0.0",
    "less_equal": "1.0 if {0} <= {1} else 0.0",
    "equal": "1.0 if {0} == {1} else 0.0",
    "not_equal": "1.0 if {0} != {1} else 0.0",
}
"""Elementwise ops: the text of an element of the value, from the elements of the inputs at that index."""

FILLS = {"ones_like": "1.0", "zeros_like": "0.0"}
"""Ops whose elements are all the same number."""

REDUCTIONS = frozenset({"reduce_sum", "reduce_mean", "sum_like"})
"""Ops that sum over axes of their first input."""

MOVES = frozenset({"transpose", "reshape", "reshape_like", "spread", "broadcast_like", "assign"})
"""Ops that only move the elements of their first input, which are read where they are."""

CALCULATIONS = frozenset({"count", "matmul"})
"""Ops with a case of their own in `formula_of`."""

_N_READ = dict.fromkeys(["ones_like", "zeros_like", "count"], 0) | dict.fromkeys(
    ["sum_like", "broadcast_like", "reshape_like", "spread"], 1
)
"""Number of inputs whose values an op reads, for ops that read only the shape of the others."""


def formula_of(node: Node, at: Callable[[Node, Index], str]) -> Formula:
    """The formula of the elements of a node.

    Args:
        node: A node whose op is in the table above, and moves no elements.
        at: Returns the text of an element of an input.

    Raises:
        CannotFuseError: The op is not in the table.
    """
    op, inputs = node.op.name, node.inputs
    if op in ELEMENTWISE:
        return Formula(lambda i, _: ELEMENTWISE[op].format(*(at(x, _aligned(i, x)) for x in inputs)))
    if op in FILLS:
        return Formula(lambda *_: FILLS[op])
    if op == "count":
        return Formula(lambda *_: _number([ranked_shape(inputs[0])[axis] for axis in _axes(node)]))
    if op == "matmul":
        a, b = inputs
        term = lambda i, s: f"{at(a, (i[0], s[0]))} * {at(b, (s[0], i[1]))}"  # noqa: E731
        return Formula(term, ranked_shape(a)[1:])
    if op in REDUCTIONS:
        dims = tuple(ranked_shape(inputs[0])[axis] for axis in _axes(node))
        divisor = _number(dims) if op == "reduce_mean" else ""
        return Formula(lambda i, s: at(inputs[0], _restored(node, i, s)), dims, divisor)
    raise CannotFuseError(f"{shown_name(node)} cannot be fused: the op {op} has no fused form")


def read_inputs(node: Node) -> tuple[Node, ...]:
    """The inputs whose values, and not just shapes, the node needs."""
    return node.inputs[: _N_READ.get(node.op.name)]


def ranked_shape(node: Node) -> RankedShape:
    """The shape of a node whose rank is known."""
    return node.shape or ()


def _number(dims: Sequence[int | None]) -> str:
    """The text of a product of sizes, where None stands for `n`, the number of rows of the batch."""
    known = f"{prod(dim for dim in dims if dim is not None)}.0"
    return " * ".join(["n"] * dims.count(None) + [known] * (known != "1.0")) or known


# Indices: which element of an input an element of a node comes from.


def source_index(node: Node, index: Index) -> Index:
    """For a node that moves elements, the index in its first input of the element at `index`.

    Raises:
        CannotFuseError: A reshape does more than add or drop axes of one element.
    """
    op, x = node.op.name, node.inputs[0]
    if op == "transpose":
        perm = node.attrs["perm"] or tuple(range(len(index)))[::-1]
        return tuple(i for _, i in sorted(zip(perm, index, strict=True)))
    if op == "spread":
        axes = normalised_axes(node.attrs["axis"], len(index))
        return index if node.attrs["keepdims"] else tuple(i for a, i in enumerate(index) if a not in axes)
    if op in ("reshape", "reshape_like"):
        return _reshaped_index(node, index)
    return _aligned(index, x)


def _reshaped_index(node: Node, index: Index) -> Index:
    """For a reshape that adds or drops axes of one element, the index in its input of the one at `index`."""
    old, new = ranked_shape(node.inputs[0]), ranked_shape(node)
    if [dim for dim in new if dim != 1] != [dim for dim in old if dim != 1]:
        raise CannotFuseError(f"{shown_name(node)} has no fused form: it does more than add or drop axes")
    long = iter([i for i, dim in zip(index, new, strict=True) if dim != 1])
    return tuple("0" if dim == 1 else next(long) for dim in old)


def _aligned(index: Index, x: Node) -> Index:
    """The index of the element of x that broadcasting repeats at `index`."""
    return index[len(index) - len(ranked_shape(x)) :]


def _axes(node: Node) -> tuple[int, ...]:
    """The axes of the first input over which the node sums, or counts."""
    x = ranked_shape(node.inputs[0])
    if node.op.name == "sum_like":
        return broadcast_axes(ranked_shape(node), x)
    return normalised_axes(node.attrs["axis"], len(x))


def _restored(node: Node, index: Index, summed: Index) -> Index:
    """The index of a term of a reduction in the input of the reduction.

    Args:
        node: The reduction.
        index: The index of the element that the term is part of.
        summed: The index along the axes that are summed over.
    """
    axes, rank = _axes(node), len(ranked_shape(node.inputs[0]))
    if node.op.name == "sum_like" or node.attrs["keepdims"]:
        kept = iter(("",) * (rank - len(index)) + index)
    else:
        rest = iter(index)
        kept = iter(["" if axis in axes else next(rest) for axis in range(rank)])
    sums = dict(zip(axes, summed, strict=True))
    return tuple(sums.get(axis, i) for axis, i in enumerate(kept))
