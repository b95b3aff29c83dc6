"""Graph views: a program as it is shown to people, whatever the format.

A view is of a `Program`, so that what is drawn is what runs: as it was built, or as the passes leave it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from lrfit.autodiff import Edge, edge_gradients
from lrfit.graph import Array, Graph, Node
from lrfit.program import Program

__all__ = ["GraphView", "differentiated", "part_of"]


@dataclass(frozen=True, eq=False)
class GraphView:
    """A program, and what is said of its nodes.

    Attributes:
        program: What is shown.
        captions: What a node stands for in the data, by its name: of x, the features.
        values: Of the nodes, in a run.
        gradients: Of the loss, along each edge that it depends on, in that run.
        removed: For each pass, the names of the nodes that it made needless.
    """

    program: Program
    captions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[Node, Array] = field(default_factory=dict)
    gradients: Mapping[Edge, Array] = field(default_factory=dict)
    removed: Mapping[str, Sequence[str]] = field(default_factory=dict)


def part_of(node: Node) -> str:
    """The part of the training graph that a node is in: "forward", "gradients" or "updates"."""
    scope = node.name.partition("/")[0]
    if scope.endswith("_grad"):
        return "gradients"
    is_update = scope.endswith("_update") or scope in ("clip", "learning_rate", "momentum")
    return "updates" if is_update or not node.op.has_value else "forward"


def differentiated(program: Program, name: str) -> tuple[Program, dict[Edge, Node]]:
    """The program and what flows back along its edges from the node of this name, which it fetches, too.

    Returns:
        The program, of nodes with the same names in a graph of its own; and for each edge the node of the
        gradient along it.
    """
    graph = Graph()
    new: dict[Node, Node] = {}
    for node in program.nodes:
        new[node] = graph.append(node.with_inputs(tuple(new[parent] for parent in node.inputs)))
    gradients = edge_gradients(next(node for node in graph.nodes if node.name == name))
    fetches = (*(new[node] for node in program.fetches), *gradients.values())
    return Program(graph.nodes, fetches, tuple(new[node] for node in program.feeds)), gradients
