"""Shuffling: elements through a buffer, from which a random one is taken each time.

So an element can come out later than it came in by any number of places, but earlier by less than the size of
the buffer, as in TensorFlow. The order is a pure function of the seeds and the epoch. It is not TensorFlow's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np

from lrfit.tf1 import philox

__all__ = ["shuffled"]

T = TypeVar("T")

_N_AT_ONCE = 1024
"""The number of random numbers that are drawn at once."""

_EPOCH = 2**40
"""The number of blocks of random words that are set aside for an epoch."""


def shuffled(elements: Iterable[T], n_in_buffer: int, seeds: tuple[int, int], epoch: int = 0) -> Iterator[T]:
    """The elements, each taken at random from a buffer that the next ones fill.

    Args:
        elements: The elements.
        n_in_buffer: Size of the buffer; with that of the data or more, all orders are possible.
        seeds: The seeds.
        epoch: The number of the pass over the data.

    Examples:
        >>> list(shuffled(range(8), 8, (1, 2)))
        [2, 3, 1, 5, 6, 7, 4, 0]
        >>> list(shuffled(range(8), 1, (1, 2)))
        [0, 1, 2, 3, 4, 5, 6, 7]
    """
    source, uniforms = iter(elements), _uniforms(seeds, epoch)
    buffer = list(islice(source, n_in_buffer))
    for element in source:
        place = int(next(uniforms) * n_in_buffer)
        yield buffer[place]
        buffer[place] = element
    while buffer:
        place = int(next(uniforms) * len(buffer))
        buffer[place], buffer[-1] = buffer[-1], buffer[place]
        yield buffer.pop()


def _uniforms(seeds: tuple[int, int], epoch: int) -> Iterator[float]:
    """Random numbers from 0 to below 1, in float64."""
    start = epoch * _EPOCH % 2**63
    while True:
        yield from philox.uniform(*seeds, start, (_N_AT_ONCE,), np.float64).tolist()
        start += _N_AT_ONCE
