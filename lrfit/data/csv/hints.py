"""Hints: the ends of messages about a bad cell or row, on its probable cause and how to mend it.

Each names the option that reads the file as it is, filled in with what is in the file. So who has read no
manual can type the next command.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from unicodedata import category

from lrfit.data.csv.cells import is_date
from lrfit.data.csv.format import BLANKS, SIGNS, ColumnLayout, CsvFormat
from lrfit.data.csv.mending import (
    iso_dates_by_pandas,
    iso_dates_by_sed,
    numbers_of_fortran,
    with_row_names,
)
from lrfit.data.csv.place import Place, fields_of
from lrfit.data.kinds import Column
from lrfit.messages import shown, spelled

__all__ = ["cell_hint", "quote_hint", "row_hint", "separator_hint"]

_DIAGNOSED = 1000
"""Number of characters of a bad cell that are searched for a hint."""

_PLACEHOLDER = re.compile(
    r"[-+]?nat|#(null|value|ref|name|num|div/0)[!?]|-+|\.+|\?+|\*+|:+|missing|unknown|undefined",
    re.IGNORECASE,
)
"""Other usual spellings of a missing value. They are refused, as they may have another meaning."""

_INFINITY = re.compile(r"[+-]?inf(inity)?", re.IGNORECASE)

_THOUSANDS = re.compile(
    r"[+-]?[0-9]{1,3}(?P<mark>[.,'_ \u00a0\u2009\u202f\u2019])[0-9]{2,3}((?P=mark)[0-9]{3})*([.,][0-9]*)?"
)

_SPACES = "\u00a0\u2009\u202f"
"""Blanks that are no spaces; `--thousands ' '` reads them, too."""

_FORTRAN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)[dD][+-]?[0-9]+")

_DATE = re.compile(r"([0-9]{1,4}[-./][0-9]{1,2}[-./][0-9]{1,4}|[0-9]{1,2}:[0-9]{2})\b.*")

_DOTTED_DATE = re.compile(r"[0-9]{2}\.[0-9]{2}\.[0-9]{4}")

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")

_COMMENT = re.compile(r"\s*(#|%|//|;|!)")

_MOST_FOOTER_LINES = 5
"""Number of lines that may be a footer."""

_MOST_TITLE_LINES = 20
"""Number of lines among which a header is looked for."""

_N_NUMBERED = 5
"""Number of rows whose numbers tell that the first column has them."""

_FACTORS = frozenset({"k", "K", "M", "G", "T", "B", "m", "bn", "mn"})
"""Letters behind a number that stand for a factor, without which it would be another one."""

_LONGEST_AFFIX = 8
"""Length of a sign or a unit in front of a number or behind it."""


def cell_hint(fields: Sequence[str], position: int, column: Column, place: Place) -> str:
    """A hint for a cell of a row that cannot be read as its column's kind."""
    text = fields[position][:_DIAGNOSED]
    if column.kind == "category":
        hint = "fix it, or train with data that have it"
    elif column.kind == "date":
        hint = _date_hint(text.strip(), column.name, place) or _footer_hint(place) or "fix it, or the row"
    else:
        hint = _number_hint(text.strip(" \t"), place) or _other_kind_hint(fields, position, place)
    return f"; {hint}"


def _number_hint(text: str, place: Place) -> str:
    """A hint for a cell that is nearly a number, or stands for one that is missing."""
    csv_format = place.layout.format
    if _INFINITY.fullmatch(text) or csv_format.number.fullmatch(text):
        return "a number has to be finite"
    if _is_decimal_otherwise(text, csv_format):
        return _decimal_hint(text, csv_format)
    if thousands := _THOUSANDS.fullmatch(text):
        mark = thousands["mark"].translate(dict.fromkeys(map(ord, _SPACES), " "))
        if mark not in (csv_format.decimal, csv_format.thousands):
            return f"if {shown(mark)} separates thousands, say {spelled(thousands=mark)}"
    if _FORTRAN.fullmatch(text):
        return f"Fortran writes D for e: {numbers_of_fortran(place)}"
    if _PLACEHOLDER.fullmatch(text):
        drop = {} if csv_format.drop_missing else {"missing": "drop"}
        return f"if it stands for a missing value, say {spelled(na=text, **drop)}"
    return ""


def _other_kind_hint(fields: Sequence[str], position: int, place: Place) -> str:
    """A hint for a cell that is no number at all."""
    text = fields[position].strip(" \t")
    if any(end in text for end in "\r\n"):
        return "is its quote closed too late?"
    strange = next((c for c in text if _is_strange(c)), None)
    if strange and any(map(str.isdigit, text)):
        return f"no number has the character U+{ord(strange):04X}"
    if place.layout.is_of_model:
        return _model_hint(text, place.layout.format)
    return next(filter(None, _kinds_of(fields, position, place)))


