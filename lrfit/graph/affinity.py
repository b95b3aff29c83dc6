"""Affinity: whether a program's updates are affine functions of its variables.

The gradient of a quadratic loss is affine in the parameters, and so is the step of gradient descent, with
momentum, a penalty, a schedule or averages. Then all steps of an epoch together are one affine map, whatever
the order of the rows, and the maps of parts of an epoch can be made apart and composed.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from math import inf
from typing import TypeAlias

from lrfit.graph.leaves import is_placeholder, is_variable
from lrfit.graph.nodes import Node
from lrfit.graph.program import Program

__all__ = ["is_affine"]

Degrees: TypeAlias = list[float]
"""The degrees of the inputs of a node, as polynomials in the variables; infinite for what is none."""


def _of_first(degrees: Degrees) -> float:
    return degrees[0]


def _of_none(degrees: Degrees) -> float:  # noqa: ARG001 (one of a family)
    return 0


def _of_quotient(degrees: Degrees) -> float:
    return degrees[0] if degrees[1] == 0 else inf


_RULES: Mapping[str, Callable[[Degrees], float]] = {
    **dict.fromkeys(("add", "subtract"), max),
    **dict.fromkeys(("multiply", "matmul"), sum),
    **dict.fromkeys(("identity", "negative", "assign"), _of_first),
    **dict.fromkeys(("reduce_sum", "reduce_mean", "transpose", "reshape"), _of_first),
    **dict.fromkeys(("sum_like", "broadcast_like", "reshape_like", "spread"), _of_first),
    **dict.fromkeys(("ones_like", "zeros_like", "count", "group"), _of_none),  # they read shapes, or nothing
    "divide": _of_quotient,
}
"""For the ops that keep values affine, the degree of a node from those of its inputs."""


def is_affine(program: Program, affine_feeds: Collection[str], known: Collection[str] = ()) -> bool:
    """Whether the new values of all variables are affine functions of the variables and of some feeds.

    It may say no of a program that is; never yes of one that is not.

    Args:
        program: The program of a step.
        affine_feeds: Names of feeds in which the values have to be affine, too, together with the variables.
        known: Names of variables whose values are known before, such as a counter of steps.
    """
    degrees: dict[Node, float] = {}
    for node in program.nodes:
        degrees[node] = _degree(node, [degrees[parent] for parent in node.inputs], affine_feeds, known)
    return all(degrees[node] <= 1 for variable, node in program.updates.items() if variable.name not in known)


def _degree(node: Node, inputs: list[float], affine_feeds: Collection[str], known: Collection[str]) -> float:
    """The degree of a node as a polynomial in the variables and these feeds; infinite for none."""
    if is_variable(node):
        return 0 if node.name in known else 1
    if is_placeholder(node):
        return 1 if node.name in affine_feeds else 0
    if node.op.name in _RULES:
        return _RULES[node.op.name](inputs)
    return inf if any(inputs) else 0
