"""Rows held out of training: which of a block, a pure function of (seed, the block's values).

Workers do not know where in a table a block stands, so the block itself is what tells its draw from others.
So the same rows of the same table are held out however many workers read it and wherever its bytes come from;
but with other columns, or after any change of a value, other rows of that block.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lrfit.errors import UsageError

__all__ = ["HoldOut"]


@dataclass(frozen=True)
class HoldOut:
    """A share of the rows that is kept from training, to validate on.

    Attributes:
        fraction: Of the rows, above 0 and below 1.
        seed: Of the draw, 0 or more.

    Raises:
        UsageError: A value is not among the valid ones.
    """

    fraction: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0.0 < self.fraction < 1.0:
            raise UsageError(f"fraction is {self.fraction!r}, and must be above 0 and below 1")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed!r}, and must be at least 0")

    def mask(self, n_rows: int, checksum: int) -> npt.NDArray[np.bool_]:
        """Whether each row of a block is held out, shape (n_rows,); any set of as many rows is as likely.

        Their number is n_rows · fraction, rounded down or up at random such that this is its mean: so that
        of many short blocks the right share is held out, too.

        Args:
            n_rows: Of the block.
            checksum: Of the block's values, 0 or more.

        Examples:
            >>> HoldOut(0.25, seed=0).mask(8, checksum=1)
            array([False, False, False, False,  True, False,  True, False])
        """
        rng = np.random.default_rng((self.seed, checksum))
        n_whole, rest = divmod(n_rows * self.fraction, 1.0)
        n_held_out = int(n_whole) + (rng.random() < rest)
        mask = np.zeros(n_rows, dtype=np.bool_)
        mask[rng.choice(n_rows, n_held_out, replace=False, shuffle=False)] = True
        return mask
