"""Errors, by TensorFlow's names, with the words that people search for, and with the cure."""

from __future__ import annotations

from lrfit.errors import GraphError, ShapeError
from lrfit.tf1.refusals import refuser

__all__ = [
    "FailedPreconditionError",
    "InvalidArgumentError",
    "NotFoundError",
    "OpError",
    "OutOfRangeError",
    "ShapesError",
    "UnimplementedError",
]

__getattr__ = refuser(__name__)


class OpError(GraphError):
    """The base of all errors of a run."""

    @property
    def message(self) -> str:
        """The text."""
        return str(self)


class FailedPreconditionError(OpError):
    """A variable has no value yet."""


class InvalidArgumentError(OpError):
    """A placeholder is not fed, or values do not fit."""


class NotFoundError(OpError):
    """A checkpoint is not there."""


class OutOfRangeError(OpError):
    """An iterator has come to its end."""


class UnimplementedError(OpError):
    """The name exists here, but this use of it does not."""


class ShapesError(ShapeError, ValueError):
    """Shapes do not fit together when the graph is built."""
