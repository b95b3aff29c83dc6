"""`lrfit train`: fit a line to a CSV."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import fields
from functools import partial
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrfit.errors import DivergenceError, shown
from lrfit.options import csv_options, initial_values, integer, names, number, open_table, size
from lrfit.settings import TrainingSettings
from lrfit.terminal import Terminal, write_result

if TYPE_CHECKING:
    from lrfit.descent import Descent
    from lrfit.training import EpochRecord

_NOTED_EXCESS = 0.01
"""Share of the optimum by which the loss may be above it and count as converged."""

_NEGLIGIBLE = 1e-12
"""Share of the best constant's loss that a fit of exact data may leave."""

_SMALLEST = 1e-300


@click.command(name="train", short_help="Fit a line to a CSV.")
@click.argument("data", type=click.Path(allow_dash=True))
@click.option(
    "-x",
    "--x",
    "x",
    type=names,
    metavar="NAMES",
    multiple=True,
    help="Features, separated by commas.  [default: all but y]",
)
@click.option("-y", "--y", "y", metavar="NAME", help="Target.  [default: y, else the last column]")
@csv_options
@click.option(
    "--intercept/--no-intercept",
    default=TrainingSettings.intercept,
    show_default=True,
    help="Fit b, or only W.",
)
@click.option(
    "--init",
    type=initial_values,
    metavar="zeros|normal|N,N,…",
    default=TrainingSettings.init,
    show_default=True,
    help="Where to start: weights, then intercept, in the data's units.",
)
@click.option(
    "--lr",
    "learning_rate",
    type=number(0.0, none="auto"),
    metavar="F|auto",
    default=str(TrainingSettings.learning_rate),
    show_default=True,
    help="Learning rate.",
)
@click.option(
    "--epochs",
    type=integer(1),
    metavar="N",
    default=str(TrainingSettings.epochs),
    show_default=True,
    help="Passes over the data.",
)
@click.option(
    "--batch-size",
    type=integer(1, none="full"),
    metavar="N|full",
    default="full",
    show_default=True,
    help="Rows of a step.",
)
@click.option(
    "--shuffle/--no-shuffle",
    default=TrainingSettings.shuffle,
    show_default=True,
    help="Draw mini-batches in a new order each epoch.",
)
@click.option(
    "--seed",
    type=integer(0),
    metavar="N",
    default=str(TrainingSettings.seed),
    show_default=True,
    help="Of the shuffles and of --init normal.",
)
@click.option(
    "--standardize",
    is_flag=True,
    help="Descend on (x - mean)/sd and (y - mean)/sd; report in the data's units.",
)
@click.option(
    "--condense/--no-condense",
    default=TrainingSettings.condense,
    show_default=True,
    help="Full batch on the sigma points, not the rows.",
)
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
    help="What runs the graph: NumPy, machine code by Numba, or what is done first.",
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
    from lrfit.data import choose_columns, read_moments
    from lrfit.descent import prepare
    from lrfit.fit import summarize
    from lrfit.model_file import to_bytes
    from lrfit.output_file import open_output
    from lrfit.report import fit_text
    from lrfit.row_store import RowStore

    _check_options(options)
    terminal = Terminal(quiet=options["quiet"], verbose=options["verbose"])
    settings = TrainingSettings(**{field.name: options[field.name] for field in fields(TrainingSettings)})
    with open_table(options["data"], options, terminal) as table:
        x = [name for listed in options["x"] for name in listed]
        features, target = choose_columns(table.header, x, options["y"], source_name=table.name)
        terminal.note(f"{table.name}: target {shown(target)}, features {', '.join(map(shown, features))}")
        rows = RowStore(options["max_memory"]) if settings.needs_rows else None
        moments = read_moments(table, [*features, target], keep=None if rows is None else rows.append)
    descent = prepare(moments, settings, rows)
    _announce(descent, terminal)
    try:
        record = _descend(descent, features, options, terminal)
    except DivergenceError as error:
        raise DivergenceError(f"{error}. {_advice(descent)} Nothing was saved.") from error
    fit = summarize(descent, record, features, target)
    document = to_bytes(fit)
    if options["output"]:
        with open_output(options["output"]) as file:
            file.write(document)
    _conclude(descent, record, terminal)
    write_result(document if options["output_format"] == "json" else fit_text(fit))


