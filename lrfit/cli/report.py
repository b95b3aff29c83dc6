"""Reports: results of training and evaluations as text. Nothing here prints.

Reports go to stdout. They are never cut, and unless fewer digits are asked for, their numbers read back to
the same bits.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import inf, isfinite
from typing import TYPE_CHECKING, TypeAlias

from lrfit.cli.text_columns import aligned, bare
from lrfit.data.csv.writer import csv_line
from lrfit.views.number_texts import NumberText, all_digits, digits_of_error, significant

if TYPE_CHECKING:
    from lrfit.model.document import DataSummary, ModelDocument, TrainingSummary
    from lrfit.model.evaluation import Evaluation

__all__ = ["evaluation_csv", "evaluation_json", "evaluation_text", "fit_csv", "fit_text"]

_NO_NUMBER = "n/a"

_SHORT_TITLES = {"least_squares": "least sq.", "standard_error": "std. err."}

_INFERENCE = ("t", "p", "low_95", "high_95")

_DIGITS_OF_T, _DIGITS_OF_P = 4, 3
"""Number of digits on a terminal."""

_Columns: TypeAlias = dict[str, list[str]]
"""The cells of a table's columns, by title."""

_NEGLIGIBLE = 1e-24
"""Share of the best constant's loss up to which the least loss is rounding, with no relative excess."""


def fit_text(fit: ModelDocument, number_text: NumberText = all_digits, width: float = inf) -> str:
    """The report on a model that was just trained: its parameters, those of least squares, and measures.

    Where it is wider than `width`, inference has a table of its own; where it still is, the report has
    shorter titles, and does not say what the measures mean.
    """
    training, data = _trained(fit)
    names = {"parameter": [*map(bare, _names(fit, training))]}
    estimates = names | _estimates(fit, training, data, number_text)
    inference = _inference(training, data, number_text)
    measures = _measures(training, data, number_text)
    tables = [estimates, names | inference] if inference else [estimates]
    short = [{_SHORT_TITLES.get(title, title): cells for title, cells in table.items()} for table in tables]
    layouts = ([estimates | inference], measures, "  "), (tables, measures, "  ")
    for layout in layouts:
        text = _page(*layout)
        if max(map(len, text.splitlines())) <= width:
            return text
    return _page(short, [measure[:2] for measure in measures], " ")


def fit_csv(fit: ModelDocument, separator: str) -> str:
    """The parameters of a model that was just trained, one per line, with all digits.

    Cells are empty where a value is not defined; columns are always the same.
    """
    training, data = _trained(fit)
    names = _names(fit, training)
    inference = _inference(training, data, all_digits) or dict.fromkeys(_INFERENCE, [""] * len(names))
    columns = {"parameter": names} | _estimates(fit, training, data, all_digits) | inference
    rows = zip(*([title, *cells] for title, cells in columns.items()), strict=True)
    return _lines([[cell if cell != _NO_NUMBER else "" for cell in row] for row in rows], separator)


def _page(tables: Sequence[_Columns], measures: Sequence[tuple[str, ...]], gap: str) -> str:
    """The tables, with this gap between their columns, and the measures, with blank lines between."""
    rows = (zip(*([title, *cells] for title, cells in table.items()), strict=True) for table in tables)
    return "\n".join([*(aligned([*table], gap) for table in rows), aligned(measures)])


def _trained(fit: ModelDocument) -> tuple[TrainingSummary, DataSummary]:
    """The summaries of the training and of the data."""
    if fit.training is None or fit.data is None:
        raise ValueError("the fit was not trained here")
    return fit.training, fit.data


def _names(fit: ModelDocument, training: TrainingSummary) -> list[str]:
    return [*fit.weights, *["intercept"] * training.fit_intercept]


