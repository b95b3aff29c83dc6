"""Summaries: the model document made from a plan and one record of its run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from math import isfinite, sqrt

from lrfit.arrays import Array
from lrfit.model.document import (
    DataSummary,
    LeastSquaresSummary,
    ModelDocument,
    OptimumSummary,
    TrainingSummary,
)
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
    fitted, features = record.fitted, plan.data.features
    return ModelDocument(
        target=plan.data.target,
        weights=_named(features, fitted.weights),
        intercept=float(fitted.intercept),
        training=_training_summary(plan, record),
        data=_data_summary(plan, fitted),
    )


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
    )


def _least_squares_summary(plan: TrainingPlan) -> LeastSquaresSummary:
    features, intercept = plan.data.features, plan.settings.fit_intercept
    best = plan.moments.least_squares(intercept=intercept)
    errors: dict[str, float | None] = dict.fromkeys([*features, "intercept"])
    if best.standard_errors is not None:
        errors.update(zip([*features, "intercept"], map(float, best.standard_errors), strict=False))
    return LeastSquaresSummary(_named(features, best.weights), best.intercept, best.half_mse, errors)


def _optimum_summary(plan: TrainingPlan) -> OptimumSummary | None:
    if not plan.settings.l2:
        return None
    weights, intercept = plan.parameters(plan.objective.minimizer)
    return OptimumSummary(
        _named(plan.data.features, weights), float(intercept), plan.moments.half_mse(weights, intercept)
    )


def _named(names: Sequence[str], values: Array) -> dict[str, float]:
    return dict(zip(names, map(float, values), strict=True))
