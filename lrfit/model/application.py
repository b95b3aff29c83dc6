"""Applications: a model, or one for each group, applied to the columns of a table as they are read.

A model knows which columns its features are made from, and how. So what comes from a reader, days and places
of levels, becomes features here, and each row goes to the line of its group.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from math import nan
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.column_names import ColumnRequest, check_known
from lrfit.data.columns import columns_of_model
from lrfit.data.kinds import Column
from lrfit.data.level_rows import expanded
from lrfit.data.table import Table
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled
from lrfit.model.document import ModelDocument
from lrfit.model.prediction import predictor

__all__ = ["Application"]

_MOST_DIGITS = 6
"""Number of digits of a position, at most."""

_Rows: TypeAlias = "npt.NDArray[np.intp] | slice"
"""Indices of rows; or all of them."""

Interval: TypeAlias = Callable[[Array, Array], tuple[Array, Array]]
"""A function from features, shape (n_rows, n_features), and y_hat to the ends of an interval."""


class Application:
    """A model applied to a table.

    Args:
        models: The documents: one, or one for each group.
        table: The table whose rows are read.
        request: Which columns hold the features, the target and the weights, if names differ.
        needs_target: Whether the target is read, too; and weights, if there are some.
        note: Told which columns are taken, where that is not by their names.

    Attributes:
        columns: The columns to read: features, groups, target, weights.

    Raises:
        DataError: The table lacks a column.
        UsageError: The request does not go with the model.
    """

    def __init__(
        self,
        models: Sequence[ModelDocument],
        table: Table,
        request: ColumnRequest,
        *,
        needs_target: bool = False,
        note: Callable[[str], None] = lambda text: None,  # noqa: ARG005
    ) -> None:
        self._models = models
        named = table.named(request, note)
        known = _joined_columns(models)
        self._features = columns_of_model(known, named.x)
        group = models[0].group
        others = [Column(group.column, "category", _levels(models))] if group else []
        if needs_target:
            others.append(Column(named.y or models[0].target))
            others += [Column(named.weights, "weight")] if named.weights else []
        self.columns = (*self._features, *others)
        if not named.x and all(_is_position(column.name) for column in known):
            names = listed([column.name for column in known])
            note(f"the model's features are columns by position, {names}; {spelled(x=...)} names others")
        try:
            check_known([column.name for column in self.columns], table.header, table.name)
        except DataError as error:
            hint = "" if named.x else f"; {spelled(x=...)} says which columns hold the features of the model"
            raise DataError(f"{error}{hint}") from error

    def parts(self, values: Array) -> Iterator[tuple[int, _Rows, Array]]:
        """For each model that has rows: its index, the rows, and their features (n_rows, n_features)."""
        k = len(self._features)
        for i, model in enumerate(self._models):
            rows = np.flatnonzero(values[k] == i) if model.group else slice(None)
            own = values[:k, rows]
            if own.shape[1]:
                yield i, rows, self._x(model, own)

    def _x(self, model: ModelDocument, values: Array) -> Array:
        """The features of rows, shape (n_rows, n_features)."""
        if all(column.kind != "category" for column in self._features):
            return np.ascontiguousarray(values.T)
        values = values.copy()
        for row, own, column in zip(values, model.read_columns, self._features, strict=True):
            if column.kind == "category" and own.levels != column.levels:
                row[:] = _own_places(row, column, own, model)
        return np.ascontiguousarray(expanded(values, model.read_columns).T)

    @cached_property
    def _predictors(self) -> list[Callable[[Array], Array]]:
        """For each model, a function from features to y_hat."""
        return [predictor(model) for model in self._models]

    def __getstate__(self) -> dict[str, object]:
        """Without the predictors, which another process makes for itself: a session stays in its own."""
        return {name: value for name, value in self.__dict__.items() if name != "_predictors"}

    def predict(self, values: Array) -> Array:
        """The predictions y_hat, shape (n_rows,), for values of the columns, shape (n_columns, n_rows)."""
        y_hat = np.empty(values.shape[1])
        for i, rows, x in self.parts(values):
            y_hat[rows] = self._predictors[i](x)
        return y_hat

    def ends(self, of: Callable[[ModelDocument], Interval]) -> Callable[[Array, Array], Array]:
        """A function from the values of the columns and y_hat to the ends of intervals, shape (2, n_rows).

        Args:
            of: Maps a model to a function of its features and y_hat.
        """
        interval = [of(model) for model in self._models]

        def both(values: Array, y_hat: Array) -> Array:
            result = np.empty((2, values.shape[1]))
            for i, rows, x in self.parts(values):
                result[:, rows] = interval[i](x, y_hat[rows])
            return result

        return both


def _is_position(name: str) -> bool:
    """Whether a name is the position of a column, from 1, in a table without names."""
    return name.isascii() and name.isdigit() and len(name) <= _MOST_DIGITS


def _joined_columns(models: Sequence[ModelDocument]) -> tuple[Column, ...]:
    """The columns of all models; a category has the levels of all of them."""
    columns = zip(*(model.read_columns for model in models), strict=True)
    return tuple(
        same[0]._replace(levels=tuple(sorted({level for column in same for level in column.levels or ()})))
        if same[0].kind == "category"
        else same[0]
        for same in columns
    )


def _levels(models: Sequence[ModelDocument]) -> tuple[str, ...]:
    """The groups, in the order of their models."""
    return tuple(model.group.level for model in models if model.group)


def _own_places(places: Array, column: Column, own: Column, model: ModelDocument) -> Array:
    """The places of levels among those of a group's own model."""
    here = {level: i for i, level in enumerate(own.levels or ())}
    levels = column.levels or ()
    all_places = places.astype(np.intp)
    own_places = np.array([here.get(level, nan) for level in levels])[all_places]
    if np.any(unknown := np.isnan(own_places)):
        group = model.group.level if model.group else ""
        raise DataError(
            f"column {shown(column.name)}: {shown(levels[all_places[unknown][0]])} is a level that the model "
            f"of {shown(group)} has not seen; it knows {listed(list(here))}"
        )
    return own_places
