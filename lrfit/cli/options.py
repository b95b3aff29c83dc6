"""Parsers and options that commands share. `nan`, `1_000` and `١٢` are not numbers."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.training.settings import SettingRule

__all__ = [
    "column_names",
    "digits_option",
    "duration",
    "initial_values",
    "integer",
    "names",
    "new_name",
    "output_format",
    "quiet_option",
    "refuse_two_stdins",
    "separator",
    "setting_value",
    "share",
    "size",
    "words",
]

Command = TypeVar("Command", bound=Callable[..., Any])

_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FLOAT = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_SEPARATOR = re.compile(r"[\t !#$%&()*,/:;<=>?@\[\]^_`{|}~\\]")
_SIZE = re.compile(r"([0-9]+)(?:([KMGT])i?)?B?", re.ASCII | re.IGNORECASE)
_MAX_DIGITS = 18
_ALL_DIGITS = 17


def integer(least: int, *, most: float = inf) -> Callable[[str], int]:
    """A parser of decimal integers from `least` to `most`."""

    def parse(text: str) -> int:
        if not _is_integer(text) or not least <= int(text) <= most:
            limit = f" and at most {most}" if isfinite(most) else ""
            _refuse(text, f"an integer of at least {least}{limit}")
        return int(text)

    return parse


def setting_value(rule: SettingRule, none: str | None = None) -> Callable[[str], object]:
    """A parser of a setting's numbers, by its rule, and of its words; the word `none` stands for None."""
    parses, parsed = (_is_integer, int) if rule.kind is int else (_is_finite_number, float)
    words = {word: word for word in rule.words if word is not None} | ({none: None} if none else {})
    wanted = ", or ".join([rule.rule.wanted, *words])

    def parse(text: str) -> object:
        if text in words:
            return words[text]
        if not parses(text) or not rule.rule.is_valid(parsed(text)):
            _refuse(text, wanted)
        return parsed(text)

    return parse


def duration(text: str) -> float:
    """Seconds: a number above 0, with s, m or h for seconds, minutes or hours."""
    unit = {"s": 1.0, "m": 60.0, "h": 3600.0}.get(text[-1:])
    number_of = text[:-1] if unit else text
    if not _is_finite_number(number_of) or not float(number_of) > 0.0:
        _refuse(text, "a time such as 30s, 5m or 2h")
    return float(number_of) * (unit or 1.0)


def share(text: str) -> float:
    """A number above 0 and below 1."""
    if not _is_finite_number(text) or not 0.0 < float(text) < 1.0:
        _refuse(text, "a number above 0 and below 1")
    return float(text)


def size(text: str) -> int:
    """A number of bytes: an integer, with K, M, G or T for powers of 1024."""
    match = _SIZE.fullmatch(text)
    if not match or len(text) > _MAX_DIGITS:
        _refuse(text, "a size such as 500M or 2G")
    return int(match[1]) << 10 * " KMGT".index((match[2] or " ").upper())


def names(text: str) -> list[str]:
    """Column names, separated by commas; a name with a comma must be in double quotes."""
    return _listed(text) or _refuse(text, "a list of names separated by commas")


def column_names(text: str) -> str:
    """Names of columns; the header tells what is one of them, and what is a list."""
    return text if text.strip() else _refuse(text, "a list of names separated by commas")


def words(text: str) -> list[str]:
    """Words, separated by commas; one with a comma, or with blanks that count, must be in double quotes."""
    return _listed(text) or [text]


def _listed(text: str) -> list[str]:
    """The parts of a list separated by commas; none if a quote is not closed."""
    try:
        return [
            part.strip() for line in csv.reader([text], strict=True, skipinitialspace=True) for part in line
        ]
    except csv.Error:
        return []


def initial_values(text: str) -> str | tuple[float, ...]:
    """`zeros`, `normal`, or numbers separated by commas."""
    if text in {"zeros", "normal"}:
        return text
    parts = [part.strip() for part in text.split(",")]
    if not all(map(_is_finite_number, parts)):
        _refuse(text, "zeros, normal, or finite numbers separated by commas")
    return tuple(map(float, parts))


def separator(text: str) -> str:
    r"""One ASCII character, where `\t` stands for a tab; or `blanks`."""
    if text == "blanks":
        return text
    character = "\t" if text == "\\t" else text
    if not _SEPARATOR.fullmatch(character):
        _refuse(text, "a character that can separate columns, such as , ; | or \\t; or blanks")
    return character


def _is_integer(text: str) -> bool:
    return bool(_INTEGER.fullmatch(text)) and len(text) <= _MAX_DIGITS


def _is_finite_number(text: str) -> bool:
    return bool(_FLOAT.fullmatch(text)) and isfinite(float(text))


def _refuse(text: str, wanted: str) -> NoReturn:
    raise click.BadParameter(f"must be {wanted}, not {shown(text)}.")


def new_name(text: str) -> str:
    """A name for a column that is printed, without characters that could control a terminal."""
    return text if text.isprintable() else _refuse(text, "a name that can be printed")


def refuse_two_stdins(model: str, data: Sequence[str]) -> None:
    """Raise `click.UsageError` if both are `-`."""
    if model == "-" in data:
        raise click.UsageError("MODEL and DATA cannot both be standard input")


def output_format(*formats: str) -> Callable[[Command], Command]:
    """The option for the format of the result, the first of these by default."""
    return click.option(
        "--format",
        "output_format",
        type=click.Choice(formats),
        default=formats[0],
        show_default=True,
        help="Output format.",
    )


def digits_option(command: Command) -> Command:
    """Add the option that says with how many digits a text result shows its numbers."""
    return click.option(
        "--digits",
        type=_digits,
        metavar="N|all",
        help="Significant digits of the text result.  [default: all; on a terminal, two of the error]",
    )(command)


def _digits(text: str) -> int | str:
    """A number of digits, or all."""
    return text if text == "all" else integer(1, most=_ALL_DIGITS)(text)


def quiet_option(command: Command) -> Command:
    """Add the option that silences all but the result and warnings."""
    return click.option("-q", "--quiet", is_flag=True, help="Show no notes and no progress.")(command)
