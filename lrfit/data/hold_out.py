"""Hold-out: the choice of rows that are kept from training, a pure function of (seed, the block's values).

Workers do not know where a block stands in its table, so its values seed the draw. The same rows of the same
table are held out however many workers read it, and wherever its bytes come from. With other columns, or
after a change of any value in the block, other rows of the block are held out.
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
        fraction: Share of the rows, above 0 and below 1.
        seed: Seed of the draw, 0 or more.
        is_last: Whether it is the last rows that are held out, and none is drawn.

    Raises:
        UsageError: A value is out of its range.
    """

    fraction: float
    seed: int = 0
    is_last: bool = False

    def __post_init__(self) -> None:
        if not 0.0 < self.fraction < 1.0:
            raise UsageError(f"fraction is {self.fraction!r}, and must be above 0 and below 1")
        if self.seed < 0:
            raise UsageError(f"seed is {self.seed!r}, and must be at least 0")

    def n_last(self, n_rows: int) -> int:
        """Number of rows that are held out at the end of so many: n_rows · fraction, rounded down.

        Examples:
            >>> HoldOut(0.2, is_last=True).n_last(44)
            8
        """
        return int(n_rows * self.fraction)

    def mask(self, n_rows: int, checksum: int) -> npt.NDArray[np.bool_]:
        """Mask of the rows of a block that are held out, shape (n_rows,).

        Their number is n_rows · fraction, rounded down or up at random with this mean, so that the share is
        right over many short blocks, too. All sets of that many rows are equally likely.

        Args:
            n_rows: Number of rows of the block.
            checksum: Checksum of the block's values, 0 or more.

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
