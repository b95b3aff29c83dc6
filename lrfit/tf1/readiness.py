"""Readiness: whether variables have a value yet in the session that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lrfit.graph.nodes import Node
from lrfit.tf1.building import apply
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.dtypes import string
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.session_ops import session_op
from lrfit.tf1.tensors import Tensor
from lrfit.tf1.variables import Variable, global_variables, local_variables

__all__ = ["is_variable_initialized", "report_uninitialized_variables"]


_has_value = session_op("has_value", lambda **_: ())
_without_value = session_op("without_value", lambda **_: (None,))


def _known(node: Node, session: Any) -> Callable[[], Any]:
    return lambda: np.bool_(node in session.values)


def _missing(nodes: Sequence[Node], session: Any) -> Callable[[], Any]:
    return lambda: np.array([node.name.encode() for node in nodes if node not in session.values], object)


def is_variable_initialized(variable: Variable) -> Tensor:
    """Whether the variable has a value."""
    with variable.graph.as_default():
        build = partial(_has_value, kernel_in=partial(_known, variable.node))
        return apply("IsVariableInitialized", build, {}, dtype=bool_)


def report_uninitialized_variables(
    var_list: Sequence[Variable] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables without a value; of all variables, local ones too, if no list is given."""
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    graph = variables[0].graph if variables else get_default_graph()
    with graph.name_scope(name):
        nodes = [variable.node for variable in variables]
        build = partial(_without_value, kernel_in=partial(_missing, nodes))
        return apply("BooleanMask", build, {}, default="boolean_mask", dtype=string)
