"""`lrfit explore`: a page that descends on the data of a CSV, step by step, in a browser."""

from __future__ import annotations

import csv
import io
from math import inf
from os.path import realpath
from shlex import quote
from typing import TYPE_CHECKING, Any, cast

import click

from lrfit.cli.options import column_options, csv_options, integer
from lrfit.cli.setting_options import setting_options_of, settings_given
from lrfit.cli.terminal import Terminal
from lrfit.messages import shown
from lrfit.training.settings import TrainingSettings

if TYPE_CHECKING:
    from lrfit.data.row_store import RowStore


@click.command(name="explore", short_help="Make a page to play with descent on a CSV.")
@click.argument("data", type=click.Path(allow_dash=True))
@click.option("-o", "--output", metavar="FILE.html", required=True, help="Write the page here.")
@column_options
@csv_options
@setting_options_of("intercept", "l2", "init", "learning_rate", "batch_size", "momentum", "standardize")
@click.option(
    "--seed",
    type=integer(0),
    metavar="N",
    default=str(TrainingSettings.seed),
    show_default=True,
    help="Seed of --init normal, and of the rows shown where they are a sample.",
)
@click.option("-q", "--quiet", is_flag=True, help="Show no notes and no progress.")
def command(**options: Any) -> None:  # noqa: ANN401
    """Make one HTML page that fits a line to the CSV file DATA (- for stdin), step by step.

    The page needs no network. It shows the data and the line, the loss and the path downhill, and the graph
    with the values in it, and has the learning rate, momentum, STEP, RUN and RESET. Its numbers are those of
    `lrfit train`. The settings are those that it starts with; it needs plotly: pip install plotly.

    \b
    Example:
      lrfit explore data.csv -o page.html
    """
    from lrfit.cli.titles import file_title
    from lrfit.cli.training_data import read_training_data
    from lrfit.system.files import open_output
    from lrfit.system.optional import import_optional
    from lrfit.training.advice import warnings
    from lrfit.training.plan import plan_training
    from lrfit.views.page.html import page
    from lrfit.views.page.page_data import contents

    import_optional("plotly", "the page")
    _check_file(options["data"], options["output"])
    settings = TrainingSettings(**settings_given(options))
    terminal = Terminal(quiet=options["quiet"])
    data = read_training_data(options, settings, terminal, keep_rows=inf)
    kept = cast("RowStore", data.rows)
    plan = plan_training(data.sample.moments, settings, kept)
    for text in warnings(plan, data.features):
        terminal.warn(text)
    document = page(
        contents(
            plan,
            kept.rows(),
            data.features,
            data.target,
            source=file_title(options["data"]),
            command=_train_command(),
        )
    )
    with open_output(options["output"]) as file:
        file.write(document)
    terminal.note(f"{shown(options['output'])}: {len(document):,} bytes, to be opened in a browser")


def _check_file(data: str, output: str) -> None:
    """Refuse, before any work, a file that cannot be written, or is the data."""
    from lrfit.system.files import check_writable

    if output == "-":
        raise click.UsageError("a page goes to a file: -o page.html")
    check_writable(output)
    if realpath("/dev/stdin" if data == "-" else data) == realpath(output):
        raise click.UsageError(f"--output and DATA are the same file, {shown(output)}")


def _train_command() -> str:
    """`lrfit train` with the options of this command line that the page does not control."""
    context = click.get_current_context()
    skipped = {"data", "output", "quiet", "learning_rate", "momentum", "batch_size"}
    path = context.params["data"]
    words = ["lrfit", "train", f"./{path}" if path.startswith("-") and path != "-" else path]
    for option in context.command.params:
        source = context.get_parameter_source(option.name or "")
        if option.name not in skipped and source is not click.core.ParameterSource.DEFAULT:
            words += _words(option, context.params[option.name or ""])
    return " ".join(map(quote, words))


def _words(option: click.Parameter, value: Any) -> list[str]:  # noqa: ANN401
    """An option and its value, as they are written on a command line."""
    names = option.secondary_opts if value is False else option.opts
    name = next(name for name in names if name.startswith("--"))
    if isinstance(value, bool):
        return [name]
    if option.name == "x":
        return [f"{name}={_listed(listed)}" for listed in value]
    return [f"{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"]


def _listed(names: list[str]) -> str:
    """Names, separated by commas, as `lrfit.cli.options.names` reads them."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()
