"""Resuming: from a model document to a run that goes on where that one ended, with the same bits.

Settings that are not given come from the model. A setting or data that differ are changes: they are refused;
or, if changes are allowed, the run starts anew from the parameters of the model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from math import prod
from typing import Any

import numpy as np

from lrfit.data.column_names import ColumnRequest, listed_names
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData
from lrfit.errors import ModelFileError, UsageError
from lrfit.graph.nodes import Node
from lrfit.messages import shown, spelled
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load
from lrfit.training.graph import start_of
from lrfit.training.plan import Start, TrainingPlan
from lrfit.training.planning import plan_training
from lrfit.training.settings import TrainingSettings, completed

__all__ = ["Resumption", "chosen_settings", "columns_of", "plan_run"]

_CHOSEN = {"learning_rate", "momentum"}
"""Settings that may be "auto", or "needed". What is chosen for them is compared once it is known."""


@dataclass(eq=False)
class Resumption:
    """A run that goes on where another one ended.

    Args:
        model: The document of that run.
        name: Name of the model in messages.
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
                f"{spelled(init=...)} starts from its parameters"
            )
        names = [f.name for f in fields(TrainingSettings) if hasattr(training, f.name)]
        self._training = training
        self._kept = {name: getattr(training, name) for name in names}
        del self._kept["epochs"]  # that were done
        try:
            self.settings({})
        except UsageError as error:
            raise ModelFileError(f"{self.name} cannot be resumed: {error}") from error

    def table(self, request: TableRequest) -> TableRequest:
        """The request, with the columns of the model.

        Raises:
            UsageError: It asks for other columns.
        """
        asked, weights = request.columns, self.model.data.weights_column if self.model.data else None
        if not _agrees(asked, self.model, weights):
            raise UsageError(
                "the model that is resumed has other columns; leave out the options that choose columns"
            )
        return columns_of(self.model, replace(request, columns=replace(asked, x=())), with_weights=True)

    def settings(self, given: Mapping[str, Any]) -> TrainingSettings:
        """The model's settings, but for those that are given.

        Raises:
            UsageError: One differs, and must not; or is not valid.
        """
        self._accept(
            f"{spelled(**{name: ...})} is {_text(name, value)}, and was {_text(name, self._kept[name])}"
            for name, value in given.items()
            if name in self._kept
            and value != self._kept[name]
            and not (name in _CHOSEN and isinstance(value, str))
        )
        if "init" in given:
            raise UsageError(
                f"{spelled(init=...)} and {spelled(resume=...)} exclude each other: the start is the model's"
            )
        known = {name: value for name, value in given.items() if value != "needed"}  # it was, or was not
        return TrainingSettings(**{**self._kept, **self._automatic, **known})

    @property
    def _automatic(self) -> dict[str, str]:
        """Settings that must have been "auto": no other way leads to no momentum with Nesterov's method."""
        is_chosen = self._kept["nesterov"] and not self._kept["momentum"]
        return dict.fromkeys(_CHOSEN, "auto") if is_chosen else {}

    def continued(self, plan: TrainingPlan) -> TrainingPlan:
        """The plan of the run from where the model's ended, or, if there were changes, from its parameters.

        Args:
            plan: Plan of the run as if it began.

        Raises:
            ModelFileError: The model's variables are not those of such a run.
            UsageError: The data differ, or a rate that was chosen for them, and must not.
        """
        chosen = {"learning_rate": plan.learning_rate, "momentum": plan.method.momentum}
        self._accept(
            f"{spelled(**{name: 'auto'})} is {value!r}, and was {self._kept[name]!r}"
            for name, value in chosen.items()
            if getattr(plan.settings, name) == "auto" and value != self._kept[name]
        )
        fitted, held_out = self.model.coefficients, plan.data.held_out
        validation_loss = held_out.half_mse(fitted, self.model.intercept) if held_out else None
        self._accept(self._changes_of_data(plan.data.sample.fingerprint, validation_loss))
        weights, intercept = plan.scaling.from_data_units(fitted, self.model.intercept)
        start = Start(weights, intercept if plan.settings.fit_intercept else None, self._training.epochs)
        return replace(plan, start=start if self._has_changed else self._same(start, plan))

    def _changes_of_data(self, fingerprint: str, validation_loss: float | None) -> Iterator[str]:
        """In which way the data, or the rows held out, are not those of the model."""
        known = self.model.data and self.model.data.fingerprint
        if not known:
            yield "it does not say which data it is from, as an older one"
        elif known != fingerprint:
            yield "the data have changed"
        elif validation_loss != self._training.validation_loss:
            yield f"the rows held out have changed (or {spelled(validation=...)} was left out)"

    def _same(self, start: Start, plan: TrainingPlan) -> Start:
        """The start with the variables of the model, and its best epoch."""
        training, kept = self._training, self._training.variables or {}
        shapes = {name: _shape(node) for name, node in plan.graph().variables.items()}
        if {name: len(kept[name]) for name in kept} != {name: prod(shapes[name]) for name in shapes}:
            raise ModelFileError(
                f"{self.name}: field 'training.variables' does not hold what such a run needs, "
                f"{', '.join(shapes)}; {spelled(allow_changes=True)} starts anew from the parameters"
            )
        variables = {name: np.array(kept[name]).reshape(shape) for name, shape in shapes.items()}
        weights, intercept = start_of(variables)
        return replace(
            start,
            weights=weights,
            intercept=intercept,
            variables=variables,
            best_epoch=training.best_epoch,
            best=None if training.best is None else np.array(training.best),
        )

    def _accept(self, changes: Iterable[str]) -> None:
        """Note the changes, if they are allowed."""
        found = list(changes)
        if found and not self.allow_changes:
            raise UsageError(
                f"{self.name} cannot be resumed as it is: {'; '.join(found)}. "
                f"{spelled(allow_changes=True)} starts anew from its parameters"
            )
        self._has_changed |= bool(found)


