"""Texts for messages: foreign text made safe to print, and settings as their user writes them.

The library speaks in names of settings, as Python writes arguments: `momentum=0.9`. Whoever puts another
face on it sets a spelling of its own, as the command line does: `--momentum 0.9`. So each message names what
its reader can type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

__all__ = ["Spelling", "listed", "printable", "shown", "spelled", "spelling"]

SHOWN_WIDTH = 80
"""Characters of a name or cell that a message shows before it cuts the rest off."""

MOST_LISTED = 10
"""Names that a message lists."""

Spelling: TypeAlias = Callable[[Mapping[str, object]], str]
"""A function that writes settings and their values as a user would."""


def shown(text: str, width: int | None = SHOWN_WIDTH) -> str:
    r"""Text of outside origin made safe to print: quoted, unprintable characters escaped, shortened.

    Args:
        text: A name, cell, path or value, of any length.
        width: Characters between the quotes before the rest is cut off; None for all of them.

    Examples:
        >>> print(shown("speed"))
        'speed'
        >>> print(shown("red\x1b[31m"))
        'red\x1b[31m'
        >>> print(len(shown("9" * 1000)), len(shown("9" * 1000, width=None)))
        83 1002
    """
    start = text[:width]
    escape = "".join(c if c.isprintable() and c not in "\\'" else _escape(c) for c in start)
    mark = "" if start == text and escape == escape[:width] else "…"
    return f"'{escape[:width]}{mark}'"


def printable(message: str) -> str:
    r"""A message in which foreign text may stand as it came: a line, unprintable characters escaped, cut.

    Examples:
        >>> print(printable("no such option '\x9b'"))
        no such option '\x9b'
    """
    return "".join(c if c.isprintable() else _escape(c) for c in message[:1000])[:1000]


def _escape(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    return character.encode("unicode_escape", "surrogatepass").decode("ascii")


def listed(names: Sequence[str], most: int = MOST_LISTED) -> str:
    """Names of outside origin, one after the other, each made safe to print; `most` of them at most.

    Examples:
        >>> listed(["x", "y", "z"], most=2)
        "'x', 'y' and 1 more"
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown, names[:most])) + more


def spelled(**settings: object) -> str:
    """The settings as the user of the moment writes them; `...` stands for any value.

    Examples:
        >>> spelled(standardize=True, learning_rate="auto")
        "standardize=True, learning_rate='auto'"
        >>> spelled(encoding=...)
        'encoding'
    """
    return _spelling.get()(settings)


@contextmanager
def spelling(spell: Spelling) -> Iterator[None]:
    """Within the block, messages write settings in this way."""
    token = _spelling.set(spell)
    try:
        yield
    finally:
        _spelling.reset(token)


def _as_arguments(settings: Mapping[str, object]) -> str:
    return ", ".join(_as_argument(name, value) for name, value in settings.items())


def _as_argument(name: str, value: object) -> str:
    if value is ...:
        return name
    return f"{name}={shown(value) if isinstance(value, str) else repr(value)}"


_spelling: ContextVar[Spelling] = ContextVar("spelling", default=_as_arguments)
