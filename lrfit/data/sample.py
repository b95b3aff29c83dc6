"""Samples: the rows of a table, or of a group in it, condensed to their moments and a fingerprint."""

from __future__ import annotations

import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from lrfit.analysis.merge_tree import MergeTree
from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.block_numbers import file_of, part_of
from lrfit.data.columns import check_features
from lrfit.data.condense import AnyMoments, KeptRows, Part, Recipe
from lrfit.data.kinds import Column
from lrfit.errors import DataError
from lrfit.messages import listed, shown, spelled

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut
    from lrfit.data.level_rows import LevelRows
    from lrfit.data.row_store import RowStore
    from lrfit.data.spread_rows import RemotePart, SpreadRows
    from lrfit.system.cluster import Kept

__all__ = ["Gathering", "Keeping", "Sample"]


@dataclass(frozen=True, eq=False)
class Sample:
    """The rows of a table, or of a group in it, in a few numbers.

    Attributes:
        columns: The features as they were read, with the levels of categories, sorted.
        moments: Moments of the rows to train on.
        held_out: Moments of the rows held out; None if no rows were to be held out.
        fingerprint: A hash of all values in order, held out or not: 16 hexadecimal digits. It shows whether
            the data have changed since the run that is resumed; it is no protection against malice. Equal
            values may have different fingerprints, because blocks are cut by bytes: a change of line ends, of
            a column that is not read, or of "1.5" to "1.50" moves the cuts.
        rows: The rows to train on, (x, y) and the weight if there is one; None if they were not kept.
        part_sizes: Number of these rows in each part; see `lrfit.data.block_numbers`.
        spread_rows: The same rows, where the workers of a cluster keep them; None if none do.
        repeats_file: Whether two of the files have the same rows.
    """

    columns: tuple[Column, ...]
    moments: Moments
    held_out: Moments | None
    fingerprint: str
    rows: RowStore | LevelRows | None = None
    part_sizes: tuple[int, ...] = ()
    spread_rows: SpreadRows | None = None
    repeats_file: bool = False


class Keeping(NamedTuple):
    """The rows that are kept, beside their moments.

    Attributes:
        most: The rows are kept if there are no more than this.
        max_memory: Bytes that they may take; beyond it a scratch file holds them. Half of what is available
            if None.
    """

    most: float = 0
    max_memory: int | None = None


