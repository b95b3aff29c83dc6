"""Executors: what makes a program ready to run, and which of them does it soonest."""

from __future__ import annotations

from lrfit.errors import UsageError
from lrfit.program import LoopExecutor

__all__ = ["loop_executor"]


def loop_executor(name: str, n_steps: int, n_values: int) -> LoopExecutor | None:
    """What runs batches: None for "numpy", which runs them step by step.

    Args:
        name: "numpy", "numba", or "auto" for the one that is done first.
        n_steps: Steps that are to be done.
        n_values: Cells of the feeds of all these steps.

    Raises:
        UsageError: There is no executor of that name, or what it needs is not installed.
    """
    if name == "numpy":
        return None
    from lrfit.executors.compiled import automatic, compiled  # noqa: PLC0415

    executors = {"numba": compiled, "auto": automatic(n_steps, n_values)}
    if name not in executors:
        raise UsageError(f"executor is {name!r}, and must be 'auto', 'numpy' or 'numba'")
    return executors[name]
