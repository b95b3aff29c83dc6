"""Reports: epoch records, fits and evaluations as text. Nothing here prints.

What goes to stdout is never cut, and its numbers read back to the same bits. Progress lines are for eyes:
eight digits, and as many columns as fit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from itertools import accumulate
from math import inf, isfinite
from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.model.document import DataSummary, ModelDocument, TrainingSummary
    from lrfit.model.evaluation import Evaluation
    from lrfit.training.loop import EpochRecord

__all__ = [
    "ProgressTable",
    "evaluation_json",
    "evaluation_text",
    "fit_text",
    "next_reported",
]

_EPOCH, _LONG, _SHORT = 7, 14, 10
"""Widths of columns, with a blank before at the least: of epochs, of eight or seven digits, of three."""

_WIDEST = 2000
"""Columns of a terminal up to which all rows of a result make room for the widest: a name has any length."""

_NEGLIGIBLE = 1e-24
"""Share of the best constant's loss below which a least loss is rounding, and no measure of an excess."""


@dataclass(frozen=True)
class _Column:
    title: str
    width: int
    n_digits: int
    number: Callable[[EpochRecord], float | None]

    def cell(self, record: EpochRecord) -> str:
        """The number, with fewer digits where there is no room for all; no number is blank."""
        number = self.number(record)
        texts = (f"{number:.{n}g}" for n in range(self.n_digits, 0, -1)) if number is not None else [""]
        return f"{next(text for text in texts if len(text) < self.width):>{self.width}}"


class ProgressTable:
    """Progress lines: epoch, loss, its change in that epoch; and how far from the optimum, while they fit.

    That is, in the order in which they give way last: the loss of validation, two parameters, the excess,
    the norm of the gradient, and the other parameters.

    Args:
        features: Names of the features.
        width: Characters of a line.
        intercept: Whether there is one.
        last_epoch: The largest number in the column of epochs.
        validation: Whether the records have a validation loss.

    Attributes:
        header: Its first line.
        n_hidden: Parameters for which there is no room.
    """

    def __init__(
        self,
        features: Sequence[str],
        width: int,
        *,
        intercept: bool,
        last_epoch: int,
        validation: bool = False,
    ) -> None:
        losses = [
            _Column("loss", _LONG, 8, lambda record: record.loss),
            _Column("change", _SHORT, 3, lambda record: record.change),
            *[_Column("validation", _LONG, 8, lambda record: record.validation_loss)] * validation,
        ]
        distances = [
            _Column("excess", _SHORT, 3, lambda record: record.excess),
            _Column("gradient", _SHORT, 3, lambda record: record.gradient_norm),
        ]
        titles = ["W"] if len(features) == 1 else [_cut(f"W[{name}]") for name in features]
        weights = [_Column(title, _LONG, 7, partial(_weight, i)) for i, title in enumerate(titles)]
        b = [_Column("b", _LONG, 7, lambda record: record.intercept)] * intercept
        first, *others = [*weights[:1], *b, *weights[1:]]
        by_rank = [*losses, first, *others[:1], *distances, *others[1:]]
        self._epoch_width = max(_EPOCH, len(str(last_epoch)) + 1)
        ends = accumulate((column.width for column in by_rank), initial=self._epoch_width)
        shown = by_rank[: max(2, sum(end <= width for end in ends) - 1)]
        self._columns = [column for column in (*losses, *distances, *weights, *b) if column in shown]
        self.n_hidden = sum(column not in shown for column in (*weights, *b))
        self.header = self._line("epoch", [_blanks(c.title, c.width) + c.title for c in self._columns])

    def row(self, record: EpochRecord) -> str:
        """The line of one record."""
        return self._line(str(record.epoch), [column.cell(record) for column in self._columns])

    def _line(self, epoch: str, cells: Sequence[str]) -> str:
        return f"{epoch:>{self._epoch_width}}" + "".join(cells)


def _weight(i: int, record: EpochRecord) -> float:
    return float(record.weights[i])


def next_reported(epoch: int, every: int | None) -> int:
    """The next epoch that progress shows: each N-th; or 1, 2, 4, 8, … without N."""
    return 1 << epoch.bit_length() if every is None else (epoch // every + 1) * every


def fit_text(fit: ModelDocument) -> str:
    """A fit that was just trained: its parameters beside the least-squares ones, and how good it is."""
    if fit.training is None or fit.data is None:
        raise ValueError("the fit was not trained here")
    return (
        _aligned(_parameter_rows(fit, fit.training, fit.data))
        + "\n"
        + _aligned(_measures(fit.training, fit.data))
    )


def _parameter_rows(
    fit: ModelDocument, training: TrainingSummary, data: DataSummary
) -> list[tuple[str, ...]]:
    """Each parameter, and what least squares makes of it; the standard error belongs to the latter.

    With a penalty the optimum of descent is another one, and stands between them.
    """
    best = data.least_squares
    columns: dict[str, dict[str, float | None]] = {"value": {**fit.weights, "intercept": fit.intercept}}
    if data.optimum:
        columns["optimum"] = {**data.optimum.weights, "intercept": data.optimum.intercept}
    columns["least_squares"] = {**best.weights, "intercept": best.intercept}
    columns["standard_error"] = {**best.standard_errors}
    names = [*fit.weights, *["intercept"] * training.fit_intercept]
    numbers = [(_bare(name), *(_number(column[name]) for column in columns.values())) for name in names]
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
    """An evaluation, a measure a line."""
    return _aligned([(name, _number(value)) for name, value in asdict(evaluation).items()])


def evaluation_json(evaluation: Evaluation) -> str:
    """An evaluation as a JSON object."""
    return json.dumps(asdict(evaluation), indent=1, allow_nan=False) + "\n"


def _number(value: float | None) -> str:
    return "n/a" if value is None else repr(value)


def _finite(value: float) -> str:
    return _number(value if isfinite(value) else None)


def _bare(name: str) -> str:
    """A name in full that cannot harm a terminal: as it is if it is one plain word, else quoted, escaped."""
    return name if name.isprintable() and name.split() == [name] else shown(name, width=None)


def _cut(name: str) -> str:
    """A name that is narrower than a long column."""
    safe = _bare(name)
    n_fitting = sum(n <= _LONG - 2 for n in accumulate(map(_n_cells, safe[:_LONG])))
    return safe if max(len(safe), _n_cells(safe)) < _LONG else safe[:n_fitting] + "…"


def _aligned(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [min(_WIDEST, max(map(_n_cells, column))) for column in zip(*rows, strict=True)]
    return "".join(_joined(row, widths) for row in rows)


def _joined(row: tuple[str, ...], widths: Sequence[int]) -> str:
    padded = (cell + _blanks(cell, width) for cell, width in zip(row, widths, strict=True))
    return "  ".join(padded).rstrip() + "\n"


def _blanks(cell: str, width: int) -> str:
    """What fills a cell up to this width; nothing if it is wider."""
    return " " * (width - _n_cells(cell))


def _n_cells(text: str) -> int:
    """How many columns of a terminal text takes: a wide character two, a combining one none."""
    if text.isascii():
        return len(text)
    return sum(0 if category(c) in ("Me", "Mn") else 2 if east_asian_width(c) in "FW" else 1 for c in text)