def chosen_settings(
    given: Mapping[str, Any], resume: str | None, *, allow_changes: bool = False
) -> tuple[Resumption | None, TrainingSettings]:
    """The settings that are given, completed by their defaults, or by the model whose run goes on.

    Args:
        given: Settings by name.
        resume: Path of a model document whose run goes on; None for a run that begins.
        allow_changes: Whether settings and data may differ from those of that run.

    Raises:
        DataError: The model cannot be opened.
        ModelFileError: It is no model document, or cannot be resumed.
        UsageError: A setting is not valid, or differs and must not.
    """
    if resume is None:
        return None, completed(given)
    resumption = Resumption(load(resume), shown(resume), allow_changes=allow_changes)
    return resumption, resumption.settings(given)


def plan_run(data: TrainingData, settings: TrainingSettings, resumption: Resumption | None) -> TrainingPlan:
    """The plan of a run that begins or, with a resumption, of one that goes on; raises as these do."""
    plan = plan_training(data, settings)
    return resumption.continued(plan) if resumption else plan


def columns_of(model: ModelDocument, request: TableRequest, *, with_weights: bool = False) -> TableRequest:
    """The request for the columns of a model; `x` and `y` say which columns hold them, if names differ.

    Args:
        model: The model.
        request: The table, and the columns of it that hold those of the model.
        with_weights: Whether the rows have the weights that those of the model had.
    """
    asked = request.columns
    weights = model.data.weights_column if with_weights and model.data else None
    columns = replace(
        asked, y=asked.y or model.target, weights=asked.weights or weights, known=model.read_columns
    )
    return replace(request, columns=columns)


def _agrees(asked: ColumnRequest, model: ModelDocument, weights: str | None) -> bool:
    """Whether the columns that are asked for are those of a model, as far as they are asked for."""
    kinds = {column.name: column.kind for column in model.read_columns}
    x = [name for text in asked.x for name in ([text] if text in kinds else listed_names(text))]
    of_kinds = all(
        kinds.get(name) == kind
        for kind, texts in (("date", asked.dates), ("category", asked.categories))
        for text in texts
        for name in ([text] if text in kinds else listed_names(text))
    )
    return (
        of_kinds
        and x in ([], list(kinds))
        and asked.y in (None, model.target)
        and asked.weights in (None, weights)
    )


def _shape(variable: Node) -> tuple[int, ...]:
    """The shape of a variable, all of which is known."""
    return tuple(dim or 0 for dim in variable.shape or ())


def _text(name: str, value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return {"batch_size": "full"}.get(name, "none") if value is None else str(value)
