"""Rows whose words are still places of levels, given out with a feature of 0 and 1 for each level."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from lrfit.arrays import Array
from lrfit.data.kinds import Column

if TYPE_CHECKING:
    from lrfit.data.row_store import RowStore
    from lrfit.data.shuffle import Order

__all__ = ["LevelRows", "expanded"]


@dataclass(frozen=True, eq=False)
class LevelRows:
    """The rows of a store, expanded window by window: it takes the place of a `RowStore`.

    Attributes:
        store: The rows as they were read; a category has the place of its level.
        columns: The features, with the levels of categories in the order of these places.
    """

    store: RowStore
    columns: Sequence[Column]

    def __len__(self) -> int:
        return len(self.store)

    def rows(self) -> Array:
        """All rows as one array."""
        return expanded(self.store.rows().T, self.columns).T

    def windows(self, batch_size: int, order: Order | None = None) -> Iterator[Array]:
        """All rows in windows; see `RowStore.windows`."""
        for window in self.store.windows(batch_size, order):
            yield np.ascontiguousarray(expanded(window.T, self.columns).T)


def expanded(values: Array, columns: Sequence[Column]) -> Array:
    """Columns of numbers, from columns in which categories have the places of their levels.

    Args:
        values: Shape (n_columns, n_rows), the features first; further columns stay as they are.
        columns: The features, with their levels. The first level in sorted order has no feature.

    Examples:
        >>> city = Column("city", "category", ("rome", "berlin", "london"))
        >>> expanded(np.array([[0.0, 1.0, 2.0]]), [city])
        array([[0., 0., 1.],
               [1., 0., 0.]])
    """
    rows = []
    for row, column in zip(values, columns, strict=False):
        if column.kind == "category":
            levels = column.levels or ()
            rows += [row == levels.index(level) for level in sorted(levels)[1:]]
        else:
            rows.append(row)
    return np.array([*rows, *values[len(columns) :]], dtype=np.float64).reshape(-1, values.shape[1])
