"""Settings of a training run, and their defaults. Imports no NumPy, so that help can show them at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from math import isfinite
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

from lrfit.errors import UsageError
from lrfit.messages import shown, spelled
from lrfit.model.rules import Gamma, Momentum, Schedule, ValidationRows
from lrfit.system.rules import Amount, Count, Number, Positive, Rule, Share

__all__ = ["TrainingSettings"]


def _is_init(value: str | Sequence[float]) -> bool:
    return value in ("zeros", "normal") if isinstance(value, str) else all(map(isfinite, value))


_Init = Annotated[str | Sequence[float], Rule(_is_init, "'zeros', 'normal', or finite numbers")]


@dataclass(frozen=True)
class TrainingSettings:
    """How to descend, and when to stop.

    Attributes:
        learning_rate: Factor of each step, above 0; or "auto" for the fastest that is guaranteed: in full
            batch `Method.fastest_rate`, in mini-batches half of `Method.max_safe_rate`.
        epochs: Number of passes over the data, at least 1; a run that is resumed does as many more. Or
            "auto", in full batch, for as many as it takes to the optimum; 100 where that cannot be foreseen.
        batch_size: Number of rows of one step, at least 1; None for all rows.
        shuffle: Whether each epoch of mini-batches draws the rows in an order of its own.
        shuffle_parts: Whether the shuffle is by parts: an epoch draws an order of the parts of the data
            (64 MiB of a CSV, or a row group), and one of the rows within each; a step has rows of one part.
        seed: Seed of the shuffles, of `init="normal"` and of the rows held out; at least 0.
        fit_intercept: Whether the model has an intercept.
        init: Where to start: "zeros" or "normal" (standard normal), both in the units of descent; or numbers
            in the units of the data: the weights in the order of the features, then the intercept if there is
            one.
        standardize: Whether to descend on (x - mean) / sd and (y - mean) / sd.
        condense: Whether full batches descend on the sigma points in place of the rows.
        l2: Strength of the penalty ½·l2·‖W‖², in the units of descent; at least 0.
        momentum: Share of the last step that is added to the next, at least 0 and below 1; or "auto", in full
            batch, for the one that goes with the fastest rate; or "needed" for that one, and Nesterov's,
            only where descent takes more than 100 epochs without.
        nesterov: Whether the momentum is Nesterov's.
        schedule: How the rate falls: "constant", "invscaling" or "step"; see `lrfit.graph.schedules`.
        power_t: Exponent of the schedule "invscaling", above 0.
        step_size: Number of epochs of one step of the schedule "step", at least 1.
        gamma: Factor of the rate after each step of the schedule "step", above 0 and at most 1.
        average: Whether the parameters are averages over the last part of a mini-batch run.
        clip_norm: Norm to which longer gradients are shortened, above 0; None for no clipping.
        tol: The run stops when the objective is above its minimum by this share of it (full batch), or
            changes by this share of it in an epoch (mini-batches); above 0. None to do all epochs.
        patience: The run stops after this many epochs without a lower loss (of the rows held out, if there
            are any), and keeps the parameters that had the lowest; at least 1. None to keep the last.
        max_time_s: The run stops after this many seconds of epochs, above 0; None for no limit.
        validation_fraction: Share of the rows that is held out, above 0 and below 1; None for none.
        validation_rows: Which rows these are: "random", or "last" for those at the end of the data.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """

    learning_rate: Positive | Literal["auto"] = 0.01
    epochs: Number | Literal["auto"] = 100
    batch_size: Number | None = None
    shuffle: bool = True
    shuffle_parts: bool = False
    seed: Count = 0
    fit_intercept: bool = True
    init: _Init = "zeros"
    standardize: bool = False
    condense: bool = True
    l2: Amount = 0.0
    momentum: Momentum | Literal["auto", "needed"] = 0.0
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
    validation_rows: ValidationRows = "random"

    def __post_init__(self) -> None:
        for name, rule in rules().items():
            value = getattr(self, name)
            if not rule.allows(value):
                text = shown(value) if isinstance(value, str) else repr(value)
                raise UsageError(f"{name} is {text}, and must be {rule.wanted}")
        for contradiction in _contradictions(self):
            raise UsageError(contradiction)

    @property
    def needs_rows(self) -> bool:
        """Whether descent needs the rows themselves, not just their moments."""
        return self.batch_size is not None or not self.condense

    @property
    def is_linear(self) -> bool:
        """Whether a step is a linear map of the distance from the minimiser, the same in each epoch.

        What is known of stable rates rests on it. A method of which this is not so has to say so here.
        """
        return self.schedule == "constant" and self.clip_norm is None


class SettingRule(NamedTuple):
    """The values that a setting may have.

    Attributes:
        kind: Type of the setting: int, float, or one that holds words.
        rule: The rule of such a value.
        words: Other values that it may have: None, or words such as "auto".
    """

    kind: object
    rule: Rule
    words: tuple[str | None, ...]

    def allows(self, value: object) -> bool:
        """Whether the setting may have this value. NumPy's numbers are numbers, too."""
        from numbers import Integral, Real  # noqa: PLC0415 (help needs no values)

        numbers: dict[object, type] = {int: Integral, float: Real}
        if value is None or isinstance(value, str):
            is_of_kind = self.kind not in numbers and value is not None
        else:
            is_of_kind = isinstance(value, numbers.get(self.kind, object)) and not isinstance(value, bool)
        return value in self.words if not is_of_kind else self.rule.is_valid(value)

    @property
    def wanted(self) -> str:
        """The valid values, in words."""
        return ", or ".join([self.rule.wanted, *map(repr, self.words)])


