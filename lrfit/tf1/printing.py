"""Printing: a tensor that, whenever it is computed, prints others to stderr."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from lrfit.graph.nodes import Node, Op
from lrfit.tf1.building import apply
from lrfit.tf1.session_ops import session_op
from lrfit.tf1.tensors import Tensor

__all__ = ["Print"]


_text = Op(
    "text", lambda *values, message, summarize: _line(values, message, summarize), lambda *_, **__: (), None
)
"""text(*values, message=, summarize=): the line that is printed."""

_printed = session_op("printed", lambda x, _text, **_: x, (lambda g, _y, _x, _text: g, None))
"""printed(x, text, kernel_in=): x; a session prints the text, and counts how often it has."""


def _starting(key: str, first_n: int, session: Any) -> Callable[[Any, str], Any]:
    """The function that prints in a session, the first few times; always if their number is below 0."""

    def printed(x: Any, text: str) -> Any:
        n_before = session.states.get((_printed, key), 0)
        session.states[_printed, key] = n_before + 1
        if first_n < 0 or n_before < first_n:
            sys.stderr.write(f"{text}\n")
        return x

    return printed


def Print(  # noqa: N802 (TensorFlow's name)
    input_: Any,
    data: Sequence[Any],
    message: str | None = None,
    first_n: int | None = None,
    summarize: int | None = None,
    name: str | None = None,
) -> Tensor:
    """`input_`; whenever it is computed, a line of the message and the values goes to stderr.

    Args:
        input_: A tensor.
        data: The tensors to print.
        message: What the line starts with.
        first_n: How often a session prints at most; always if None.
        summarize: How many elements of each tensor are printed; 3 if None, all if -1.
        name: The name of the operation.
    """
    shown = {"message": message or "", "summarize": 3 if summarize is None else summarize}
    n_times = -1 if first_n is None else first_n

    def built(x: Node, *values: Node, name: str) -> Node:
        text = _text(*values, name=f"{name}/text", **shown)
        return _printed(x, text, kernel_in=partial(_starting, name, n_times), name=name)

    inputs = {"input": input_, **{f"data_{i}": value for i, value in enumerate(data)}}
    tensor = apply("Print", built, inputs, name=name, same=())
    tensor.op.effect = tensor.node
    return tensor


def _line(values: Sequence[Any], message: str, summarize: int) -> str:
    """The line, in TensorFlow's form.

    Examples:
        >>> _line([np.float32(0.1), np.arange(9).reshape(3, 3)], "x: ", 4)
        'x: [0.1][[0 1 2][3...]...]'
    """
    return message + "".join(f"[{_summary(np.atleast_1d(value), summarize)}]" for value in values)


def _summary(x: Any, summarize: int) -> str:
    n_shown = x.size if summarize < 0 else min(summarize, x.size)
    dots = "..." if x.ndim > 1 and n_shown < x.size else ""
    return _shown(x, n_shown) + dots


def _shown(x: Any, n_left: int) -> str:
    """The first elements, at most `n_left` in all."""
    if x.ndim == 1:
        return " ".join(map(_element, x[:n_left])) + ("..." if n_left < x.size else "")
    texts = []
    for row in x:
        if n_left <= 0:
            break
        texts.append(f"[{_shown(row, n_left)}]")
        n_left -= row.size
    return "".join(texts)


_ESCAPES = str.maketrans({"\\": r"\\", "\n": r"\n", "\r": r"\r", "\t": r"\t", '"': r"\"", "'": r"\'"})
_DIGITS = {2: (3, 5), 4: (6, 9), 8: (15, 17)}
"""By the size of a float in bytes: the number of digits to show, and that which tells it from all others."""


def _element(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode(errors="replace").translate(_ESCAPES)
    if value.dtype.kind != "f":
        return str(int(value))
    short, long = (f"{float(value):.{n_digits}g}" for n_digits in _DIGITS[value.itemsize])
    return short if type(value)(short) == value or not np.isfinite(value) else long
