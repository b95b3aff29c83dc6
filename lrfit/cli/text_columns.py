"""Aligned columns of text, whatever characters are in them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from unicodedata import category, east_asian_width

from lrfit.messages import shown

__all__ = ["aligned", "bare", "cut", "padding"]

_WIDEST = 2000
"""Largest width to which the cells of a column are padded, since a name may have any length."""


def bare(name: str) -> str:
    """A name in full, safe for a terminal: unchanged if it is one plain word, else quoted and escaped."""
    return name if name.isprintable() and name.split() == [name] else shown(name, width=None)


def cut(name: str, width: int) -> str:
    """A name, safe for a terminal and cut to be narrower than `width`."""
    safe = bare(name)
    n_fitting = sum(n <= width - 2 for n in accumulate(map(_n_cells, safe[:width])))
    return safe if max(len(safe), _n_cells(safe)) < width else safe[:n_fitting] + "…"


def aligned(rows: Sequence[tuple[str, ...]], gap: str = "  ") -> str:
    """The rows as lines, with the cells of each column aligned, and this gap between columns."""
    widths = [min(_WIDEST, max(map(_n_cells, column))) for column in zip(*rows, strict=True)]
    return "".join(_joined(row, widths, gap) for row in rows)


def _joined(row: tuple[str, ...], widths: Sequence[int], gap: str) -> str:
    padded = (cell + padding(cell, width) for cell, width in zip(row, widths, strict=True))
    return gap.join(padded).rstrip() + "\n"


def padding(cell: str, width: int) -> str:
    """The blanks that fill a cell up to this width; none if it is wider."""
    return " " * (width - _n_cells(cell))


def _n_cells(text: str) -> int:
    """Number of terminal columns that a text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(0 if category(c) in ("Me", "Mn") else 2 if east_asian_width(c) in "FW" else 1 for c in text)
