"""`lrfit plot`: pictures of a fit, of a descent, and of the loss surface."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from os.path import realpath
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lrfit.errors import DataError, DivergenceError, shown
from lrfit.options import column_options, csv_options, integer, names
from lrfit.setting_options import setting_options, settings_said
from lrfit.settings import TrainingSettings
from lrfit.terminal import Terminal, write_result
from lrfit.training_data import TrainingData, read_training_data

if TYPE_CHECKING:
    from lrfit.descent import Descent
    from lrfit.fit import LinearFit
    from lrfit.history_file import History
    from lrfit.picture import Picture
    from lrfit.run import EpochRecord

_KINDS = ("fit", "loss", "surface")

_HEAD_BYTES = 1 << 16
"""Of a file that tell what it is."""

_WIDTH = 80
"""Of a picture in characters, where stdout is no terminal."""

_NARROWEST = 30

_SAME_LOSS = 1e-6
"""Share of a loss within which two are the same."""

_LARGEST_VALUE = 1e150
"""Values beyond have squares that overflow."""


@click.command(name="plot", short_help="Draw a fit, a descent, or the loss surface.")
@click.argument("files", nargs=-1, required=True, type=click.Path(allow_dash=True))
@click.option("--kind", type=click.Choice(_KINDS), help="What to draw.  [default: by FILES]")
@click.option("-o", "--output", metavar="FILE", help="Save it here: .png, .svg or .pdf.")
@click.option("--parameters", type=names, metavar="NAME,NAME", help="The axes of a loss surface.")
@click.option(
    "--width",
    type=integer(_NARROWEST),
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
    from lrfit.interrupts import watched

    given = _told_apart(files)
    kind = _kind(given, options["kind"])
    _check_options(given, kind, options)
    terminal = Terminal(quiet=options["quiet"])
    make = _READERS[given.case](given, kind, options, terminal)
    with watched():  # reading is not: it may fork
        _show(make(), options)


@dataclass(frozen=True)
class _Given:
    """The files by what they are."""

    data: str | None
    model: str | None
    histories: tuple[str, ...]

    @property
    def case(self) -> tuple[bool, bool, bool]:
        """Whether there are data, a model, histories."""
        return self.data is not None, self.model is not None, bool(self.histories)


_RUN, _MODEL, _HISTORIES, _PATHS = (
    (True, False, False), (True, True, False), (False, False, True), (True, False, True)
)  # fmt: skip

_KINDS_OF = {_RUN: _KINDS, _MODEL: ("fit",), _HISTORIES: ("loss",), _PATHS: ("surface",)}
"""The first one is the default."""

_CALLED = {
    _RUN: "DATA alone",
    _MODEL: "MODEL and DATA",
    _HISTORIES: "HISTORY files",
    _PATHS: "DATA and HISTORY files",
}


def _told_apart(files: Sequence[str]) -> _Given:
    """What the files are, by how they begin; of a stream, by what the others are."""
    found: dict[str, list[str]] = {"data": [], "model": [], "history": []}
    streams = [path for path in files if path == "-" or _is_stream(path)]
    if len(streams) > 1:
        raise click.UsageError(f"only one of FILES can be a stream, and {len(streams)} are")
    for path in files:
        if path not in streams:
            found[_what(path)].append(path)
    for path in streams:
        found["model" if found["data"] and not found["history"] else "data"].append(path)
    given = _Given(next(iter(found["data"]), None), next(iter(found["model"]), None), tuple(found["history"]))
    if len(found["data"]) > 1 or len(found["model"]) > 1 or given.case not in _KINDS_OF:
        counts = ", ".join(f"{what}: {len(paths)}" for what, paths in found.items() if paths)
        raise click.UsageError(f"FILES are {', or '.join(_CALLED.values())}; these are {counts}")
    return given


def _is_stream(path: str) -> bool:
    """Whether it is neither a regular file nor a folder, and so can be read once only."""
    try:
        mode = Path(path).stat().st_mode
    except OSError:
        return False  # to open it will say why
    return not stat.S_ISREG(mode) and not stat.S_ISDIR(mode)


def _what(path: str) -> str:
    """What is in a file: "data", "model" or "history"."""
    from lrfit.history_file import BEGINNING
    from lrfit.source import open_stream

    with open_stream(path) as (stream, name):
        try:
            head = stream.read(_HEAD_BYTES).removeprefix(b"\xef\xbb\xbf").lstrip()
        except OSError as error:
            raise DataError(f"{name} cannot be read: {error.strerror or error}") from error
    if head.startswith(b"{"):
        return "model"
    return "history" if head.startswith(",".join(BEGINNING).encode() + b",") else "data"


def _kind(given: _Given, wanted: str | None) -> str:
    kinds = _KINDS_OF[given.case]
    if wanted and wanted not in kinds:
        cases = [_CALLED[case] for case, possible in _KINDS_OF.items() if wanted in possible]
        raise click.UsageError(f"--kind {wanted} needs {' or '.join(cases)}, not {_CALLED[given.case]}")
    return wanted or kinds[0]


def _check_options(given: _Given, kind: str, options: dict[str, Any]) -> None:
    """Refuse, before any work, what has no use, cannot be written, or cannot be had."""
    _check_use(given, kind)
    if options["output"] is None:
        from lrfit.extras import imported

        imported("plotext", "a picture in the terminal")
        return
    if options["width"] is not None:
        raise click.UsageError("--width is of a picture in the terminal: leave out -o, or --width")
    _check_output(options["output"], [path for path in (given.data, given.model, *given.histories) if path])


def _check_use(given: _Given, kind: str) -> None:
    """Refuse options that say nothing about this picture."""
    context = click.get_current_context()
    always = {"files", "kind", "output", "width", "quiet", *["parameters"] * (kind == "surface")}
    csv = {"sep", "decimal", "encoding", "no_header", "missing"} if given.data else set()
    columns = {_RUN: {"x", "y"}, _PATHS: {"y"}}.get(given.case, set())
    settings = set(settings_said(context.params)) if given.case == _RUN else set()
    for option in context.command.params:
        is_said = context.get_parameter_source(option.name or "") is not click.core.ParameterSource.DEFAULT
        if is_said and option.name not in always | csv | columns | settings:
            name = max(option.opts, key=len)
            what = "a loss surface" if option.name == "parameters" else _CALLED[_RUN]
            raise click.UsageError(
                f"{name} has no use for {_CALLED[given.case]} and --kind {kind}; it is for {what}"
            )


def _check_output(output: str, inputs: Sequence[str]) -> None:
    from lrfit.extras import imported
    from lrfit.output_file import check_writable
    from lrfit.renderers.figure import FORMATS

    if _ending(output) not in FORMATS:
        endings = ", ".join(f".{ending}" for ending in FORMATS)
        raise click.UsageError(f"-o {shown(output)}: the name must end in one of {endings}")
    check_writable(output)
    if realpath(output) in map(realpath, inputs):
        raise click.UsageError(f"-o and one of FILES are the same file, {shown(output)}")
    imported("matplotlib", "a picture in a file")


def _ending(path: str) -> str:
    return path.rpartition(".")[2].lower()


_Make = Callable[[], "Picture"]
"""Makes the picture of what was read."""


def _read_run(given: _Given, kind: str, options: dict[str, Any], terminal: Terminal) -> _Make:
    """The run that `lrfit train` would do."""
    settings = TrainingSettings(**settings_said(options))
    data = read_training_data(
        options | {"data": given.data}, settings, terminal, keep_rows=inf if kind == "fit" else 0
    )
    title = _data_title(data, given.data)
    if kind == "fit":
        return lambda: _fit_of_run(data, settings, title, terminal)
    if kind == "loss":
        return lambda: _loss_of_run(data, settings, title, terminal)
    parameters = _parameters(options["parameters"], data.features, intercept=settings.intercept)
    return lambda: _surface_of_run(data, settings, parameters, title, terminal)


def _fit_of_run(data: TrainingData, settings: TrainingSettings, title: str, terminal: Terminal) -> Picture:
    from lrfit.fit import summarize

    descent = _prepared(data, settings)
    record = _records(descent, terminal, "fit")[-1]
    fit = summarize(descent, record, data.features, data.target)
    return _fit_picture(fit, data, f"{title}, {_run_title(descent, record.fitted)}", settings.intercept)


def _loss_of_run(data: TrainingData, settings: TrainingSettings, title: str, terminal: Terminal) -> Picture:
    from lrfit.history_file import History
    from lrfit.pictures.loss import loss_picture

    descent = _prepared(data, settings)
    records = _records(descent, terminal, "loss")
    return loss_picture(
        {"loss": History.of(records, data.features, intercept=settings.intercept)},
        optimum=descent.moments.half_mse(*descent.parameters(descent.objective.minimizer)),
        title=f"loss of {title}, {_run_title(descent, records[-1])}",
        notes=_penalty_notes(settings),
    )


def _surface_of_run(
    data: TrainingData, settings: TrainingSettings, parameters: list[str], title: str, terminal: Terminal
) -> Picture:
    from lrfit.history_file import History
    from lrfit.pictures.surface import surface_picture

    descent = _prepared(data, settings)
    records = _records(descent, terminal, "surface")
    return surface_picture(
        descent.objective,
        {"descent": History.of(records, data.features, intercept=settings.intercept)},
        parameters,
        unit=descent.loss_unit,
        title=f"loss surface of {title}, {_run_title(descent, records[-1])}",
        of=" of standardized data" if settings.standardize else "",
        notes=_penalty_notes(settings),
    )


def _prepared(data: TrainingData, settings: TrainingSettings) -> Descent:
    from lrfit.descent import prepare

    return prepare(data.sample.moments, settings, data.rows, held_out=data.held_out)


def _penalty_notes(settings: TrainingSettings) -> tuple[str, ...]:
    return (f"above the optimum: with the penalty of --l2 {settings.l2:g}",) if settings.l2 else ()


def _records(descent: Descent, terminal: Terminal, kind: str) -> list[EpochRecord]:
    """Of the run, as many as a picture of this kind needs; of one that diverges, up to there."""
    from lrfit.advice import remedies
    from lrfit.history_file import next_thinned
    from lrfit.training import train

    n_epochs = descent.settings.epochs
    records: list[EpochRecord] = []
    try:
        with terminal.work("epochs") as advance:
            for record in train(
                descent,
                next_due=lambda epoch: n_epochs if kind == "fit" else next_thinned(epoch, n_epochs),
                on_epoch=lambda epoch: advance(epoch, n_epochs),
            ):
                records.append(record)  # noqa: PERF402 (what there is when it diverges)
    except DivergenceError as error:
        if kind == "fit" or not records:
            sentences = [f"{error}.", remedies(descent), "Nothing was drawn."]
            raise DivergenceError(" ".join(filter(None, sentences))) from error
        terminal.warn(f"{error}; the picture ends there")
    return records


def _run_title(descent: Descent, record: EpochRecord) -> str:
    from lrfit.convergence import rate_text

    batches = "" if descent.is_full_batch else f" in batches of {descent.batch_size:,}"
    epochs = f"{record.epoch:,} epoch{'s' * (record.epoch != 1)}{batches}"
    return f"{epochs} at learning rate {rate_text(descent.learning_rate, 4)}"


def _data_title(data: TrainingData, path: str | None) -> str:
    from lrfit.picture import named

    features = named(data.features[0]) if len(data.features) == 1 else f"{len(data.features)} features"
    n_rows = data.sample.moments.n_samples
    return f"{_file_title(path)}: {named(data.target)} by {features}, {n_rows:,} row{'s' * (n_rows != 1)}"


def _file_title(path: str | None) -> str:
    from lrfit.picture import named

    return "standard input" if path in ("-", None) else named(Path(path or "").name)


def _read_model(given: _Given, kind: str, options: dict[str, Any], terminal: Terminal) -> _Make:  # noqa: ARG001
    from lrfit.model_file import load

    fit = load(given.model or "")
    columns = options | {"data": given.data}
    data = read_training_data(columns, TrainingSettings(), terminal, fit, keep_rows=inf)
    _check_size(data)
    title = f"{_file_title(given.model)} on {_data_title(data, given.data)}"
    intercept = fit.training.fit_intercept if fit.training else True
    return lambda: _fit_picture(fit, data, title, intercept)


def _fit_picture(fit: LinearFit, data: TrainingData, title: str, intercept: bool) -> Picture:  # noqa: FBT001
    from lrfit.extras import imported
    from lrfit.pictures.fit import fit_picture
    from lrfit.prediction import predictor
    from lrfit.row_store import RowStore

    picture = fit_picture(
        fit,
        data.rows or RowStore(),
        data.sample.moments,
        predict=predictor(fit),
        t_quantile=lambda n: float(imported("scipy.special", "a confidence band").stdtrit(n, 0.975)),
        intercept=intercept,
        title=f"fit of {title}",
    )
    if not data.held_out:
        return picture
    note = f"rows held out for validation ({data.held_out.n_samples}) are not drawn"
    return replace(picture, notes=(*picture.notes, note))


def _histories(given: _Given) -> dict[str, History]:
    """By what the legend calls them: file names, or paths where these are the same."""
    from lrfit.history_file import read_history

    labels = [Path(path).name for path in given.histories]
    if len(set(labels)) < len(labels):
        labels = list(given.histories)
    return {label: read_history(path) for label, path in zip(labels, given.histories, strict=True)}


def _read_histories(
    given: _Given,
    kind: str,  # noqa: ARG001 (of one family)
    options: dict[str, Any],  # noqa: ARG001
    terminal: Terminal,  # noqa: ARG001
) -> _Make:
    """Recorded runs, in one picture."""
    from lrfit.pictures.loss import loss_picture

    runs = _histories(given)
    last = {int(history.epochs[-1]) for history in runs.values()}
    title = " and ".join(map(_file_title, runs)) if len(runs) <= 2 else f"{len(runs)} runs"  # noqa: PLR2004
    return lambda: loss_picture(runs, title=f"loss of {title}, up to epoch {max(last):,}")


def _read_paths(given: _Given, kind: str, options: dict[str, Any], terminal: Terminal) -> _Make:  # noqa: ARG001
    """The surface of the data in their own units, with the paths of recorded runs."""
    from lrfit.objective import Objective
    from lrfit.pictures.surface import surface_picture

    runs = _histories(given)
    (first_label, first), *others = runs.items()
    for label, history in others:
        if history.parameters != first.parameters:
            raise DataError(f"{shown(label)} has other parameters than {shown(first_label)}")
    shown_names = _parameters(options["parameters"], first.features, intercept=first.intercept)
    columns = options | {"data": given.data, "x": [first.features]}
    data = read_training_data(columns, TrainingSettings(), terminal)
    _check_size(data)
    _warn_of_other_rows(runs, data, terminal)
    objective = Objective.of(data.sample.moments, intercept=first.intercept)
    title = f"loss surface of {_data_title(data, given.data)}, {' and '.join(map(_file_title, runs))}"
    return lambda: surface_picture(objective, runs, shown_names, unit=1.0, title=title)


def _warn_of_other_rows(runs: dict[str, History], data: TrainingData, terminal: Terminal) -> None:
    import numpy as np

    for label, history in runs.items():
        weights, b = np.split(history.theta[0], [len(history.features)])
        there, here = history.loss[0], data.sample.moments.half_mse(weights, float(np.sum(b)))
        if abs(here - there) > _SAME_LOSS * here:
            terminal.warn(
                f"{shown(label)} is of a run on other rows: its first loss is {there:.6g}, and that of these "
                f"data at its parameters {here:.6g}"
            )


def _check_size(data: TrainingData) -> None:
    """Refuse values whose squares overflow, of which nothing could be drawn but the rows."""
    import numpy as np

    largest = float(np.max(data.sample.moments.root_mean_square))
    if not largest < _LARGEST_VALUE:
        raise DataError(
            f"values beyond {_LARGEST_VALUE:g} overflow when they are squared; divide the columns by a "
            "power of ten first"
        )


def _parameters(wanted: list[str] | None, features: Sequence[str], *, intercept: bool) -> list[str]:
    """Names of the parameters on the axes of a surface: two, or the only one there is."""
    from lrfit.diagnosis import listed

    there = [*features, *["intercept"] * intercept]
    if wanted is None:
        return there[:2]
    for name in wanted:
        if name not in there:
            raise click.UsageError(f"--parameters: there is no {shown(name)}, only {listed(there)}")
    if len(wanted) != min(2, len(there)) or len(set(wanted)) < len(wanted):
        raise click.UsageError(f"--parameters needs {min(2, len(there))} different names")
    return wanted


_READERS = {_RUN: _read_run, _MODEL: _read_model, _HISTORIES: _read_histories, _PATHS: _read_paths}


def _show(picture: Picture, options: dict[str, Any]) -> None:
    """To the file, or to stdout."""
    if path := options["output"]:
        from lrfit.output_file import open_output
        from lrfit.renderers import figure

        image = figure.drawn(picture, _ending(path))
        with open_output(path) as file:
            file.write(image)
        return
    from lrfit.renderers import text

    write_result(text.drawn(picture, options["width"] or _stdout_width(), colour=_shows_colour()))


def _shows_colour() -> bool:
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _stdout_width() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or _WIDTH
    except (AttributeError, OSError, ValueError):  # no terminal, or closed
        return _WIDTH
