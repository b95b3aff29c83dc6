"""`lrfit graph`: show the static graph, and the values and gradients in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import click

from lrfit import graph_formats
from lrfit.errors import UsageError, shown
from lrfit.options import column_options, csv_options, integer, refuse_two_stdins
from lrfit.settings import TrainingSettings
from lrfit.terminal import Terminal, write_result
from lrfit.training_data import TrainingData, read_training_data

if TYPE_CHECKING:
    from lrfit.fit import LinearFit
    from lrfit.graph import Array, Node
    from lrfit.graph_view import GraphView
    from lrfit.resuming import Resumption
    from lrfit.training_graph import TrainingGraph

_MOST_ROWS = 1000
"""That are shown as they are; more are shown as their sigma points."""

_MOST_FEATURES = 1_000_000
"""Of a graph without data."""


@click.command(name="graph", short_help="Show the static graph, and the values in it.")
@click.argument("model", type=click.Path(allow_dash=True), required=False)
@click.option("--features", type=integer(1), metavar="N", help="Of a graph without a model.  [default: 1]")
@click.option("--training", is_flag=True, help="With the gradients and the updates of a step.")
@click.option("--optimized", is_flag=True, help="As the passes leave it, and what they removed.")
@click.option("--data", metavar="DATA", help="A CSV: show the value and the gradient at every edge.")
@column_options
@csv_options
@click.option(
    "--format",
    "output_format",
    type=click.Choice(sorted(graph_formats.FORMATS, key=lambda name: name != "text")),
    default="text",
    show_default=True,
    help="Of the result.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no notes.")
def command(model: str | None, *, output_format: str, **options: Any) -> None:  # noqa: ANN401
    """Show the graph of y_hat = W·x + b and its loss; of MODEL, as it was trained.

    Values are in the units of the data, at the parameters of MODEL (else at 0). With --training they are in
    the units of descent, where `lrfit train --resume MODEL` would go on (else where a run starts).

    \b
    Example:
      lrfit graph --training --format dot | dot -Tsvg > graph.svg
    """
    from lrfit.graph_view import evaluated, optimized

    _check_options(model, options)
    terminal = Terminal(quiet=options["quiet"])
    subject = _subject(model, options, terminal)
    view = subject.view(training=options["training"])
    if options["optimized"]:
        view = optimized(view)
    if subject.rows is not None:
        view = evaluated(view, subject.feeds, subject.variables, subject.objective.name)
        _say_what_is_seen(view, output_format, terminal)
    write_result(graph_formats.render(view, output_format))


def _check_options(model: str | None, options: dict[str, Any]) -> None:
    """Refuse what contradicts itself."""
    n_features, data = options["features"], options["data"]
    if model is not None and n_features is not None:
        raise click.UsageError("MODEL and --features exclude each other: the model has its own")
    if n_features is not None and n_features > _MOST_FEATURES:
        raise click.UsageError(f"--features is at most {_MOST_FEATURES}")
    if data is None and (options["x"] or options["y"] is not None):
        raise click.UsageError("-x and -y need --data")
    refuse_two_stdins(model or "", data or "")


@dataclass(frozen=True, eq=False)
class _Subject:
    """What is shown: a graph; with data, the rows in it, and where its variables stand.

    Attributes:
        graph: Of the model and of a step.
        captions: What nodes stand for.
        rows: (x, y) that are fed; None without data.
        variables: Values of all variables, by name; none without data.
        lacks_penalty: Whether the penalty is left out, which is in other units than the values.
    """

    graph: TrainingGraph
    captions: Mapping[str, str]
    rows: Array | None = None
    variables: Mapping[str, Array] = field(default_factory=dict)
    lacks_penalty: bool = False

    @property
    def objective(self) -> Node:
        """What is differentiated."""
        return self.graph.model.loss if self.lacks_penalty else self.graph.model.objective

    @property
    def feeds(self) -> list[Array]:
        """x and y of the rows; nothing without data."""
        return [] if self.rows is None else [self.rows[:, :-1], self.rows[:, -1:]]

    def view(self, *, training: bool) -> GraphView:
        """The program of the objective, or of a step; with data, for as many rows as there are."""
        from lrfit.graph_view import GraphView
        from lrfit.program import Program

        model = self.graph.model
        shapes = [array.shape for array in self.feeds] or None
        program = Program.of(
            [self.graph.train_op if training else self.objective], [model.x, model.y], shapes
        )
        return GraphView(program, self.captions)


def _subject(path: str | None, options: dict[str, Any], terminal: Terminal) -> _Subject:
    """What the options ask for."""
    from lrfit.model_file import load

    fit = None if path is None else load(path)
    resumption, settings = _settings(fit, path)
    n_features = options["features"]
    if options["data"] is None:
        features, target = (list(fit.weights), fit.target) if fit else ([], None)
        graph = _graph(fit, settings, len(features) or n_features or 1)
        return _Subject(graph, _captions(features, target))
    reading = settings if options["training"] else TrainingSettings()
    data = read_training_data(options, reading, terminal, fit, keep_rows=_MOST_ROWS)
    if n_features not in (None, len(data.features)):
        raise UsageError(
            f"--features is {n_features}, and DATA has {len(data.features)}: choose them with -x"
        )
    if options["training"]:
        return _of_descent(data, settings, resumption, terminal)
    return _of_data(data, fit, settings, terminal)


def _settings(fit: LinearFit | None, path: str | None) -> tuple[Resumption | None, TrainingSettings]:
    """How the model was trained, and what goes on with it; defaults for one that does not say."""
    from lrfit.resuming import Resumption

    if fit is None:
        return None, TrainingSettings()
    if fit.training is None:
        return None, TrainingSettings(init=(*fit.weights.values(), fit.intercept))
    resumption = Resumption(fit, shown(path or ""), allow_changes=True)
    return resumption, resumption.settings({})


def _graph(fit: LinearFit | None, settings: TrainingSettings, n_features: int) -> TrainingGraph:
    """The graph at the parameters of a fit, or at 0, in the units of the data."""
    import numpy as np

    from lrfit.training_graph import training_graph

    chosen = fit.training if fit and fit.training else settings
    n_samples = fit.data.n_samples if fit and fit.data else 1
    intercept = fit.intercept if fit else 0.0
    return training_graph(
        np.array(list(fit.weights.values())) if fit else np.zeros(n_features),
        intercept if settings.intercept else None,
        settings,
        learning_rate=chosen.learning_rate or 0.0,
        momentum=chosen.momentum or 0.0,
        steps_per_epoch=-(-n_samples // (settings.batch_size or n_samples)),
    )


def _of_data(
    data: TrainingData, fit: LinearFit | None, settings: TrainingSettings, terminal: Terminal
) -> _Subject:
    """The graph in the units of the data, at the parameters of a fit, or at 0."""
    graph = _graph(fit, settings, len(data.features))
    lacks_penalty = settings.standardize and settings.l2 > 0.0
    if lacks_penalty:
        terminal.note("without the penalty, which is in the units of descent: --training has it")
    captions = _captions(data.features, data.target)
    return _Subject(graph, captions, _rows(data, terminal), _initial(graph), lacks_penalty)


def _of_descent(
    data: TrainingData, settings: TrainingSettings, resumption: Resumption | None, terminal: Terminal
) -> _Subject:
    """The graph in the units of descent, where a run goes on, or starts."""
    from lrfit.descent import prepare

    descent = prepare(data.sample.moments, settings, data.rows, held_out=data.held_out)
    if resumption:
        descent = resumption.continued(descent, data.sample.fingerprint)
    start = descent.start
    where = f"after epoch {start.epoch}" if start.variables else "where a run starts"
    units = "of descent: standardised" if settings.standardize else "of the data"
    terminal.note(f"{where}, in the units {units}")
    if settings.batch_size:
        terminal.note(f"a step on all rows; a run takes {settings.batch_size} of the rows for a step")
    graph = descent.graph()
    rows = descent.scaling.apply(_rows(data, terminal))
    return _Subject(graph, _captions(data.features, data.target), rows, start.variables or _initial(graph))


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
    from lrfit.session import Session

    session = Session(graph.model.graph)
    session.run(graph.initialize)
    values: Mapping[str, Array] = session.run(dict(graph.variables))
    return values


def _captions(features: list[str], target: str | None) -> dict[str, str]:
    """What the nodes of the model stand for."""
    from lrfit.diagnosis import listed

    return {
        "x": f"features {listed(features)}" if features else "features",
        "y": "target" if target is None else f"target {shown(target)}",
        "W": "weights",
        "b": "intercept",
    }


def _say_what_is_seen(view: GraphView, output_format: str, terminal: Terminal) -> None:
    if output_format != "json":
        terminal.note("arrays are shortened, to five digits; --format json has all of them")
    if not view.gradients:
        terminal.note(
            "the loss is not in it, and nothing to differentiate: the gradients are the nodes …_grad/…"
        )
