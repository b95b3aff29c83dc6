"""Tables: files with the same columns, one behind the other, read as one.

Each file is opened when its turn comes, and is read by the reader of its format. The columns are found by
their names, so their order may differ from file to file.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from itertools import islice
from typing import Generic, Protocol, TypeAlias, TypeVar

from lrfit.data.block import Block
from lrfit.data.block_numbers import number_of
from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import ColumnChoice, choose_columns
from lrfit.data.condense import CondensedBlock, Recipe, condensed
from lrfit.data.csv.format import CsvFormat
from lrfit.data.kinds import Column
from lrfit.data.moments_file import MomentsFile
from lrfit.errors import DataError, LrfitError, NoRowsError
from lrfit.messages import shown
from lrfit.system.listener import Listener

__all__ = ["Table", "TableFile"]

T = TypeVar("T")


class TableFile(Protocol):
    """A file of a table, whose columns are known and whose rows can be read once."""

    @property
    def name(self) -> str:
        """The file's name in messages."""

    @property
    def format_name(self) -> str:
        """The name of the file's format in messages."""

    @property
    def header(self) -> tuple[str, ...]:
        """Names of all columns, in file order; "" for one without a name."""

    @property
    def header_text(self) -> str | None:
        """The header as it is written in CSV; None if the file has none."""

    @property
    def format(self) -> CsvFormat:
        """The way in which its rows, and what is added to them, are written in CSV."""

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the columns; empty if the file does not say."""

    @property
    def n_samples(self) -> int:
        """Number of rows read so far."""

    @property
    def n_dropped(self) -> int:
        """Number of rows left out so far because they lack a value."""

    @property
    def lost_digits(self) -> bool:
        """Whether an integer beyond 2^53 was read, which float64 may not hold exactly."""

    def named(self, request: ColumnRequest, note: Callable[[str], None]) -> ColumnRequest:
        """The request with the names of columns for positions and lists; see `named_columns`."""

    def map_blocks(
        self,
        function: Callable[[Block], T],
        columns: Sequence[Column],
        *,
        with_texts: bool = False,
        is_of_model: bool = False,
        keeps: bool = False,
    ) -> Iterator[tuple[int, T]]:
        """The number of each block that has rows and the result of `function` for it; see `Table`.

        With `keeps`, results are of type `CondensedBlock`, and the workers of a cluster keep their rows.
        """


OpenFile: TypeAlias = "Callable[[], AbstractContextManager[TableFile]]"
"""A function that opens a file of a table."""


class _Turn(Generic[T]):
    """A file that is opened before its turn. What goes wrong then is raised when its turn comes.

    Args:
        open_file: Opens the file.
        results: Maps the open file to its results.
    """

    def __init__(self, open_file: OpenFile, results: Callable[[TableFile], Iterator[tuple[int, T]]]) -> None:
        self._stack = ExitStack()
        self._error: LrfitError | None = None
        try:
            file = self._stack.enter_context(open_file())
            self._opened = file, results(file)
        except LrfitError as error:
            self._error = error

    def __enter__(self) -> tuple[TableFile, Iterator[tuple[int, T]]]:
        """The file, and its results."""
        if self._error:
            self.close()
            raise self._error
        return self._opened

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._stack.close()


class Table:
    """One or several files with the same columns.

    Args:
        first: The first file, which is open.
        others: Functions that open the other ones.
        n_ahead: Number of files that are opened before their turn.

    Attributes:
        n_samples: Number of rows of the files that are read.
        n_dropped: Number of their rows that were left out because they lack a value.
        lost_digits: Whether an integer beyond 2^53 was read, which float64 may not hold exactly.
    """

    def __init__(self, first: TableFile, others: Sequence[OpenFile] = (), *, n_ahead: int = 0) -> None:
        self._n_ahead = n_ahead
        self.n_samples = self.n_dropped = 0
        self.lost_digits = False
        self._first = first
        self._others = others
        self._request = ColumnRequest()
        self._names = first.header

    @property
    def name(self) -> str:
        """The table's name in messages."""
        return f"{1 + len(self._others)} files" if self._others else self._first.name

    @property
    def format_name(self) -> str:
        """The name of the first file's format in messages."""
        return self._first.format_name

    @property
    def header(self) -> tuple[str, ...]:
        """Names of all columns, in the order of the first file; "" for one without a name."""
        return self._first.header

    @property
    def header_text(self) -> str | None:
        """The header of the first file as it is written in CSV; None if it has none."""
        return self._first.header_text

    @property
    def format(self) -> CsvFormat:
        """The way in which rows of the first file are written in CSV."""
        return self._first.format

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the columns of the first file; empty if it does not say."""
        return self._first.units

    def named(self, request: ColumnRequest, note: Callable[[str], None]) -> ColumnRequest:
        """The request with the names of columns for positions and lists, which are those of the first file.

        A column that the header has no name for, but the request takes, is named by its position from now on.
        """
        self._request = request
        return self._first.named(request, note)

    def choose(self, request: ColumnRequest) -> ColumnChoice:
        """The columns that are read; see `choose_columns`.

        Args:
            request: The columns that are wanted, with their names, as `named` gives them.
        """
        if isinstance(self._first, MomentsFile):
            return self._first.choose(request)
        return choose_columns(self.header, request, source_name=self.name)

    def condensed(self, recipe: Recipe) -> Iterator[tuple[int, CondensedBlock]]:
        """The number of each block that has rows and what it is condensed to; raises as `map_blocks`."""

        def condensed_blocks(file: TableFile) -> Iterator[tuple[int, CondensedBlock]]:
            if isinstance(file, MomentsFile):
                return file.condensed(recipe)
            function, keeps = partial(condensed, recipe=recipe), recipe.keeps_values
            return file.map_blocks(function, recipe.choice.columns, keeps=keeps)

        return self._results(condensed_blocks(self._first), condensed_blocks)

    def map_blocks(
        self,
        function: Callable[[Block], T],
        columns: Sequence[Column],
        *,
        with_texts: bool = False,
        is_of_model: bool = False,
    ) -> Iterator[tuple[int, T]]:
        """The number of each block that has rows and the result of `function` for it, in order.

        If there are many rows, all cores work on them.

        Args:
            function: A function of a block and of nothing else. It may run in another process: a change that
                it makes to an object may be lost, and its result is pickled.
            columns: The columns whose values it needs.
            with_texts: Whether it also needs the rows as they were written.
            is_of_model: Whether a model says which columns these are, for messages.

        Raises:
            DataError: A column does not exist (of the first file, raised at once). Or there are no rows, a
                file lacks a column that another has or cannot be read, or a value cannot be used (raised when
                it is read). The message names the place.
        """

        def mapped(file: TableFile) -> Iterator[tuple[int, T]]:
            return file.map_blocks(function, columns, with_texts=with_texts, is_of_model=is_of_model)

        return self._results(mapped(self._first), mapped)

    def _results(
        self, of_first: Iterator[tuple[int, T]], mapped: Callable[[TableFile], Iterator[tuple[int, T]]]
    ) -> Iterator[tuple[int, T]]:
        empty: NoRowsError | None = None
        for i, (file, results) in enumerate(self._turns(of_first, mapped)):
            try:
                for number, result in results:
                    yield number_of(number, file=i), result
            except NoRowsError as error:
                empty = empty or error
            self.n_samples += file.n_samples
            self.n_dropped += file.n_dropped
            self.lost_digits |= file.lost_digits
        if empty and not self.n_samples:
            raise empty

    def _turns(
        self, of_first: Iterator[tuple[int, T]], mapped: Callable[[TableFile], Iterator[tuple[int, T]]]
    ) -> Iterator[tuple[TableFile, Iterator[tuple[int, T]]]]:
        """Each file, open, and its results; some are opened ahead, so that workers have what to do."""

        def results(file: TableFile) -> Iterator[tuple[int, T]]:
            self._check_columns(file)
            file.named(self._request, Listener().note)
            return mapped(file)

        others = (_Turn(open_file, results) for open_file in self._others)
        waiting = deque(islice(others, self._n_ahead))
        try:
            yield self._first, of_first
            while turn := waiting.popleft() if waiting else next(others, None):
                waiting.extend(islice(others, bool(self._n_ahead)))
                with turn as opened:
                    yield opened
        finally:
            for turn in waiting:
                turn.close()

    def _check_columns(self, file: TableFile) -> None:
        """Refuse a file whose columns have other names than those of the first file.

        Moments have the columns that were chosen alone, which are checked when they are read.
        """
        if isinstance(file, MomentsFile) or isinstance(self._first, MomentsFile):
            return
        first, other = Counter(self._names), Counter(file.header)
        for lacking, has, names in (
            (file.name, self._first.name, first - other),
            (self._first.name, file.name, other - first),
        ):
            if names:
                name = next(iter(names))
                column = f"column {shown(name)}" if name else "column without a name"
                raise DataError(
                    f"{lacking} has no {column}, which {has} has: all files need the same columns"
                )
