"""Plans: all that a session needs to know about a run, found out once from its fetches and feeds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lrfit.graph.nodes import Node
from lrfit.graph.program import Program, Step
from lrfit.tf1.graph import Graph
from lrfit.tf1.tensors import Operation, Tensor
from lrfit.tf1.variables import Variable

__all__ = ["Plan", "key_of"]


class Plan:
    """All that a run with these fetches and feeds needs, found out once.

    Attributes:
        elements: The tensors, variables and operations that are fetched.
        rebuild: Puts their values into the structure of the fetches.
        fed: For each feed, its tensor, node and type.
        fed_nodes: The nodes of these.
        nodes: The nodes that the program computes, for the fetches and for their side effects.
        places: For each element, its place among the nodes; None for one that the program does not compute.
        sources: The sources of values for nodes that are not fed, such as iterators.
        feeds: All nodes that get values: those of the feeds, then those of the sources.
        steps: The step for feeds of certain shapes.
    """

    def __init__(self, graph: Graph, fetches: Any, feeds: Sequence[Any]) -> None:
        elements: list[Any] = []
        self.rebuild = _structure(graph, fetches, elements)
        self.fed = [_fed(graph, key) for key in feeds]
        self.elements = elements
        fed = {node for _, node, _ in self.fed}
        operations = [one if isinstance(one, Operation) else one.op for one in elements]
        effects = [node for node in _effects(operations, fed) if node not in fed]
        read_later = [isinstance(one, Variable) and one.node not in fed for one in elements]
        computed = [
            None if later or isinstance(one, Operation) else one.node
            for one, later in zip(elements, read_later, strict=True)
        ]
        self.nodes = list(dict.fromkeys([*(node for node in computed if node is not None), *effects]))
        self.places = [None if node is None else self.nodes.index(node) for node in computed]
        self.fed_nodes = fed
        self.sources = _sources(graph, self.nodes, fed)
        drawn = [node for source in self.sources for node in source.nodes if node not in fed]
        self.feeds = [*(node for _, node, _ in self.fed), *drawn]
        self.steps: dict[tuple[tuple[int, ...], ...], Step] = {}


def _sources(graph: Graph, nodes: Sequence[Node], fed: set[Node]) -> list[Any]:
    """The sources that give values to nodes that the program needs."""
    if not graph.sources:
        return []
    needed = set(Program.of(nodes, list(fed)).nodes) - fed
    return list(dict.fromkeys(source for node, source in graph.sources.items() if node in needed))


def _effects(operations: Sequence[Operation], fed: set[Node]) -> list[Node]:
    """The nodes of operations that change something or that others wait for, among all that these need."""
    found: dict[Node, None] = {}
    seen: set[Operation] = set()
    stack = list(operations)
    while stack:
        operation = stack.pop()
        if operation in seen or (operation.node in fed and operation.outputs):
            continue
        seen.add(operation)
        if operation.has_effect:
            found[operation.node] = None  # type: ignore[index]
        stack.extend(operation.control_inputs)
        stack.extend(tensor.op for tensor in operation.inputs)
    return list(found)


def _structure(graph: Graph, fetches: Any, elements: list[Any]) -> Callable[[Sequence[Any]], Any]:
    """Append what is fetched to `elements`; the result puts values into the structure of the fetches."""
    if isinstance(fetches, Mapping):
        parts = {key: _structure(graph, value, elements) for key, value in fetches.items()}
        return lambda values: {key: part(values) for key, part in parts.items()}
    if isinstance(fetches, (list, tuple)):
        inner = [_structure(graph, value, elements) for value in fetches]
        kind = type(fetches)
        if hasattr(kind, "_fields"):
            return lambda values: kind(*[part(values) for part in inner])
        return lambda values: kind([part(values) for part in inner])
    place = len(elements)
    elements.append(_element(graph, fetches))
    return lambda values: values[place]


def _element(graph: Graph, fetch: Any) -> Any:
    """The tensor, variable or operation that is fetched."""
    if isinstance(fetch, str):
        try:
            fetch = graph.as_graph_element(fetch)
        except (KeyError, ValueError) as error:
            raise ValueError(f"{_cannot_be_fetched(fetch)} ({error.args[0]})") from None
    if not isinstance(fetch, (Tensor, Variable, Operation)):
        raise TypeError(
            f"Fetch argument {fetch!r} has invalid type {type(fetch)}, must be a string or Tensor. (Can not "
            f"convert a {type(fetch).__name__} into a Tensor or Operation.)"
        )
    if fetch.graph is not graph:
        raise ValueError(
            f"{_cannot_be_fetched(fetch)} (It is not an element of this graph: it belongs to another graph "
            "than the session)"
        )
    return fetch


def _cannot_be_fetched(fetch: Any) -> str:
    return f"Fetch argument {fetch!r} cannot be interpreted as a Tensor."


def _fed(graph: Graph, key: Any) -> tuple[Any, Node, np.dtype[Any]]:
    """The tensor that is fed, its node and its type."""
    try:
        tensor = graph.as_graph_element(key)
    except (KeyError, ValueError) as error:
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {error.args[0]}") from None
    if not isinstance(tensor, (Tensor, Variable)):
        raise TypeError(f"Cannot interpret feed_dict key as Tensor: {key!r} is not one")
    if tensor.graph is not graph:
        raise TypeError(
            f"Cannot interpret feed_dict key as Tensor: Tensor {tensor} is not an element of this graph: it "
            "belongs to another graph than the session"
        )
    return tensor, tensor.node, tensor.dtype.numpy


def key_of(fetches: Any) -> Any:
    """A hashable form of the structure of the fetches."""
    if isinstance(fetches, (list, tuple)):
        return (type(fetches), *map(key_of, fetches))
    if isinstance(fetches, Mapping):
        return (dict, *[(name, key_of(value)) for name, value in fetches.items()])
    return fetches
