"""Options for the table that a command reads: its format and its columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from lrfit.cli.options import column_names, integer, separator, words

if TYPE_CHECKING:
    from lrfit.data.table_request import TableRequest

__all__ = [
    "COLUMN_NAMES",
    "CSV_NAMES",
    "MODEL_COLUMN_NAMES",
    "TableOf",
    "column_options",
    "csv_options",
    "data_argument",
    "model_column_options",
    "training_column_options",
    "x_option",
]

TableOf: TypeAlias = "Callable[..., TableRequest]"
"""A function that makes the request for the table in some files, from the options of a command."""

_CSV_OPTIONS = (
    click.option(
        "--sep",
        "separator",
        type=separator,
        metavar="C|blanks",
        help="Character between the columns, or blanks for columns that are aligned.  "
        "[default: a comma, or what the file shows; a tab for .tsv]",
    ),
    click.option(
        "--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Decimal mark."
    ),
    click.option(
        "--thousands", default="", metavar="C", help="Character between groups of digits, as in 1,234."
    ),
    click.option(
        "--strip",
        default="",
        metavar="CHARS",
        help="Characters that are no part of a number at either end, such as '%$'.",
    ),
    click.option(
        "--na",
        metavar="WORDS",
        multiple=True,
        help="Further cells that stand for a missing value, separated by commas, such as '?,-99'.",
    ),
    click.option(
        "--missing",
        type=click.Choice(["error", "drop"]),
        default="error",
        show_default=True,
        help="Refuse rows that lack a value (empty, NA, NaN, null, …), or leave them out.",
    ),
    click.option("--comment", default="", metavar="C", help="Leave out lines that begin with this."),
    click.option(
        "--skip", type=integer(0), default="0", metavar="N", help="Leave out N lines above the header."
    ),
    click.option(
        "--skip-below",
        type=integer(0),
        default="0",
        metavar="N",
        help="Leave out N lines below the header, such as units.",
    ),
    click.option(
        "--skip-footer",
        type=integer(0),
        default="0",
        metavar="N",
        help="Leave out N lines at the end, such as totals.",
    ),
    click.option(
        "--encoding", default="utf-8", show_default=True, metavar="NAME", help="Encoding of the text."
    ),
    click.option(
        "--no-header",
        "header",
        is_flag=True,
        flag_value=False,
        default=True,
        help="The first row is data; the columns are named 1, 2, …",
    ),
)


def _names_option(*flags: str, help: str) -> Callable[[Callable[..., None]], Callable[..., None]]:  # noqa: A002
    """An option for lists of column names; it may be repeated."""
    return click.option(*flags, type=column_names, metavar="NAMES", multiple=True, help=help)


_X, _Y = (
    _names_option(
        "-x",
        "--x",
        help="Features: names or positions, separated by commas; quote names that have commas.  "
        "[default: all but y]",
    ),
    click.option("-y", "--y", "y", metavar="NAME", help="Target.  [default: y, else the last column]"),
)

_WEIGHTS = click.option("--weights", metavar="NAME", help="Weight of each row in the loss.")

_BY = click.option("--by", metavar="NAME", help="Fit a line for each level of this column.")

_COLUMN_OPTIONS = (
    _X,
    _Y,
    _names_option("--drop", help="Columns that are left out."),
    _names_option(
        "--dates",
        help="Features that are dates or times (ISO 8601); they become days since 1970-01-01.",
    ),
    _names_option(
        "--categories",
        help="Features that are words; each level but the first becomes a feature of 0 and 1.",
    ),
    _WEIGHTS,
)

CSV_NAMES = frozenset(
    {"separator", "decimal", "thousands", "strip", "na", "missing", "encoding", "header"}
    | {"comment", "skip", "skip_below", "skip_footer"}
)
"""Names of the options that say how a table is written."""

COLUMN_NAMES = frozenset({"x", "y", "drop", "dates", "categories", "weights"})
"""Names of the options that choose columns."""

MODEL_COLUMN_NAMES = frozenset({"x", "y", "weights"})
"""Names of those that say where the columns of a model are."""


def data_argument(*, required: bool = False) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The argument DATA: names of files and patterns, which the command gets as a tuple of names."""
    path = click.Path(allow_dash=True)
    return click.argument("data", nargs=-1, required=required, type=path, callback=_files)


