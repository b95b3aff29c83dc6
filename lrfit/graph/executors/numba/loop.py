"""The compiled executor: a training program as one machine-code loop over batches and rows, by Numba.

It gives the interpreter's numbers but for the order in which sums are taken: 1e-12 relative over 100 epochs.
Numba (the extra `fast`) takes a third of a second to import and up to a second to compile, so small work is
left to the interpreter.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.util import find_spec

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import UsageError
from lrfit.graph.executors.numba.source import CannotFuseError, FusedSource, fused_source
from lrfit.graph.nodes import Node
from lrfit.graph.program import Loop, Program
from lrfit.system.kernel_cache import compile_kernel

__all__ = ["automatic", "compiled", "require_numba"]

_log = logging.getLogger(__name__)


def compiled(program: Program) -> Loop | None:
    """The loop of `program` in machine code; None if it has no fused form, and the log says why.

    Raises:
        UsageError: Numba is not installed, or cannot be imported.
    """
    require_numba()
    source = _source(program)
    try:
        return None if source is None else _loop(source, program)
    except ImportError as error:  # such as one that does not know this NumPy
        raise UsageError(f"the executor 'numba' needs a Numba that can be imported: {error}") from error


def require_numba() -> None:
    """Raise `UsageError` if Numba is not installed."""
    if find_spec("numba") is None:
        raise UsageError("the executor 'numba' needs Numba: pip install numba")


def automatic(program: Program) -> Loop | None:
    """As `compiled`, but None, and a word in the log, where Numba is not installed or cannot be imported."""
    if find_spec("numba") is None:
        _log.info("executor: step by step; pip install numba makes it quick")
        return None
    try:
        return compiled(program)
    except UsageError as error:
        _log.info("executor: step by step: %s", error)
        return None


def _source(program: Program) -> FusedSource | None:
    try:
        return fused_source(program)
    except CannotFuseError as error:
        _log.info("executor: not compiled, but run step by step: %s", error)
        return None


def _loop(source: FusedSource, program: Program) -> Loop:
    ranks = [len(program.feeds[i].shape or ()) for i in source.row_feeds]
    types = [f"float64[{':,' * (rank - 1)}::1]" for rank in ranks]
    kernel = compile_kernel(
        source.text, f"void({', '.join(types)}, float64[::1], float64[::1], int64, int64)"
    )
    _log.info("executor: machine code")

    def loop(feeds: Sequence[Array], variables: dict[Node, Array], batch_size: int, n_epochs: int) -> None:
        numbers = _flat([feeds[part] if isinstance(part, int) else part for part in source.numbers])
        initial = [variables.get(node, np.zeros(_shape(node))) for node in source.state]
        state = _flat(initial)
        rows = [np.require(feeds[i], requirements="W") for i in source.row_feeds]  # as the kernel's types are
        kernel(*rows, numbers, state, batch_size, n_epochs)
        start = 0
        for node, value in zip(source.state, initial, strict=True):
            variables[node] = state[start : start + value.size].reshape(value.shape)[()]
            start += value.size

    return loop


def _flat(values: Sequence[Array]) -> Array:
    """The elements of all values, in one new array."""
    return np.concatenate([np.zeros(0), *map(np.ravel, values)])


def _shape(node: Node) -> tuple[int, ...]:
    """The shape of a variable, which `fused_source` has seen to be known."""
    return tuple(dim for dim in node.shape or () if dim is not None)
