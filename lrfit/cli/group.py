"""The command group `lrfit`: finds commands by file name, and turns errors into a line and an exit code.

A command is a file in `lrfit/cli/commands/` with a click command named `command`; it is imported when it is
called. None imports pandas or NumPy before it runs, so that help is quick.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path

import click

import lrfit
from lrfit.cli import commands
from lrfit.cli.option_names import as_options, synonym
from lrfit.cli.streams import flush_result, settle_streams
from lrfit.errors import DataError, LrfitError, OutputError
from lrfit.messages import printable, shown, spelling

__all__ = ["cli", "run"]


_COMPLETE = "_LRFIT_COMPLETE"
"""Environment variable by which a shell asks for completions, as click does it."""


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        files = Path(commands.__path__[0]).glob("*.py")
        return sorted(file.stem for file in files if file.stem != "__init__")

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command: click.Command = import_module(f"lrfit.cli.commands.{cmd_name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        names = self.list_commands(ctx)
        if args[0] not in names:
            from difflib import get_close_matches  # noqa: PLC0415 (slow to import, and seldom needed)

            close = get_close_matches(args[0], names)
            hint = f"did you mean {close[0]!r}?" if close else f"there are {', '.join(names)}."
            ctx.fail(f"No command {shown(args[0])}; {hint}")
        return super().resolve_command(ctx, args)


@click.group(cls=_Commands, name="lrfit", context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(lrfit.__version__, prog_name="lrfit")
def cli() -> None:
    """Fit a line to a CSV by gradient descent, on a static graph.

    \b
    Examples:
      lrfit train data.csv -o model.json
      lrfit predict model.json new.csv
      lrfit plot model.json data.csv
    """


def run(arguments: Sequence[str]) -> int:
    """Run a command line, given without the program's name, and return the exit code."""
    with spelling(as_options):
        return _run(arguments)


def _run(arguments: Sequence[str]) -> int:
    """Run a command line as `run` does, without a choice of how messages spell settings."""
    try:
        if instruction := os.environ.get(_COMPLETE):
            from click.shell_completion import shell_complete  # noqa: PLC0415 (only for a shell that completes)

            return shell_complete(cli, {}, "lrfit", _COMPLETE, instruction)
        with cli.make_context("lrfit", list(arguments)) as context:
            cli.invoke(context)
        flush_result()
    except click.exceptions.Exit as stop:
        return stop.exit_code
    except click.UsageError as error:
        return _refuse(error)
    except LrfitError as error:
        return _fail(f"error: {error}", error.exit_code)
    except BrokenPipeError:
        settle_streams()
        return 0
    except OSError as error:
        return _fail(f"error: the result cannot be written: {error.strerror or error}", OutputError.exit_code)
    except MemoryError:
        return _fail(
            "error: there is not enough memory; if there are many columns, choose fewer (-x)",
            DataError.exit_code,
        )
    return 0


def _refuse(error: click.UsageError) -> int:
    """Say what `error.show()` would say, with the user's input made safe to print."""
    context = error.ctx or click.Context(cli, info_name="lrfit")
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        _say(context.get_help())
        return error.exit_code
    _say(f"{context.get_usage()}\nTry '{context.command_path} --help' for help.\n")
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and (known := synonym(error.option_name)):
        message = f"No such option: {error.option_name}; it is called {known} here"
    return _fail(f"error: {printable(message)}", error.exit_code)


def _fail(message: str, exit_code: int) -> int:
    settle_streams()
    from lrfit.cli.terminal import Terminal  # noqa: PLC0415 (help has no error)

    Terminal().say(f"lrfit: {message}")
    return exit_code


def _say(text: str) -> None:
    with suppress(OSError):  # the exit code must still be returned
        click.echo(text, err=True)
