"""Prediction: a model applied to rows, through its graph."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence

import numpy as np

from lrfit.arrays import Array
from lrfit.data.csv.writer import csv_line
from lrfit.errors import DataError, UsageError
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.session import Session
from lrfit.messages import listed, shown, spelled
from lrfit.model.document import ModelDocument
from lrfit.model.equation import linear_model

__all__ = ["predictor", "row_at"]


def predictor(fit: ModelDocument) -> Callable[[Array], Array]:
    """A function from features, shape (n_samples, n_features), to predictions y_hat, shape (n_samples,).

    The features are in the order of the weights. The prediction for a row has the same bits, whatever the
    other rows are. The function raises `DataError` if a prediction overflows.

    Examples:
        >>> predictor(ModelDocument("y", {"x": 2.0}, 1.0))(np.array([[3.0], [4.0]]))
        array([7., 9.])
    """
    model = linear_model(fit.coefficients, fit.intercept)
    session = Session(model.graph)
    session.run(global_variables_initializer(model.graph))

    def predict(x: Array) -> Array:
        y_hat: Array = session.run(model.y_hat, {model.x: x})[:, 0]
        if not np.all(np.isfinite(y_hat)):
            raise DataError(
                "a prediction is beyond the range of float64, 1.8e308: "
                "are the data in the units of the model?"
            )
        return y_hat

    return predict


def row_at(text: str, models: Sequence[ModelDocument]) -> str:
    """A table of one row, with the values that a text gives to the columns of a model.

    Args:
        text: NAME=VALUE, separated by commas; in double quotes where one has a comma.
        models: The documents: one, or one for each group.

    Raises:
        UsageError: A name is not that of a column, is there twice, or one is missing.

    Examples:
        >>> row_at("x=3", [ModelDocument("y", {"x": 2.0}, 1.0)])
        'x\\n3\\n'
    """
    names = [column.name for column in models[0].read_columns]
    names += [models[0].group.column] if models[0].group else []
    values: dict[str, str] = {}
    for part in _parts(text):
        given = [name for name in names if part.startswith(f"{name}=")]
        if not given:
            raise UsageError(
                f"{spelled(at=text)}: {shown(part)} is not NAME=VALUE with one of the names {listed(names)}"
            )
        name = max(given, key=len)
        if name in values:
            raise UsageError(f"{spelled(at=text)}: {shown(name)} has two values")
        values[name] = part[len(name) + 1 :].strip()
    if missing := [name for name in names if name not in values]:
        raise UsageError(f"{spelled(at=text)}: there is no value of {listed(missing)}")
    return "".join(csv_line(row) + "\n" for row in (names, [values[name] for name in names]))


def _parts(text: str) -> list[str]:
    """The parts of a text between its commas."""
    try:
        return [
            part.strip() for row in csv.reader([text], strict=True, skipinitialspace=True) for part in row
        ]
    except csv.Error as error:
        raise UsageError(f"{spelled(at=text)}: {error}") from error
