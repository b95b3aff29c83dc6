"""Static shapes, as scripts use them: `x.get_shape().as_list()`, `x.shape[0].value`."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator
from math import prod
from typing import Any

from lrfit.graph.shapes import Shape, fits

__all__ = ["Dimension", "TensorShape"]


class Dimension:
    """A size; its `value` is None if it is known only when the graph runs.

    Arithmetic with it gives a size; a comparison with one that is not known gives None.

    Raises:
        ValueError: It is not a whole number of 0 or more.
    """

    def __init__(self, value: Any) -> None:
        given = value.value if isinstance(value, Dimension) else value
        self.value: int | None = None if given is None else int(given)
        if self.value is not None and self.value != given:
            raise ValueError(f"Ambiguous dimension: {given!r}")
        if self.value is not None and self.value < 0:
            raise ValueError(f"Dimension {given} must be >= 0: None stands for a size that is not known")

    def __int__(self) -> int:
        return int(self.__index__())

    def __index__(self) -> int:
        if self.value is None:
            raise TypeError("the size is known only when the graph runs: tf.shape(x) has it then")
        return self.value

    def __eq__(self, other: object) -> bool | None:  # type: ignore[override]
        return _compared(operator.eq, self, other)

    def __ne__(self, other: object) -> bool | None:  # type: ignore[override]
        return _compared(operator.ne, self, other)

    def __lt__(self, other: object) -> bool | None:
        return _compared(operator.lt, self, other)

    def __le__(self, other: object) -> bool | None:
        return _compared(operator.le, self, other)

    def __gt__(self, other: object) -> bool | None:
        return _compared(operator.gt, self, other)

    def __ge__(self, other: object) -> bool | None:
        return _compared(operator.ge, self, other)

    def __hash__(self) -> int:
        return hash(self.value)

    def __add__(self, other: Any) -> Any:
        return _combined(operator.add, self, other)

    def __sub__(self, other: Any) -> Any:
        return _combined(operator.sub, self, other)

    def __rsub__(self, other: Any) -> Any:
        return _combined(operator.sub, other, self)

    def __mul__(self, other: Any) -> Any:
        return _combined(operator.mul, self, other)

    def __floordiv__(self, other: Any) -> Any:
        return _combined(operator.floordiv, self, other)

    def __mod__(self, other: Any) -> Any:
        return _combined(operator.mod, self, other)

    __radd__, __rmul__ = __add__, __mul__

    def __repr__(self) -> str:
        return f"Dimension({self.value})"

    def __str__(self) -> str:
        return "?" if self.value is None else str(self.value)


def _combined(combine: Callable[[int, int], int], a: Any, b: Any) -> Any:
    """The size that arithmetic makes of two; NotImplemented if one is not a size."""
    try:
        m, n = Dimension(a).value, Dimension(b).value
    except (TypeError, ValueError):
        return NotImplemented
    return Dimension(None if m is None or n is None else combine(m, n))


def _compared(compare: Callable[[int, int], bool], a: Dimension, b: object) -> bool | None:
    """The result of a comparison of two sizes; None if one of them is not known."""
    try:
        m, n = a.value, Dimension(b).value
    except (TypeError, ValueError):  # no size: the two differ
        return compare is operator.ne
    return None if m is None or n is None else compare(m, n)


class TensorShape:
    """A static shape: as far as it is known before the graph runs."""

    def __init__(self, dims: Any) -> None:
        self._sizes = static_shape(dims)

    @property
    def ndims(self) -> int | None:
        """Number of axes; None if it is not known."""
        return None if self._sizes is None else len(self._sizes)

    rank = ndims

    @property
    def dims(self) -> list[Dimension] | None:
        """All sizes; None if their number is not known."""
        return None if self._sizes is None else [Dimension(size) for size in self._sizes]

    def as_list(self) -> list[int | None]:
        """All sizes, with None for each that is not known.

        Raises:
            ValueError: Not even their number is known.
        """
        if self._sizes is None:
            raise ValueError("as_list() is not defined on an unknown TensorShape.")
        return list(self._sizes)

    def num_elements(self) -> int | None:
        """Number of elements; None if it is not known."""
        return prod(self.as_list()) if self.is_fully_defined() else None  # type: ignore[arg-type]

    def is_fully_defined(self) -> bool:
        """Whether all sizes are known."""
        return self._sizes is not None and None not in self._sizes

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a value can have both shapes, as far as they are known."""
        return fits(self._sizes, static_shape(other))

    def assert_is_compatible_with(self, other: Any) -> None:
        """Raise ValueError if no value can have both shapes."""
        if not self.is_compatible_with(other):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are incompatible")

    def merge_with(self, other: Any) -> TensorShape:
        """The shape of a value that has both shapes.

        Raises:
            ValueError: No value can have both.
        """
        sizes = static_shape(other)
        if not fits(self._sizes, sizes):
            raise ValueError(f"Shapes {self} and {TensorShape(other)} are not compatible")
        if self._sizes is None or sizes is None:
            return TensorShape(sizes if self._sizes is None else self._sizes)
        return TensorShape([n if m is None else m for m, n in zip(self._sizes, sizes, strict=True)])

    def concatenate(self, other: Any) -> TensorShape:
        """The sizes of this shape, followed by those of the other."""
        sizes = static_shape(other)
        return TensorShape(None if self._sizes is None or sizes is None else self._sizes + sizes)

    def with_rank(self, rank: int) -> TensorShape:
        """This shape, with `rank` axes.

        Raises:
            ValueError: It has a different number of axes.
        """
        if self.ndims not in (None, rank):
            raise ValueError(f"Shape {self} must have rank {rank}")
        return self.merge_with([None] * rank)

    def assert_has_rank(self, rank: int) -> None:
        """Raise ValueError if it has a different number of axes."""
        self.with_rank(rank)

    def __len__(self) -> int:
        if self._sizes is None:
            raise ValueError("Cannot take the length of shape with unknown rank.")
        return len(self._sizes)

    def __iter__(self) -> Iterator[Dimension]:
        return iter([Dimension(size) for size in self.as_list()])

    def __getitem__(self, key: Any) -> Any:
        found = self.as_list()[key]
        return TensorShape(found) if isinstance(key, slice) else Dimension(found)

    def __eq__(self, other: object) -> bool:
        return self._sizes == static_shape(other)

    def __hash__(self) -> int:
        return hash(self._sizes)

    def __bool__(self) -> bool:
        return self._sizes is not None

    def __repr__(self) -> str:
        return f"TensorShape({None if self.dims is None else self.dims})"

    def __str__(self) -> str:
        if self._sizes is None:
            return "<unknown>"
        texts = ["?" if size is None else str(size) for size in self._sizes]
        return f"({texts[0]},)" if len(texts) == 1 else f"({', '.join(texts)})"


def static_shape(shape: Any) -> Shape:
    """A shape in any form that scripts write it in: None, a number, a list, a `TensorShape`.

    Raises:
        ValueError: It is not a shape.
    """
    if isinstance(shape, TensorShape):
        return shape._sizes  # noqa: SLF001 (its own module)
    if shape is None:
        return None
    if isinstance(shape, (int, str, Dimension)) or not hasattr(shape, "__iter__"):
        shape = [shape]
    return tuple(Dimension(size).value for size in shape)
