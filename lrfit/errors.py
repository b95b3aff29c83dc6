"""What can be wrong with what lrfit is given, as exceptions; and how text of outside origin is shown.

Everything that a caller may want to catch derives from `LrfitError`. Each message is for people: what is
wrong, where, and how to mend it. The command line turns an `LrfitError` into one line and `exit_code`.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "DataError",
    "DivergenceError",
    "FeedError",
    "GraphError",
    "LrfitError",
    "ModelFileError",
    "OutputError",
    "ShapeError",
    "UsageError",
]

SHOWN_WIDTH = 80
"""Characters of a name or cell that a message shows before it cuts the rest off."""


class LrfitError(Exception):
    """Something that lrfit was given cannot be used; base of all errors raised on purpose."""

    exit_code: ClassVar[int] = 1


class GraphError(LrfitError):
    """A graph is built, fed or run in a way that it does not allow."""


class ShapeError(GraphError):
    """Shapes that do not fit together; the message names both."""


class FeedError(GraphError):
    """A feed that is missing, unknown, of a wrong shape or not numeric."""


class DataError(LrfitError):
    """Data that cannot be opened, read as numbers, or computed with; the message says where."""


class ModelFileError(LrfitError):
    """A model document that is not one; the message names the field."""


class OutputError(LrfitError):
    """A result that cannot be written where it should go."""


class UsageError(LrfitError):
    """A setting that is not valid, or contradicts another or the data."""

    exit_code = 2


class DivergenceError(LrfitError):
    """Gradient descent that moved away from the minimum; the message says why and what to try."""

    exit_code = 3


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
