"""The loop of a training program over batches and rows, compiled by Numba.

Its results differ from NumPy's only by the order of summation: by at most 1e-12, relative, over 100 epochs.
Numba (the extra `fast`) takes up to two seconds to compile it, once; what it has made is loaded in a
twentieth of a second. So small work is better left to NumPy.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import UsageError
from lrfit.graph.executors.numba.formulas import CannotFuseError
from lrfit.graph.executors.numba.source import FusedSource, fused_source
from lrfit.graph.nodes import Node
from lrfit.graph.program import Loop, Program
from lrfit.graph.shapes import full_shape
from lrfit.system.kernel_cache import compile_kernel
from lrfit.system.machine_code import Kernel

__all__ = ["numba_loop", "numba_loop_if_installed", "require_numba"]

_log = logging.getLogger(__name__)


def numba_loop(program: Program) -> Loop | None:
    """The loop of `program`; None if it has no fused form, and the log says why.

    Raises:
        UsageError: Numba is not installed, or cannot be imported.
    """
    require_numba()
    try:
        source = fused_source(program)
    except CannotFuseError as error:
        _log.info("executor: numpy, not numba: %s", error)
        return None
    try:
        kernel = _kernel(source, program)
    except ImportError as error:  # such as a Numba that does not support this NumPy
        raise UsageError(f"the executor 'numba' needs a Numba that can be imported: {error}") from error
    _log.info("executor: numba")
    return _loop(source, kernel)


def numba_loop_if_installed(program: Program) -> Loop | None:
    """As `numba_loop`, but None if Numba is not installed or cannot be imported; the log says so."""
    if find_spec("numba") is None:
        _log.info("executor: numpy; pip install numba makes it faster")
        return None
    try:
        return numba_loop(program)
    except UsageError as error:
        _log.info("executor: numpy: %s", error)
        return None


def require_numba() -> None:
    """Raise `UsageError` if Numba is not installed."""
    if find_spec("numba") is None:
        raise UsageError("the executor 'numba' needs Numba: pip install numba")


def _kernel(source: FusedSource, program: Program) -> Kernel:
    """The function of `source` in machine code."""
    ranks = [len(program.feeds[i].shape or ()) for i in source.row_feeds]
    types = [f"float64[{':,' * (rank - 1)}::1]" for rank in ranks]
    types += ["float64[::1]"] * 3 + ["int64"] * 2
    return compile_kernel(source.text, f"void({', '.join(types)})")


def _loop(source: FusedSource, kernel: Kernel) -> Loop:
    """A loop that hands feeds and variables to the kernel, and takes the new variables from it."""

    def loop(feeds: Sequence[Array], variables: dict[Node, Array], *, batch_size: int, n_epochs: int) -> None:
        numbers = _flat([feeds[part] if isinstance(part, int) else part for part in source.numbers])
        initial = [variables.get(node, np.zeros(full_shape(node.shape) or ())) for node in source.state]
        state = _flat(initial)
        rows = [feeds[i] for i in source.row_feeds]
        kernel(*rows, numbers, state, np.empty(source.n_scratch), batch_size, n_epochs)
        start = 0
        for node, value in zip(source.state, initial, strict=True):
            variables[node] = state[start : start + value.size].reshape(value.shape)[()]
            start += value.size

    return loop


def _flat(values: Sequence[Array]) -> Array:
    """The elements of all values, in one new array."""
    return np.concatenate([np.zeros(0), *map(np.ravel, values)])
