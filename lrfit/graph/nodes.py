"""The static graph: kinds of operation (`Op`), their applications (`Node`), and the builder (`Graph`).

As in TensorFlow 1, a graph is defined first and run later. A `Node` is one application of an `Op` to
other nodes. It is immutable, is compared by identity and holds no values: values belong to a run, variables
to a `Session`. So two sessions share nothing. Shapes are checked when a node is built. Every value is an
array of float64, so no result depends on a hidden cast; comparisons give 1.0 or 0.0.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import GraphError
from lrfit.graph.shapes import Shape, format_shape

__all__ = ["Graph", "Node", "Op", "get_default_graph", "reset_default_graph"]

NodeLike: TypeAlias = "Node | npt.ArrayLike"
Kernel: TypeAlias = Callable[..., Any]
ShapeRule: TypeAlias = Callable[..., Shape]
Vjp: TypeAlias = Callable[..., "Node"]

OPS: dict[str, Op] = {}
"""Every op by name; `lrfit.graph.ops` fills it, and the infix operators and the tests read it."""


@dataclass(frozen=True, eq=False, repr=False)
class Op:
    """A kind of operation; calling it on nodes returns a new `Node` that applies it to them.

    Attributes:
        name: Unique name, its key in `OPS`.
        kernel: The NumPy function that computes the value: `kernel(*values, **attrs)`.
        shape_rule: The function that computes the shape of the value: `shape_rule(*shapes, **attrs)`; it may
            raise `ShapeError`. It is not called where the rank of an input, and so of the value, is unknown.
        vjps: For each input, its vector-Jacobian product `vjp(g, y, *inputs)`: the node of Σᵢ gᵢ ·
            ∂yᵢ/∂input, given the gradient g of the value y; None where the value does not depend on that
            input, or is constant almost everywhere. None for an op of any number of inputs, all without.
        pure: Whether a pass may compute the value ahead of time, or only once for equal applications.
        has_value: False for an op that only has an effect; its nodes can be fetched (as None), but not used.
    """

    name: str
    kernel: Kernel
    shape_rule: ShapeRule
    vjps: tuple[Vjp | None, ...] | None = ()
    pure: bool = True
    has_value: bool = True

    def __post_init__(self) -> None:
        if self.name in OPS:
            raise GraphError(f"there is an op {self.name!r} already")
        OPS[self.name] = self

    def __repr__(self) -> str:
        return f"<Op {self.name}>"

    def __call__(self, *inputs: NodeLike, name: str | None = None, **attrs: Any) -> Node:  # noqa: ANN401
        """Add a node that applies this op to `inputs` to their graph (else to the default graph).

        Args:
            *inputs: Nodes, or numbers and arrays, which become constants.
            name: The node's name, made unique in its graph; the op's name if None.
            **attrs: The op's own parameters, such as an axis.

        Raises:
            GraphError: The inputs belong to different graphs, or the graph is finalised.
            ShapeError: The shapes of the inputs do not fit together.
        """
        graph = _graph_of(inputs)
        nodes = tuple(graph.as_node(value) for value in inputs)
        return graph.append(Node.of(self, nodes, attrs, name or self.name))


def _infix(op: str) -> Callable[[Node, NodeLike], Node]:
    def applied(self: Node, other: NodeLike) -> Node:
        return OPS[op](self, other)

    return applied


def _reflected(op: str) -> Callable[[Node, NodeLike], Node]:
    def applied(self: Node, other: NodeLike) -> Node:
        return OPS[op](other, self)

    return applied


@dataclass(frozen=True, eq=False, repr=False, slots=True)
class Node:
    """One application of an op to nodes, with its attributes and the shape of its value."""

    op: Op
    inputs: tuple[Node, ...]
    attrs: Mapping[str, Any]
    shape: Shape
    name: str
    graph: Graph | None = None

    @classmethod
    def of(cls, op: Op, inputs: tuple[Node, ...], attrs: Mapping[str, Any], name: str) -> Node:
        """A node that applies `op` to `inputs`, with its shape checked; it belongs to no graph yet."""
        if op.vjps is not None and len(inputs) != len(op.vjps):
            raise GraphError(f"{op.name} takes {len(op.vjps)} inputs, not {len(inputs)}")
        for node in inputs:
            if op.has_value and not node.op.has_value:
                raise GraphError(f"{shown_name(node)} has no value that {op.name} could use")
        shapes = [node.shape for node in inputs]
        shape = None if None in shapes else op.shape_rule(*shapes, **attrs)
        return cls(op, inputs, MappingProxyType(dict(attrs)), shape, name)

    def with_inputs(self, inputs: tuple[Node, ...]) -> Node:
        """The same op applied to other inputs; this node itself if they are the same."""
        if all(new is old for new, old in zip(inputs, self.inputs, strict=True)):
            return self
        return Node.of(self.op, inputs, self.attrs, self.name)

    def __repr__(self) -> str:
        return f"<Node {self.name}: {self.op.name} {format_shape(self.shape)}>"

    def __bool__(self) -> NoReturn:
        raise GraphError(
            f"{self.name} has no value before a session runs it, so it is neither true nor false"
        )

    __array_ufunc__ = None  # so that `array + node` calls the node's method

    # fmt: off
    __add__,     __radd__     = _infix("add"),      _reflected("add")
    __sub__,     __rsub__     = _infix("subtract"), _reflected("subtract")
    __mul__,     __rmul__     = _infix("multiply"), _reflected("multiply")
    __truediv__, __rtruediv__ = _infix("divide"),   _reflected("divide")
    __pow__,     __rpow__     = _infix("power"),    _reflected("power")
    __matmul__,  __rmatmul__  = _infix("matmul"),   _reflected("matmul")
    __gt__,      __lt__       = _infix("greater"),  _infix("less")
    __ge__,      __le__       = _infix("greater_equal"), _infix("less_equal")
    # fmt: on

    def __neg__(self) -> Node:
        return OPS["negative"](self)

    def __abs__(self) -> Node:
        return OPS["abs"](self)


class Graph:
    """The nodes that a user builds, in order; nodes are only ever added, until the graph is finalised.

    Examples:
        >>> from lrfit import Graph, constant
        >>> with Graph().as_default() as graph:
        ...     total = constant(1.0, name="one") + 2.0
        >>> graph.nodes
        (<Node one: constant ()>, <Node constant: constant ()>, <Node add: add ()>)
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []
        self._n_named: dict[str, int] = {}
        self._scope, self._finalized = "", False

    @property
    def nodes(self) -> tuple[Node, ...]:
        """All nodes, in the order in which they were added: each after its inputs."""
        return tuple(self._nodes)

    def append(self, node: Node) -> Node:
        """Add a copy of `node` under a name that is unique in this graph, and return the copy.

        Raises:
            GraphError: The graph is finalised.
        """
        if self._finalized:
            raise GraphError(
                f"the graph is finalised: {shown_name(node)} cannot be added; add all nodes before"
            )
        name = self._unique(self._scope + node.name)
        member = Node(node.op, node.inputs, node.attrs, node.shape, name, self)
        self._nodes.append(member)
        return member

    def as_node(self, value: NodeLike, name: str = "constant") -> Node:
        """`value` if it is a node of this graph, else a new constant of this name that holds it.

        Raises:
            GraphError: The node belongs to another graph.
        """
        if not isinstance(value, Node):
            return self.append(constant_of(value, name))
        if value.graph is not self:
            raise GraphError(
                f"{value.name} belongs to another graph; a node can only use nodes of its own graph"
            )
        return value

    @contextmanager
    def name_scope(self, name: str) -> Iterator[None]:
        """Within the block, names of new nodes start with `name/`; the prefixes of nested scopes are joined.

        Examples:
            >>> from lrfit import constant
            >>> graph = Graph()
            >>> with graph.as_default(), graph.name_scope("inner"):
            ...     constant(1.0, name="one")
            <Node inner/one: constant ()>
        """
        before = self._scope
        self._scope = f"{before}{name}/"
        try:
            yield
        finally:
            self._scope = before

    def finalize(self) -> None:
        """Close the graph: from now on, adding a node is an error."""
        self._finalized = True

    @contextmanager
    def as_default(self) -> Iterator[Graph]:
        """Within the block, new nodes without inputs go to this graph."""
        token = _default.set(self)
        try:
            yield self
        finally:
            _default.reset(token)

    def _unique(self, name: str) -> str:
        n_named = self._n_named.get(name, 0)
        self._n_named[name] = n_named + 1
        return self._unique(f"{name}_{n_named}") if n_named else name


