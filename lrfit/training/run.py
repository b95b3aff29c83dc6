"""A run: the session in which a descent takes place, and records of where it stands.

Full-batch descent runs on the sigma points of the `Moments` in place of the rows (the same loss and
gradients, at a cost that does not depend on the number of rows), or, with `condense=False`, on the rows;
mini-batch descent runs on batches of the rows. Either is `Session.run_batches` of the same graph.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, repeat
from math import ceil, inf, sqrt
from time import monotonic
from typing import cast

import numpy as np

from lrfit.arrays import Array
from lrfit.data.row_store import RowStore
from lrfit.data.shuffle import Order, order_of_epoch, orders
from lrfit.graph.executors import loop_executor, numpy_epochs
from lrfit.graph.nodes import Node
from lrfit.graph.session import Session
from lrfit.training.plan import TrainingPlan

__all__ = ["EpochRecord", "Run"]

_log = logging.getLogger(__name__)

_PATIENCE_S = 0.1
"""Of one call of compiled code, about: it cannot be interrupted."""

_PROBE = 10
"""Distances, at least, that are compared with as many later ones, to see whether they grow.

As many as it takes for the growth to pass that momentum may bring at first: 3 / (1 - √β) steps.
"""

_BEYOND_DOUBT = 1e12
"""Growth of a distance, squared, that does not pass."""


@dataclass(frozen=True, eq=False)
class EpochRecord:
    """Where descent stands after an epoch, in the units of the data.

    Attributes:
        epoch: Number of epochs done; 0 is the start.
        loss: Half-MSE of all rows to train on.
        change: Loss less the loss of the epoch before; None at the start.
        excess: The objective (the loss and the penalty) less its minimum.
        relative_excess: The excess as a share of the minimum; see `Objective.scale`.
        gradient_norm: Euclidean norm of the gradient of the objective, in the units of descent.
        validation_loss: Half-MSE of the rows held out; None without.
        weights: Shape (n_features,).
        intercept: 0.0 for a model without one.
        theta: Weights and intercept in the units of descent.
        variables: Values of all variables of the training graph, in the units of descent.
        best: The record of the lowest monitored loss so far, if the run has patience; else None.
        stopped: Why this is the last record: "epochs", "tol", "patience", "time" or "diverged"; None if it
            is not.
    """

    epoch: int
    loss: float
    change: float | None
    excess: float
    relative_excess: float
    gradient_norm: float
    validation_loss: float | None
    weights: Array
    intercept: float
    theta: Array
    variables: Mapping[str, Array]
    best: EpochRecord | None = None
    stopped: str | None = None

    @property
    def fitted(self) -> EpochRecord:
        """The record whose parameters are the fit's: the best one, if the run has patience, or this one."""
        return self.best or self

    @property
    def monitored(self) -> float:
        """What is to become smaller: the loss of the rows held out, else the excess."""
        return self.excess if self.validation_loss is None else self.validation_loss


