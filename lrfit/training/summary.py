"""Summaries: the fit that a record of a run stands for, with what the moments say of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from math import isfinite, sqrt

from lrfit.arrays import Array
from lrfit.model.document import DataSummary, LeastSquaresSummary, LinearFit, OptimumSummary, TrainingSummary
from lrfit.training.plan import Descent
from lrfit.training.run import EpochRecord
from lrfit.training.settings import TrainingSettings

__all__ = ["summarize"]


def summarize(
    descent: Descent,
    record: EpochRecord,
    features: Sequence[str],
    target: str,
    *,
    fingerprint: str | None = None,
) -> LinearFit:
    """The fit that `record` stands for, with what the moments say of it.

    Args:
        descent: The run.
        record: Its last record; or one on the way, for a checkpoint.
        features: Names of the columns of x.
        target: Name of y.
        fingerprint: Of the data.
    """
    fitted = record.fitted
    return LinearFit(
        target=target,
        weights=_named(features, fitted.weights),
        intercept=float(fitted.intercept),
        training=_training_summary(descent, record),
        data=_data_summary(descent, fitted, features, fingerprint),
    )


def _training_summary(descent: Descent, record: EpochRecord) -> TrainingSummary:
    settings, fitted = descent.settings, record.fitted
    same = {f.name for f in fields(TrainingSummary)} & {f.name for f in fields(TrainingSettings)}
    excess = fitted.relative_excess
    own = {
        "loss": fitted.loss,
        "epochs": record.epoch,
        "learning_rate": descent.learning_rate,
        "momentum": descent.method.momentum,
        "fit_intercept": settings.intercept,
        "stopped": record.stopped or "checkpoint",
        "validation_loss": fitted.validation_loss,
        "relative_excess": excess if isfinite(excess) else None,
        "best_epoch": None if record.best is None else record.best.epoch,
        "best": None if record.best is None else record.best.theta.tolist(),
        "variables": {name: value.ravel().tolist() for name, value in record.variables.items()},
    }
    return TrainingSummary(**({name: getattr(settings, name) for name in same} | own))


def _data_summary(
    descent: Descent, record: EpochRecord, features: Sequence[str], fingerprint: str | None
) -> DataSummary:
    moments, bound = descent.moments, descent.max_stable_learning_rate
    return DataSummary(
        n_samples=moments.n_samples,
        r2=moments.r2(record.loss),
        rmse=sqrt(2.0 * record.loss),
        best_constant_loss=moments.best_constant_half_mse,
        max_stable_learning_rate=bound if isfinite(bound) else None,
        least_squares=_least_squares_summary(descent, features),
        condition_number=descent.objective.condition_number,
        optimum=_optimum_summary(descent, features),
        n_held_out=descent.held_out.n_samples if descent.held_out else 0,
        fingerprint=fingerprint,
    )


def _least_squares_summary(descent: Descent, features: Sequence[str]) -> LeastSquaresSummary:
    intercept = descent.settings.intercept
    best = descent.moments.least_squares(intercept=intercept)
    errors: dict[str, float | None] = dict.fromkeys([*features, "intercept"])
    if best.standard_errors is not None:
        errors.update(zip([*features, "intercept"], map(float, best.standard_errors), strict=False))
    return LeastSquaresSummary(_named(features, best.weights), best.intercept, best.half_mse, errors)


def _optimum_summary(descent: Descent, features: Sequence[str]) -> OptimumSummary | None:
    if not descent.settings.l2:
        return None
    weights, intercept = descent.parameters(descent.objective.minimizer)
    return OptimumSummary(
        _named(features, weights), float(intercept), descent.moments.half_mse(weights, intercept)
    )


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
