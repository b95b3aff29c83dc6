"""Conclusions after a run: what ended it, and how far from the optimum it is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil, inf

from lrfit.analysis.convergence import rate_text
from lrfit.messages import spelled
from lrfit.training.plan import Start, TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.training.remedies import TOLERANCE, full_batch_plan, quickest, units_of
from lrfit.training.wording import HOPELESS, above_text, epochs_text

__all__ = ["conclusion", "has_converged"]

_NOTED_EXCESS = 0.01
"""Share of the optimum by which the loss may be above it and count as converged."""

_MARGIN = 0.1
"""Share of that which is left for the noise of batches at a smaller rate."""

_EXACT = 1e-9
"""Share of the best constant's loss below which a loss is as good as none."""


def conclusion(plan: TrainingPlan, record: EpochRecord) -> str | None:
    """Why the run ended early, or how far from converged it is; None if there is nothing to say."""
    parts = []
    if record.stopped != "epochs":
        parts.append(_reason(plan, record))
    if record.best and record.best.epoch != record.epoch:
        parts.append(f"kept epoch {record.best.epoch}")
    is_done = plan.batches.is_full and record.stopped in ("tol", "optimum")
    if _is_far(plan, record.fitted) and not is_done:
        parts.append(_not_converged(plan, record))
    return "; ".join(parts) or None


def has_converged(plan: TrainingPlan, fitted: EpochRecord) -> bool:
    """Whether the objective is within 1 % of its minimum, or the loss as good as none."""
    is_exact = fitted.loss <= _EXACT * plan.moments.reference_half_mse
    return fitted.relative_excess <= _NOTED_EXCESS or is_exact


def _is_far(plan: TrainingPlan, fitted: EpochRecord) -> bool:
    """Whether descent has not converged, though it was meant to."""
    is_early = plan.settings.patience is not None and plan.data.held_out is not None
    return fitted.relative_excess < inf and not has_converged(plan, fitted) and not is_early


def _not_converged(plan: TrainingPlan, record: EpochRecord) -> str:
    stands = f"the loss is {above_text(record.fitted.relative_excess)} the optimum"
    if plan.objective.is_exact:
        stands = "the points lie on a line (minimal loss 0)"
    return "; ".join(filter(None, [f"not converged: {stands}", ", or ".join(_ways(plan, record))]))


def _ways(plan: TrainingPlan, record: EpochRecord) -> Iterator[str]:
    """Ways to come closer to the optimum: to go on, or to do otherwise."""
    settings, tol = plan.settings, plan.settings.tol or TOLERANCE
    n_epochs = replace(plan, start=_end(record)).epochs_until(tol)
    if plan.batches.is_full and not plan.is_stable:
        yield f"only a smaller {spelled(learning_rate=...)} will do"
    elif n_epochs is not None:
        yield f"within {100 * tol:g} % of it after {epochs_text(n_epochs, 'more ')}"
    elif not plan.batches.is_full and not settings.average and settings.is_linear:
        yield from _against_noise(plan, record)
    elif settings.schedule == "constant" or settings.average:
        yield f"more {spelled(epochs=...)} come closer"
    is_fixed = plan.start.epoch > 0 or settings.average or settings.clip_norm is not None
    if not is_fixed:
        changes, n_best = quickest(plan, tol)
        if n_best < HOPELESS and not (n_epochs is not None and n_epochs <= n_best):
            yield f"with {spelled(**changes)}"


def _against_noise(plan: TrainingPlan, record: EpochRecord) -> Iterator[str]:
    """Remedies against the noise of batches, which keeps descent at a constant rate from the optimum.

    The excess that it leaves falls at least as fast as the rate. So a rate is named that is smaller by as
    much, and by a margin for the draw of the batches, with the epochs that it takes without noise to a share
    of the excess that counts as converged.
    """
    if record.epoch < _epochs_without_noise(plan, plan.learning_rate, _NOTED_EXCESS):
        return
    yield f"the noise of batches keeps it there; {spelled(average=True)} comes closer"
    if not plan.batches.is_even:
        return  # the rows of the last batch, which is shorter, weigh more: descent has another optimum
    share = _MARGIN * _NOTED_EXCESS / record.fitted.relative_excess
    smaller = float(rate_text(plan.learning_rate * share, 2))
    n_epochs = max(1.0, _epochs_without_noise(plan, smaller, _MARGIN * _NOTED_EXCESS))
    if n_epochs < HOPELESS:
        changes = spelled(**units_of(plan), learning_rate=smaller, epochs=int(n_epochs))
        yield f"within {100 * _NOTED_EXCESS:g} % of it with {changes}"


def _epochs_without_noise(plan: TrainingPlan, rate: float, tol: float) -> float:
    """Number of epochs that mini-batches would take to a relative excess, if each had the gradient of all."""
    n_steps = full_batch_plan(plan, {"learning_rate": rate}).epochs_until(tol)
    return inf if n_steps is None or n_steps == inf else ceil(n_steps / plan.steps_per_epoch)


def _reason(plan: TrainingPlan, record: EpochRecord) -> str:
    settings, tol = plan.settings, spelled(tol=plan.settings.tol)
    stopped = f"stopped after epoch {record.epoch}"
    if record.stopped == "patience":
        loss = "validation loss" if plan.data.held_out else "loss"
        n_epochs = epochs_text(settings.patience or 0)
        return f"{stopped}: no lower {loss} for {n_epochs} ({spelled(patience=...)})"
    if record.stopped == "time":
        return f"{stopped}: time limit reached ({spelled(max_time_s=...)})"
    if not plan.batches.is_full:
        return f"{stopped}: an epoch changed the loss by less than {tol} of it"
    if record.stopped == "optimum":
        return f"reached the optimum in epoch {record.epoch}"
    return f"{stopped}: within {100 * (settings.tol or 0.0):g} % of the optimum ({tol})"


def _end(record: EpochRecord) -> Start:
    """The start of a run that goes on from a record."""
    k = len(record.weights)
    intercept = float(record.theta[k]) if len(record.theta) > k else None
    return Start(record.theta[:k], intercept, record.epoch, record.variables)