class Gathering:
    """The blocks of a table, or of a group in it, merged so far.

    Args:
        recipe: How the blocks were condensed.
        keeping: Which rows are kept.
        group: Name of the group; "" where there are none.
    """

    def __init__(self, recipe: Recipe, keeping: Keeping, group: str = "") -> None:
        self._group = group
        self._remote: list[RemotePart] = []
        self._some_are_here = False
        self._recipe = recipe
        self._most = inf if recipe.holds_out_last else keeping.most
        self._keeps = bool(keeping.most)
        self._store = _row_store(keeping.max_memory) if recipe.keeps_values else None
        self._pieces: list[tuple[int, int, AnyMoments]] = []
        self._n_rows = 0
        self._part_sizes: dict[int, int] = {}
        self._marks: defaultdict[int, _Marks] = defaultdict(_Marks)
        self._levels: list[dict[str, int]] = [
            {level: i for i, level in enumerate(column.levels or ())} for column in recipe.choice.features
        ]
        self._training: MergeTree[AnyMoments] = MergeTree()
        self._held_out: MergeTree[AnyMoments] = MergeTree()

    def add(self, number: int, part: Part, remote: Kept | None = None) -> None:
        """Add the rows of the block of this number; `remote` are those that a worker keeps, if one does."""
        self._n_rows += part.n_rows
        self._marks[file_of(number)].add(part.marks)
        n_training = part.training.n_samples
        self._part_sizes[part_of(number)] = self._part_sizes.get(part_of(number), 0) + n_training
        self._training.add(number, part.training)
        self._held_out.add(number, part.held_out)
        if self._recipe.holds_out_last:
            self._pieces.append((number, part.n_rows, part.training))
        self._some_are_here |= n_training > 0 and remote is None
        if remote is not None and n_training:
            from lrfit.data.spread_rows import RemotePart  # noqa: PLC0415 (few runs have a cluster)

            self._remote.append(RemotePart(remote, self._group, n_training))
        if self._remote and self._some_are_here and self._recipe.needs_rows:
            raise DataError(
                "mini-batches on a cluster: its workers must read all files, but standard input and Arrow "
                "files are read by this process alone: leave them out"
            )
        self._keep(part.kept)

    def _keep(self, kept: tuple[KeptRows, ...] | None) -> None:
        """Keep the rows of a block here; none at all, if some are not there."""
        if kept is None:
            self._store = None
        for rows in kept or ():
            if self._store is not None and len(self._store) <= self._most:
                self._store.append(self._with_own_places(rows.values, rows.levels).T)

    def _with_own_places(self, values: Array, levels: Sequence[tuple[str, ...]]) -> Array:
        """The values, with the places that levels have in all blocks so far."""
        if not self._recipe.categories:
            return values
        values = values.copy()
        for i in self._recipe.categories:
            own = self._levels[i]
            places = np.array([own.setdefault(level, len(own)) for level in levels[i]], dtype=np.float64)
            values[i] = places[values[i].astype(np.intp)]
        return values

    def sample(self, source_name: str) -> Sample:
        """The sample of all rows."""
        training, held_out = self._training.total(), self._held_out.total()
        hold_out, store = self._recipe.hold_out, self._store
        if hold_out is not None and hold_out.is_last and store is not None:
            training, held_out = self._split(store, hold_out)
        _check_split(self._n_rows, training, held_out if hold_out else None, source_name)
        columns, of_files = self._columns(training), self.fingerprints
        check_features(columns, source_name)
        return Sample(
            columns,
            self._of_features(training, columns),
            self._of_features(held_out, columns) if hold_out else None,
            of_files[0] if len(of_files) == 1 else str(_Hash(repr(of_files))),
            self._rows(),
            self._sizes(training.n_samples),
            self._spread_rows(columns),
            self.repeats_file,
        )

    @property
    def repeats_file(self) -> bool:
        """Whether two of the files have the same rows."""
        return len(set(self.fingerprints)) < len(self.fingerprints)

    @property
    def fingerprints(self) -> list[str]:
        """The fingerprint of each file."""
        return [text for marks in self._marks.values() for text in marks.fingerprints()]

    def moments(self) -> AnyMoments:
        """The moments of the rows to train on; by level, where some features are words."""
        return self._training.total()

    def _sizes(self, n_rows: int) -> tuple[int, ...]:
        """Number of rows of each part that has some; the last of all may be held out, but for `n_rows`."""
        ends = np.minimum(np.cumsum([*self._part_sizes.values()]), n_rows)
        return tuple(int(size) for size in np.diff(ends, prepend=0) if size)

    def _split(self, store: RowStore, hold_out: HoldOut) -> tuple[AnyMoments, AnyMoments]:
        """The moments of the rows but for the last ones, and those of the last ones."""
        none = self._held_out.total()  # the moments of no rows
        training: MergeTree[AnyMoments] = MergeTree()
        held_out: MergeTree[AnyMoments] = MergeTree()
        n_training = len(store) - hold_out.n_last(len(store))
        levels = [tuple(own) for own in self._levels]
        start = 0
        for number, n_rows, piece in self._pieces:
            n_first = min(max(n_training - start, 0), n_rows)
            if n_first in (0, n_rows):
                first, last = (piece, none) if n_first else (none, piece)
            else:
                columns = store.rows()[start : start + n_rows].T
                first, last = (
                    self._recipe.moments(half, levels) for half in np.split(columns, [n_first], axis=1)
                )
            training.add(number, first)
            held_out.add(number, last)
            start += n_rows
        store.keep_first(n_training)
        return training.total(), held_out.total()

    def _columns(self, training: AnyMoments) -> tuple[Column, ...]:
        """The features with the levels that occur, or that were known before."""
        if isinstance(training, Moments):
            return self._recipe.choice.features
        found = iter(training.levels())
        return tuple(
            _with_levels(column, next(found)) if column.kind == "category" else column
            for column in self._recipe.choice.features
        )

    def _of_features(self, moments: AnyMoments, columns: Sequence[Column]) -> Moments:
        """The moments of all features and the target."""
        if isinstance(moments, Moments):
            return moments
        numbers, indicators, place = [], [], 0
        for column in columns:
            levels = (column.levels or ())[1:]
            if column.kind == "category":
                indicators.append([(place + i, level) for i, level in enumerate(levels)])
                place += len(levels)
            else:
                numbers.append(place)
                place += 1
        for known, names in zip([c for c in columns if c.levels is not None], moments.levels(), strict=False):
            if unknown := sorted(set(names) - set(known.levels or ())):
                raise DataError(
                    f"column {shown(known.name)} has {listed(unknown)} only in rows held out: "
                    f"raise the share to train on, or change {spelled(seed=...)}"
                )
        return moments.moments([*numbers, place], indicators)

    def _spread_rows(self, columns: Sequence[Column]) -> SpreadRows | None:
        """The rows to train on that workers keep."""
        if not self._remote or self._some_are_here:
            return None
        from lrfit.data.spread_rows import SpreadRows  # noqa: PLC0415 (few runs have a cluster)

        return SpreadRows(tuple(self._remote), tuple(columns))

    def _rows(self) -> RowStore | LevelRows | None:
        """The rows to train on, if they were kept here and are not too many."""
        if self._store is None or not self._keeps or len(self._store) > self._most:
            return None
        if not self._recipe.categories:
            return self._store
        from lrfit.data.level_rows import LevelRows  # noqa: PLC0415 (most data have no words)

        features = zip(self._recipe.choice.features, self._levels, strict=True)
        return LevelRows(
            self._store,
            [c._replace(levels=tuple(own)) if c.kind == "category" else c for c, own in features],
        )


