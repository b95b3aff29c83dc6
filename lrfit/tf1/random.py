"""Random numbers: ops that draw anew in each run, from TensorFlow's generator and by its rule for seeds.

An op draws from a stream of its own, which a session keeps. The second seed of a stream is, unless the op has
one, the number of operations that the graph had before. So these ops consist of the same operations as in
TensorFlow.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from typing import Any

import numpy as np
import numpy.typing as npt

import lrfit.tf1.philox as philox  # noqa: PLR0402 (asked of the package, it would be looked for among the names)
from lrfit.graph import ops, selections
from lrfit.graph.nodes import Node
from lrfit.graph.shapes import RankedShape
from lrfit.tf1.arithmetic import add, multiply, subtract
from lrfit.tf1.building import apply, convert_to_tensor, known_value
from lrfit.tf1.dtypes import DType, as_dtype, float32, int64
from lrfit.tf1.errors import UnimplementedError
from lrfit.tf1.graph import get_default_graph, set_random_seed
from lrfit.tf1.refusals import refuser
from lrfit.tf1.session_ops import session_op
from lrfit.tf1.sizes import size_vector, static_sizes
from lrfit.tf1.tensors import Tensor

__all__ = ["random_normal", "random_shuffle", "random_uniform", "set_random_seed", "truncated_normal"]


__getattr__ = refuser(__name__)


def _permutation(seed: int, seed2: int, start: int, shape: Any, _: Any) -> npt.NDArray[Any]:
    """The numbers below shape[0], shuffled: from the first on, each is swapped with itself or a later one."""
    n_rows = shape[0]
    counters: Any = np.arange(start, start + _n_blocks(shape), dtype=np.uint64)
    words = philox.words(seed, seed2, counters).ravel().tolist()
    order = list(range(n_rows))
    for i in range(n_rows - 1):
        j = i + words[i] % (n_rows - i)
        order[i], order[j] = order[j], order[i]
    return np.array(order)


def _n_blocks(shape: Any) -> int:
    """The number of blocks of four words that it takes to shuffle the rows of this shape."""
    return -(-max(int(shape[0]) - 1, 0) // 4)


def _n_for_numbers(shape: Any) -> int:
    return int(philox.advance(prod(shape)))


def _known(bound: Tensor) -> int:
    value = known_value(bound)
    if value is None:
        raise UnimplementedError(
            "random integers up to what is known only when the graph runs are not in lrfit.tf1"
        )
    return int(value)


def _integers(low: int, high: int) -> Callable[..., npt.NDArray[Any]]:
    return lambda seed, seed2, start, shape, dtype: philox.integers(
        seed, seed2, start, shape, low, high, dtype
    )


def _drawn_shape(_: RankedShape, shape: Any, **__: Any) -> Any:
    return shape


_random = session_op("random", _drawn_shape, (None,))


class Streams:
    """The places of a session in the streams of its random ops."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self._seeds: dict[str, tuple[int, int]] = {}

    def kernel_of(self, node: Node) -> Callable[..., Any] | None:
        """The function that draws the numbers of a node; None if it draws none."""
        if node.op is not _random:
            return None
        key, draw, dtype, advance = (node.attrs[each] for each in ("key", "draw", "dtype", "advance"))
        seeds = node.attrs["seeds"] or self._seeds.setdefault(key, philox.random_seeds())

        def drawn(sizes: npt.NDArray[Any]) -> npt.NDArray[Any]:
            shape = tuple(int(size) for size in np.ravel(sizes))
            place = self._places.get(key, 0)
            self._places[key] = place + advance(shape)
            numbers: npt.NDArray[Any] = draw(*seeds, place, shape, dtype)
            return numbers

        return drawn


class _Sizes:
    """A shape: as a vector, and as far as it is known."""

    def __init__(self, shape: Any) -> None:
        sizes = size_vector(shape)
        self.static = static_sizes(sizes)
        self.vector = convert_to_tensor(sizes, name="shape")


