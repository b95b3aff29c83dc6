"""Names of columns: from what is written, a name, a position or a list, to the names in a header."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lrfit.data.kinds import Column
from lrfit.errors import DataError, UsageError
from lrfit.messages import listed, shown, spelled

__all__ = [
    "ColumnRequest",
    "check_known",
    "first_repeated",
    "listed_names",
    "named_columns",
    "one_column_hint",
]


@dataclass(frozen=True)
class ColumnRequest:
    """The columns that are wanted: names, positions from 1, or either in a list separated by commas.

    Attributes:
        x: The features; all other columns if empty.
        y: The target; the column `y` if None, else the last one.
        drop: Columns that are not used.
        dates: Features that are dates or times, by ISO 8601; they become days since 1970-01-01.
        categories: Features that are words; each level but the first becomes a feature of 0 and 1.
        weights: The weight of each row in the loss; None if all count the same.
        by: The column whose levels are groups, each with a line of its own; None for one line.
        known: The columns of a model's features: `x` says which columns of this table hold them, in this
            order, if their names differ. Empty where there is no model.
    """

    x: tuple[str, ...] = ()
    y: str | None = None
    drop: tuple[str, ...] = ()
    dates: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    weights: str | None = None
    by: str | None = None
    known: tuple[Column, ...] = ()


class _Naming:
    """Turns what is written into names of columns: a name as it stands, a list of names, or positions."""

    def __init__(self, header: list[str], note: Callable[[str], None]) -> None:
        self.header = header
        self._note = note

    def names(self, texts: Sequence[str], setting: str) -> tuple[str, ...]:
        return tuple(name for text in texts for name in self._split(text, setting))

    def name(self, text: str | None, setting: str) -> str | None:
        return None if text is None else self._named(text, setting)

    def _split(self, text: str, setting: str) -> Iterator[str]:
        if text in self.header or self._is_position(text):
            yield self._named(text, setting)
        else:
            for name in listed_names(text):
                yield self._named(name, setting)

    def _is_position(self, text: str) -> bool:
        is_number = text.isascii() and text.isdigit() and len(text) <= len(str(len(self.header)))
        return text not in self.header and is_number and 1 <= int(text) <= len(self.header)

    def _named(self, text: str, setting: str) -> str:
        """The name of a column; one that has none, or shares it, gets its position as name."""
        if not self._is_position(text):
            return text
        place = int(text) - 1
        name = self.header[place]
        if not name or self.header.count(name) > 1:
            self.header[place] = text
            return text
        self._note(f"{spelled(**{setting: text})} is column {text}, {shown(name)}")
        return name


def named_columns(
    header: Sequence[str], request: ColumnRequest, note: Callable[[str], None]
) -> tuple[ColumnRequest, tuple[str, ...]]:
    """The request with the columns by their names, and the names of all columns.

    A text that is the name of a column stands for it, even with a comma. A number that is no name is a
    position, from 1. Any other text is a list separated by commas, with quotes around names that have some.

    Args:
        header: Names of all columns.
        request: The columns that are wanted.
        note: Told which column each position is.
    """
    naming = _Naming(list(header), note)
    named: dict[str, Any] = {
        s: naming.names(getattr(request, s), s) for s in ("x", "drop", "dates", "categories")
    }
    named |= {s: naming.name(getattr(request, s), s) for s in ("y", "weights", "by")}
    return replace(request, **named), tuple(naming.header)


def listed_names(text: str) -> list[str]:
    """The names in a list separated by commas; one with a comma is in double quotes.

    Raises:
        UsageError: A quote is not closed.
    """
    try:
        rows = list(csv.reader([text], strict=True, skipinitialspace=True))
    except csv.Error as error:
        raise UsageError(f"{shown(text)} is not a list of names separated by commas: {error}") from error
    return [name.strip() for row in rows for name in row]


def first_repeated(names: Sequence[str]) -> str | None:
    """The first name that occurs more than once; None if there is none."""
    return next((name for name, n_times in Counter(names).items() if n_times > 1), None)


def check_known(
    names: Sequence[str], header: Sequence[str], source_name: str, *, may_repeat: bool = False
) -> None:
    """Check that the header has all these names, each of them once.

    Raises:
        DataError: It lacks one of them, and the message suggests a similar name; or it has one twice.
    """
    counts = Counter(header)
    twice = next((name for name in names if counts[name] > 1), None)
    if twice is not None and not may_repeat:
        raise DataError(
            f"{source_name}: two columns are named {shown(twice)}: say which by its position, "
            f"{' or '.join(str(i) for i, name in enumerate(header, 1) if name == twice)}, "
            f"or leave both out ({spelled(drop=twice)})"
        )
    name = next((name for name in names if name not in counts), None)
    if name is None:
        return
    from difflib import get_close_matches  # noqa: PLC0415 (slow to import, and seldom needed)

    close = [
        *(column for column in header if column.lower() == name.lower()),
        *get_close_matches(name, header),
    ]
    suggestion = f"; did you mean {shown(close[0])}?" if close else ""
    hint = one_column_hint(header[0]) if len(header) == 1 else ""
    raise DataError(f"{source_name} has no column {shown(name)}, only {listed(header)}{suggestion}{hint}")


def one_column_hint(name: str) -> str:
    """A hint for a table whose header is this one name; empty if there is none."""
    from lrfit.data.csv.hints import separator_hint  # noqa: PLC0415 (most files need no hint)

    return separator_hint(name)
