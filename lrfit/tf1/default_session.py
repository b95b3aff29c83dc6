"""The default session: that of the innermost `with` block, or the last interactive one."""

from __future__ import annotations

from typing import Any

__all__ = ["get_default_session"]

sessions: list[Any] = []
"""Sessions that are the default, the innermost last."""


def get_default_session() -> Any:
    """The session whose `with` block this is, or the last interactive one; None if there is none."""
    return sessions[-1] if sessions else None


def session_for(session: Any, what: str) -> Any:
    """The session, or the default one.

    Args:
        session: The session; None for the default one.
        what: The thing that cannot be done without, for the message.

    Raises:
        ValueError: There is no default session.
    """
    found = session or get_default_session()
    if found is None:
        raise ValueError(
            f"Cannot {what}: No default session is registered. Use `with tf.Session():` or pass an "
            "explicit session"
        )
    return found
