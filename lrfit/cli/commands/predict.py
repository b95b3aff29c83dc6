"""`lrfit predict`: add the predictions of a model to a CSV, row by row as it is read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lrfit.cli.cluster_option import cluster_option
from lrfit.cli.help import Command
from lrfit.cli.options import new_name, quiet_option, refuse_two_stdins, share
from lrfit.cli.output_files import check_outputs
from lrfit.cli.streams import flush_result, result_is_seen, write_result
from lrfit.cli.table_options import TableOf, data_argument, x_option
from lrfit.cli.terminal import Terminal
from lrfit.errors import DataError, NoRowsError, UsageError
from lrfit.messages import shown, spelled

if TYPE_CHECKING:
    from lrfit.cli.added_columns import AddedColumns
    from lrfit.data.table import Table
    from lrfit.model.intervals import IntervalKind


@click.command(name="predict", cls=Command, short_help="Add the predictions of a model to a CSV.")
@click.argument("model", type=click.Path(allow_dash=True))
@data_argument()
@click.option("--at", metavar="NAME=VALUE,…", help="Predict for these values, without DATA.")
@x_option
@click.option(
    "-o", "--output", metavar="FILE", help="Write here; {stem} in its name is that of the file in DATA."
)
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
@cluster_option
@quiet_option
def command(
    *,
    model: str,
    data: tuple[str, ...],
    at: str | None,
    table_of: TableOf,
    output: str | None,
    only: bool,
    name: str,
    interval: IntervalKind | None,
    level: float,
    cluster: str | None,
    quiet: bool,
) -> None:
    """Print the rows of the CSV files DATA (default: stdin) with the prediction of MODEL added to each.

    Columns are found by name, or as -x says. Rows are printed as they are read, with every field as it was
    written; in UTF-8, with LF line ends, without blank lines. Predictions have the decimal mark of the file.
    Several files are printed as one table, or with -o 'out/{stem}.csv' written to one file each.
    DATA may be Parquet or Arrow IPC; then -o out.parquet (.arrow, .feather) writes such a file, too.

    \b
    Examples:
      lrfit predict model.json new.csv
      lrfit predict model.json new.csv --only > y_hat.txt
      lrfit predict model.json new.csv --interval prediction --level 0.9
      lrfit predict model.json 'part-*.csv' -o 'out/{stem}.csv'
      lrfit predict model.json --at rooms=3,area=100
      lrfit train a.csv --format json -q | lrfit predict - b.csv
    """
    from lrfit.cli.added_columns import Predictions
    from lrfit.data.opening import open_table
    from lrfit.model.document_file import load_all
    from lrfit.model.prediction import row_at
    from lrfit.system.cluster_connection import cluster_of

    paths = _paths(data, at)
    refuse_two_stdins(model, paths)
    outputs = _outputs(output, paths, model)
    models = load_all(model)
    text = None if at is None else row_at(at, models)
    has_bars = output is not None or not result_is_seen()  # one among rows would be in the way
    terminal = Terminal(quiet=quiet, has_bars=has_bars)
    predictions = Predictions(models, name, only=only, interval=interval, level=level)
    first: Table | None = None
    n_empty = 0
    with cluster_of(cluster, terminal) as workers:
        for path, target in zip(paths, outputs, strict=True):
            request = table_of((path,))
            with open_table(request, terminal, streaming=True, text=text, cluster=workers) as table:
                added = predictions.added_to(table, request.columns, terminal.note)
                before, first = first, first or table
                try:
                    _put(added, table, target, before)
                except NoRowsError as error:
                    n_empty += 1
                    if n_empty == len(paths):
                        raise
                    terminal.note(f"{error}: there is nothing to predict")


def _paths(data: tuple[str, ...], at: str | None) -> tuple[str, ...]:
    """The paths of the tables; the name of the option that is given in their place."""
    if at is None:
        return data or ("-",)
    if data:
        raise click.UsageError("--at and DATA exclude each other")
    return ("--at",)


def _outputs(output: str | None, paths: Sequence[str], model: str) -> Sequence[str | None]:
    """The file to write for each table; None for stdout."""
    if output is None:
        return [None] * len(paths)
    named: dict[str, str] = {}
    for path in paths:
        target = output.replace("{stem}", _stem(path))
        if target in named:
            advice = ": put {stem} in it, which stands for the name of each without its ending"
            raise click.UsageError(
                f"-o {shown(output)} names one file for both {shown(named[target])} and {shown(path)}"
                f"{'' if '{stem}' in output else advice}"
            )
        named[target] = path
    for target in named:
        check_outputs({"--output": target}, {"DATA": paths, "MODEL": [model]})
    return list(named)


def _stem(path: str) -> str:
    """The name of a file without folders and endings."""
    return "stdin" if path == "-" else Path(Path(path).name.removesuffix(".gz")).stem


def _put(added: AddedColumns, table: Table, target: str | None, before: Table | None) -> None:
    """Print a table with its predictions, or write it to a file."""
    if target is None:
        _print(added.lines(), table, before)
    elif format_name := _columnar_format(target, table):
        _write_columns(added, target, format_name)
    else:
        _write(added.lines(), target)


def _print(lines: Iterator[str], table: Table, before: Table | None) -> None:
    """Print the lines of a table, behind those of another one with the same columns."""
    title = next(lines)
    if before is None:
        write_result(title)
    elif _form(table) != _form(before):
        raise DataError(
            f"{table.name} has other columns than {before.name}, or in another order, so they are no table "
            "together: -o '{stem}.csv' writes a file for each"
        )
    for text in lines:
        write_result(text)
        flush_result()


def _form(table: Table) -> tuple[object, ...]:
    """All that has to be the same in tables that are printed as one."""
    return table.header, table.format.separator, table.format.decimal


def _write(lines: Iterator[str], target: str) -> None:
    from lrfit.system.files import open_output

    with open_output(target) as file:
        for text in lines:
            file.write(text.encode(errors="surrogateescape"))


def _columnar_format(target: str, table: Table) -> str | None:
    """The columnar format that the name of a file to write promises; None for text.

    Raises:
        UsageError: The table is text.
    """
    from lrfit.data.columnar.signs import format_by_ending

    promised = format_by_ending(target)
    if promised and table.format_name == "CSV":
        raise UsageError(
            f"{spelled(output=target)} is a name for {promised}, and {table.name} is CSV: "
            "predictions are added to what the data are, so name a .csv"
        )
    return promised


def _write_columns(added: AddedColumns, target: str, format_name: str) -> None:
    from lrfit.data.columnar.texts import RowTexts
    from lrfit.data.columnar.writer import open_writer
    from lrfit.system.files import open_output

    with (
        open_output(target) as file,
        open_writer(file, format_name, added.names, source_format=added.table.format_name) as writer,
    ):
        for texts, columns in added.blocks():
            writer.write(texts.batch if isinstance(texts, RowTexts) else None, columns)
