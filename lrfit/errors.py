"""Exceptions for what lrfit cannot use.

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
    """Gradient descent that moved away from the minimum; the message says why and what to try.

    Args:
        event: What happened.
        remedies: What to try instead, as sentences; empty if nothing would help.
    """

    exit_code = 3

    def __init__(self, event: str, remedies: str = "") -> None:
        super().__init__(f"{event}. {remedies}" if remedies else event)
        self.event = event
        self.remedies = remedies
