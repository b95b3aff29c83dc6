"""Nodes with an effect: assignments to variables, and groups of nodes that run together.

An assignment takes effect at the end of the run. So all reads of a variable within a run see its value from
before the run, whatever the order of the nodes.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import GraphError, ShapeError
from lrfit.graph.leaves import is_variable
from lrfit.graph.nodes import (
    OPS,
    Graph,
    Node,
    NodeLike,
    Op,
    get_default_graph,
    graph_of,
    node_in_graph_of,
    shown_name,
)
from lrfit.graph.scopes import outer_scope
from lrfit.graph.shapes import Shape, fits, format_shape

__all__ = ["assign", "assign_add", "assign_sub", "global_variables_initializer", "group"]

_SCOPE_END = "_update"


def _copied(value: Array | np.float64, shape: Shape) -> Array | np.float64:
    """A copy of `value`, which must have this shape; a session shares no memory with a feed."""
    if value.shape != shape and not fits(shape, value.shape):
        raise ValueError(f"the variable has shape {format_shape(shape)}")
    return value if isinstance(value, np.float64) else value.copy()


_assign = Op(
    "assign",
    lambda value, variable: _copied(value, variable.shape),
    lambda shape, **_: shape,
    (None,),
    pure=False,
)
_group = Op("group", lambda *_: None, lambda *_: (), vjps=None, pure=False, has_value=False)


def assign(variable: Node, value: NodeLike, *, name: str | None = None) -> Node:
    """A node that sets `variable` to `value` at the end of each run that it is part of; its value is `value`.

    Args:
        variable: A Variable.
        value: The new value, of the variable's shape.
        name: The node's name.

    Raises:
        GraphError: `variable` is not a Variable.
        ShapeError: `value` has another shape.
    """
    if not isinstance(variable, Node) or not is_variable(variable):
        target = shown_name(variable) if isinstance(variable, Node) else repr(variable)
        raise GraphError(f"only a Variable can be assigned to, not {target}")
    node = node_in_graph_of(variable, value)
    if not fits(node.shape, variable.shape):
        raise ShapeError(
            f"cannot assign a value of shape {format_shape(node.shape)} to {variable.name!r} "
            f"of shape {format_shape(variable.shape)}"
        )
    return _assign(node, variable=variable, name=name)


def assign_add(variable: Node, delta: NodeLike, *, name: str | None = None) -> Node:
    """A node that sets `variable` to `variable + delta`; see `assign`."""
    return assign(variable, OPS["add"](variable, delta), name=name or "assign_add")


def assign_sub(variable: Node, delta: NodeLike, *, name: str | None = None) -> Node:
    """A node that sets `variable` to `variable - delta`; see `assign`."""
    return assign(variable, OPS["subtract"](variable, delta), name=name or "assign_sub")


def group(*nodes: Node, name: str | None = None) -> Node:
    """A node without a value that runs all of `nodes`; fetching it gives None."""
    return _group(*nodes, name=name)


def global_variables_initializer(graph: Graph | None = None, *, name: str = "init") -> Node:
    """A node that gives each variable of `graph` (the default graph if None) its initial value."""
    with (graph or get_default_graph()).as_default() as owner:
        variables = filter(is_variable, owner.nodes)
        return group(*[assign(v, v.attrs["initial"]) for v in variables], name=name)


def is_assignment(node: Node) -> bool:
    """Whether `node` is an assignment to a variable."""
    return node.op is _assign


def update_scope(variable: Node) -> AbstractContextManager[None]:
    """A name scope for the nodes that compute a variable's next value."""
    return graph_of(variable).name_scope(variable.name + _SCOPE_END)


def is_in_update(node: Node) -> bool:
    """Whether a node is part of a variable's next value, by its name."""
    return outer_scope(node).endswith(_SCOPE_END)
