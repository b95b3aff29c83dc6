"""Training for everybody: from a file, arrays or a DataFrame to a fit, in one call.

The command line does the same steps one by one, since it shows what happens between them: settings, data,
plan, epochs, document.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from inspect import Parameter, signature
from os import PathLike, fspath
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from lrfit.data.block import Block
from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import ColumnChoice, choose_columns
from lrfit.data.in_memory import block_of_frame, block_of_values, columns_of_array, is_frame
from lrfit.data.kinds import Column
from lrfit.data.partitions import data_of_partitions, is_dask_frame
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData, training_data_of
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown, spelled
from lrfit.system.cluster import Cluster
from lrfit.system.cluster_connection import cluster_of
from lrfit.system.file_names import matching
from lrfit.system.listener import Listener
from lrfit.training.advice import warnings
from lrfit.training.fit import LinearFit
from lrfit.training.history import History, next_thinned
from lrfit.training.loop import descend
from lrfit.training.plan import TrainingPlan
from lrfit.training.reading import check_without_rows, hold_out_of, read_for_training
from lrfit.training.record import EpochRecord
from lrfit.training.resuming import Resumption, chosen_settings, plan_run
from lrfit.training.settings import TrainingSettings
from lrfit.training.summary import summarize

if TYPE_CHECKING:
    import pandas as pd
    from distributed import Client

    from lrfit.data.hold_out import HoldOut

__all__ = ["train"]

_OPTIONS = "        **options: See `ColumnRequest`, `TableRequest` and `TrainingSettings`."
"""Line of the docstring that stands for all options."""

_READING = (ColumnRequest, TableRequest)
"""Classes whose fields are options for reading, with those that are no options."""

_NO_OPTIONS = {"paths", "columns", "known", "y", "weights", "by"}
"""Fields of these that are given otherwise, or not at all."""

_DASK = "a Dask DataFrame"
"""The name of one in messages."""

_log = logging.getLogger("lrfit")
_log.addHandler(logging.NullHandler())  # so that nothing is printed unless somebody asks for it


class _LogListener(Listener):
    """Writes what there is to hear to the log."""

    def note(self, text: str) -> None:
        _log.info("%s", text)

    def warn(self, text: str) -> None:
        _log.warning("%s", text)


def train(
    data: str | PathLike[str] | Sequence[str | PathLike[str]] | pd.DataFrame | npt.ArrayLike,
    y: str | npt.ArrayLike | None = None,
    *,
    weights: str | npt.ArrayLike | None = None,
    validation: Any = None,  # noqa: ANN401
    resume: str | PathLike[str] | LinearFit | None = None,
    allow_changes: bool = False,
    executor: str = "auto",
    max_memory: int | None = None,
    cluster: str | Client | None = None,
    on_epoch: Callable[[EpochRecord], None] | None = None,
    **options: Any,  # noqa: ANN401
) -> LinearFit:
    """Fit y_hat = W·x + b to rows of (x, y) by gradient descent, as `lrfit train` does.

    Without `learning_rate`, `standardize` and `init`, the data are standardised, and descent goes to the
    optimum at the fastest rate.

    The loss is half the mean squared residual, 1/(2n) · Σ (y_hat - y)². A file gives the bits of the command;
    so do its rows in memory up to one block of 1 MiB, and beyond it the same numbers to the last digits.
    Nothing is printed; what is worth knowing goes to the logger "lrfit".

    Args:
        data: The rows: path or address (`s3://bucket/d.csv`) of a CSV file, packed by gzip or not, or of a
            Parquet or Arrow IPC file; a pattern such as `part-*.csv`, or several of these, which are one
            table; a DataFrame of pandas, or of Dask for full batches; or an array of x, of shape
            (n_rows, n_features) or (n_rows,).
        y: The target: name of a column (the column `y` if None, else the last one); or, beside a DataFrame of
            pandas or an array of x, an array of shape (n_rows,).
        weights: The weight of each row in the loss, at least 0: name of a column, or an array of shape
            (n_rows,).
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
        cluster: Workers that read the files, or have the partitions of a Dask DataFrame: a
            `distributed.Client`; or "local:N" for N processes here, the address of a scheduler, or the path
            of a scheduler file. The same bits come out as without.
        on_epoch: Called with the `EpochRecord` of the start and of each epoch. Without it, the history of a
            long run has some 2,000 of its epochs.
        **options: See `ColumnRequest`, `TableRequest` and `TrainingSettings`.

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
    columns, form, settings = _parted(options)
    resumption, chosen = _chosen(settings, resume, allow_changes=allow_changes)
    listener = _LogListener()
    paths = _paths(data, y)
    is_divided = bool(paths) or is_dask_frame(data) or is_dask_frame(validation)
    with cluster_of(cluster if is_divided else None, listener) as workers:
        if paths:
            wanted = ColumnRequest(y=_name(y, "y"), weights=_name(weights, "weights"), **columns)
            table = TableRequest(paths, columns=wanted, **form)
            other = None if validation is None else replace(table, paths=_paths(validation, None))
            table = resumption.table(table) if resumption else table
            read = read_for_training(
                table, chosen, listener, validation=other, max_memory=max_memory, cluster=workers
            )
        else:
            rows = _Rows(columns, form.get("missing", "error"), workers)
            read = _read_from_memory(rows, (data, y, weights), chosen, validation)
        plan = plan_run(read, chosen, resumption)
        for text in warnings(plan):
            listener.warn(text)
        return _run(plan, executor, on_epoch)


