"""Reading for a run: the columns, the rows held out, and the rows themselves if they are needed."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING

from lrfit.data.sample import Keeping
from lrfit.data.table_request import TableRequest
from lrfit.data.training_data import TrainingData, read_training_data
from lrfit.errors import UsageError
from lrfit.messages import spelled
from lrfit.system.listener import Listener
from lrfit.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.data.hold_out import HoldOut
    from lrfit.system.cluster import Cluster

__all__ = ["check_without_rows", "hold_out_of", "read_for_training", "read_groups"]


def read_for_training(
    table: TableRequest,
    settings: TrainingSettings,
    listener: Listener | None = None,
    *,
    validation: TableRequest | None = None,
    most_kept: float = 0,
    max_memory: int | None = None,
    cluster: Cluster | None = None,
) -> TrainingData:
    """The data of a table that a run with these settings needs; the table has no groups.

    Args:
        table: The table, and its columns.
        settings: How to descend: whether the rows are needed, and which are held out.
        listener: Hears what was chosen, and how far the reading is.
        validation: A table of rows to validate on.
        most_kept: The rows are kept, though descent may not need them, if there are no more than this.
        max_memory: Bytes that the rows may take; see `Keeping`.
        cluster: Workers that read the rows; None for this machine alone.

    Raises:
        DataError: A table cannot be read, or lacks a column.
        UsageError: Rows to validate on are given twice.
    """
    (data,) = read_groups(
        table,
        settings,
        listener,
        validation=validation,
        most_kept=most_kept,
        max_memory=max_memory,
        cluster=cluster,
    )
    return data


def read_groups(
    table: TableRequest,
    settings: TrainingSettings,
    listener: Listener | None = None,
    *,
    validation: TableRequest | None = None,
    most_kept: float = 0,
    max_memory: int | None = None,
    cluster: Cluster | None = None,
) -> list[TrainingData]:
    """The data of each group of a table, one if it has no groups; see `read_for_training`."""
    if cluster:
        _check_for_cluster(settings)
    if validation and settings.validation_fraction:
        raise UsageError(
            f"{spelled(validation=...)} and rows held out exclude each other: "
            "the model that is resumed has some"
        )
    return read_training_data(
        table,
        listener,
        validation=validation,
        hold_out=hold_out_of(settings),
        keeping=Keeping(inf if settings.needs_rows else most_kept, max_memory),
        cluster=cluster,
    )


def _check_for_cluster(settings: TrainingSettings) -> None:
    """Refuse what needs the rows in one place; they stay on the workers."""
    if settings.batch_size is None and not settings.condense:
        raise UsageError(f"{spelled(cluster=...)} and {spelled(condense=False)} exclude each other")
    if settings.batch_size is not None and not settings.shuffle_parts:
        raise UsageError(
            f"{spelled(cluster=...)} keeps rows where they are: say {spelled(shuffle_parts=True)}, because "
            "another order would send them all over the network in each epoch"
        )
    _check_hold_out(settings, spelled(cluster=...))


def check_without_rows(settings: TrainingSettings, source: str) -> None:
    """Refuse what needs the rows themselves, of which nobody has all.

    Args:
        settings: How to descend.
        source: The data because of which nobody has them, in messages.

    Raises:
        UsageError: The settings need them.
    """
    if settings.needs_rows:
        raise UsageError(f"{source} is for full batches: say {spelled(batch_size='full')}")
    _check_hold_out(settings, source)


def _check_hold_out(settings: TrainingSettings, source: str) -> None:
    if settings.validation_fraction and settings.validation_rows == "last":
        raise UsageError(f"{source} draws the rows to validate on: say {spelled(validation_rows='random')}")


def hold_out_of(settings: TrainingSettings) -> HoldOut | None:
    """The rows that these settings hold out; None for none."""
    if settings.validation_fraction is None:
        return None
    from lrfit.data.hold_out import HoldOut  # noqa: PLC0415 (many runs hold no rows out)

    return HoldOut(settings.validation_fraction, settings.seed, is_last=settings.validation_rows == "last")
