"""Divergence: what counts as proof that descent leads away from the minimum.

Full batches at a constant rate: above the largest stable rate descent diverges, in theory. Without momentum
any rise of the objective beyond rounding shows that it has begun; with momentum, under which it goes up and
down, a rise above its value at θ = 0 does. Below that rate nothing is called diverged.

In mini-batches the objective goes up and down, too, and where stability ends depends on the batches. But the
steps are linear. So when the loss, far above that of y_hat = 0, goes on to rise, the next epochs are run
twice over the same batches: from where descent is, and from the minimiser. The noise of the batches is the
same for both, and cancels in their difference: if that grows, and goes on to grow, the steps lead away, and
not the noise. Up to the rate with which no batch can lead away, nothing is called diverged.

A schedule may yet come down to a stable rate, and clipped steps are short: there, a loss far above that of
y_hat = 0 that rises at a rate above that of full batches has to do. And a loss that is not finite is no fit,
whatever the reason.

Nothing of this depends on where a run began, so one that is resumed is judged as one that never stopped.
"""

from __future__ import annotations

from math import isfinite

import numpy as np

from lrfit.training.run import EpochRecord, Run

__all__ = ["has_diverged"]

_FAR = 100.0
"""How many times the loss of y_hat = 0 is far above it."""


def has_diverged(run: Run, record: EpochRecord, before: EpochRecord) -> bool:
    """Whether the record shows that the run diverges.

    Args:
        run: Stands where the record was made.
        record: Of an epoch.
        before: Of the epoch before, or of an earlier one from where on descent could not diverge.
    """
    plan, settings = run.plan, run.plan.settings
    if not (isfinite(record.loss) and isfinite(record.excess)):
        return True
    if plan.cannot_diverge or record.excess <= before.excess:
        return False
    if plan.is_full_batch and settings.is_linear:
        return plan.learning_rate >= plan.max_stable_learning_rate and _has_risen(run, record, before)
    if record.loss <= _FAR * 0.5 * float(plan.moments.root_mean_square[-1]) ** 2:
        return False
    is_above = run.learning_rate >= plan.max_stable_learning_rate
    if plan.is_full_batch or settings.clip_norm is not None:
        return is_above
    return (is_above or settings.is_linear) and run.leads_away()


def _has_risen(run: Run, record: EpochRecord, before: EpochRecord) -> bool:
    """Whether the objective is higher, beyond rounding, than it can be of a stable run."""
    plan, reference = run.plan, before.excess
    if plan.method.momentum:
        origin = plan.objective.excess(np.zeros_like(record.theta)) * plan.loss_unit
        reference = max(reference, origin)
    rounding = sum(plan.moments.half_mse_rounding(r.weights, r.intercept) for r in (record, before))
    return record.excess > reference + rounding
