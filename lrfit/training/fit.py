"""Fits: the result of `lrfit.train`, which is a model document and the history of its run."""

from __future__ import annotations

from dataclasses import dataclass
from os import PathLike, fspath
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.data.in_memory import columns_of_array, columns_of_frame, is_frame, without_missing
from lrfit.model import document_file
from lrfit.model.document import ModelDocument
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

    def predict(self, x: npt.ArrayLike | pd.DataFrame) -> Array:
        """The predictions y_hat, shape (n_rows,).

        Args:
            x: A table with a column for each feature, found by its name; or an array of shape
                (n_rows, n_features), or (n_rows,) for a single feature.

        Raises:
            DataError: It has other columns, or values that are no numbers.
        """
        names = self.features
        columns = columns_of_frame(x, names) if is_frame(x) else columns_of_array(x, names)
        rows = without_missing(columns, names, "error").T
        return predictor(self.document)(np.ascontiguousarray(rows))

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
