"""Fetches: nodes in nested lists, tuples and dicts, and values in the same structure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from lrfit.errors import GraphError
from lrfit.graph.nodes import Node

__all__ = ["flattened"]


def flattened(fetches: Any) -> tuple[list[Node], Callable[[list[Any]], Any]]:  # noqa: ANN401
    """The nodes of a nested structure, and a function that puts their values into the same structure.

    Raises:
        GraphError: The structure holds something that is not a node.

    Examples:
        >>> from lrfit import constant
        >>> a, b = constant(1.0), constant(2.0)
        >>> nodes, rebuild = flattened({"a": a, "both": (a, b)})
        >>> nodes == [a, a, b]
        True
        >>> rebuild([1.0, 1.0, 2.0])
        {'a': 1.0, 'both': (1.0, 2.0)}
    """
    if isinstance(fetches, Node):
        return [fetches], lambda values: values[0]
    if isinstance(fetches, Mapping):
        nodes, rebuild = flattened(list(fetches.values()))
        return nodes, lambda values: dict(zip(fetches, rebuild(values), strict=True))
    if isinstance(fetches, (list, tuple)):
        parts = [flattened(part) for part in fetches]
        return [node for nodes, _ in parts for node in nodes], partial(_rebuilt, type(fetches), parts)
    raise GraphError(f"only nodes, in lists, tuples and dicts, can be fetched, not {fetches!r}")


def _rebuilt(kind: type, parts: list[Any], values: list[Any]) -> Any:  # noqa: ANN401
    rest = iter(values)
    built = [rebuild([next(rest) for _ in nodes]) for nodes, rebuild in parts]
    return kind(*built) if hasattr(kind, "_fields") else kind(built)
