"""Readiness: which variables have a value yet in the session that asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lrfit.errors import GraphError
from lrfit.graph.nodes import Node, Op
from lrfit.tf1.building import apply
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.dtypes import string
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.tensors import Tensor
from lrfit.tf1.variables import Variable, global_variables, local_variables

__all__ = ["is_variable_initialized", "report_uninitialized_variables"]


def _no_kernel(**_: Any) -> Any:
    raise GraphError("a session knows which variables have a value")


_has_value = Op("has_value", _no_kernel, lambda **_: (), pure=False)
_without_value = Op("without_value", _no_kernel, lambda **_: (None,), pure=False)


def _known(node: Node, session: Any) -> Callable[[], Any]:
    return lambda: np.bool_(node in session.values)


def _missing(nodes: Sequence[Node], session: Any) -> Callable[[], Any]:
    return lambda: np.array([node.name.encode() for node in nodes if node not in session.values], object)


def is_variable_initialized(variable: Variable) -> Tensor:
    """Whether the variable has a value."""
    with variable.graph.as_default():
        build = partial(_has_value, start=partial(_known, variable.node))
        return apply("IsVariableInitialized", build, {}, dtype=bool_)


def report_uninitialized_variables(
    var_list: Sequence[Variable] | None = None, name: str = "report_uninitialized_variables"
) -> Tensor:
    """The names of the variables that have no value; of all, local ones too, if there is no list."""
    variables = [*global_variables(), *local_variables()] if var_list is None else list(var_list)
    graph = variables[0].graph if variables else get_default_graph()
    with graph.name_scope(name):
        build = partial(_without_value, start=partial(_missing, [variable.node for variable in variables]))
        return apply("BooleanMask", build, {}, default="boolean_mask", dtype=string)
