"""Advice before a run: what is known of it before its first step, as sentences."""

from __future__ import annotations

from collections.abc import Iterator
from math import inf, isfinite

import numpy as np

from lrfit.analysis.convergence import rate_text
from lrfit.analysis.identifiability import identifiability
from lrfit.messages import rows_text, shown, spelled
from lrfit.training.plan import OPTIMUM, TrainingPlan
from lrfit.training.remedies import TOLERANCE, full_batch_plan, quickest
from lrfit.training.wording import epochs_text, number_text, ratio_text, share_text

__all__ = ["arrival", "course", "details", "improvement", "rate", "warnings"]

_ILL_CONDITIONED = 30.0
"""Condition number from which on descent is slow enough for a word on its cause."""

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


def course(plan: TrainingPlan, *, is_plain: bool = False) -> str:
    """How the run will go: its rate, and when it arrives; see `rate` and `arrival`."""
    return "; ".join(filter(None, [rate(plan, is_plain=is_plain), arrival(plan)]))


def rate(plan: TrainingPlan, *, is_plain: bool = False) -> str:
    """How the learning rate compares with the largest stable one, and why it was chosen, if it was.

    Args:
        plan: The plan.
        is_plain: Whether nobody said how to descend; see `lrfit.training.settings.completed`.
    """
    value, bound, settings = plan.learning_rate, plan.max_stable_learning_rate, plan.settings
    name = f"{spelled(learning_rate=value)} is"
    if settings.learning_rate == "auto":
        name = f"{spelled(learning_rate='auto')} is {value:.6g},"
    if is_plain:
        name = f"no {spelled(learning_rate=...)} given: standardised, with rate {value:.6g},"
    if settings.momentum == "auto":
        name = name.removesuffix(",") + f" and momentum {plan.method.momentum:.6g},"
    if not isfinite(bound):
        return f"{name} as good as any: the loss does not depend on the parameters"
    is_chosen = settings.learning_rate == "auto"
    if not plan.batches.is_full:
        safe = plan.safe_learning_rate
        if not safe:
            return f"{name} above any rate with which no batch can lead away"
        share = f"{share_text(value, safe)} of" if value <= safe else f"{ratio_text(value, safe)} times"
        return f"{name} {share} {rate_text(safe)}, the rate up to which no batch can lead away"
    limit = f"{rate_text(bound)} = {_formula(plan)}"
    if is_chosen:
        return f"{name} the fastest{'' if is_plain else f' (limit {limit})'}"
    if plan.is_stable:
        return f"{name} stable, {share_text(value, bound)} of the limit, {limit}"
    return f"{name} {ratio_text(value, bound)} times the limit, {limit}"


def _formula(plan: TrainingPlan) -> str:
    """How the largest stable rate is made from the largest eigenvalue."""
    if not plan.method.momentum:
        return "2 / λ_max"
    return "2·(1 + β) / ((1 + 2·β)·λ_max)" if plan.method.nesterov else "2·(1 + β) / λ_max"


def details(plan: TrainingPlan) -> Iterator[str]:
    """Facts about a run beyond its course: on what it is computed, and how far there is to go."""
    if not plan.settings.needs_rows:
        n_points, n_rows = len(plan.batches), plan.moments.n_samples
        yield f"computed on {n_points} points that have exactly the loss of the {rows_text(n_rows)}"
    above = plan.objective.relative(plan.objective.excess(plan.start.theta))
    if not plan.objective.is_exact and isfinite(above):
        yield f"starts at {number_text(1.0 + above)} times the minimum"
    yield f"condition number {number_text(plan.objective.condition_number)}"


def arrival(plan: TrainingPlan) -> str | None:
    """When the loss will be close to its optimum; None if that is not known."""
    objective, settings = plan.objective, plan.settings
    tol = settings.tol or TOLERANCE
    n_epochs = plan.epochs_until(tol) if plan.is_stable else None
    if n_epochs is None or not isfinite(objective.relative(objective.excess(plan.start.theta))):
        return None
    if n_epochs == 0:
        return "already at the optimum"
    place = "at the optimum" if tol <= OPTIMUM else f"within {100 * tol:g} % of the optimum"
    if objective.is_exact:
        place = "the loss is as good as 0"
    is_soon = n_epochs < plan.n_epochs and not settings.tol
    stops = f"; {spelled(tol=tol)} stops there" if is_soon else ""
    rises = "; with momentum the loss may rise on the way" if plan.method.momentum else ""
    return f"{place} after {epochs_text(n_epochs)}{stops}{rises}"


def improvement(plan: TrainingPlan) -> str | None:
    """Settings that would arrive sooner, and why; None if there are none."""
    settings, tol = plan.settings, plan.settings.tol or TOLERANCE
    is_fixed = plan.start.epoch > 0 or settings.l2 > 0.0 or settings.clip_norm is not None
    is_best = settings.standardize and settings.learning_rate == settings.momentum == "auto"
    if plan.objective.condition_number <= _ILL_CONDITIONED or is_fixed or is_best:
        return None
    better = _sooner(plan, tol) if plan.batches.is_full else _standardized(plan)
    return better and f"{_cause(plan)}, which makes descent slow; {better}"


def _standardized(plan: TrainingPlan) -> str | None:
    """Advice to standardise, for mini-batches; None where it is done."""
    return None if plan.settings.standardize else f"{spelled(standardize=True)} helps"


def _sooner(plan: TrainingPlan, tol: float) -> str | None:
    """The settings with which full batches arrive sooner, and when; None if there are none."""
    n_epochs = plan.epochs_until(tol) if plan.is_stable else None
    changes, n_best = quickest(plan, tol)
    if not isfinite(n_best) or (n_epochs is not None and n_epochs <= n_best):
        return None
    better = f"with {spelled(**changes)}" + ("" if "epochs" in changes else f": {epochs_text(n_best)}")
    if n_epochs is None or not isfinite(n_epochs):
        return better
    now = epochs_text(n_epochs) if "epochs" in changes else number_text(n_epochs)
    return f"{better} instead of {now}"


def _cause(plan: TrainingPlan) -> str:
    """Why the objective is ill-conditioned, in view of that of standardised data."""
    best = full_batch_plan(plan, {"standardize": True, "learning_rate": "auto"})
    if 2.0 * best.objective.condition_number > plan.objective.condition_number:
        return "the features are nearly linearly dependent"
    return _disproportion(plan)


def _disproportion(plan: TrainingPlan) -> str:
    """The column whose size makes the objective ill-conditioned."""
    moments, intercept = plan.moments, plan.settings.fit_intercept
    k, names = moments.n_features, [*map(shown, plan.data.features)]
    with np.errstate(divide="ignore", invalid="ignore"):
        offsets = np.abs(moments.mean[:k]) / moments.standard_deviation[:k]
    offsets[moments.is_constant[:k]] = 0.0
    most = int(np.argmax(offsets))
    sizes = np.append(moments.root_mean_square[:k], [1.0] * intercept)  # the last is of the constant 1
    largest, smallest = int(np.argmax(sizes)), int(np.argmin(np.where(sizes > 0.0, sizes, inf)))
    ratio = float(sizes[largest]) / float(sizes[smallest])
    if intercept and offsets[most] > min(_OFFSET, ratio):
        return f"{names[most]} is far from 0 ({number_text(float(offsets[most]))} times its spread)"
    if largest == k:
        return f"{names[smallest]} is small (about {number_text(float(sizes[smallest]))})"
    if smallest == k:
        return f"{names[largest]} is large (about {number_text(float(sizes[largest]))})"
    return f"{names[largest]} is {number_text(ratio)} times larger than {names[smallest]}"
