"""Reading of samples: a table read once, block by block, each condensed by a worker.

A worker condenses a block without knowing any other. The results are merged here, in a fixed tree over the
numbers of the blocks, so that they do not depend on the number of workers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import inf
from typing import TYPE_CHECKING, NamedTuple

from lrfit.data.block import Block
from lrfit.data.columns import ColumnChoice
from lrfit.data.condense import CondensedBlock, Recipe, condensed
from lrfit.data.extremes import Extremes
from lrfit.data.kinds import MOST_LEVELS, too_many_levels
from lrfit.data.sample import Gathering, Keeping, Sample
from lrfit.data.table import Table
from lrfit.errors import DataError

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut

__all__ = ["Samples", "gathered", "merged_samples", "read_samples", "samples_of"]


class Samples(NamedTuple):
    """The samples of the groups of a table, by group; "" for a table without groups.

    Attributes:
        of_group: The samples, sorted by group.
        extremes: The ends of the ranges of all columns of numbers.
        numbers: Names of these columns.
    """

    of_group: Mapping[str, Sample]
    extremes: Extremes
    numbers: tuple[str, ...]


def read_samples(
    table: Table,
    choice: ColumnChoice,
    *,
    keeping: Keeping | None = None,
    hold_out: HoldOut | None = None,
) -> Samples:
    """The moments of all rows: of those to train on, and of those held out.

    Args:
        table: The table. No row of it has been read yet. If it streams, blocks are cut as bytes arrive, so
            the fingerprint and the choice of the rows held out may differ from run to run.
        choice: The columns.
        keeping: Which rows are kept.
        hold_out: The choice of the rows held out. If None, all rows are to train on.

    Raises:
        DataError: `Table.condensed` raises it, or no row is held out, or none is left to train on.
    """
    keeping = keeping or Keeping()
    recipe = Recipe(choice, hold_out, wants_rows=bool(keeping.most), needs_rows=keeping.most == inf)
    return merged_samples(table.condensed(recipe), recipe, keeping, table.name)


def samples_of(block: Block, choice: ColumnChoice, *, hold_out: HoldOut | None = None) -> Samples:
    """The samples of rows in memory, which are one block; they are kept.

    Raises:
        DataError: There is no row, or no row is held out, or none is left to train on.
    """
    if not block.counts.n_rows:
        raise DataError("there are no rows")
    recipe = Recipe(choice, hold_out, wants_rows=True)
    keeping = Keeping(block.counts.n_rows, 2 * block.values.nbytes)
    return merged_samples([(0, condensed(block, recipe=recipe))], recipe, keeping, "the data")


def merged_samples(
    blocks: Iterable[tuple[int, CondensedBlock]], recipe: Recipe, keeping: Keeping, source_name: str
) -> Samples:
    """The samples of condensed blocks, merged by their numbers.

    Args:
        blocks: The number of each block and what it was condensed to, in order.
        recipe: How they were condensed.
        keeping: Which rows are kept.
        source_name: Name of the rows in messages.

    Raises:
        DataError: There is no row, or no row is held out, or none is left to train on.
    """
    groups, extremes = gathered(blocks, recipe, keeping)
    names = tuple(recipe.choice.columns[i].name for i in recipe.numbers)
    of_group = {name: group.sample(_place_of(source_name, recipe, name)) for name, group in groups.items()}
    return Samples(of_group, extremes, names)


def gathered(
    blocks: Iterable[tuple[int, CondensedBlock]], recipe: Recipe, keeping: Keeping
) -> tuple[dict[str, Gathering], Extremes]:
    """The blocks merged: those of each group, sorted by its name; and the ends of the ranges of all.

    Raises:
        DataError: There are too many groups.
    """
    groups: dict[str, Gathering] = {}
    extremes = Extremes.empty(len(recipe.numbers))
    for number, block in blocks:
        extremes = extremes.merge(block.extremes)
        for name, part in block.parts.items():
            if name not in groups:
                if len(groups) == MOST_LEVELS:
                    raise too_many_levels(recipe.choice.by or "")
                groups[name] = Gathering(recipe, keeping, name)
            groups[name].add(number, part, block.remote)
    return dict(sorted(groups.items())), extremes


def _place_of(source_name: str, recipe: Recipe, group: str) -> str:
    """The name of a group in messages."""
    by = recipe.choice.by
    return source_name if by is None else f"{source_name}, {by}={group}"
