"""A Parquet file spread over a cluster: each worker reads some of its row groups."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, BinaryIO, Generic, NamedTuple, TypeVar

from lrfit.analysis.merge_tree import MergeTree
from lrfit.data.block import BlockCounts
from lrfit.data.columnar.source import Batch, ParquetSource
from lrfit.data.file_mark import FileMark, open_marked
from lrfit.data.tally import Answer
from lrfit.errors import DataError
from lrfit.system.files import rooted
from lrfit.system.memory import keep_freed_memory

if TYPE_CHECKING:
    from lrfit.system.cluster import Cluster, Kept

__all__ = ["spread_answers"]

T = TypeVar("T")


@dataclass(frozen=True)
class _RowGroup:
    """A row group of a Parquet file.

    Attributes:
        path: Path of the file, from the root; or its address.
        name: Its name in messages.
        mark: What tells that this is the file.
        group: Index of the row group.
        positions: Positions of the columns that are read.
    """

    path: str
    name: str
    mark: FileMark
    group: int
    positions: tuple[int, ...]


class _GroupAnswer(NamedTuple, Generic[T]):
    """The number of the first batch of a row group, the answer for all, and the error that ended the work."""

    number: int
    answer: Answer[T]
    refusal: str | None


def spread_answers(
    cluster: Cluster,
    source: ParquetSource,
    file: tuple[str, BinaryIO],
    positions: Sequence[int],
    work: Callable[[Batch], tuple[int, Answer[T]]],
    *,
    keeps: bool = False,
) -> Iterator[tuple[int, Answer[T]]]:
    """The number of the first batch of each row group, the counts of its batches, and their results merged.

    Args:
        cluster: The workers.
        source: The file.
        file: Its path, and the open file.
        positions: Positions of the columns that are read.
        work: The work on a batch.
        keeps: Whether the results are of type `CondensedBlock`, whose rows stay on the workers.

    Raises:
        DataError: A batch is refused; the message names the row.
        ClusterError: The cluster is lost.
    """
    path, stream = file
    mark, place = FileMark.of(stream), rooted(path)
    groups = (
        _RowGroup(place, source.name, mark, group, tuple(positions)) for group in range(source.n_groups)
    )
    answers = _keeping(cluster, groups, work) if keeps else cluster.map(partial(_work_on, work=work), groups)
    return _checked(answers, source)


def _checked(
    answers: Iterator[tuple[_RowGroup, _GroupAnswer[T]]], source: ParquetSource
) -> Iterator[tuple[int, Answer[T]]]:
    for some, (number, answer, refusal) in answers:
        if refusal is not None:
            raise DataError(refusal)
        yield number, answer
        source.on_group(some.group + 1, source.n_groups)


def _keeping(
    cluster: Cluster, groups: Iterator[_RowGroup], work: Callable[[Batch], tuple[int, Answer[Any]]]
) -> Iterator[tuple[_RowGroup, _GroupAnswer[Any]]]:
    """Each row group, and the work on it but for its rows, which stay where they are."""
    done = cluster.map_keeping(partial(_parted_work, work=work), groups)
    return ((some, _with_rows(answer, kept)) for some, answer, kept in done)


def _with_rows(done: _GroupAnswer[Any], kept: Kept) -> _GroupAnswer[Any]:
    counts, result = done.answer
    return done._replace(answer=(counts, result and result._replace(remote=kept)))


def _parted_work(
    some: _RowGroup, work: Callable[[Batch], tuple[int, Answer[Any]]]
) -> tuple[_GroupAnswer[Any], Any]:
    done = _work_on(some, work)
    counts, result = done.answer
    if result is None:
        return done, None
    without, rows = result.parted()
    return done._replace(answer=(counts, without)), rows


def _work_on(some: _RowGroup, work: Callable[[Batch], tuple[int, Answer[T]]]) -> _GroupAnswer[T]:
    """Work on the batches of a row group, and merge the results."""
    keep_freed_memory()
    tree: MergeTree[Any] = MergeTree()
    counts, first = BlockCounts(0, 0), None
    with open_marked(some.path, some.mark) as stream:
        source = ParquetSource(stream, some.name, lambda done, n_groups: None)  # noqa: ARG005
        try:
            for batch in source.batches_of_group(some.group, some.positions):
                number, (of_batch, result) = work(batch)
                first = number if first is None else first
                counts = counts.merge(of_batch)
                if result is not None:
                    tree.add(number, result)
        except DataError as error:
            return _GroupAnswer(0, (counts, None), str(error))
    return _GroupAnswer(first or 0, (counts, tree.total() if tree else None), None)
