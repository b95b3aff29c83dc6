"""Options that the command line has, as opposed to those that are there by default."""

from __future__ import annotations

import click

__all__ = ["given_options", "is_given"]


def is_given(name: str) -> bool:
    """Whether the command line has the option of this name, be it with the value of its default."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not click.core.ParameterSource.DEFAULT


def given_options() -> list[click.Parameter]:
    """The options and arguments of the running command that the command line has."""
    command = click.get_current_context().command
    return [option for option in command.params if is_given(option.name or "")]
