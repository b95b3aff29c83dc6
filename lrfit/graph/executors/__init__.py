"""Executors: what makes a program ready to run, and which of them does it soonest.

"auto" begins step by step, and changes to machine code once that has taken as long as it takes to make
machine code ready: at worst the work takes twice as long as with the better of the two. When it changes
depends on the work of an epoch, not on the number of epochs, so a run that is done in two parts has the same
bits as one that is done at once.
"""

from __future__ import annotations

from math import inf

from lrfit.errors import UsageError
from lrfit.graph.program import LoopExecutor

__all__ = ["interpreted_epochs", "interpreted_s", "loop_executor"]

_STEP_S = 60e-6
"""Of the interpreter for a step of few rows, about."""

_VALUE_S = 8e-9
"""Of the interpreter for each cell of the feeds, about."""

_READY_S = 0.5
"""To import Numba and to load machine code that is kept, about."""


def interpreted_epochs(name: str, n_steps: int, n_values: int) -> float:
    """How many epochs an executor leaves to the interpreter before `loop_executor` takes over.

    Args:
        name: "numpy", "numba", or "auto".
        n_steps: Steps of an epoch.
        n_values: Cells of the feeds of these steps.

    Raises:
        UsageError: There is no executor of that name.
    """
    if name not in ("auto", "numpy", "numba"):
        raise UsageError(f"executor is {name!r}, and must be 'auto', 'numpy' or 'numba'")
    n_epochs = int(_READY_S / interpreted_s(n_steps, n_values))
    return {"numpy": inf, "numba": 0}.get(name, n_epochs)


def interpreted_s(n_steps: int, n_values: int) -> float:
    """What the interpreter takes for so many steps with so many cells of feeds, about, in seconds."""
    return n_steps * _STEP_S + n_values * _VALUE_S


def loop_executor(name: str) -> LoopExecutor:
    """What runs batches at once: "numba", which has to be there, or "auto", which takes it if it is.

    Raises:
        UsageError: What it needs is not installed.
    """
    from lrfit.graph.executors.numba.loop import automatic, compiled  # noqa: PLC0415

    return compiled if name == "numba" else automatic
