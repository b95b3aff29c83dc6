"""Numbers of blocks: the file, the part of it, and the block in this part, in one number that grows.

A part is what a worker of a cluster keeps, and what `shuffle_parts` shuffles: 64 blocks of a CSV (all of one
that can only be read in one go, such as a packed one), or a row group of Parquet. It depends on the file
alone. In the `MergeTree`, the blocks of a part are one subtree, and so are those of a file.
"""

from __future__ import annotations

__all__ = ["file_of", "number_of", "part_of"]

_PART_BITS = 20
"""Number of bits that count the blocks of a part."""

_FILE_BITS = 60
"""Number of bits that count the blocks of a file: 2^40 parts, more than any file has."""


def number_of(block: int, *, part: int = 0, file: int = 0) -> int:
    """The number of a block.

    Args:
        block: Its number in its part.
        part: The part.
        file: The file.

    Examples:
        >>> part_of(number_of(3, part=7, file=2)) == part_of(number_of(4, part=7, file=2))
        True
        >>> file_of(number_of(3, part=7, file=2))
        2
    """
    return file << _FILE_BITS | part << _PART_BITS | block


def file_of(number: int) -> int:
    """The number of the file that a block is from."""
    return number >> _FILE_BITS


def part_of(number: int) -> int:
    """A number that the blocks of a part share, and no others."""
    return number >> _PART_BITS
