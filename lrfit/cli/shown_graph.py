"""The graph that `lrfit graph` shows, with its rows and the values of its variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lrfit.analysis.scaling import Scaling
from lrfit.arrays import Array
from lrfit.cli.terminal import Terminal
from lrfit.data.kinds import Column, feature_names
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData
from lrfit.errors import UsageError
from lrfit.graph.nodes import Node
from lrfit.graph.program import Program
from lrfit.graph.session import Session
from lrfit.messages import MOST_LISTED, listed, shown, spelled
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load
from lrfit.training.batches import in_descent_units
from lrfit.training.graph import TrainingGraph, training_graph
from lrfit.training.plan import TrainingPlan
from lrfit.training.reading import read_for_training
from lrfit.training.resuming import Resumption, columns_of, plan_run
from lrfit.training.settings import TrainingSettings
from lrfit.views import graph_annotations
from lrfit.views.graph_view import GraphView

__all__ = ["ShownGraph", "read_shown_graph"]

_MOST_ROWS = 1000
"""Largest number of rows that are shown as they are; for more rows, their sigma points are shown."""


@dataclass(frozen=True, eq=False)
class ShownGraph:
    """A graph to show; with data, also its rows and the values of its variables.

    Attributes:
        graph: Graph of the model and of a step.
        captions: Meanings of nodes, by name.
        rows: Rows (x, y) that are fed, and behind y their weights if the graph takes some; None without data.
        variables: Values of all variables, by name; empty without data.
        lacks_penalty: Whether the penalty is left out, because its units are not those of the values.
    """

    graph: TrainingGraph
    captions: Mapping[str, str]
    rows: Array | None = None
    variables: Mapping[str, Array] = field(default_factory=dict)
    lacks_penalty: bool = False

    @property
    def objective(self) -> Node:
        """The node that is differentiated."""
        return self.graph.model.loss if self.lacks_penalty else self.graph.model.objective

    @property
    def fed(self) -> list[Node]:
        """The placeholders of the rows: x, y, and their weights if the graph takes some."""
        model = self.graph.model
        return [node for node in (model.x, model.y, model.w) if node is not None]

    @property
    def feeds(self) -> list[Array]:
        """The values of these; empty without data."""
        if self.rows is None:
            return []
        width = self.rows.shape[1]
        return np.split(self.rows, range(width - len(self.fed) + 1, width), axis=1)

    def view(self, *, training: bool, optimized: bool) -> GraphView:
        """The program of the objective or of a step; with data, for their number of rows, and with values.

        Args:
            training: Whether to show a step.
            optimized: Whether to show it after all passes.
        """
        fetch = self.graph.train_op if training else self.objective
        shapes = [array.shape for array in self.feeds] or None
        view = GraphView(Program.of([fetch], self.fed, shapes), self.captions)
        if optimized:
            view = graph_annotations.optimized(view)
        if self.rows is None:
            return view
        return graph_annotations.evaluated(view, self.feeds, self.variables, self.objective.name)


def read_shown_graph(
    path: str | None,
    table: TableRequest | None,
    terminal: Terminal,
    *,
    n_features: int | None = None,
    training: bool = False,
) -> ShownGraph:
    """The graph of a model, or for a number of features; with a table, also its rows.

    Args:
        path: Path of the model; None for a graph without one.
        table: The table of the rows; None for a graph without values.
        terminal: Is told at which parameters, and in which units, the values are.
        n_features: Number of features; those of the model or of the table, else 1, if None.
        training: Whether the values are those of a step, in the units of descent.

    Raises:
        DataError: The data cannot be read, or lack a column.
        DivergenceError: The data are too large to descend on.
        ModelFileError: The file at `path` is not a model document.
        UsageError: The table contradicts the model, or the number of features contradicts the table.
    """
    fit = None if path is None else load(path)
    resumption, settings = _settings(fit, path)
    if table is None:
        return _without_data(fit, settings, n_features or 1)
    reading = settings if training else TrainingSettings()
    wanted = _of_model(fit, table) if fit else table
    data = read_for_training(wanted, reading, terminal, most_kept=_MOST_ROWS)
    if n_features not in (None, len(data.features)):
        raise UsageError(
            f"--features is {n_features}, and DATA has {len(data.features)}: choose them with -x"
        )
    if training:
        return _of_plan(plan_run(data, settings, resumption), terminal)
    return _of_data(data, fit, settings, terminal)


def _settings(fit: ModelDocument | None, path: str | None) -> tuple[Resumption | None, TrainingSettings]:
    """The resumption and the settings of the model; none, and defaults, if it has no training section."""
    if fit is None:
        return None, TrainingSettings()
    if fit.training is None:
        return None, TrainingSettings(init=(*fit.weights.values(), fit.intercept))
    resumption = Resumption(fit, shown(path or ""), allow_changes=True)
    return resumption, resumption.settings({})


def _of_model(fit: ModelDocument, table: TableRequest) -> TableRequest:
    """The request for the columns of the model, whose kinds it knows; raises UsageError on others."""
    for setting in ("drop", "dates", "categories"):
        if getattr(table.columns, setting):
            raise UsageError(f"{spelled(**{setting: ...})} is for data alone: a model knows its columns")
    return columns_of(fit, table, with_weights=True)


def _graph(
    fit: ModelDocument | None, settings: TrainingSettings, n_features: int, *, is_weighted: bool
) -> TrainingGraph:
    """The graph at the parameters of a model, or at 0, in the units of the data."""
    chosen = fit.training if fit and fit.training else settings
    n_samples = fit.data.n_samples if fit and fit.data else 1
    intercept = fit.intercept if fit else 0.0
    return training_graph(
        fit.coefficients if fit else np.zeros(n_features),
        intercept if settings.fit_intercept else None,
        settings,
        learning_rate=_number(chosen.learning_rate),
        momentum=_number(chosen.momentum),
        steps_per_epoch=-(-n_samples // (settings.batch_size or n_samples)),
        is_weighted=is_weighted,
    )


def _without_data(fit: ModelDocument | None, settings: TrainingSettings, n_features: int) -> ShownGraph:
    """The graph of the model, or for a number of features, without values."""
    if fit is None:
        graph = _graph(None, settings, n_features, is_weighted=False)
        return ShownGraph(graph, _captions((), None))
    is_weighted = fit.data is not None and fit.data.weights_column is not None
    graph = _graph(fit, settings, len(fit.weights), is_weighted=is_weighted)
    return ShownGraph(graph, _captions(fit.read_columns, fit.target))


def _of_data(
    data: TrainingData, fit: ModelDocument | None, settings: TrainingSettings, terminal: Terminal
) -> ShownGraph:
    """The graph in the units of the data, at the parameters of a model, or at 0, with the rows."""
    rows, is_weighted = _rows(data, Scaling.none(len(data.features)), terminal)
    graph = _graph(fit, settings, len(data.features), is_weighted=is_weighted)
    lacks_penalty = settings.standardize and settings.l2 > 0.0
    if lacks_penalty:
        terminal.note("without the penalty, which is in the units of descent; --training shows it")
    captions = _captions(data.columns, data.target)
    return ShownGraph(graph, captions, rows, _initial(graph), lacks_penalty)


def _of_plan(plan: TrainingPlan, terminal: Terminal) -> ShownGraph:
    """The graph in the units of descent, at the point where a run continues or starts."""
    start, settings, data = plan.start, plan.settings, plan.data
    where = f"after epoch {start.epoch}" if start.variables else "where a run starts"
    units = "of descent: standardised" if settings.standardize else "of the data"
    terminal.note(f"{where}, in the units {units}")
    if settings.batch_size:
        terminal.note(f"this step uses all rows; a step of a run uses {settings.batch_size} of them")
    rows, is_weighted = _rows(data, plan.scaling, terminal)
    graph = training_graph(
        start.weights,
        start.intercept,
        settings,
        learning_rate=plan.learning_rate,
        momentum=plan.method.momentum,
        steps_per_epoch=plan.steps_per_epoch,
        is_weighted=is_weighted,  # as the rows that are shown, not those that the run descends on
    )
    captions = _captions(data.columns, data.target)
    return ShownGraph(graph, captions, rows, start.variables or _initial(graph))


def _number(value: float | str) -> float:
    """A setting that is a number; 0 for one that is chosen from the data."""
    return 0.0 if isinstance(value, str) else value


def _rows(data: TrainingData, scaling: Scaling, terminal: Terminal) -> tuple[Array, bool]:
    """The rows (x, y), in the units of a scaling, if they are few; else their sigma points.

    Returns:
        The rows, and whether the weights of the rows, with the mean 1, are behind y; sigma points need none.
    """
    moments = data.moments
    if data.rows is not None and moments.n_samples <= _MOST_ROWS:
        total = moments.total_weight
        mean_weight = None if total is None else total / moments.n_samples
        return in_descent_units(data.rows.rows(), scaling, mean_weight), total is not None
    points = moments.sigma_points()
    their = "" if data.weights is None else " and their weights"
    terminal.note(
        f"{len(points)} sigma points stand for the rows ({moments.n_samples}){their}, "
        "with the same loss and gradients"
    )
    return scaling.apply(points), False


def _initial(graph: TrainingGraph) -> Mapping[str, Array]:
    """Values of all variables at the start."""
    session = Session(graph.model.graph)
    session.run(graph.initialize)
    values: Mapping[str, Array] = session.run(dict(graph.variables))
    return values


def _captions(columns: Sequence[Column], target: str | None) -> dict[str, str]:
    """Meanings of the nodes of the model, whose features are made of these columns."""
    return {
        "x": f"features {_listed_features(columns)}".rstrip(),
        "y": "target" if target is None else f"target {shown(target)}",
        "w": "weights of the rows",
        "W": "weights",
        "b": "intercept",
    }


def _listed_features(columns: Sequence[Column]) -> str:
    """The names of the features, column by column, with the numbers that dates and words become."""
    texts: list[str] = []
    names = feature_names(columns)
    n_listed = 0
    for column in columns:
        of_column = feature_names([column])[: MOST_LISTED - n_listed]
        n_listed += len(of_column)
        if of_column:
            texts.append(f"{listed(of_column)}{_meaning(column)}")
    more = f" and {len(names) - n_listed} more" if len(names) > n_listed else ""
    return ", ".join(texts) + more


def _meaning(column: Column) -> str:
    if column.kind == "category":
        return f" (0 or 1; baseline {shown((column.levels or ('',))[0])})"
    return " (days since 1970-01-01)" if column.kind == "date" else ""
