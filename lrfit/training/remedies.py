"""Remedies after a divergence: what to change in the run, so that its loss comes close to the optimum."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from math import inf, isfinite
from typing import Any, TypeAlias

from lrfit.analysis.convergence import rate_text
from lrfit.messages import spelled
from lrfit.training.plan import TrainingPlan
from lrfit.training.planning import plan_training
from lrfit.training.settings import TrainingSettings
from lrfit.training.wording import HOPELESS, epochs_text

__all__ = ["TOLERANCE", "Changes", "full_batch_plan", "quickest", "remedies", "units_of", "with_epochs"]

TOLERANCE = 1e-6
"""Share of the optimum within which a loss counts as there, for a run that has no tolerance of its own."""

_OF_SCHEDULES = ("step_size", "gamma", "power_t")
"""Settings that only a schedule has."""

Changes: TypeAlias = Mapping[str, Any]
"""Settings that are not as the run has them."""


def remedies(plan: TrainingPlan) -> str:
    """Sentences on what to try after a divergence, with the number of epochs that each needs.

    Empty if no rate would help, as the loss at the start is not finite.
    """
    if not isfinite(plan.objective.excess(plan.start.theta)):
        return ""
    settings = plan.settings
    tried = _tried(plan)
    if not (plan.batches.is_full and settings.is_linear):
        return f"Try {', or '.join(spelled(**changes) for changes in tried)}."
    needed = [(changes, _epochs_until(plan, changes, TOLERANCE)) for changes in tried]
    good = [spelled(**with_epochs(changes, n, plan)) for changes, n in needed if n <= HOPELESS]
    slow = [f"{spelled(**changes)} needs {epochs_text(n)}" for changes, n in needed if n > HOPELESS]
    promise = f"for a loss within {100 * TOLERANCE:g} % of the optimum"
    advised = f"Try {', or '.join(good)}, {promise}." if good else ""
    return " ".join(filter(None, [advised, f"{'; '.join(slow)}." if slow else ""]))


def _tried(plan: TrainingPlan) -> list[Changes]:
    """Changes of the settings that end divergence, the best first."""
    settings, rate = plan.settings, plan.safe_learning_rate / 2.0
    if plan.batches.is_full:
        rate = full_batch_plan(plan, {"learning_rate": "auto"}).learning_rate
    units = units_of(plan)
    tried: list[Changes] = [{**units, "learning_rate": "auto"}]
    if not (settings.standardize or settings.l2):  # the penalty is in the units of descent: another optimum
        tried.insert(0, {"standardize": True, "learning_rate": "auto"})
    rounded = float(rate_text(rate, 3))
    if 0.0 < rounded < inf:
        tried.append({**units, "learning_rate": rounded})
    if not plan.batches.is_full:
        tried = [changes for changes in tried if _is_soon(plan, changes)] or tried[:1]
    elif not settings.is_linear:
        tried = tried[:1]
    if plan.start.epoch:
        tried = [{**changes, "allow_changes": True} for changes in tried]
    return tried


def units_of(plan: TrainingPlan) -> Changes:
    """The setting of the units of descent, to be said with a rate: where a rate is given, it is off."""
    return {"standardize": True} if plan.settings.standardize else {}


def _is_soon(plan: TrainingPlan, changes: Changes) -> bool:
    """Whether mini-batches would come within 1 % of the optimum in the epochs of the plan, but for noise."""
    rate = full_batch_plan(plan, changes).learning_rate
    if changes["learning_rate"] == "auto":  # that of full batches may be too large
        rate = min(rate, plan_training(plan.data, replace(plan.settings, **changes)).learning_rate)
    if not 0.0 < rate < inf:
        return False
    n_steps = _epochs_until(plan, {**changes, "learning_rate": rate}, 0.01)
    return n_steps <= plan.n_epochs * plan.steps_per_epoch


def quickest(plan: TrainingPlan, tol: float) -> tuple[Changes, float]:
    """The changes that make full batches arrive soonest at a relative excess, and the epochs they need.

    With the penalty, which is in the units of descent, those units stay. The number is infinite where such a
    run cannot be foreseen.
    """
    settings = plan.settings
    changes: dict[str, Any] = {"standardize": True} if settings.standardize or not settings.l2 else {}
    changes["learning_rate"] = "auto"
    if not plan.batches.is_full:
        changes["batch_size"] = None
    if settings.schedule != "constant":
        if any(getattr(settings, name) != getattr(TrainingSettings, name) for name in _OF_SCHEDULES):
            return changes, inf  # they would contradict a constant rate
        changes["schedule"] = "constant"
    n_epochs = _epochs_until(plan, changes, tol)
    if n_epochs > plan.n_epochs:
        pair = {**changes, "momentum": "auto"}
        if (n_pair := _epochs_until(plan, pair, tol)) < n_epochs:
            changes, n_epochs = pair, n_pair
    return with_epochs(changes, n_epochs, plan), n_epochs


def _epochs_until(plan: TrainingPlan, changes: Changes, tol: float) -> float:
    n_epochs = full_batch_plan(plan, changes).epochs_until(tol)
    return inf if n_epochs is None else n_epochs


def full_batch_plan(plan: TrainingPlan, changes: Changes) -> TrainingPlan:
    """Another run on the same data, on the sigma points, with these changes of its settings."""
    changes = {name: value for name, value in changes.items() if name != "allow_changes"}
    full: Changes = {**changes, "batch_size": None, "average": False, "condense": True}
    return plan_training(plan.data, replace(plan.settings, **full))


def with_epochs(changes: Changes, n_epochs: float, plan: TrainingPlan) -> Changes:
    """The changes, with as many epochs as it takes if the plan has fewer."""
    if not plan.n_epochs < n_epochs < inf:
        return changes
    return {**changes, "epochs": int(n_epochs)}
