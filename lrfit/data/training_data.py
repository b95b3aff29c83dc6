"""Training data: the rows that a run is given, whether they come from a table or from memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from lrfit.analysis.moments import Moments
from lrfit.arrays import Array
from lrfit.data.block import Block
from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import ColumnChoice
from lrfit.data.condense import Recipe
from lrfit.data.extremes import Extremes, sentinels
from lrfit.data.kinds import Column, feature_names
from lrfit.data.opening import open_table
from lrfit.data.sample import Gathering, Keeping, Sample
from lrfit.data.samples import Samples, gathered, read_samples, samples_of
from lrfit.data.table_request import TableRequest
from lrfit.messages import listed, rows_text, shown
from lrfit.system.listener import Listener

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut
    from lrfit.data.level_rows import LevelRows
    from lrfit.data.moments_document import MomentsDocument
    from lrfit.data.row_store import RowStore
    from lrfit.data.spread_rows import SpreadRows
    from lrfit.data.table import Table
    from lrfit.system.cluster import Cluster

__all__ = [
    "Group",
    "TrainingData",
    "condense_table",
    "data_of_samples",
    "read_training_data",
    "training_data_of",
]


class Group(NamedTuple):
    """A group of rows that has a line of its own.

    Attributes:
        column: Name of the column whose levels are the groups.
        level: The level of this group.
    """

    column: str
    level: str


@dataclass(frozen=True, eq=False)
class TrainingData:
    """The rows that a run is given, as far as it needs them.

    Attributes:
        target: Name of y.
        sample: What is known of the rows.
        held_out: Moments of the rows to validate on; None without.
        weights: Name of the column of weights; None without.
        group: The group that the rows are; None for all rows.
        units: Units of columns by their names, as far as the table says.
    """

    target: str
    sample: Sample
    held_out: Moments | None = None
    weights: str | None = None
    group: Group | None = None
    units: Mapping[str, str] | None = None

    @property
    def columns(self) -> tuple[Column, ...]:
        """The columns of the features, with their kinds and levels."""
        return self.sample.columns

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the features."""
        return feature_names(self.columns)

    @property
    def moments(self) -> Moments:
        """Moments of the rows to train on."""
        return self.sample.moments

    @property
    def rows(self) -> RowStore | LevelRows | None:
        """The rows to train on, and behind them the weight if there is one; None if they were not kept."""
        return self.sample.rows

    @property
    def spread_rows(self) -> SpreadRows | None:
        """The same rows, where the workers of a cluster keep them; None if none do."""
        return self.sample.spread_rows

    def points(self) -> Array | None:
        """The rows (x, y) to train on, without weights; None if they were not kept."""
        return None if self.rows is None else self.rows.rows()[:, : len(self.moments.mean)]


def read_training_data(
    request: TableRequest,
    listener: Listener | None = None,
    *,
    validation: TableRequest | None = None,
    hold_out: HoldOut | None = None,
    keeping: Keeping | None = None,
    cluster: Cluster | None = None,
) -> list[TrainingData]:
    """The columns of a table that are asked for, read once from front to back: one data for each group.

    Args:
        request: The table, and its columns.
        listener: Hears what was chosen, and how far the reading is.
        validation: A table of rows to validate on, for a table without groups.
        hold_out: Which rows of the table to validate on instead.
        keeping: Which rows are kept.
        cluster: Workers that read the rows; None for this machine alone.

    Raises:
        DataError: A table cannot be read, or lacks a column.
    """
    listener = listener or Listener()
    with open_table(request, listener, cluster=cluster) as table:
        choice = _choice(table, request, listener)
        samples = read_samples(table, choice, keeping=keeping, hold_out=hold_out)
        _describe(table, choice, samples, listener)
        _warn_of_repeated_files(samples.of_group.values(), listener)
    data = data_of_samples(samples, choice, _units(table, choice))
    if cluster:
        _warn_of_memory(data, cluster, listener)
    if validation:
        (one,) = data
        with open_table(validation, listener, cluster=cluster) as table:
            data = [replace(one, held_out=_validation(table, request.columns, one, choice))]
    if data[0].held_out:
        n_training, n_held_out = (sum(n) for n in zip(*map(_numbers_of_rows, data), strict=True))
        listener.note(f"training on {rows_text(n_training)}, validating on {n_held_out}")
    return data


def _warn_of_repeated_files(groups: Collection[Sample | Gathering], listener: Listener) -> None:
    """Say so if two files have the same rows, of all groups."""
    if groups and all(group.repeats_file for group in groups):
        listener.warn("two files or more have the same rows, which count as often as they are given")


