"""Training: gradient descent on the model's graph, as a generator of epoch records.

The loss that a record carries is that of all rows, from the `Moments`, after the epoch's last step. To look
at it takes longer than a compiled epoch of a full batch. So where descent cannot diverge (at a stable rate,
or in mini-batches at a safe one) the epochs between two records are not looked at. The numbers are the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite

from lrfit.analysis.convergence import rate_text
from lrfit.errors import DivergenceError
from lrfit.training.divergence import has_diverged
from lrfit.training.plan import TrainingPlan
from lrfit.training.run import EpochRecord, Run
from lrfit.training.stopping import Stopping

__all__ = ["EpochRecord", "train"]


def train(
    plan: TrainingPlan,
    *,
    executor: str = "auto",
    next_due: Callable[[int], float] = lambda epoch: epoch + 1,
    on_epoch: Callable[[int], None] = lambda epoch: None,  # noqa: ARG005
) -> Iterator[EpochRecord]:
    """Run gradient descent; records of the start, of the epochs that are due, and of the last.

    The last record says what `stopped` the run; its `fitted` is what came out.

    Args:
        plan: The run.
        executor: "numpy", "numba", or "auto", which begins with the first and changes to the second if the
            work is long. The numbers are the same, to 1e-12 relative over 100 epochs.
        next_due: The next epoch, after the one that it is given, of which to yield a record; all by default.
            Has no influence on the numbers.
        on_epoch: Is told how many epochs are done, now and then.

    Raises:
        DivergenceError: The loss moved away from its minimum, and how; after the record of that epoch.
        UsageError: The executor is not there.
    """
    run = Run(plan, executor, on_epoch)
    start = record = run.record()
    if not isfinite(start.loss):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")
    stopping = Stopping(plan, run.best_so_far())
    stopped = stopping.reason(start)
    yield replace(start, stopped=stopped, best=stopping.best)
    last = start.epoch + plan.settings.epochs
    while not stopped:
        due = int(min(next_due(record.epoch), last))
        look = stopping.next_look(record.epoch) if plan.cannot_diverge else record.epoch + 1
        seen = due if due < look else int(look)
        run.advance_to(seen - 1, stopping.deadline_s)
        if run.epoch > record.epoch:  # for the change in the next epoch
            record = run.record()
        run.advance_to(run.epoch + 1)
        before, record = record, run.record(record)
        diverged = has_diverged(run, record, before)
        stopped = None if diverged else stopping.reason(record)
        if diverged or stopped or record.epoch >= due:
            yield replace(record, stopped="diverged" if diverged else stopped, best=stopping.best)
        if diverged:
            raise _divergence(run, record, before)
    run.log_times()


def _divergence(run: Run, record: EpochRecord, before: EpochRecord) -> DivergenceError:
    plan = run.plan
    bound, safe = plan.max_stable_learning_rate, plan.safe_learning_rate
    limit = f"full batches are stable up to {rate_text(bound)}"
    if not plan.is_full_batch:
        limit += f", and no batch can lead away up to {rate_text(safe)}"
    name, values = "loss", (before.loss, record.loss)
    if plan.settings.l2:  # which is what has risen; the loss may have fallen
        least = plan.objective.minimum * plan.loss_unit
        name, values = "objective", (before.excess + least, record.excess + least)
    return DivergenceError(
        f"training diverged in epoch {record.epoch}: the {name} went from {values[0]:.6g} to "
        f"{values[1]:.6g} at learning rate {run.learning_rate:.6g}; {limit}"
    )
