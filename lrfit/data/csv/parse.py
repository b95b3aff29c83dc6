"""Numbers out of a block of CSV rows: two readers, one answer.

The strict reader defines what is accepted, and what is said about the rest. The fast one runs first. It may
only return what the strict one would, and declines as soon as anything is unusual. So nothing is misread, and
good files are read at the speed of pandas.
"""

from __future__ import annotations

import numpy as np

from lrfit.data.csv.fast import parse_fast
from lrfit.data.csv.format import Counts, Layout, Parsed
from lrfit.data.csv.strict import parse_strict

__all__ = ["parse"]


def parse(
    text: bytes, layout: Layout, first_line: int, *, with_texts: bool = False, fast: bool = True
) -> Parsed:
    """The rows of a block.

    Args:
        text: Whole rows in UTF-8, with their line ends.
        layout: The columns.
        first_line: Number of the block's first line, for messages.
        with_texts: Whether to give the rows as they were written, too.
        fast: Whether to try the fast reader; the result is the same.

    Raises:
        DataError: A row has too many or too few fields, or a cell is not a number; says where.
    """
    if not text.strip(b"\r\n"):  # as a bomb of line ends would have it, on which both readers are slow
        nothing = np.empty((0, len(layout.positions)))
        return Parsed(nothing, [] if with_texts else None, Counts(0, len(text.splitlines())))
    parsed = parse_fast(text, layout, first_line, with_texts=with_texts) if fast else None
    return parsed or parse_strict(text, layout, first_line, with_texts=with_texts)
