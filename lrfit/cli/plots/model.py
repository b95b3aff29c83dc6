"""MODEL and DATA: the fit of the model, on these data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import inf
from typing import Any

from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title, file_title
from lrfit.cli.training_data import TrainingData, check_size, read_training_data
from lrfit.data.row_store import RowStore
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load
from lrfit.model.prediction import predictor
from lrfit.system.optional import import_optional
from lrfit.training.settings import TrainingSettings
from lrfit.views.picture import Picture
from lrfit.views.pictures.fit import fit_picture

__all__ = ["picture_of_fit", "read"]


def read(inputs: FileKinds, options: dict[str, Any], terminal: Terminal) -> Callable[[], Picture]:
    """Reads the model, and of the data the columns that it names."""
    (model,), (path,) = inputs.models, inputs.data
    fit = load(model)
    columns = options | {"data": path}
    data = read_training_data(columns, TrainingSettings(), terminal, fit, keep_rows=inf)
    check_size(data)
    title = f"{file_title(model)} on {data_title(data, path)}"
    intercept = fit.training.fit_intercept if fit.training else True
    return lambda: picture_of_fit(fit, data, title, intercept=intercept)


def picture_of_fit(fit: ModelDocument, data: TrainingData, title: str, *, intercept: bool) -> Picture:
    """The picture of a fit on data.

    Args:
        fit: The fit.
        data: With their rows, of the columns of the fit.
        title: What both are called.
        intercept: Whether the model has one.

    Raises:
        UsageError: scipy is not installed, and there is a confidence band to be drawn.
    """
    picture = fit_picture(
        fit,
        data.rows or RowStore(),
        data.sample.moments,
        predict=predictor(fit),
        t_quantile=lambda n: float(import_optional("scipy.special", "a confidence band").stdtrit(n, 0.975)),
        intercept=intercept,
        title=f"Fit of {title}",
    )
    if not data.held_out:
        return picture
    note = f"rows held out for validation ({data.held_out.n_samples}) are not drawn"
    return replace(picture, notes=(*picture.notes, note))
