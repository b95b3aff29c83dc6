"""`lrfit predict`: add the predictions of a model to a CSV, row by row as they come."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lrfit.errors import DataError, shown
from lrfit.options import csv_format, csv_options

if TYPE_CHECKING:
    from collections.abc import Iterable


@click.command(name="predict")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True), default="-")
@csv_options
@click.option("--only", is_flag=True, help="Print the predictions alone.")
@click.option("--name", default="y_hat", show_default=True, help="Name of the column of predictions.")
def command(model: str, data: str, *, only: bool, name: str, **options: Any) -> None:  # noqa: ANN401
    """Print the rows of the CSV file DATA (default: stdin) with the prediction of MODEL added to each.

    Columns are found by name. Rows come out as they come in.

    \b
    Example:
      lrfit train a.csv --format json -q | lrfit predict - b.csv
    """
    import sys

    from lrfit import model_file
    from lrfit.data import Table
    from lrfit.prediction import predictor
    from lrfit.report import csv_line
    from lrfit.source import open_source
    from lrfit.terminal import Terminal, write_result

    if model == data == "-":
        raise click.UsageError("MODEL and DATA cannot both be standard input")
    fit = model_file.load(model)
    predict = predictor(fit)
    format_ = csv_format(data, options)
    with open_source(data, options["encoding"]) as source:
        table = Table(source, format_, prompt=True)
        if name in table.header and not only:
            raise DataError(f"{source.name} has a column {shown(name)} already; choose another with --name")
        rows = table.rows(list(fit.weights), with_texts=not only)
        if table.header_text is not None:
            title = csv_line([name], format_.separator)
            write_result(_added([table.header_text], [title], format_.separator, only=only))
        for parsed in rows:
            predictions = map(repr, predict(parsed.values).tolist())
            write_result(_added(parsed.texts, predictions, format_.separator, only=only))
            sys.stdout.flush()
    if table.n_dropped:
        Terminal().warn(f"rows left out for a missing value: {table.n_dropped}")


def _added(rows: list[str] | None, fields: Iterable[str], separator: str, *, only: bool) -> str:
    """Lines of `rows`, each with its field added; of the fields alone with `only`."""
    lines = (
        fields
        if only or rows is None
        else (f"{row}{separator}{field}" for row, field in zip(rows, fields, strict=True))
    )
    return "".join(f"{line}\n" for line in lines)
