"""TensorFlow 1.15's random numbers, bit for bit: pure functions of seeds and of a place in their stream.

Courses print the numbers of seeded scripts, and whoever runs such a script compares. So a graph with the same
seeds has to draw the same numbers here.

Philox turns a key and a counter into a block of four words of 32 bits. The first seed is the key, the second
one is the upper half of the counter, and the lower half counts the blocks, from `start` on. As no block
depends on another, all are computed at once.

A distribution makes numbers of the words. For normal numbers, TensorFlow takes the logarithm, sine and cosine
of the C library, and libraries differ in the last bit. Here each of them is the nearest float32, the same on
every machine: with the GNU C library 2.36, one normal number in 70 has a different last digit. In float64
they are NumPy's, and one in 600 has. Uniform numbers and integers leave no such choice.

References:
    Salmon, Moraes, Dror and Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011, section 3.3: the
    function Philox4x32-10. TensorFlow 1.15: philox_random.h (the use of the seeds), random_distributions.h
    (the distributions), random_op.cc and guarded_philox_random.h (the order of the numbers, and `advance`),
    random_seed.py (`seeds`).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.tf1.errors import InvalidArgumentError

__all__ = ["advance", "integers", "normal", "random_seeds", "seeds", "truncated_normal", "uniform", "words"]

Words = npt.NDArray[np.uint32]
"""Random words, shape (..., 4): blocks of four."""

_Uint64 = npt.NDArray[Any]
"""Numbers of 64 bits: NumPy's types say that an int makes them signed, which it does not."""

_LOW = 0xFFFF_FFFF
"""The lower half of 64 bits."""

_MULTIPLIERS = np.array([[0xD251_1F53], [0xCD9E_8D57]], np.uint64)
_KEY_STEPS = np.array([[0x9E37_79B9], [0xBB67_AE85]], np.uint64)
_N_ROUNDS = 10

_N_IN_BLOCK = {"float16": 4, "float32": 4, "float64": 2, "int32": 4, "int64": 2}
"""The number of numbers of each type that a block makes."""

_FLOATS = ("float16", "float32", "float64")
_INTEGERS = ("int32", "int64")

_BLOCKS_PER_NUMBER = 256
"""The number of blocks that TensorFlow sets aside for each number, whatever the distribution takes."""

_SEED_LIMIT = 2**31 - 1
_GRAPH_SEED = 87654321
"""The seed of a graph that has none, for an operation that has one."""


def seeds(graph_seed: int | None, op_seed: int | None, n_ops: int) -> tuple[int, int] | None:
    """The two seeds of an operation; None if it is to have random ones, from the operating system.

    Args:
        graph_seed: The seed of `tf.set_random_seed`.
        op_seed: The operation's argument `seed`.
        n_ops: Number of operations that the graph has already: the second seed, if only the graph has one.

    Examples:
        >>> seeds(777, None, n_ops=3)
        (777, 3)
        >>> seeds(None, 1, n_ops=3)
        (87654321, 1)
    """
    if graph_seed is None and op_seed is None:
        return None
    first = _GRAPH_SEED if graph_seed is None else graph_seed % _SEED_LIMIT
    second = (n_ops if op_seed is None else op_seed) % _SEED_LIMIT
    return (first, second) if first or second else (0, _SEED_LIMIT)  # 0, 0 asks TensorFlow for random seeds


def random_seeds() -> tuple[int, int]:
    """Two seeds from the operating system, of 32 bits each."""
    first, second = np.random.SeedSequence().generate_state(2).tolist()
    return first, second


def advance(n_numbers: int) -> int:
    """The number of blocks by which an operation's stream moves on in a run that draws `n_numbers`.

    It is more than any distribution takes, so the next run starts where this one cannot have been.
    """
    return _BLOCKS_PER_NUMBER * n_numbers