def _check_options(options: dict[str, Any]) -> None:
    """Refuse, before any work, what contradicts itself, cannot be had, or would overwrite data or output."""
    from lrfit.output_file import check_writable

    if options["quiet"] and options["verbose"]:
        raise click.UsageError("--quiet and --verbose exclude each other")
    if options["executor"] == "numba":
        from lrfit.executors.compiled import require_numba

        require_numba()
    given = {name: options[name] for name in ("output", "history") if options[name]}
    taken = {Path(options["data"]).resolve(): "DATA"} if options["data"] != "-" else {}
    for name, path in given.items():
        check_writable(path)
        other = taken.setdefault(Path(path).resolve(), f"--{name}")
        if other != f"--{name}":
            raise click.UsageError(f"--{name} and {other} are the same file, {shown(path)}")


def _announce(descent: Descent, terminal: Terminal) -> None:
    """Say on what, and how fast, descent runs."""
    settings, moments, bound = descent.settings, descent.moments, descent.max_stable_learning_rate
    if not settings.needs_rows:
        terminal.note(
            f"full batch: {len(descent.points)} sigma points stand for the rows ({moments.n_samples}), "
            "with the same descent; --no-condense uses the rows"
        )
    if settings.learning_rate is None:
        terminal.note(f"--lr auto: {descent.learning_rate!r}")
    if descent.learning_rate >= bound:
        terminal.warn(
            f"the learning rate {descent.learning_rate:g} is above the largest stable one, {bound:.6g}: "
            "expect divergence"
        )
    if moments.least_squares(intercept=settings.intercept).rank < moments.n_features:
        terminal.warn(
            "a feature is constant or depends linearly on others, or there are too few rows: "
            "W is not identifiable, many are as good"
        )


def _descend(
    descent: Descent, features: list[str], options: dict[str, Any], terminal: Terminal
) -> EpochRecord:
    """Run the epochs, with progress and history; returns the last record."""
    from lrfit.output_file import open_output
    from lrfit.report import ProgressTable, history_header, history_row, is_reported
    from lrfit.training import train

    settings = descent.settings
    table = ProgressTable(features, terminal.width, intercept=settings.intercept)
    with ExitStack() as stack:
        history = stack.enter_context(open_output(options["history"])) if options["history"] else None
        if history:
            history.write(history_header(features, intercept=settings.intercept).encode())
        advance = stack.enter_context(terminal.work("epochs"))
        is_shown = partial(is_reported, last=settings.epochs, every=options["every"])
        records = train(
            descent,
            executor=options["executor"],
            is_due=(lambda _: True) if history else is_shown,
            on_epoch=lambda epoch: advance(epoch, settings.epochs),
        )
        if table.n_hidden:
            terminal.note(f"the table has no room for {table.n_hidden} parameters; --history saves all")
        terminal.note(table.header)
        for record in records:
            if history:
                history.write(history_row(record, intercept=settings.intercept).encode())
            if is_shown(record.epoch):
                terminal.note(table.row(record))
    return record


def _advice(descent: Descent) -> str:
    """What to try after a divergence, but for what was tried."""
    settings, bound = descent.settings, descent.max_stable_learning_rate
    caution = (
        [] if settings.batch_size is None else ["That bound is of full batches; smaller ones need less."]
    )
    remedies = [] if settings.standardize else ["--standardize"]
    if isfinite(bound):
        remedies.append(f"--lr {min(bound, descent.learning_rate) / 2:.2g}")
    if settings.learning_rate is not None:
        remedies.append("--lr auto")
    return " ".join([*caution, f"Try {' or '.join(remedies)}."])


def _conclude(descent: Descent, record: EpochRecord, terminal: Terminal) -> None:
    """Say so if descent has stopped well above the optimum."""
    moments, settings = descent.moments, descent.settings
    best = moments.least_squares(intercept=settings.intercept).half_mse
    excess = (record.loss - best) / max(best, _NEGLIGIBLE * moments.best_constant_half_mse, _SMALLEST)
    if excess > _NOTED_EXCESS:
        above = f"{excess + 1:.3g} times" if excess > 1 else f"{100 * excess:.2g} % above"
        remedy = "" if settings.standardize else ", or --standardize"
        terminal.note(
            f"not converged: the loss is {above} the least-squares optimum; try more --epochs{remedy}"
        )
