"""Topological order: an order of nodes in which a graph can run."""

from __future__ import annotations

from collections.abc import Container, Iterable

from lrfit.graph.nodes import Node


def topological_order(ends: Iterable[Node], leaves: Container[Node] = ()) -> list[Node]:
    """`ends` and all nodes that they need, each after its inputs; the inputs of `leaves` are not followed.

    The walk is iterative, so a deep graph does not hit the recursion limit.
    """
    order: dict[Node, None] = {}
    for end in ends:
        stack = [(end, False)]
        while stack:
            node, inputs_done = stack.pop()
            if inputs_done:
                order[node] = None
            elif node not in order:
                stack.append((node, True))
                if node not in leaves:
                    stack.extend((n, False) for n in reversed(node.inputs) if n not in order)
    return list(order)
