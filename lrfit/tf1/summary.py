"""`tf.summary`: values that are recorded while a script runs, and the writer of the graph.

A summary is a line of JSON as bytes, with a tag, a kind and a value; several are several lines. The writer
adds the step to each line, and appends it to a file of its folder, after the graph.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lrfit.graph.nodes import Node, Op
from lrfit.tf1.building import apply, convert_to_tensor
from lrfit.tf1.dtypes import float32, string
from lrfit.tf1.errors import InvalidArgumentError
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.refusals import refuser
from lrfit.tf1.summary_writer import FileWriter
from lrfit.tf1.tensors import Tensor

__all__ = ["FileWriter", "Summary", "audio", "histogram", "image", "merge", "merge_all", "scalar", "text"]

__getattr__ = refuser(__name__)


class SummaryValue(NamedTuple):
    """A tag and a number, as `tf.Summary.Value(tag=…, simple_value=…)`."""

    tag: str
    simple_value: float


class Summary:
    """A summary that a script makes of `Summary.Value` by itself, without an operation.

    Args:
        value: Its values.
    """

    Value = SummaryValue

    def __init__(self, value: Sequence[SummaryValue] = ()) -> None:
        self.value = list(value)

    def SerializeToString(self) -> bytes:  # noqa: N802 (TensorFlow's name)
        """The lines of JSON."""
        return b"\n".join(_line(each.tag, "scalar", _number(float(each.simple_value))) for each in self.value)


def _line(tag: str, kind: str, value: object) -> bytes:
    return json.dumps({"tag": tag, "kind": kind, "value": value}, allow_nan=False).encode()


def _number(value: float) -> float | str:
    """A number in the form for JSON; as text if it is not finite."""
    return value if isfinite(value) else {"inf": "Infinity", "-inf": "-Infinity"}.get(str(value), "NaN")


def _scalar_value(x: Any, tag: str) -> object:
    if np.ndim(x):
        raise InvalidArgumentError(
            f"tags and values are not the same shape: [] != {list(np.shape(x))} (tag {tag!r}): "
            "tf.summary.scalar takes one number, such as tf.reduce_mean(x)"
        )
    return _number(float(x))


def _histogram_value(x: Any, tag: str) -> object:
    if not np.isfinite(x).all():
        raise InvalidArgumentError(f"Nan in summary histogram for: {tag}")
    values = np.asarray(x, np.float64)
    limits = {"min": values.min(), "max": values.max()} if values.size else {"min": 0.0, "max": 0.0}
    sums = {"num": values.size, "sum": values.sum(), "sum_squares": np.square(values).sum()}
    return {name: float(value) for name, value in (limits | sums).items()}


def _shape_value(x: Any, tag: str) -> object:
    return {"shape": list(np.shape(x))}


def _text_value(x: Any, tag: str) -> object:
    texts = np.asarray(x, object)
    shown = [each.decode(errors="replace") if isinstance(each, bytes) else str(each) for each in texts.flat]
    return shown if texts.ndim else shown[0]


_VALUES: dict[str, Callable[[Any, str], object]] = {
    "scalar": _scalar_value,
    "histogram": _histogram_value,
    "image": _shape_value,
    "audio": _shape_value,
    "text": _text_value,
}
"""The function for what is kept of a value, by kind of summary; of pictures and sounds, the shape."""


def _bytes(content: bytes) -> npt.NDArray[Any]:
    return np.array(content, object)


_summary = Op(
    "summary",
    lambda x, tag, kind: _bytes(_line(tag, kind, _VALUES[kind](x, tag))),
    lambda _, **__: (),
    (None,),
)
_merged = Op("merge_summaries", lambda *lines: _bytes(b"\n".join(map(_item, lines))), lambda *_: (), None)


def _item(value: Any) -> bytes:
    return bytes(value.item() if isinstance(value, np.ndarray) else value)


@contextmanager
def _scope(name: str, family: str | None) -> Iterator[tuple[str, str]]:
    """The tag of a summary and the scope of its operation, for a name in this family."""
    name, family = _clean(name), family and _clean(family)
    with get_default_graph().name_scope(f"{family}/{name}" if family else name) as scope:
        tag = scope.removesuffix("/")
        yield (f"{family}/{tag}" if family else tag), scope


def _clean(name: str) -> str:
    """The name, with "_" in the place of characters that a name of an operation may not have."""
    return re.sub(r"[^-/\w.]", "_", name, flags=re.ASCII).lstrip("/")


def summary_tensor(
    kind: str, op: str, tag: str, inputs: dict[str, Any], collections: Sequence[str] | None, name: str | None
) -> Tensor:
    """The tensor of a summary of the second of these inputs, in these collections."""

    def built(*nodes: Node, name: str) -> Node:
        return _summary(nodes[1], tag=tag, kind=kind, name=name)

    tensor = apply(op, built, inputs, name=name, same=(), dtype=string)
    for key in [GraphKeys.SUMMARIES] if collections is None else collections:
        tensor.graph.add_to_collection(key, tensor)
    return tensor


def scalar(
    name: str, tensor: Any, collections: Sequence[str] | None = None, family: str | None = None
) -> Tensor:
    """A summary of a number."""
    with _scope(name, family) as (tag, scope):
        return summary_tensor(
            "scalar", "ScalarSummary", tag, {"tags": tag, "values": tensor}, collections, scope
        )


def histogram(
    name: str, values: Any, collections: Sequence[str] | None = None, family: str | None = None
) -> Tensor:
    """A summary of many numbers: their number, extremes, sum, and sum of squares."""
    with _scope(name, family) as (tag, scope):
        return summary_tensor(
            "histogram", "HistogramSummary", tag, {"tag": tag, "values": values}, collections, scope
        )


def image(
    name: str,
    tensor: Any,
    max_outputs: int = 3,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of pictures, of which only the shape is kept."""
    with _scope(name, family) as (tag, scope):
        return summary_tensor(
            "image", "ImageSummary", tag, {"tag": tag, "tensor": tensor}, collections, scope
        )


