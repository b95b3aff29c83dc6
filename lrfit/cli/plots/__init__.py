"""Plots: what `lrfit plot` draws, by kinds of files; each module has `read`, for one row of `PLOTS`.

`read` takes the request and the terminal. It reads all that it needs, and returns a function that makes the
picture. They are separate because reading may fork, and only the work after it is watched for signals.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import TypeAlias

import click

from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.plots import histories, model, paths, run
from lrfit.cli.plots.request import PlotRequest
from lrfit.cli.table_options import COLUMN_NAMES, CSV_NAMES, MODEL_COLUMN_NAMES
from lrfit.cli.terminal import Terminal
from lrfit.training.settings import TrainingSettings
from lrfit.views.picture import Picture

__all__ = ["PLOTS", "Plot", "PlotRequest", "kind_of", "plot_of"]

Read: TypeAlias = Callable[[PlotRequest, Terminal], Callable[[], Picture]]

_SETTINGS = frozenset(f.name for f in fields(TrainingSettings))


@dataclass(frozen=True)
class Plot:
    """The pictures that can be drawn from some kinds of files.

    Attributes:
        of: Kinds of the files, as in `FileKinds.counts`.
        called: Name of these files in messages.
        kinds: Kinds of pictures; the first one is the default.
        options: Options of the command that say how the files are read, or what is done with them.
        read: Reads the files; see the module.
    """

    of: frozenset[str]
    called: str
    kinds: tuple[str, ...]
    options: frozenset[str]
    read: Read


PLOTS = (
    Plot(
        of=frozenset({"data"}),
        called="DATA alone",
        kinds=("fit", "loss", "surface"),
        options=CSV_NAMES | COLUMN_NAMES | _SETTINGS,
        read=run.read,
    ),
    Plot(
        of=frozenset({"data", "model"}),
        called="MODEL and DATA",
        kinds=("fit",),
        options=CSV_NAMES | MODEL_COLUMN_NAMES,
        read=model.read,
    ),
    Plot(
        of=frozenset({"history"}),
        called="HISTORY files",
        kinds=("loss",),
        options=frozenset(),
        read=histories.read,
    ),
    Plot(
        of=frozenset({"data", "history"}),
        called="DATA and HISTORY files",
        kinds=("surface",),
        options=CSV_NAMES | COLUMN_NAMES,
        read=paths.read,
    ),
)


def plot_of(inputs: FileKinds) -> Plot:
    """The plot for these files.

    Raises:
        click.UsageError: There is no plot for them.
    """
    counts = inputs.counts
    if counts.get("model", 1) == 1:
        for plot in PLOTS:
            if plot.of == counts.keys():
                return plot
    wanted = ", or ".join(plot.called for plot in PLOTS)
    there = ", ".join(f"{what}: {n}" for what, n in counts.items())
    raise click.UsageError(f"FILES are {wanted}; these are {there}")


def kind_of(plot: Plot, wanted: str | None) -> str:
    """The kind of the picture: `wanted`, or the default if None.

    Raises:
        click.UsageError: It cannot be drawn from these files.
    """
    if wanted and wanted not in plot.kinds:
        others = " or ".join(other.called for other in PLOTS if wanted in other.kinds)
        raise click.UsageError(f"--kind {wanted} needs {others}, not {plot.called}")
    return wanted or plot.kinds[0]
