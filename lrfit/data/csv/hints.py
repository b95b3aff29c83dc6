"""Hints: the ends of messages about a bad cell or row, on its probable cause and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from lrfit.data.csv.format import ColumnLayout, CsvFormat
from lrfit.messages import shown, spelled

__all__ = ["cell_hint", "row_hint", "separator_hint"]

_PLACEHOLDER = re.compile(
    r"\s*([-+]?nan|nat|<na>|#?n/a|#na|[-+]?1\.#(ind|qnan)|#(null|value|ref|name|num|div/0)[!?]|"
    r"-+|\.+|\?+|\*+|missing|unknown|undefined)\s*",
    re.IGNORECASE,
)
"""Other usual spellings of a missing value. They are refused, as they may have another meaning."""

_INFINITY = re.compile(r"\s*[+-]?inf(inity)?\s*", re.IGNORECASE)

_THOUSANDS = re.compile(
    r"\s*[+-]?[0-9]{1,3}(?P<mark>[.,'_ \u00a0\u2009\u202f\u2019])[0-9]{3}((?P=mark)[0-9]{3})*([.,][0-9]*)?\s*"
)

_INTEGER = re.compile(r"\s*[+-]?[0-9]+\s*")


def cell_hint(text: str, layout: ColumnLayout) -> str:
    """A hint for a cell that is not a number."""
    csv_format = layout.format
    strange = next((c for c in text if not c.isascii() or not c.isprintable()), None)
    if _is_decimal_otherwise(text, csv_format):
        hint = _decimal_hint(text, csv_format)
    elif _THOUSANDS.fullmatch(text):
        hint = "write numbers without a separator of thousands"
    elif _INFINITY.fullmatch(text):
        hint = "a number has to be finite"
    elif _PLACEHOLDER.fullmatch(text):
        drop = "" if csv_format.drop_missing else f" and say {spelled(missing='drop')}"
        hint = f"if a value is missing there, leave the cell empty{drop}"
    elif strange in ("\n", "\r"):
        hint = "is its quote closed too late?"
    elif strange and any(map(str.isdigit, text)):
        hint = f"no number has the character U+{ord(strange):04X}"
    else:
        hint = (
            _comment_hint(layout) or f"fix it, or choose other columns ({spelled(x=...)}, {spelled(y=...)})"
        )
    return f"; {hint}"


def row_hint(fields: Sequence[str], layout: ColumnLayout) -> str:
    """A hint for a row that has more or fewer fields than there are columns."""
    separator, n_columns = layout.format.separator, len(layout.header)
    if fields[0].startswith("\x1a"):
        hint = "it is Ctrl-Z, the end mark of DOS: delete it"
    elif fields[0].lstrip().startswith("#"):
        hint = "if it is a comment, delete it"
    elif len(fields) == n_columns + 1 and not fields[-1].strip():
        hint = f"delete the {shown(separator)} at its end"
    elif separator == "," and len(fields) > n_columns and all(map(_INTEGER.fullmatch, fields)):
        hint = f"look for a stray ','; {_otherwise_separated('if it is the decimal point')}"
    else:
        hint = _comment_hint(layout) or f"look for a missing or stray {shown(separator)}"
    return f"; {hint}{separator_hint(fields[0]) if len(fields) == 1 else ''}"


def separator_hint(text: str) -> str:
    """A hint at the separator that may part a text which was read as one field; empty if there is none."""
    for separator in (";", "\t", "|", " "):
        if separator in text.strip() and (separator != " " or text.strip().count(" ") == 1):
            return f"; if {shown(separator)} separates the columns, say {spelled(separator=separator)}"
    return ""


def _is_decimal_otherwise(text: str, csv_format: CsvFormat) -> bool:
    """Whether a cell is a number with the other decimal point.

    Where commas separate the fields, 1,234 is taken for one with a separator of thousands instead.
    """
    is_number = CsvFormat(decimal=_other(csv_format.decimal)).number.fullmatch(text)
    return bool(is_number) and not (csv_format.separator == "," and _THOUSANDS.fullmatch(text))


def _decimal_hint(text: str, csv_format: CsvFormat) -> str:
    point = _other(csv_format.decimal)
    if csv_format.separator == point:
        return _otherwise_separated(f"if {shown(point)} is the decimal point")
    thousands = ", if of thousands, leave it out" if _THOUSANDS.fullmatch(text) else ""
    return f"if {shown(point)} is the decimal point, say {spelled(decimal=point)}{thousands}"


def _otherwise_separated(condition: str) -> str:
    return f"{condition}, separate the columns by ';' and say {spelled(separator=';', decimal=',')}"


def _other(decimal: str) -> str:
    return {".": ",", ",": "."}[decimal]


def _comment_hint(layout: ColumnLayout) -> str:
    first = layout.header[0] if layout.format.header else ""
    return f"if the first row, {shown(first)} …, is a comment, delete it" if first.startswith("#") else ""
