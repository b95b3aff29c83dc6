"""`lrfit evaluate`: measure how well a model predicts rows that have a target."""

from __future__ import annotations

from collections.abc import Callable

import click

from lrfit.cli.cluster_option import cluster_option
from lrfit.cli.help import Command
from lrfit.cli.options import digits_option, output_format, quiet_option, refuse_two_stdins
from lrfit.cli.streams import result_is_seen, write_result
from lrfit.cli.table_options import TableOf, data_argument, model_column_options
from lrfit.cli.terminal import Terminal


@click.command(name="evaluate", cls=Command, short_help="Measure the residuals of a model on a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@data_argument(required=True)
@model_column_options
@output_format("text", "json", "csv", "tsv")
@digits_option
@cluster_option
@quiet_option
def command(
    *,
    model: str,
    data: tuple[str, ...],
    table_of: TableOf,
    output_format: str,
    digits: int | str | None,
    cluster: str | None,
    quiet: bool,
) -> None:
    """Measure the residuals of MODEL on the rows of DATA, which is one CSV file or several.

    \b
    Examples:
      lrfit evaluate model.json test.csv
      lrfit evaluate model.json test.csv --format json | jq .rmse
      lrfit evaluate model.json new.csv --no-header -x 1,3 -y 2
      lrfit train a.csv --format json -q | lrfit evaluate - b.csv
    """
    from lrfit.cli.report import evaluation_csv, evaluation_json, evaluation_text
    from lrfit.data.opening import open_table
    from lrfit.model.application import Application
    from lrfit.model.document_file import load_all
    from lrfit.model.evaluation import Summing, evaluate
    from lrfit.system.cluster_connection import cluster_of
    from lrfit.views.number_texts import number_text_of

    refuse_two_stdins(model, data)
    models, request, terminal = load_all(model), table_of(data), Terminal(quiet=quiet)
    with (
        cluster_of(cluster, terminal) as workers,
        open_table(request, terminal, cluster=workers) as table,
    ):
        applied = Application(models, table, request.columns, needs_target=True, note=terminal.note)
        parts = table.map_blocks(Summing(applied), applied.columns, is_of_model=True)
        evaluation = evaluate(parts, table.name)
    number_text = number_text_of(digits, is_seen=result_is_seen())
    results: dict[str, Callable[[], str | bytes]] = {
        "text": lambda: evaluation_text(evaluation, number_text),
        "json": lambda: evaluation_json(evaluation),
        "csv": lambda: evaluation_csv(evaluation, ","),
        "tsv": lambda: evaluation_csv(evaluation, "\t"),
    }
    write_result(results[output_format]())
