"""The graph that `lrfit graph` shows, with its rows and the values of its variables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lrfit.arrays import Array
from lrfit.cli.terminal import Terminal
from lrfit.data.tables import TableRequest
from lrfit.data.training_data import TrainingData
from lrfit.errors import UsageError
from lrfit.graph.nodes import Node
from lrfit.graph.program import Program
from lrfit.graph.session import Session
from lrfit.messages import listed, shown
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import load
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
        rows: Rows (x, y) that are fed; None without data.
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
    def feeds(self) -> list[Array]:
        """x and y of the rows; empty without data."""
        return [] if self.rows is None else [self.rows[:, :-1], self.rows[:, -1:]]

    def view(self, *, training: bool, optimized: bool) -> GraphView:
        """The program of the objective or of a step; with data, for their number of rows, and with values.

        Args:
            training: Whether to show a step.
            optimized: Whether to show it after all passes.
        """
        model = self.graph.model
        fetch = self.graph.train_op if training else self.objective
        shapes = [array.shape for array in self.feeds] or None
        view = GraphView(Program.of([fetch], [model.x, model.y], shapes), self.captions)
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
        features, target = (list(fit.weights), fit.target) if fit else ([], None)
        graph = _graph(fit, settings, len(features) or n_features or 1)
        return ShownGraph(graph, _captions(features, target))
    reading = settings if training else TrainingSettings()
    wanted = columns_of(fit, table) if fit else table
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


def _graph(fit: ModelDocument | None, settings: TrainingSettings, n_features: int) -> TrainingGraph:
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
    )


def _of_data(
    data: TrainingData, fit: ModelDocument | None, settings: TrainingSettings, terminal: Terminal
) -> ShownGraph:
    """The graph in the units of the data, at the parameters of a model, or at 0, with the rows."""
    graph = _graph(fit, settings, len(data.features))
    lacks_penalty = settings.standardize and settings.l2 > 0.0
    if lacks_penalty:
        terminal.note("without the penalty, which is in the units of descent; --training shows it")
    captions = _captions(data.features, data.target)
    return ShownGraph(graph, captions, _rows(data, terminal), _initial(graph), lacks_penalty)


def _of_plan(plan: TrainingPlan, terminal: Terminal) -> ShownGraph:
    """The graph in the units of descent, at the point where a run continues or starts."""
    start, settings, data = plan.start, plan.settings, plan.data
    where = f"after epoch {start.epoch}" if start.variables else "where a run starts"
    units = "of descent: standardised" if settings.standardize else "of the data"
    terminal.note(f"{where}, in the units {units}")
    if settings.batch_size:
        terminal.note(f"this step uses all rows; a step of a run uses {settings.batch_size} of them")
    graph = plan.graph()
    rows = plan.scaling.apply(_rows(data, terminal))
    captions = _captions(data.features, data.target)
    return ShownGraph(graph, captions, rows, start.variables or _initial(graph))


def _number(value: float | str) -> float:
    """A setting that is a number; 0 for one that is chosen from the data."""
    return 0.0 if isinstance(value, str) else value


def _rows(data: TrainingData, terminal: Terminal) -> Array:
    """The rows (x, y), if they are few; else their sigma points."""
    moments = data.sample.moments
    if data.rows is not None and moments.n_samples <= _MOST_ROWS:
        return data.rows.rows()
    points = moments.sigma_points()
    terminal.note(
        f"{len(points)} sigma points stand for the rows ({moments.n_samples}), "
        "with the same loss and gradients"
    )
    return points


def _initial(graph: TrainingGraph) -> Mapping[str, Array]:
    """Values of all variables at the start."""
    session = Session(graph.model.graph)
    session.run(graph.initialize)
    values: Mapping[str, Array] = session.run(dict(graph.variables))
    return values


def _captions(features: Sequence[str], target: str | None) -> dict[str, str]:
    """Meanings of the nodes of the model."""
    return {
        "x": f"features {listed(features)}" if features else "features",
        "y": "target" if target is None else f"target {shown(target)}",
        "W": "weights",
        "b": "intercept",
    }