def words(seed: int, seed2: int, counters: _Uint64) -> Words:
    """The block of each counter, by Philox4x32-10: shape (*counters.shape, 4).

    Args:
        seed: 64 bits: the key.
        seed2: 64 bits: the upper half of each counter.
        counters: The lower halves.

    Examples:
        >>> words(0, 0, np.zeros(1, np.uint64))
        array([[1713891541, 3781805453, 3159862348, 2600524760]], dtype=uint32)
    """
    halves: _Uint64 = np.empty((2, 2, counters.size), np.uint64)
    left, right = halves  # the words of a block are left[0], right[0], left[1], right[1]
    left[0], right[0] = counters.ravel() & _LOW, counters.ravel() >> 32
    left[1], right[1] = _halves(seed2)
    key: _Uint64 = np.array(_halves(seed), np.uint64)[:, None]
    for _ in range(_N_ROUNDS):
        products: _Uint64 = (left * _MULTIPLIERS)[::-1]
        left, right = (products >> 32) ^ right ^ key, products & _LOW
        key = (key + _KEY_STEPS) & _LOW
    return np.stack([left, right]).astype(np.uint32).T.reshape(*counters.shape, 4)


def uniform(
    seed: int, seed2: int, start: int, shape: Sequence[int], dtype: npt.DTypeLike = np.float32
) -> npt.NDArray[Any]:
    """Numbers from 0 to below 1, all that this type has in equal steps of 2^-10, 2^-23 or 2^-52.

    Args:
        seed: The first seed, 64 bits.
        seed2: The second seed, 64 bits.
        start: The first block, below 2^64: the sum of what `advance` returned for the runs before.
        shape: Shape of the result.
        dtype: float16, float32 or float64.

    Raises:
        TypeError: `dtype` is none of these.

    Examples:
        >>> uniform(777, 3, 0, (3,))
        array([0.06672299, 0.3009504 , 0.85697794], dtype=float32)
    """
    dtype = _checked(dtype, _FLOATS)
    bits = words(seed, seed2, start + _blocks(shape, dtype))
    return _laid_out(_fractions(bits, dtype), shape)


def normal(
    seed: int, seed2: int, start: int, shape: Sequence[int], dtype: npt.DTypeLike = np.float32
) -> npt.NDArray[Any]:
    """Numbers of the normal distribution with mean 0 and variance 1.

    Arguments and errors are those of `uniform`.

    Examples:
        >>> normal(777, 3, 0, (3,))
        array([ 2.2086694 , -0.73225045,  0.33533147], dtype=float32)
    """
    dtype = _checked(dtype, _FLOATS)
    numbers = _normals(seed, seed2, start + _blocks(shape, dtype), dtype)
    return _laid_out(numbers.astype(dtype, copy=False), shape)


