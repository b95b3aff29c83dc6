"""Exceptions: all that a caller may want to catch derives from `LrfitError`.

Each message is for people: it says what is wrong, where, and how to mend it. The command line turns an
`LrfitError` into one line and its `exit_code`.
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "ClusterError",
    "DataError",
    "DivergenceError",
    "FeedError",
    "GraphError",
    "LrfitError",
    "ModelFileError",
    "NoRowsError",
    "OutputError",
    "ShapeError",
    "UsageError",
]


class LrfitError(Exception):
    """The base of all errors that lrfit raises on purpose: something that it was given cannot be used."""

    exit_code: ClassVar[int] = 1


class GraphError(LrfitError):
    """A graph is built, fed or run in a way that is not allowed."""


class ShapeError(GraphError):
    """Shapes do not fit together; the message names both."""


class FeedError(GraphError):
    """A feed is missing, unknown, of a wrong shape, or not numeric."""


class ClusterError(LrfitError):
    """A cluster cannot be reached, has no workers, or is lost; the message says what to do."""


class DataError(LrfitError):
    """Data cannot be opened, read as numbers, or computed with; the message names the place."""


class NoRowsError(DataError):
    """A file has no rows, or none without a missing value."""


class ModelFileError(LrfitError):
    """A model file is not valid; the message names the field."""


class OutputError(LrfitError):
    """A result cannot be written to its file."""


class UsageError(LrfitError):
    """A setting is not valid, or contradicts another setting or the data."""

    exit_code = 2


class DivergenceError(LrfitError):
    """Gradient descent moved away from the minimum; the message says why, and what to try.

    Args:
        event: The event, as a clause.
        remedies: Advice on what to try instead, as sentences; empty if nothing would help.
    """

    exit_code = 3

    def __init__(self, event: str, remedies: str = "") -> None:
        super().__init__(f"{event}. {remedies}" if remedies else event)
        self.event = event
        self.remedies = remedies
