"""Written graphs: a graph of TensorFlow's operations in a file, to be drawn as any other graph.

`tf.summary.FileWriter` of `lrfit.tf1` writes it, in the format of `graph_formats/json.py`, in one line. Such
a graph cannot run: it has the names of operations, and not what they compute. What belongs to a variable,
such as its initial value, and numbers in formulas are no nodes of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from types import MappingProxyType
from typing import Any, cast

import numpy as np

from lrfit.errors import DataError
from lrfit.graph.leaves import is_variable
from lrfit.graph.nodes import OPS, Node, Op
from lrfit.graph.program import Program
from lrfit.messages import shown
from lrfit.views.graph_formats.json import FORMAT
from lrfit.views.graph_view import GraphView

__all__ = ["read_written_graph"]


@dataclass(frozen=True, eq=False)
class _Kind:
    """The kind of an op that only TensorFlow has."""

    name: str
    has_value: bool
    pure: bool = False


_GRAPH = f'{{"format": "{FORMAT}"'
"""How the line of a graph begins; other lines have a step."""


def read_written_graph(path: str) -> GraphView | None:
    """The last graph in a file, or in the newest file of a folder; None if the file has another format.

    A pipe is not looked into, because whoever reads it next would miss what was read here.

    Raises:
        DataError: The folder has no graph, or the file cannot be understood.
    """
    if not Path(path).is_dir():
        return _of_file(Path(path)) if Path(path).is_file() else None
    views = map(_of_file, sorted(Path(path).glob("*.jsonl"), reverse=True))
    view = next(filter(None, views), None)
    if view is None:
        raise DataError(
            f"{shown(path)} is a folder without a graph: name the one that "
            "tf.summary.FileWriter(folder, sess.graph) wrote to"
        )
    return view


def _of_file(path: Path) -> GraphView | None:
    try:
        with path.open(encoding="utf-8") as file:
            head = file.read(len(_GRAPH))
            text = head + file.read() if head.startswith((_GRAPH, '{"step": ')) else ""
    except (OSError, ValueError):
        return None  # whoever reads it next says why
    graphs = [line for line in text.splitlines() if line.startswith(_GRAPH)]
    try:
        return _view(json.loads(graphs[-1])["nodes"]) if graphs else None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise DataError(f"{shown(str(path))} is not a graph that tf.summary.FileWriter has written") from None


def _view(written: list[dict[str, Any]]) -> GraphView:
    entries = {entry["name"]: entry for entry in written}
    users = {name: user for user, entry in entries.items() for name in entry["inputs"]}
    nodes = {name: _node(entry, name, {}) for name, entry in entries.items() if entry["op"] == "variable"}
    for name, entry in entries.items():
        is_operand = entry["shape"] == [] and name.startswith(f"{users.get(name)}/")
        if (owner := _owner(name, nodes)) is not None:
            nodes[name] = nodes[owner]
        elif name not in nodes and not (is_operand and entry["op"] == "Const"):
            nodes[name] = _node(entry, f"{name}/constant" if is_operand else name, nodes)
    drawn = tuple(dict.fromkeys(nodes[name] for name in entries if name in nodes))
    used = {parent for node in drawn for parent in node.inputs}
    return GraphView(Program(drawn, tuple(node for node in drawn if node not in used)))


def _owner(name: str, nodes: Mapping[str, Node]) -> str | None:
    """The variable whose scope an operation is in; None if there is none."""
    *scopes, _ = name.split("/")
    outer = accumulate(scopes, lambda scope, part: f"{scope}/{part}")
    return next((each for each in outer if each in nodes and is_variable(nodes[each])), None)


def _node(entry: Mapping[str, Any], name: str, nodes: Mapping[str, Node]) -> Node:
    """The node of an operation, under this name, whose inputs are among these."""
    known = OPS.get(entry["op"])
    kind = known or _Kind(str(entry["op"]), has_value=entry["part"] != "updates")
    attrs = dict(entry["attrs"])
    if "value" in attrs:
        attrs["value"] = np.array(attrs["value"], np.float64)
    shape = None if entry["shape"] is None else tuple(entry["shape"])
    inputs = [nodes[each] for each in (*entry["inputs"], *entry.get("controls", ())) if each in nodes]
    return Node(cast("Op", kind), tuple(dict.fromkeys(inputs)), MappingProxyType(attrs), shape, name)
