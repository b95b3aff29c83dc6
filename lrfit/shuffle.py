"""Shuffles: the order of the rows in an epoch, a pure function of (seed, epoch).

Any order of all rows is as likely as any other: it is `permutation` of NumPy's default generator, seeded with
the pair. So an epoch can be repeated, and a run resumed, without the state of a generator.

To draw a permutation takes longer than to descend its rows in machine code. NumPy lets other threads work
meanwhile, so the order of the next epoch is drawn during this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import numpy.typing as npt

__all__ = ["order_of_epoch", "orders"]

_WORTH_A_THREAD = 20_000
"""Rows of which a permutation takes longer than to ask another thread for it."""


def order_of_epoch(n_rows: int, seed: int, epoch: int) -> npt.NDArray[np.intp]:
    """The rows' indices in the order of that epoch.

    Examples:
        >>> order_of_epoch(5, seed=0, epoch=1)
        array([1, 4, 3, 0, 2])
    """
    return np.random.default_rng((seed, epoch)).permutation(n_rows)


def orders(n_rows: int, seed: int, epochs: Iterable[int]) -> Iterator[npt.NDArray[np.intp]]:
    """The orders of these epochs, one after the other."""
    draw = partial(order_of_epoch, n_rows, seed)
    if n_rows < _WORTH_A_THREAD:
        yield from map(draw, epochs)
        return
    with ThreadPoolExecutor(1) as thread:
        drawn = (thread.submit(draw, epoch) for epoch in epochs)
        current = next(drawn, None)
        while current:
            following = next(drawn, None)
            yield current.result()
            current = following
