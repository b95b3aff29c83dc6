"""Structures: nested tuples and dicts, whose leaves are tensors, or descriptions of them.

As in TensorFlow, the leaves of a dict come in the order of its sorted keys.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

__all__ = ["leaves", "mapped", "packed"]


def leaves(structure: Any) -> list[Any]:
    """The leaves, in order.

    Examples:
        >>> leaves(({"b": 1, "a": 2}, 3))
        [2, 1, 3]
    """
    if isinstance(structure, Mapping):
        return [leaf for key in sorted(structure) for leaf in leaves(structure[key])]
    if isinstance(structure, tuple):
        return [leaf for part in structure for leaf in leaves(part)]
    return [structure]


def packed(structure: Any, values: Iterable[Any]) -> Any:
    """The structure with these leaves in the place of its own.

    Examples:
        >>> packed(({"b": 1, "a": 2}, 3), "xyz")
        ({'b': 'y', 'a': 'x'}, 'z')
    """
    return _packed(structure, iter(values))


def _packed(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, Mapping):
        parts = {key: _packed(structure[key], values) for key in sorted(structure)}
        return {key: parts[key] for key in structure}
    if isinstance(structure, tuple):
        members = [_packed(part, values) for part in structure]
        return type(structure)(*members) if hasattr(structure, "_fields") else tuple(members)
    return next(values)


def mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure, with a function applied to its leaves.

    Examples:
        >>> mapped(str, (1, {"a": 2}))
        ('1', {'a': '2'})
    """
    return packed(structure, map(function, leaves(structure)))
