"""Training: gradient descent on the model's graph, as a generator of epoch records.

Full-batch descent runs on the sigma points of the `Moments` in place of the rows (the same loss and
gradients, at a cost that does not depend on the number of rows), or, with `condense=False`, on the rows;
mini-batch descent runs on batches of the rows. Either is `Session.run_batches` of the same graph.

The loss that a record carries is that of all rows, from the `Moments`, after the epoch's last step. To look
at it takes longer than a compiled epoch of a full batch. So where descent cannot diverge (full batch, below
the largest stable rate) the epochs between two records are run at once. The numbers are the same.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import repeat
from math import isfinite
from time import monotonic

from lrfit.descent import Descent
from lrfit.errors import DivergenceError
from lrfit.executors import loop_executor
from lrfit.graph import Array
from lrfit.model import linear_model
from lrfit.ops import global_variables_initializer
from lrfit.optimizers import GradientDescentOptimizer
from lrfit.program import LoopExecutor
from lrfit.row_store import RowStore
from lrfit.session import Session
from lrfit.shuffle import Order, orders

__all__ = ["EpochRecord", "train"]

_log = logging.getLogger(__name__)

_PATIENCE_S = 0.1
"""Of one call of compiled code, about: it cannot be interrupted."""

_MINI_BATCH_RISE = 1e3
"""A mini-batch run whose loss is this many times that at the start, and that of y_hat = 0, has diverged."""


@dataclass(frozen=True, eq=False)
class EpochRecord:
    """Where descent stands after an epoch, in the units of the data.

    Attributes:
        epoch: Number of epochs done; 0 is the start.
        loss: Half-MSE of all rows.
        change: Loss less the loss of the epoch before; None at the start.
        weights: Shape (n_features,).
        intercept: 0.0 for a model without one.
    """

    epoch: int
    loss: float
    change: float | None
    weights: Array
    intercept: float


def train(
    descent: Descent,
    *,
    executor: str = "auto",
    is_due: Callable[[int], bool] = lambda epoch: True,  # noqa: ARG005
    on_epoch: Callable[[int], None] = lambda epoch: None,  # noqa: ARG005
) -> Iterator[EpochRecord]:
    """Run gradient descent; records of the start, of the epochs that are due, and of the last.

    Args:
        descent: The run.
        executor: "numpy", "numba", or "auto" for the one that is done first. The numbers are the same, to
            1e-12 relative over 100 epochs.
        is_due: Whether to yield a record of this epoch; all by default. Has no influence on the numbers.
        on_epoch: Is told how many epochs are done, now and then.

    Raises:
        DivergenceError: The loss moved away from its minimum, and how; after the record of that epoch.
        UsageError: The executor is not there.
    """
    run = _Run(descent, executor, on_epoch)
    start = record = run.record()
    _check_start(start)
    yield record
    last = descent.settings.epochs
    cannot_diverge = (
        not isinstance(descent.points, RowStore) and descent.learning_rate < descent.max_stable_learning_rate
    )
    comes_due = last == 1 or is_due(1)
    for epoch in range(1, last + 1):
        due, comes_due = comes_due, epoch + 1 >= last or is_due(epoch + 1)
        if cannot_diverge and not (due or comes_due):
            continue
        run.advance_to(epoch)
        before, record = record, run.record(record)
        error = None if record.loss <= before.loss else _divergence(descent, record, before, start)
        if due or error:
            yield record
        if error:
            raise error
    run.log_times()


class _Run:
    """A session that descends.

    Attributes:
        epoch: How many epochs are done.
    """

    def __init__(self, descent: Descent, executor: str, on_epoch: Callable[[int], None]) -> None:
        self.epoch = 0
        self._first_s = self._total_s = 0.0
        self._descent = descent
        self._points = descent.points
        self._batch_size = descent.settings.batch_size or len(descent.points)
        self._on_epoch = on_epoch
        self._model = linear_model(descent.weights, descent.intercept)
        self._train_op = GradientDescentOptimizer(descent.learning_rate).minimize(self._model.loss)
        self._session = Session(self._model.graph, loop_executor=_loop_executor(descent, executor))
        self._session.run(global_variables_initializer(self._model.graph))
        self._model.graph.finalize()
        self._orders = _orders(descent)

    def advance_to(self, epoch: int) -> None:
        """Run the epochs up to this one."""
        n_epochs = 1
        while self.epoch < epoch:
            n_epochs = min(n_epochs, epoch - self.epoch)
            started_s = monotonic()
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
            for window in self._points.windows(self._batch_size, next(self._orders)):
                self._run_batches(self._descent.scaling.apply(window))
        else:
            self._run_batches(self._points, n_epochs)

    def _run_batches(self, points: Array, n_epochs: int = 1) -> None:
        feeds = {self._model.x: points[:, :-1], self._model.y: points[:, -1:]}
        self._session.run_batches(self._train_op, feeds, batch_size=self._batch_size, n_epochs=n_epochs)

    def log_times(self) -> None:
        """Say how long the epochs took; the first ones include making them ready to run."""
        rest_s = self._total_s - self._first_s
        _log.info("epochs: the first %.3g s, the other %d %.3g s", self._first_s, self.epoch - 1, rest_s)

    def record(self, before: EpochRecord | None = None) -> EpochRecord:
        """Where descent stands; `before` is where it stood an epoch before, or at the last look."""
        weights, intercept = self._session.run(self._model.W)[:, 0], 0.0
        if self._model.b is not None:
            intercept = self._session.run(self._model.b)
        weights, intercept = self._descent.scaling.to_data_units(weights, intercept)
        loss = self._descent.moments.half_mse(weights, intercept)
        change = None if before is None else loss - before.loss
        return EpochRecord(self.epoch, loss, change, weights, float(intercept))


def _orders(descent: Descent) -> Iterator[Order | None]:
    """The order of the rows in each epoch of mini-batches; None for the order in which they are."""
    settings = descent.settings
    if settings.batch_size is None or not settings.shuffle:
        return repeat(None)
    return orders(len(descent.points), settings.seed, range(1, settings.epochs + 1))


def _loop_executor(descent: Descent, name: str) -> LoopExecutor | None:
    """What runs the steps of the descent."""
    n_epochs, n_points = descent.settings.epochs, len(descent.points)
    n_steps = n_epochs * -(-n_points // (descent.settings.batch_size or n_points))
    return loop_executor(name, n_steps, n_epochs * n_points * len(descent.moments.mean))


def _check_start(start: EpochRecord) -> None:
    if not isfinite(start.loss):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")


def _divergence(
    descent: Descent, record: EpochRecord, before: EpochRecord, start: EpochRecord
) -> DivergenceError | None:
    """The error, if the loss, which has risen, shows that descent diverges.

    Full batch: below 2 / λ_max the loss falls at every step, so any rise beyond rounding is proof.
    Mini-batches go up and down, so their rule is coarse: see `_MINI_BATCH_RISE`.
    """
    moments = descent.moments
    if descent.settings.batch_size is None:
        limit = before.loss + sum(moments.half_mse_rounding(r.weights, r.intercept) for r in (record, before))
    else:
        limit = _MINI_BATCH_RISE * max(start.loss, 0.5 * float(moments.root_mean_square[-1]) ** 2)
    if isfinite(record.loss) and record.loss <= limit:
        return None
    return DivergenceError(
        f"training diverged in epoch {record.epoch}: the loss went from {before.loss:.6g} to "
        f"{record.loss:.6g} at learning rate {descent.learning_rate:.6g}; the largest stable rate is "
        f"{descent.max_stable_learning_rate:.6g}"
    )
