"""DATA and HISTORY files: the loss surface of the data, in their units, with the paths of recorded runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.cli.plots.histories import names_of, recorded
from lrfit.cli.plots.request import PlotRequest, read_columns
from lrfit.cli.plots.run import parameters_shown
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled
from lrfit.training.history import History
from lrfit.views.picture import Picture
from lrfit.views.pictures.surface import surface_picture

__all__ = ["read"]

_SAME_LOSS = 1e-6
"""Relative difference up to which two losses count as the same."""


def read(request: PlotRequest, terminal: Terminal) -> Callable[[], Picture]:
    """Read the histories, and the columns that they name."""
    paths, runs = request.files.data, recorded(request.files)
    first = _first_of_one_kind(runs)
    parameters = parameters_shown(request.parameters, first.features, intercept=first.intercept)
    table = request.table_of(paths)
    if not (table.columns.x or table.columns.categories):
        table = replace(table, columns=replace(table.columns, x=first.features))
    data = _columns(table, first.features, terminal)
    if data.features != first.features:
        raise DataError(
            f"the data have the features {listed(data.features)}, and the histories {listed(first.features)}"
        )
    moments = data.moments
    _warn_of_other_rows(runs, moments, terminal)
    objective = Objective.of(moments, intercept=first.intercept)
    title = f"Loss surface of {data_title(data, paths)}, {names_of(runs)}"
    return lambda: surface_picture(objective, runs, parameters, unit=1.0, title=title)


def _columns(table: TableRequest, features: Sequence[str], terminal: Terminal) -> TrainingData:
    """The columns; where a feature is none, but a level of one, the message says the option for that."""
    try:
        return read_columns(table, terminal)
    except DataError as error:
        levels = [name for name in features if "=" in name and shown(name) in str(error)]
        if not levels or table.columns.categories:
            raise
        column, _, level = levels[0].partition("=")
        option = spelled(categories=column)
        raise DataError(f"{error}. If {shown(level)} is a word in {shown(column)}, say {option}") from error


def _first_of_one_kind(runs: Mapping[str, History]) -> History:
    """The first of the histories; raises DataError unless all have the same parameters."""
    (first_label, first), *others = runs.items()
    for label, history in others:
        if history.parameters != first.parameters:
            raise DataError(f"{shown(label)} has other parameters than {shown(first_label)}")
    return first


def _warn_of_other_rows(runs: Mapping[str, History], moments: Moments, terminal: Terminal) -> None:
    for label, history in runs.items():
        weights, b = np.split(history.theta[0], [len(history.features)])
        there, here = history.loss[0], moments.half_mse(weights, float(np.sum(b)))
        if abs(here - there) > _SAME_LOSS * here:
            terminal.warn(
                f"{shown(label)} is of a run on other rows: its first loss is {there:.6g}, and that of these "
                f"data at its parameters {here:.6g}"
            )
