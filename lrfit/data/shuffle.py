"""Shuffles: the order of the rows in an epoch, a pure function of (seed, epoch).

Any order of all rows is as likely as any other: it is `shuffle` of NumPy's default generator, seeded with the
pair. So an epoch can be repeated, and a run resumed, without the state of a generator.

To draw a permutation takes longer than to descend its rows in machine code. So where Numba is at work anyway,
NumPy's algorithm runs in machine code, too, without its mispredicted branches: the same permutation, in less
than half of the time. Both let other threads work, so the order of the next epoch is drawn during this one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from functools import cache, partial

import numpy as np
import numpy.typing as npt

__all__ = ["order_of_epoch", "orders"]

Order = npt.NDArray[np.intp] | npt.NDArray[np.uint32]

_MAX_ROWS = 1 << 32
"""Most rows whose indices take 4 bytes."""

_WORDS = 1 << 15
"""Random words that are drawn at a time: they stay in a processor's cache."""

_WORTH_A_THREAD = 20_000
"""Rows of which a permutation takes longer than to ask another thread for it."""

_WORTH_COMPILING = 3_000_000
"""Rows of all epochs together for which machine code that is kept pays; to make it pays once and for all."""


def order_of_epoch(n_rows: int, seed: int, epoch: int) -> Order:
    """The rows' indices in the order of that epoch.

    Examples:
        >>> order_of_epoch(5, seed=0, epoch=1)
        array([1, 4, 3, 0, 2], dtype=uint32)
    """
    order = _unshuffled(n_rows)
    np.random.default_rng((seed, epoch)).shuffle(order)
    return order


def _unshuffled(n_rows: int) -> Order:
    """The indices as they are: 4 bytes each, if that is enough."""
    if n_rows > _MAX_ROWS:
        return np.arange(n_rows, dtype=np.intp)
    return np.arange(n_rows, dtype=np.uint32)


def orders(n_rows: int, seed: int, epochs: range) -> Iterator[Order]:
    """The orders of these epochs, one after the other."""
    if n_rows < _WORTH_A_THREAD:
        yield from map(partial(order_of_epoch, n_rows, seed), epochs)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (slow to import)

    pays = n_rows * len(epochs) >= _WORTH_COMPILING
    thread = ThreadPoolExecutor(1)
    try:
        drawn = (thread.submit(_drawn, n_rows, seed, epoch, may_compile=pays) for epoch in epochs)
        current = next(drawn, None)
        while current:
            following = next(drawn, None)
            yield current.result()
            current = following
    finally:
        thread.shutdown(wait=False)  # a run that stops early needs no order of the epoch after


def _drawn(n_rows: int, seed: int, epoch: int, *, may_compile: bool) -> Order:
    """As `order_of_epoch`, by machine code if Numba is there and that is worth it."""
    draw = _compiled_draw() if may_compile and n_rows <= _MAX_ROWS and "numba" in sys.modules else None
    return (draw or order_of_epoch)(n_rows, seed, epoch)


@cache
def _compiled_draw() -> Callable[[int, int, int], Order] | None:
    """`order_of_epoch` in machine code; None if NumPy draws in another way than it does today."""
    import inspect  # noqa: PLC0415

    from lrfit.system.kernel_cache import compile_kernel  # noqa: PLC0415

    kernel = compile_kernel(inspect.getsource(_shuffle), "int64(uint32[::1], uint32[::1], int64)")
    draw = partial(_draw, kernel)
    return draw if np.array_equal(draw(1000, 0, 0), order_of_epoch(1000, 0, 0)) else None


def _draw(shuffle: Callable[..., int], n_rows: int, seed: int, epoch: int) -> Order:
    order = _unshuffled(n_rows)
    random_raw = np.random.default_rng((seed, epoch)).bit_generator.random_raw
    place = n_rows - 1
    while place > 0:
        words = random_raw(min(_WORDS, place))
        place = shuffle(words.astype("<u8", copy=False).view(np.uint32), order, place)
    return order


def _shuffle(draws, order, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Fisher and Yates' shuffle, in place, from a place downwards, as far as the draws go; returns how far.

    A draw that is too large is passed over.
    """
    taken = 0
    while place > 0 and taken < draws.size:
        mask = 1
        while mask < place:
            mask = 2 * mask + 1
        while place > mask // 2 and taken < draws.size:
            draw = np.int64(draws[taken]) & mask
            taken += 1
            # No branch: a processor would guess it wrong once in three times.
            is_valid = draw <= place
            other = draw if is_valid else place
            moved = order[other]
            order[other] = order[place]
            order[place] = moved
            place -= np.int64(is_valid)
    return place
