"""Scopes: the parts of a node's name, by which rooms know the nodes that they have named."""

from __future__ import annotations

from lrfit.graph.nodes import Node

__all__ = ["outer_scope"]


def outer_scope(node: Node) -> str:
    """The outermost scope of a node's name; the name itself if it has none."""
    return node.name.partition("/")[0]
