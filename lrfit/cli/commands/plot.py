"""`lrfit plot`: pictures of a fit, of a descent, and of the loss surface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.given import given_options
from lrfit.cli.help import Command
from lrfit.cli.options import integer, names, quiet_option
from lrfit.cli.output_files import check_outputs
from lrfit.cli.setting_options import setting_options
from lrfit.cli.streams import result_has_colours, result_width, write_result
from lrfit.cli.table_options import TableOf, column_options
from lrfit.cli.terminal import Terminal
from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.cli.plots import Plot
    from lrfit.views.picture import Picture

_NARROWEST, _WIDEST = 30, 1000


@click.command(
    name="plot", cls=Command, refers=True, short_help="Draw a fit, a descent, or the loss surface."
)
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "--kind",
    type=click.Choice(("fit", "loss", "surface")),
    help="Kind of picture.  [default: depends on FILES]",
)
@click.option("-o", "--output", metavar="FILE", help="Save the picture here: .png, .svg or .pdf.")
@click.option(
    "--parameters",
    type=names,
    metavar="NAME,NAME",
    help="Axes of a loss surface: names of features, or intercept.  [default: the first two]",
)
@click.option(
    "--width",
    type=integer(_NARROWEST, most=_WIDEST),
    metavar="N",
    help="Width of a picture in the terminal, in characters.  [default: the terminal's, else 80]",
)
@column_options
@setting_options()
@quiet_option
def command(
    *,
    files: tuple[str, ...],
    kind: str | None,
    output: str | None,
    parameters: list[str] | None,
    width: int | None,
    table_of: TableOf,
    given: Mapping[str, Any],
    quiet: bool,
) -> None:
    """Draw a picture of FILES, which are recognised by their content.

    \b
    DATA...             a run of lrfit train: its fit, loss or surface
    MODEL DATA...       how the model fits the data
    HISTORY...          the loss curves of recorded runs
    DATA... HISTORY...  the loss surface of the data, with the recorded paths

    With MODEL, -x and -y say which columns hold its features and its target. Settings are those of lrfit
    train, and are for DATA alone. Without -o, the picture is text on stdout. `-`
    is stdin, which is DATA, or MODEL if DATA is a file.

    \b
    Examples:
      lrfit plot data.csv
      lrfit plot model.json data.csv -o fit.png
      lrfit plot data.csv --lr 0.01 --epochs 100 --kind loss -o loss.png
    """
    from lrfit.cli.file_kinds import classify
    from lrfit.cli.plots import PlotRequest, kind_of, plot_of
    from lrfit.system.file_names import matching
    from lrfit.system.interrupts import watched

    kinds = classify(matching(files))
    plot = plot_of(kinds)
    drawn = kind_of(plot, kind)
    _check_use(plot, drawn)
    _check_output(kinds.paths, output, width)
    request = PlotRequest(kinds, table_of, given, drawn, parameters)
    make = plot.read(request, Terminal(quiet=quiet))
    with watched():  # not while reading, which may fork
        _show(make(), output, width)


def _check_use(plot: Plot, kind: str) -> None:
    """Refuse options that do not apply to this picture."""
    from lrfit.cli.plots import PLOTS

    always = {"files", "kind", "output", "width", "quiet", *["parameters"] * (kind == "surface")}
    for option in given_options():
        if option.name not in always | plot.options:
            users = [other.called for other in PLOTS if option.name in other.options]
            raise click.UsageError(
                f"{max(option.opts, key=len)} has no use for {plot.called} and --kind {kind}; "
                f"it is for {' or '.join(users) or 'a loss surface'}"
            )


def _check_output(inputs: tuple[str, ...], output: str | None, width: int | None) -> None:
    """Refuse, before any work, an output that cannot be written, or a package that is not installed."""
    from lrfit.system.optional import import_optional
    from lrfit.views.renderers.matplotlib import FORMATS

    if output is None:
        import_optional("plotext", "a picture in the terminal")
        return
    if width is not None:
        raise click.UsageError("--width is for a picture in the terminal: leave out -o, or --width")
    if _ending(output) not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise click.UsageError(f"-o {shown(output)}: the name must end in one of {endings}")
    check_outputs({"-o": output}, {"one of FILES": inputs})
    import_optional("matplotlib", "a picture in a file")


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _show(picture: Picture, output: str | None, width: int | None) -> None:
    """Write the picture to the file, or to stdout."""
    if output is None:
        from lrfit.views.renderers import plotext

        write_result(plotext.render(picture, width or result_width(), colour=result_has_colours()))
        return
    from lrfit.system.files import open_output
    from lrfit.views.renderers import matplotlib

    image = matplotlib.render(picture, _ending(output))
    with open_output(output) as file:
        file.write(image)
