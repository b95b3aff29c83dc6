"""Requests to `lrfit plot`: the files, how to read them, and the picture to draw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.table_options import TableOf
from lrfit.cli.terminal import Terminal
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData
from lrfit.errors import DataError
from lrfit.training.planning import overflow
from lrfit.training.reading import read_for_training
from lrfit.training.settings import TrainingSettings

__all__ = ["PlotRequest", "read_columns"]


@dataclass(frozen=True)
class PlotRequest:
    """A picture to draw, and the files to draw it from.

    Attributes:
        files: Paths by the kinds of the files.
        table_of: Makes the request for the table in some files.
        given: Settings on the command line.
        kind: Kind of the picture.
        parameters: Names of the parameters on the axes of a surface; None for the first two.
    """

    files: FileKinds
    table_of: TableOf
    given: Mapping[str, Any]
    kind: str
    parameters: list[str] | None


def read_columns(table: TableRequest, terminal: Terminal, *, most_kept: float = 0) -> TrainingData:
    """The columns of a table that are drawn, not trained on.

    Raises:
        DataError: The table cannot be read, lacks a column, or has values that are too large.
    """
    data = read_for_training(table, TrainingSettings(), terminal, most_kept=most_kept)
    if too_large := overflow(data.moments):
        raise DataError(too_large)
    return data
