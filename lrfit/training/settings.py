"""Settings of a training run, and their defaults. Imports no NumPy, so that help can show them at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from types import UnionType
from typing import Annotated, Union, get_args, get_origin, get_type_hints

from lrfit.errors import UsageError
from lrfit.messages import shown
from lrfit.model.rules import Amount, Count, Gamma, Momentum, Number, Positive, Rule, Schedule, Share

__all__ = [
    "TrainingSettings",
]


def _is_init(value: str | Sequence[float]) -> bool:
    return value in ("zeros", "normal") if isinstance(value, str) else all(map(isfinite, value))


_Init = Annotated[str | Sequence[float], Rule(_is_init, "'zeros', 'normal', or finite numbers")]


@dataclass(frozen=True)
class TrainingSettings:
    """How to descend, and when to stop.

    Attributes:
        learning_rate: Factor of each step, above 0; None for the fastest that is guaranteed: in full batch
            `Method.fastest_rate`, in mini-batches half of `Method.max_safe_rate`.
        epochs: Passes over the data, 1 or more; when a run is resumed, so many more.
        batch_size: Rows of one step, 1 or more; None for all.
        shuffle: Draw the rows of each mini-batch epoch in an order of its own.
        seed: Of the shuffles, of `init="normal"` and of what is held out; 0 or more.
        intercept: Whether the model has one.
        init: "zeros", "normal" (standard normal), both in the units of descent; or the numbers in the units
            of the data: weights in the order of the features, then the intercept if there is one.
        standardize: Descend on (x - mean) / sd and (y - mean) / sd.
        condense: Descend on the sigma points in place of the rows, where the batch is full.
        l2: Of the penalty ½·l2·‖W‖², in the units of descent; 0 or more.
        momentum: From 0 to 1; None for the one that suits the fastest rate, in full batch.
        nesterov: Whether momentum is Nesterov's.
        schedule: "constant", "invscaling" or "step"; see `lrfit.graph.schedules`.
        power_t: Of "invscaling"; above 0.
        step_size: Epochs of a step of "step"; 1 or more.
        gamma: Factor of the rate after each step of "step"; above 0, at most 1.
        average: Whether the parameters are averages over the last part of a mini-batch run.
        clip_norm: What longer gradients are shortened to; above 0; None for no clipping.
        tol: Stop when the objective is above its minimum by this share of it (full batch), or changes by
            this share of it in an epoch (mini-batches); above 0; None to go on.
        patience: Stop after so many epochs without a lower loss (of the rows held out, if there are any),
            and keep the parameters that had the lowest; 1 or more; None to go on, and keep the last.
        max_time_s: Stop after so many seconds of epochs; above 0; None to go on.
        validation_fraction: Of the rows, held out; between 0 and 1; None for none.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """

    learning_rate: Positive | None = 0.01
    epochs: Number = 100
    batch_size: Number | None = None
    shuffle: bool = True
    seed: Count = 0
    intercept: bool = True
    init: _Init = "zeros"
    standardize: bool = False
    condense: bool = True
    l2: Amount = 0.0
    momentum: Momentum | None = 0.0
    nesterov: bool = False
    schedule: Schedule = "constant"
    power_t: Positive = 0.25
    step_size: Number = 30
    gamma: Gamma = 0.1
    average: bool = False
    clip_norm: Positive | None = None
    tol: Positive | None = None
    patience: Number | None = None
    max_time_s: Positive | None = None
    validation_fraction: Share | None = None

    def __post_init__(self) -> None:
        for name, (rule, is_optional) in _rules().items():
            value = getattr(self, name)
            if not (rule.is_valid(value) if value is not None else is_optional):
                wanted = f"{rule.wanted}, or None" if is_optional else rule.wanted
                text = shown(value) if isinstance(value, str) else repr(value)
                raise UsageError(f"{name} is {text}, and must be {wanted}")
        for is_contradicted, why in _CONTRADICTIONS:
            if is_contradicted(self):
                raise UsageError(why)

    @property
    def needs_rows(self) -> bool:
        """Whether descent needs the rows themselves, not just their moments."""
        return self.batch_size is not None or not self.condense

    @property
    def is_linear(self) -> bool:
        """Whether a step is a linear map of the distance from the minimiser, the same in each epoch."""
        return self.schedule == "constant" and self.clip_norm is None


@cache
def _rules() -> dict[str, tuple[Rule, bool]]:
    """The rules of the settings that have one, and whether they may be None, too."""
    rules = {}
    for name, kind in get_type_hints(TrainingSettings, include_extras=True).items():
        is_optional = get_origin(kind) in (Union, UnionType)
        inner = get_args(kind)[0] if is_optional else kind
        if get_origin(inner) is Annotated:
            rules[name] = (inner.__metadata__[0], is_optional)
    return rules


_CONTRADICTIONS: list[tuple[Callable[[TrainingSettings], bool], str]] = [
    (
        lambda s: s.nesterov and s.momentum == 0.0,
        "Nesterov's method needs momentum: say how much, such as --momentum 0.9",
    ),
    (
        lambda s: s.momentum is None and (s.learning_rate is not None or s.batch_size is not None),
        "--momentum auto goes with --lr auto and full batches: it matches the fastest rate",
    ),
    (
        lambda s: (
            s.schedule != "step"
            and (s.step_size, s.gamma) != (TrainingSettings.step_size, TrainingSettings.gamma)
        ),
        "--step-size and --gamma go with --schedule step",
    ),
    (
        lambda s: s.schedule != "invscaling" and s.power_t != TrainingSettings.power_t,
        "--power-t goes with --schedule invscaling",
    ),
    (
        lambda s: s.average and s.batch_size is None,
        "--average is for mini-batches, whose noise it takes out: say --batch-size",
    ),
]
