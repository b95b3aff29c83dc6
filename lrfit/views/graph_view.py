"""Graph views: a program as it is shown to people, whatever the format.

A view is of a `Program`, so that what is drawn is what runs: as it was built, or as the passes leave it.
Nothing here draws. What the formats share is here: which nodes are shown, in which part of the graph.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.assignments import is_in_update
from lrfit.graph.autodiff import Edge, is_in_gradient
from lrfit.graph.leaves import is_constant, is_placeholder, is_variable
from lrfit.graph.nodes import Node
from lrfit.graph.optimizers import is_in_optimizer
from lrfit.graph.program import Program
from lrfit.views.graph_text import array_text, formula, is_literal, shape_text

__all__ = ["PARTS", "GraphView", "kind_of", "part_of"]

PARTS = ("forward", "gradients", "updates")
"""The parts of a training graph, in the order in which a step goes through them."""

_MOST_NAMES = 8
"""Most names of removed nodes in a line."""

_LABEL_WIDTH = 50
"""Characters of a line in a node that is drawn."""


@dataclass(frozen=True, eq=False)
class GraphView:
    """A program, and what is said of its nodes.

    Attributes:
        program: The program that is shown.
        captions: Meanings of nodes in the data, by their names; for x, the features.
        values: Values of the nodes, in a run.
        gradients: Gradients of the loss along each edge that it depends on, in that run.
        removed: For each pass, the names of the nodes that it made needless.
    """

    program: Program
    captions: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[Node, Array] = field(default_factory=dict)
    gradients: Mapping[Edge, Array] = field(default_factory=dict)
    removed: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def parts(self) -> dict[str, list[Node]]:
        """The nodes of each part that there is, but for literals; within a part inputs before their users."""
        nodes = [node for node in self.program.nodes if not is_literal(node)]
        parts = {part: [node for node in nodes if part_of(node) == part] for part in PARTS}
        return {part: members for part, members in parts.items() if members}

    @property
    def edges(self) -> list[Edge]:
        """The edges, but for those from literals."""
        return [
            (node, i)
            for node in self.program.nodes
            for i, parent in enumerate(node.inputs)
            if not is_literal(parent)
        ]

    @property
    def updates(self) -> list[tuple[Node, str]]:
        """Each assignment, and the name of its variable, if that is in the program."""
        names = {node.name for node in self.program.nodes}
        assigned = [(node, variable.name) for variable, node in self.program.updates.items()]
        return [(node, name) for node, name in assigned if name in names]

    def edges_back_to(self, node: Node) -> list[Edge]:
        """The edges along which a gradient flows back to the node."""
        return [(user, i) for user, i in self.gradients if user.inputs[i] is node]

    @property
    def removals(self) -> list[str]:
        """Lines on the number of nodes that are left, and on those that each pass removed."""
        if not self.removed:
            return []
        n_left = sum(map(len, self.parts.values()))
        n_gone = sum(map(len, self.removed.values()))
        width = max(map(len, self.removed))
        return [
            f"{n_left + n_gone} nodes, {n_left} after the passes; made needless by",
            *(
                f"{rewrite:{width}}  {len(names)}{': ' if names else ''}{_shortened(names)}"
                for rewrite, names in self.removed.items()
            ),
        ]

    def label(self, node: Node) -> list[str]:
        """The text in a drawn node: its name, and its meaning or how it is made."""
        made = self.captions.get(node.name) or formula(node)
        if node in self.program.fetches and node in self.values:
            made += f" = {array_text(self.values[node])}"
        return [node.name, *wrap(made, _LABEL_WIDTH)]

    def flow(self, edge: Edge) -> tuple[str, str]:
        """The text along a drawn edge: its shape or value, and the gradient that flows back."""
        node, position = edge
        parent = node.inputs[position]
        if not parent.op.has_value:
            return "", ""
        shape, value = shape_text(parent.shape), self.values.get(parent)
        if value is None:
            return shape, ""
        forward = array_text(value) + f" {shape}" * (np.size(value) > 1)
        return forward, array_text(self.gradients[edge]) if edge in self.gradients else ""


def _shortened(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return ", ".join(names[:_MOST_NAMES]) + more


def part_of(node: Node) -> str:
    """The part of the training graph that a node is in: "forward", "gradients" or "updates"."""
    if is_in_gradient(node):
        return "gradients"
    is_state = is_variable(node) and not node.attrs["trainable"]
    is_update = is_in_update(node) or is_in_optimizer(node) or is_state or not node.op.has_value
    return "updates" if is_update else "forward"


def kind_of(node: Node) -> str:
    """The kind of a node in a drawing: "placeholder", "variable", "constant" or "op"."""
    is_leaf = is_placeholder(node) or is_variable(node) or is_constant(node)
    return node.op.name if is_leaf else "op"
