"""HISTORY files: the loss of recorded runs, in one picture."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click

from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.plots.request import PlotRequest
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import file_title
from lrfit.training.history import History
from lrfit.training.history_file import read_history
from lrfit.views.picture import Picture
from lrfit.views.pictures.loss import loss_picture

__all__ = ["names_of", "read", "recorded"]

_MOST_NAMED = 2
"""Largest number of runs that a title names."""


def read(request: PlotRequest, terminal: Terminal) -> Callable[[], Picture]:  # noqa: ARG001 (one of a family)
    """Read the histories."""
    runs = recorded(request.files)
    last = max(int(history.epochs[-1]) for history in runs.values())
    return lambda: loss_picture(runs, title=f"Loss of {names_of(runs)}, up to epoch {last}")


def names_of(runs: Mapping[str, History]) -> str:
    """The names of the runs in a title."""
    return " and ".join(map(file_title, runs)) if len(runs) <= _MOST_NAMED else f"{len(runs)} runs"


def recorded(files: FileKinds) -> dict[str, History]:
    """The histories by their labels in the legend: file names, or paths if file names are the same.

    Raises:
        click.UsageError: One is given twice.
        DataError: One cannot be opened, or is not a history.
    """
    labels = [Path(path).name for path in files.histories]
    if len(set(labels)) < len(labels):
        labels = list(files.histories)
    if len(set(labels)) < len(labels):
        raise click.UsageError("a HISTORY is given twice: there is nothing to compare")
    return {label: read_history(path) for label, path in zip(labels, files.histories, strict=True)}
