"""Graph definitions: the kind, name and inputs of operations; and the names of collections."""

from __future__ import annotations

from textwrap import indent
from typing import NamedTuple

__all__ = ["GraphDef", "GraphKeys", "NodeDef"]


class NodeDef(NamedTuple):
    """An operation in the result of `as_graph_def()`."""

    name: str
    op: str
    input: tuple[str, ...]

    def __str__(self) -> str:
        """The text of TensorFlow's message, without the attributes."""
        inputs = "".join(f'input: "{name}"\n' for name in self.input)
        return f'name: "{self.name}"\nop: "{self.op}"\n{inputs}'


class GraphDef(NamedTuple):
    """The result of `as_graph_def()`."""

    node: tuple[NodeDef, ...]

    def __str__(self) -> str:
        return "".join(f"node {{\n{indent(str(node), '  ')}}}\n" for node in self.node)


class GraphKeys:
    """Names of collections."""

    GLOBAL_VARIABLES = "variables"
    TRAINABLE_VARIABLES = "trainable_variables"
    LOCAL_VARIABLES = "local_variables"
    LOSSES = "losses"
    REGULARIZATION_LOSSES = "regularization_losses"
    SUMMARIES = "summaries"
    GLOBAL_STEP = "global_step"
    UPDATE_OPS = "update_ops"
    VARIABLES = GLOBAL_VARIABLES
