"""A run: the session in which descent takes place, and records of where it stands.

Full batches run on the sigma points of the `Moments` in place of the rows (the same loss and gradients, at a
cost that does not depend on the number of rows) or, with `condense=False`, on the rows; mini-batches on some
of the rows at a time. Both are `Session.run_batches` of the same graph. Where all epochs have the same
mini-batches, they are condensed once; see `lrfit.training.alike`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from math import inf
from time import monotonic

from lrfit.arrays import Array
from lrfit.graph.executors import loop_executor, numpy_epochs
from lrfit.training.epochs import epochs_of
from lrfit.training.graph import theta_of
from lrfit.training.plan import TrainingPlan
from lrfit.training.record import EpochRecord
from lrfit.training.steps import Steps

__all__ = ["Run"]

_log = logging.getLogger(__name__)

_LONGEST_CALL_S = 0.1
"""Target duration of one call of machine code, which cannot be interrupted."""


class Run:
    """A session that descends.

    Args:
        plan: Plan of the run.
        executor: "numpy", "numba" or "auto"; see `descend`.
        on_epoch: Told how many epochs are done, now and then; within a long one, a fraction.

    Attributes:
        plan: Plan of the run.
        graph: The graph that runs.
        epoch: Number of epochs done.

    Raises:
        UsageError: There is no such executor.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        executor: str = "auto",
        on_epoch: Callable[[float], None] = lambda epoch: None,  # noqa: ARG005
    ) -> None:
        self.plan = plan
        self.epoch = plan.start.epoch
        self._first_s = self._total_s = 0.0
        self._on_epoch = on_epoch
        self._executor = executor
        # whatever the number of epochs, so that a resumed run is the same
        self._n_in_numpy = numpy_epochs(executor, plan.steps_per_epoch, plan.values_per_epoch)
        self.graph = plan.graph()
        self._steps = Steps(self.graph)
        if plan.start.variables is not None:
            self.restore(plan.start.variables)
        self._epochs = epochs_of(plan, self._steps, executor, lambda share: on_epoch(self.epoch + share))

    def advance_to(self, epoch: int, deadline_s: float = inf) -> None:
        """Run the epochs up to this one; fewer if the deadline, by the monotonic clock, passes."""
        n_epochs = 1
        while self.epoch < epoch and (started_s := monotonic()) < deadline_s:
            if self.epoch >= self._n_in_numpy:
                self._steps.use(loop_executor(self._executor))
            elif epoch > self._n_in_numpy:
                n_epochs = min(n_epochs, int(self._n_in_numpy) - self.epoch)
            n_epochs = min(n_epochs, epoch - self.epoch)
            self.descend(self.epoch, n_epochs)
            took_s = monotonic() - started_s
            self._first_s = self._first_s or took_s
            self._total_s += took_s
            self.epoch += n_epochs
            self._on_epoch(self.epoch)
            if self._epochs.can_be_joined and took_s < _LONGEST_CALL_S / 2:
                n_epochs *= 2

    def descend(self, n_done: int, n_epochs: int = 1) -> None:
        """Change the variables as an epoch does, or several, of which `n_done` are done before."""
        self._epochs.descend(n_done, n_epochs)

    def log_times(self) -> None:
        """Log how long the epochs took; the first ones include making them ready to run."""
        rest_s = self._total_s - self._first_s
        n_rest = self.epoch - self.plan.start.epoch - 1
        _log.info("epochs: the first %.3g s, the other %d %.3g s", self._first_s, n_rest, rest_s)

    def record(self, before: EpochRecord | None = None) -> EpochRecord:
        """Where descent stands; `before` is where it stood an epoch before, or at the last look."""
        variables = self.variables()
        return self._record(self.epoch, theta_of(variables, self.graph.fitted), variables, before)

    def best_so_far(self) -> EpochRecord | None:
        """The record of the best epoch of the run that this one goes on with, if that had one."""
        start = self.plan.start
        if start.best_epoch is None or start.best is None:
            return None
        return self._record(start.best_epoch, start.best, {}, None)

    def _record(
        self, epoch: int, theta: Array, variables: Mapping[str, Array], before: EpochRecord | None
    ) -> EpochRecord:
        """The record of an epoch with these parameters, in the units of descent."""
        plan, objective, held_out = self.plan, self.plan.objective, self.plan.data.held_out
        weights, intercept = plan.parameters(theta)
        loss = plan.moments.half_mse(weights, intercept)
        excess = objective.excess(theta)
        return EpochRecord(
            epoch=epoch,
            loss=loss,
            change=None if before is None else loss - before.loss,
            excess=excess * plan.loss_unit,
            relative_excess=objective.relative(excess),
            gradient_norm=objective.gradient_norm(theta),
            validation_loss=held_out.half_mse(weights, intercept) if held_out else None,
            weights=weights,
            intercept=float(intercept),
            theta=theta,
            variables=variables,
        )

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        return self._steps.learning_rate

    def variables(self) -> dict[str, Array]:
        """Values of all variables, by name."""
        return self._steps.variables()

    def restore(self, variables: Mapping[str, Array]) -> None:
        """Give all variables these values."""
        self._steps.restore(variables)
