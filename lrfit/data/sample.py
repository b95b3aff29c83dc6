"""Samples: all rows of a table, condensed block by block to their moments and a fingerprint."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.block import Block, BlockCounts
from lrfit.data.csv.table import Table
from lrfit.errors import DataError
from lrfit.messages import spelled

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut

__all__ = ["Sample", "read_sample", "sample_of"]


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows of a table in a few numbers.

    Attributes:
        moments: Moments of the rows to train on.
        held_out: Moments of the rows held out; None if no rows were to be held out.
        checksums: For each block, the number of rows and the CRC-32 of the values.
    """

    moments: Moments
    held_out: Moments | None
    checksums: tuple[tuple[int, int], ...]

    @property
    def fingerprint(self) -> str:
        """A hash of all values in order, held out or not: 16 hexadecimal digits.

        It shows whether the data have changed since the run that is resumed; it is no protection against
        malice. Equal values may have different fingerprints, because blocks are cut by bytes: a change of
        line ends, of a column that is not read, or of "1.5" to "1.50" moves the cuts.
        """
        text = repr(self.checksums).encode()
        return f"{zlib.crc32(text):08x}{zlib.adler32(text):08x}"


def read_sample(
    table: Table,
    columns: Sequence[str],
    *,
    keep: Callable[[Array], None] | None = None,
    hold_out: HoldOut | None = None,
) -> Sample:
    """The moments of all rows: of those to train on, and of those held out.

    Args:
        table: The table. No row of it has been read yet. If it streams, blocks are cut as bytes arrive, so
            the fingerprint and the choice of the rows held out may differ from run to run.
        columns: Names of the columns, the target last.
        keep: Called with the rows to train on, block by block, in order; shape (n_rows, n_columns).
        hold_out: The choice of the rows held out. If None, all rows are to train on.

    Raises:
        DataError: `Table.map_blocks` raises it, or no row is held out, or none is left to train on.
    """
    checksums = []
    training = held_out = Moments.empty(len(columns))
    condense = partial(_condensed, hold_out=hold_out, keeps_values=keep is not None)
    for block in table.map_blocks(condense, columns):
        checksums.append((block.n_rows, block.checksum))
        training = training.merge(block.training)
        held_out = held_out.merge(block.held_out)
        if keep and block.kept is not None:
            keep(block.kept.T)
    _check_split(table.n_samples, training, held_out if hold_out else None)
    return Sample(training, held_out if hold_out else None, tuple(checksums))


def sample_of(columns: Array, *, keep: Callable[[Array], None], hold_out: HoldOut | None = None) -> Sample:
    """The sample of rows in memory, which are one block.

    Args:
        columns: The values, shape (n_columns, n_rows), the target last.
        keep: Called with the rows to train on, shape (n_rows, n_columns).
        hold_out: The choice of the rows held out. If None, all rows are to train on.

    Raises:
        DataError: There is no row, or no row is held out, or none is left to train on.
    """
    whole = Block(columns, None, BlockCounts(columns.shape[1], 0))
    block = _condensed(whole, hold_out=hold_out, keeps_values=True)
    held_out = block.held_out if hold_out else None
    _check_split(block.n_rows, block.training, held_out)
    keep(columns.T if block.kept is None else block.kept.T)
    return Sample(block.training, held_out, ((block.n_rows, block.checksum),))


def _check_split(n_rows: int, training: Moments, held_out: Moments | None) -> None:
    """Refuse a sample of which a part has no rows."""
    if not n_rows:
        raise DataError("there are no rows")
    if held_out and not held_out.n_samples:
        raise DataError(f"no row is held out of {n_rows}: raise {spelled(validation_fraction=...)}")
    if not training.n_samples:
        raise DataError(
            f"all rows ({n_rows}) are held out, and none is left to train on: "
            f"lower {spelled(validation_fraction=...)}"
        )


class _CondensedBlock(NamedTuple):
    """The numbers that a sample needs of a block; `kept` has the values to train on, by columns."""

    n_rows: int
    checksum: int
    training: Moments
    held_out: Moments
    kept: Array | None


def _condensed(block: Block, *, hold_out: HoldOut | None, keeps_values: bool) -> _CondensedBlock:
    """The block's checksum and moments, and its values to train on if `keeps_values`."""
    n_rows, checksum = block.counts.n_rows, zlib.crc32(block.values.data)
    training, held_out = block.values, block.values[:, :0]
    if hold_out:
        mask = hold_out.mask(n_rows, checksum)
        training, held_out = training.compress(~mask, axis=1), training.compress(mask, axis=1)
    return _CondensedBlock(
        n_rows,
        checksum,
        Moments.of_columns(training),
        Moments.of_columns(held_out),
        training if keeps_values else None,
    )