def _warn_of_memory(data: Sequence[TrainingData], cluster: Cluster, listener: Listener) -> None:
    """Say so if the workers have less memory than the rows that they keep take."""
    n_bytes = sum(
        len(one.spread_rows) * 8 * (len(one.moments.mean) + (one.weights is not None))
        for one in data
        if one.spread_rows
    )
    limit = cluster.n_bytes()
    if limit is not None and n_bytes > limit:
        listener.warn(
            f"the rows take {n_bytes / 2**30:.3g} GiB, and the workers may use {limit / 2**30:.3g} GiB: they "
            "put some into scratch files, which takes time; with more workers all stay in memory"
        )


def condense_table(request: TableRequest, listener: Listener) -> MomentsDocument:
    """The moments of a table, from which full batches can be trained without its rows.

    Args:
        request: The table, and its columns.
        listener: Hears what was chosen, and how far the reading is.

    Raises:
        DataError: A table cannot be read, or lacks a column.
    """
    from lrfit.data.moments_document import moments_document  # noqa: PLC0415 (training does without)

    with open_table(request, listener) as table:
        choice = _choice(table, request, listener)
        recipe = Recipe(choice)
        groups, extremes = gathered(table.condensed(recipe), recipe, Keeping())
        listener.note(_chosen(table, choice))
        _warn_of_sentinels(extremes, [choice.columns[i].name for i in recipe.numbers], listener)
        _warn_of_repeated_files(groups.values(), listener)
    moments = {name: (group.moments(), group.fingerprints) for name, group in groups.items()}
    return moments_document(choice, moments, units=_units(table, choice), lost_digits=table.lost_digits)


def _choice(table: Table, request: TableRequest, listener: Listener) -> ColumnChoice:
    """The columns of a table that are read."""
    columns = table.named(request.columns, listener.note)
    return table.choose(columns)


def _describe(table: Table, choice: ColumnChoice, samples: Samples, listener: Listener) -> None:
    """Say what was chosen, what was left out, and what looks strange."""
    listener.note(_chosen(table, choice))
    if unnamed := [i for i, name in enumerate(table.header, 1) if not name]:
        listener.note(f"left out columns without a name: {', '.join(map(str, unnamed))}")
    for column in next(iter(samples.of_group.values())).columns:
        if column.kind == "category" and choice.by is None:
            levels = column.levels or ()
            listener.note(
                f"{shown(column.name)} has {len(levels)} levels; {shown(levels[0])} is the baseline, "
                "which the intercept is for"
            )
    _warn_of_sentinels(samples.extremes, samples.numbers, listener)


def _chosen(table: Table, choice: ColumnChoice) -> str:
    """A sentence on the rows and the columns that are read."""
    names = listed([column.name for column in choice.features])
    return f"{table.name}: {rows_text(table.n_samples)}, target {shown(choice.target)}, features {names}"


def _warn_of_sentinels(extremes: Extremes, numbers: Sequence[str], listener: Listener) -> None:
    for text in sentinels(extremes, numbers):
        listener.warn(text)


def _units(table: Table, choice: ColumnChoice) -> dict[str, str]:
    """The units of the columns that are read."""
    units = dict(zip(table.header, table.units, strict=False))
    names = [*(column.name for column in choice.features), choice.target]
    return {name: units[name] for name in names if units.get(name)}


def data_of_samples(
    samples: Samples, choice: ColumnChoice, units: Mapping[str, str] | None = None
) -> list[TrainingData]:
    """The data of each group of rows that were read, with the units of their columns."""
    return [
        TrainingData(
            choice.target,
            sample,
            sample.held_out,
            choice.weights,
            None if choice.by is None else Group(choice.by, level),
            units,
        )
        for level, sample in samples.of_group.items()
    ]


def _validation(table: Table, request: ColumnRequest, data: TrainingData, choice: ColumnChoice) -> Moments:
    """The moments of rows to validate on, with the columns and the levels of those to train on."""
    table.named(request, Listener().note)
    samples = read_samples(table, choice._replace(features=data.columns))
    return samples.of_group[""].moments


def _numbers_of_rows(data: TrainingData) -> tuple[int, int]:
    return data.moments.n_samples, data.held_out.n_samples if data.held_out else 0


def training_data_of(
    block: Block, choice: ColumnChoice, *, hold_out: HoldOut | None = None
) -> list[TrainingData]:
    """The data of rows that are in memory, one for each group.

    Args:
        block: The rows, in the columns of the choice.
        choice: The columns.
        hold_out: Which rows to validate on.

    Raises:
        DataError: There is no row, or none is left to train on or to validate on.
    """
    return data_of_samples(samples_of(block, choice, hold_out=hold_out), choice)