def _estimates(
    fit: ModelDocument, training: TrainingSummary, data: DataSummary, number_text: NumberText
) -> _Columns:
    """Each parameter's value, its least-squares value and the standard error of that.

    With a penalty, the optimum of descent differs from least squares; it has a column between the two.
    """
    best = data.least_squares
    columns: dict[str, dict[str, float | None]] = {"value": {**fit.weights, "intercept": fit.intercept}}
    if data.optimum:
        columns["optimum"] = {**data.optimum.weights, "intercept": data.optimum.intercept}
    columns["least_squares"] = {**best.weights, "intercept": best.intercept}
    columns["standard_error"] = best.standard_errors
    names = _names(fit, training)
    return {
        title: [_number(column[name], number_text, best.standard_errors[name]) for name in names]
        for title, column in columns.items()
    }


def _inference(training: TrainingSummary, data: DataSummary, number_text: NumberText) -> _Columns:
    """Each parameter's t, p and 95 % interval, of least squares; no columns where there are none."""
    best = data.least_squares
    if best.t is None or best.p is None or best.interval_95 is None:
        return {}
    of_t = of_p = number_text
    if number_text is digits_of_error:  # of the parameter, which says nothing of t and p
        of_t, of_p = significant(_DIGITS_OF_T), significant(_DIGITS_OF_P)
    low, high = (
        {k: None if ends is None else ends[i] for k, ends in best.interval_95.items()} for i in (0, 1)
    )
    columns: list[tuple[Mapping[str, float | None], NumberText]]
    columns = [(best.t, of_t), (best.p, of_p), (low, number_text), (high, number_text)]
    names = [*best.weights, *["intercept"] * training.fit_intercept]
    return {
        title: [_number(column[name], text, best.standard_errors[name]) for name in names]
        for title, (column, text) in zip(_INFERENCE, columns, strict=True)
    }


def _measures(training: TrainingSummary, data: DataSummary, number_text: NumberText) -> list[tuple[str, ...]]:
    best = data.least_squares
    excess = max(0.0, training.loss - best.loss)
    negligible = best.loss <= _NEGLIGIBLE * data.best_constant_loss or not data.best_constant_loss
    relative = inf if negligible else excess / best.loss
    validation = ("validation_loss", training.validation_loss, f"on {data.n_held_out} rows not trained on")
    measures = [
        ("n_samples", data.n_samples, ""),
        ("loss", training.loss, "half the mean squared residual"),
        *[validation] * (training.validation_loss is not None),
        ("rmse", data.rmse, "in the units of the target"),
        ("r2", data.r2, "1 - loss / best_constant_loss"),
        ("least_squares_loss", best.loss, "the least that a line can reach"),
        ("excess_loss", excess, "loss - least_squares_loss"),
        ("relative_excess", relative if isfinite(relative) else None, "excess_loss / least_squares_loss"),
        ("best_constant_loss", data.best_constant_loss, "of predicting the mean"),
    ]
    return [(name, _number(value, number_text), meaning) for name, value, meaning in measures]


def evaluation_text(evaluation: Evaluation, number_text: NumberText = all_digits) -> str:
    """An evaluation as text, one measure per line."""
    return aligned([(name, _number(value, number_text)) for name, value in asdict(evaluation).items()])


def evaluation_json(evaluation: Evaluation) -> str:
    """An evaluation as a JSON object."""
    return json.dumps(asdict(evaluation), indent=1, allow_nan=False) + "\n"


def evaluation_csv(evaluation: Evaluation, separator: str) -> str:
    """An evaluation as two lines: the names of the measures, and their values with all digits."""
    measures = {k: "" if v is None else repr(v) for k, v in asdict(evaluation).items()}
    return _lines([list(measures), list(measures.values())], separator)


def _lines(rows: Sequence[Sequence[str]], separator: str) -> str:
    return "".join(csv_line(row, separator) + "\n" for row in rows)


def _number(value: float | None, number_text: NumberText, error: float | None = None) -> str:
    if value is None:
        return _NO_NUMBER
    return str(value) if isinstance(value, int) else number_text(value, error)
