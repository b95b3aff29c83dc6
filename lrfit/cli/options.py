"""Types and options that commands share. Numbers are read strictly: `nan`, `1_000` and `١٢` are refused."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.cli.terminal import Terminal
    from lrfit.data.csv.format import CsvFormat
    from lrfit.data.csv.table import Table

__all__ = [
    "column_options",
    "csv_format",
    "csv_options",
    "duration",
    "initial_values",
    "integer",
    "names",
    "new_name",
    "number",
    "open_table",
    "refuse_two_stdins",
    "separator",
    "size",
]

Command = TypeVar("Command", bound=Callable[..., Any])

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_SEPARATOR = re.compile(r"[\t !#$%&()*,/:;<=>?@\[\]^_`{|}~\\]")
_SIZE = re.compile(r"([0-9]+)(?:([KMGT])i?)?B?", re.ASCII | re.IGNORECASE)
_MAX_DIGITS = 18


def integer(least: int, *, most: float = inf, none: str | None = None) -> Callable[[str], int | None]:
    """A parser of decimal integers from `least` to `most`; the word `none` stands for None."""

    def parse(text: str) -> int | None:
        if text == none:
            return None
        if not _INTEGER.fullmatch(text) or len(text) > _MAX_DIGITS or not least <= int(text) <= most:
            limit = f" and at most {most}" if isfinite(most) else ""
            _refuse(text, f"an integer of at least {least}{limit}{_or(none)}")
        return int(text)

    return parse


def number(
    *, above: float = -inf, least: float = -inf, below: float = inf, none: str | None = None
) -> Callable[[str], float | None]:
    """A parser of finite decimal numbers within these bounds; the word `none` stands for None."""
    limits = {" above ": above, " of at least ": least, " below ": below}
    bounds = [f"{words}{limit:g}" for words, limit in limits.items() if isfinite(limit)]

    def parse(text: str) -> float | None:
        if text == none:
            return None
        if not (_is_finite_number(text) and above < float(text) < below and float(text) >= least):
            _refuse(text, f"a finite number{' and'.join(bounds)}{_or(none)}")
        return float(text)

    return parse


def duration(text: str) -> float:
    """Seconds: a number above 0, with s, m or h for seconds, minutes or hours."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    number_of = text[:-1] if unit else text
    if not _is_finite_number(number_of) or not float(number_of) > 0.0:
        _refuse(text, "a time such as 30s, 5m or 2h")
    return float(number_of) * (unit or 1.0)


def size(text: str) -> int:
    """A number of bytes: an integer, with K, M, G or T for powers of 1024."""
    match = _SIZE.fullmatch(text)
    if not match or len(text) > _MAX_DIGITS:
        _refuse(text, "a size such as 500M or 2G")
    return int(match[1]) << 10 * " KMGT".index((match[2] or " ").upper())


def names(text: str) -> list[str]:
    """Column names, separated by commas; a name with a comma stands in double quotes."""
    try:
        listed = [
            name.strip() for line in csv.reader([text], strict=True, skipinitialspace=True) for name in line
        ]
    except csv.Error:
        listed = []
    return listed or _refuse(text, "a list of names separated by commas")


def initial_values(text: str) -> str | tuple[float, ...]:
    """`zeros`, `normal`, or numbers separated by commas."""
    if text in {"zeros", "normal"}:
        return text
    parts = [part.strip() for part in text.split(",")]
    if not all(map(_is_finite_number, parts)):
        _refuse(text, "zeros, normal, or finite numbers separated by commas")
    return tuple(map(float, parts))


def separator(text: str) -> str:
    r"""One ASCII character; `\t` stands for a tab."""
    character = "\t" if text == "\\t" else text
    if not _SEPARATOR.fullmatch(character):
        _refuse(text, "a character that can separate columns, such as , ; | or \\t")
    return character


def _is_finite_number(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and isfinite(float(text))


def _or(word: str | None) -> str:
    return f", or {word}" if word else ""


def _refuse(text: str, wanted: str) -> NoReturn:
    raise click.BadParameter(f"{shown(text)} is not {wanted}.")


def new_name(text: str) -> str:
    """A name of a column that is printed: without characters that could steer a terminal."""
    return text if text.isprintable() else _refuse(text, "a name that can be printed")


_CSV_OPTIONS = (
    click.option(
        "--sep",
        type=separator,
        metavar="C",
        help="Separator of the columns.  [default: a comma; a tab for .tsv]",
    ),
    click.option(
        "--decimal", type=click.Choice([".", ","]), default=".", show_default=True, help="Decimal point."
    ),
    click.option(
        "--encoding", default="utf-8", show_default=True, metavar="NAME", help="Encoding of the text."
    ),
    click.option("--no-header", is_flag=True, help="The first row is data; the columns are named 1, 2, …"),
    click.option(
        "--missing",
        type=click.Choice(["error", "drop"]),
        default="error",
        show_default=True,
        help="What to do with rows that lack a value (empty, NA, NaN, null, None).",
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
)


def column_options(command: Command) -> Command:
    """Add the options that say which columns are the features and the target."""
    for option in reversed(_COLUMN_OPTIONS):
        command = option(command)
    return command


def csv_options(command: Command) -> Command:
    """Add the options that say how a CSV is written; `open_table` reads them."""
    for option in reversed(_CSV_OPTIONS):
        command = option(command)
    return command


def csv_format(path: str, options: dict[str, Any]) -> CsvFormat:
    """How the CSV at `path` is written, by the options of `csv_options`.

    Raises:
        click.UsageError: The separator is the decimal point.
    """
    from lrfit.data.csv.format import CsvFormat  # noqa: PLC0415 (imports NumPy)

    tabs = path.lower().removesuffix(".gz").endswith(".tsv")
    separator = options["sep"] or ("\t" if tabs else ",")
    if separator == options["decimal"]:
        raise click.UsageError("--sep and --decimal are the same character; with --decimal ',' say --sep ';'")
    return CsvFormat(separator, options["decimal"], not options["no_header"], options["missing"] == "drop")


@contextmanager
def open_table(
    path: str, options: dict[str, Any], terminal: Terminal, *, streaming: bool = False
) -> Iterator[Table]:
    """The CSV at `path`, by the options of `csv_options`, open within the block; see `Table`.

    Shows how far it is read, and at the end says what was noticed.

    Raises:
        click.UsageError: The separator is the decimal point.
        DataError: It cannot be opened, or has no header.
    """
    from lrfit.data.csv.blocks import open_source  # noqa: PLC0415 (imports NumPy)
    from lrfit.data.csv.table import Table  # noqa: PLC0415 (imports NumPy)

    format_of_csv = csv_format(path, options)
    with (
        terminal.work("reading", unit="bytes") as on_read,
        open_source(path, options["encoding"], on_read=on_read) as source,
    ):
        table = Table(source, format_of_csv, streaming=streaming)
        yield table
    if table.n_dropped:
        terminal.warn(f"rows left out for a missing value: {table.n_dropped}")
    if table.lost_digits:
        terminal.warn("an integer beyond 2^53 was read; its last digits may be lost")


def refuse_two_stdins(model: str, data: str) -> None:
    """Raise `click.UsageError` if both are `-`."""
    if model == data == "-":
        raise click.UsageError("MODEL and DATA cannot both be standard input")
