"""The writer of summaries: a file of JSON lines in a folder, for the graph and for the values of each step.

The graph has a line in the format that `lrfit graph --format json` writes, with TensorFlow's names and kinds
of operations; so `lrfit graph FOLDER` draws it. No line has a time, so that equal runs write equal files.
"""

from __future__ import annotations

import json
import os
from itertools import count
from pathlib import Path
from typing import Any, Self
from warnings import warn
from weakref import finalize

import numpy as np

from lrfit.errors import OutputError
from lrfit.messages import shown
from lrfit.tf1.graph import Graph
from lrfit.tf1.tensors import Operation

__all__ = ["FileWriter"]

_NAMES = {
    "Placeholder": "placeholder",
    "VariableV2": "variable",
    "Const": "constant",
    "Add": "add",
    "Sub": "subtract",
    "Mul": "multiply",
    "RealDiv": "divide",
    "Pow": "power",
    "MatMul": "matmul",
    "Neg": "negative",
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "Equal": "equal",
}
"""Names of ops in the graph that computes, where they are drawn in their own way."""

_MOST_NUMBERS = 1000
"""Largest number of elements of a constant whose value is written."""


class FileWriter:
    """Writes summaries, and the graph, to a new file in a folder.

    Args:
        logdir: The folder, which is made if there is none.
        graph: A graph to write.
        max_queue: The number of summaries that are kept before they are written.
        flush_secs: Accepted, and not needed.
        **_: Accepted, and not needed.

    Raises:
        OutputError: The folder or the file cannot be made.
    """

    def __init__(
        self, logdir: str, graph: Graph | None = None, max_queue: int = 10, flush_secs: int = 120, **_: Any
    ) -> None:
        self._folder = os.fspath(logdir)
        self._max_queue = max_queue
        self._path = _new_file(Path(self._folder))
        self._lines: list[bytes] = []
        self._is_closed = False
        finalize(self, _append, self._path, self._lines)  # at the latest when Python ends
        if graph is not None:
            self.add_graph(graph)

    def get_logdir(self) -> str:
        """The folder."""
        return self._folder

    def add_graph(self, graph: Graph, global_step: Any = None, graph_def: Any = None) -> None:
        """Write a graph as it is now.

        Raises:
            TypeError: It is not a graph.
        """
        if not isinstance(graph, Graph):
            raise TypeError(
                f"The passed graph must be an instance of `Graph`, such as sess.graph; not {graph!r}"
            )
        self._add(json.dumps(_document(graph), allow_nan=False).encode())
        self.flush()

    def add_summary(self, summary: Any, global_step: Any = None) -> None:
        """Write the result of a run of a summary, or a `tf.Summary`, with the number of the step."""
        content: bytes = summary if isinstance(summary, bytes) else summary.SerializeToString()
        step = "null" if global_step is None else str(int(global_step))
        for line in content.splitlines():
            self._add(f'{{"step": {step}, '.encode() + line.removeprefix(b"{"))
        if len(self._lines) >= self._max_queue:
            self.flush()

    def add_run_metadata(self, run_metadata: Any, tag: str, global_step: Any = None) -> None:
        """Write nothing: a run here has no times of devices."""

    def _add(self, line: bytes) -> None:
        if self._is_closed:
            warn(
                "Attempting to use a closed FileWriter: nothing is written, unless it is reopened",
                stacklevel=3,
            )
            return
        self._lines.append(line)

    def flush(self) -> None:
        """Write what is kept."""
        _append(self._path, self._lines)

    def close(self) -> None:
        """Write what is kept; after this, nothing is written, unless the writer is reopened."""
        self.flush()
        self._is_closed = True

    def reopen(self) -> None:
        """Write again, after what is there."""
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def _new_file(folder: Path) -> Path:
    """A new, empty file, numbered after the existing ones."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        numbered = (folder / f"events-{number:04}.jsonl" for number in count(1))
        path = next(path for path in numbered if not path.exists())
        path.open("xb").close()
    except OSError as error:
        raise OutputError(f"{shown(str(folder))} cannot be written: {error.strerror or error}") from error
    return path


def _append(path: Path, lines: list[bytes]) -> None:
    """Append the lines to the file, and forget them."""
    try:
        with path.open("ab") as file:
            file.write(b"".join(line + b"\n" for line in lines))
    except OSError as error:
        raise OutputError(f"{shown(str(path))} cannot be written: {error.strerror or error}") from error
    lines.clear()


def _document(graph: Graph) -> dict[str, Any]:
    nodes = [_node(operation) for operation in graph.get_operations()]
    used = {name for node in nodes for name in (*node["inputs"], *node["controls"])}
    return {
        "format": "lrfit-graph",
        "version": 1,
        "nodes": nodes,
        "feeds": [node["name"] for node in nodes if node["op"] == "placeholder"],
        "fetches": [node["name"] for node in nodes if node["name"] not in used],
    }


def _node(operation: Operation) -> dict[str, Any]:
    owner = next((v for v in operation.graph.variables.values() if v.op is operation), None)
    tensor = next(iter(operation.outputs), owner)
    value = _constant(operation)
    attrs = {} if value is None else {"value": value}
    if owner is not None:
        attrs["trainable"] = owner.trainable
    drawn_as = operation.type if operation.type == "Const" and value is None else _NAMES.get(operation.type)
    return {
        "name": operation.name,
        "op": drawn_as or operation.type,
        "type": operation.type,
        "part": "updates" if tensor is None else "forward",
        "dtype": None if tensor is None else tensor.dtype.name,
        "shape": None if tensor is None or tensor.shape.ndims is None else tensor.shape.as_list(),
        "inputs": _inputs(operation),
        "controls": [each.name for each in operation.control_inputs],
        "attrs": attrs,
    }


def _inputs(operation: Operation) -> list[str]:
    """The operations whose values it uses, and the variable that it reads or sets."""
    names = [tensor.op.name for tensor in operation.inputs]
    node = operation.node
    if node is None or (names and operation.effect is None):
        return names
    owner = operation.graph.variables.get(node.attrs.get("variable", node))
    return names if owner is None else [owner.op.name, *names]


def _constant(operation: Operation) -> Any:
    """The value of a constant as nested lists, if its numbers are few and finite; None otherwise."""
    value = operation.outputs[0].node.attrs.get("value") if operation.outputs else None
    if not isinstance(value, np.ndarray) or value.dtype == object or value.size > _MOST_NUMBERS:
        return None
    return value.tolist() if np.isfinite(value).all() else None
