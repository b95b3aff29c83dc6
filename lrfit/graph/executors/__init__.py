"""Executors: functions that make a program ready to run.

An executor is named after what runs the program. It has one or both of two forms:

- `<name>_step`, a function `Program -> Step`, makes a step that runs the program once;
- `<name>_loop`, a function `Program -> Loop | None`, makes a loop over all batches of all epochs. It returns
  None for a program that it has no loop for, and logs the reason; steps then run the program.

NumPy has the step, which is the reference for every other executor. Numba has a loop. Each is a
file or a folder of its own, with its own table of ops (NumPy's are the kernels in `lrfit.graph.ops`). To add
an executor, write such a file or folder, and name it in `loop_executor`.

"auto" starts in NumPy and switches to Numba after as much time as it takes to make Numba ready. By this rule
(ski rental), the work takes at most twice as long as with the better choice. The switch depends on the work
of an epoch, not on the number of epochs, so a run in two parts gives the same bits as a single run.
"""

from __future__ import annotations

from math import inf

from lrfit.errors import UsageError
from lrfit.graph.program import LoopExecutor

__all__ = ["EXECUTORS", "loop_executor", "numpy_epochs", "numpy_s"]

EXECUTORS = ("auto", "numpy", "numba")
"""The names that may be chosen."""

_STEP_S = 60e-6
"""Approximate time of a NumPy step of few rows, in seconds."""

_VALUE_S = 8e-9
"""Approximate time that NumPy takes for each number in the feeds of a step, in seconds."""

_READY_S = 0.15
"""Time of NumPy's steps from which machine code pays: it is loaded in less, and compiled once in a second."""


def numpy_epochs(executor: str, n_steps: int, n_values: int) -> float:
    """Number of epochs that run in NumPy before `loop_executor` takes over; may be infinite.

    Args:
        executor: One of `EXECUTORS`.
        n_steps: Number of steps of an epoch.
        n_values: Number of numbers in the feeds of these steps.

    Raises:
        UsageError: There is no executor of that name.
    """
    if executor not in EXECUTORS:
        raise UsageError(f"executor is {executor!r}, and must be one of {', '.join(EXECUTORS)}")
    n_epochs = int(_READY_S / numpy_s(n_steps, n_values))
    return {"numpy": inf, "numba": 0}.get(executor, n_epochs)


def numpy_s(n_steps: int, n_values: int) -> float:
    """Approximate time of `n_steps` NumPy steps with `n_values` numbers in their feeds, in seconds."""
    return n_steps * _STEP_S + n_values * _VALUE_S


def loop_executor(executor: str) -> LoopExecutor:
    """The executor that runs all batches at once: Numba's. With "auto", Numba need not be installed.

    Args:
        executor: "numba" or "auto".
    """
    from lrfit.graph.executors.numba.loop import numba_loop, numba_loop_if_installed  # noqa: PLC0415

    return {"numba": numba_loop, "auto": numba_loop_if_installed}[executor]