def audio(
    name: str,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Sequence[str] | None = None,
    family: str | None = None,
) -> Tensor:
    """A summary of sounds, of which only the shape is kept."""
    with _scope(name, family) as (tag, scope):
        rate = convert_to_tensor(sample_rate, float32, "sample_rate")
        inputs = {"tag": tag, "tensor": tensor, "sample_rate": rate}
        return summary_tensor("audio", "AudioSummaryV2", tag, inputs, collections, scope)


def text(name: str, tensor: Any, collections: Sequence[str] | None = None) -> Tensor:
    """A summary of texts.

    Raises:
        ValueError: The tensor is not made of texts.
    """
    if tensor.dtype is not string:
        raise ValueError(f"Expected tensor {tensor.name} to have dtype string, got {tensor.dtype}")
    with _scope(name, None) as (tag, scope):
        return summary_tensor(
            "text", "TensorSummaryV2", tag, {"tag": tag, "tensor": tensor}, collections, scope
        )


def merge(
    inputs: Sequence[Tensor], collections: Sequence[str] | None = None, name: str | None = None
) -> Tensor:
    """A summary that consists of these.

    Raises:
        ValueError: There are none.
    """
    if not inputs:
        raise ValueError(
            "List argument 'inputs' to 'MergeSummary' Op with length 0 shorter than minimum length 1."
        )
    with inputs[0].graph.name_scope(name or "Merge"):
        named = {f"inputs_{i}": tensor for i, tensor in enumerate(inputs)}
        tensor = apply("MergeSummary", _merged, named, same=(), dtype=string)
    for key in collections or ():
        tensor.graph.add_to_collection(key, tensor)
    return tensor


def merge_all(
    key: str = GraphKeys.SUMMARIES, scope: str | None = None, name: str | None = None
) -> Tensor | None:
    """A summary that consists of all those of the default graph; None if it has none."""
    found = get_default_graph().get_collection(key, scope)
    return merge(found, name=name) if found else None
