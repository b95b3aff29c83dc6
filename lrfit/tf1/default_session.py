"""The default session of a thread: that of the innermost `with` block, or the last interactive one."""

from __future__ import annotations

from threading import local
from typing import Any

__all__ = ["get_default_session"]

_local = local()


def sessions() -> list[Any]:
    """The sessions that are the default of this thread, the innermost last."""
    found: list[Any] = _local.__dict__.setdefault("sessions", [])
    return found


def get_default_session() -> Any:
    """The session whose `with` block this is, or the last interactive one; None if there is none."""
    return sessions()[-1] if sessions() else None


def session_for(session: Any, what: str) -> Any:
    """The session, or the default one.

    Args:
        session: The session; None for the default one.
        what: What cannot be done without a session, for the message.

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
