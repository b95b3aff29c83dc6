"""Divergence: what counts as proof that descent leads away from the minimum.

Full batches at a constant rate: from the largest stable rate on, descent diverges, in theory. Without
momentum any rise of the objective beyond rounding shows that it has begun; with momentum, under which it goes
up and down, a rise above the start does. Below that rate nothing is called diverged.

In mini-batches the objective goes up and down, too, and where stability ends depends on the batches. But the
steps are linear. So once the loss is far above where it was, the next epochs are run twice over the same
batches: from where descent is, and from the minimiser. The noise of the batches is the same for both, and
cancels in their difference: if that grows, and goes on to grow, the steps lead away, and not the noise. Up to
the rate with which no batch can lead away, nothing is called diverged.

In full batch a schedule may yet come down to a stable rate, and clipped steps are short: there, a loss far
above where it was at a rate that is too large has to do. And a loss that is not finite is no fit, whatever
the reason.
"""

from __future__ import annotations

from math import isfinite

from lrfit.run import EpochRecord, Run

__all__ = ["has_diverged"]

_FAR = 100.0
"""How many times the loss at the start, and that of y_hat = 0, is far above them."""


def has_diverged(run: Run, record: EpochRecord, before: EpochRecord, start: EpochRecord) -> bool:
    """Whether the record shows that the run diverges.

    Args:
        run: Stands where the record was made.
        record: Of an epoch.
        before: Of the epoch before, or of an earlier one from where on descent could not diverge.
        start: Of the start of the run.
    """
    descent = run.descent
    if not (isfinite(record.loss) and isfinite(record.excess)):
        return True
    if descent.learning_rate <= descent.safe_learning_rate:
        return False
    if descent.is_full_batch and descent.settings.is_linear:
        reference = start if descent.method.momentum else before
        rounding = sum(descent.moments.half_mse_rounding(r.weights, r.intercept) for r in (record, reference))
        return record.excess > reference.excess + rounding
    level = max(start.loss, 0.5 * float(descent.moments.root_mean_square[-1]) ** 2)
    if record.loss <= _FAR * level:
        return False
    if descent.is_full_batch or descent.settings.clip_norm is not None:
        return run.learning_rate >= descent.max_stable_learning_rate
    return run.learning_rate > descent.safe_learning_rate and run.leads_away()
