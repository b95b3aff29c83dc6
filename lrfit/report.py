"""Reports: epoch records, fits and evaluations as text. Nothing here prints.

What goes to stdout is never cut, and its numbers read back to the same bits. Progress lines are for eyes:
eight digits, and as many columns as fit.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict
from math import inf, isfinite
from typing import TYPE_CHECKING

from lrfit.errors import escaped

if TYPE_CHECKING:
    from lrfit.evaluation import Evaluation
    from lrfit.fit import DataSummary, LinearFit, TrainingSummary
    from lrfit.training import EpochRecord

__all__ = [
    "ProgressTable",
    "csv_line",
    "evaluation_json",
    "evaluation_text",
    "fit_text",
    "history_header",
    "history_row",
    "is_reported",
]

_EPOCH = 8
_COLUMN = 16

_NEGLIGIBLE = 1e-24
"""Share of the best constant's loss below which a least loss is rounding, and no measure of an excess."""


class ProgressTable:
    """Progress lines: epoch, loss, its change in that epoch, and the parameters while they fit.

    Args:
        features: Names of the features.
        width: Characters of a line.
        intercept: Whether there is one.

    Attributes:
        header: Its first line.
        n_hidden: Parameters for which there is no room.
    """

    def __init__(self, features: Sequence[str], width: int, *, intercept: bool) -> None:
        n_columns = max(0, (width - _EPOCH - 2 * _COLUMN) // _COLUMN)
        self._intercept = intercept and n_columns > 0
        self._n_features = min(len(features), n_columns - self._intercept)
        names = ["W"] if len(features) == 1 else [_cut(f"W[{name}]") for name in features]
        shown_names = [*names[: self._n_features], *["b"] * self._intercept]
        self.n_hidden = len(features) + intercept - len(shown_names)
        self.header = self._line("epoch", ["loss", "change", *shown_names])

    def row(self, record: EpochRecord) -> str:
        """The line of one record."""
        change = "" if record.change is None else f"{record.change:.3g}"
        parameters = [*record.weights[: self._n_features], *[record.intercept] * self._intercept]
        return self._line(
            str(record.epoch), [f"{record.loss:.8g}", change, *(f"{p:.8g}" for p in parameters)]
        )

    @staticmethod
    def _line(epoch: str, cells: Sequence[str]) -> str:
        return f"{epoch:>{_EPOCH}}" + "".join(f" {cell:>{_COLUMN - 1}}" for cell in cells)


def is_reported(epoch: int, last: int, every: int | None) -> bool:
    """Whether progress shows this epoch: the start, the last, and every N-th; or 1, 2, 4, 8, … without N."""
    due = epoch & (epoch - 1) == 0 if every is None else epoch % every == 0
    return due or epoch in (0, last)


def fit_text(fit: LinearFit) -> str:
    """A fit that was just trained: its parameters beside the least-squares ones, and how good it is."""
    if fit.training is None or fit.data is None:
        raise ValueError("the fit was not trained here")
    return (
        _aligned(_parameter_rows(fit, fit.training, fit.data))
        + "\n"
        + _aligned(_measures(fit.training, fit.data))
    )


def _parameter_rows(fit: LinearFit, training: TrainingSummary, data: DataSummary) -> list[tuple[str, ...]]:
    """Each parameter, and what least squares makes of it; the standard error belongs to the latter."""
    best = data.least_squares
    reached = {**fit.weights, "intercept": fit.intercept}
    optimum = {**best.weights, "intercept": best.intercept}
    rows: list[tuple[str, ...]] = [("parameter", "value", "least_squares", "standard_error")]
    for name in [*fit.weights, *["intercept"] * training.fit_intercept]:
        numbers = (reached[name], optimum[name], best.standard_errors[name])
        rows.append((_bare(name), *map(_number, numbers)))
    return rows


def _measures(training: TrainingSummary, data: DataSummary) -> list[tuple[str, ...]]:
    best = data.least_squares
    excess = max(0.0, training.loss - best.loss)
    negligible = best.loss <= _NEGLIGIBLE * data.best_constant_loss or not data.best_constant_loss
    relative = inf if negligible else excess / best.loss
    return [
        ("n_samples", str(data.n_samples), ""),
        ("loss", _number(training.loss), "half the mean squared residual"),
        ("rmse", _number(data.rmse), "in the units of the target"),
        ("r2", _number(data.r2), "1 - loss / best_constant_loss"),
        ("least_squares_loss", _number(best.loss), "the least that a line can reach"),
        ("excess_loss", _number(excess), "loss - least_squares_loss"),
        (
            "relative_excess",
            _finite(relative),
            "excess_loss / least_squares_loss",
        ),
        ("best_constant_loss", _number(data.best_constant_loss), "of predicting the mean"),
    ]


def evaluation_text(evaluation: Evaluation) -> str:
    """An evaluation, a measure a line."""
    return _aligned([(name, _number(value)) for name, value in asdict(evaluation).items()])


def evaluation_json(evaluation: Evaluation) -> str:
    """An evaluation as a JSON object."""
    return json.dumps(asdict(evaluation), indent=1, allow_nan=False) + "\n"


def history_header(features: Sequence[str], *, intercept: bool) -> str:
    """The first line of a history file."""
    return csv_line(["epoch", "loss", *(f"W[{name}]" for name in features), *["b"] * intercept]) + "\n"


def history_row(record: EpochRecord, *, intercept: bool) -> str:
    """The line of a history file for one record."""
    numbers = [record.loss, *map(float, record.weights), *[record.intercept] * intercept]
    return csv_line([str(record.epoch), *map(repr, numbers)]) + "\n"


def csv_line(fields: Sequence[str], separator: str = ",") -> str:
    """Fields as a line of CSV, quoted where need be, without its end."""
    text = io.StringIO()
    csv.writer(text, delimiter=separator, lineterminator="\r\n").writerow(fields)  # quotes CR and LF
    return text.getvalue().removesuffix("\r\n")


def _number(value: float | None) -> str:
    return "n/a" if value is None else repr(value)


def _finite(value: float) -> str:
    return _number(value if isfinite(value) else None)


def _bare(name: str) -> str:
    """A name in full that cannot harm a terminal: as it is if it is one plain word, else quoted, escaped."""
    return name if name.isprintable() and name.split() == [name] else f"'{escaped(name)}'"


def _cut(name: str) -> str:
    safe = _bare(name)
    return safe if len(safe) < _COLUMN else safe[: _COLUMN - 2] + "…"


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join(_joined(row, widths) for row in rows)


def _joined(row: tuple[str, ...], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip() + "\n"
