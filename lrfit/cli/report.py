"""Reports: results of training and evaluations as text. Nothing here prints.

Reports go to stdout: they are never cut, and their numbers read back to the same bits. (The lines of the
progress table are for reading only: they have up to eight digits, and as many columns as fit.)
"""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf, isfinite
from typing import TYPE_CHECKING

from lrfit.cli.text_columns import aligned, bare

if TYPE_CHECKING:
    from lrfit.model.document import DataSummary, ModelDocument, TrainingSummary
    from lrfit.model.evaluation import Evaluation

__all__ = [
    "evaluation_json",
    "evaluation_text",
    "fit_text",
]

_NEGLIGIBLE = 1e-24
"""Share of the best constant's loss up to which the least loss is rounding, with no relative excess."""


def fit_text(fit: ModelDocument) -> str:
    """The report on a model that was just trained: its parameters, those of least squares, and measures."""
    if fit.training is None or fit.data is None:
        raise ValueError("the fit was not trained here")
    return (
        aligned(_parameter_rows(fit, fit.training, fit.data))
        + "\n"
        + aligned(_measures(fit.training, fit.data))
    )


def _parameter_rows(
    fit: ModelDocument, training: TrainingSummary, data: DataSummary
) -> list[tuple[str, ...]]:
    """Each parameter, with its least-squares value and the standard error of that value.

    With a penalty, the optimum of descent differs from least squares; it has a column between the two.
    """
    best = data.least_squares
    columns: dict[str, dict[str, float | None]] = {"value": {**fit.weights, "intercept": fit.intercept}}
    if data.optimum:
        columns["optimum"] = {**data.optimum.weights, "intercept": data.optimum.intercept}
    columns["least_squares"] = {**best.weights, "intercept": best.intercept}
    columns["standard_error"] = {**best.standard_errors}
    names = [*fit.weights, *["intercept"] * training.fit_intercept]
    numbers = [(bare(name), *(_number(column[name]) for column in columns.values())) for name in names]
    return [("parameter", *columns), *numbers]


def _measures(training: TrainingSummary, data: DataSummary) -> list[tuple[str, ...]]:
    best = data.least_squares
    excess = max(0.0, training.loss - best.loss)
    negligible = best.loss <= _NEGLIGIBLE * data.best_constant_loss or not data.best_constant_loss
    relative = inf if negligible else excess / best.loss
    validation = [
        ("validation_loss", _number(training.validation_loss), f"on {data.n_held_out} rows not trained on")
    ]
    return [
        ("n_samples", str(data.n_samples), ""),
        ("loss", _number(training.loss), "half the mean squared residual"),
        *validation * (training.validation_loss is not None),
        ("rmse", _number(data.rmse), "in the units of the target"),
        ("r2", _number(data.r2), "1 - loss / best_constant_loss"),
        ("least_squares_loss", _number(best.loss), "the least that a line can reach"),
        ("excess_loss", _number(excess), "loss - least_squares_loss"),
        ("relative_excess", _finite(relative), "excess_loss / least_squares_loss"),
        ("best_constant_loss", _number(data.best_constant_loss), "of predicting the mean"),
    ]


def evaluation_text(evaluation: Evaluation) -> str:
    """An evaluation as text, one measure per line."""
    return aligned([(name, _number(value)) for name, value in asdict(evaluation).items()])


def evaluation_json(evaluation: Evaluation) -> str:
    """An evaluation as a JSON object."""
    return json.dumps(asdict(evaluation), indent=1, allow_nan=False) + "\n"


def _number(value: float | None) -> str:
    return "n/a" if value is None else repr(value)


def _finite(value: float) -> str:
    return _number(value if isfinite(value) else None)
