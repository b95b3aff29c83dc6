"""Refusals: errors that name what a script uses and is not here, with the line of the script."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dis import opmap
from pathlib import Path
from types import FrameType

__all__ = ["NotHereError", "NotHereImportError", "not_here", "place", "refuser"]

_HERE = str(Path(__file__).parent)
_IMPORT_FROM = opmap["IMPORT_FROM"]


class NotHereError(AttributeError):
    """A script uses a name of TensorFlow that this package does not have."""


class NotHereImportError(ImportError):
    """A script imports a name of TensorFlow that this package does not have."""


def refuser(module: str) -> Callable[[str], object]:
    """A `__getattr__` that refuses what a module of this package lacks, under TensorFlow's name for it.

    Args:
        module: The module's `__name__`.
    """
    room = module.removeprefix("lrfit.tf1")

    def refuse(name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        caller = sys._getframe(1)  # noqa: SLF001 (the interpreter's own way to it)
        if caller.f_code.co_name == "__getattr__" and caller.f_back:
            caller = caller.f_back
        if _imports(caller):
            raise NotHereImportError(not_here(f"tensorflow{room}.{name}"))
        raise NotHereError(not_here(f"tf{room}.{name}"))

    return refuse


def _imports(frame: FrameType) -> bool:
    """Whether `from … import …` asks: it would turn an AttributeError into a vague ImportError."""
    return frame.f_code.co_code[frame.f_lasti] == _IMPORT_FROM


def not_here(name: str) -> str:
    """The refusal of a name, such as "tf.nn.conv2d"."""
    return (
        f"{name} is not in lrfit.tf1, which has regression, logistic regression and small networks{place()}"
    )


def place() -> str:
    """The line that is being run, as " (line 12 of script.py)"; empty if there is no script.

    For a notebook, it is as in " (cell 3, line 2 of lesson.ipynb)".
    """
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001 (the interpreter's own way to it)
    while frame is not None:
        file = frame.f_code.co_filename
        if not file.startswith((_HERE, "<frozen")):
            name, _, cell = Path(file).name.partition(", cell ")
            where = f"cell {cell}, line" if cell else "line"
            return f" ({where} {frame.f_lineno} of {name})"
        frame = frame.f_back
    return ""