def _parted(options: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The options for columns, for the file and for descent; names of columns as tuples.

    Raises:
        UsageError: One is not known.
    """
    known = {
        c: [f.name for f in fields(c) if f.name not in _NO_OPTIONS] for c in (*_READING, TrainingSettings)
    }
    for name in options:
        if not any(name in names for names in known.values()):
            every = [name for names in known.values() for name in names]
            close = get_close_matches(name, every, n=1)
            hint = f"did you mean {close[0]}?" if close else f"there are {', '.join(every)}"
            raise UsageError(f"there is no setting {shown(name)}; {hint}")
    columns, form, settings = ({n: options[n] for n in names if n in options} for names in known.values())
    for group, names in ((columns, columns), (form, ("na",))):
        group |= {
            n: (group[n],) if isinstance(group[n], str) else tuple(group[n]) for n in names if n in group
        }
    return columns, form, settings


def _chosen(
    given: Mapping[str, Any], resume: str | PathLike[str] | LinearFit | None, *, allow_changes: bool
) -> tuple[Resumption | None, TrainingSettings]:
    """The settings of the run, which may go on where that of a fit or of a file ended."""
    if isinstance(resume, LinearFit):
        resumption = Resumption(resume.document, "the fit", allow_changes=allow_changes)
        return resumption, resumption.settings(given)
    path = None if resume is None else fspath(resume)
    return chosen_settings(given, path, allow_changes=allow_changes)


def _paths(data: Any, y: object) -> tuple[str, ...]:  # noqa: ANN401
    """The files that paths and patterns stand for; none if these are data, beside an array of y."""
    if isinstance(data, str | PathLike):
        return matching([fspath(data)])
    is_list = isinstance(data, list | tuple) and (y is None or isinstance(y, str))
    if not is_list or not all(isinstance(path, str | PathLike) for path in data):
        return ()
    return matching(map(fspath, data))


def _name(value: object, setting: str, source: str = "a file") -> str | None:
    """The name of a column of the data, which are a file or the like."""
    if value is None or isinstance(value, str):
        return value
    raise UsageError(f"{spelled(**{setting: ...})} is the name of a column where the data are {source}")


@dataclass(frozen=True, eq=False)
class _Rows:
    """How rows in memory are read.

    Attributes:
        columns: Fields of the `ColumnRequest` that are given.
        missing: "error", or "drop" to leave out rows that lack a value.
        cluster: Workers that condense the partitions of a Dask DataFrame; None for Dask's default.
    """

    columns: Mapping[str, Any]
    missing: str
    cluster: Cluster | None

    def data(
        self,
        given: tuple[Any, Any, Any],
        hold_out: HoldOut | None,
    ) -> tuple[TrainingData, ColumnChoice]:
        """The data of the rows (data, y, weights), and their columns."""
        frame, y, weights = given
        if is_dask_frame(frame):
            wanted = self._request(y, weights, _DASK)
            choice = choose_columns(list(map(str, frame.columns)), wanted, source_name="the Dask DataFrame")
            read = data_of_partitions(frame, choice, self.missing, hold_out=hold_out, cluster=self.cluster)
            return read, choice
        block, choice = self._block(*given)
        (read,) = training_data_of(block, choice, hold_out=hold_out)
        return read, choice

    def _request(self, y: Any, weights: Any, source: str) -> ColumnRequest:  # noqa: ANN401
        """The columns that are wanted of a DataFrame."""
        return ColumnRequest(
            y=_name(y, "y", source), weights=_name(weights, "weights", source), **self.columns
        )

    def _block(self, data: Any, y: Any, weights: Any) -> tuple[Block, ColumnChoice]:  # noqa: ANN401
        """The rows, and their columns."""
        if is_frame(data) and (y is None or isinstance(y, str)):
            wanted = self._request(y, weights, "a DataFrame")
            header = [str(label) for label in data.columns]
            choice = choose_columns(header, wanted, source_name="the DataFrame")
            return block_of_frame(data, choice.columns, self.missing), choice
        return self._of_arrays(data, y, weights)

    def _of_arrays(self, data: Any, y: Any, weights: Any) -> tuple[Block, ColumnChoice]:  # noqa: ANN401
        if y is None or isinstance(y, str):
            raise UsageError("an array of x needs an array of y, of shape (n_rows,), beside it")
        if others := [name for name in ("dates", "categories", "drop") if self.columns.get(name)]:
            raise UsageError(f"{spelled(**{others[0]: ...})} is for columns of a file or a DataFrame")
        n_features = np.shape(data)[1] if np.ndim(data) > 1 else 1
        numbered = ("x",) if n_features == 1 else tuple(f"x{i + 1}" for i in range(n_features))
        features = self.columns.get("x") or (tuple(map(str, data.columns)) if is_frame(data) else numbered)
        parts = {"x": columns_of_array(data, features), "y": columns_of_array(y, ["y"])}
        if weights is not None:
            parts["weights"] = columns_of_array(weights, ["weights"])
        if len({part.shape[1] for part in parts.values()}) > 1:
            raise DataError(", and ".join(f"{name} has {part.shape[1]} rows" for name, part in parts.items()))
        if weights is not None and (parts["weights"] < 0.0).any():
            raise DataError("weights: a weight has to be at least 0")
        choice = ColumnChoice(tuple(map(Column, features)), "y", None if weights is None else "weights")
        return block_of_values(np.vstack([*parts.values()]), choice.columns, self.missing), choice

    def of_validation(self, data: Any, choice: ColumnChoice) -> TrainingData:  # noqa: ANN401
        """Rows to validate on: a DataFrame with the same columns, or arrays."""
        if is_dask_frame(data):
            return data_of_partitions(data, choice, self.missing, cluster=self.cluster)
        if is_frame(data):
            block = block_of_frame(data, choice.columns, self.missing)
        else:
            block, _ = self._of_arrays(*data, *[None] * (3 - len(data)))
        (read,) = training_data_of(block, choice)
        return read


def _read_from_memory(
    rows: _Rows,
    given: tuple[Any, Any, Any],
    settings: TrainingSettings,
    validation: Any,  # noqa: ANN401
) -> TrainingData:
    """The data of arrays, or of a DataFrame of pandas or Dask."""
    if validation is not None and settings.validation_fraction:
        raise UsageError(
            f"{spelled(validation=...)} and {spelled(validation_fraction=...)} exclude each other"
        )
    if is_dask_frame(given[0]):
        check_without_rows(settings, _DASK)
    read, choice = rows.data(given, hold_out_of(settings))
    if validation is None:
        return read
    other = rows.of_validation(validation, choice._replace(features=read.columns))
    return replace(read, held_out=other.moments)


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


def _described(source: type) -> dict[str, str]:
    """The lines of a docstring on each attribute, by its name."""
    listed = (source.__doc__ or "").partition("Attributes:\n")[2].partition("\n\n")[0]
    entries = re.split(r"\n(?= {8}\w)", listed)
    return {entry.split(":")[0].strip(): entry for entry in entries}


def _show_options(function: Callable[..., LinearFit]) -> None:
    """Have `help` show each of the options, in the signature and in the docstring."""
    parameters = [p for p in signature(function).parameters.values() if p.kind is not Parameter.VAR_KEYWORD]
    described = []
    for source in (*_READING, TrainingSettings):
        shown_fields = [f for f in fields(source) if f.name not in _NO_OPTIONS]
        parameters += [
            Parameter(f.name, Parameter.KEYWORD_ONLY, default=f.default, annotation=f.type)
            for f in shown_fields
        ]
        entries = _described(source)
        described += [entries[f.name] for f in shown_fields]
    function.__signature__ = signature(function).replace(parameters=parameters)  # type: ignore[attr-defined]
    function.__doc__ = (function.__doc__ or "").replace(_OPTIONS, "\n".join(described))


_show_options(train)
