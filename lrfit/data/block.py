"""Blocks: the rows that are read from a file at a time, as numbers.

The values of a block have shape (n_columns, n_rows), and each column is contiguous in memory. Every step from
the reader to `Moments` keeps that layout, because checksums, means and QR decompositions go column by column.
Only mini-batches need rows, shape (n_rows, n_columns): see `lrfit.data.row_store.RowStore`.
"""

from __future__ import annotations

from dataclasses import dataclass

from lrfit.arrays import Array

__all__ = ["Block", "BlockCounts"]


@dataclass(frozen=True, eq=False)
class BlockCounts:
    """The facts about a block that do not need its values.

    Attributes:
        n_rows: Number of rows whose values are given.
        n_lines: Number of lines.
        n_missing: Number of rows left out because they lack a value.
        first_missing: The place of the first row that was left out, for messages; empty if there is none.
        lost_digits: Whether an integer beyond 2^53 was read, which float64 may not hold exactly.
    """

    n_rows: int
    n_lines: int
    n_missing: int = 0
    first_missing: str = ""
    lost_digits: bool = False


@dataclass(frozen=True, eq=False)
class Block:
    """The values of a block, and the facts about it.

    Attributes:
        values: Values of the columns that were asked for, shape (n_columns, n_rows), C-contiguous.
        texts: The same rows as they were written, without line ends; None unless asked for.
        counts: Number of rows, lines and missing values.
    """

    values: Array
    texts: list[str] | None
    counts: BlockCounts
