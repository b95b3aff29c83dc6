"""The tally of a file: how many rows were read or left out so far, and what is said of missing values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NoReturn, TypeAlias, TypeVar

from lrfit.data.block import BlockCounts
from lrfit.errors import DataError, NoRowsError
from lrfit.messages import listed, spelled

__all__ = ["Answer", "Tallied", "Tally"]

T = TypeVar("T")

Answer: TypeAlias = "tuple[BlockCounts, T | None]"
"""The counts of a block, and the result for it; None if there is no row to work on."""


class Tally:
    """The counts of the blocks of a file so far.

    Args:
        drops: Whether rows that lack a value are left out. If not, they are an error.
        is_prompt: Whether the first missing value raises that error at once; otherwise all are counted first.

    Attributes:
        n_samples: Number of rows read.
        n_dropped: Number of rows that lack a value.
        lost_digits: Whether an integer beyond 2^53 was read, which float64 may not hold exactly.
    """

    def __init__(self, *, drops: bool, is_prompt: bool) -> None:
        self.n_samples = 0
        self.n_dropped = 0
        self.lost_digits = False
        self._drops = drops
        self._is_prompt = is_prompt
        self._missing_of_columns: tuple[int, ...] = ()

    def results(
        self, answers: Iterator[tuple[int, Answer[T]]], columns: Iterable[str], nothing: str
    ) -> Iterator[tuple[int, T]]:
        """The number of each block that has rows, and its result; counts all blocks on the way.

        Args:
            answers: For each block, its number, its counts and its result.
            columns: Names of the columns that are read.
            nothing: The message on a file without rows, but for what follows "without a missing value".

        Raises:
            DataError: A value is missing, and such rows are not left out.
            NoRowsError: There are no rows.
        """
        for number, (counts, result) in answers:
            self._count(counts)
            if counts.n_missing and not self._drops:
                self._refuse_missing(counts.first_missing, () if self._is_prompt else answers)
            if result is not None:
                yield number, result
        if not self.n_samples:
            raise NoRowsError(f"{nothing}{self._emptied_by(columns)}")

    def _count(self, counts: BlockCounts) -> None:
        self.n_samples += counts.n_rows
        self.n_dropped += counts.n_missing
        if counts.missing_of_columns:
            before = self._missing_of_columns or (0,) * len(counts.missing_of_columns)
            self._missing_of_columns = tuple(map(sum, zip(before, counts.missing_of_columns, strict=True)))
        self.lost_digits |= counts.lost_digits

    def _refuse_missing(self, where: str, answers: Iterable[tuple[int, Answer[T]]]) -> NoReturn:
        """Count the missing values of the other blocks, too, and raise an error."""
        for _, (counts, _) in answers:
            self._count(counts)
        found = f"{self.n_dropped} rows have missing values; the first is here"
        if self.n_dropped == 1:
            found = "a missing value"
        raise DataError(f"{where}: {found}; {spelled(missing='drop')} leaves such rows out")

    def _emptied_by(self, columns: Iterable[str]) -> str:
        """The end of the message on a table without rows, with the columns that lack a value in each row."""
        if not self.n_dropped:
            return ""
        empty = [
            name
            for name, n_missing in zip(columns, self._missing_of_columns, strict=True)
            if n_missing == self.n_dropped
        ]
        if not empty:
            return " without a missing value"
        return (
            f" without a missing value: no row has a value of {listed(empty)}; "
            f"{spelled(drop=','.join(empty))} leaves it out"
        )


class Tallied:
    """A file with a tally, which says what was read of it so far; see `TableFile`.

    Args:
        tally: Its tally.
    """

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    @property
    def n_samples(self) -> int:
        """Number of rows read so far."""
        return self._tally.n_samples

    @property
    def n_dropped(self) -> int:
        """Number of rows left out so far because they lack a value."""
        return self._tally.n_dropped

    @property
    def lost_digits(self) -> bool:
        """Whether an integer beyond 2^53 was read, which float64 may not hold exactly."""
        return self._tally.lost_digits
