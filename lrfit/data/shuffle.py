"""Shuffles: the order of the rows in an epoch, a pure function of (seed, epoch).

All orders are equally likely: NumPy's default generator, seeded with the pair, draws one by `shuffle`. So an
epoch can be repeated, and a run resumed, without the state of a generator.

In machine code, a permutation takes longer to draw than its rows take to descend on. So where Numba is in use
anyway, NumPy's algorithm runs in machine code, too, without its mispredicted branches: the same permutation
in less than half of the time. Neither holds the interpreter's lock, so the order of the next epoch is drawn
during this one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from itertools import accumulate

import numpy as np
import numpy.typing as npt

__all__ = ["order_by_parts", "order_in_part", "order_of_epoch", "orders"]

Order = npt.NDArray[np.intp] | npt.NDArray[np.uint32]
"""Indices of all rows, each once."""

_MAX_ROWS = 1 << 32
"""Number of rows up to which an index takes 4 bytes."""

_WORDS = 1 << 15
"""Number of random words drawn at a time: they stay in a processor's cache."""

_WORTH_A_THREAD = 20_000
"""Number of rows from which a permutation takes longer than handing it to another thread."""

_WORTH_COMPILING = 3_000_000
"""Number of rows, all epochs together, from which it pays to load machine code that is kept.

To compile it pays later, but then for all runs to come.
"""


def order_of_epoch(n_rows: int, seed: int, epoch: int) -> Order:
    """The indices of the rows in the order of an epoch, shape (n_rows,).

    Examples:
        >>> order_of_epoch(5, seed=0, epoch=1)
        array([1, 4, 3, 0, 2], dtype=uint32)
    """
    return _shuffled(n_rows, (seed, epoch))


def _shuffled(n_rows: int, key: Sequence[int]) -> Order:
    order = _unshuffled(n_rows)
    np.random.default_rng(key).shuffle(order)
    return order


def order_by_parts(sizes: Sequence[int], seed: int, epoch: int) -> list[Order]:
    """The indices of the rows of each part, in the order of an epoch; the parts in an order of their own.

    All orders of the parts are equally likely, and in each part all orders of its rows. Rows of two parts are
    never in one batch.

    Args:
        sizes: Number of rows of each part.
        seed: Seed of the shuffles.
        epoch: Number of the epoch.

    Examples:
        >>> [order.tolist() for order in order_by_parts([3, 2], seed=0, epoch=1)]
        [[2, 0, 1], [4, 3]]
    """
    starts = [0, *accumulate(sizes)]
    parts = order_of_epoch(len(sizes), seed, epoch)
    return [starts[part] + order_in_part(sizes[part], seed, epoch, part) for part in parts.tolist()]


def order_in_part(n_rows: int, seed: int, epoch: int, part: int) -> Order:
    """The indices of the rows of a part, from 0, in the order of an epoch."""
    return _drawn(n_rows, (seed, epoch, part), may_compile=n_rows >= _WORTH_COMPILING // 10)


def _unshuffled(n_rows: int) -> Order:
    """The indices in ascending order, with 4 bytes each if that is enough."""
    if n_rows > _MAX_ROWS:
        return np.arange(n_rows, dtype=np.intp)
    return np.arange(n_rows, dtype=np.uint32)


def orders(n_rows: int, seed: int, epochs: range) -> Iterator[Order]:
    """The order of each epoch, one epoch after the other."""
    if n_rows < _WORTH_A_THREAD:
        yield from map(partial(order_of_epoch, n_rows, seed), epochs)
        return
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 (slow to import)

    pays = n_rows * len(epochs) >= _WORTH_COMPILING
    thread = ThreadPoolExecutor(1)
    try:
        drawn = (thread.submit(_drawn, n_rows, (seed, epoch), may_compile=pays) for epoch in epochs)
        current = next(drawn, None)
        while current:
            following = next(drawn, None)
            yield current.result()
            current = following
    finally:
        thread.shutdown(wait=False)  # a run that stops early does not need the next order


def _drawn(n_rows: int, key: Sequence[int], *, may_compile: bool) -> Order:
    """The same as `_shuffled`, in machine code if some is loaded and it is worth it."""
    draw = _compiled_draw() if may_compile and n_rows <= _MAX_ROWS and "llvmlite" in sys.modules else None
    return (draw or _shuffled)(n_rows, key)


@cache
def _compiled_draw() -> Callable[[int, Sequence[int]], Order] | None:
    """`_shuffled` in machine code; None if this NumPy draws in another way."""
    import inspect  # noqa: PLC0415

    from lrfit.system.kernel_cache import compile_kernel  # noqa: PLC0415

    kernel = compile_kernel(inspect.getsource(_shuffle), "int64(uint32[::1], uint32[::1], int64)")
    draw = partial(_draw, kernel)
    return draw if np.array_equal(draw(1000, (0, 0)), _shuffled(1000, (0, 0))) else None


def _draw(shuffle: Callable[..., int], n_rows: int, key: Sequence[int]) -> Order:
    order = _unshuffled(n_rows)
    random_raw = np.random.default_rng(key).bit_generator.random_raw
    place = n_rows - 1
    while place > 0:
        words = random_raw(min(_WORDS, place))
        place = shuffle(words.astype("<u8", copy=False).view(np.uint32), order, place)
    return order


def _shuffle(draws, order, place):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Shuffle `order` in place by Fisher and Yates, from `place` down to 0 or until the draws run out.

    A draw that is too large is skipped. The result is the place that was reached.
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
