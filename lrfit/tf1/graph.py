"""The graph as TensorFlow 1 shows it: named operations, over a graph of `lrfit.graph`.

The number of operations matters: an op that draws random numbers gets its seed from the number of those that
were there before it. What differentiation and optimizers add has names and a number of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from lrfit.graph.assignments import is_assignment
from lrfit.graph.nodes import Graph as CoreGraph
from lrfit.graph.nodes import Node
from lrfit.tf1.graph_def import GraphDef

__all__ = [
    "Graph", "add_to_collection", "control_dependencies", "device", "get_collection", "get_default_graph",
    "name_scope", "reset_default_graph", "set_random_seed",
]  # fmt: skip

_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_.\\/>-]*")
"""The form of the names that TensorFlow takes."""


class Graph:
    """Operations, in the order in which they were made.

    Attributes:
        core: The graph that computes.
        types: The type of each node of it that has one, by name.
        seed: The graph's seed of random numbers; None for none.
        variables: All variables, by their nodes.
        controls: Within `control_dependencies`, the operations that come first.
        latest: Within `control_dependencies`, the assignments that come first, by the variable's node.
        variable_scope: The current scope of variables; None if none was asked for yet.
        shared: The variables that `get_variable` has made, by their whole names.
        sources: The sources of values for nodes that are not fed, by these nodes.
    """

    def __init__(self) -> None:
        self.core = CoreGraph()
        self.types: dict[str, np.dtype[Any]] = {}
        self.seed: int | None = None
        self.variables: dict[Node, Any] = {}
        self.controls: tuple[Any, ...] = ()
        self.latest: dict[Node, Node] = {}
        self.variable_scope: Any = None
        self.shared: dict[str, Any] = {}
        self.sources: dict[Node, Any] = {}
        self._operations: list[Any] = []
        self._by_name: dict[str, Any] = {}
        self._n_named: dict[str, int] = {}
        self._collections: dict[str, list[Any]] = {}
        self._scope = ""
        self._is_finalized = False

    def add(self, operation: Any) -> None:
        """Add an operation."""
        self._operations.append(operation)
        self._by_name[operation.name] = operation

    @property
    def n_operations(self) -> int:
        """Number of operations, which is the number of the last one."""
        return len(self._operations)

    def type_of(self, node: Node) -> np.dtype[Any] | None:
        """The type of a node; None for one that differentiation made."""
        if is_assignment(node):
            return self.types.get(node.attrs["variable"].name)
        return self.types.get(node.name)

    def node(self, build: Callable[..., Node], *nodes: Node, name: str, **attrs: Any) -> Node:
        """A node that `build` makes in the graph that computes, of this name."""
        with self.core.as_default():
            return build(*nodes, name=name, **attrs)

    def unique_name(self, name: str) -> str:
        """A name that no operation or scope has, within the current scope, in letters of any case.

        Raises:
            RuntimeError: The graph is finalized.
            ValueError: It cannot be a name.
        """
        if self._is_finalized:
            raise RuntimeError("Graph is finalized and cannot be modified.")
        if not _NAME.fullmatch(name):
            raise ValueError(f"{name!r} is not a valid scope name: it takes letters, digits and . _ - /")
        name = self._scope + name
        key = name.lower()
        n_named = self._n_named.get(key, 0)
        self._n_named[key] = n_named + 1
        if not n_named:
            return name
        while f"{key}_{n_named}" in self._n_named:
            n_named += 1
        self._n_named[f"{key}_{n_named}"] = 1
        return f"{name}_{n_named}"

    @contextmanager
    def name_scope(self, name: str | None) -> Iterator[str]:
        """Within the block, names begin with this one, made unique; with one that ends in "/", as it is.

        What is made without tensors goes to this graph.
        """
        before, token = self._scope, _default.set(self)
        if not name:
            self._scope = ""
        else:
            self._scope = name if name.endswith("/") else self.unique_name(name) + "/"
        try:
            yield self._scope
        finally:
            self._scope = before
            _default.reset(token)

    def get_name_scope(self) -> str:
        """The current scope of names, without the last "/"."""
        return self._scope.removesuffix("/")

    @contextmanager
    def control_dependencies(self, first: Sequence[Any] | None) -> Iterator[None]:
        """Within the block, whatever is made runs after these, and reads what they have assigned."""
        before = self.controls, self.latest
        operations = tuple(getattr(one, "op", one) for one in first or ())
        self.controls = (*self.controls, *operations) if first is not None else ()
        effects = [node for operation in _all_before(operations) for node in _assignments(operation.node)]
        assigned = {node.attrs["variable"]: node for node in effects}
        self.latest = self.latest | assigned if first is not None else {}
        try:
            yield
        finally:
            self.controls, self.latest = before

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Within the block, what is made without tensors goes to this graph."""
        token, depth = _default.set(self), _depth.set(_depth.get() + 1)
        try:
            yield self
        finally:
            _default.reset(token)
            _depth.reset(depth)

    def finalize(self) -> None:
        """From now on, making an operation is an error."""
        self._is_finalized = True
        self.core.finalize()

    def get_operations(self) -> list[Any]:
        """All operations, in order."""
        return list(self._operations)

    def get_operation_by_name(self, name: str) -> Any:
        """The operation of this name; KeyError if there is none."""
        if name not in self._by_name:
            raise KeyError(f"The name {name!r} refers to an Operation not in the graph.")
        return self._by_name[name]

    def get_tensor_by_name(self, name: str) -> Any:
        """The tensor, or the variable, of a name such as "add:0".

        Raises:
            KeyError: There is no such tensor.
            ValueError: The name does not end in the number of an output.
        """
        operation, _, index = name.partition(":")
        if not index.isdigit():
            raise ValueError(
                f"The name {name!r} refers to an Operation, not a Tensor. Tensor names must be of the form "
                '"<op_name>:<output_index>".'
            )
        outputs = self._by_name[operation].outputs if operation in self._by_name else []
        outputs = outputs or [each for each in self.variables.values() if each.op.name == operation]
        if int(index) >= len(outputs):
            raise KeyError(
                f"The name {name!r} refers to a Tensor which does not exist. The operation, {operation!r}, "
                f"{'has no such output' if operation in self._by_name else 'does not exist in the graph'}."
            )
        return outputs[int(index)]

    def as_graph_element(self, element: Any, **_: Any) -> Any:
        """The tensor or operation that `element` is or names."""
        if isinstance(element, str):
            named = self.get_tensor_by_name if ":" in element else self.get_operation_by_name
            return named(element)
        return element

    def as_graph_def(self) -> GraphDef:
        """The kind, name and inputs of each operation."""
        return GraphDef(tuple(operation.node_def for operation in self._operations))

    def add_to_collection(self, name: str, value: Any) -> None:
        """Add a value to the collection of this name."""
        self._collections.setdefault(name, []).append(value)

    def get_collection(self, name: str, scope: str | None = None) -> list[Any]:
        """The values of a collection; only those whose names begin with `scope`, if it is given."""
        found = self._collections.get(name, [])
        return [one for one in found if scope is None or getattr(one, "name", "").startswith(scope)]

    def get_collection_ref(self, name: str) -> list[Any]:
        """The list of a collection itself."""
        return self._collections.setdefault(name, [])


