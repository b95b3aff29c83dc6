"""Old names: arguments that may be given under the name that they had before."""

from __future__ import annotations

from typing import Any

__all__ = ["chosen"]


def chosen(name: str, value: Any, old_name: str, old_value: Any) -> Any:
    """The value of an argument that may be given under its old name.

    Raises:
        ValueError: It is given under both.
    """
    if value is not None and old_value is not None:
        raise ValueError(f"Cannot specify both {old_name!r} and {name!r}: they are one argument")
    return old_value if value is None else value
