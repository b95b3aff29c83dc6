"""Partitions: the rows of a Dask DataFrame, condensed where they lie, so that no process needs them all.

A partition is a block, whose number is its place in the DataFrame. So the bits depend on how the rows are
divided into partitions, but neither on the number of workers nor on who works on what.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeAlias

from lrfit.data.columns import ColumnChoice
from lrfit.data.condense import CondensedBlock, Recipe, condensed
from lrfit.data.in_memory import block_of_frame
from lrfit.data.sample import Keeping
from lrfit.data.samples import merged_samples
from lrfit.data.training_data import TrainingData, data_of_samples
from lrfit.errors import DataError
from lrfit.messages import printable

if TYPE_CHECKING:
    import pandas as pd

    from lrfit.data.hold_out import HoldOut
    from lrfit.system.cluster import Cluster

__all__ = ["data_of_partitions", "is_dask_frame"]

_Answer: TypeAlias = "CondensedBlock | str | None"
"""A partition condensed, or why it is refused; None if it has no rows."""


def is_dask_frame(data: object) -> bool:
    """Whether this is a Dask DataFrame; Dask is not imported to tell."""
    dask = sys.modules.get("dask.dataframe")
    return dask is not None and isinstance(data, dask.DataFrame)


def data_of_partitions(
    frame: Any,  # noqa: ANN401
    choice: ColumnChoice,
    missing: str,
    *,
    hold_out: HoldOut | None = None,
    cluster: Cluster | None = None,
) -> TrainingData:
    """The data of the rows of a Dask DataFrame, without the rows.

    Args:
        frame: The DataFrame.
        choice: The columns, without groups.
        missing: "error", or "drop" to leave out rows that lack a value.
        hold_out: Which rows to validate on.
        cluster: Workers that condense the partitions; None for Dask's default.

    Raises:
        ClusterError: The cluster is lost, or a partition cannot be computed on it.
        DataError: A partition cannot be computed, or a value cannot be used; the message names the place.
    """
    recipe = Recipe(choice, hold_out)
    blocks = _blocks(_tasks(frame, _Work(recipe, missing)), cluster)
    samples = merged_samples(blocks, recipe, Keeping(), "the Dask DataFrame")
    (data,) = data_of_samples(samples, choice)
    return data


@dataclass(frozen=True, eq=False)
class _Work:
    """The work on a partition: how it is condensed, and what becomes of rows that lack a value."""

    recipe: Recipe
    missing: str

    def __call__(self, partition: pd.DataFrame, number: int) -> _Answer:
        try:
            block = block_of_frame(partition, self.recipe.choice.columns, self.missing)
            return condensed(block, recipe=self.recipe) if block.counts.n_rows else None
        except DataError as error:
            return f"partition {number} (from 0): {error}"


def _tasks(frame: Any, work: _Work) -> list[Any]:  # noqa: ANN401
    """The work on each partition, of the columns that it needs, as values that Dask delays."""
    names = {column.name for column in work.recipe.choice.columns}
    needed = frame[[label for label in frame.columns if str(label) in names]]
    task = import_module("dask").delayed(work, traverse=False)
    return [task(partition, number) for number, partition in enumerate(needed.to_delayed())]


def _blocks(tasks: Sequence[Any], cluster: Cluster | None) -> Iterator[tuple[int, CondensedBlock]]:
    """The number of each partition that has rows, and what it is condensed to."""
    answers: Iterator[_Answer] = cluster.results(tasks) if cluster else _computed(tasks)
    is_empty = True
    for number, answer in enumerate(answers):
        if isinstance(answer, str):
            raise DataError(answer)
        if answer is not None:
            is_empty = False
            yield number, answer
    if is_empty:
        raise DataError("the Dask DataFrame has no rows")


def _computed(tasks: Sequence[Any]) -> Iterator[Any]:
    """The values of tasks, from the client or the scheduler that is Dask's default."""
    try:
        return iter(import_module("dask").compute(*tasks, traverse=False))
    except Exception as error:
        lines = str(error).splitlines() or [""]
        raise DataError(
            f"the Dask DataFrame cannot be computed: {printable(f'{type(error).__name__}: {lines[0]}')}"
        ) from error
