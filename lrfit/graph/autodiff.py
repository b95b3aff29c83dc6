"""Gradients as nodes, by reverse-mode automatic differentiation.

The sweep visits the nodes in reverse topological order, so the gradient with respect to a node is complete
before it is passed on (a breadth-first sweep is wrong as soon as two paths differ in length). It names no
op: everything specific to an op is in `lrfit.graph.ops`. Gradients are ordinary nodes, so `gradients` of
them gives second derivatives. The nodes that compute the gradient with respect to a node `v` are named
`v_grad/…`; the last of them is that gradient.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfit.errors import GraphError, ShapeError
from lrfit.graph.nodes import Node, NodeLike, graph_of, node_in_graph_of
from lrfit.graph.ops import ones_like
from lrfit.graph.order import topological_order
from lrfit.graph.scopes import outer_scope
from lrfit.graph.shapes import fits, format_shape

__all__ = ["gradients"]

_SCOPE_END = "_grad"

Edge = tuple[Node, int]
"""An edge from an input to the node that uses it: that node, and the position of the input in its inputs."""


def gradients(
    ys: Node | Sequence[Node],
    xs: Node | Sequence[Node],
    grad_ys: Any = None,  # noqa: ANN401
) -> list[Node | None]:
    """For each of `xs`, a node for the gradient Σ ∂y/∂x, summed over all `ys`.

    Args:
        ys: The nodes to differentiate; a y that is not a scalar counts as the sum of its elements.
        xs: The nodes to differentiate with respect to, of any shape.
        grad_ys: The gradient that flows into each y, of y's shape: one value if `ys` is a single node, else
            a list with a value for each y; 1 if None.

    Returns:
        For each x, a node of the shape of x; None if no y depends on x, or only through ops that are
        constant almost everywhere, such as `sign`.

    Raises:
        GraphError: `ys` or `xs` holds something that is not a node, or `grad_ys` and `ys` differ in length.
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
            raise GraphError(f"ys and xs of gradients must be nodes, not {node!r}")
    if grad_ys is None:
        grad_ys = [_one(y) for y in ends]
    elif isinstance(ys, Node):
        grad_ys = [grad_ys]
    gradient = _seeds(ends, grad_ys)
    order = topological_order(ends)
    _sweep(order, gradient, _dependent(order, targets))
    return [gradient.get(x) for x in targets]


def edge_gradients(y: Node) -> dict[Edge, Node]:
    """For each edge that y depends on, a node for the gradient that flows back from y along it.

    The gradients along all edges from a node add up to the gradient with respect to that node.

    Examples:
        >>> from lrfit import Session, constant
        >>> x = constant(3.0, name="x")
        >>> y = x * (x + 1.0)
        >>> {(n.name, i): float(g) for (n, i), g in Session().run(edge_gradients(y)).items()}
        {('multiply', 0): 4.0, ('multiply', 1): 3.0, ('add', 0): 3.0, ('add', 1): 3.0}
    """
    order = topological_order([y])
    return _sweep(order, {y: _one(y)}, set(order))


def is_in_gradient(node: Node) -> bool:
    """Whether a node is part of a gradient, by its name."""
    return outer_scope(node).endswith(_SCOPE_END)


def _sweep(order: Sequence[Node], gradient: dict[Node, Node], dependent: set[Node]) -> dict[Edge, Node]:
    """Extend `gradient` from the ends to all `dependent` nodes, and return the term of each edge."""
    terms = {}
    for node in reversed(order):
        if node not in gradient:
            continue
        for position, (parent, vjp) in enumerate(zip(node.inputs, node.op.vjps or (), strict=False)):
            if vjp and parent in dependent:
                with graph_of(parent).name_scope(parent.name + _SCOPE_END):
                    term = terms[node, position] = vjp(gradient[node], node, *node.inputs)
                    gradient[parent] = gradient[parent] + term if parent in gradient else term
    return terms


def _one(y: Node) -> Node:
    """The gradient of y with respect to itself."""
    with graph_of(y).name_scope(y.name + _SCOPE_END):
        return ones_like(y)


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
