"""The streams: results go to stdout, everything else to stderr.

stdout gets UTF-8 bytes, whatever the locale and whether or not it is a terminal. stderr gets the characters
that its encoding has, and the others in ASCII.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

import click

from lrfit.errors import OutputError

__all__ = [
    "WIDTH",
    "flush_result",
    "piped_data",
    "prepare_streams",
    "result_has_colours",
    "result_is_seen",
    "result_width",
    "settle_streams",
    "write_result",
]

WIDTH = 80
"""Number of characters of a line if there is no terminal."""

_IN_ASCII = {"λ": "lambda", "β": "beta", "·": "*", "…": "...", "½": "1/2", "‖": "||", "⌊": "[", "⌋": "]"}
"""ASCII spellings of lrfit's own signs, for an encoding of stderr that lacks them."""


def prepare_streams() -> None:
    """Make stdout and stderr accept any text, whatever the locale is."""
    codecs.register_error("lrfit", _replaced)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if isinstance(sys.stderr, io.TextIOWrapper):
        holds_ascii = "\n".encode(sys.stderr.encoding) == b"\n"  # UTF-16 does not, and no terminal reads it
        sys.stderr.reconfigure(encoding=None if holds_ascii else "utf-8", errors="lrfit")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The text for characters that an encoding lacks: an error handler for `codecs`."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(c) or ascii(c)[1:-1] for c in lacking), error.end


def write_result(result: str | bytes) -> None:
    """Write to stdout; call `flush_result` to make sure that it arrives.

    Raises:
        OutputError: stdout is closed.
        OSError: stdout cannot take it: the disk is full, or the reader has gone.
    """
    # An argument that is not UTF-8 is written with its original bytes.
    _stdout().buffer.write(result.encode(errors="surrogateescape") if isinstance(result, str) else result)


def flush_result() -> None:
    """Make sure that everything written to stdout arrives; raises as `write_result`."""
    _stdout().flush()


def result_width() -> int:
    """Number of characters of a line on stdout, if it is a terminal; else 80. COLUMNS is ignored."""
    with suppress(AttributeError, OSError, ValueError):  # closed, or no terminal
        return os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH
    return WIDTH


def piped_data() -> tuple[str]:
    """`-` for data that come through a pipe or from a file, for a command that was given no DATA.

    Raises:
        click.UsageError: Standard input is a terminal, or closed.
    """
    if sys.stdin is None or sys.stdin.isatty():
        raise click.UsageError("Missing argument 'DATA': the name of a file, or - for standard input")
    return ("-",)


def result_is_seen() -> bool:
    """Whether stdout is a terminal."""
    return sys.stdout is not None and sys.stdout.isatty()


def result_has_colours() -> bool:
    """Whether stdout is a terminal that should get colours."""
    return result_is_seen() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def settle_streams() -> None:
    """Flush stdout and stderr, or drop what cannot be written: Python would fail on it at exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except OSError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _stdout() -> TextIO:
    if sys.stdout is None:
        raise OutputError("standard output is closed, so the result cannot be written")
    return sys.stdout
