"""`lrfit evaluate`: measure how well a model predicts rows that have a target."""

from __future__ import annotations

import click

from lrfit.cli.options import output_format, refuse_two_stdins
from lrfit.cli.streams import write_result
from lrfit.cli.table_options import TableOf, csv_options
from lrfit.cli.terminal import Terminal


@click.command(name="evaluate", short_help="Measure the residuals of a model on a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True))
@csv_options
@output_format("text", "json")
def command(*, model: str, data: str, table_of: TableOf, output_format: str) -> None:
    """Measure the residuals of MODEL on the rows of the CSV file DATA.

    \b
    Example:
      lrfit evaluate model.json test.csv
    """
    from lrfit.cli.report import evaluation_json, evaluation_text
    from lrfit.data.tables import open_table
    from lrfit.model.document_file import load
    from lrfit.model.evaluation import evaluate, summing

    refuse_two_stdins(model, data)
    fit = load(model)
    with open_table(table_of(data), Terminal()) as table:
        sums = summing(fit)
        parts = table.map_blocks(lambda block: sums(block.values.T), [*fit.weights, fit.target])
        evaluation = evaluate(parts, table.name)
    write_result(evaluation_json(evaluation) if output_format == "json" else evaluation_text(evaluation))
