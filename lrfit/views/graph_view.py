"""Graph views: a program as it is shown to people, whatever the format.

A view is of a `Program`, so that what is drawn is what runs: as it was built, or as the passes leave it.
Nothing here draws. What formats share is here: which nodes stand for themselves, and in which words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from textwrap import wrap

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.assignments import is_assignment
from lrfit.graph.autodiff import Edge, edge_gradients
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.leaves import is_constant, is_placeholder, is_variable
from lrfit.graph.nodes import OPS, Graph, Node
from lrfit.graph.passes import PASSES, rewrites
from lrfit.graph.passes.prune import prune
from lrfit.graph.program import Program
from lrfit.graph.shapes import Shape

__all__ = [
    "PARTS",
    "GraphView",
    "array_text",
    "differentiated",
    "evaluated",
    "formula",
    "is_literal",
    "kind_of",
    "optimized",
    "part_of",
    "shape_text",
]

PARTS = ("forward", "gradients", "updates")
"""The parts of a training graph, in the order in which a step goes through them."""

_INFIX = {
    "add": "+", "subtract": "-", "multiply": "·", "divide": "÷", "power": "**", "matmul": "@",
    "greater": ">", "greater_equal": "≥", "less": "<", "less_equal": "≤", "equal": "=",
}  # fmt: skip
"""Signs of the ops that have one: `÷`, since `/` stands in names."""

_MOST_NUMBERS = 3
"""Most numbers of an array that is shown in full; a longer one shows two."""


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
    scope = node.name.partition("/")[0]
    if scope.endswith("_grad"):
        return "gradients"
    is_update = scope.endswith("_update") or scope in ("clip", "learning_rate", "momentum")
    is_state = is_variable(node) and not node.attrs["trainable"]
    return "updates" if is_update or is_state or not node.op.has_value else "forward"


def kind_of(node: Node) -> str:
    """The kind of a node in a drawing: "placeholder", "variable", "constant" or "op"."""
    is_leaf = is_placeholder(node) or is_variable(node) or is_constant(node)
    return node.op.name if is_leaf else "op"


def is_literal(node: Node) -> bool:
    """Whether it is a number to be written where it is used: a scalar constant that nobody gave a name."""
    name = node.name.rpartition("/")[2]
    return is_constant(node) and node.shape == () and re.sub(r"_\d+$", "", name) in OPS


def formula(node: Node) -> str:
    """How a node is made, with the names of its inputs; of a leaf, its kind or its value.

    Examples:
        >>> from lrfit import Graph, placeholder, square
        >>> with Graph().as_default():
        ...     x = placeholder((), name="x")
        ...     print(formula(x), formula(x - 2.0), formula(square(x)), sep=" | ")
        placeholder | x - 2 | square(x)
    """
    if is_constant(node):
        return array_text(node.attrs["value"])
    if not node.inputs:
        return node.op.name
    inputs = [
        array_text(parent.attrs["value"]) if is_literal(parent) else parent.name for parent in node.inputs
    ]
    if is_assignment(node):
        return f"{node.attrs['variable'].name} ← {inputs[0]}"
    if node.op.name in _INFIX:
        return f" {_INFIX[node.op.name]} ".join(inputs)
    if node.op.name == "negative":
        return f"-{inputs[0]}"
    attrs = [
        f"{key}={value}" for key, value in node.attrs.items() if value is not None and value is not False
    ]
    return f"{node.op.name}({', '.join(inputs + attrs)})"


def shape_text(shape: Shape) -> str:
    """A shape as text, with n for a dimension that is known when the graph runs: the rows."""
    if shape is None:
        return "(…)"
    dims = ["n" if dim is None else str(dim) for dim in shape]
    return f"({dims[0]},)" if len(dims) == 1 else f"({', '.join(dims)})"


def array_text(array: Array) -> str:
    """A value: a single number with all its digits; of an array five, and of more than three numbers two.

    Examples:
        >>> print(array_text(np.float64(2 / 3)), array_text(np.ones((2, 1))), array_text(np.eye(3)))
        0.6666666666666666 [1, 1] [1, 0, …]
    """
    if np.size(array) == 1:
        return repr(float(np.ravel(array)[0])).removesuffix(".0")
    numbers = [f"{number:.5g}" for number in np.ravel(array)[: _MOST_NUMBERS + 1]]
    if len(numbers) > _MOST_NUMBERS:
        numbers[2:] = ["…"]
    return f"[{', '.join(numbers)}]"


def optimized(view: GraphView) -> GraphView:
    """The view of the program after all passes, with what each removed: what no fetch needs after it.

    So a node goes to the account of the pass that made it needless, not of `prune`, which takes it away; one
    that became a literal, too.
    """
    program, needed = view.program, _names(view.program)
    removed: dict[str, list[str]] = {rewrite.__name__: [] for rewrite in PASSES}
    for rewrite, program in rewrites(view.program):
        before, needed = needed, _names(prune(program))
        removed[rewrite.__name__] += [name for name in before if name not in needed]
    gone = {rewrite: [name for name in names if name not in needed] for rewrite, names in removed.items()}
    return replace(view, program=program, removed=gone)


def _names(program: Program) -> list[str]:
    """The names of its nodes, but for literals."""
    return [node.name for node in program.nodes if not is_literal(node)]


def evaluated(
    view: GraphView, feeds: Sequence[Array], variables: Mapping[str, Array], objective: str
) -> GraphView:
    """The view with the values of all nodes, and the gradient of one of them along the edges that lead to it.

    Args:
        view: View of a program.
        feeds: Values of the program's feeds, in their order.
        variables: Those of its variables, by name.
        objective: The name of what is differentiated; there are no gradients if the program lacks it.
    """
    program, nodes = view.program, view.program.nodes
    gradients: dict[Edge, Node] = {}
    if any(node.name == objective for node in nodes):
        program, gradients = differentiated(program, objective)
    known = [(old, new) for old, new in zip(nodes, program.nodes, strict=False) if new.op.has_value]
    fetches = (*(new for _, new in known), *gradients.values())
    step = numpy_step(replace(program, fetches=fetches))
    fed = [np.asarray(array, order="C") for array in feeds]  # the memory order decides that of sums
    arrays = list(map(np.asarray, step(fed, {v: variables[v.name] for v in program.variables})))
    old = dict(zip(program.nodes, nodes, strict=False))
    return replace(
        view,
        values={node: array for (node, _), array in zip(known, arrays, strict=False)},
        gradients={
            (old[user], i): array for (user, i), array in zip(gradients, arrays[len(known) :], strict=True)
        },
    )


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
