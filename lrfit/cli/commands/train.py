"""`lrfit train`: fit a line to a CSV."""

from __future__ import annotations

from dataclasses import dataclass
from os.path import realpath
from shlex import quote
from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.options import column_options, csv_options, integer, size
from lrfit.cli.setting_options import setting_options, settings_said
from lrfit.cli.terminal import Terminal, write_result
from lrfit.cli.training_data import TrainingData, read_training_data
from lrfit.errors import DivergenceError, shown
from lrfit.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.model.document import LinearFit
    from lrfit.training.plan import Descent
    from lrfit.training.resuming import Resumption
    from lrfit.training.run import EpochRecord
    from lrfit.training.run_files import Journal


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

    descent: Descent
    data: TrainingData

    def fit(self, record: EpochRecord) -> LinearFit:
        """The fit that a record stands for."""
        from lrfit.training.summary import summarize

        data = self.data
        return summarize(
            self.descent, record, data.features, data.target, fingerprint=data.sample.fingerprint
        )


def _settings(options: dict[str, Any]) -> tuple[Resumption | None, TrainingSettings]:
    """How to descend: by the options, or as the run did that is resumed."""
    from lrfit.model.document_file import load
    from lrfit.training.resuming import Resumption

    said = settings_said(options)
    if not options["resume"]:
        return None, TrainingSettings(**said)
    resumption = Resumption(
        load(options["resume"]), shown(options["resume"]), allow_changes=options["allow_changes"]
    )
    return resumption, resumption.settings(said)


def _prepared(data: TrainingData, settings: TrainingSettings, resumption: Resumption | None) -> _Job:
    """The run: from its beginning, or from where a model ended."""
    from lrfit.training.plan import prepare

    descent = prepare(data.sample.moments, settings, data.rows, held_out=data.held_out)
    return _Job(resumption.continued(descent, data.sample.fingerprint) if resumption else descent, data)


def _announce(job: _Job, options: dict[str, Any], terminal: Terminal) -> None:
    """Say on what, and how fast, descent runs, and what is to be expected."""
    from lrfit.training import advice

    descent, features = job.descent, job.data.features
    if not descent.settings.needs_rows:
        n_rows = descent.moments.n_samples
        terminal.note(
            f"full batch: {len(descent.points)} sigma points stand for the rows ({n_rows}), "
            "with the same descent; --no-condense uses the rows"
        )
    if descent.start.epoch:
        terminal.note(f"resumed after epoch {descent.start.epoch}")
    if descent.learning_rate < descent.max_stable_learning_rate:
        terminal.note(advice.rate(descent))
    for text in advice.warnings(descent, features):
        terminal.warn(text)
    if not options["quiet"]:
        for line in advice.forecast(descent, features):
            terminal.note(line)
    if slow := _slowness(descent, options["executor"]):
        terminal.note(slow)


def _slowness(descent: Descent, executor: str) -> str | None:
    """A word on long work that machine code would shorten, where that is not installed."""
    from importlib.util import find_spec

    from lrfit.graph.executors import interpreted_s

    epoch_s = interpreted_s(descent.steps_per_epoch, descent.values_per_epoch)
    expected_s = descent.settings.epochs * epoch_s
    if expected_s < _LONG_S or executor == "numpy" or find_spec("numba"):
        return None
    return f"the epochs take about {expected_s:,.0f} s step by step; pip install numba makes them quick"


def _descend(job: _Job, options: dict[str, Any], terminal: Terminal) -> EpochRecord:
    """Run the epochs, and say what is saved if they do not come to their end; returns the last record."""
    from lrfit.model.document_file import to_bytes
    from lrfit.system.interrupts import closing
    from lrfit.training.advice import remedies
    from lrfit.training.run_files import Journal

    descent = job.descent
    journal = Journal(
        job.data.features,
        intercept=descent.settings.intercept,
        history=options["history"],
        model=options["output"],
        every=options["checkpoint_every"],
        continues=descent.start.variables is not None,
        document=lambda record: to_bytes(job.fit(record)),
    )

    def last_words() -> str | None:
        if options["quiet"]:
            return None
        if journal.checkpoint is None:
            return "nothing was saved; --checkpoint-every N keeps, with -o, what was done\n"
        rest = descent.start.epoch + descent.settings.epochs - journal.checkpoint
        again = f"--resume {_pasteable(options['output'])} --epochs {rest}"
        return f"epoch {journal.checkpoint} is saved: {again} goes on from there\n"

    try:
        with journal, closing(last_words):
            return _shown(job, options, journal, terminal)
    except DivergenceError as error:
        saved = "Nothing was saved" if journal.checkpoint is None else f"Epoch {journal.checkpoint} is saved"
        sentences = [f"{error}.", remedies(descent), f"{saved}."]
        raise DivergenceError(" ".join(filter(None, sentences))) from error


def _pasteable(path: str) -> str:
    """A path as a shell takes it; or, if it could steer a terminal, as it can be shown."""
    return quote(path) if path.isprintable() else shown(path, width=None)


def _shown(job: _Job, options: dict[str, Any], journal: Journal, terminal: Terminal) -> EpochRecord:
    """Run the epochs, with progress; returns the last record."""
    from lrfit.cli.report import ProgressTable, next_reported
    from lrfit.training.loop import train

    settings, first, every = job.descent.settings, job.descent.start.epoch, options["every"]
    table = ProgressTable(
        job.data.features,
        terminal.width,
        intercept=settings.intercept,
        last_epoch=first + settings.epochs,
        validation=job.descent.held_out is not None,
    )
    if table.n_hidden:
        terminal.note(f"no room in the table for parameters ({table.n_hidden}); --history has all")
    terminal.note(table.header)
    shown_next = first
    with terminal.work("epochs") as advance:
        for record in train(
            job.descent,
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

    if text := conclusion(job.descent, record):
        terminal.note(text)
