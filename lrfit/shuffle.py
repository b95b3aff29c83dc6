"""Shuffles: the order of the rows in an epoch, a pure function of (seed, epoch).

Any order of all rows is as likely as any other: it is `permutation` of NumPy's default generator, seeded with
the pair. So an epoch can be repeated, and a run resumed, without the state of a generator.

To draw a permutation takes longer than to descend its rows in machine code. So where Numba is at work anyway,
NumPy's algorithm runs in machine code, too, without its mispredicted branches: the same permutation, in less
than half of the time. Both let other threads work, so the order of the next epoch is drawn during this one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache, partial
from math import log

import numpy as np
import numpy.typing as npt

__all__ = ["order_of_epoch", "orders"]

Order = npt.NDArray[np.intp] | npt.NDArray[np.uint32]

_MAX_ROWS = 1 << 32
"""Of which an index takes 4 bytes."""

_WORTH_A_THREAD = 20_000
"""Rows of which a permutation takes longer than to ask another thread for it."""

_WORTH_COMPILING = 50_000_000
"""Rows of all epochs together for which machine code saves more than it takes to make."""


def order_of_epoch(n_rows: int, seed: int, epoch: int) -> Order:
    """The rows' indices in the order of that epoch.

    Examples:
        >>> order_of_epoch(5, seed=0, epoch=1)
        array([1, 4, 3, 0, 2])
    """
    return np.random.default_rng((seed, epoch)).permutation(n_rows)


def orders(n_rows: int, seed: int, epochs: range) -> Iterator[Order]:
    """The orders of these epochs, one after the other."""
    if n_rows < _WORTH_A_THREAD:
        yield from map(partial(order_of_epoch, n_rows, seed), epochs)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (slow to import)

    pays = n_rows * len(epochs) >= _WORTH_COMPILING
    with ThreadPoolExecutor(1) as thread:
        drawn = (thread.submit(_drawn, n_rows, seed, epoch, may_compile=pays) for epoch in epochs)
        current = next(drawn, None)
        while current:
            following = next(drawn, None)
            yield current.result()
            current = following


def _drawn(n_rows: int, seed: int, epoch: int, *, may_compile: bool) -> Order:
    """As `order_of_epoch`, by machine code if Numba is there and that is worth it."""
    draw = _compiled_draw() if may_compile and "numba" in sys.modules else None
    order = draw and draw(n_rows, seed, epoch)
    return order_of_epoch(n_rows, seed, epoch) if order is None else order


@cache
def _compiled_draw() -> Callable[[int, int, int], Order | None] | None:
    """`order_of_epoch` in machine code; None if NumPy draws in another way than it does today."""
    import inspect  # noqa: PLC0415

    from lrfit.executors.kernel_cache import compile_kernel  # noqa: PLC0415

    kernel = compile_kernel(inspect.getsource(_shuffle), "int64(uint32[::1], uint32[::1])")
    draw = partial(_draw, kernel)
    order = draw(1000, 0, 0)
    return draw if order is not None and np.array_equal(order, order_of_epoch(1000, 0, 0)) else None


def _draw(shuffle: Callable[..., int], n_rows: int, seed: int, epoch: int) -> Order | None:
    """A permutation; None if the random words do not suffice, which are drawn beforehand.

    Place i takes (m + 1) / (i + 1) halves of a word on average, m the least 2^k - 1 that is not below i.
    """
    if n_rows > _MAX_ROWS:
        return None
    power = (n_rows - 1).bit_length()
    n_halves = 2.0**power * log(n_rows / 2.0 ** (power - 2)) + 20 * n_rows**0.5
    n_words = int(n_halves / 2) + 100
    words = np.random.default_rng((seed, epoch)).bit_generator.random_raw(n_words)
    order = np.arange(n_rows, dtype=np.uint32)
    places_left = shuffle(words.astype("<u8", copy=False).view(np.uint32), order)
    return None if places_left else order


def _shuffle(words, order):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fisher and Yates' shuffle, in place; a draw that is too large is drawn again. Returns places left."""
    place = order.size - 1
    taken = 0
    while place > 0 and taken < words.size:
        mask = 1
        while mask < place:
            mask = 2 * mask + 1
        while place > mask // 2 and taken < words.size:
            draw = np.int64(words[taken]) & mask
            taken += 1
            # No branch: a processor would guess it wrong once in three times.
            is_valid = draw <= place
            other = draw if is_valid else place
            moved = order[other]
            order[other] = order[place]
            order[place] = moved
            place -= np.int64(is_valid)
    return place
