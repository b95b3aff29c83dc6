"""`lrfit predict`: add the predictions of a model to a CSV, row by row as it is read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from lrfit.cli.help import Command
from lrfit.cli.options import new_name, quiet_option, refuse_two_stdins
from lrfit.cli.streams import flush_result, write_result
from lrfit.cli.table_options import TableOf, csv_options
from lrfit.cli.terminal import Terminal
from lrfit.errors import DataError
from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.data.block import Block


@click.command(name="predict", cls=Command, short_help="Add the predictions of a model to a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True), default="-")
@csv_options
@click.option("--only", is_flag=True, help="Print only the predictions.")
@click.option(
    "--name", type=new_name, default="y_hat", show_default=True, help="Name of the column of predictions."
)
@quiet_option
def command(*, model: str, data: str, table_of: TableOf, only: bool, name: str, quiet: bool) -> None:
    """Print the rows of the CSV file DATA (default: stdin) with the prediction of MODEL added to each.

    Columns are found by name. Rows are printed as they are read, with every field as it was written; in
    UTF-8, with LF line ends, without blank lines. Predictions have a decimal point.

    \b
    Examples:
      lrfit predict model.json new.csv
      lrfit predict model.json new.csv --only > y_hat.txt
      lrfit train a.csv --format json -q | lrfit predict - b.csv
    """
    from lrfit.data.csv.writer import csv_line
    from lrfit.data.tables import open_table
    from lrfit.model.document_file import load
    from lrfit.model.prediction import predictor

    refuse_two_stdins(model, data)
    fit = load(model)
    predict = predictor(fit)
    shows_rows = sys.stdout is not None and sys.stdout.isatty()  # a bar among them would be in the way
    with open_table(table_of(data), Terminal(quiet=quiet or shows_rows), streaming=True) as table:
        separator = table.format.separator
        if name in table.header and not only:
            raise DataError(f"{table.name} has a column {shown(name)} already; choose another with --name")

        def predicted(block: Block) -> str:
            fields = map(repr, predict(block.values.T).tolist())
            return _added(block.texts, fields, separator, only=only)

        chunks = table.map_blocks(predicted, list(fit.weights), with_texts=not only)
        if table.header_text is not None:
            write_result(_added([table.header_text], [csv_line([name], separator)], separator, only=only))
        for chunk in chunks:
            write_result(chunk)
            flush_result()


def _added(rows: list[str] | None, fields: Iterable[str], separator: str, *, only: bool) -> str:
    """The lines of `rows`, each with its field added; with `only`, just the fields."""
    if not only and rows is not None:
        fields = map(separator.join, zip(rows, fields, strict=True))
    return "\n".join(fields) + "\n"
