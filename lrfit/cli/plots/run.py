"""DATA alone: a run of `lrfit train`, shown by its fit, its loss, or its path on the loss surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import inf

import click

from lrfit.cli.plots.model import picture_of_fit
from lrfit.cli.plots.request import PlotRequest
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title, run_title
from lrfit.cli.training_run import descend_with_bar, explained, warn
from lrfit.errors import DivergenceError, UsageError
from lrfit.messages import listed, shown
from lrfit.training.history import History, next_thinned
from lrfit.training.history_file import BEGINNING
from lrfit.training.plan import TrainingPlan
from lrfit.training.planning import plan_training
from lrfit.training.reading import read_for_training
from lrfit.training.record import EpochRecord
from lrfit.training.run import Run
from lrfit.training.settings import completed
from lrfit.training.summary import summarize
from lrfit.views.picture import Picture
from lrfit.views.pictures.loss import loss_picture
from lrfit.views.pictures.surface import surface_picture

__all__ = ["parameters_shown", "read"]

_FAR = 100.0
"""A run that diverged is followed until its excess is this multiple of the excess at the start."""


@dataclass(frozen=True, eq=False)
class _Run:
    """A finished run.

    Attributes:
        plan: Plan of the run.
        title: Title of its data.
        records: Records of its epochs, as many as its picture needs.
    """

    plan: TrainingPlan
    title: str
    records: list[EpochRecord]

    @property
    def history(self) -> History:
        """The records as arrays."""
        plan = self.plan
        return History.of(self.records, plan.data.features, intercept=plan.settings.fit_intercept)

    @property
    def notes(self) -> tuple[str, ...]:
        """Facts about the run that a reader of its path or its loss needs."""
        l2, n_steps = self.plan.settings.l2, self.plan.steps_per_epoch
        diverged = [record.epoch for record in self.records if record.stopped == "diverged"]
        notes = {
            f"above the optimum: with the penalty of --l2 {l2:g}": bool(l2),
            f"each point is the end of an epoch ({n_steps} steps)": n_steps > 1,
            f"diverging from epoch {next(iter(diverged), 0)}": bool(diverged),
        }
        return tuple(note for note, is_so in notes.items() if is_so)


def read(request: PlotRequest, terminal: Terminal) -> Callable[[], Picture]:
    """Read the data, and return a function that does the run and makes the requested picture."""
    paths, kind = request.files.data, request.kind
    settings = completed(request.given)
    most_kept = inf if kind == "fit" else 0
    data = read_for_training(request.table_of(paths), settings, terminal, most_kept=most_kept)
    if data.features[: len(BEGINNING)] == BEGINNING:  # not known of a stream before
        raise UsageError("a history cannot come from a stream: name its file")
    title = data_title(data, paths)
    parameters = parameters_shown(request.parameters, data.features, intercept=settings.fit_intercept)

    def picture() -> Picture:
        plan = plan_training(data, settings)
        warn(plan, terminal)
        run = _Run(plan, title, _records(plan, terminal, kind))
        drawn: dict[str, Callable[[_Run], Picture]] = {
            "fit": _fit,
            "loss": _loss,
            "surface": partial(_surface, parameters=parameters),
        }
        return drawn[kind](run)

    return picture


def _fit(run: _Run) -> Picture:
    record = run.records[-1]
    return picture_of_fit(
        summarize(run.plan, record),
        run.plan.data,
        f"{run.title}, {run_title(run.plan, record.fitted)}",
        intercept=run.plan.settings.fit_intercept,
    )


def _loss(run: _Run) -> Picture:
    plan = run.plan
    return loss_picture(
        {"loss": run.history},
        optimum=plan.moments.half_mse(*plan.parameters(plan.objective.minimizer)),
        title=f"Loss of {run.title}, {run_title(plan, run.records[-1])}",
        notes=run.notes,
    )


def _surface(run: _Run, parameters: Sequence[str]) -> Picture:
    plan = run.plan
    return surface_picture(
        plan.objective,
        {"descent": run.history},
        parameters,
        unit=plan.loss_unit,
        title=f"Loss surface of {run.title}, {run_title(plan, run.records[-1])}",
        of=" of standardized data" if plan.settings.standardize else "",
        notes=run.notes,
    )


def _records(plan: TrainingPlan, terminal: Terminal, kind: str) -> list[EpochRecord]:
    """The records that a picture of this kind needs; if the run diverges, also some from after that."""
    last = plan.last_epoch
    records: list[EpochRecord] = []

    def next_due(epoch: int) -> float:
        return last if kind == "fit" else next_thinned(epoch, last)

    try:
        for record in descend_with_bar(plan, terminal, next_due):
            records.append(record)  # noqa: PERF402 (these are kept if the run diverges)
    except DivergenceError as error:
        if kind == "fit" or not records:
            raise explained(error, "Nothing was drawn; --kind loss shows it.", terminal) from error
        terminal.warn(f"{error.event}; the picture continues for some epochs")
        records += _beyond(plan, records)
    return records


def _beyond(plan: TrainingPlan, records: Sequence[EpochRecord]) -> Iterator[EpochRecord]:
    """Some epochs of a run after it diverged, until the excess is too large for the picture."""
    first, record, last = records[0], records[-1], plan.last_epoch
    run = Run(replace(plan, start=replace(plan.start, epoch=record.epoch, variables=record.variables)))
    while record.epoch < last and record.excess < _FAR * first.excess:
        run.advance_to(next_thinned(record.epoch, last))
        record = run.record(record)
        yield record


def parameters_shown(wanted: list[str] | None, features: Sequence[str], *, intercept: bool) -> list[str]:
    """Names of the parameters on the axes of a surface: two, or the only one there is.

    Raises:
        click.UsageError: There are no such parameters, or too few or too many are wanted.
    """
    there = [*features, *["intercept"] * intercept]
    if wanted is None:
        return there[:2]
    if intercept and "b" not in there:  # its name on the axis
        wanted = ["intercept" if name == "b" else name for name in wanted]
    for name in wanted:
        if name not in there:
            raise click.UsageError(f"--parameters: there is no {shown(name)}, only {listed(there)}")
    if len(wanted) != min(2, len(there)) or len(set(wanted)) < len(wanted):
        raise click.UsageError(f"--parameters needs {min(2, len(there))} different names")
    return wanted
