"""Options for the training settings, in the order in which help lists them.

Values are parsed by the rules in `TrainingSettings`. Imports no NumPy, so that help is quick.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import click

from lrfit.cli.given import is_given
from lrfit.cli.option_names import option_name
from lrfit.cli.options import duration, initial_values, setting_value
from lrfit.model.rules import SCHEDULES, VALIDATION_ROWS
from lrfit.training.settings import TrainingSettings, rules

__all__ = ["setting_options"]

Option = Callable[[Callable[..., None]], Callable[..., None]]


def _setting(
    setting: str,
    help: str,  # noqa: A002
    *,
    metavar: str | None = None,
    type: Callable[[str], Any] | None = None,  # noqa: A002
    none: str | None = None,
    shows_default: bool = True,
) -> tuple[str, Option]:
    """The name of a setting, and the option for it with its default; the word `none` stands for None."""
    default = getattr(TrainingSettings, setting)
    text = none if default is None else str(default)
    return setting, click.option(
        option_name(setting),
        setting,
        type=type or setting_value(rules()[setting], none),
        default=text,
        show_default=shows_default and text is not None,
        metavar=metavar,
        help=help,
    )


def _switch(setting: str, help: str) -> tuple[str, Option]:  # noqa: A002
    """The name of a setting, and a switch for it; `--a/--no-a` if it is on by default."""
    default = getattr(TrainingSettings, setting)
    name = option_name(setting)
    both = f"{name}/--no-{name.removeprefix('--')}" if default else name
    return setting, click.option(
        both, setting, is_flag=True, default=default, show_default=default, help=help
    )


def _hidden_switch(setting: str) -> tuple[str, Option]:
    """The name of a setting, and a switch that is written in another way; see `Command.parse_args`."""
    return setting, click.option(f"--{setting.replace('_', '-')}", setting, is_flag=True, hidden=True)


_OPTIONS = dict(
    [
        _switch("fit_intercept", "Fit an intercept, or only the weights."),
        _setting("l2", "Strength of the penalty ½·l2·‖W‖², in the units of descent.", metavar="F"),
        _setting(
            "init",
            "Where to start: zeros or normal, in the units of descent (standardised with --standardize); "
            "or numbers in the data's units, the weights and then the intercept.",
            metavar="zeros|normal|N,N,…",
            type=initial_values,
        ),
        _setting(
            "learning_rate",
            "Learning rate; auto is the fastest.",
            metavar="F|auto",
            shows_default=False,
        ),
        _setting(
            "epochs",
            "Passes over the data; with --resume, that many more.  [default: auto without --lr, else 100]",
            metavar="N|auto",
            shows_default=False,
        ),
        _setting("batch_size", "Rows in each step.", metavar="N|full", none="full"),
        _setting(
            "momentum",
            "Share of the last step that is added to the next; auto needs --lr auto.",
            metavar="F|auto|needed",
            shows_default=False,
        ),
        _switch("nesterov", "Use Nesterov's momentum."),
        _setting(
            "schedule",
            "How the rate falls: not at all; as lr / step^power-t; or as lr · gamma^⌊epoch / step-size⌋.",
            type=click.Choice(SCHEDULES),
        ),
        _setting("power_t", "Exponent of --schedule invscaling.", metavar="F"),
        _setting("step_size", "Epochs between two steps of --schedule step.", metavar="N"),
        _setting("gamma", "Factor of the rate after each step of --schedule step.", metavar="F"),
        _setting("clip_norm", "Scale longer gradients down to this norm.", metavar="F"),
        _switch("average", "Average the parameters over the last part of a mini-batch run."),
        _switch(
            "shuffle",
            "Draw mini-batches in a new order each epoch; with --shuffle parts, an order of the parts of the "
            "data, and of the rows within each.",
        ),
        _hidden_switch("shuffle_parts"),
        _setting("seed", "Seed of shuffles, of --init normal and of the rows held out.", metavar="N"),
        _switch("standardize", "Descend on (x - mean)/sd and (y - mean)/sd; report in the data's units."),
        _switch("condense", "Run full batches on the sigma points, not on the rows."),
        _setting(
            "tol",
            "Stop at this relative excess over the optimum; for mini-batches, relative change per epoch.",
            metavar="F",
        ),
        _setting(
            "patience",
            "Stop after N epochs without a lower (validation) loss, and keep the best parameters.",
            metavar="N",
        ),
        _setting(
            "max_time_s",
            "Stop after this time, such as 30s, 5m or 2h of epochs.",
            metavar="TIME",
            type=duration,
        ),
        _setting("validation_fraction", "Hold out this share of the rows.", metavar="F"),
        _setting(
            "validation_rows",
            "Which rows are held out: drawn at random, or the last of the data, as for a series.",
            type=click.Choice(VALIDATION_ROWS),
        ),
    ]
)


def setting_options(*settings: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A decorator that adds an option for each of these settings, or for all of them.

    The command gets the settings that are on the command line, as `given`.
    """
    chosen = settings or tuple(_OPTIONS)

    def add(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def with_settings(*arguments: Any, **options: Any) -> None:  # noqa: ANN401
            values = {name: options.pop(name) for name in chosen}
            given: Mapping[str, Any] = {name: value for name, value in values.items() if is_given(name)}
            command(*arguments, given=given, **options)

        added: Callable[..., None] = with_settings
        for name in reversed(chosen):
            added = _OPTIONS[name](added)
        return added

    return add
