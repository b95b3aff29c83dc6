"""Leaves: the nodes without inputs, which are constants, placeholders and variables."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from lrfit.errors import GraphError
from lrfit.graph.nodes import Graph, Node, NodeLike, Op, as_array, get_default_graph
from lrfit.graph.shapes import Shape, checked_shape

__all__ = ["Variable", "constant", "placeholder"]


def _no_kernel(**_: Any) -> Any:  # noqa: ANN401
    raise GraphError("a placeholder or variable has no kernel: its value comes from a feed or a session")


_constant = Op("constant", lambda value: value, lambda value: value.shape)
_placeholder = Op("placeholder", _no_kernel, lambda shape: shape, pure=False)
_variable = Op("variable", _no_kernel, lambda initial, **_: initial.shape, pure=False)


def constant(value: npt.ArrayLike, *, name: str | None = None) -> Node:
    """A node whose value is always `value`, as float64.

    Args:
        value: A number, an array, or nested lists of numbers.
        name: The node's name.

    Raises:
        GraphError: `value` is not made of real numbers.
    """
    return _constant(value=as_array(value), name=name)


def placeholder(shape: Shape = None, *, name: str | None = None) -> Node:
    """A node whose value must be fed when the graph runs.

    Args:
        shape: Shape of the values that may be fed. A size of None allows any size; a shape of None, any rank.
        name: The node's name.

    Raises:
        ShapeError: `shape` is not a valid shape.
    """
    return _placeholder(shape=checked_shape(shape), name=name)


def placeholder_for(node: Node, shape: Shape) -> Node:
    """A placeholder of this shape, in no graph, that stands for `node`; `node` itself if it is one."""
    if is_placeholder(node) and node.shape == shape:
        return node
    return Node(_placeholder, (), {"shape": shape}, shape, node.name)


def Variable(initial_value: NodeLike, *, name: str | None = None, trainable: bool = True) -> Node:  # noqa: N802
    """A node whose value a session keeps from run to run, until `assign` changes it.

    The name is written as in TensorFlow 1.

    Args:
        initial_value: The value that `global_variables_initializer` assigns. The variable has its shape.
        name: The node's name.
        trainable: Whether optimizers change the variable; False for an optimizer's own state.

    Raises:
        GraphError: `initial_value` is not made of real numbers.
    """
    initial = initial_value
    if not isinstance(initial, Node):
        initial = constant(initial, name=f"{name or 'variable'}_initial")
    with (initial.graph or get_default_graph()).as_default():
        return _variable(initial=initial, trainable=trainable, name=name)


def trainable_variables(graph: Graph) -> list[Node]:
    """The variables of `graph` that optimizers change, in the order in which they were made."""
    return [node for node in graph.nodes if is_variable(node) and node.attrs["trainable"]]


def is_constant(node: Node) -> bool:
    """Whether `node` is a constant."""
    return node.op is _constant


def is_placeholder(node: Node) -> bool:
    """Whether `node` is a placeholder."""
    return node.op is _placeholder


def is_variable(node: Node) -> bool:
    """Whether `node` is a Variable."""
    return node.op is _variable


def is_leaf(node: Node) -> bool:
    """Whether `node` is a constant, a placeholder or a variable."""
    return node.op in (_constant, _placeholder, _variable)