def _files(context: click.Context, argument: click.Parameter, names: tuple[str, ...]) -> tuple[str, ...]:  # noqa: ARG001
    """The files that names and patterns stand for."""
    from lrfit.system.file_names import matching  # noqa: PLC0415 (help needs no files)

    if names.count("-") > 1:
        raise click.UsageError("DATA can be standard input only once")
    return matching(names)


def csv_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the format of a CSV; the command gets them as `table_of`."""

    @wraps(command)
    def with_table(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
        from lrfit.data.table_request import TableRequest  # noqa: PLC0415 (help needs no table)

        chosen = _joined(options, CSV_NAMES)
        chosen["na"] = tuple(word for text in chosen["na"] for word in _words(text, chosen["decimal"]))
        table_of = partial(TableRequest, **chosen)
        command(*arguments, table_of=table_of, **options)

    return _with_options(with_table, _CSV_OPTIONS)


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which columns are the features and the target, in front of `csv_options`."""
    return _with_options(csv_options(_with_columns(command, COLUMN_NAMES)), _COLUMN_OPTIONS)


def training_column_options(command: Callable[..., None]) -> Callable[..., None]:
    """The same, and the option for groups that get a line each."""
    options = (*_COLUMN_OPTIONS, _BY)
    return _with_options(csv_options(_with_columns(command, COLUMN_NAMES | {"by"})), options)


def x_option(command: Callable[..., None]) -> Callable[..., None]:
    """Add the option that says which columns hold the features of a model, in front of `csv_options`."""
    return _with_options(csv_options(_with_columns(command, frozenset({"x"}))), (_X_OF_MODEL,))


def model_column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which columns hold what a model is measured on."""
    return _with_options(
        csv_options(_with_columns(command, MODEL_COLUMN_NAMES)), (_X_OF_MODEL, _Y_OF_MODEL, _WEIGHTS)
    )


_X_OF_MODEL, _Y_OF_MODEL = (
    _names_option(
        "-x",
        "--x",
        help="Columns that hold the model's features, in its order.  [default: those of the same names]",
    ),
    click.option(
        "-y", "--y", "y", metavar="NAME", help="Column that holds the target.  [default: of the same name]"
    ),
)


def _with_columns(command: Callable[..., None], names: frozenset[str]) -> Callable[..., None]:
    """A command whose `table_of` asks for the columns in the options of these names."""

    @wraps(command)
    def with_columns(*arguments: Any, table_of: TableOf, **options: Any) -> None:  # noqa: ANN401
        from lrfit.data.column_names import ColumnRequest  # noqa: PLC0415 (help needs none)

        columns = ColumnRequest(**_joined(options, names))
        command(*arguments, table_of=partial(table_of, columns=columns), **options)

    return with_columns


def _joined(options: dict[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """The options of these names, taken out of all; those that may be repeated as one tuple."""
    taken = {name: options.pop(name) for name in names}
    return {
        name: tuple(word for group in value for word in ([group] if isinstance(group, str) else group))
        if isinstance(value, tuple)
        else value
        for name, value in taken.items()
    }


def _words(text: str, decimal: str) -> list[str]:
    """The words in a list separated by commas; one number, where a comma is the decimal mark."""
    is_number = decimal == "," and re.fullmatch(r"[+-]?[0-9]+,[0-9]+", text)
    return [text] if is_number else words(text)


def _with_options(
    command: Callable[..., None], options: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...]
) -> Callable[..., None]:
    for option in reversed(options):
        command = option(command)
    return command
