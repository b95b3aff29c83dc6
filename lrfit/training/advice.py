"""Advice: what is known of a run before its first epoch, after its last and after a divergence, in sentences.

All of it follows from the objective, which is known: no number here is a guess.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import inf, isfinite
from sys import float_info

import numpy as np

from lrfit.analysis.convergence import rate_text
from lrfit.analysis.identifiability import identifiability
from lrfit.messages import shown
from lrfit.training.plan import Start, TrainingPlan, plan_training
from lrfit.training.run import EpochRecord
from lrfit.training.settings import TrainingSettings

__all__ = ["conclusion", "forecast", "identifiability", "rate", "remedies", "warnings"]

_TOL = 1e-6
"""Of a forecast, if the run has none: share of the optimum by which the loss may be above it."""

_NOTED_EXCESS = 0.01
"""Share of the optimum by which the loss may be above it and count as converged."""

_ILL_CONDITIONED = 30.0
"""Condition number that is worth a word."""

_OFFSET = 30.0
"""Times its spread that a feature may be away from 0 before that is what matters, whatever its size."""

_EXACT = 1e-9
"""Share of the best constant's loss below which a loss is as good as none."""

_HOPELESS = 1e8
"""More epochs than anybody waits for."""


def warnings(plan: TrainingPlan, features: Sequence[str]) -> Iterator[str]:
    """What is to be said of a run before it begins, even where all else is quiet."""
    settings = plan.settings
    if plan.learning_rate >= plan.max_stable_learning_rate:
        yield f"{rate(plan)}; expect {'divergence' if settings.is_linear else 'a rise at first'}"
    reason = identifiability(plan.moments, features, intercept=settings.intercept)
    if reason and not settings.l2:
        yield reason


def rate(plan: TrainingPlan) -> str:
    """Where the learning rate stands against the largest stable one; and why, if it was chosen."""
    value, bound, settings = plan.learning_rate, plan.max_stable_learning_rate, plan.settings
    name = f"the learning rate {value:.6g} is" if settings.learning_rate else f"--lr auto is {value:.6g},"
    if settings.momentum is None:
        name += f" with momentum {plan.method.momentum:.6g},"
    if not isfinite(bound):
        return f"{name} as good as any: the loss does not depend on the parameters"
    if plan.is_full_batch:
        reason = "" if settings.learning_rate else " the fastest in the long run,"
        stands = f"{_share(value, bound)} the largest stable one"
        return f"{name}{reason} {stands}, {rate_text(bound)} = {_formula(plan)}"
    safe = plan.safe_learning_rate
    return (
        f"{name} {_share(value, safe)} {rate_text(safe)}, up to which no batch can lead away; "
        f"full batches are stable up to {rate_text(bound)}"
    )


def _formula(plan: TrainingPlan) -> str:
    if not plan.method.momentum:
        return "2 / λ_max"
    return "2·(1 + β) / ((1 + 2·β)·λ_max)" if plan.method.nesterov else "2·(1 + β) / λ_max"


def _share(value: float, bound: float) -> str:
    ratio = value / bound if bound else inf
    return f"{_plain(ratio)} times" if value >= bound else f"{100 * ratio:.3g} % of"


def forecast(plan: TrainingPlan, features: Sequence[str]) -> Iterator[str]:
    """When the loss will be close to its optimum; and if that is late, why, and what would be sooner."""
    tol, objective = plan.settings.tol or _TOL, plan.objective
    is_stable = plan.learning_rate < plan.max_stable_learning_rate
    n_epochs = plan.epochs_until(tol) if is_stable else None
    above = objective.relative(objective.excess(plan.start.theta))
    if n_epochs is not None and isfinite(above):
        now = f"the loss is {_above(above)} the optimum, and within {tol:g} of it"
        if objective.is_exact:
            now = "the loss is as good as 0"
        is_soon = n_epochs < plan.settings.epochs and not plan.settings.tol
        stops = f"; --tol {tol:g} stops there" if is_soon else ""
        rises = "; with momentum it may rise on the way" if plan.method.momentum else ""
        yield f"forecast: {now} after {_epochs(n_epochs)}{stops}{rises}"
    if objective.condition_number > _ILL_CONDITIONED and not plan.settings.l2:
        auto = replace(plan.settings, standardize=True, learning_rate=None)
        other = _full_batch(plan, auto)
        cause = f"{_cause(plan, other, features)}{_sooner(plan, other, n_epochs)}"
        yield f"condition number {_plain(objective.condition_number)}: {cause}"


