"""Annotations: what a graph view says beyond the nodes: what passes removed, values, and gradients."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.autodiff import Edge, edge_gradients
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.nodes import Graph, Node
from lrfit.graph.passes import PASSES, rewrites
from lrfit.graph.passes.prune import prune
from lrfit.graph.program import Program
from lrfit.views.graph_text import is_literal
from lrfit.views.graph_view import GraphView

__all__ = ["differentiated", "evaluated", "optimized"]


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
