"""DATA alone: a run as `lrfit train` does it, by its fit, its loss, or its path on the loss surface."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Any

import click

from lrfit.cli.file_kinds import FileKinds
from lrfit.cli.plots.model import picture_of_fit
from lrfit.cli.setting_options import settings_given
from lrfit.cli.terminal import Terminal
from lrfit.cli.titles import data_title, run_title
from lrfit.cli.training_data import TrainingData, read_training_data
from lrfit.errors import DivergenceError, UsageError
from lrfit.messages import listed, shown
from lrfit.training.advice import remedies, warnings
from lrfit.training.history_file import BEGINNING, History, next_thinned
from lrfit.training.loop import train
from lrfit.training.plan import TrainingPlan, plan_training
from lrfit.training.run import EpochRecord, Run
from lrfit.training.settings import TrainingSettings
from lrfit.training.summary import summarize
from lrfit.views.picture import Picture
from lrfit.views.pictures.loss import loss_picture
from lrfit.views.pictures.surface import surface_picture

__all__ = ["parameters_shown", "read"]

_FAR = 100.0
"""Times as high above the optimum as at the start, up to which a run that diverged is followed."""


@dataclass(frozen=True, eq=False)
class _Run:
    """A run that is done.

    Attributes:
        data: That it descended on.
        title: What these are called.
        plan: What was prepared.
        records: As many as its picture needs.
    """

    data: TrainingData
    title: str
    plan: TrainingPlan
    records: list[EpochRecord]

    @property
    def intercept(self) -> bool:
        """Whether the model has one."""
        return self.plan.settings.intercept

    @property
    def history(self) -> History:
        """That of the records."""
        return History.of(self.records, self.data.features, intercept=self.intercept)

    @property
    def notes(self) -> tuple[str, ...]:
        """What one has to know of the run to read its path, or its loss."""
        plan = self.plan
        l2, n_steps = plan.settings.l2, plan.steps_per_epoch
        diverged = [record.epoch for record in self.records if record.stopped == "diverged"]
        notes = {
            f"above the optimum: with the penalty of --l2 {l2:g}": bool(l2),
            f"of each epoch its end: it has {n_steps:,} steps": n_steps > 1,
            f"diverged: proven in epoch {next(iter(diverged), 0)}": bool(diverged),
        }
        return tuple(note for note, is_so in notes.items() if is_so)


def read(inputs: FileKinds, options: dict[str, Any], terminal: Terminal) -> Callable[[], Picture]:
    """Reads the data. What it returns does the run, and makes the picture of the kind that was chosen."""
    (path,), kind = inputs.data, options["kind"]
    settings = TrainingSettings(**settings_given(options))
    columns = options | {"data": path}
    data = read_training_data(columns, settings, terminal, keep_rows=inf if kind == "fit" else 0)
    if tuple(data.features[: len(BEGINNING)]) == BEGINNING:  # which a stream could not tell before
        raise UsageError("a history cannot come from a stream: name its file")
    title = data_title(data, path)
    parameters = parameters_shown(options["parameters"], data.features, intercept=settings.intercept)

    def picture() -> Picture:
        plan = plan_training(data.sample.moments, settings, data.rows, held_out=data.held_out)
        for text in warnings(plan, data.features):
            terminal.warn(text)
        run = _Run(data, title, plan, _records(plan, terminal, kind))
        if kind == "surface":
            return _surface(run, parameters)
        return _loss(run) if kind == "loss" else _fit(run)

    return picture


def _fit(run: _Run) -> Picture:
    record = run.records[-1]
    return picture_of_fit(
        summarize(run.plan, record, run.data.features, run.data.target),
        run.data,
        f"{run.title}, {run_title(run.plan, record.fitted)}",
        intercept=run.intercept,
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
    """Of the run, as many as a picture of this kind needs; of one that diverges, some epochs more."""
    n_epochs = plan.settings.epochs
    records: list[EpochRecord] = []
    try:
        with terminal.work("epochs") as advance:
            for record in train(
                plan,
                next_due=lambda epoch: n_epochs if kind == "fit" else next_thinned(epoch, n_epochs),
                on_epoch=lambda epoch: advance(epoch, n_epochs),
            ):
                records.append(record)  # noqa: PERF402 (what there is when it diverges)
    except DivergenceError as error:
        if kind == "fit" or not records:
            sentences = [f"{error}.", remedies(plan), "Nothing was drawn; --kind loss shows it."]
            raise DivergenceError(" ".join(filter(None, sentences))) from error
        terminal.warn(f"{error}; the picture goes on from there for a while")
        records += _beyond(plan, records)
    return records


def _beyond(plan: TrainingPlan, records: Sequence[EpochRecord]) -> Iterator[EpochRecord]:
    """The epochs behind those of a run that diverged, as far as they are worth a look."""
    first, record, n_epochs = records[0], records[-1], plan.settings.epochs
    run = Run(replace(plan, start=replace(plan.start, epoch=record.epoch, variables=record.variables)))
    while record.epoch < n_epochs and record.excess < _FAR * first.excess:
        run.advance_to(next_thinned(record.epoch, n_epochs))
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
    if intercept and "b" not in there:  # as the axis calls it
        wanted = ["intercept" if name == "b" else name for name in wanted]
    for name in wanted:
        if name not in there:
            raise click.UsageError(f"--parameters: there is no {shown(name)}, only {listed(there)}")
    if len(wanted) != min(2, len(there)) or len(set(wanted)) < len(wanted):
        raise click.UsageError(f"--parameters needs {min(2, len(there))} different names")
    return wanted
