"""DATA and HISTORY files: the loss surface of the data, in their units, with the paths of recorded runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.plots.histories import names_of, recorded
from lrfit.cli.plots.run import parameters_shown
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title
from lrfit.cli.training_data import check_size, read_training_data
from lrfit.errors import DataError
from lrfit.messages import shown
from lrfit.training.history_file import History
from lrfit.training.settings import TrainingSettings
from lrfit.views.picture import Picture
from lrfit.views.pictures.surface import surface_picture

__all__ = ["read"]

_SAME_LOSS = 1e-6
"""Share of a loss within which two are the same."""


def read(inputs: FileKinds, options: dict[str, Any], terminal: Terminal) -> Callable[[], Picture]:
    """Reads the histories, and of the data the columns that they name."""
    (path,), runs = inputs.data, recorded(inputs)
    first = _first_of_one_kind(runs)
    parameters = parameters_shown(options["parameters"], first.features, intercept=first.intercept)
    columns = options | {"data": path, "x": [first.features]}
    data = read_training_data(columns, TrainingSettings(), terminal)
    check_size(data)
    moments = data.sample.moments
    _warn_of_other_rows(runs, moments, terminal)
    objective = Objective.of(moments, intercept=first.intercept)
    title = f"Loss surface of {data_title(data, path)}, {names_of(runs)}"
    return lambda: surface_picture(objective, runs, parameters, unit=1.0, title=title)


def _first_of_one_kind(runs: Mapping[str, History]) -> History:
    """The first of the histories, of which all have the same parameters."""
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
