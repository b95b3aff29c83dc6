"""Stopping: when a run has done enough before its last epoch.

A full batch at the rate that was chosen for it ends when the parameters are exact to their last digits. At a
given rate it does all of its epochs, whatever is left to do, so that runs that are compared are alike.
"""

from __future__ import annotations

from math import inf
from time import monotonic

from lrfit.training.plan import OPTIMUM, TrainingPlan
from lrfit.training.record import EpochRecord

__all__ = ["Stopping"]

_MARGIN = 0.02
"""Share of a forecast by which it may be wrong."""

_LOOKS = 64
"""Number of looks, at least, while the epochs double, at descent that is past its forecast."""


class Stopping:
    """Watches over the records of a run, and keeps the best.

    Args:
        plan: Plan of the run.
        best: Its best record so far, if it goes on from an earlier run with patience.

    Attributes:
        best: The record of the lowest monitored loss, if the run has patience; else None.
        deadline_s: Time at which the run has to end, by the monotonic clock.
    """

    def __init__(self, plan: TrainingPlan, best: EpochRecord | None = None) -> None:
        self.best = best if plan.settings.patience else None
        settings = plan.settings
        self._plan = plan
        self._tol = settings.tol or 0.0
        if plan.batches.is_full and settings.is_linear and settings.learning_rate == "auto":
            self._tol = max(self._tol, plan.rounding)
        self._patience = settings.patience
        self.deadline_s = inf if settings.max_time_s is None else monotonic() + settings.max_time_s
        self._near, self._far = self._expected()

    def _expected(self) -> tuple[float, float]:
        """The epochs between which the tolerance will be reached, by the forecast."""
        n_epochs = self._plan.epochs_until(self._tol) if self._tol else None
        if n_epochs is None:
            return (0.0, inf)
        start = self._plan.start.epoch
        if n_epochs == inf and self._plan.method.momentum:
            return start, start
        return start + (1.0 - _MARGIN) * n_epochs - 1, start + (1.0 + _MARGIN) * n_epochs + 1

    def next_look(self, epoch: int) -> float:
        """The next epoch, after this one, of which a record is needed, though nobody asked for it.

        Past the forecast these are multiples of a power of 2, whatever epoch is asked about.
        """
        if self._patience:
            return epoch + 1
        if not self._tol:
            return inf
        if epoch < self._far:
            return max(epoch + 1, self._near)
        gap = 1 << max(0, (epoch // _LOOKS).bit_length() - 1)
        return (epoch // gap + 1) * gap

    def reason(self, record: EpochRecord) -> str | None:
        """Why the run ends with this record, as `EpochRecord.stopped` has it; None if it goes on."""
        if self._patience and (self.best is None or record.monitored < self.best.monitored):
            self.best = record
        if self._is_close(record):
            is_optimum = self._plan.batches.is_full and (self._plan.settings.tol or 0.0) <= OPTIMUM
            return "optimum" if is_optimum else "tol"
        if self._patience and self.best and record.epoch - self.best.epoch >= self._patience:
            return "patience"
        if record.epoch >= self._plan.last_epoch:
            return "epochs"
        return "time" if record.epoch > self._plan.start.epoch and monotonic() >= self.deadline_s else None

    def _is_close(self, record: EpochRecord) -> bool:
        if not self._tol or self.next_look(record.epoch - 1) > record.epoch:
            return False  # a record that is only due must not change where the run ends
        if self._plan.batches.is_full:
            return record.relative_excess <= self._tol
        return record.change is not None and abs(record.change) <= self._tol * record.loss
