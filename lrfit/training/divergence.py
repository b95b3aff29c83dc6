"""Divergence: what counts as proof that descent leads away from the minimum.

Full batches at a constant rate diverge above the largest stable rate. Without momentum, any rise of the
objective beyond rounding shows that this has begun. With momentum the objective goes up and down; there, a
rise above its value at θ = 0 shows it. Below that rate nothing is called diverged.

Mini-batches make the objective go up and down, too, and where stability ends depends on the batches. But the
steps are linear. So when the loss is far above that of y_hat = 0 and goes on to rise, the next epochs are run
twice over the same batches: from where descent is, and from the minimiser. The noise of the batches is the
same for both, and cancels in their difference. If the difference grows, and goes on to grow, the steps lead
away. Up to the rate with which no batch can lead away, nothing is called diverged.

With a schedule, which may still fall to a stable rate, or clipping, which shortens the steps, a cruder test
serves: the loss is far above that of y_hat = 0 and rising, and the rate exceeds the bound of full batches.
And a loss that is not finite is no fit, whatever the reason.

None of this depends on where a run began, so a resumed run is judged like one that never stopped.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from math import ceil, isfinite, sqrt

import numpy as np

from lrfit.analysis.convergence import rate_text
from lrfit.arrays import Array
from lrfit.errors import DivergenceError
from lrfit.training.graph import theta_of
from lrfit.training.record import EpochRecord
from lrfit.training.remedies import remedies
from lrfit.training.run import Run

__all__ = ["divergence_error", "has_diverged"]

_FAR = 100.0
"""A loss is far above that of y_hat = 0 from this multiple of it on."""

_LEAST_COMPARED = 10
"""Least number of early distances that are compared with as many later ones.

They are more where momentum may make distances grow at first: 3 / (1 - √β) steps.
"""

_BEYOND_DOUBT = 1e12
"""Growth of a squared distance that is proof at once."""


def has_diverged(run: Run, record: EpochRecord, before: EpochRecord) -> bool:
    """Whether the record shows that the run diverges.

    Args:
        run: The run, which stands where the record was made.
        record: Record of an epoch.
        before: Record of the epoch before, or of an earlier one from where on descent could not diverge.
    """
    plan, settings = run.plan, run.plan.settings
    if not (isfinite(record.loss) and isfinite(record.excess)):
        return True
    if plan.cannot_diverge or record.excess <= before.excess:
        return False
    if plan.batches.is_full and settings.is_linear:
        return not plan.is_stable and _has_risen(run, record, before)
    if record.loss <= _FAR * 0.5 * float(plan.moments.root_mean_square[-1]) ** 2:
        return False
    is_above = run.learning_rate >= plan.max_stable_learning_rate
    if plan.batches.is_full or settings.clip_norm is not None:
        return is_above
    return (is_above or settings.is_linear) and _leads_away(run)


def divergence_error(run: Run, record: EpochRecord, before: EpochRecord) -> DivergenceError:
    """The error for a run that these records show to diverge, with what to try instead."""
    plan = run.plan
    limit = f"full batches are stable up to {rate_text(plan.max_stable_learning_rate)}"
    if not plan.batches.is_full:
        limit += f", and no batch can lead away up to {rate_text(plan.safe_learning_rate)}"
    rate = f"learning rate {plan.learning_rate:.6g}"
    if plan.settings.schedule != "constant":
        rate += ", which then falls"
    name, values = "loss", (before.loss, record.loss)
    if plan.settings.l2:  # it is the objective that has risen; the loss may have fallen
        least = plan.objective.minimum * plan.loss_unit
        name, values = "objective", (before.excess + least, record.excess + least)
    return DivergenceError(
        f"training diverged in epoch {record.epoch}: the {name} went from {values[0]:.6g} to "
        f"{values[1]:.6g} at {rate}; {limit}",
        remedies(plan),
    )


def _has_risen(run: Run, record: EpochRecord, before: EpochRecord) -> bool:
    """Whether the objective is higher, beyond rounding, than it can be in a stable run."""
    plan, reference = run.plan, before.excess
    if plan.method.momentum:
        origin = plan.objective.excess(np.zeros_like(record.theta)) * plan.loss_unit
        reference = max(reference, origin)
    rounding = sum(plan.moments.half_mse_rounding(r.weights, r.intercept) for r in (record, before))
    return record.excess > reference + rounding


def _leads_away(run: Run) -> bool:
    """Whether the steps of the next epochs lead away from the minimiser, apart from the batches' noise.

    They do if descent from here and descent from there, over the same batches, move apart, as the objective
    measures it. The run stays where it is.
    """
    here = run.variables()
    n_passing = ceil(3.0 / (1.0 - sqrt(run.plan.method.momentum)) / run.plan.steps_per_epoch)
    moves_apart = _grow(_distances(run, here), max(_LEAST_COMPARED, n_passing))
    run.restore(here)
    return moves_apart


def _distances(run: Run, here: Mapping[str, Array]) -> Iterator[float]:
    """How far descent from here is from descent from the minimiser: now, after an epoch, and so on."""
    objective, names = run.plan.objective, run.graph.trainable
    ends: list[Mapping[str, Array]] = [here, run.graph.values_at(objective.minimizer, here)]
    epoch = run.epoch
    while True:
        one, other = (theta_of(variables, names) for variables in ends)
        with np.errstate(over="ignore", invalid="ignore"):
            apart = objective.minimizer + (one - other)
        yield objective.excess(apart)
        ends = [_after(run, epoch, variables) for variables in ends]
        epoch += 1


def _after(run: Run, n_done: int, variables: Mapping[str, Array]) -> Mapping[str, Array]:
    """The variables after the next epoch, if it starts from these."""
    run.restore(variables)
    run.descend(n_done)
    return run.variables()


def _grow(distances: Iterator[float], n_compared: int) -> bool:
    """Whether the distances grow, at once and later, too, since an epoch may lead away for a while only."""
    seen: list[float] = []
    for distance in islice(distances, 2 * n_compared):
        seen.append(distance)
        if not distance <= _BEYOND_DOUBT * seen[0]:
            return True
        if len(seen) == 2 and distance < seen[0]:  # noqa: PLR2004 (the first, and the next)
            return False
    return max(seen[n_compared:]) >= max(seen[:n_compared])
