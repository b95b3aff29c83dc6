"""Histories: the epochs of a run as arrays, whether they come from a run or from a file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from lrfit.arrays import Array
from lrfit.training.record import EpochRecord

__all__ = ["History", "next_thinned"]

_ALL, _GROWTH, _SHARE = 200, 1.02, 1000
"""Thinning keeps the first 200 epochs, then the next that is 2 % or 1/1000 of the run further on."""


@dataclass(frozen=True, eq=False)
class History:
    """The epochs of a run, as arrays with an entry for each epoch.

    Attributes:
        features: Names of the features.
        intercept: Whether the model has one.
        epochs: Numbers of epochs done, ascending.
        loss: Half-MSE of the rows to train on.
        excess: The objective less its minimum.
        validation_loss: Half-MSE of the rows held out; None without.
        theta: Weights, then the intercept if there is one; shape (n_epochs, n_parameters).
    """

    features: tuple[str, ...]
    intercept: bool
    epochs: Array
    loss: Array
    excess: Array
    validation_loss: Array | None
    theta: Array

    @classmethod
    def of(cls, records: Iterable[EpochRecord], features: Sequence[str], *, intercept: bool) -> History:
        """The history of a run: θ in the units of descent, the loss and the excess in those of the data."""
        kept = list(records)
        losses = [record.validation_loss for record in kept]
        return cls(
            features=tuple(features),
            intercept=intercept,
            epochs=np.array([float(record.epoch) for record in kept]),
            loss=np.array([record.loss for record in kept]),
            excess=np.array([record.excess for record in kept]),
            validation_loss=None if None in losses else np.array(losses, dtype=np.float64),
            theta=np.array([record.theta for record in kept]),
        )

    @property
    def parameters(self) -> tuple[str, ...]:
        """Names of the columns of θ."""
        return (*self.features, *["intercept"] * self.intercept)

    def thinned(self) -> History:
        """The epochs that a picture can show: of a long run some 2,000, from its first to its last."""
        last, chosen = self.epochs[-1], [0]
        while chosen[-1] < len(self.epochs) - 1:
            due = next_thinned(int(self.epochs[chosen[-1]]), int(last))
            chosen.append(max(chosen[-1] + 1, int(np.searchsorted(self.epochs, due, side="right")) - 1))
        validation = None if self.validation_loss is None else self.validation_loss[chosen]
        return History(
            self.features,
            self.intercept,
            self.epochs[chosen],
            self.loss[chosen],
            self.excess[chosen],
            validation,
            self.theta[chosen],
        )


def next_thinned(epoch: int, last: int) -> int:
    """The next epoch, after this one, of the few that stand for a run that ends with `last`.

    All of the first 200; then those that are close on a log axis, or on a linear one.

    Examples:
        >>> next_thinned(7, 100), next_thinned(500, 1000), next_thinned(50_000, 1_000_000)
        (8, 501, 51000)
    """
    if epoch < _ALL:
        return epoch + 1
    step = -(-last // _SHARE)
    return min(int(epoch * _GROWTH) + 1, (epoch // step + 1) * step, max(last, epoch + 1))
