"""Texts for messages: foreign text made safe to print, and settings as their user writes them.

The library names settings as Python writes arguments: `momentum=0.9`. Another face of the library can set its
own spelling, as the command line does: `--momentum 0.9`. So each message names what its reader can type.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from shlex import quote
from typing import TypeAlias

__all__ = ["Spelling", "listed", "pasteable", "printable", "rows_text", "shown", "spelled", "spelling"]

SHOWN_WIDTH = 80
"""Number of characters of a name or cell that a message shows before it cuts off the rest."""

MOST_LISTED = 10
"""Number of names that a message lists."""

Spelling: TypeAlias = Callable[[Mapping[str, object]], str]
"""A function that writes settings, by name, as their user would."""


def shown(text: str, width: int | None = SHOWN_WIDTH) -> str:
    r"""Foreign text made safe to print: quoted, with unprintable characters escaped, and cut off if long.

    Args:
        text: A name, cell, path or value from outside, of any length.
        width: Number of characters between the quotes before the rest is cut off; None to show all.

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


def pasteable(path: str) -> str:
    r"""A path as it can be pasted into a shell; or escaped, if it could control a terminal.

    Examples:
        >>> print(pasteable("data.csv"), pasteable("my data.csv"), pasteable("red\x1b[31m"))
        data.csv 'my data.csv' 'red\x1b[31m'
    """
    return quote(path) if path.isprintable() else shown(path, width=None)


def rows_text(n_rows: int) -> str:
    """A number of rows.

    Examples:
        >>> rows_text(1), rows_text(17)
        ('1 row', '17 rows')
    """
    return f"{n_rows} row{'s' * (n_rows != 1)}"


def printable(message: str) -> str:
    r"""A message that may contain foreign text, made one line: unprintable characters escaped, long text cut.

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
    """The first `most` of some foreign names, each made safe to print, and the number of the others.

    Examples:
        >>> listed(["x", "y", "z"], most=2)
        "'x', 'y' and 1 more"
    """
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(map(shown, names[:most])) + more


def spelled(**settings: object) -> str:
    """The settings as the current user writes them; the value `...` stands for any value.

    Examples:
        >>> spelled(standardize=True, learning_rate="auto")
        "standardize=True, learning_rate='auto'"
        >>> spelled(encoding=...)
        'encoding'
    """
    return _spelling.get()(settings)


@contextmanager
def spelling(spell: Spelling) -> Iterator[None]:
    """Within the block, `spelled` writes settings by this function."""
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
