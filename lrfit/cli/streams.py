"""The streams: results go to stdout, everything else to stderr.

stdout gets UTF-8 bytes, whatever the locale and whether or not it is a terminal. stderr gets what its
encoding has, and the rest in ASCII.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from typing import TextIO

from lrfit.errors import OutputError

__all__ = [
    "WIDTH",
    "flush_result",
    "prepare_streams",
    "result_has_colours",
    "result_width",
    "settle_streams",
    "write_result",
]

WIDTH = 80
"""Characters of a line where there is no terminal."""

_IN_ASCII = {"λ": "lambda", "β": "beta", "·": "*", "…": "...", "½": "1/2", "‖": "||", "⌊": "[", "⌋": "]"}
"""Spellings of lrfit's own signs where the encoding of stderr lacks them."""


def prepare_streams() -> None:
    """Have stdout and stderr take any text, whatever the locale says."""
    codecs.register_error("lrfit", _replaced)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(encoding="utf-8")
    if isinstance(sys.stderr, io.TextIOWrapper):
        holds_ascii = "\n".encode(sys.stderr.encoding) == b"\n"  # UTF-16 does not, and no terminal reads it
        sys.stderr.reconfigure(encoding=None if holds_ascii else "utf-8", errors="lrfit")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    """The text for characters that an encoding lacks, as `codecs` asks for it."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return "".join(_IN_ASCII.get(c) or ascii(c)[1:-1] for c in lacking), error.end


def write_result(result: str | bytes) -> None:
    """Write to stdout; `flush_result` makes sure that it got there.

    Raises:
        OutputError: stdout is closed.
        OSError: stdout cannot take it: the disk is full, or the reader has gone.
    """
    # An argument that is no UTF-8 goes out with the bytes with which it came in.
    _stdout().buffer.write(result.encode(errors="surrogateescape") if isinstance(result, str) else result)


def flush_result() -> None:
    """Make sure that all that was written to stdout got there; raises as `write_result`."""
    _stdout().flush()


def result_width() -> int:
    """Characters of a line of the terminal that stdout is; 80 if it is none, whatever COLUMNS says."""
    with suppress(AttributeError, OSError, ValueError):  # closed, or no terminal
        return os.get_terminal_size(sys.stdout.fileno()).columns or WIDTH
    return WIDTH


def result_has_colours() -> bool:
    """Whether stdout is a terminal that is to have colours."""
    is_terminal = sys.stdout is not None and sys.stdout.isatty()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def settle_streams() -> None:
    """Write what stdout and stderr still hold, or drop it: Python would fail on it at exit."""
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