def _cause(plan: TrainingPlan, other: TrainingPlan, features: Sequence[str]) -> str:
    """Why the objective is ill-conditioned, beside that of standardised data."""
    if 2.0 * other.objective.condition_number > plan.objective.condition_number:
        return "the features depend nearly linearly on each other (--l2, or fewer features, help)"
    return _disproportion(plan, features)


def _sooner(plan: TrainingPlan, other: TrainingPlan, n_epochs: float | None) -> str:
    """What to use instead, if that would be sooner: standardised data at the fastest rate, to begin with."""
    settings, tol = plan.settings, plan.settings.tol or _TOL
    if plan.start.epoch or settings.clip_norm:  # whose settings are fixed; to which no forecast applies
        return ""
    if not plan.is_full_batch:
        return "" if settings.standardize else ": use --standardize"
    best = "--lr auto" if settings.standardize else "--standardize --lr auto"
    n_best = other.epochs_until(tol)
    if n_best is None:
        return f": use {best}"
    if n_best > settings.epochs:
        n_pair = _full_batch(plan, replace(other.settings, momentum=None)).epochs_until(tol)
        if n_pair is not None and n_pair < n_best:
            best, n_best = f"{best} --momentum auto", n_pair
    if not isfinite(n_best) or (n_epochs is not None and n_epochs <= n_best):
        return ""
    in_place = f" in place of {_plain(n_epochs)}" if n_epochs is not None and isfinite(n_epochs) else ""
    return f": use {_with_epochs(best, n_best, settings)}, which needs {_epochs(n_best)}{in_place}"


def _disproportion(plan: TrainingPlan, features: Sequence[str]) -> str:
    """What makes the objective ill-conditioned, apart from what the features have in common."""
    moments, intercept, k = plan.moments, plan.settings.intercept, len(features)
    with np.errstate(divide="ignore", invalid="ignore"):
        offsets = np.abs(moments.mean[:k]) / moments.standard_deviation[:k]
    offsets[moments.is_constant[:k]] = 0.0
    most = int(np.argmax(offsets))
    names = [*map(shown, features), *["the constant 1 of the intercept"] * intercept]
    sizes = np.append(moments.root_mean_square[:k], [1.0] * intercept)
    largest, smallest = int(np.argmax(sizes)), int(np.argmin(np.where(sizes > 0.0, sizes, inf)))
    ratio = float(sizes[largest]) / float(sizes[smallest])
    if intercept and offsets[most] > min(_OFFSET, ratio):
        return f"{shown(features[most])} is {_plain(float(offsets[most]))} times larger than its spread"
    return f"{names[largest]} is {_plain(ratio)} times larger than {names[smallest]}"


def _full_batch(plan: TrainingPlan, settings: TrainingSettings) -> TrainingPlan:
    """Another run on the same data, on sigma points."""
    return plan_training(plan.moments, replace(settings, batch_size=None, average=False, condense=True))


def remedies(plan: TrainingPlan) -> str:
    """What to say instead, after a divergence, such that the loss comes close to its optimum.

    Nothing if no rate would help, as the loss at the start is not finite.
    """
    settings = plan.settings
    if not isfinite(plan.objective.excess(plan.start.theta)):
        return ""
    auto = replace(settings, learning_rate=None)
    rate = plan.safe_learning_rate / 2.0
    if plan.is_full_batch:
        rate = _full_batch(plan, auto).learning_rate
    tried = {"--standardize --lr auto": replace(auto, standardize=True), "--lr auto": auto}
    text = rate_text(rate, 3)
    if 0.0 < float(text) < inf:
        tried[f"--lr {text}"] = replace(settings, learning_rate=float(text))
    if settings.standardize or settings.l2:  # the penalty is in the units of descent: another optimum
        del tried["--standardize --lr auto"]
    if plan.start.epoch:
        tried = {f"{options} --allow-changes": other for options, other in tried.items()}
    if not (plan.is_full_batch and settings.is_linear):
        return f"Try {', or '.join(tried)}."
    needed = {options: _full_batch(plan, other).epochs_until(_TOL) or 0.0 for options, other in tried.items()}
    good = [_with_epochs(options, n, settings) for options, n in needed.items() if n <= _HOPELESS]
    slow = [f"{options} needs {_epochs(n)}" for options, n in needed.items() if n > _HOPELESS]
    advised = f"Try {', or '.join(good)}, for a loss within {_TOL:g} of the optimum." if good else ""
    return " ".join(filter(None, [advised, f"{'; '.join(slow)}." if slow else ""]))


