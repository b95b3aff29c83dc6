"""Records: where a run stands after an epoch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lrfit.arrays import Array

__all__ = ["EpochRecord"]


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
        weights: Weights, shape (n_features,).
        intercept: Intercept; 0.0 for a model without one.
        theta: Weights and intercept in the units of descent.
        variables: Values of all variables of the training graph, in the units of descent.
        best: The record of the lowest monitored loss so far, if the run has patience; else None.
        stopped: Why this is the last record: "epochs", "tol", "optimum" (the parameters are exact to the last
            digits), "patience", "time" or "diverged"; None if it is not.
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
        """The number that is to become smaller: the loss of the rows held out, else the excess."""
        return self.excess if self.validation_loss is None else self.validation_loss
