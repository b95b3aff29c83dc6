"""Places: a row that is refused, and the rows around it, which tell why."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from lrfit.data.csv.format import BLANKS, ColumnLayout

__all__ = ["Place", "aligned_fields", "fields_of"]

_ALIGNED_FIELD = re.compile(r'"(?:[^"]|"")*"|[^" \t]+')
"""A field of a row whose fields are separated by blanks."""

_N_FOLLOWING = 20
"""Number of rows behind a bad one that tell what kind of column it is in."""


@dataclass(frozen=True, eq=False)
class Place:
    """A row in a block.

    Attributes:
        layout: The columns.
        lines: All lines of the block.
        start: Index of the row's first line among them.
        first_line: Number of the block's first line.
    """

    layout: ColumnLayout
    lines: list[str]
    start: int
    first_line: int

    @property
    def line(self) -> int:
        """Number of the row's first line in the file."""
        return self.first_line + self.start

    @property
    def n_left(self) -> int:
        """Number of lines from this row to the end of the block that are not blank."""
        return sum(1 for line in self.lines[self.start :] if line.strip())

    @property
    def is_first(self) -> bool:
        """Whether no row of the block comes before this one."""
        return not any(line.strip() for line in self.lines[: self.start])

    def following(self) -> list[list[str]]:
        """The fields of some rows behind this one that have one for each column."""
        rows = fields_of(self.lines[self.start + 1 :], self.layout.format.separator)
        return [fields for fields in islice(rows, _N_FOLLOWING) if len(fields) == len(self.layout.header)]


def aligned_fields(line: str) -> list[str]:
    """The fields of a line whose columns are aligned by blanks; quotes hold a field with blanks together.

    Examples:
        >>> aligned_fields('18.0  8  "buick skylark"')
        ['18.0', '8', 'buick skylark']
    """
    return [_unquoted(field) for field in _ALIGNED_FIELD.findall(line.rstrip("\r\n"))]


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def fields_of(lines: list[str], separator: str) -> Iterator[list[str]]:
    """The fields of the rows that are not blank, as far as quotes are right."""
    if separator == BLANKS:
        yield from filter(None, map(aligned_fields, lines))
        return
    try:
        yield from filter(None, csv.reader(lines, delimiter=separator, strict=True))
    except csv.Error:
        return
