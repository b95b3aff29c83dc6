"""`tensorflow.python.framework.ops`: names of `tf` under the path where scripts look for them."""

from __future__ import annotations

from lrfit.tf1.building import convert_to_tensor
from lrfit.tf1.graph import Graph, get_default_graph, name_scope, reset_default_graph
from lrfit.tf1.refusals import refuser
from lrfit.tf1.tensors import Operation, Tensor

__all__ = [
    "Graph",
    "Operation",
    "Tensor",
    "convert_to_tensor",
    "get_default_graph",
    "name_scope",
    "reset_default_graph",
]

__getattr__ = refuser(__name__)
