"""`lrfit plot`: pictures of a fit, of a descent, and of the loss surface."""

from __future__ import annotations

from collections.abc import Sequence
from os.path import realpath
from typing import TYPE_CHECKING, Any

import click

from lrfit.cli.options import column_options, csv_options, integer, names
from lrfit.cli.setting_options import setting_options
from lrfit.cli.terminal import Terminal, result_has_colours, result_width, write_result
from lrfit.messages import shown

if TYPE_CHECKING:
    from lrfit.cli.plots import Plot
    from lrfit.views.picture import Picture

_NARROWEST, _WIDEST = 30, 1000


@click.command(name="plot", short_help="Draw a fit, a descent, or the loss surface.")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option(
    "--kind", type=click.Choice(("fit", "loss", "surface")), help="What to draw.  [default: by FILES]"
)
@click.option("-o", "--output", metavar="FILE", help="Save it here: .png, .svg or .pdf.")
@click.option(
    "--parameters",
    type=names,
    metavar="NAME,NAME",
    help="The axes of a loss surface: features, or intercept.  [default: the first two]",
)
@click.option(
    "--width",
    type=integer(_NARROWEST, most=_WIDEST),
    metavar="N",
    help="Of a picture in the terminal, in characters.  [default: the terminal's, else 80]",
)
@column_options
@csv_options
@setting_options
@click.option("-q", "--quiet", is_flag=True, help="Show no notes and no progress.")
def command(files: tuple[str, ...], **options: Any) -> None:  # noqa: ANN401
    """Draw a picture of FILES, which are told apart by what is in them.

    \b
    DATA             a run as by lrfit train: its fit, loss or surface
    MODEL DATA       the fit of the model on the data
    HISTORY...       the loss curves of recorded runs
    DATA HISTORY...  the loss surface of the data, with the recorded paths

    Settings, which are those of lrfit train, are for DATA alone. Without -o the picture is text, on stdout.
    `-` is stdin, for DATA, or for MODEL beside DATA.

    \b
    Example:
      lrfit plot data.csv --lr 0.01 --epochs 100 --kind loss -o loss.png
    """
    from lrfit.cli.file_kinds import classify
    from lrfit.cli.plots import kind_of, plot_of
    from lrfit.system.interrupts import watched
    from lrfit.system.optional import import_optional

    inputs = classify(files)
    plot = plot_of(inputs)
    kind = kind_of(plot, options["kind"])
    _check_use(plot, kind)
    _check_output(inputs.paths, options)
    if kind == "fit":
        import_optional("scipy.special", "a confidence band")
    make = plot.read(inputs, options | {"kind": kind}, Terminal(quiet=options["quiet"]))
    with watched():  # reading is not: it may fork
        _show(make(), options)


def _check_use(plot: Plot, kind: str) -> None:
    """Refuse options that say nothing about this picture."""
    from lrfit.cli.plots import PLOTS

    always = {"files", "kind", "output", "width", "quiet", *["parameters"] * (kind == "surface")}
    context = click.get_current_context()
    for option in context.command.params:
        is_said = context.get_parameter_source(option.name or "") is not click.core.ParameterSource.DEFAULT
        if is_said and option.name not in always | plot.options:
            users = [other.called for other in PLOTS if option.name in other.options]
            raise click.UsageError(
                f"{max(option.opts, key=len)} has no use for {plot.called} and --kind {kind}; "
                f"it is for {' or '.join(users) or 'a loss surface'}"
            )


def _check_output(inputs: Sequence[str], options: dict[str, Any]) -> None:
    """Refuse, before any work, what cannot be written, or cannot be had."""
    from lrfit.system.files import check_writable
    from lrfit.system.optional import import_optional
    from lrfit.views.renderers.matplotlib import FORMATS

    output = options["output"]
    if output is None:
        import_optional("plotext", "a picture in the terminal")
        return
    if options["width"] is not None:
        raise click.UsageError("--width is of a picture in the terminal: leave out -o, or --width")
    if _ending(output) not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise click.UsageError(f"-o {shown(output)}: the name must end in one of {endings}")
    check_writable(output)
    if realpath(output) in map(realpath, inputs):
        raise click.UsageError(f"-o and one of FILES are the same file, {shown(output)}")
    import_optional("matplotlib", "a picture in a file")


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


def _show(picture: Picture, options: dict[str, Any]) -> None:
    """To the file, or to stdout."""
    if path := options["output"]:
        from lrfit.system.files import open_output
        from lrfit.views.renderers import matplotlib as figure

        image = figure.render(picture, _ending(path))
        with open_output(path) as file:
            file.write(image)
        return
    from lrfit.views.renderers import plotext as text

    write_result(text.render(picture, options["width"] or result_width(), colour=result_has_colours()))
