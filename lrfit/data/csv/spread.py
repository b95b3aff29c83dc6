"""A CSV file spread over a cluster: workers read its ranges, and what they refuse is looked at again here.

A worker does not know how many lines are before its range. So it gives back where a block was refused, or
where the first value is missing, and this process reads that block again, with the number of its first line:
the message is that of a run without a cluster.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

from lrfit.data.block import BlockCounts
from lrfit.data.csv.blocks import csv_number
from lrfit.data.csv.ranges import BlockRange, Place, RangeAnswer, Work, work_on
from lrfit.data.csv.whole_file import FileAnswer, WholeFile, work_on_file
from lrfit.errors import ClusterError, DataError
from lrfit.system.files import open_stream

if TYPE_CHECKING:
    from lrfit.system.cluster import Cluster, Kept

__all__ = ["spread_answers", "whole_answers"]

T = TypeVar("T")


def spread_answers(
    cluster: Cluster,
    ranges: Iterable[BlockRange],
    work: Work[T],
    line: int,
    *,
    on_read: Callable[[int], None],
    keeps: bool = False,
) -> Iterator[tuple[int, tuple[BlockCounts, T | None]]]:
    """The number of the first block of each range, the counts of its blocks, and their results merged.

    Args:
        cluster: The workers.
        ranges: The ranges of a file, one behind the other.
        work: The work on a block.
        line: Number of the first line.
        on_read: Told how many bytes of the file are read.
        keeps: Whether the results are of type `CondensedBlock`, whose rows stay on the workers.

    Raises:
        DataError: A block is refused; the message names the line.
        ClusterError: The cluster is lost.
    """
    answers = partial(_keeping if keeps else _sent, cluster, work)
    return _checked(answers(ranges), answers, work, line, on_read)


def whole_answers(
    cluster: Cluster, some: WholeFile, work: Work[T], *, keeps: bool = False
) -> Iterator[tuple[int, tuple[BlockCounts, T | None]]]:
    """The counts of all blocks of a file that one worker reads, and their results merged.

    Args:
        cluster: The workers.
        some: The file.
        work: The work on a block.
        keeps: Whether the results are of type `CondensedBlock`, whose rows stay on the worker.

    Raises:
        DataError: A block is refused; the message names the line.
        ClusterError: The cluster is lost.
    """
    if keeps:
        done = cluster.map_keeping(partial(_parted_file, work=work), [some])
        kept = ((answer, rows) for _, answer, rows in done)
        return (_of_file(answer, rows) for answer, rows in kept)
    return (_of_file(answer) for _, answer in cluster.map(partial(work_on_file, work=work), [some]))


def _of_file(answer: FileAnswer[Any], rows: Kept | None = None) -> tuple[int, tuple[BlockCounts, Any]]:
    if answer.refusal is not None:
        raise DataError(answer.refusal)
    result = answer.result
    return 0, (answer.counts, result._replace(remote=rows) if result is not None and rows else result)


def _parted_file(some: WholeFile, work: Work[Any]) -> tuple[FileAnswer[Any], Any]:
    answer = work_on_file(some, work)
    if answer.result is None:
        return answer, None
    result, rows = answer.result.parted()
    return answer._replace(result=result), rows


def _checked(
    first: Iterator[tuple[BlockRange, RangeAnswer[T]]],
    answers: Callable[[Iterable[BlockRange]], Iterator[tuple[BlockRange, RangeAnswer[T]]]],
    work: Work[T],
    line: int,
    on_read: Callable[[int], None],
) -> Iterator[tuple[int, tuple[BlockCounts, T | None]]]:
    """The answers for ranges; a range within quotes is read again, and what was refused, here."""
    is_quoted = False
    for some, answer in first:
        if is_quoted:  # it was read as if no quote were open
            some, answer = next(answers([replace(some, is_quoted=True)]))  # noqa: PLW2901
        if answer.refused:
            _raise(some, answer.refused, work, line)
        on_read(some.end_byte)
        yield csv_number(some.first), (_with_lines(some, answer, work, line), answer.result)
        line += answer.counts.n_lines
        is_quoted = answer.ends_quoted


def _sent(
    cluster: Cluster, work: Work[T], ranges: Iterable[BlockRange]
) -> Iterator[tuple[BlockRange, RangeAnswer[T]]]:
    """Each range, and the work on it, which is sent to this process."""
    return cluster.map(partial(work_on, work=work), ranges)


def _keeping(
    cluster: Cluster, work: Work[Any], ranges: Iterable[BlockRange]
) -> Iterator[tuple[BlockRange, RangeAnswer[Any]]]:
    """The same, but for the rows, which stay where they are."""
    done = cluster.map_keeping(partial(_parted_work, work=work), ranges)
    return ((some, _with_rows(answer, kept)) for some, answer, kept in done)


def _with_rows(answer: RangeAnswer[Any], kept: Kept) -> RangeAnswer[Any]:
    return replace(answer, result=answer.result and answer.result._replace(remote=kept))


def _parted_work(some: BlockRange, work: Work[Any]) -> tuple[RangeAnswer[Any], Any]:
    answer = work_on(some, work)
    if answer.result is None:
        return answer, None
    result, rows = answer.result.parted()
    return replace(answer, result=result), rows


def _with_lines(some: BlockRange, answer: RangeAnswer[T], work: Work[T], line: int) -> BlockCounts:
    """The counts of a range, with the place of the first missing value by its line in the file."""
    if answer.missing is None:
        return answer.counts
    counts = next(_again(some, answer.missing, work, line))
    return replace(answer.counts, first_missing=counts.first_missing)


def _raise(some: BlockRange, place: Place, work: Work[T], line: int) -> NoReturn:
    """Raise the error of a block that a worker refused."""
    for _ in _again(some, place, work, line):
        pass
    raise ClusterError(f"a worker cannot read a part of {some.name} that this process can read")


def _again(some: BlockRange, place: Place, work: Work[T], line: int) -> Iterator[BlockCounts]:
    """The counts of the blocks of a range from this place on, read here; `line` is that of the range."""
    n_kept = some.n_kept if place.number == some.first else None
    rest = replace(some, first=place.number, n_kept=n_kept, is_quoted=place.is_quoted)
    line += place.n_lines
    with open_stream(some.path) as (stream, _):
        for block in rest.blocks(stream, []):
            counts, _ = work(block, line)
            yield counts
            line += counts.n_lines
