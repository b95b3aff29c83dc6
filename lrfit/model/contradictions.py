"""Contradictions: fields of a model document that do not agree with each other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lrfit.data.kinds import feature_names
from lrfit.messages import shown
from lrfit.model.document import DataSummary, IntervalSummary, ModelDocument, TrainingSummary

__all__ = ["contradictions"]


_N_ENDS = 2
"""Number of ends of an interval."""


def contradictions(fit: ModelDocument) -> Iterator[str]:
    """Sentences about names and lengths that contradict each other; each begins with the path of a field."""
    if fit.columns is not None:
        yield from _of_columns(fit)
    yield from _of_data(fit.data, set(fit.weights)) if fit.data else ()
    yield from _of_training(fit.training, len(fit.weights)) if fit.training else ()
    if fit.data and fit.data.intervals:
        yield from _of_intervals(fit.data.intervals, len(fit.weights), fit.training)


def _of_columns(fit: ModelDocument) -> Iterator[str]:
    for column in fit.read_columns:
        levels = list(column.levels or ())
        if (column.kind == "category") != (column.levels is not None):
            yield f"{shown(f'columns.{column.name}')}: a category has levels, and no other kind has"
        elif levels != sorted(set(levels)):
            yield f"{shown(f'columns.{column.name}.levels')} has to be sorted, with each level once"
    if feature_names(fit.read_columns) != tuple(fit.weights):
        yield "'columns' has other features than 'weights', or another order"


def _of_data(data: DataSummary, features: set[str]) -> Iterator[str]:
    solutions = {"least_squares": data.least_squares, "optimum": data.optimum}
    named: dict[str, tuple[Iterable[str], set[str]]] = {
        f"{name}.weights": (solution.weights, features) for name, solution in solutions.items() if solution
    }
    for field in ("standard_errors", "t", "p", "interval_95"):
        if (by_name := getattr(data.least_squares, field)) is not None:
            named[f"least_squares.{field}"] = (by_name, {*features, "intercept"})
    if data.intervals:
        named["intervals.features"] = (data.intervals.features, features)
    for field, (names, wanted) in named.items():
        if other := sorted(wanted.symmetric_difference(names)):
            has = "lacks" if other[0] in wanted else "has"
            yield f"'data.{field}' {has} {shown(other[0])}, and must have the names of 'weights'"
    for name, ends in (data.least_squares.interval_95 or {}).items():
        if ends is not None and len(ends) != _N_ENDS:
            field = shown(f"data.least_squares.interval_95.{name}")
            yield f"{field} has {len(ends)} numbers, and must have {_N_ENDS}"


def _of_intervals(
    intervals: IntervalSummary, n_features: int, training: TrainingSummary | None
) -> Iterator[str]:
    n_rows, n_named = len(intervals.factor), len(intervals.features)
    wanted = n_features + (training.fit_intercept if training else n_rows > n_features)
    if n_named != n_features:
        yield f"'data.intervals.features' has {n_named} names, and must have {n_features}"
    if n_rows != wanted:
        yield f"'data.intervals.factor' has {n_rows} rows, and must have {wanted}"
    for i, row in enumerate(intervals.factor):
        field = f"'data.intervals.factor[{i}]'"
        if len(row) != n_rows - i:
            yield f"{field} has {len(row)} numbers, and must have {n_rows - i}"
        elif row[0] <= 0.0:
            yield f"{field} begins with {row[0]:g}, and must begin with a positive number"


def _of_training(training: TrainingSummary, n_features: int) -> Iterator[str]:
    variables, best = training.variables, training.best
    if variables and ("b" in variables) != training.fit_intercept:
        yield f"'training.variables' {'lacks' if training.fit_intercept else 'has'} 'b', the intercept"
    lengths = {
        f"variables.{name}": (v, n_features if name[:1] == "W" else 1)
        for name, v in (variables or {}).items()
    }
    lengths |= {} if best is None else {"best": (best, n_features + training.fit_intercept)}
    for field, (numbers, wanted) in lengths.items():
        if len(numbers) != wanted:
            yield f"{shown(f'training.{field}')} has {len(numbers)} numbers, and must have {wanted}"
    if (training.best_epoch is None) != (best is None):
        yield "'training.best_epoch' and 'training.best' go together"
    if (training.best_epoch or 0) > training.epochs:
        yield f"'training.best_epoch' is {training.best_epoch}, beyond 'training.epochs', {training.epochs}"
