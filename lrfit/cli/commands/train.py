"""`lrfit train`: fit a line to a CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import inf
from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.cluster_option import cluster_option
from lrfit.cli.help import Command
from lrfit.cli.option_names import option_name
from lrfit.cli.options import digits_option, integer, output_format, quiet_option, size
from lrfit.cli.output_files import HISTORY, MODEL, check_outputs
from lrfit.cli.setting_options import setting_options
from lrfit.cli.streams import piped_data, result_is_seen, result_width, write_result
from lrfit.cli.table_options import TableOf, data_argument, training_column_options
from lrfit.cli.terminal import Terminal
from lrfit.errors import DivergenceError
from lrfit.messages import pasteable, shown

if TYPE_CHECKING:
    from lrfit.training.plan import TrainingPlan
    from lrfit.training.record import EpochRecord
    from lrfit.training.run_files import RunFiles


@click.command(name="train", cls=Command, short_help="Fit a line to a CSV.")
@data_argument()
@training_column_options
@setting_options()
@click.option("--validation", metavar="DATA", help="A CSV to validate on.")
@click.option("-o", "--output", metavar="MODEL", help="Save the model here.")
@output_format("text", "json", "csv", "tsv")
@digits_option
@click.option("--history", metavar="FILE.csv", help="Save each epoch's loss and parameters here.")
@click.option("--resume", metavar="MODEL", help="Continue the run of this model where it ended.")
@click.option(
    "--allow-changes",
    is_flag=True,
    help="With --resume: accept changed settings or data, and start afresh from the model's parameters.",
)
@click.option("--checkpoint-every", type=integer(1), metavar="N", help="Also save the model every N epochs.")
@click.option(
    "--every", type=integer(1), metavar="N", help="Show every N-th epoch.  [default: 1, 2, 4, 8, …]"
)
@quiet_option
@click.option("-v", "--verbose", is_flag=True, help="Also show how the work is done.")
@click.option(
    "--executor",
    type=click.Choice(["auto", "numpy", "numba"]),
    default="auto",
    show_default=True,
    help="Run the graph in NumPy, in machine code by Numba, or (auto) first in NumPy and then in Numba.",
)
@click.option(
    "--max-memory",
    type=size,
    metavar="SIZE",
    help="Memory for the rows of mini-batches, such as 500M; beyond it a scratch file is used.  "
    "[default: half of what is available]",
)
@cluster_option
def command(
    *,
    data: tuple[str, ...],
    table_of: TableOf,
    given: Mapping[str, Any],
    validation: str | None,
    output: str | None,
    output_format: str,
    digits: int | str | None,
    history: str | None,
    resume: str | None,
    allow_changes: bool,
    checkpoint_every: int | None,
    every: int | None,
    quiet: bool,
    verbose: bool,
    executor: str,
    max_memory: int | None,
    cluster: str | None,
) -> None:
    """Fit y_hat = W·x + b to the rows of the CSV files DATA (- for stdin) by gradient descent.

    Several files, and patterns such as 'part-*.csv', are one table: they need the same columns. Addresses
    such as s3://bucket/part-*.csv are read, too.

    Without --lr, --standardize and --init, data are standardised, and descent goes to the optimum at the
    fastest rate, with momentum if it is needed; otherwise --lr is 0.01, and --momentum 0. The result goes to
    stdout, progress to stderr.

    \b
    Examples:
      lrfit train data.csv -o model.json
      lrfit train data.csv -y price -x area,rooms --batch-size 32
      lrfit train homes.csv -y price --categories city --dates built
      lrfit train data.csv --lr 0.01 --epochs 100 --history run.csv
    """
    import numpy  # noqa: F401, ICN001 (deeper in other imports it takes longer)

    from lrfit.cli.training_run import announce
    from lrfit.system.cluster_connection import cluster_of
    from lrfit.system.file_names import matching
    from lrfit.system.interrupts import watched
    from lrfit.training.reading import read_groups
    from lrfit.training.resuming import chosen_settings, plan_run
    from lrfit.training.settings import is_plain

    data = data or piped_data()
    _check_options({**click.get_current_context().params, "data": data})
    terminal = Terminal(quiet=quiet, verbose=verbose)
    resumption, settings = chosen_settings(given, resume, allow_changes=allow_changes)
    table = table_of(data) if resumption is None else resumption.table(table_of(data))
    other = None if validation is None else table_of(matching([validation]))
    with cluster_of(cluster, terminal) as workers:
        read = read_groups(
            table, settings, terminal, validation=other, max_memory=max_memory, cluster=workers
        )
        with watched():
            if read[0].group is not None:
                _refuse_with_groups(click.get_current_context().params, read[0].group.column)
                from lrfit.cli.training_groups import train_groups

                train_groups(read, settings, terminal, (output, output_format, digits), executor=executor)
                return
            plan = plan_run(read[0], settings, resumption)
            announce(plan, executor, terminal, is_plain=resumption is None and is_plain(given))
            files = _run_files(plan, history=history, model=output, every=checkpoint_every)
            record = _descend(plan, files, terminal, executor=executor, every=every, output=output)
            _conclude(plan, record, terminal, output_format, digits)


def _run_files(plan: TrainingPlan, *, history: str | None, model: str | None, every: int | None) -> RunFiles:
    """The files that the run writes."""
    from lrfit.model.document_file import to_bytes
    from lrfit.training.run_files import RunFiles
    from lrfit.training.summary import summarize

    return RunFiles(
        plan.data.features,
        intercept=plan.settings.fit_intercept,
        history=history,
        model=model,
        every=every,
        continues=plan.start.variables is not None,
        document=lambda record: to_bytes(summarize(plan, record)),
    )


def _conclude(
    plan: TrainingPlan, record: EpochRecord, terminal: Terminal, output_format: str, digits: int | str | None
) -> None:
    """Say what ended the run, or how far it is from the optimum, and print the result."""
    from lrfit.cli.report import fit_csv, fit_text
    from lrfit.model.document_file import to_bytes
    from lrfit.training.conclusion import conclusion
    from lrfit.training.summary import summarize
    from lrfit.views.number_texts import number_text_of

    fit = summarize(plan, record)
    document = to_bytes(fit)  # refuses numbers that are not finite, whatever the format
    if text := conclusion(plan, record):
        terminal.note(text)
    is_seen = result_is_seen()
    number_text = number_text_of(digits, is_seen=is_seen)
    results: dict[str, Callable[[], str | bytes]] = {
        "text": lambda: fit_text(fit, number_text, result_width() if is_seen else inf),
        "json": lambda: document,
        "csv": lambda: fit_csv(fit, ","),
        "tsv": lambda: fit_csv(fit, "\t"),
    }
    write_result(results[output_format]())


def _check_options(options: Mapping[str, Any]) -> None:
    """Refuse, before any work, options that contradict each other or need a package that is missing."""
    for one, other in (("quiet", "verbose"), ("validation", "validation_fraction")):
        if options[one] and options[other]:
            raise click.UsageError(f"{option_name(one)} and {option_name(other)} exclude each other")
    if options["by"] is not None:
        _refuse_with_groups(options, options["by"])
    for one, other in (("checkpoint_every", "output"), ("allow_changes", "resume")):
        if options[one] and not options[other]:
            raise click.UsageError(f"{option_name(one)} needs {option_name(other)}")
    if options["executor"] == "numba":
        from lrfit.graph.executors.numba.loop import require_numba

        require_numba()
    _check_files(options)


def _refuse_with_groups(options: Mapping[str, Any], column: str) -> None:
    """Refuse options that go with one line alone; groups may come from moments that have some."""
    for other in ("history", "validation", "resume", "checkpoint_every", "every"):
        if options[other]:
            raise click.UsageError(
                f"--by and {option_name(other)} exclude each other, and there is a line for each level of "
                f"{shown(column)}"
            )


def _check_files(options: Mapping[str, Any]) -> None:
    """Refuse empty file names, and files that cannot be written or would overwrite an input or output."""
    for name in ("output", "history", "resume", "validation"):
        if options[name] == "":
            raise click.UsageError(f"{option_name(name)} needs the name of a file")
    inputs = {"DATA": list(options["data"])}
    inputs |= {option_name(name): [options[name]] for name in ("validation", "resume") if options[name]}
    if sum(paths.count("-") for paths in inputs.values()) > 1:
        raise click.UsageError("only one of DATA, --validation and --resume can be standard input")
    outputs = {option_name(name): options[name] for name in ("output", "history") if options[name]}
    kinds = {"--output": MODEL} | ({} if options["resume"] else {"--history": HISTORY})  # or it is continued
    check_outputs(outputs, inputs, allowed=("--output", "--resume"), overwritten=kinds)


def _descend(
    plan: TrainingPlan,
    files: RunFiles,
    terminal: Terminal,
    *,
    executor: str,
    every: int | None,
    output: str | None,
) -> EpochRecord:
    """Run the epochs, and return the last record; if the run is cut short, say what was saved."""
    from lrfit.cli.training_run import descend_with_table, explained
    from lrfit.system.interrupts import closing

    def last_words() -> str | None:
        if not terminal.hears_notes:
            return None
        if files.checkpoint is None:
            return "nothing was saved; -o with --checkpoint-every N saves progress\n"
        again = f"--resume {pasteable(output or '')} --epochs {plan.last_epoch - files.checkpoint}"
        return f"epoch {files.checkpoint} is saved: {again} goes on from there\n"

    try:
        with files, closing(last_words):
            return descend_with_table(
                plan, terminal, executor=executor, every=every, next_due=files.next_due, on_record=files.write
            )
    except DivergenceError as error:
        saved = "Nothing was saved" if files.checkpoint is None else f"Epoch {files.checkpoint} is saved"
        raise explained(error, f"{saved}.", terminal) from error
