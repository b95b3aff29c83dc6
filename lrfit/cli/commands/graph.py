"""`lrfit graph`: show the static graph, and the values and gradients in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.options import column_options, csv_options, integer, refuse_two_stdins
from lrfit.cli.terminal import Terminal, write_result
from lrfit.views import graph_formats

if TYPE_CHECKING:
    from lrfit.views.graph_view import GraphView

_MOST_FEATURES = 1_000_000
"""Of a graph without data."""


@click.command(name="graph", short_help="Show the static graph, and the values in it.")
@click.argument("model", type=click.Path(allow_dash=True), required=False)
@click.option(
    "--features",
    type=integer(1, most=_MOST_FEATURES),
    metavar="N",
    help="Of a graph without a model.  [default: 1]",
)
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
    from lrfit.cli.shown_graph import read_shown_graph

    _check_options(model, options)
    terminal = Terminal(quiet=options["quiet"])
    subject = read_shown_graph(model, options, terminal)
    view = subject.view(training=options["training"], optimized=options["optimized"])
    if view.values:
        _say_what_is_seen(view, output_format, terminal)
    write_result(graph_formats.render(view, output_format))


def _check_options(model: str | None, options: dict[str, Any]) -> None:
    """Refuse what contradicts itself."""
    n_features, data = options["features"], options["data"]
    if model is not None and n_features is not None:
        raise click.UsageError("MODEL and --features exclude each other: the model has its own")
    source = click.get_current_context().get_parameter_source
    for name in ("x", "y", "sep", "decimal", "encoding", "no_header", "missing"):
        if data is None and source(name) is not click.core.ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name.replace('_', '-')} needs --data")
    refuse_two_stdins(model or "", data or "")


def _say_what_is_seen(view: GraphView, output_format: str, terminal: Terminal) -> None:
    if output_format != "json":
        terminal.note("arrays are shortened, to five digits; --format json has all of them")
    if not view.gradients:
        terminal.note(
            "the loss is not in it, and nothing to differentiate: the gradients are the nodes …_grad/…"
        )
