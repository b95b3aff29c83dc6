"""MODEL and DATA: how the model fits the data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf

from lrfit.cli.plots.request import PlotRequest, read_columns
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title, file_title
from lrfit.data.training_data import TrainingData
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load
from lrfit.model.prediction import predictor
from lrfit.training.resuming import columns_of
from lrfit.views.picture import Picture
from lrfit.views.pictures.fit import fit_picture

__all__ = ["picture_of_fit", "read"]


def read(request: PlotRequest, terminal: Terminal) -> Callable[[], Picture]:
    """Read the model, and the columns that it names."""
    (model,), paths = request.files.models, request.files.data
    fit = load(model)
    table = columns_of(fit, request.table_of(paths))
    data = read_columns(table, terminal, most_kept=inf)
    title = f"{file_title(model)} on {data_title(data, paths)}"
    intercept = fit.training.fit_intercept if fit.training else True
    return lambda: picture_of_fit(fit, data, title, intercept=intercept)


def picture_of_fit(fit: ModelDocument, data: TrainingData, title: str, *, intercept: bool) -> Picture:
    """The picture of a model and data.

    Args:
        fit: The model.
        data: The data with their rows, in the columns of the model.
        title: Title of the model and the data.
        intercept: Whether the model has an intercept.
    """
    picture = fit_picture(
        fit,
        data,
        predict=predictor(fit),
        intercept=intercept,
        title=f"Fit of {title}",
    )
    if not data.held_out:
        return picture
    note = f"rows held out for validation ({data.held_out.n_samples}) are not drawn"
    return replace(picture, notes=(*picture.notes, note))
