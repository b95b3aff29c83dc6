"""Settings of a training run, and their defaults. Imports no NumPy, so that help can show them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

from lrfit.errors import UsageError

__all__ = ["TrainingSettings"]


@dataclass(frozen=True)
class TrainingSettings:
    """How to descend.

    Attributes:
        learning_rate: Factor of each step, above 0; None for `Moments.fastest_learning_rate` in full batch,
            and for 1 / max ‖(x, 1)‖² in mini-batches, with which no batch can overshoot.
        epochs: Passes over the data, 1 or more.
        batch_size: Rows of one step, 1 or more; None for all.
        shuffle: Draw the rows of each mini-batch epoch in an order of its own.
        seed: Of the shuffles and of `init="normal"`, 0 or more.
        intercept: Whether the model has one.
        init: "zeros", "normal" (standard normal), both in the units of descent; or the numbers in the units
            of the data: weights in the order of the features, then the intercept if there is one.
        standardize: Descend on (x - mean) / sd and (y - mean) / sd.
        condense: Descend on the sigma points in place of the rows, where the batch is full.

    Raises:
        UsageError: A value is not among the valid ones.
    """

    learning_rate: float | None = 0.01
    epochs: int = 100
    batch_size: int | None = None
    shuffle: bool = True
    seed: int = 0
    intercept: bool = True
    init: str | Sequence[float] = "zeros"
    standardize: bool = False
    condense: bool = True

    def __post_init__(self) -> None:
        rate = self.learning_rate
        _check(rate is None or 0.0 < rate < float("inf"), "learning_rate", rate, "a finite number above 0")
        _check(self.epochs >= 1, "epochs", self.epochs, "at least 1")
        _check(
            self.batch_size is None or self.batch_size >= 1,
            "batch_size",
            self.batch_size,
            "at least 1, or None",
        )
        _check(self.seed >= 0, "seed", self.seed, "at least 0")
        known = (
            self.init in ("zeros", "normal") if isinstance(self.init, str) else all(map(isfinite, self.init))
        )
        _check(known, "init", self.init, "'zeros', 'normal', or finite numbers")

    @property
    def needs_rows(self) -> bool:
        """Whether descent needs the rows themselves, not just their moments."""
        return self.batch_size is not None or not self.condense


def _check(is_valid: bool, name: str, value: object, wanted: str) -> None:  # noqa: FBT001
    if not is_valid:
        raise UsageError(f"{name} is {value!r}, and must be {wanted}")
