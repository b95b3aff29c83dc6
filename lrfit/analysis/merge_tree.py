"""Merging in one fixed order, so that the last bits do not depend on who merges what.

To merge moments is associative but for rounding. So the parts of a table are merged in a binary tree over
their numbers: two numbers are in one subtree for as many levels as their leading bits are the same. Numbers
that have no part are skipped. An aligned range of 2^k numbers is one subtree, which another process can merge
by itself. The error of a tree grows with the logarithm of the number of parts, that of a chain with their
number: after 20,000 parts, 2.3e-16 and 1.5e-14 of a covariance.
"""

from __future__ import annotations

from typing import Generic, Protocol, Self, TypeVar

from lrfit.errors import DataError

__all__ = ["MergeTree", "Mergeable"]


class Mergeable(Protocol):
    """Whatever can be merged."""

    def merge(self, other: Self) -> Self:
        """Both together; associative except for rounding."""


T = TypeVar("T", bound=Mergeable)


class MergeTree(Generic[T]):
    """Parts that are added in the order of their numbers, and merged as early as can be.

    So it holds no more parts than a number has bits.

    Examples:
        >>> class Text(str):
        ...     def merge(self, other):
        ...         return Text(f"({self}{other})")
        >>> tree = MergeTree()
        >>> for number, part in enumerate("abcdefg"):
        ...     tree.add(number, Text(part))
        >>> tree.total()
        '(((ab)(cd))((ef)g))'
    """

    def __init__(self) -> None:
        self._parts: list[tuple[int, T]] = []

    def add(self, number: int, part: T) -> None:
        """Add a part, whose number is larger than those before."""
        # The length of a ^ b tells at which level the subtrees of a and b meet.
        while len(self._parts) > 1 and self._parts[-2][0] ^ self._parts[-1][0] < self._parts[-1][0] ^ number:
            self._merge_last()
        self._parts.append((number, part))

    def __bool__(self) -> bool:
        """Whether there are parts."""
        return bool(self._parts)

    def _merge_last(self) -> None:
        _, right = self._parts.pop()
        number, left = self._parts.pop()
        self._parts.append((number, left.merge(right)))

    def total(self) -> T:
        """All parts together.

        Raises:
            DataError: There are no parts.
        """
        if not self._parts:
            raise DataError("there are no rows")
        while len(self._parts) > 1:
            self._merge_last()
        return self._parts[0][1]
