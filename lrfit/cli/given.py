"""Options that are given on the command line, as opposed to those with a default value."""

from __future__ import annotations

import click

__all__ = ["given_options", "is_given"]


def is_given(name: str) -> bool:
    """Whether the option of this name is on the command line, even with its default value."""
    source = click.get_current_context().get_parameter_source(name)
    return source is not click.core.ParameterSource.DEFAULT


def given_options() -> list[click.Parameter]:
    """The options and arguments of the running command that are on the command line."""
    command = click.get_current_context().command
    return [option for option in command.params if is_given(option.name or "")]
