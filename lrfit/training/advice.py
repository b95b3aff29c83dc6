"""Advice before a run: what is known of it before its first step, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite

import numpy as np

from lrfit.analysis.convergence import rate_text
from lrfit.analysis.identifiability import identifiability
from lrfit.messages import shown, spelled
from lrfit.training.plan import TrainingPlan
from lrfit.training.remedies import TOLERANCE, Changes, full_batch_plan, with_epochs
from lrfit.training.wording import above_text, epochs_text, number_text

__all__ = ["forecast", "rate", "warnings"]

_ILL_CONDITIONED = 30.0
"""Condition number from which on a word is said about it."""

_OFFSET = 30.0
"""Distance of a feature from 0, in its own spreads, from which on that is what matters, whatever its size."""


def warnings(plan: TrainingPlan) -> Iterator[str]:
    """Warnings of a run before it begins, to be said even where all else is quiet."""
    settings = plan.settings
    if not plan.is_stable:
        yield f"{rate(plan)}; expect {'divergence' if settings.is_linear else 'a rise at first'}"
    reason = identifiability(plan.moments, plan.data.features, intercept=settings.fit_intercept)
    if reason and not settings.l2:
        yield reason


def rate(plan: TrainingPlan) -> str:
    """How the learning rate compares with the largest stable one, and why it was chosen, if it was."""
    value, bound, settings = plan.learning_rate, plan.max_stable_learning_rate, plan.settings
    is_chosen = settings.learning_rate == "auto"
    name = f"the learning rate {value:.6g} is"
    if is_chosen:
        name = f"{spelled(learning_rate='auto')} is {value:.6g},"
    if settings.momentum == "auto":
        name += f" with momentum {plan.method.momentum:.6g},"
    if not isfinite(bound):
        return f"{name} as good as any: the loss does not depend on the parameters"
    if plan.batches.is_full:
        reason = " the fastest in the long run," if is_chosen else ""
        stands = f"{_share(value, bound)} the largest stable one"
        return f"{name}{reason} {stands}, {rate_text(bound)} = {_formula(plan)}"
    safe = plan.safe_learning_rate
    return (
        f"{name} {_share(value, safe)} {rate_text(safe)}, up to which no batch can lead away; "
        f"full batches are stable up to {rate_text(bound)}"
    )


def _formula(plan: TrainingPlan) -> str:
    """How the largest stable rate is made from the largest eigenvalue."""
    if not plan.method.momentum:
        return "2 / λ_max"
    return "2·(1 + β) / ((1 + 2·β)·λ_max)" if plan.method.nesterov else "2·(1 + β) / λ_max"


def _share(value: float, bound: float) -> str:
    ratio = value / bound if bound else inf
    return f"{number_text(ratio)} times" if value >= bound else f"{100 * ratio:.3g} % of"


def forecast(plan: TrainingPlan) -> Iterator[str]:
    """When the loss will be close to its optimum; and if that is late, why, and what would be sooner."""
    objective = plan.objective
    n_epochs = plan.epochs_until(plan.settings.tol or TOLERANCE) if plan.is_stable else None
    above = objective.relative(objective.excess(plan.start.theta))
    if n_epochs is not None and isfinite(above):
        yield _arrival(plan, n_epochs, above)
    if objective.condition_number > _ILL_CONDITIONED and not plan.settings.l2:
        best = full_batch_plan(plan, {"standardize": True, "learning_rate": "auto"})
        cause = f"{_cause(plan, best)}{_sooner(plan, best, n_epochs)}"
        yield f"condition number {number_text(objective.condition_number)}: {cause}"


def _arrival(plan: TrainingPlan, n_epochs: float, above: float) -> str:
    """When the loss, which is now as far above the optimum, will be close to it."""
    settings, tol = plan.settings, plan.settings.tol or TOLERANCE
    now = f"the loss is {above_text(above)} the optimum, and within {tol:g} of it"
    if plan.objective.is_exact:
        now = "the loss is as good as 0"
    is_soon = n_epochs < settings.epochs and not settings.tol
    stops = f"; {spelled(tol=tol)} stops there" if is_soon else ""
    rises = "; with momentum it may rise on the way" if plan.method.momentum else ""
    return f"forecast: {now} after {epochs_text(n_epochs)}{stops}{rises}"


def _cause(plan: TrainingPlan, best: TrainingPlan) -> str:
    """Why the objective is ill-conditioned, in view of that of standardised data."""
    if 2.0 * best.objective.condition_number > plan.objective.condition_number:
        help_by = f"{spelled(l2=...)}, or fewer features, help"
        return f"the features depend nearly linearly on each other ({help_by})"
    return _disproportion(plan)


def _sooner(plan: TrainingPlan, best: TrainingPlan, n_epochs: float | None) -> str:
    """Settings that would be sooner, if there are any: standardised data at the fastest rate at first."""
    settings, tol = plan.settings, plan.settings.tol or TOLERANCE
    if plan.start.epoch or settings.clip_norm:  # settings that are fixed; a run without a forecast
        return ""
    if not plan.batches.is_full:
        return "" if settings.standardize else f": use {spelled(standardize=True)}"
    changes: Changes = {"learning_rate": "auto"}
    if not settings.standardize:
        changes = {"standardize": True, **changes}
    n_best = best.epochs_until(tol)
    if n_best is None:
        return f": use {spelled(**changes)}"
    if n_best > settings.epochs:
        pair = {**changes, "momentum": "auto"}
        n_pair = full_batch_plan(best, pair).epochs_until(tol)
        if n_pair is not None and n_pair < n_best:
            changes, n_best = pair, n_pair
    if not isfinite(n_best) or (n_epochs is not None and n_epochs <= n_best):
        return ""
    in_place = f" in place of {number_text(n_epochs)}" if n_epochs is not None and isfinite(n_epochs) else ""
    use = spelled(**with_epochs(changes, n_best, settings))
    return f": use {use}, which needs {epochs_text(n_best)}{in_place}"


def _disproportion(plan: TrainingPlan) -> str:
    """The column whose size makes the objective ill-conditioned."""
    moments, features, intercept = plan.moments, plan.data.features, plan.settings.fit_intercept
    k = len(features)
    with np.errstate(divide="ignore", invalid="ignore"):
        offsets = np.abs(moments.mean[:k]) / moments.standard_deviation[:k]
    offsets[moments.is_constant[:k]] = 0.0
    most = int(np.argmax(offsets))
    names = [*map(shown, features), *["the constant 1 of the intercept"] * intercept]
    sizes = np.append(moments.root_mean_square[:k], [1.0] * intercept)
    largest, smallest = int(np.argmax(sizes)), int(np.argmin(np.where(sizes > 0.0, sizes, inf)))
    ratio = float(sizes[largest]) / float(sizes[smallest])
    if intercept and offsets[most] > min(_OFFSET, ratio):
        return f"{shown(features[most])} is {number_text(float(offsets[most]))} times larger than its spread"
    return f"{names[largest]} is {number_text(ratio)} times larger than {names[smallest]}"
