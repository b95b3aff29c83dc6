"""`lrfit graph`: show the static graph, and the values and gradients in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from lrfit.cli.given import given_options
from lrfit.cli.help import Command
from lrfit.cli.options import integer, output_format, quiet_option, refuse_two_stdins
from lrfit.cli.streams import write_result
from lrfit.cli.table_options import COLUMN_NAMES, CSV_NAMES, TableOf, column_options
from lrfit.cli.terminal import Terminal
from lrfit.views import graph_formats

if TYPE_CHECKING:
    from lrfit.views.graph_view import GraphView

_MOST_FEATURES = 1_000_000
"""Largest number of features of a graph without data."""


@click.command(name="graph", cls=Command, short_help="Show the static graph, and the values in it.")
@click.argument("model", type=click.Path(allow_dash=True), required=False)
@click.option(
    "--features",
    type=integer(1, most=_MOST_FEATURES),
    metavar="N",
    help="Number of features, without a model.  [default: 1]",
)
@click.option("--training", is_flag=True, help="Also show the gradients and updates of a step.")
@click.option("--optimized", is_flag=True, help="Show the graph after all passes, and what they removed.")
@click.option(
    "--data",
    metavar="DATA",
    multiple=True,
    help="Show the value and gradient on every edge, for this CSV, or several.",
)
@column_options
@output_format(*sorted(graph_formats.FORMATS, key=lambda name: name != "text"))
@quiet_option
def command(
    *,
    model: str | None,
    features: int | None,
    training: bool,
    optimized: bool,
    data: tuple[str, ...],
    table_of: TableOf,
    output_format: str,
    quiet: bool,
) -> None:
    """Show the graph of y_hat = W·x + b and its loss, or that of MODEL as it was trained.

    Values are in the units of the data, at the parameters of MODEL (else at 0). With --training they are in
    the units of descent, at the point where `lrfit train --resume MODEL` continues (else where a run starts).
    With MODEL, -x and -y say which columns hold its features and its target. MODEL can also be a folder or
    file that tf.summary.FileWriter of lrfit.tf1 wrote.

    \b
    Examples:
      lrfit graph --data data.csv
      lrfit graph --training --optimized
      lrfit graph --training --format dot | dot -Tsvg > graph.svg
    """
    from lrfit.cli.shown_graph import read_shown_graph
    from lrfit.system.file_names import matching
    from lrfit.views.written_graph import read_written_graph

    _check_options(model, features, data)
    if model not in (None, "-") and (written := read_written_graph(model)):
        if training or optimized or data:
            raise click.UsageError("a written graph is shown as it is: leave out all options but --format")
        write_result(graph_formats.render(written, output_format))
        return
    terminal = Terminal(quiet=quiet)
    table = table_of(matching(data)) if data else None
    graph = read_shown_graph(model, table, terminal, n_features=features, training=training)
    view = graph.view(training=training, optimized=optimized)
    if view.values:
        _say_what_is_seen(view, output_format, terminal)
    write_result(graph_formats.render(view, output_format))


def _check_options(model: str | None, n_features: int | None, data: tuple[str, ...]) -> None:
    """Refuse options that contradict each other, or need others that are not given."""
    if model is not None and n_features is not None:
        raise click.UsageError("MODEL and --features exclude each other: the model has its own")
    for option in given_options():
        if not data and option.name in COLUMN_NAMES | CSV_NAMES:
            raise click.UsageError(f"{max(option.opts, key=len)} needs --data")
    refuse_two_stdins(model or "", data)


def _say_what_is_seen(view: GraphView, output_format: str, terminal: Terminal) -> None:
    if output_format != "json":
        terminal.note("arrays are shortened, to five digits; --format json has all of them")
    if not view.gradients:
        terminal.note(
            "edges have no gradients, because the loss is not in this graph: see the nodes …_grad/…"
        )
