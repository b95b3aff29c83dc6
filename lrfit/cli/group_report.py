"""Reports on the lines of groups: a table with a row for each group. Nothing here prints."""

from __future__ import annotations

from collections.abc import Sequence

from lrfit.cli.text_columns import aligned, bare
from lrfit.data.csv.writer import csv_line
from lrfit.model.document import ModelDocument
from lrfit.views.number_texts import NumberText, all_digits

__all__ = ["groups_csv", "groups_text"]


def groups_text(fits: Sequence[ModelDocument], number_text: NumberText = all_digits) -> str:
    """A row for each group: its level, its parameters, and how well its line fits."""
    titles, *rows = _rows(fits, number_text)
    return aligned([tuple(titles), *((bare(row[0]), *row[1:]) for row in rows)])


def groups_csv(fits: Sequence[ModelDocument], separator: str) -> str:
    """The same as CSV, with all digits."""
    rows = _rows(fits, all_digits)
    return "".join(
        csv_line([cell if cell != "n/a" else "" for cell in row], separator) + "\n" for row in rows
    )


def _rows(fits: Sequence[ModelDocument], number_text: NumberText) -> list[list[str]]:
    """The titles, and a row for each group."""
    group = fits[0].group
    names = list(dict.fromkeys(name for fit in fits for name in fit.weights))
    has_intercept = any(fit.training is None or fit.training.fit_intercept for fit in fits)
    titles = [
        group.column if group else "",
        *names,
        *["intercept"] * has_intercept,
        "n_samples",
        "rmse",
        "r2",
    ]
    return [titles, *(_row(fit, names, number_text, has_intercept=has_intercept) for fit in fits)]


def _row(
    fit: ModelDocument, names: Sequence[str], number_text: NumberText, *, has_intercept: bool
) -> list[str]:
    if fit.data is None or fit.group is None:
        raise ValueError("the fit is not that of a group")
    errors = fit.data.least_squares.standard_errors
    parameters = [(fit.weights.get(name), errors.get(name)) for name in names]
    parameters += [(fit.intercept, errors.get("intercept"))] * has_intercept
    numbers = [*parameters, (fit.data.rmse, None), (fit.data.r2, None)]
    texts = ["n/a" if value is None else number_text(value, error) for value, error in numbers]
    return [fit.group.level, *texts[:-2], str(fit.data.n_samples), *texts[-2:]]
