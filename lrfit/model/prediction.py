"""Prediction: a model applied to rows, through its graph."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import DataError
from lrfit.graph.assignments import global_variables_initializer
from lrfit.graph.session import Session
from lrfit.model.document import ModelDocument
from lrfit.model.equation import linear_model

__all__ = ["predictor"]


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
