"""Files of moments, which take the place of the files of rows that they were condensed from.

`lrfit condense` writes them wherever the rows are: over ssh, in a job array, every night. They give the same
numbers as the rows: to the bit, where each is of one file.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator, Sequence
from typing import BinaryIO, NoReturn, TypeVar

from lrfit.data.block import Block
from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import ColumnChoice, columns_of_model
from lrfit.data.condense import CondensedBlock, Part, Recipe
from lrfit.data.csv.format import CsvFormat
from lrfit.data.extremes import Extremes
from lrfit.data.kinds import Column
from lrfit.errors import DataError, UsageError
from lrfit.messages import shown, spelled

__all__ = ["MomentsFile"]

T = TypeVar("T")


class MomentsFile:
    """A file of moments, in the place of a file of rows; see `TableFile`.

    Args:
        stream: The open file.
        name: The file's name in messages.

    Raises:
        DataError: It is no document of moments.
    """

    header_text = None
    format = CsvFormat()
    format_name = "moments"
    n_dropped = 0

    def __init__(self, stream: BinaryIO, name: str) -> None:
        from lrfit.data.moments_document import FORMAT  # noqa: PLC0415 (most runs read rows)
        from lrfit.system.documents import MAX_BYTES  # noqa: PLC0415

        self.name = name
        try:
            self._document = FORMAT.read(
                FORMAT.parse(stream.read(MAX_BYTES + 1).removeprefix(codecs.BOM_UTF8))
            )
            self._document.check_names()
            self._moments = [self._document.moments(group) for group in self._document.groups]
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror or error}") from error
        except ValueError as error:
            raise DataError(f"{name} has no moments that this version reads: {error}") from error
        self.n_samples = sum(moments.n_samples for moments in self._moments)
        self.lost_digits = self._document.lost_digits

    @property
    def choice(self) -> ColumnChoice:
        """The columns whose moments it has."""
        return self._document.choice

    @property
    def header(self) -> tuple[str, ...]:
        """Names of all columns."""
        return tuple(column.name for column in self.choice.columns)

    @property
    def units(self) -> tuple[str, ...]:
        """Units of the columns."""
        return tuple(self._document.units.get(name, "") for name in self.header)

    def named(self, request: ColumnRequest, note: Callable[[str], None]) -> ColumnRequest:  # noqa: ARG002
        """The request as it is."""
        return request

    def choose(self, request: ColumnRequest) -> ColumnChoice:
        """The columns, which were chosen when it was condensed; a model that is resumed has the same.

        Raises:
            UsageError: Others are wanted.
        """
        if request.known:
            return ColumnChoice(
                columns_of_model(request.known, request.x), request.y or "", request.weights, request.by
            )
        if request != ColumnRequest():
            raise UsageError(
                f"{self.name} has moments, and its columns were chosen when it was condensed: leave out the "
                "options that choose columns"
            )
        return self.choice

    def map_blocks(
        self,
        function: Callable[[Block], T],  # noqa: ARG002
        columns: Sequence[Column],  # noqa: ARG002
        *,
        with_texts: bool = False,  # noqa: ARG002
        is_of_model: bool = False,  # noqa: ARG002
        keeps: bool = False,  # noqa: ARG002
    ) -> Iterator[tuple[int, T]]:
        """Refused: there are no rows."""
        self._refuse("rows are needed")

    def condensed(self, recipe: Recipe) -> Iterator[tuple[int, CondensedBlock]]:
        """The moments as those of a block.

        Raises:
            DataError: It has those of other columns, or the rows are needed.
        """
        _check_same(self.choice, recipe.choice, self.name)
        if recipe.hold_out:
            self._refuse(f"no rows can be held out: {spelled(validation=...)} names a file to validate on")
        if recipe.needs_rows:
            self._refuse(f"{spelled(batch_size='full')} is what they are for")
        none = recipe.no_moments()
        parts = {
            group.level or "": Part(moments.n_samples, tuple(group.fingerprints), moments, none)
            for group, moments in zip(self._document.groups, self._moments, strict=True)
        }
        yield 0, CondensedBlock(parts, Extremes.empty(len(recipe.numbers)))

    def _refuse(self, why: str) -> NoReturn:
        raise DataError(f"{self.name} has moments and no rows: {why}")


def _check_same(here: ColumnChoice, wanted: ColumnChoice, name: str) -> None:
    """Refuse moments of other columns than are wanted."""
    for what, one, other in zip(("features", "target", "weights", "groups"), here, wanted, strict=True):
        if _plain(one) != _plain(other):
            advice = ""
            if what == "features" and {c.name for c in here.features} == {c.name for c in wanted.features}:
                advice = f": condense all with {spelled(x=tuple(c.name for c in wanted.features))}"
            raise DataError(f"{name} was condensed with {what} {_said(one)}, not {_said(other)}{advice}")


def _plain(columns: object) -> object:
    """Columns without their levels."""
    return [(c.name, c.kind) for c in columns] if isinstance(columns, tuple) else columns


def _said(columns: object) -> str:
    if isinstance(columns, tuple):
        return ", ".join(shown(c.name) + f" ({c.kind})" * (c.kind != "number") for c in columns)
    return "none" if columns is None else shown(str(columns))
