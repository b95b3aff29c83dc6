"""The training loop: gradient descent on the model's graph, as a generator of epoch records.

The loss in a record is that of all rows after the epoch's last step, from their `Moments`. To look at it
takes longer than an epoch of full batches in machine code. So where descent cannot diverge (at a stable
rate, or with mini-batches at a safe one) the epochs between two records are not looked at. The numbers are
the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from math import isfinite

from lrfit.errors import DivergenceError
from lrfit.training.divergence import divergence_error, has_diverged
from lrfit.training.plan import TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.training.run import Run
from lrfit.training.stopping import Stopping

__all__ = ["descend"]


def descend(
    plan: TrainingPlan,
    *,
    executor: str = "auto",
    next_due: Callable[[int], float] = lambda epoch: epoch + 1,
    on_epoch: Callable[[float], None] = lambda epoch: None,  # noqa: ARG005
) -> Iterator[EpochRecord]:
    """Run gradient descent; records of the start, of the epochs that are due, and of the last.

    The last record says what `stopped` the run; its `fitted` is what came out.

    Args:
        plan: Plan of the run.
        executor: "numpy", "numba", or "auto", which begins with the first and changes to the second if the
            work is long. The numbers are the same, to 1e-12 relative over 100 epochs.
        next_due: Gives the next epoch, after the one that it is given, of which to yield a record; all by
            default. Has no influence on the numbers.
        on_epoch: Told how many epochs are done, now and then; within a long one, a fraction.

    Raises:
        DivergenceError: The loss moved away from its minimum; raised after the record of that epoch.
        UsageError: There is no such executor.
    """
    run = Run(plan, executor, on_epoch)
    start = record = run.record()
    if not isfinite(start.loss):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")
    stopping = Stopping(plan, run.best_so_far())
    stopped = stopping.reason(start)
    yield replace(start, stopped=stopped, best=stopping.best)
    while not stopped:
        due = int(min(next_due(record.epoch), plan.last_epoch))
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
            raise divergence_error(run, record, before)
    run.log_times()
