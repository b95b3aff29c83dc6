"""Evaluation: how well a model predicts rows that have a target, in one pass and constant memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import sqrt

import numpy as np

from lrfit.analysis.merge_tree import MergeTree
from lrfit.analysis.moments import Moments
from lrfit.data.block import Block
from lrfit.errors import DataError
from lrfit.model.application import Application

__all__ = ["Evaluation", "ResidualSums", "Summing", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """Measures of the residuals y_hat - y.

    Attributes:
        n_samples: Number of rows; those of weight 0 do not count. With weights, all means are weighted.
        loss: Half the mean squared residual, mse / 2.
        mse: Mean squared residual.
        rmse: Root of the mean squared residual.
        mae: Mean absolute residual.
        r2: 1 - Σ residual² / Σ (y - mean of y)², for these rows; None where y is constant.
        max_error: Largest absolute residual.

    References:
        The definitions, and names, of scikit-learn's `metrics`.
    """

    n_samples: int
    loss: float
    mse: float
    rmse: float
    mae: float
    r2: float | None
    max_error: float


@dataclass(frozen=True)
class ResidualSums:
    """Sums over rows, from which the measures are computed; the sums of two sets of rows can be merged.

    Attributes:
        squares: Σ w · residual²; w is 1 where the rows have no weights.
        absolutes: Σ w · |residual|.
        largest: Largest |residual|.
        target: Moments of y.
    """

    squares: float
    absolutes: float
    largest: float
    target: Moments

    def merge(self, other: ResidualSums) -> ResidualSums:
        """The sums over the rows of both."""
        return ResidualSums(
            self.squares + other.squares,
            self.absolutes + other.absolutes,
            max(self.largest, other.largest),
            self.target.merge(other.target),
        )


class Summing:
    """A function from a block to the sums of its residuals; they are not finite if they are too large.

    Args:
        applied: An application with its target, whose columns the blocks have.
    """

    def __init__(self, applied: Application) -> None:
        self._applied = applied
        self._is_weighted = applied.columns[-1].kind == "weight"

    @np.errstate(over="ignore", invalid="ignore")
    def __call__(self, block: Block) -> ResidualSums:
        """The sums over the rows of a block; those of weight 0 do not count."""
        values = block.values
        if self._is_weighted:
            values = values[:, values[-1] > 0.0]
        weights = values[-1] if self._is_weighted else None
        y = values[-1 - self._is_weighted]
        residual = self._applied.predict(values) - y
        sizes = np.abs(residual)
        w = 1.0 if weights is None else weights
        return ResidualSums(
            float(np.sum(w * np.square(residual))),
            float(np.sum(w * sizes)),
            float(np.max(sizes, initial=0.0)),
            Moments.of_columns(y[np.newaxis], weights),
        )


@np.errstate(over="ignore", invalid="ignore")
def evaluate(parts: Iterable[tuple[int, ResidualSums]], source_name: str = "the data") -> Evaluation:
    """The measures of a model on rows, from the sums that `Summing` gives for blocks of them.

    Args:
        parts: The number of each block, ascending, and its sums.
        source_name: The name of the rows in messages.

    Raises:
        DataError: There are no rows, or a squared residual overflows.
    """
    sums: MergeTree[ResidualSums] = MergeTree()
    for number, part in parts:
        sums.add(number, part)
    total = sums.total()
    target = total.target
    if not target.n_samples:
        raise DataError(f"{source_name}: there are no rows to evaluate")
    mse = total.squares / target.weight
    if not np.isfinite(mse + target.best_constant_half_mse):
        raise DataError(
            f"{source_name}: squares of residuals overflow; divide the columns by a power of ten first"
        )
    return Evaluation(
        n_samples=target.n_samples,
        loss=mse / 2.0,
        mse=mse,
        rmse=sqrt(mse),
        mae=total.absolutes / target.weight,
        r2=target.r2(mse / 2.0),
        max_error=total.largest,
    )
