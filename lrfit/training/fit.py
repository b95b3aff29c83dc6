"""Fits: the result of `lrfit.train`, which is a model document and the history of its run."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.in_memory import block_of_frame, block_of_values, columns_of_array, is_frame
from lrfit.data.kinds import Column
from lrfit.data.level_rows import expanded
from lrfit.model import document_file
from lrfit.model.document import ModelDocument
from lrfit.model.intervals import IntervalKind, intervals
from lrfit.model.prediction import predictor
from lrfit.system.files import open_output
from lrfit.training.history import History

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LinearFit", "load"]


@dataclass(frozen=True, eq=False, repr=False)
class LinearFit:
    """A fitted line, `y_hat = Σ weights[name] · x[name] + intercept`.

    Attributes:
        document: All that is known of the fit, as `lrfit train --format json` prints it.
        history: The epochs of its run, θ in the units of descent; None for a fit that was loaded.

    Examples:
        >>> import lrfit
        >>> fit = lrfit.train([0.0, 1.0, 2.0], [1.0, 3.0, 5.0], standardize=True, learning_rate="auto")
        >>> fit
        <LinearFit y = 2·x + 1>
        >>> fit.predict([3.0])
        array([7.])
    """

    document: ModelDocument
    history: History | None = None

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return tuple(self.document.weights)

    @property
    def target(self) -> str:
        """Name of the target."""
        return self.document.target

    @property
    def weights(self) -> dict[str, float]:
        """The weight of each feature, by name, in the units of the data."""
        return dict(self.document.weights)

    @property
    def intercept(self) -> float:
        """The intercept, in the units of the data; 0.0 for a model without one."""
        return self.document.intercept

    @property
    def loss(self) -> float | None:
        """Half the mean squared residual, 1/(2n) · Σ (y_hat - y)², on the training data; None if unknown."""
        return self.document.training.loss if self.document.training else None

    @property
    def standard_errors(self) -> dict[str, float | None] | None:
        """The standard error of each weight and of the "intercept", of least squares; None if unknown."""
        return dict(self.document.data.least_squares.standard_errors) if self.document.data else None

    def predict(
        self, x: npt.ArrayLike | pd.DataFrame, *, interval: IntervalKind | None = None, level: float = 0.95
    ) -> Array:
        """The predictions y_hat, shape (n_rows,); with an interval (y_hat, low, high), shape (n_rows, 3).

        Args:
            x: A DataFrame with the columns that the features are made from, found by their names; or an array
                of the features, shape (n_rows, n_features), or (n_rows,) for a single one.
            interval: "confidence" for the mean of y at x, or "prediction" for a new value of y.
            level: Level of the interval, between 0 and 1.

        Raises:
            DataError: It has other columns, or values that are no numbers.
            ModelFileError: The fit does not keep what intervals take; the message says why.
            UsageError: The interval or level is none.
        """
        ends = interval and intervals(self.document, interval, level)
        names = self.features
        if is_frame(x):
            columns = self.document.read_columns
            block = block_of_frame(x, columns, "error")
        else:
            columns = tuple(map(Column, names))
            block = block_of_values(columns_of_array(x, names), columns, "error")
        rows = np.ascontiguousarray(expanded(block.values, columns).T)
        y_hat = predictor(self.document)(rows)
        return np.column_stack([y_hat, *ends(rows, y_hat)]) if ends else y_hat

    def save(self, path: str | PathLike[str]) -> None:
        """Write the model document to a file, whole or not at all; `lrfit predict` and `load` read it.

        Raises:
            OutputError: It cannot be written.
        """
        document = document_file.to_bytes(self.document)
        with open_output(fspath(path)) as file:
            file.write(document)

    def __repr__(self) -> str:
        terms = [f"{weight:.6g}·{name}" for name, weight in self.weights.items()]
        line = " + ".join([*terms, f"{self.intercept:.6g}"]).replace("+ -", "- ")
        return f"<LinearFit {self.target} = {line}>"


def load(path: str | PathLike[str]) -> LinearFit:
    """The fit in a model document, as `LinearFit.save` and `lrfit train -o` write it.

    Args:
        path: Path of the file.

    Raises:
        DataError: It cannot be opened.
        ModelFileError: It is no model document; the message names the field.
    """
    return LinearFit(document_file.load(fspath(path)))
