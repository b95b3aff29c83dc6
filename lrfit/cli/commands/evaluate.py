"""`lrfit evaluate`: measure how well a model predicts rows that have a target."""

from __future__ import annotations

from typing import Any

import click

from lrfit.cli.options import csv_options, open_table, refuse_two_stdins
from lrfit.cli.terminal import Terminal, write_result


@click.command(name="evaluate", short_help="Measure the residuals of a model on a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True))
@csv_options
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the result.",
)
def command(model: str, data: str, *, output_format: str, **options: Any) -> None:  # noqa: ANN401
    """Measure the residuals of MODEL on the rows of the CSV file DATA.

    \b
    Example:
      lrfit evaluate model.json test.csv
    """
    from lrfit.cli.report import evaluation_json, evaluation_text
    from lrfit.model.document_file import load
    from lrfit.model.evaluation import evaluate, summing

    refuse_two_stdins(model, data)
    fit = load(model)
    with open_table(data, options, Terminal()) as table:
        sums = summing(fit)
        parts = table.map_blocks(lambda block: sums(block.values.T), [*fit.weights, fit.target])
        evaluation = evaluate(parts, table.name)
    write_result(evaluation_json(evaluation) if output_format == "json" else evaluation_text(evaluation))
