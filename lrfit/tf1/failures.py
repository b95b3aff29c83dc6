"""Failures: how an error that a script did not catch is reported.

A refusal is one line. Other errors look as Python prints them; frames of lrfit are left out where they
surround those of the script, unless Python runs in its development mode (`python -X dev`).
"""

from __future__ import annotations

import contextlib
import re
import sys
import traceback
from pathlib import Path
from types import TracebackType

import lrfit
from lrfit.tf1.refusals import NotHereError, NotHereImportError

__all__ = ["report"]

_OURS = (str(Path(lrfit.__file__).parent), contextlib.__file__)
"""Files whose frames are left out; blocks such as `tf.name_scope` are entered through the second."""

_PYTHON_2 = re.compile(r"Missing parentheses in call to|multiple exception types must be parenthesized")
"""Python 3's words about statements that were right in Python 2."""


def report(error: Exception) -> None:
    """Report an error on stderr."""
    if isinstance(error, (NotHereError, NotHereImportError)) and not sys.flags.dev_mode:
        print(f"lrfit.tf1: {error}", file=sys.stderr)
        return
    if not sys.flags.dev_mode:
        error = error.with_traceback(_of_script(error.__traceback__))
    if sys.excepthook is sys.__excepthook__:
        traceback.print_exception(error)  # which also shows lines of cells
    else:
        sys.excepthook(type(error), error, error.__traceback__)
    if isinstance(error, SyntaxError) and _PYTHON_2.search(error.msg):
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        print(f"lrfit.tf1: this is a script of Python 2, and this is Python {version}", file=sys.stderr)


def _of_script(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from the script's first frame to the last that is not of lrfit."""
    while trace and _is_ours(trace):
        trace = trace.tb_next
    last = entry = trace
    while entry:
        last = last if _is_ours(entry) else entry
        entry = entry.tb_next
    if last:
        last.tb_next = None
    return trace


def _is_ours(trace: TracebackType) -> bool:
    return trace.tb_frame.f_code.co_filename.startswith(_OURS)
