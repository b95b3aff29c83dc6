"""The runner: runs a script or a notebook of TensorFlow 1 as Python would, with this package for TensorFlow.

It changes things in its own process alone: what `tensorflow` is, where pictures go, and what an
error shows. Errors of a script look as Python prints them, without frames within lrfit.
"""

from __future__ import annotations

import linecache
import os
import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from lrfit.tf1.aliases import alias_tensorflow
from lrfit.tf1.failures import report
from lrfit.tf1.notebooks import read_cells, run_cell

__all__ = ["main"]

_USAGE = "usage: python -m lrfit.tf1 SCRIPT [ARGUMENTS]"
_HELP = "Run a script (script.py, or - for standard input) or a notebook (lesson.ipynb) of TensorFlow 1."


def main(arguments: Sequence[str]) -> int:
    """Run a script, given by its path and its arguments, and return the exit code.

    Raises:
        SystemExit: The script exits.
    """
    try:
        return _code(arguments)
    except BrokenPipeError:  # the reader has read enough
        return 0
    except KeyboardInterrupt:
        print("lrfit.tf1: interrupted", file=sys.stderr)
        return 130
    finally:
        _settle()


def _code(arguments: Sequence[str]) -> int:
    """The exit code of a run that nobody interrupts."""
    if not arguments:
        print(_USAGE, file=sys.stderr)
        return 2
    path = arguments[0]
    if path in ("-h", "--help"):
        print(_USAGE, _HELP, sep="\n\n")
        return 0
    try:
        parts = _parts(path)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        print(f"lrfit.tf1: cannot read {path}: {reason}", file=sys.stderr)
        return 2
    _prepare(path, arguments)
    try:
        for run, part in parts:
            run(part, vars(sys.modules["__main__"]))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 (whatever a script raises)
        report(error)
        return 1
    return 0


def _parts(path: str) -> list[tuple[Any, Any]]:
    """The parts to run, one after the other, each with the function that runs it in a namespace.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is not a notebook.
    """
    if path == "-":
        with open(0, "rb", closefd=False) as stdin:
            source = stdin.read()
        lines = source.decode(errors="replace").splitlines(keepends=True)
        linecache.cache["<stdin>"] = (len(source), None, lines, "<stdin>")
        return [(_run_source, ("<stdin>", source))]
    content = Path(path).read_bytes()
    if path.endswith(".ipynb"):
        return [(run_cell, cell) for cell in read_cells(path, content)]
    return [(_run_source, (os.path.abspath(path), content))]  # noqa: PTH100 (links are not followed)


def _run_source(source: tuple[str, bytes], names: dict[str, Any]) -> None:
    file, code = source
    exec(compile(code, file, "exec", dont_inherit=True), names)  # noqa: S102


def _prepare(path: str, arguments: Sequence[str]) -> None:
    """Make the process look as if Python had been called with the script."""
    sys.argv = list(arguments)
    if not sys.flags.safe_path:
        sys.path[0] = "" if path == "-" else str(Path(path).resolve().parent)
    sys.modules["__main__"] = ModuleType("__main__")
    if path != "-":
        sys.modules["__main__"].__file__ = os.path.abspath(path)  # noqa: PTH100
    alias_tensorflow()
    os.environ.setdefault("MPLBACKEND", "Agg")  # a window would wait for someone to close it
    warnings.filterwarnings("ignore", "FigureCanvasAgg is non-interactive", UserWarning)


def _settle() -> None:
    """Flush stdout, or drop what nobody reads; Python reports other errors at exit."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except (AttributeError, OSError, ValueError):  # closed, or on a full disk
        pass
