"""`lrfit explore`: make a page that descends on the data of a CSV, step by step, in a browser."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf
from shlex import quote
from typing import Any

import click

from lrfit.cli.given import given_options
from lrfit.cli.help import Command
from lrfit.cli.options import quiet_option
from lrfit.cli.output_files import PAGE, check_outputs
from lrfit.cli.setting_options import setting_options
from lrfit.cli.table_options import TableOf, column_options, data_argument
from lrfit.cli.terminal import Terminal
from lrfit.messages import shown
from lrfit.training.settings import TrainingSettings, is_plain

_SHOWN_WELL: Mapping[str, Any] = {"standardize": True, "learning_rate": 0.1}
"""Settings with which descent on most data takes some steps that can be seen."""


@click.command(name="explore", cls=Command, short_help="Make a web page to explore descent on a CSV.")
@data_argument(required=True)
@click.option("-o", "--output", metavar="FILE.html", required=True, help="Write the page here.")
@column_options
@setting_options(
    "fit_intercept", "l2", "init", "learning_rate", "batch_size", "momentum", "standardize", "seed"
)
@quiet_option
def command(
    *, data: tuple[str, ...], output: str, table_of: TableOf, given: Mapping[str, Any], quiet: bool
) -> None:
    """Make one HTML page that fits a line to the CSV files DATA (- for stdin), step by step.

    The page needs no network. It shows the data and the line, the loss and the path downhill, and the graph
    with its values. It has controls for the learning rate and momentum, and STEP, RUN and RESET. Its numbers
    are those of `lrfit train`. Settings given here are its initial ones; without --lr, --standardize and
    --init, the data are standardised, and the rate is 0.1. It needs plotly: pip install plotly.

    \b
    Examples:
      lrfit explore data.csv -o page.html
      lrfit explore data.csv --standardize --lr 0.1 -o page.html
      cut -d, -f1,3 data.csv | lrfit explore - -o page.html
    """
    from lrfit.cli.titles import files_title
    from lrfit.cli.training_run import warn
    from lrfit.system.files import open_output
    from lrfit.system.optional import import_optional
    from lrfit.training.planning import plan_training
    from lrfit.training.reading import read_for_training
    from lrfit.views.page.html import page
    from lrfit.views.page.page_data import page_data

    import_optional("plotly", "the page")
    if output == "-":
        raise click.UsageError("a page goes to a file: -o page.html")
    check_outputs({"--output": output}, {"DATA": data}, overwritten={"--output": PAGE})
    if not output.lower().endswith((".html", ".htm")):
        raise click.UsageError(f"-o {shown(output)}: the name of a page must end in .html")
    settings = TrainingSettings(**{**(_SHOWN_WELL if is_plain(given) else {}), **given})
    terminal = Terminal(quiet=quiet)
    plan = plan_training(read_for_training(table_of(data), settings, terminal, most_kept=inf), settings)
    warn(plan, terminal)
    document = page(
        page_data(plan, source=files_title(data), command=_train_command(standardize=settings.standardize))
    )
    with open_output(output) as file:
        file.write(document)
    terminal.note(f"wrote {shown(output)} ({len(document) / 1e6:.1f} MB); open it in a browser")


def _train_command(*, standardize: bool) -> str:
    """`lrfit train` with the options of this command line that the page does not control."""
    values = click.get_current_context().params
    skipped = {"data", "output", "quiet", "learning_rate", "momentum", "batch_size", "standardize"}
    paths = (f"./{path}" if path.startswith("-") and path != "-" else path for path in values["data"])
    words = ["lrfit", "train", *paths]
    for option in given_options():
        if option.name not in skipped:
            words += _words(option, values[option.name or ""])
    words += ["--standardize"] * standardize  # perhaps of the page's own accord
    return " ".join(map(quote, words))


def _words(option: click.Parameter, value: Any) -> list[str]:  # noqa: ANN401
    """An option and its value, as they are written on a command line."""
    names = (option.secondary_opts if value is False else None) or option.opts
    name = next(name for name in names if name.startswith("--"))
    if isinstance(value, bool):
        return [name]
    if getattr(option, "multiple", False):
        return [f"{name}={text}" for text in value]
    return [f"{name}={','.join(map(str, value)) if isinstance(value, tuple) else value}"]
