"""Conclusions after a run: what ended it, and how far from the optimum it is."""

from __future__ import annotations

from dataclasses import replace
from math import inf

from lrfit.messages import spelled
from lrfit.training.plan import Start, TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.training.remedies import TOLERANCE
from lrfit.training.settings import TrainingSettings
from lrfit.training.wording import above_text, epochs_text

__all__ = ["conclusion"]

_NOTED_EXCESS = 0.01
"""Share of the optimum by which the loss may be above it and count as converged."""

_EXACT = 1e-9
"""Share of the best constant's loss below which a loss is as good as none."""


def conclusion(plan: TrainingPlan, record: EpochRecord) -> str | None:
    """Why the run ended early, or how far from converged it is; None if there is nothing to say."""
    parts = []
    if record.stopped != "epochs":
        parts.append(f"stopped after epoch {record.epoch}: {_reason(plan, record)}")
    if record.best:
        parts.append(f"the parameters are those of epoch {record.best.epoch}")
    if _is_far(plan, record.fitted):
        parts.append(_not_converged(plan, record))
    return "; ".join(parts) or None


def _is_far(plan: TrainingPlan, fitted: EpochRecord) -> bool:
    """Whether the loss is well above the optimum, and was meant to be close to it."""
    size = plan.moments.reference_half_mse
    is_early = plan.settings.patience is not None and plan.data.held_out is not None
    return _NOTED_EXCESS < fitted.relative_excess < inf and fitted.loss > _EXACT * size and not is_early


def _not_converged(plan: TrainingPlan, record: EpochRecord) -> str:
    settings, tol = plan.settings, plan.settings.tol or TOLERANCE
    n_epochs = replace(plan, start=_end(record)).epochs_until(tol)
    if n_epochs is None:
        more = _without_forecast(settings)
    elif not plan.is_stable:
        more = f"only a smaller {spelled(learning_rate=...)} will do"
    else:
        more = f"within {tol:g} of it after {epochs_text(n_epochs, 'more ')}"
    may_change = not (settings.standardize or settings.l2 or plan.start.epoch)
    standardize = ""
    if may_change and plan.batches.is_full:
        standardize = f", or with {spelled(standardize=True, learning_rate='auto')}"
    stands = f"the loss is {above_text(record.fitted.relative_excess)} the optimum"
    if plan.objective.is_exact:
        stands = "the points lie on a line (minimal loss 0)"
    return f"not converged: {stands}; {more}{standardize}"


def _without_forecast(settings: TrainingSettings) -> str:
    if settings.schedule == "step":
        return f"try a larger {spelled(gamma=...)} or {spelled(step_size=...)}, lest the rate falls too soon"
    if settings.batch_size is None or settings.average:
        return f"try more {spelled(epochs=...)}"
    average = f"{spelled(average=True)}, which takes out the noise of batches"
    return f"try more {spelled(epochs=...)}, or {average}"


def _reason(plan: TrainingPlan, record: EpochRecord) -> str:
    settings = plan.settings
    if record.stopped == "patience":
        loss = "validation loss" if plan.data.held_out else "loss"
        return f"{spelled(patience=settings.patience)}, so many epochs without a lower {loss}"
    if record.stopped == "time":
        return f"time limit reached ({spelled(max_time_s=...)})"
    if plan.batches.is_full:
        return f"within {spelled(tol=settings.tol)} of the optimum"
    return f"the loss changed by less than {spelled(tol=settings.tol)} of it in an epoch"


def _end(record: EpochRecord) -> Start:
    """The start of a run that goes on from a record."""
    k = len(record.weights)
    intercept = float(record.theta[k]) if len(record.theta) > k else None
    return Start(record.theta[:k], intercept, record.epoch, record.variables)
