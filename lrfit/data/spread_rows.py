"""Rows that stay on the workers of a cluster, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrfit.arrays import Array
from lrfit.data.condense import KeptRows
from lrfit.data.kinds import Column
from lrfit.data.level_rows import expanded

if TYPE_CHECKING:
    from lrfit.system.cluster import Kept

__all__ = ["RemotePart", "SpreadRows", "rows_of"]


class RemotePart(NamedTuple):
    """The rows of a group in a part of the data, which a worker keeps.

    Attributes:
        kept: The rows of all groups in the part, as `CondensedBlock.parted` gives them.
        group: Name of the group.
        n_rows: Number of its rows.
    """

    kept: Kept
    group: str
    n_rows: int


@dataclass(frozen=True, eq=False)
class SpreadRows:
    """The rows to train on, on workers.

    Attributes:
        parts: The parts, in the order of the data.
        columns: The features, with the levels of categories.
    """

    parts: tuple[RemotePart, ...]
    columns: tuple[Column, ...]

    def __len__(self) -> int:
        return sum(part.n_rows for part in self.parts)


def rows_of(group: str, columns: Sequence[Column], kept: Mapping[str, Sequence[KeptRows]]) -> Array:
    """The rows (x, y) of a group in a part, and their weights behind them, shape (n_rows, width).

    Args:
        group: Name of the group.
        columns: The features, with the levels of categories.
        kept: The rows of each group, as they were read.
    """
    blocks = [expanded(_placed(rows, columns), columns) for rows in kept[group]]
    return np.ascontiguousarray(np.concatenate(blocks, axis=1).T)


def _placed(rows: KeptRows, columns: Sequence[Column]) -> Array:
    """The values, with the places of levels among those of all rows."""
    if all(column.kind != "category" for column in columns):
        return rows.values
    values = rows.values.copy()
    for row, column, own in zip(values, columns, rows.levels, strict=False):
        if column.kind == "category":
            place = {level: i for i, level in enumerate(column.levels or ())}
            row[:] = np.array([place[level] for level in own], dtype=np.float64)[row.astype(np.intp)]
    return values
