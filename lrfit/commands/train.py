"""`lrfit train`: fit a line to a CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import click

from lrfit.errors import shown
from lrfit.options import csv_format, csv_options, initial_values, integer, names, number

if TYPE_CHECKING:
    from lrfit.data import Table
    from lrfit.graph import Array
    from lrfit.moments import Moments
    from lrfit.source import Source
    from lrfit.terminal import Terminal
    from lrfit.training import Descent, EpochRecord, TrainingSettings


@click.command(name="train")
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
@click.option("--intercept/--no-intercept", default=True, show_default=True, help="Fit b, or only W.")
@click.option(
    "--init",
    type=initial_values,
    metavar="zeros|normal|N,N,…",
    default="zeros",
    show_default=True,
    help="Weights, then intercept, to start from.",
)
@click.option(
    "--lr",
    type=number(0.0, none="auto"),
    metavar="F|auto",
    default="0.01",
    show_default=True,
    help="Learning rate.",
)
@click.option(
    "--epochs", type=integer(1), metavar="N", default="100", show_default=True, help="Passes over the data."
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
    default=True,
    show_default=True,
    help="Draw mini-batches in a new order each epoch.",
)
@click.option(
    "--seed",
    type=integer(0),
    metavar="N",
    default="0",
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
    default=True,
    show_default=True,
    help="Full batch on the sigma points, not the rows.",
)
@click.option("-o", "--output", metavar="MODEL", help="Save the model here.")
@click.option(
    "--format",
    "format_",
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
def command(**options: Any) -> None:  # noqa: ANN401
    """Fit y_hat = W·x + b to the rows of the CSV file DATA (- for stdin) by gradient descent.

    The result goes to stdout, progress to stderr.

    \b
    Example:
      lrfit train data.csv --lr 0.01 --epochs 100 -o model.json
    """
    from lrfit import model_file, report
    from lrfit.output_file import check_writable, open_output
    from lrfit.terminal import Terminal, write_result
    from lrfit.training import prepare, summarize

    terminal = Terminal(quiet=options["quiet"])
    for path in filter(None, (options["output"], options["history"])):
        check_writable(path)
    settings = _settings(options)
    features, target, moments, rows = _read(options, settings, terminal)
    descent = prepare(moments, settings, rows)
    _announce(descent, terminal)
    record = _descend(descent, features, options, terminal)
    fit = summarize(descent, record, features, target)
    document = model_file.to_bytes(fit)
    if options["output"]:
        with open_output(options["output"]) as file:
            file.write(document)
    write_result(document if options["format_"] == "json" else report.fit_text(fit))


def _settings(options: dict[str, Any]) -> TrainingSettings:
    from lrfit.training import TrainingSettings

    return TrainingSettings(
        learning_rate=options["lr"],
        epochs=options["epochs"],
        batch_size=options["batch_size"],
        shuffle=options["shuffle"],
        seed=options["seed"],
        intercept=options["intercept"],
        init=options["init"],
        standardize=options["standardize"],
        condense=options["condense"],
    )


def _read(
    options: dict[str, Any], settings: TrainingSettings, terminal: Terminal
) -> tuple[list[str], str, Moments, Array | None]:
    """Names of the features and the target, the moments of all rows, and the rows if they are needed."""
    import numpy as np

    from lrfit.data import Table, choose_columns
    from lrfit.moments import Moments
    from lrfit.source import open_source

    path = options["data"]
    format_ = csv_format(path, options)
    kept: list[Array] = []
    with open_source(path, options["encoding"]) as source:
        table = Table(source, format_)
        x = [name for names in options["x"] for name in names]
        features, target = choose_columns(table.header, x, options["y"], source_name=source.name)
        terminal.note(f"{source.name}: target {shown(target)}, features {', '.join(map(shown, features))}")
        chunks = _chunks(table, source, [*features, target], terminal, kept if settings.needs_rows else None)
        moments = Moments.merged(map(Moments.of_rows, chunks))
        terminal.finish()
    if table.n_dropped:
        terminal.warn(f"rows left out for a missing value: {table.n_dropped}")
    if table.lost_digits:
        terminal.warn("an integer beyond 2^53 was read; its last digits may be lost")
    return features, target, moments, np.concatenate(kept) if kept else None


def _chunks(
    table: Table, source: Source, columns: Sequence[str], terminal: Terminal, kept: list[Array] | None
) -> Iterator[Array]:
    """The values of the columns, block by block; each is put into `kept` as it passes, if given."""
    for parsed in table.rows(columns):
        if source.position:
            terminal.advance("reading", *source.position)
        if kept is not None:
            kept.append(parsed.values)
        yield parsed.values


def _announce(descent: Descent, terminal: Terminal) -> None:
    """Say on what, and how fast, descent runs."""
    settings, n_samples = descent.settings, descent.moments.n_samples
    if not settings.needs_rows:
        terminal.note(
            f"{n_samples} rows condensed to {len(descent.x)} sigma points, which give the same descent "
            "(--no-condense uses the rows)"
        )
    if settings.learning_rate is None:
        terminal.note(f"--lr auto: {descent.learning_rate!r}")
    if descent.learning_rate >= descent.max_stable_learning_rate:
        terminal.warn(
            f"the learning rate {descent.learning_rate:g} is above the largest stable one, "
            f"{descent.max_stable_learning_rate:.6g}: expect divergence"
        )
    best = descent.moments.least_squares(intercept=settings.intercept)
    if best.rank < descent.moments.n_features:
        terminal.warn(
            "a feature is constant, or depends linearly on others: W is not identifiable, many are as good"
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
        stack.callback(terminal.finish)
        terminal.note(table.header)
        for record in train(descent):
            if history:
                history.write(history_row(record, intercept=settings.intercept).encode())
            if is_reported(record.epoch, settings.epochs, options["every"]):
                terminal.note(table.row(record))
            terminal.advance("epochs", record.epoch, settings.epochs)
    return record
