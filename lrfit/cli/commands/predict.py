"""`lrfit predict`: add the predictions of a model to a CSV, row by row as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

import click

from lrfit.cli.help import Command
from lrfit.cli.options import new_name, quiet_option, refuse_two_stdins, share
from lrfit.cli.streams import flush_result, result_is_seen, write_result
from lrfit.cli.table_options import TableOf, x_option
from lrfit.cli.terminal import Terminal
from lrfit.errors import DataError
from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.arrays import Array
    from lrfit.data.block import Block
    from lrfit.data.csv.format import CsvFormat
    from lrfit.data.csv.table import Table
    from lrfit.model.application import Application
    from lrfit.model.intervals import IntervalKind


@click.command(name="predict", cls=Command, short_help="Add the predictions of a model to a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@click.argument("data", type=click.Path(allow_dash=True), required=False)
@click.option("--at", metavar="NAME=VALUE,…", help="Predict for these values, without DATA.")
@x_option
@click.option("--only", is_flag=True, help="Print only the predictions.")
@click.option(
    "--name", type=new_name, default="y_hat", show_default=True, help="Name of the column of predictions."
)
@click.option(
    "--interval",
    type=click.Choice(["confidence", "prediction"]),
    help="Add the ends of an interval: of the mean, or of a new value.",
)
@click.option(
    "--level", type=share, default="0.95", show_default=True, metavar="F", help="Level of the interval."
)
@quiet_option
def command(
    *,
    model: str,
    data: str | None,
    at: str | None,
    table_of: TableOf,
    only: bool,
    name: str,
    interval: IntervalKind | None,
    level: float,
    quiet: bool,
) -> None:
    """Print the rows of the CSV file DATA (default: stdin) with the prediction of MODEL added to each.

    Columns are found by name, or as -x says. Rows are printed as they are read, with every field as it was
    written; in UTF-8, with LF line ends, without blank lines. Predictions have the decimal mark of the file.

    \b
    Examples:
      lrfit predict model.json new.csv
      lrfit predict model.json new.csv --only > y_hat.txt
      lrfit predict model.json new.csv --interval prediction --level 0.9
      lrfit predict model.json --at rooms=3,area=100
      lrfit train a.csv --format json -q | lrfit predict - b.csv
    """
    from lrfit.data.tables import open_table
    from lrfit.model.application import Application
    from lrfit.model.document_file import load_all
    from lrfit.model.prediction import row_at

    path = _path(data, at)
    refuse_two_stdins(model, path)
    models, request = load_all(model), table_of(path)
    text = None if at is None else row_at(at, models)
    terminal = Terminal(quiet=quiet, has_bars=not result_is_seen())  # one among rows would be in the way
    names = [name, *([f"{name}_low", f"{name}_high"] if interval else [])]
    with open_table(request, terminal, streaming=True, text=text) as table:
        if not only:
            _refuse_taken(names, table)
        applied = Application(models, table, request.columns, note=terminal.note)
        predict = applied.predictor()
        ends = _ends(applied, interval, level)

        def predicted(block: Block) -> str:
            y_hat = predict(block.values)
            columns = [y_hat, *(ends(block.values, y_hat) if ends else [])]
            return _added(block.texts, _fields(columns, table.format), table.format, only=only)

        chunks = table.map_blocks(predicted, applied.columns, with_texts=not only, is_of_model=True)
        if table.header_text is not None:
            title = _joined(names, table.format)
            write_result(_added([table.header_text], [title], table.format, only=only))
        for _, chunk in chunks:
            write_result(chunk)
            flush_result()


def _path(data: str | None, at: str | None) -> str:
    """The path of the table; the name of the option that is given in its place."""
    if at is None:
        return "-" if data is None else data
    if data is not None:
        raise click.UsageError("--at and DATA exclude each other")
    return "--at"


def _refuse_taken(names: Sequence[str], table: Table) -> None:
    """Refuse names for new columns that the table has already."""
    if taken := [name for name in names if name in table.header]:
        raise DataError(f"{table.name} has a column {shown(taken[0])} already; choose another with --name")


def _ends(
    applied: Application, interval: IntervalKind | None, level: float
) -> Callable[[Array, Array], Array] | None:
    """A function to the ends of the interval that is asked for."""
    if interval is None:
        return None
    from lrfit.model.intervals import intervals

    return applied.ends(lambda model: intervals(model, interval, level))


def _fields(columns: Sequence[Array], csv_format: CsvFormat) -> Iterable[str]:
    """The numbers of each row, as fields behind those that are there."""
    texts = [_numbers(column, csv_format.decimal) for column in columns]
    if len(texts) == 1 and csv_format.decimal != csv_format.separator:
        return texts[0]
    return (_joined(row, csv_format) for row in zip(*texts, strict=True))


def _numbers(column: Array, decimal: str) -> Iterable[str]:
    """The numbers of a column with their shortest digits that are exact."""
    numbers = map(repr, column.tolist())
    return numbers if decimal == "." else (number.replace(".", decimal) for number in numbers)


def _joined(fields: Sequence[str], csv_format: CsvFormat) -> str:
    from lrfit.data.csv.writer import csv_line

    return csv_line(fields, csv_format.joint)


def _added(rows: list[str] | None, fields: Iterable[str], csv_format: CsvFormat, *, only: bool) -> str:
    """The lines of `rows`, each with its fields added; with `only`, just these fields."""
    if not only and rows is not None:
        fields = map(csv_format.joint.join, zip(rows, fields, strict=True))
    return "\n".join(fields) + "\n"
