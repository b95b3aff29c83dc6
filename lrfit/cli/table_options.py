"""Options for the table that a command reads: its format and its columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from lrfit.cli.options import names, separator

if TYPE_CHECKING:
    from lrfit.data.tables import TableRequest

__all__ = ["COLUMN_NAMES", "CSV_NAMES", "TableOf", "column_options", "csv_options"]

TableOf: TypeAlias = "Callable[..., TableRequest]"
"""A function that makes the request for the table at a path, from the options of a command."""

CSV_NAMES = frozenset({"separator", "decimal", "encoding", "header", "missing"})
"""Names of the options that say how a table is written."""

COLUMN_NAMES = frozenset({"x", "y", "drop"})
"""Names of the options that choose columns."""

_CSV_OPTIONS = (
    click.option(
        "--sep",
        "separator",
        type=separator,
        metavar="C",
        help="Character between the columns.  [default: a comma, or what the file shows; a tab for .tsv]",
    ),
    click.option(
        "--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Decimal mark."
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
    click.option(
        "--missing",
        type=click.Choice(["error", "drop"]),
        default="error",
        show_default=True,
        help="Refuse rows that lack a value (empty, NA, NaN, null, None), or leave them out.",
    ),
)

_COLUMN_OPTIONS = (
    click.option(
        "-x",
        "--x",
        "x",
        type=names,
        metavar="NAMES",
        multiple=True,
        help="Features, separated by commas.  [default: all but y]",
    ),
    click.option("-y", "--y", "y", metavar="NAME", help="Target.  [default: y, else the last column]"),
    click.option(
        "--drop",
        type=names,
        metavar="NAMES",
        multiple=True,
        help="Columns that are left out.",
    ),
)


def csv_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options for the format of a CSV; the command gets them as `table_of`."""

    @wraps(command)
    def with_table(
        *arguments: Any,  # noqa: ANN401
        separator: str | None,
        decimal: str,
        encoding: str,
        header: bool,
        missing: str,
        **others: Any,  # noqa: ANN401
    ) -> None:
        from lrfit.data.tables import TableRequest  # noqa: PLC0415 (help needs no table)

        table_of = partial(
            TableRequest,
            separator=separator,
            decimal=decimal,
            encoding=encoding,
            header=header,
            missing=missing,
        )
        command(*arguments, table_of=table_of, **others)

    return _with_options(with_table, _CSV_OPTIONS)


def column_options(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options that say which columns are the features and the target, in front of `csv_options`."""

    @wraps(command)
    def with_columns(
        *arguments: Any,  # noqa: ANN401
        table_of: TableOf,
        x: list[list[str]],
        y: str | None,
        drop: list[list[str]],
        **others: Any,  # noqa: ANN401
    ) -> None:
        chosen, dropped = (tuple(name for group in groups for name in group) for groups in (x, drop))
        command(*arguments, table_of=partial(table_of, x=chosen, y=y, drop=dropped), **others)

    return _with_options(csv_options(with_columns), _COLUMN_OPTIONS)


def _with_options(
    command: Callable[..., None], options: tuple[Callable[[Callable[..., None]], Callable[..., None]], ...]
) -> Callable[..., None]:
    for option in reversed(options):
        command = option(command)
    return command
