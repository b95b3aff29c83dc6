"""Passes: rewrites of a program into a smaller one with equal results, and the order they run in.

A pass is a function `Program -> Program` in a file of its own. To add one, write the file and put the
function into `PASSES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lrfit.errors import GraphError
from lrfit.graph.passes.common_subexpressions import merge_common_subexpressions
from lrfit.graph.passes.fold_constants import fold_constants
from lrfit.graph.passes.prune import prune
from lrfit.graph.passes.simplify import simplify
from lrfit.graph.program import Pass, Program

__all__ = ["PASSES", "apply_passes", "rewrites"]

PASSES: tuple[Pass, ...] = (simplify, fold_constants, merge_common_subexpressions, prune)
"""The passes that every program goes through. Simplifying first exposes constants to folding."""


def apply_passes(program: Program, passes: Sequence[Pass] = PASSES) -> Program:
    """`program` after all `passes`, which run in order, round after round, until a round changes nothing.

    Raises:
        GraphError: They still change it after more rounds than it has nodes.
    """
    for _, rewritten in rewrites(program, passes):
        program = rewritten
    return program


def rewrites(program: Program, passes: Sequence[Pass] = PASSES) -> Iterator[tuple[Pass, Program]]:
    """Each pass and the program that it returns, in order, round after round; see `apply_passes`."""
    for _ in range(len(program.nodes) + 2):
        before = program
        for rewrite in passes:
            program = rewrite(program)
            yield rewrite, program
        if program == before:
            return
    raise GraphError(f"the passes {[rewrite.__name__ for rewrite in passes]} never settle on a program")
