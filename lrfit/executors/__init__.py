"""Executors: what makes a program ready to run, and which of them does it soonest."""

from __future__ import annotations

from lrfit.errors import UsageError
from lrfit.program import LoopExecutor

__all__ = ["loop_executor"]

_STEP_S = 60e-6
"""Of the interpreter for a step of few rows, about."""

_VALUE_S = 8e-9
"""Of the interpreter for each cell of the feeds, about."""

_WORTH_A_LOOK_S = 0.3
"""What takes less is done before Numba is imported."""


def loop_executor(name: str, n_steps: int, n_values: int) -> LoopExecutor | None:
    """What runs batches: None for "numpy", which runs them step by step.

    Args:
        name: "numpy", "numba", or "auto" for the one that is done first.
        n_steps: Steps that are to be done.
        n_values: Cells of the feeds of all these steps.

    Raises:
        UsageError: There is no executor of that name, or what it needs is not installed.
    """
    interpreted_s = n_steps * _STEP_S + n_values * _VALUE_S
    if name == "numpy" or (name == "auto" and interpreted_s < _WORTH_A_LOOK_S):
        return None
    from lrfit.executors.compiled import automatic, compiled  # noqa: PLC0415

    executors = {"numba": compiled, "auto": automatic(interpreted_s)}
    if name not in executors:
        raise UsageError(f"executor is {name!r}, and must be 'auto', 'numpy' or 'numba'")
    return executors[name]
