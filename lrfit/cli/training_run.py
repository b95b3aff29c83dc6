"""Training runs on the command line: notes before a run, its progress, and the outcome if it diverges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec

from lrfit.cli.progress_table import ProgressTable, next_reported
from lrfit.cli.terminal import Terminal
from lrfit.errors import DivergenceError
from lrfit.graph.executors import numpy_s
from lrfit.training import advice
from lrfit.training.loop import descend
from lrfit.training.plan import TrainingPlan
from lrfit.training.record import EpochRecord

__all__ = ["announce", "descend_with_bar", "descend_with_table", "explained", "warn"]

_LONG_S = 5.0
"""Expected seconds of epochs from which Numba is suggested."""


def warn(plan: TrainingPlan, terminal: Terminal) -> None:
    """Warn of probable problems."""
    for text in advice.warnings(plan):
        terminal.warn(text)


def announce(plan: TrainingPlan, executor: str, terminal: Terminal, *, is_plain: bool = False) -> None:
    """Say how the run will go, and what would be better.

    Args:
        plan: Plan of the run.
        executor: What runs the graph.
        terminal: Where it is said.
        is_plain: Whether nobody said how to descend.
    """
    if plan.start.epoch:
        terminal.note(f"resumed after epoch {plan.start.epoch}")
    if plan.start.best_epoch is not None and plan.settings.patience is None:
        terminal.note("the run that goes on had --patience; say it again to keep the best parameters")
    if plan.is_stable:
        terminal.note(advice.course(plan, is_plain=is_plain))
    warn(plan, terminal)
    if terminal.hears_notes and (better := advice.improvement(plan)):
        terminal.note(better)
    if slow := _slowness(plan, executor):
        terminal.note(slow)
    for text in advice.details(plan):
        terminal.detail(text)


def _slowness(plan: TrainingPlan, executor: str) -> str | None:
    """A note if the work is long and Numba, which would shorten it, is not installed; else None."""
    epoch_s = numpy_s(plan.steps_per_epoch, plan.values_per_epoch)
    expected_s = plan.n_epochs * epoch_s
    if expected_s < _LONG_S or executor == "numpy" or find_spec("numba"):
        return None
    return f"the epochs take about {expected_s:.0f} s step by step; pip install numba makes them quick"


def descend_with_bar(
    plan: TrainingPlan, terminal: Terminal, next_due: Callable[[int], float], executor: str = "auto"
) -> Iterator[EpochRecord]:
    """The records that are due, with a progress bar for the epochs; see `descend`."""
    first, n_epochs = plan.start.epoch, plan.n_epochs
    with terminal.work("epochs") as advance:
        yield from descend(
            plan,
            executor=executor,
            next_due=next_due,
            on_epoch=lambda epoch: advance(epoch - first, n_epochs),
        )


def descend_with_table(
    plan: TrainingPlan,
    terminal: Terminal,
    *,
    executor: str,
    every: int | None,
    next_due: Callable[[int], float],
    on_record: Callable[[EpochRecord], None],
) -> EpochRecord:
    """Run the epochs with a table of progress, and return the last record.

    Args:
        plan: Plan of the run.
        terminal: Where the table and a bar are shown.
        executor: Name of the executor.
        every: Number of epochs between two rows of the table; rows at 1, 2, 4, 8, … if None.
        next_due: Maps an epoch to the next one whose record `on_record` needs.
        on_record: Called with each record.

    Raises:
        DivergenceError: The run diverged.
    """
    table = ProgressTable(
        plan.data.features,
        terminal.width,
        intercept=plan.settings.fit_intercept,
        last_epoch=plan.last_epoch,
        validation=plan.data.held_out is not None,
    )
    terminal.note(table.header)
    shown_next = plan.start.epoch

    def due(epoch: int) -> float:
        return min(next_reported(epoch, every), next_due(epoch))

    for record in descend_with_bar(plan, terminal, due, executor):
        on_record(record)
        if record.epoch >= shown_next or record.stopped:
            terminal.note(table.row(record))
            shown_next = next_reported(record.epoch, every)
    if table.n_hidden:
        parameters = "parameter" if table.n_hidden == 1 else "parameters"
        terminal.note(f"no room for {table.n_hidden} more {parameters}; --history FILE.csv records all")
    return record


def explained(error: DivergenceError, outcome: str, terminal: Terminal) -> DivergenceError:
    """The error with its remedies, and a sentence on what became of the command's work.

    It is one line; but on a terminal each remedy has a line of its own, from which it can be copied.
    """
    sentences = [f"{error.event}.", error.remedies, outcome]
    if not terminal.is_terminal:
        return DivergenceError(" ".join(filter(None, sentences)))
    remedies = (
        error.remedies.replace("Try ", "Try\n  ").replace(", or --", "\n  --").replace(", for", "\nfor")
    )
    return DivergenceError("\n".join(filter(None, [sentences[0], remedies, outcome])))