def _seeds(seed: Any) -> tuple[int, int] | None:
    """The seeds of the next operation of the default graph.

    Raises:
        TypeError: The seed of the operation is not a number.
    """
    graph = get_default_graph()
    return philox.seeds(graph.seed, None if seed is None else int(seed), graph.n_operations)


def _drawn(
    kind: str, draw: Callable[..., Any], sizes: _Sizes, dtype: DType, seed: Any, name: str | None
) -> Tensor:
    """The tensor of an op that draws numbers of a shape."""
    attrs = {"draw": draw, "advance": _n_for_numbers, "seeds": _seeds(seed), "dtype": dtype.numpy}

    def built(node: Node, name: str) -> Node:
        return _random(node, name=name, key=name, shape=sizes.static, **attrs)

    return apply(kind, built, {"shape": sizes.vector}, name=name, dtype=dtype)


def _scaled(
    kind: str,
    draw: Callable[..., Any],
    shape: Any,
    mean: Any,
    stddev: Any,
    dtype: Any,
    seed: int | None,
    name: str | None,
) -> Tensor:
    kind_of_values = as_dtype(dtype)
    with get_default_graph().name_scope(name) as scope:
        sizes = _Sizes(shape)
        if not kind_of_values.is_floating:
            raise TypeError(
                f"Value passed to parameter 'dtype' has DataType {kind_of_values.name} not in list of "
                "allowed values: float16, float32, float64"
            )
        mean = convert_to_tensor(mean, kind_of_values, "mean")
        stddev = convert_to_tensor(stddev, kind_of_values, "stddev")
        drawn = _drawn(kind, draw, sizes, kind_of_values, seed, None)
        scaled = multiply(drawn, stddev, name="mul")
    return add(scaled, mean, name=scope)


def random_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers of this mean and standard deviation."""
    return _scaled(
        "RandomStandardNormal", philox.normal, shape, mean, stddev, dtype, seed, name or "random_normal"
    )


def truncated_normal(
    shape: Any,
    mean: Any = 0.0,
    stddev: Any = 1.0,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Normal random numbers, without those that are two standard deviations or more from the mean."""
    return _scaled(
        "TruncatedNormal",
        philox.truncated_normal,
        shape,
        mean,
        stddev,
        dtype,
        seed,
        name or "truncated_normal",
    )


def random_uniform(
    shape: Any,
    minval: Any = 0,
    maxval: Any = None,
    dtype: Any = float32,
    seed: int | None = None,
    name: str | None = None,
) -> Tensor:
    """Random numbers from `minval` to below `maxval`; integers, if the type is one.

    Raises:
        ValueError: `maxval` is missing for integers.
    """
    kind = as_dtype(dtype)
    if maxval is None:
        if kind.is_integer:
            raise ValueError("Must specify maxval for integer dtype")
        maxval = 1
    with get_default_graph().name_scope(name or "random_uniform") as scope:
        sizes = _Sizes(shape)
        low = convert_to_tensor(minval, kind, "min")
        high = convert_to_tensor(maxval, kind, "max")
        if kind.is_integer:
            return _drawn("RandomUniformInt", _integers(_known(low), _known(high)), sizes, kind, seed, scope)
        drawn = _drawn("RandomUniform", philox.uniform, sizes, kind, seed, None)
        scaled = multiply(drawn, subtract(high, low, name="sub"), name="mul")
    return add(scaled, low, name=scope)


def random_shuffle(value: Any, seed: int | None = None, name: str | None = None) -> Tensor:
    """The rows of a tensor in a random order."""
    attrs = {"draw": _permutation, "advance": _n_blocks, "seeds": _seeds(seed), "dtype": int64.numpy}

    def built(x: Node, name: str) -> Node:
        n_rows = x.shape[:1] if x.shape else (None,)
        order = _random(selections.shape_of(x), name=name, key=name, shape=n_rows, **attrs)
        return ops.stop_gradient(selections.gather(x, order), name=name)

    return apply("RandomShuffle", built, {"value": value}, name=name)


normal, uniform, shuffle = random_normal, random_uniform, random_shuffle
"""Their names in `tf.random`."""
