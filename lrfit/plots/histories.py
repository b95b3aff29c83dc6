"""HISTORY files: the loss of recorded runs, in one picture."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from lrfit.history_file import History, read_history
from lrfit.inputs import Inputs
from lrfit.picture import Picture
from lrfit.pictures.loss import loss_picture
from lrfit.terminal import Terminal
from lrfit.titles import file_title

__all__ = ["read", "recorded"]

_MOST_NAMED = 2
"""Runs that a title names."""


def read(
    inputs: Inputs,
    options: dict[str, Any],  # noqa: ARG001 (of one family)
    terminal: Terminal,  # noqa: ARG001
) -> Callable[[], Picture]:
    """Reads the histories."""
    runs = recorded(inputs)
    last = max(int(history.epochs[-1]) for history in runs.values())
    names = " and ".join(map(file_title, runs)) if len(runs) <= _MOST_NAMED else f"{len(runs)} runs"
    return lambda: loss_picture(runs, title=f"loss of {names}, up to epoch {last:,}")


def recorded(inputs: Inputs) -> dict[str, History]:
    """The histories by what the legend calls them: file names, or paths where some of these are the same.

    Raises:
        DataError: One cannot be opened, or is no history.
    """
    labels = [Path(path).name for path in inputs.histories]
    if len(set(labels)) < len(labels):
        labels = list(inputs.histories)
    return {label: read_history(path) for label, path in zip(labels, inputs.histories, strict=True)}
