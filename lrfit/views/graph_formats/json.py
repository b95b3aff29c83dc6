"""JSON: everything that is in a program of a graph, so that other software can run it.

Inputs, and variables in attributes, are given by the names of their nodes; arrays are nested lists; a size
that is not known is null.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.nodes import Node
from lrfit.views.graph_view import GraphView, part_of

__all__ = ["document", "render"]

FORMAT = "lrfit-graph"
VERSION = 1


def render(view: GraphView) -> str:
    """The view as a JSON object."""
    return json.dumps(document(view), indent=1, allow_nan=False) + "\n"


def document(view: GraphView) -> dict[str, Any]:
    """The view as values that JSON has: objects, lists, numbers, strings and null."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "nodes": [_node(node, view) for node in view.program.nodes],
        "feeds": [node.name for node in view.program.feeds],
        "fetches": [node.name for node in view.program.fetches],
        **({"removed": view.removed} if view.removed else {}),
    }


def _node(node: Node, view: GraphView) -> dict[str, Any]:
    return {
        "name": node.name,
        "op": node.op.name,
        "part": part_of(node),
        "shape": None if node.shape is None else list(node.shape),
        "inputs": [parent.name for parent in node.inputs],
        "attrs": {key: _plain(value) for key, value in node.attrs.items()},
        **({"caption": view.captions[node.name]} if node.name in view.captions else {}),
        **({"value": _numbers(view.values, node)} if view.values else {}),
        **(
            {"input_gradients": [_numbers(view.gradients, (node, i)) for i in range(len(node.inputs))]}
            if view.gradients
            else {}
        ),
    }


def _numbers(arrays: Mapping[Any, Array], key: object) -> Any:  # noqa: ANN401
    """The array as nested lists, with null for numbers that are not finite; null if there is no array."""
    return _finite(arrays[key].tolist()) if key in arrays else None


def _finite(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value if isfinite(value) else None


def _plain(value: Any) -> Any:  # noqa: ANN401
    """An attribute as a value that JSON has."""
    if isinstance(value, Node):
        return value.name
    return value.tolist() if isinstance(value, np.ndarray) else value
