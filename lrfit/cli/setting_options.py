"""The options of `lrfit train` that are its settings, in the order in which help lists them.

Imports no NumPy, so that help is quick.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, TypeVar

import click

from lrfit.cli.options import duration, initial_values, integer, number
from lrfit.model.rules import SCHEDULES
from lrfit.training.settings import TrainingSettings

__all__ = ["setting_options", "setting_options_of", "settings_given"]

Command = TypeVar("Command", bound=Callable[..., Any])


def _setting(
    *names: str,
    type: Callable[[str], Any],  # noqa: A002
    none: str | None = None,
    **attributes: Any,  # noqa: ANN401
) -> tuple[str, Any]:
    """The name of one of `TrainingSettings`, and an option for it, with its default."""
    setting = names[-1].lstrip("-").replace("-", "_")
    default = getattr(TrainingSettings, setting)
    text = none if default is None else str(default)
    return setting, click.option(*names, type=type, default=text, show_default=text is not None, **attributes)


def _switch(name: str, help: str) -> tuple[str, Any]:  # noqa: A002
    """The name of one of `TrainingSettings`, and a switch for it; `--a/--no-a` if it is on by default."""
    setting = name.replace("-", "_")
    default = getattr(TrainingSettings, setting)
    both = f"--{name}/--no-{name}" if default else f"--{name}"
    return setting, click.option(
        both, setting, is_flag=True, default=default, show_default=default, help=help
    )


_OPTIONS = (
    _switch("intercept", help="Fit b, or only W."),
    _setting(
        "--l2", type=number(least=0.0), metavar="F", help="Penalty: ½·l2·‖W‖², in the units of descent."
    ),
    _setting(
        "--init",
        type=initial_values,
        metavar="zeros|normal|N,N,…",
        help="Where to start: weights, then intercept, in the data's units.",
    ),
    _setting(
        "--lr", "learning_rate", type=number(above=0.0, none="auto"), metavar="F|auto", help="Learning rate."
    ),
    _setting(
        "--epochs", type=integer(1), metavar="N", help="Passes over the data; with --resume, so many more."
    ),
    _setting(
        "--batch-size", type=integer(1, none="full"), none="full", metavar="N|full", help="Rows of a step."
    ),
    _setting(
        "--momentum",
        type=number(least=0.0, below=1.0, none="auto"),
        metavar="F|auto",
        help="Share of the last step that goes on; auto with --lr auto.",
    ),
    _switch("nesterov", help="Nesterov's momentum."),
    _setting(
        "--schedule",
        type=click.Choice(SCHEDULES),
        help="Of the rate: lr; lr / step^power-t; or lr · gamma^⌊epoch / step-size⌋.",
    ),
    _setting("--power-t", type=number(above=0.0), metavar="F", help="Exponent of --schedule invscaling."),
    _setting("--step-size", type=integer(1), metavar="N", help="Epochs of a step of --schedule step."),
    _setting(
        "--gamma",
        type=number(above=0.0),
        metavar="F",
        help="Factor of the rate after a step of --schedule step.",
    ),
    _setting(
        "--clip-norm", type=number(above=0.0), metavar="F", help="Shorten longer gradients to this norm."
    ),
    _switch("average", help="Average the parameters over the last part of a mini-batch run."),
    _switch("shuffle", help="Draw mini-batches in a new order each epoch."),
    _setting(
        "--seed",
        type=integer(0),
        metavar="N",
        help="Seed of shuffles, of --init normal and of rows held out.",
    ),
    _switch("standardize", help="Descend on (x - mean)/sd and (y - mean)/sd; report in the data's units."),
    _switch("condense", help="Full batch on the sigma points, not the rows."),
    _setting(
        "--tol",
        type=number(above=0.0),
        metavar="F",
        help="Stop this close above the optimum (relative); in mini-batches, when an epoch changes less.",
    ),
    _setting(
        "--patience",
        type=integer(1),
        metavar="N",
        help="Stop after N epochs without a lower (validation) loss, and keep the best parameters.",
    ),
    _setting(
        "--max-time", "max_time_s", type=duration, metavar="TIME", help="Stop after 30s, 5m, 2h of epochs."
    ),
    _setting(
        "--validation-fraction",
        type=number(above=0.0, below=1.0),
        metavar="F",
        help="Hold out this share of the rows.",
    ),
)

_OPTION_OF = dict(_OPTIONS)


def setting_options(command: Command) -> Command:
    """Add an option for each of `TrainingSettings`; `settings_given` reads them."""
    return setting_options_of(*_OPTION_OF)(command)


def setting_options_of(*settings: str) -> Callable[[Command], Command]:
    """What adds an option for these of `TrainingSettings`, in this order; `settings_given` reads them."""

    def add(command: Command) -> Command:
        for setting in reversed(settings):
            command = _OPTION_OF[setting](command)
        return command

    return add


def settings_given(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that the command line has, without the defaults of others."""
    source = click.get_current_context().get_parameter_source
    default = click.core.ParameterSource.DEFAULT
    return {
        f.name: options[f.name]
        for f in fields(TrainingSettings)
        if f.name in options and source(f.name) is not default
    }