def _is_strange(character: str) -> bool:
    """Whether a character looks like a part of numbers, or like nothing: it may be a sign of a currency."""
    is_usual = character.isascii() and character.isprintable()
    return not (is_usual or category(character) in ("Sc", "So") or character.isalpha())


def _kinds_of(fields: Sequence[str], position: int, place: Place) -> Iterator[str]:
    """Hints at what a cell that is no number may be, the most probable first; empty ones for others."""
    text, name, csv_format = fields[position].strip(), place.layout.header[position], place.layout.format
    below = place.following()
    affixes = _affixes([fields, *below], place.layout)
    if _is_number_with(affixes, text, csv_format):
        yield f"if {shown(affixes)} is no part of the number, say {spelled(strip=affixes)}"
    drop = f"; {spelled(drop=name)} leaves the column out"
    if is_date(text):
        yield f"if these are dates, say {spelled(dates=name)}{drop}"
    if date := _date_hint(text, name, place):
        yield date + drop
    yield _comment_hint(fields, place)
    if place.is_first and below and all(csv_format.number.fullmatch(row[position]) for row in below):
        yield f"if line {place.line} holds units, say {spelled(skip_below=1)}"
    yield _footer_hint(place)
    yield f"if words are meant, {spelled(categories=name)} makes features of them{drop}"


def _model_hint(text: str, csv_format: CsvFormat) -> str:
    """A hint for a cell of a column that a model takes for numbers."""
    drop = {} if csv_format.drop_missing else {"missing": "drop"}
    return f"the model takes numbers there: fix it, or leave such rows out: {spelled(na=text, **drop)}"


def _affixes(rows: Sequence[Sequence[str]], layout: ColumnLayout) -> str:
    """The characters before and behind the numbers in the columns that are read, each once."""
    found = ""
    for row in rows:
        for position in layout.positions:
            before, behind = _around_number(row[position].strip(), layout.format)
            found += before + behind
    return "".join(dict.fromkeys(c for c in found if c not in f" \t{SIGNS}"))


def _around_number(text: str, csv_format: CsvFormat) -> tuple[str, str]:
    """Signs and units around a number: what comes before it, and behind; empty if there is no number."""
    digits = [i for i, character in enumerate(text) if character.isdigit() and character.isascii()]
    if not digits:
        return "", ""
    start, end = digits[0], digits[-1] + 1
    while start and text[start - 1] in "+-" + csv_format.decimal:
        start -= 1
    before, behind = text[:start], text[end:].removeprefix(csv_format.decimal)
    is_word = bool(before) and before[-1].isalpha()
    is_near = max(len(before), len(behind)) <= _LONGEST_AFFIX and not is_word
    is_number = csv_format.number.fullmatch(text[start:end])
    return (before, behind) if is_near and is_number else ("", "")


def _is_number_with(affixes: str, text: str, csv_format: CsvFormat) -> bool:
    """Whether a text is a number once these characters are taken away from its ends."""
    if affixes in _FACTORS:
        return False
    return bool(affixes) and bool(csv_format.number.fullmatch(text.strip(f" \t{affixes}")))


def _date_hint(text: str, name: str, place: Place) -> str:
    """A hint for a date that is not written as ISO 8601 wants it; empty if it is none."""
    if not _DATE.fullmatch(text):
        return ""
    if _DOTTED_DATE.match(text):
        return f"if it is day.month.year: {iso_dates_by_sed(place)}, and {spelled(dates=name)}"
    if command := iso_dates_by_pandas(name, place):
        return f"if the month comes first: {command}, and {spelled(dates=name)}"
    return f"write dates as 2026-03-01, and {spelled(dates=name)} reads them"


def _footer_hint(place: Place) -> str:
    """A hint for a row near the end of its block; empty elsewhere."""
    n_left = place.n_left
    if place.is_first or n_left > _MOST_FOOTER_LINES or place.layout.is_of_model:
        return ""
    number, positions = place.layout.format.number, place.layout.positions
    if any(all(number.fullmatch(row[i]) for i in positions) for row in place.following()):
        return ""  # the table goes on
    return f"if the table ends above line {place.line}, say {spelled(skip_footer=n_left)}"