_SAYS_HOW = {"learning_rate", "standardize", "init"}
"""Settings that say how to descend. Where none of them is given, descent is to get to the optimum."""


def is_plain(given: Mapping[str, object]) -> bool:
    """Whether the settings that are given leave it open how to get to the optimum."""
    return not _SAYS_HOW & given.keys()


def completed(given: Mapping[str, Any]) -> TrainingSettings:
    """The settings that are given, and the defaults of the others.

    Where neither a rate, a scale nor a start is given, they are those that get to the optimum: standardised
    data, the fastest rate, momentum where it is needed, and as many epochs as it takes.

    Raises:
        UsageError: A value is not among the valid ones, or two exclude each other.
    """
    if not is_plain(given):
        return TrainingSettings(**given)
    defaults: dict[str, Any] = {"learning_rate": "auto", "standardize": True, "epochs": "auto"}
    if not given.get("nesterov") and given.get("patience") is None:  # momentum lets the loss rise at first
        defaults["momentum"] = "needed"
    return TrainingSettings(**{**defaults, **given})


@cache
def rules() -> dict[str, SettingRule]:
    """The rules of the settings that have one, from their annotations."""
    found = {}
    for name, annotation in get_type_hints(TrainingSettings, include_extras=True).items():
        is_union = get_origin(annotation) in (Union, UnionType)
        first, *others = get_args(annotation) if is_union else (annotation,)
        if get_origin(first) is Annotated:
            words = [word for other in others for word in (get_args(other) or [None])]
            found[name] = SettingRule(first.__origin__, first.__metadata__[0], tuple(words))
    return found


def _contradictions(settings: TrainingSettings) -> Iterator[str]:
    """Sentences on settings that exclude each other, with what to do."""
    default = TrainingSettings
    if settings.nesterov and settings.momentum == 0.0:
        yield f"Nesterov's method needs momentum: say how much, such as {spelled(momentum=0.9)}"
    if settings.momentum == "auto" and not (settings.learning_rate == "auto" and settings.batch_size is None):
        yield (
            f"{spelled(momentum='auto')} goes with {spelled(learning_rate='auto')} and full batches: "
            "it matches the fastest rate"
        )
    is_step = (settings.step_size, settings.gamma) != (default.step_size, default.gamma)
    if is_step and settings.schedule != "step":
        yield (f"{spelled(step_size=...)} and {spelled(gamma=...)} go with {spelled(schedule='step')}")
    if settings.power_t != default.power_t and settings.schedule != "invscaling":
        yield f"{spelled(power_t=...)} goes with {spelled(schedule='invscaling')}"
    if settings.validation_rows != default.validation_rows and settings.validation_fraction is None:
        yield (
            f"{spelled(validation_rows=settings.validation_rows)} goes with "
            f"{spelled(validation_fraction=...)}"
        )
    if settings.shuffle_parts and not settings.shuffle:
        yield f"{spelled(shuffle=False)} and {spelled(shuffle_parts=True)} exclude each other"
    if settings.average and settings.batch_size is None:
        size = spelled(batch_size=...)
        yield f"{spelled(average=True)} is for mini-batches, whose noise it takes out: say {size}"