class Run:
    """A session that descends.

    Args:
        plan: What, and how.
        executor: "numpy", "numba" or "auto"; see `train`.
        on_epoch: Is told how many epochs are done, now and then.

    Attributes:
        plan: What is being done.
        epoch: How many epochs are done.

    Raises:
        UsageError: The executor is not there.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        executor: str = "auto",
        on_epoch: Callable[[int], None] = lambda epoch: None,  # noqa: ARG005
    ) -> None:
        self.epoch = plan.start.epoch
        self._first_s = self._total_s = 0.0
        self.plan = plan
        self._points = plan.points
        self._on_epoch = on_epoch
        self._executor = executor
        self._n_numpy = _n_numpy(plan, executor)
        self._graph = plan.graph()
        self._session = Session(self._graph.model.graph)
        self._session.run(self._graph.initialize)
        if plan.start.variables is not None:
            self._restore(plan.start.variables)
        self._orders = _orders(plan)

    def advance_to(self, epoch: int, deadline_s: float = inf) -> None:
        """Run the epochs up to this one; fewer if the deadline, by the monotonic clock, passes."""
        n_epochs = 1
        while self.epoch < epoch and (started_s := monotonic()) < deadline_s:
            if self.epoch >= self._n_numpy:
                self._session.loop_executor = loop_executor(self._executor)
            elif epoch > self._n_numpy:
                n_epochs = min(n_epochs, int(self._n_numpy) - self.epoch)
            n_epochs = min(n_epochs, epoch - self.epoch)
            self._descend(n_epochs)
            took_s = monotonic() - started_s
            self._first_s = self._first_s or took_s
            self._total_s += took_s
            self.epoch += n_epochs
            self._on_epoch(self.epoch)
            if not isinstance(self._points, RowStore) and took_s < _PATIENCE_S / 2:
                n_epochs *= 2

    def _descend(self, n_epochs: int) -> None:
        """Run so many epochs of full batches; or one of mini-batches."""
        if isinstance(self._points, RowStore):
            self._descend_once(self._points, next(self._orders))
        else:
            self._run_batches(self._points, n_epochs)

    def _descend_once(self, rows: RowStore, order: Order | None) -> None:
        """Run an epoch of mini-batches, in this order of the rows."""
        for window in rows.windows(self.plan.batch_size, order):
            self._run_batches(self.plan.scaling.apply(window))

    def _run_batches(self, points: Array, n_epochs: int = 1) -> None:
        model = self._graph.model
        feeds = {model.x: points[:, :-1], model.y: points[:, -1:]}
        self._session.run_batches(
            self._graph.train_op, feeds, batch_size=self.plan.batch_size, n_epochs=n_epochs
        )

    def log_times(self) -> None:
        """Say how long the epochs took; the first ones include making them ready to run."""
        rest_s = self._total_s - self._first_s
        n_rest = self.epoch - self.plan.start.epoch - 1
        _log.info("epochs: the first %.3g s, the other %d %.3g s", self._first_s, n_rest, rest_s)

    def record(self, before: EpochRecord | None = None) -> EpochRecord:
        """Where descent stands; `before` is where it stood an epoch before, or at the last look."""
        variables = self._variables()
        return self._record(self.epoch, _joined(variables, self._graph.fitted), variables, before)

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
        plan, objective = self.plan, self.plan.objective
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
            validation_loss=plan.held_out.half_mse(weights, intercept) if plan.held_out else None,
            weights=weights,
            intercept=float(intercept),
            theta=theta,
            variables=variables,
        )

    @property
    def learning_rate(self) -> float:
        """That of the next step."""
        rate = self._graph.learning_rate
        return float(self._session.run(rate)) if isinstance(rate, Node) else rate

    def leads_away(self) -> bool:
        """Whether the steps of the next epochs lead away from the minimiser, apart from the batches' noise.

        That is, whether descent from here and descent from there, over the same batches, move apart, as the
        objective measures it; see `_grow`. The run stays where it is.
        """
        here = self._variables()
        passing = 3.0 / (1.0 - sqrt(self.plan.method.momentum)) / self.plan.steps_per_epoch
        moves_apart = _grow(self._distances(here), max(_PROBE, ceil(passing)))
        self._restore(here)
        return moves_apart

    def _distances(self, here: Mapping[str, Array]) -> Iterator[float]:
        """How far descent from these variables is from descent from the minimiser: now, and an epoch on."""
        objective, names = self.plan.objective, self._graph.stepped
        there = {name: np.zeros_like(value) for name, value in here.items()}
        there |= {name: here[name] for name in ("global_step",) if name in here}
        there |= _parted(objective.minimizer, names, here)
        ends: list[Mapping[str, Array]] = [here, there]
        epoch = self.epoch
        while True:
            one, other = (_joined(variables, names) for variables in ends)
            with np.errstate(over="ignore", invalid="ignore"):
                apart = objective.minimizer + (one - other)
            yield objective.excess(apart)
            epoch += 1
            ends = [self._after(epoch, variables) for variables in ends]

    def _after(self, epoch: int, variables: Mapping[str, Array]) -> Mapping[str, Array]:
        """What an epoch of mini-batches makes of these variables."""
        self._restore(variables)
        self._descend_once(cast("RowStore", self._points), _order(self.plan, epoch))
        return self._variables()

    def _variables(self) -> dict[str, Array]:
        values: dict[str, Array] = self._session.run(dict(self._graph.variables))
        return values

    def _restore(self, variables: Mapping[str, Array]) -> None:
        self._session.run(
            self._graph.restore, {node: variables[name] for name, node in self._graph.restored.items()}
        )


def _grow(distances: Iterator[float], n_compared: int) -> bool:
    """Whether these grow: at once; and later on, too, since an epoch may lead away for a while only."""
    seen: list[float] = []
    for distance in islice(distances, 2 * n_compared):
        seen.append(distance)
        if not distance <= _BEYOND_DOUBT * seen[0]:
            return True
        if len(seen) == 2 and distance < seen[0]:  # noqa: PLR2004 (the first, and the next)
            return False
    return max(seen[n_compared:]) >= max(seen[:n_compared])


def _joined(variables: Mapping[str, Array], names: Sequence[str]) -> Array:
    """θ, from the variables of these names: the weights, then the intercept."""
    return np.concatenate([np.ravel(variables[name]) for name in names])


def _parted(theta: Array, names: Sequence[str], like: Mapping[str, Array]) -> dict[str, Array]:
    """The variables of these names, from θ, in the shapes of `like`."""
    ends = np.cumsum([np.size(like[name]) for name in names])[:-1]
    return {
        name: part.reshape(np.shape(like[name]))
        for name, part in zip(names, np.split(theta, ends), strict=True)
    }


def _order(plan: TrainingPlan, epoch: int) -> Order | None:
    """The order of the rows in an epoch; None for the order in which they are."""
    settings = plan.settings
    return order_of_epoch(len(plan.points), settings.seed, epoch) if settings.shuffle else None


def _orders(plan: TrainingPlan) -> Iterator[Order | None]:
    """The orders of the rows in all epochs of mini-batches, one drawn ahead."""
    settings, first = plan.settings, plan.start.epoch + 1
    if settings.batch_size is None or not settings.shuffle:
        return repeat(None)
    return orders(len(plan.points), settings.seed, range(first, first + settings.epochs))


def _n_numpy(plan: TrainingPlan, executor: str) -> float:
    """How many epochs run step by step; whatever the number of epochs, so that a resumed run is the same."""
    return numpy_epochs(executor, plan.steps_per_epoch, plan.values_per_epoch)