def truncated_normal(
    seed: int, seed2: int, start: int, shape: Sequence[int], dtype: npt.DTypeLike = np.float32
) -> npt.NDArray[Any]:
    """Numbers of the normal distribution with mean 0 and variance 1, without those that are 2 or more from 0.

    As many numbers as a block makes have a stretch of the stream of their own: the first such numbers of its
    blocks. In most stretches two blocks are enough. For the others twice as many are drawn, and so on.

    Arguments and errors are those of `uniform`.

    Examples:
        >>> truncated_normal(777, 3, 0, (3,))
        array([-0.73225045,  0.33533147,  0.4429887 ], dtype=float32)
    """
    dtype = _checked(dtype, _FLOATS)
    n_in_block = _N_IN_BLOCK[dtype.name]
    firsts = start + _blocks(shape, dtype) * (_BLOCKS_PER_NUMBER * n_in_block // 4)
    result = np.empty((firsts.size, n_in_block), dtype)
    missing, n_blocks = np.arange(firsts.size), 2
    while missing.size:
        counters = firsts[missing, None] + np.arange(n_blocks, dtype=np.uint64)
        drawn = _normals(seed, seed2, counters, dtype).reshape(missing.size, n_blocks * n_in_block)
        is_outside = np.abs(drawn) >= 2  # noqa: PLR2004 (two standard deviations)
        inside_first = np.argsort(is_outside, axis=1, kind="stable")[:, :n_in_block]
        result[missing] = np.take_along_axis(drawn, inside_first, axis=1)
        missing = missing[np.take_along_axis(is_outside, inside_first, axis=1).any(axis=1)]
        n_blocks *= 2
    return _laid_out(result, shape)


def integers(
    seed: int,
    seed2: int,
    start: int,
    shape: Sequence[int],
    low: int,
    high: int,
    dtype: npt.DTypeLike = np.int32,
) -> npt.NDArray[Any]:
    """Integers from low to below high: low + random bits modulo (high - low).

    Args:
        seed: The first seed, 64 bits.
        seed2: The second seed, 64 bits.
        start: The first block, as for `uniform`.
        shape: Shape of the result.
        low: The least one.
        high: One more than the largest one.
        dtype: int32 or int64.

    Raises:
        InvalidArgumentError: There is no such integer, but the shape asks for some.
        TypeError: `dtype` is none of these.

    Examples:
        >>> integers(777, 3, 0, (8,), 0, 10)
        array([5, 3, 0, 5, 4, 8, 4, 8], dtype=int32)
    """
    dtype = _checked(dtype, _INTEGERS)
    if prod(shape) and low >= high:
        raise InvalidArgumentError(f"Need minval < maxval, got {low} >= {high}")
    bits = words(seed, seed2, start + _blocks(shape, dtype))
    if dtype == np.int64:
        offsets = _joined(bits[..., 1::2], bits[..., 0::2]) % max(high - low, 1)
        return _laid_out((offsets + low % 2**64).view(np.int64), shape)
    return _laid_out((bits % max(high - low, 1) + low % 2**32).view(np.int32), shape)


def _checked(dtype: npt.DTypeLike, allowed: Sequence[str]) -> np.dtype[Any]:
    if (checked := np.dtype(dtype)).name not in allowed:
        raise TypeError(f"No such random numbers of type {checked}: use {', '.join(allowed)}.")
    return checked


def _halves(bits: int) -> tuple[int, int]:
    """The lower and the upper half of 64 bits."""
    return bits & _LOW, bits >> 32 & _LOW


def _joined(high: Words, low: Words) -> _Uint64:
    return high.astype(np.uint64) << 32 | low


def _blocks(shape: Sequence[int], dtype: np.dtype[Any]) -> _Uint64:
    """The blocks needed to fill the shape, counted from 0."""
    return np.arange(-(-prod(shape) // _N_IN_BLOCK[dtype.name]), dtype=np.uint64)


def _laid_out(numbers: npt.NDArray[Any], shape: Sequence[int]) -> npt.NDArray[Any]:
    """The first numbers, in rows; the last block may have made too many."""
    return numbers.ravel()[: prod(shape)].reshape(shape)


def _fractions(bits: Words, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Fractions from 0 to below 1: as many of the lowest bits as this type keeps after the binary point."""
    n_bits = np.finfo(dtype).nmant
    numbers = _joined(bits[..., 0::2], bits[..., 1::2]) if dtype == np.float64 else bits
    fractions: npt.NDArray[Any] = (numbers & 2**n_bits - 1).astype(dtype) / dtype.type(2**n_bits)
    return fractions


def _normals(seed: int, seed2: int, counters: _Uint64, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """sin(2πv) · √(-2 log u) and cos(2πv) · √(-2 log u), for each two uniform numbers u, v.

    By Box and Muller, in float32 also for float16. Each function of a float32 is computed in float64, and
    rounded once: none of its 2^23 values is so near to the middle of two float32 that an error in float64
    would matter.
    """
    real = np.promote_types(dtype, np.float32)
    uniforms = _fractions(words(seed, seed2, counters), real)
    u, v = np.maximum(uniforms[..., 0::2], real.type(1e-7)), uniforms[..., 1::2]
    radius = np.sqrt(-2 * np.log(u, dtype=np.float64).astype(real))
    angle = np.multiply(2 * np.pi, v, dtype=np.float64).astype(real)
    sine, cosine = (f(angle, dtype=np.float64).astype(real) for f in (np.sin, np.cos))
    return np.stack([sine * radius, cosine * radius], axis=-1).reshape(uniforms.shape)
