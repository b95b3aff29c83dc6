"""Summaries: the model document made from a plan and one record of its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from math import isfinite, sqrt
from typing import Any

import numpy as np

from lrfit.analysis.inference import infer
from lrfit.analysis.leverage import design_triangle, residual_standard_error
from lrfit.arrays import Array
from lrfit.data.training_data import TrainingData
from lrfit.model.document import (
    ColumnSummary,
    DataSummary,
    GroupSummary,
    IntervalSummary,
    LeastSquaresSummary,
    ModelDocument,
    OptimumSummary,
    TrainingSummary,
)
from lrfit.model.intervals import MOST_FEATURES
from lrfit.training.conclusion import has_converged
from lrfit.training.plan import TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.training.settings import TrainingSettings

__all__ = ["summarize"]


def summarize(plan: TrainingPlan, record: EpochRecord) -> ModelDocument:
    """The document of the fit that a record stands for, with what the moments say of it.

    Args:
        plan: Plan of the run.
        record: Its last record; or one on the way, for a checkpoint.
    """
    fitted, features, group = record.fitted, plan.data.features, plan.data.group
    return ModelDocument(
        target=plan.data.target,
        weights=_named(features, fitted.weights),
        intercept=float(fitted.intercept),
        training=_training_summary(plan, record),
        data=_data_summary(plan, fitted),
        columns=_columns(plan.data),
        group=None if group is None else GroupSummary(group.column, group.level),
    )


def _columns(data: TrainingData) -> dict[str, ColumnSummary] | None:
    """The columns that are read; None if all are numbers."""
    if all(column.kind == "number" for column in data.columns):
        return None
    return {
        column.name: ColumnSummary(column.kind, None if column.levels is None else list(column.levels))
        for column in data.columns
    }


def _training_summary(plan: TrainingPlan, record: EpochRecord) -> TrainingSummary:
    settings, fitted = plan.settings, record.fitted
    same = {f.name for f in fields(TrainingSummary)} & {f.name for f in fields(TrainingSettings)}
    excess = fitted.relative_excess
    own = {
        "loss": fitted.loss,
        "epochs": record.epoch,
        "learning_rate": plan.learning_rate,
        "momentum": plan.method.momentum,
        "stopped": record.stopped or "checkpoint",
        "validation_loss": fitted.validation_loss,
        "relative_excess": excess if isfinite(excess) else None,
        "converged": has_converged(plan, fitted),
        "best_epoch": None if record.best is None else record.best.epoch,
        "best": None if record.best is None else record.best.theta.tolist(),
        "variables": {name: value.ravel().tolist() for name, value in record.variables.items()},
    }
    return TrainingSummary(**({name: getattr(settings, name) for name in same} | own))


def _data_summary(plan: TrainingPlan, record: EpochRecord) -> DataSummary:
    moments, held_out, bound = plan.moments, plan.data.held_out, plan.max_stable_learning_rate
    return DataSummary(
        n_samples=moments.n_samples,
        r2=moments.r2(record.loss),
        rmse=sqrt(2.0 * record.loss),
        best_constant_loss=moments.best_constant_half_mse,
        max_stable_learning_rate=bound if isfinite(bound) else None,
        least_squares=_least_squares_summary(plan),
        condition_number=plan.objective.condition_number,
        optimum=_optimum_summary(plan),
        n_held_out=held_out.n_samples if held_out else 0,
        fingerprint=plan.data.sample.fingerprint,
        weights_column=plan.data.weights,
        intervals=_interval_summary(plan),
    )


def _least_squares_summary(plan: TrainingPlan) -> LeastSquaresSummary:
    best = plan.moments.least_squares(intercept=plan.settings.fit_intercept)
    names = [*plan.data.features, "intercept"]
    errors: dict[str, float | None] = dict.fromkeys(names)
    if best.standard_errors is not None:
        errors |= dict(zip(names, map(float, best.standard_errors), strict=False))
    summary = LeastSquaresSummary(
        _named(plan.data.features, best.weights), best.intercept, best.half_mse, errors
    )
    inference = infer(best, plan.moments.n_samples)
    if inference is None:
        return summary
    ends = np.column_stack([inference.low, inference.high])
    return replace(
        summary,
        t=_defined(names, inference.t),
        p=_defined(names, inference.p),
        interval_95=_defined(names, ends),
    )


def _defined(names: Sequence[str], values: Array) -> dict[str, Any]:
    """Each value by name; None where it is not finite, and for an intercept that the line has not."""
    defined = [value.tolist() if np.all(np.isfinite(value)) else None for value in values]
    return dict.fromkeys(names) | dict(zip(names, defined, strict=False))


def _interval_summary(plan: TrainingPlan) -> IntervalSummary | None:
    moments, intercept = plan.moments, plan.settings.fit_intercept
    is_defined = moments.least_squares(intercept=intercept).standard_errors is not None
    if plan.settings.l2 or moments.n_features > MOST_FEATURES or not is_defined:
        return None
    factor = design_triangle(moments, intercept=intercept)
    return IntervalSummary(
        degrees_of_freedom=moments.n_samples - len(factor),
        residual_standard_error=residual_standard_error(moments, intercept=intercept),
        features=list(plan.data.features),
        factor=[row[i:].tolist() for i, row in enumerate(factor)],
    )


def _optimum_summary(plan: TrainingPlan) -> OptimumSummary | None:
    if not plan.settings.l2:
        return None
    weights, intercept = plan.parameters(plan.objective.minimizer)
    return OptimumSummary(
        _named(plan.data.features, weights), float(intercept), plan.moments.half_mse(weights, intercept)
    )


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
