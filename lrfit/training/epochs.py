"""Epochs: the ways in which a run goes over its batches, with the same numbers.

A new way is a class with `descend`, and a line in `epochs_of`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from lrfit.training.alike import EpochsAlike
from lrfit.training.batches import EpochOrder, MiniBatches, Windowed
from lrfit.training.plan import TrainingPlan
from lrfit.training.spread_batches import SpreadBatches
from lrfit.training.steps import Steps

__all__ = ["Epochs", "epochs_of"]


class Epochs(Protocol):
    """A way to go over batches.

    Attributes:
        can_be_joined: Whether several epochs in one call take less time than one by one.
    """

    can_be_joined: bool

    def descend(self, n_done: int, n_epochs: int) -> None:
        """Change the variables as some epochs do, of which `n_done` are done before."""


def epochs_of(plan: TrainingPlan, steps: Steps, executor: str, on_share: Callable[[float], None]) -> Epochs:
    """The way that a plan takes.

    Args:
        plan: The plan.
        steps: The session that descends.
        executor: "numpy", "numba" or "auto".
        on_share: Told which share of a long epoch is done.
    """
    batches = plan.batches
    if isinstance(batches, MiniBatches) and not batches.shuffle:
        return EpochsAlike(batches, steps)
    if isinstance(batches, SpreadBatches):
        from lrfit.training.spread_descent import spread_descent  # noqa: PLC0415 (few runs have a cluster)

        return spread_descent(plan, batches, steps, executor)
    return WindowEpochs(batches, steps, range(plan.start.epoch + 1, plan.last_epoch + 1), on_share)


class WindowEpochs:
    """Epochs over the rows, window by window, in an order of their own.

    Args:
        batches: The rows.
        steps: The session that descends.
        epochs: The epochs to come.
        on_share: Told which share of a long epoch is done.
    """

    def __init__(
        self, batches: Windowed, steps: Steps, epochs: range, on_share: Callable[[float], None]
    ) -> None:
        self._batches = batches
        self._steps = steps
        self._on_share = on_share
        self._next, self._last = epochs.start, epochs.stop - 1
        self._orders = batches.orders(epochs)
        self.can_be_joined = batches.is_full

    def descend(self, n_done: int, n_epochs: int) -> None:
        """Change the variables as some epochs do, which have the same order if there are several."""
        n_rows, n_seen = len(self._batches), 0
        for window in self._batches.windows(self._order(n_done + 1)):
            self._steps.take(window, self._batches.batch_size, n_epochs)
            n_seen += len(window)
            if n_seen < n_rows:
                self._on_share(n_seen / n_rows)

    def _order(self, epoch: int) -> EpochOrder:
        """The order of an epoch; that of the next one in turn has been drawn ahead."""
        if epoch != self._next or epoch > self._last:
            return self._batches.order(epoch)
        self._next += 1
        return next(self._orders)
