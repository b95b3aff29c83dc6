"""`lrfit train`: fit a line to a CSV."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import realpath
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.options import column_options, csv_options, integer, size
from lrfit.cli.setting_options import setting_options, settings_given
from lrfit.cli.terminal import Terminal, write_result
from lrfit.cli.training_data import TrainingData, read_training_data
from lrfit.errors import DivergenceError
from lrfit.messages import shown
from lrfit.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.model.document import ModelDocument
    from lrfit.training.plan import TrainingPlan
    from lrfit.training.resuming import Resumption
    from lrfit.training.run import EpochRecord
    from lrfit.training.run_files import RunFiles


_LONG_S = 5.0
"""Of work that is worth a word on how to shorten it."""


@click.command(name="train", short_help="Fit a line to a CSV.")
@click.argument("data", type=click.Path(allow_dash=True))
@column_options
@csv_options
@setting_options
@click.option("--validation", metavar="DATA", help="A CSV to validate on.")
@click.option("-o", "--output", metavar="MODEL", help="Save the model here.")
@click.option(
    "--format",
    "output_format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Of the result.",
)
@click.option("--history", metavar="FILE.csv", help="Save each epoch's loss and parameters here.")
@click.option("--resume", metavar="MODEL", help="Go on where the run of this model ended.")
@click.option(
    "--allow-changes",
    is_flag=True,
    help="With --resume: of settings and data; starts anew from its parameters.",
)
@click.option("--checkpoint-every", type=integer(1), metavar="N", help="Save the model every N epochs, too.")
@click.option(
    "--every", type=integer(1), metavar="N", help="Show every N-th epoch.  [default: 1, 2, 4, 8, …]"
)
@click.option("-q", "--quiet", is_flag=True, help="Show no notes and no progress.")
@click.option("-v", "--verbose", is_flag=True, help="Say how the work is done, too.")
@click.option(
    "--executor",
    type=click.Choice(["auto", "numpy", "numba"]),
    default="auto",
    show_default=True,
    help="What runs the graph: NumPy, machine code by Numba, or first this, then that.",
)
@click.option(
    "--max-memory",
    type=size,
    metavar="SIZE",
    help="Of the rows for mini-batches, such as 500M or 2G; more go to a scratch file.  [default: half of "
    "what is available]",
)
def command(**options: Any) -> None:  # noqa: ANN401
    """Fit y_hat = W·x + b to the rows of the CSV file DATA (- for stdin) by gradient descent.

    The result goes to stdout, progress to stderr.

    \b
    Example:
      lrfit train data.csv --lr 0.01 --epochs 100 -o model.json
    """
    from lrfit.system.interrupts import watched

    _check_options(options)
    terminal = Terminal(quiet=options["quiet"], verbose=options["verbose"])
    resumption, settings = _settings(options)
    data = read_training_data(options, settings, terminal, resumption.model if resumption else None)
    with watched():
        _fit(_prepared(data, settings, resumption), options, terminal)


def _fit(job: _Job, options: dict[str, Any], terminal: Terminal) -> None:
    """Descend, and give the result to all who want it."""
    from lrfit.cli.report import fit_text
    from lrfit.model.document_file import to_bytes

    _announce(job, options, terminal)
    record = _descend(job, options, terminal)
    fit = job.fit(record)
    document = to_bytes(fit)  # which refuses numbers that are not finite, whatever the format
    _conclude(job, record, terminal)
    write_result(document if options["output_format"] == "json" else fit_text(fit))


def _check_options(options: dict[str, Any]) -> None:
    """Refuse, before any work, what contradicts itself, or cannot be had."""
    for one, other in (("quiet", "verbose"), ("validation", "validation_fraction")):
        if options[one] and options[other]:
            raise click.UsageError(f"--{one} and --{other.replace('_', '-')} exclude each other")
    for one, other in (("checkpoint_every", "output"), ("allow_changes", "resume")):
        if options[one] and not options[other]:
            raise click.UsageError(f"--{one.replace('_', '-')} needs --{other}")
    if options["executor"] == "numba":
        from lrfit.graph.executors.numba.loop import require_numba

        require_numba()
    _check_files(options)


def _check_files(options: dict[str, Any]) -> None:
    """Refuse names of files that are empty, cannot be written, or would overwrite data or output."""
    from lrfit.system.files import check_writable

    for name in ("output", "history", "resume", "validation"):
        if options[name] == "":
            raise click.UsageError(f"--{name} needs the name of a file")
    if [options["data"], options["validation"], options["resume"]].count("-") > 1:
        raise click.UsageError("only one of DATA, --validation and --resume can be standard input")
    inputs = [name for name in ("data", "validation", "resume") if options[name]]
    taken = {realpath("/dev/stdin" if options[name] == "-" else options[name]): name for name in inputs}
    for name in ("output", "history"):
        if options[name]:
            check_writable(options[name])
            other = taken.setdefault(realpath(options[name]), name)
            if other != name and (name, other) != ("output", "resume"):
                other = "DATA" if other == "data" else f"--{other}"
                raise click.UsageError(f"--{name} and {other} are the same file, {shown(options[name])}")


@dataclass(frozen=True)
class _Job:
    """A run that is prepared, and what its numbers are called."""

    plan: TrainingPlan
    data: TrainingData

    def fit(self, record: EpochRecord) -> ModelDocument:
        """The fit that a record stands for."""
        from lrfit.training.summary import summarize

        data = self.data
        return summarize(self.plan, record, data.features, data.target, fingerprint=data.sample.fingerprint)


def _settings(options: dict[str, Any]) -> tuple[Resumption | None, TrainingSettings]:
    """How to descend: by the options, or as the run did that is resumed."""
    from lrfit.model.document_file import load
    from lrfit.training.resuming import Resumption

    said = settings_given(options)
    if not options["resume"]:
        return None, TrainingSettings(**said)
    resumption = Resumption(
        load(options["resume"]), shown(options["resume"]), allow_changes=options["allow_changes"]
    )
    return resumption, resumption.settings(said)


def _prepared(data: TrainingData, settings: TrainingSettings, resumption: Resumption | None) -> _Job:
    """The run: from its beginning, or from where a model ended."""
    from lrfit.training.plan import plan_training

    plan = plan_training(data.sample.moments, settings, data.rows, held_out=data.held_out)
    return _Job(resumption.continued(plan, data.sample.fingerprint) if resumption else plan, data)


def _announce(job: _Job, options: dict[str, Any], terminal: Terminal) -> None:
    """Say on what, and how fast, descent runs, and what is to be expected."""
    from lrfit.training import advice

    plan, features = job.plan, job.data.features
    if not plan.settings.needs_rows:
        n_rows = plan.moments.n_samples
        terminal.note(
            f"full batch: {len(plan.points)} sigma points stand for the rows ({n_rows}), "
            "with the same descent; --no-condense uses the rows"
        )
    if plan.start.epoch:
        terminal.note(f"resumed after epoch {plan.start.epoch}")
    if plan.learning_rate < plan.max_stable_learning_rate:
        terminal.note(advice.rate(plan))
    for text in advice.warnings(plan, features):
        terminal.warn(text)
    if not options["quiet"]:
        for line in advice.forecast(plan, features):
            terminal.note(line)
    if slow := _slowness(plan, options["executor"]):
        terminal.note(slow)


def _slowness(plan: TrainingPlan, executor: str) -> str | None:
    """A word on long work that machine code would shorten, where that is not installed."""
    from importlib.util import find_spec

    from lrfit.graph.executors import numpy_s

    epoch_s = numpy_s(plan.steps_per_epoch, plan.values_per_epoch)
    expected_s = plan.settings.epochs * epoch_s
    if expected_s < _LONG_S or executor == "numpy" or find_spec("numba"):
        return None
    return f"the epochs take about {expected_s:,.0f} s step by step; pip install numba makes them quick"


def _descend(job: _Job, options: dict[str, Any], terminal: Terminal) -> EpochRecord:
    """Run the epochs, and say what is saved if they do not come to their end; returns the last record."""
    from lrfit.model.document_file import to_bytes
    from lrfit.system.interrupts import closing
    from lrfit.training.advice import remedies
    from lrfit.training.run_files import RunFiles

    plan = job.plan
    journal = RunFiles(
        job.data.features,
        intercept=plan.settings.intercept,
        history=options["history"],
        model=options["output"],
        every=options["checkpoint_every"],
        continues=plan.start.variables is not None,
        document=lambda record: to_bytes(job.fit(record)),
    )

    def last_words() -> str | None:
        if options["quiet"]:
            return None
        if journal.checkpoint is None:
            return "nothing was saved; --checkpoint-every N keeps, with -o, what was done\n"
        rest = plan.start.epoch + plan.settings.epochs - journal.checkpoint
        again = f"--resume {_pasteable(options['output'])} --epochs {rest}"
        return f"epoch {journal.checkpoint} is saved: {again} goes on from there\n"

    try:
        with journal, closing(last_words):
            return _shown(job, options, journal, terminal)
    except DivergenceError as error:
        saved = "Nothing was saved" if journal.checkpoint is None else f"Epoch {journal.checkpoint} is saved"
        sentences = [f"{error}.", remedies(plan), f"{saved}."]
        raise DivergenceError(" ".join(filter(None, sentences))) from error


def _pasteable(path: str) -> str:
    """A path as a shell takes it; or, if it could steer a terminal, as it can be shown."""
    return quote(path) if path.isprintable() else shown(path, width=None)


def _shown(job: _Job, options: dict[str, Any], journal: RunFiles, terminal: Terminal) -> EpochRecord:
    """Run the epochs, with progress; returns the last record."""
    from lrfit.cli.report import ProgressTable, next_reported
    from lrfit.training.loop import train

    settings, first, every = job.plan.settings, job.plan.start.epoch, options["every"]
    table = ProgressTable(
        job.data.features,
        terminal.width,
        intercept=settings.intercept,
        last_epoch=first + settings.epochs,
        validation=job.plan.held_out is not None,
    )
    if table.n_hidden:
        terminal.note(f"no room in the table for parameters ({table.n_hidden}); --history has all")
    terminal.note(table.header)
    shown_next = first
    with terminal.work("epochs") as advance:
        for record in train(
            job.plan,
            executor=options["executor"],
            next_due=lambda epoch: min(next_reported(epoch, every), journal.next_due(epoch)),
            on_epoch=lambda epoch: advance(epoch - first, settings.epochs),
        ):
            journal.write(record)
            if record.epoch >= shown_next or record.stopped:
                terminal.note(table.row(record))
                shown_next = next_reported(record.epoch, every)
    return record


def _conclude(job: _Job, record: EpochRecord, terminal: Terminal) -> None:
    """Say what ended descent early, or that it has stopped well above the optimum."""
    from lrfit.training.advice import conclusion

    if text := conclusion(job.plan, record):
        terminal.note(text)