class _Marks:
    """The marks of the blocks of a file, hashed as they are added."""

    def __init__(self) -> None:
        self._of_files: list[str] = []
        self._n_blocks = 0
        self._hash = _Hash("(")

    def add(self, marks: Sequence[tuple[int, int] | str]) -> None:
        """Add the marks of some blocks, or the fingerprints of files that they were condensed from."""
        for mark in marks:
            if isinstance(mark, str):
                self._of_files.append(mark)
            else:
                self._hash = self._hash.then(f"{', ' if self._n_blocks else ''}{mark!r}")
                self._n_blocks += 1

    def fingerprints(self) -> list[str]:
        """The fingerprint of all blocks; or those of the files that they were condensed from."""
        return self._of_files or [str(self._hash.then(",)" if self._n_blocks == 1 else ")"))]


class _Hash:
    """A hash of text: 16 hexadecimal digits."""

    def __init__(self, text: str, crc32: int = 0, adler32: int = 1) -> None:
        self._crc32, self._adler32 = zlib.crc32(text.encode(), crc32), zlib.adler32(text.encode(), adler32)

    def then(self, text: str) -> _Hash:
        """The hash of its text and more."""
        return _Hash(text, self._crc32, self._adler32)

    def __str__(self) -> str:
        return f"{self._crc32:08x}{self._adler32:08x}"


def _with_levels(column: Column, levels: tuple[str, ...]) -> Column:
    """The column with the levels that were found, unless they were known before."""
    return column._replace(levels=levels) if column.levels is None else column


def _row_store(max_bytes: int | None) -> RowStore:
    from lrfit.data.row_store import RowStore  # noqa: PLC0415 (full batches need no rows)

    return RowStore(max_bytes)


def _check_split(n_rows: int, training: AnyMoments, held_out: AnyMoments | None, source_name: str) -> None:
    """Refuse a sample of which a part has no rows."""
    if not n_rows:
        raise DataError(f"{source_name}: there are no rows")
    if held_out and not held_out.n_samples:
        raise DataError(
            f"{source_name}: no row is held out of {n_rows}: raise {spelled(validation_fraction=...)}"
        )
    if not training.n_samples:
        raise DataError(
            f"{source_name}: all rows ({n_rows}) are held out, and none is left to train on: "
            f"lower {spelled(validation_fraction=...)}"
        )
