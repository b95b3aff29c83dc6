"""From the bytes of a block to its numbers: two readers, one answer.

The strict reader defines which tables are accepted, and what is said about the others. The fast reader runs
first. It returns what the strict one would, or declines as soon as anything is unusual. So nothing is
misread, and good files are read at the speed of pyarrow or pandas.
"""

from __future__ import annotations

import numpy as np

from lrfit.data.block import Block, BlockCounts
from lrfit.data.csv.fast import parse_fast
from lrfit.data.csv.format import ColumnLayout
from lrfit.data.csv.strict import parse_strict

__all__ = ["parse"]


def parse(
    block: bytes, layout: ColumnLayout, first_line: int, *, with_texts: bool = False, fast: bool = True
) -> Block:
    """The numbers of a block.

    Args:
        block: Whole rows in UTF-8, with their line ends.
        layout: The columns.
        first_line: Number of the block's first line, for messages.
        with_texts: Whether to return the rows as they were written, too.
        fast: Whether to try the fast reader. The result is the same.

    Raises:
        DataError: A row has too many or too few fields, or a cell is not a number. The message names the
            place.
    """
    if not block.strip(b"\r\n"):  # both readers are slow on a file of a great many line ends
        nothing = np.empty((len(layout.positions), 0))
        return Block(nothing, [] if with_texts else None, BlockCounts(0, len(block.splitlines())))
    parsed = parse_fast(block, layout, first_line, with_texts=with_texts) if fast else None
    return parsed or parse_strict(block, layout, first_line, with_texts=with_texts)