def _assignments(node: Node | None) -> Iterator[Node]:
    """The assignments that a node is or, as a group, runs."""
    if node is not None and is_assignment(node):
        yield node
    elif node is not None and not node.op.has_value:
        for part in node.inputs:
            yield from _assignments(part)


def _all_before(operations: Sequence[Any]) -> Iterator[Any]:
    """The operations, and those that groups among them run."""
    for operation in operations:
        yield from _all_before(operation.control_inputs)
        yield operation


_default: ContextVar[Graph | None] = ContextVar("default graph", default=None)

_depth: ContextVar[int] = ContextVar("depth of blocks that make a graph the default", default=0)


def get_default_graph() -> Graph:
    """The graph that operations are added to."""
    graph = _default.get()
    if graph is None:
        graph = Graph()
        _default.set(graph)
    return graph


def reset_default_graph() -> None:
    """Make a new, empty graph the default.

    Raises:
        AssertionError: This is within a block that makes a graph the default.
    """
    if _depth.get():
        raise AssertionError(
            "Do not use tf.reset_default_graph() to clear nested graphs. If you need a cleared graph, exit "
            "the nesting and create a new graph."
        )
    _default.set(Graph())


def set_random_seed(seed: int) -> None:
    """Set the seed of the default graph."""
    get_default_graph().seed = int(seed)


def name_scope(name: str | None, default_name: str | None = None, values: Any = None) -> Any:
    """A block in which the names of operations begin with this one; see `Graph.name_scope`."""
    return get_default_graph().name_scope(name if name is not None else default_name)


def control_dependencies(control_inputs: Sequence[Any] | None) -> Any:
    """A block whose operations run after these; see `Graph.control_dependencies`."""
    return get_default_graph().control_dependencies(control_inputs)


@contextmanager
def device(name: Any) -> Iterator[None]:
    """A block that does nothing: there is one device, the processor."""
    yield


def add_to_collection(name: str, value: Any) -> None:
    """Add a value to a collection of the default graph."""
    get_default_graph().add_to_collection(name, value)


def get_collection(name: str, scope: str | None = None) -> list[Any]:
    """The values of a collection of the default graph."""
    return get_default_graph().get_collection(name, scope)
