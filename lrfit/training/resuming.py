"""Resuming: from a model document to a run that goes on where that one ended, with the same bits.

What is not said anew is as the model has it. What is said anew and differs, and data that differ, are
changes: they are refused; or, if they are allowed, the run starts anew from the parameters of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from math import prod
from typing import Any

import numpy as np

from lrfit.errors import ModelFileError, UsageError
from lrfit.graph.nodes import Node
from lrfit.model.document import ModelDocument
from lrfit.training.plan import Start, TrainingPlan
from lrfit.training.settings import TrainingSettings

__all__ = ["Resumption"]

_CHOSEN = {"learning_rate", "momentum"}
"""Settings that may be left to the program. What it chooses is compared once it is known."""


@dataclass
class Resumption:
    """A run that goes on where another one ended.

    Args:
        model: The fit of that run.
        name: What messages call it.
        allow_changes: Whether settings and data may differ.

    Raises:
        ModelFileError: The model does not tell how it was trained.
    """

    model: ModelDocument
    name: str
    allow_changes: bool = False
    _has_changed: bool = field(default=False, init=False)

    def __post_init__(self) -> None:
        training = self.model.training
        if training is None:
            raise ModelFileError(
                f"{self.name} does not tell how it was trained, so it cannot be resumed; "
                "--init starts from its parameters"
            )
        names = [f.name for f in fields(TrainingSettings) if hasattr(training, f.name)]
        self._training = training
        self._kept = {name: getattr(training, name) for name in names} | {"intercept": training.fit_intercept}
        del self._kept["epochs"]  # that were done
        try:
            self.settings({})
        except UsageError as error:
            raise ModelFileError(f"{self.name} cannot be resumed: {error}") from error

    def settings(self, said: Mapping[str, Any]) -> TrainingSettings:
        """The model's settings, but for those that are said anew.

        Raises:
            UsageError: One differs, and must not; or is not valid.
        """
        self._accept(
            f"--{_option(name)} is {_text(name, value)}, and was {_text(name, self._kept[name])}"
            for name, value in said.items()
            if name in self._kept and value != self._kept[name] and not (name in _CHOSEN and value is None)
        )
        if "init" in said:
            raise UsageError("--init and --resume exclude each other: the start is the model's")
        return TrainingSettings(**{**self._kept, **self._automatic, **said})

    @property
    def _automatic(self) -> dict[str, None]:
        """What must have been left to the program: it alone chooses no momentum for Nesterov's method."""
        is_chosen = self._kept["nesterov"] and not self._kept["momentum"]
        return dict.fromkeys(_CHOSEN) if is_chosen else {}

    def continued(self, plan: TrainingPlan, fingerprint: str) -> TrainingPlan:
        """The run from where the model's ended, or, if there were changes, from its parameters.

        Args:
            plan: The run, prepared as if it began.
            fingerprint: Of the data.

        Raises:
            ModelFileError: The model's variables are not those of such a run.
            UsageError: The data differ, or a rate that was chosen for them, and must not.
        """
        chosen = {"learning_rate": plan.learning_rate, "momentum": plan.method.momentum}
        self._accept(
            f"--{_option(name)} auto is {value!r}, and was {self._kept[name]!r}"
            for name, value in chosen.items()
            if getattr(plan.settings, name) is None and value != self._kept[name]
        )
        known = self.model.data and self.model.data.fingerprint
        same_data = known == fingerprint
        reason = (
            "the data have changed" if known else "it does not say which data it is from, as an older one"
        )
        self._accept([] if same_data else [reason])
        fitted = np.array(list(self.model.weights.values()))
        held_out = plan.held_out
        validation_loss = held_out.half_mse(fitted, self.model.intercept) if held_out else None
        same_rows = validation_loss == self._training.validation_loss
        self._accept(
            []
            if same_rows or not same_data
            else ["the rows held out have changed (or --validation was left out)"]
        )
        weights, intercept = plan.scaling.from_data_units(fitted, self.model.intercept)
        start = Start(weights, intercept if plan.settings.intercept else None, self._training.epochs)
        return replace(plan, start=start if self._has_changed else self._same(start, plan))

    def _same(self, start: Start, plan: TrainingPlan) -> Start:
        """The start with the variables of the model, and its best epoch."""
        training, kept = self._training, self._training.variables or {}
        shapes = {name: _shape(node) for name, node in plan.graph().variables.items()}
        if {name: len(kept[name]) for name in kept} != {name: prod(shapes[name]) for name in shapes}:
            raise ModelFileError(
                f"{self.name}: field 'training.variables' does not hold what such a run needs, "
                f"{', '.join(shapes)}; --allow-changes starts anew from the parameters"
            )
        variables = {name: np.array(kept[name]).reshape(shape) for name, shape in shapes.items()}
        return replace(
            start,
            weights=variables["W"][:, 0],
            intercept=float(variables["b"]) if "b" in variables else None,
            variables=variables,
            best_epoch=training.best_epoch,
            best=None if training.best is None else np.array(training.best),
        )

    def _accept(self, changes: Iterable[str]) -> None:
        listed = list(changes)
        if listed and not self.allow_changes:
            raise UsageError(
                f"{self.name} cannot be resumed as it is: {'; '.join(listed)}. "
                "--allow-changes starts anew from its parameters"
            )
        self._has_changed |= bool(listed)


def _shape(variable: Node) -> tuple[int, ...]:
    """The shape of a variable, all of which is known."""
    return tuple(dim or 0 for dim in variable.shape or ())


def _option(name: str) -> str:
    return "lr" if name == "learning_rate" else name.replace("_", "-")


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return {"batch_size": "full"}.get(name, "none") if value is None else str(value)
