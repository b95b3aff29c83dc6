"""Formulas: an element of a node in terms of elements of its inputs, as text, for each op.

To compile an op, add a row to the table of elementwise ops, or a case to `formula_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import prod
from typing import TypeAlias

from lrfit.errors import LrfitError
from lrfit.graph.nodes import Node, shown_name

__all__ = [
    "MOVES",
    "CannotFuseError",
    "Formula",
    "Index",
    "formula_of",
    "known_shape",
    "read_inputs",
    "source_index",
]

Index: TypeAlias = tuple[str, ...]
"""An element of a node: an expression for each axis."""


class CannotFuseError(LrfitError):
    """A program that has no fused form: a step runs it, batch by batch."""


@dataclass(frozen=True)
class Formula:
    """An element of a node: the sum of `term(index, summed)` over `dims`, divided; the term if no dims."""

    term: Callable[[Index, Index], str]
    dims: tuple[int | None, ...] = ()
    divisor: str = ""


# An element of an elementwise op, from those of its inputs.
_ELEMENTWISE = {
    "identity": "{0}",
    "stop_gradient": "{0}",
    "negative": "-{0}",
    "square": "{0} * {0}",
    "sqrt": "np.sqrt({0})",
    "exp": "np.exp({0})",
    "log": "np.log({0})",
    "tanh": "np.tanh({0})",
    "sigmoid": "np.exp(-np.logaddexp(0.0, -{0}))",
    "relu": "np.maximum({0}, 0.0)",
    "abs": "abs({0})",
    "sign": "np.sign({0})",
    "floor": "np.floor({0})",
    "add": "{0} + {1}",
    "subtract": "{0} - {1}",
    "multiply": "{0} * {1}",
    "divide": "{0} / {1}",
    "power": "np.power({0}, {1})",
    "maximum": "np.maximum({0}, {1})",
    "minimum": "np.minimum({0}, {1})",
    "where": "{1} if {0} != 0.0 else {2}",
    "greater": "1.0 if {0} > {1} else 0.0",
    "greater_equal": "1.0 if {0} >= {1} else 0.0",
    "less": "1.0 if {0} < {1} else 0.0",
    "less_equal": "1.0 if {0} <= {1} else 0.0",
    "equal": "1.0 if {0} == {1} else 0.0",
}

_REDUCES = frozenset({"reduce_sum", "reduce_mean", "sum_like"})

_FILLED = {"ones_like": "1.0", "zeros_like": "0.0"}

MOVES = frozenset({"transpose", "reshape", "reshape_like", "spread", "broadcast_like", "assign"})
"""Ops whose elements are those of their first input, elsewhere."""

_N_READ = dict.fromkeys(["ones_like", "zeros_like", "count"], 0) | dict.fromkeys(
    ["sum_like", "broadcast_like", "reshape_like", "spread"], 1
)
"""How many inputs an op reads, where it looks at others for their shape alone."""


def formula_of(node: Node, at: Callable[[Node, Index], str]) -> Formula:
    """How the elements of a node are made from those of its inputs, which `at` gives."""
    op, inputs = node.op.name, node.inputs
    if op in _ELEMENTWISE:
        return Formula(lambda i, _: _ELEMENTWISE[op].format(*(at(x, _aligned(i, x)) for x in inputs)))
    if op in _FILLED:
        return Formula(lambda *_: _FILLED[op])
    if op == "count":
        return Formula(lambda *_: _number([known_shape(inputs[0])[axis] for axis in _axes(node)]))
    if op == "matmul":
        a, b = inputs
        term = lambda i, s: f"{at(a, (i[0], s[0]))} * {at(b, (s[0], i[1]))}"  # noqa: E731
        return Formula(term, known_shape(a)[1:])
    if op in _REDUCES:
        x, axes = inputs[0], _axes(node)
        dims = tuple(known_shape(x)[axis] for axis in axes)
        divisor = _number(dims) if op == "reduce_mean" else ""
        return Formula(lambda i, s: at(x, _restored(node, i, s)), dims, divisor)
    raise CannotFuseError(f"{shown_name(node)} has no fused form: there is none for {op}")


def read_inputs(node: Node) -> tuple[Node, ...]:
    """The inputs whose values, and not just shapes, the node needs."""
    return node.inputs[: _N_READ.get(node.op.name)]


def known_shape(node: Node) -> tuple[int | None, ...]:
    """The shape of a node whose rank is known."""
    return node.shape or ()


def _number(dims: Sequence[int | None]) -> str:
    """How many elements there are: `n` is the number of rows of the batch."""
    known = f"{prod(dim for dim in dims if dim is not None)}.0"
    return " * ".join(["n"] * dims.count(None) + [known] * (known != "1.0")) or known


def _aligned(index: Index, x: Node) -> Index:
    """The element of x that broadcasting brings to `index`."""
    return index[len(index) - len(known_shape(x)) :]


def _axes(node: Node) -> tuple[int, ...]:
    """The axes of the first input over which the node sums, or counts."""
    x = known_shape(node.inputs[0])
    if node.op.name == "sum_like":
        like = (1,) * (len(x) - len(known_shape(node))) + known_shape(node)
        extra = len(x) - len(known_shape(node))
        return tuple(a for a, dim in enumerate(x) if a < extra or like[a] == 1 != dim)
    return _axes_of(node.attrs["axis"], len(x))


def _axes_of(axis: int | tuple[int, ...] | None, rank: int) -> tuple[int, ...]:
    named = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(a % rank for a in named)


def _restored(node: Node, index: Index, summed: Index) -> Index:
    """The element of its input that a reduction adds to its element `index`, for one `summed` index."""
    axes, rank = _axes(node), len(known_shape(node.inputs[0]))
    if node.op.name == "sum_like" or node.attrs["keepdims"]:
        kept = iter(("",) * (rank - len(index)) + index)
    else:
        rest = iter(index)
        kept = iter(["" if axis in axes else next(rest) for axis in range(rank)])
    sums = dict(zip(axes, summed, strict=True))
    return tuple(sums.get(axis, i) for axis, i in enumerate(kept))


def source_index(node: Node, index: Index) -> Index:
    """The element of its first input that is element `index` of a node that moves elements."""
    op, x = node.op.name, node.inputs[0]
    if op == "transpose":
        perm = node.attrs["perm"] or tuple(range(len(index)))[::-1]
        return tuple(i for _, i in sorted(zip(perm, index, strict=True)))
    if op == "spread":
        axes = _axes_of(node.attrs["axis"], len(index))
        return index if node.attrs["keepdims"] else tuple(i for a, i in enumerate(index) if a not in axes)
    if op in ("reshape", "reshape_like"):
        long = [i for i, dim in zip(index, known_shape(node), strict=True) if dim != 1]
        if [dim for dim in known_shape(node) if dim != 1] != [dim for dim in known_shape(x) if dim != 1]:
            raise CannotFuseError(f"{shown_name(node)} has no fused form: it does more than add or drop axes")
        rest = iter(long)
        return tuple("0" if dim == 1 else next(rest) for dim in known_shape(x))
    return _aligned(index, x)
