"""`lrfit evaluate`: measure how well a model predicts rows that have a target."""

from __future__ import annotations

from typing import Any

import click

from lrfit.options import csv_format, csv_options


@click.command(name="evaluate")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True))
@csv_options
@click.option(
    "--format",
    "format_",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the result.",
)
def command(model: str, data: str, *, format_: str, **options: Any) -> None:  # noqa: ANN401
    """Measure the residuals of MODEL on the rows of the CSV file DATA.

    \b
    Example:
      lrfit evaluate model.json test.csv
    """
    from lrfit import model_file, report
    from lrfit.data import Table
    from lrfit.evaluation import evaluate
    from lrfit.source import open_source
    from lrfit.terminal import Terminal, write_result

    if model == data == "-":
        raise click.UsageError("MODEL and DATA cannot both be standard input")
    fit = model_file.load(model)
    with open_source(data, options["encoding"]) as source:
        table = Table(source, csv_format(data, options))
        evaluation = evaluate(fit, (parsed.values for parsed in table.rows([*fit.weights, fit.target])))
    if table.n_dropped:
        Terminal().warn(f"rows left out for a missing value: {table.n_dropped}")
    write_result(
        report.evaluation_json(evaluation) if format_ == "json" else report.evaluation_text(evaluation)
    )
