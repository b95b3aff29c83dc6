"""Gradients as nodes: the reverse sweep.

The sweep goes over the nodes in reverse topological order, so that the gradient with respect to a node is
complete before it is passed on (a breadth-first sweep is wrong as soon as two paths differ in length). It
names no op: all that is known of an op is in `lrfit.ops`. Gradients are nodes like any other, so that
`gradients` of them gives second derivatives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfit.errors import GraphError, ShapeError
from lrfit.graph import Node, NodeLike, fits, format_shape, node_in_graph_of, topological_order
from lrfit.ops import ones_like

__all__ = ["gradients"]


def gradients(
    ys: Node | Sequence[Node],
    xs: Node | Sequence[Node],
    grad_ys: Any = None,  # noqa: ANN401
) -> list[Node | None]:
    """Nodes of Σ ∂y/∂x over all `ys`, for each of `xs`.

    Args:
        ys: What is differentiated; a y that is not a scalar counts as the sum of its elements.
        xs: With respect to what; any nodes, of any shape.
        grad_ys: The gradient that flows into each y, of y's shape: a value if `ys` is a node, else a list
            of as many; 1 if None.

    Returns:
        For each x, a node of the shape of x; or None where no y depends on x (or only through ops that are
        constant almost everywhere, such as `sign`).

    Raises:
        GraphError: `ys` or `xs` holds what is no node, or there are not as many `grad_ys` as `ys`.
        ShapeError: A `grad_ys` has another shape than its y.

    References:
        Griewank and Walther, Evaluating Derivatives, 2nd ed., section 3.2: the reverse mode.

    Examples:
        >>> from lrfit import Session, constant
        >>> x = constant(3.0)
        >>> (slope,) = gradients(x * x, x)
        >>> Session().run([slope, gradients(slope, x)])
        [np.float64(6.0), [np.float64(2.0)]]
    """
    ends = [ys] if isinstance(ys, Node) else ys
    targets = [xs] if isinstance(xs, Node) else xs
    for node in (*ends, *targets):
        if not isinstance(node, Node):
            raise GraphError(f"gradients are taken of nodes with respect to nodes; {node!r} is none")
    if grad_ys is None:
        grad_ys = [ones_like(y) for y in ends]
    elif isinstance(ys, Node):
        grad_ys = [grad_ys]
    gradient = _seeds(ends, grad_ys)
    order = topological_order(ends)
    dependent = _dependent(order, targets)
    for node in reversed(order):
        if node in gradient:
            for parent, vjp in zip(node.inputs, node.op.vjps or (), strict=False):
                if vjp and parent in dependent:
                    term = vjp(gradient[node], node, *node.inputs)
                    gradient[parent] = gradient[parent] + term if parent in gradient else term
    return [gradient.get(x) for x in targets]


def _seeds(ends: Sequence[Node], given: Sequence[NodeLike]) -> dict[Node, Node]:
    """The gradient that flows into each end."""
    if len(given) != len(ends):
        raise GraphError(f"{len(ends)} ys need as many grad_ys, not {len(given)}")
    seeds: dict[Node, Node] = {}
    for y, value in zip(ends, given, strict=True):
        g = node_in_graph_of(y, value)
        if not fits(g.shape, y.shape):
            raise ShapeError(
                f"grad_ys has shape {format_shape(g.shape)} for {y.name!r} of {format_shape(y.shape)}"
            )
        seeds[y] = seeds[y] + g if y in seeds else g
    return seeds


def _dependent(order: Sequence[Node], targets: Sequence[Node]) -> set[Node]:
    """The nodes whose value depends on a target, so that a gradient has to reach them."""
    dependent = set(targets)
    for node in order:
        if any(parent in dependent for parent in node.inputs):
            dependent.add(node)
    return dependent