_default: ContextVar[Graph | None] = ContextVar("default graph", default=None)


def get_default_graph() -> Graph:
    """The graph that nodes without inputs are added to; created if there is none yet."""
    graph = _default.get()
    if graph is None:
        graph = Graph()
        _default.set(graph)
    return graph


def reset_default_graph() -> None:
    """Make a new, empty graph the default."""
    _default.set(Graph())


def as_array(value: npt.ArrayLike) -> Array:
    """`value` as a new, read-only float64 array.

    Raises:
        GraphError: It is not made of real numbers.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise GraphError(f"a value must be an array of real numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        raise GraphError(f"a value must be made of real numbers, not of {array.dtype}")
    copy = array.astype(np.float64)
    copy.flags.writeable = False
    return copy


def constant_of(value: npt.ArrayLike, name: str) -> Node:
    """A constant that belongs to no graph; see `lrfit.constant`."""
    return Node.of(OPS["constant"], (), {"value": as_array(value)}, name)


def shown_name(node: Node) -> str:
    """The op and the name of a node, for messages."""
    return f"{node.op.name} {node.name!r}"


def graph_of(node: Node) -> Graph:
    """The graph that `node` belongs to; the default graph for one that belongs to none."""
    return node.graph or get_default_graph()


def node_in_graph_of(member: Node, value: NodeLike, name: str = "constant") -> Node:
    """`value` as a node of the graph that `member` belongs to; see `Graph.as_node`."""
    return graph_of(member).as_node(value, name)


def _graph_of(inputs: tuple[NodeLike, ...]) -> Graph:
    for value in inputs:
        if isinstance(value, Node) and value.graph is not None:
            return value.graph
    return get_default_graph()
