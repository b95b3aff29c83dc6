"""Training for everybody: from a file, arrays or a DataFrame to a fit, in one call.

The command line does the same steps one by one, since it shows what happens between them: settings, data,
plan, epochs, document.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from inspect import Parameter, signature
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.columns import choose_columns
from lrfit.data.in_memory import columns_of_array, columns_of_frame, is_frame, without_missing
from lrfit.data.tables import TableRequest
from lrfit.data.training_data import TrainingData, training_data_of
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown, spelled
from lrfit.system.listener import Listener
from lrfit.training.advice import warnings
from lrfit.training.fit import LinearFit
from lrfit.training.history import History, next_thinned
from lrfit.training.loop import descend
from lrfit.training.plan import TrainingPlan
from lrfit.training.reading import hold_out_of, read_for_training
from lrfit.training.record import EpochRecord
from lrfit.training.resuming import Resumption, chosen_settings, plan_run
from lrfit.training.settings import TrainingSettings
from lrfit.training.summary import summarize

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["train"]

_SETTINGS = "        **settings: See `TrainingSettings`."
"""Line of the docstring that stands for all settings."""

_log = logging.getLogger("lrfit")
_log.addHandler(logging.NullHandler())  # so that nothing is printed unless somebody asks for it


class _LogListener(Listener):
    """Writes what there is to hear to the log."""

    def note(self, text: str) -> None:
        _log.info("%s", text)

    def warn(self, text: str) -> None:
        _log.warning("%s", text)


def train(
    data: str | PathLike[str] | pd.DataFrame | npt.ArrayLike,
    y: str | npt.ArrayLike | None = None,
    *,
    x: str | Sequence[str] = (),
    drop: str | Sequence[str] = (),
    separator: str | None = None,
    decimal: str = ".",
    encoding: str = "utf-8",
    header: bool = True,
    missing: str = "error",
    validation: Any = None,  # noqa: ANN401
    resume: str | PathLike[str] | LinearFit | None = None,
    allow_changes: bool = False,
    executor: str = "auto",
    max_memory: int | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    **settings: Any,  # noqa: ANN401
) -> LinearFit:
    """Fit y_hat = W·x + b to rows of (x, y) by gradient descent, as `lrfit train` does.

    Without `learning_rate`, `standardize` and `init`, the data are standardised, and descent goes to the
    optimum at the fastest rate.

    The loss is half the mean squared residual, 1/(2n) · Σ (y_hat - y)². A file gives the bits of the command;
    so do its rows in memory up to one block of 1 MiB, and beyond it the same numbers to the last digits.
    Nothing is printed; what is worth knowing goes to the logger "lrfit".

    Args:
        data: The rows: path of a CSV file (packed by gzip or not), a DataFrame, or an array of x, of shape
            (n_rows, n_features) or (n_rows,).
        y: The target: name of a column (the column `y` if None, else the last one); or, beside a DataFrame or
            an array of x, an array of shape (n_rows,).
        x: Name or names of the features; all columns but the target if empty. With an array, names for its
            columns.
        drop: Name or names of columns of a file or a DataFrame that are neither.
        separator: Character between the fields of a file; if None, a tab for `.tsv`, else a comma, or what
            the header and the first rows show.
        decimal: Decimal mark in a file, "." or ",".
        encoding: Encoding of a file.
        header: Whether the first row of a file names the columns; else they are named 1, 2, ….
        missing: "error" to refuse rows that lack a value, or "drop" to leave them out.
        validation: Rows to validate on, with the same columns: path of a file where the data are a file; a
            DataFrame; or arrays (x, y).
        resume: A fit, or the path of a model document, whose run goes on; settings that are not given are
            those of that run.
        allow_changes: Whether settings and data may differ from those of the run that goes on. If they do,
            the new run starts from its parameters.
        executor: What runs the graph: "numpy", "numba", or "auto", which begins with NumPy and changes to
            Numba if the work is long. The numbers are the same to 1e-12 relative over 100 epochs.
        max_memory: Bytes that the rows of mini-batches from a file may take; beyond it a scratch file is
            used. Half of what is available if None.
        on_epoch: Called with the `EpochRecord` of the start and of each epoch. Without it, the history of a
            long run has some 2,000 of its epochs.
        **settings: See `TrainingSettings`.

    Returns:
        The fit: `weights`, `intercept`, `loss`, `standard_errors`, `history`, `predict(x)`, `save(path)`.

    Raises:
        DataError: The data cannot be read or used; the message says where.
        DivergenceError: The loss moved away from its minimum; the message says what to try instead.
        ModelFileError: `resume` is no model document, or one that cannot be resumed.
        UsageError: A setting is not valid, or contradicts another.

    Examples:
        >>> import lrfit
        >>> x = [0.0, 1.0, 2.0, 3.0]
        >>> y = [1.0, 3.0, 5.0, 7.0]
        >>> fit = lrfit.train(x, y, learning_rate="auto", standardize=True)
        >>> {name: round(weight, 6) for name, weight in fit.weights.items()}, round(fit.intercept, 6)
        ({'x': 2.0}, 1.0)
    """
    _check_names(settings)
    resumption, chosen = _chosen(settings, resume, allow_changes=allow_changes)
    listener = _LogListener()
    names, dropped = ((given,) if isinstance(given, str) else tuple(given) for given in (x, drop))
    if isinstance(data, str | PathLike):
        form = (separator, decimal, encoding, header, missing)
        table = TableRequest(fspath(data), *form, x=names, y=_name(y), drop=dropped)
        wanted = resumption.table(table) if resumption else table
        other = None if validation is None else TableRequest(fspath(validation), *form)
        read = read_for_training(wanted, chosen, listener, validation=other, max_memory=max_memory)
    else:
        read = _read_from_memory(data, y, names, dropped, missing, chosen, validation)
    plan = plan_run(read, chosen, resumption)
    for text in warnings(plan):
        listener.warn(text)
    return _run(plan, executor, on_epoch)


def _check_names(settings: Mapping[str, object]) -> None:
    """Refuse what is no setting."""
    known = [f.name for f in fields(TrainingSettings)]
    for name in settings:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(known)}"
            raise UsageError(f"there is no setting {shown(name)}; {hint}")


def _chosen(
    given: Mapping[str, Any], resume: str | PathLike[str] | LinearFit | None, *, allow_changes: bool
) -> tuple[Resumption | None, TrainingSettings]:
    """The settings of the run, which may go on where that of a fit or of a file ended."""
    if isinstance(resume, LinearFit):
        resumption = Resumption(resume.document, "the fit", allow_changes=allow_changes)
        return resumption, resumption.settings(given)
    path = None if resume is None else fspath(resume)
    return chosen_settings(given, path, allow_changes=allow_changes)


def _name(y: object) -> str | None:
    """The name of the target in a file."""
    if y is None or isinstance(y, str):
        return y
    raise UsageError(f"{spelled(y=...)} is the name of a column where the data are a file")


def _read_from_memory(
    data: Any,  # noqa: ANN401
    y: Any,  # noqa: ANN401
    x: tuple[str, ...],
    drop: tuple[str, ...],
    missing: str,
    settings: TrainingSettings,
    validation: Any,  # noqa: ANN401
) -> TrainingData:
    """The data of arrays or of a DataFrame."""
    if validation is not None and settings.validation_fraction:
        raise UsageError(
            f"{spelled(validation=...)} and {spelled(validation_fraction=...)} exclude each other"
        )
    columns, features, target = _columns(data, y, x, missing, drop)
    read = training_data_of(columns, features, target, hold_out=hold_out_of(settings))
    if validation is None:
        return read
    other, its_y = (validation, target) if is_frame(validation) else validation
    held_out, _, _ = _columns(other, its_y, features, missing)
    return replace(read, held_out=Moments.of_columns(held_out))


def _columns(
    data: Any,  # noqa: ANN401
    y: Any,  # noqa: ANN401
    x: tuple[str, ...],
    missing: str,
    drop: tuple[str, ...] = (),
) -> tuple[Array, tuple[str, ...], str]:
    """The columns, the target last, shape (n_columns, n_rows); and the names of features and target."""
    if is_frame(data) and (y is None or isinstance(y, str)):
        chosen, target = choose_columns(
            [str(label) for label in data.columns], x, y, drop=drop, source_name="the DataFrame"
        )
        names = (*chosen, target)
        columns = columns_of_frame(data, names)
    else:
        if y is None or isinstance(y, str):
            raise UsageError("an array of x needs an array of y, of shape (n_rows,), beside it")
        n_features = np.shape(data)[1] if np.ndim(data) > 1 else 1
        numbered = ("x",) if n_features == 1 else tuple(f"x{i + 1}" for i in range(n_features))
        features = x or (tuple(map(str, data.columns)) if is_frame(data) else numbered)
        of_x, of_y = columns_of_array(data, features), columns_of_array(y, ["y"])
        if of_x.shape[1] != of_y.shape[1]:
            raise DataError(f"x has {of_x.shape[1]} rows, and y has {of_y.shape[1]}")
        names, columns = (*features, "y"), np.vstack([of_x, of_y])
    return without_missing(columns, names, missing), tuple(names[:-1]), names[-1]


def _run(plan: TrainingPlan, executor: str, on_epoch: Callable[[EpochRecord], None] | None) -> LinearFit:
    """Run a plan, and keep what a history shows."""
    records = []
    last = plan.last_epoch
    next_due = (lambda epoch: epoch + 1) if on_epoch else (lambda epoch: next_thinned(epoch, last))
    for record in descend(plan, executor=executor, next_due=next_due):
        records.append(record)
        if on_epoch:
            on_epoch(record)
    history = History.of(records, plan.data.features, intercept=plan.settings.fit_intercept)
    return LinearFit(summarize(plan, record), history)


def _show_settings(function: Callable[..., LinearFit]) -> None:
    """Have `help` show each of the settings, in the signature and in the docstring."""
    parameters = [p for p in signature(function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    parameters += [
        Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
        for f in fields(TrainingSettings)
    ]
    function.__signature__ = signature(function).replace(parameters=parameters)  # type: ignore[attr-defined]
    described = (TrainingSettings.__doc__ or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    function.__doc__ = (function.__doc__ or "").replace(_SETTINGS, described)


_show_settings(train)