def _with_epochs(options: str, n_epochs: float, settings: TrainingSettings) -> str:
    """The options, with as many epochs as it takes."""
    return f"{options} --epochs {n_epochs:.0f}" if n_epochs > settings.epochs else options


def conclusion(plan: TrainingPlan, record: EpochRecord) -> str | None:
    """What ended the run early, or how far from converged it is; None if there is nothing to say."""
    parts = []
    if record.stopped != "epochs":
        parts.append(f"stopped after epoch {record.epoch}: {_reason(plan, record)}")
    if record.best:
        parts.append(f"the parameters are those of epoch {record.best.epoch}")
    if _is_far(plan, record.fitted):
        parts.append(_not_converged(plan, record))
    return "; ".join(parts) or None


def _is_far(plan: TrainingPlan, fitted: EpochRecord) -> bool:
    """Whether the loss is well above the optimum, and was meant to be close to it."""
    size = plan.moments.reference_half_mse
    is_early = plan.settings.patience is not None and plan.held_out is not None
    return _NOTED_EXCESS < fitted.relative_excess < inf and fitted.loss > _EXACT * size and not is_early


def _not_converged(plan: TrainingPlan, record: EpochRecord) -> str:
    settings, tol = plan.settings, plan.settings.tol or _TOL
    n_epochs = replace(plan, start=_end(record)).epochs_until(tol)
    if n_epochs is None:
        more = _without_forecast(settings)
    elif plan.learning_rate >= plan.max_stable_learning_rate:
        more = "only a smaller --lr will do"
    else:
        more = f"within {tol:g} of it after {_epochs(n_epochs, 'more ')}"
    may_change = not (settings.standardize or settings.l2 or plan.start.epoch)
    standardize = ", or with --standardize --lr auto" if may_change and plan.is_full_batch else ""
    stands = f"the loss is {_above(record.fitted.relative_excess)} the optimum"
    if plan.objective.is_exact:
        stands = "the optimum of the loss is as good as 0"
    return f"not converged: {stands}; {more}{standardize}"


def _without_forecast(settings: TrainingSettings) -> str:
    if settings.schedule == "step":
        return "try a larger --gamma or --step-size, lest the rate falls too soon"
    if settings.batch_size is None or settings.average:
        return "try more --epochs"
    return "try more --epochs, or --average, which takes out the noise of batches"


def _reason(plan: TrainingPlan, record: EpochRecord) -> str:
    settings = plan.settings
    if record.stopped == "patience":
        loss = "validation loss" if plan.held_out else "loss"
        return f"--patience {settings.patience}, so many epochs without a lower {loss}"
    if record.stopped == "time":
        return "--max-time is over"
    if plan.is_full_batch:
        return f"within --tol {settings.tol:g} of the optimum"
    return f"the loss changed by less than --tol {settings.tol:g} of it in an epoch"


def _end(record: EpochRecord) -> Start:
    k = len(record.weights)
    intercept = float(record.theta[k]) if len(record.theta) > k else None
    return Start(record.theta[:k], intercept, record.epoch, record.variables)


def _epochs(n_epochs: float, more: str = "") -> str:
    if not isfinite(n_epochs):
        return "more epochs than can be foreseen"
    return f"{_plain(n_epochs)} {more}epoch{'s' * (n_epochs != 1)}"


def _above(relative_excess: float) -> str:
    """How a loss compares with the optimum, in words that go before "the optimum"."""
    if relative_excess < 0.995:  # noqa: PLR2004 (which two digits of percent show as 100)
        return f"{100 * relative_excess:.2g} % above"
    return f"{_plain(1.0 + relative_excess)} times"


def _plain(value: float) -> str:
    """A number for a sentence: three digits, or whole, or a power of ten."""
    if value < 999.5:  # noqa: PLR2004 (which three digits show as 1000)
        return f"{value:.3g}"
    return f"{value:,.0f}" if value < _HOPELESS else f"{min(value, float_info.max):.2g}"