def row_hint(fields: Sequence[str], place: Place) -> str:
    """A hint for a row that has more or fewer fields than there are columns."""
    n_columns, separator = len(place.layout.header), place.layout.format.joint
    if fields[0].lstrip().startswith("\x1a"):
        hint = "it is Ctrl-Z, the end mark of DOS: delete it"
    elif known := _comment_hint(fields, place) or _header_hint(fields, place):
        hint = known
    elif len(fields) == n_columns + 1 and not fields[-1].strip():
        hint = f"delete the {shown(separator)} at its end"
    elif separator == "," and len(fields) > n_columns and all(map(_INTEGER.fullmatch, fields)):
        hint = f"look for a stray ','; {_otherwise_separated('if it is the decimal point')}"
    elif footer := _footer_hint(place):
        hint = footer
    else:
        other = separator_hint(fields[0]) if len(fields) == 1 else ""
        hint = f"look for a missing or stray {shown(separator)}{other}"
    return f"; {hint}"


def _header_hint(fields: Sequence[str], place: Place) -> str:
    """A hint for one of the first rows, if the header is a title or lacks a name; empty for others."""
    layout, n_more = place.layout, len(fields) - len(place.layout.header)
    if not layout.format.header or n_more <= 0 or place.line > _MOST_TITLE_LINES:
        return ""
    if len(layout.header) == 1 or not any(map(_is_numeric, fields)):
        return f"if a title is above the header, say {spelled(skip=place.line - 1)}"
    rows = list(fields_of(place.lines[place.start :], layout.format.separator))[:_N_NUMBERED]
    is_numbered = [row[0].strip() for row in rows] == [str(i) for i in range(1, len(rows) + 1)]
    if n_more > 1 or not (is_numbered or not _is_numeric(fields[0])):
        return ""
    return f"if the header lacks the name of the first column, as R writes it: {with_row_names(place)}"


def _is_numeric(field: str) -> bool:
    return bool(re.fullmatch(r"\s*[-+]?[0-9][0-9.,eE+-]*\s*", field))


def quote_hint(place: Place) -> str:
    """A hint for a row whose quotes are not those of CSV: the separator that gives it the most fields."""
    line, used = place.lines[place.start : place.start + 1], place.layout.format.separator
    n_fields = {
        separator: len(next(fields_of(line, separator), []))
        for separator in (";", "\t", "|", BLANKS)
        if separator != used
    }
    best = max(n_fields, key=lambda separator: n_fields[separator])
    if n_fields[best] > 1:
        return f"if {_named(best)} separate the columns, say {spelled(separator=best)}"
    return "write a quote within a field twice, and the field in quotes"


def separator_hint(text: str) -> str:
    """A hint at the separator that may part a text which was read as one field; empty if there is none."""
    for separator in (";", "\t", "|"):
        if separator in text.strip():
            return f"; if {shown(separator)} separates the columns, say {spelled(separator=separator)}"
    if re.search(r"\S[ \t]+\S", text):
        return f"; if blanks separate the columns, say {spelled(separator=BLANKS)}"
    return ""


def _named(separator: str) -> str:
    """The separator, in the plural."""
    return {";": "semicolons", "\t": "tabs", "|": "bars"}.get(separator, separator)


def _is_decimal_otherwise(text: str, csv_format: CsvFormat) -> bool:
    """Whether a cell is a number with the other decimal point.

    Where commas separate the fields, 1,234 is taken for one with a separator of thousands instead.
    """
    is_number = CsvFormat(decimal=_other(csv_format.decimal)).number.fullmatch(text)
    return bool(is_number) and not (csv_format.separator == "," and _THOUSANDS.fullmatch(text))


def _decimal_hint(text: str, csv_format: CsvFormat) -> str:
    point = _other(csv_format.decimal)
    thousands = ""
    if _THOUSANDS.fullmatch(text) and point != csv_format.thousands:
        thousands = f"; if it separates thousands, {spelled(thousands=point)}"
    return f"if {shown(point)} is the decimal point, say {spelled(decimal=point)}{thousands}"


def _otherwise_separated(condition: str) -> str:
    return f"{condition}, separate the columns by ';' and say {spelled(separator=';', decimal=',')}"


def _other(decimal: str) -> str:
    return {".": ",", ",": "."}[decimal]


def _comment_hint(fields: Sequence[str], place: Place) -> str:
    """A hint for a row, or a header, that looks like a comment; empty for others."""
    header = place.layout.header[0] if place.layout.format.header else ""
    for text, line in ((fields[0], f"line {place.line}"), (header, "the first row")):
        if (mark := _COMMENT.match(text)) and not place.layout.format.comment:
            return f"if {line} is a comment, say {spelled(comment=mark[1])}"
    return ""
