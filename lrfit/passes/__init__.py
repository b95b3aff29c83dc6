"""Passes: rewrites of a program into a smaller one of equal results, and the order they run in.

A pass is a function `Program -> Program` in a file of its own. To add one, write the file and put the
function into `PASSES`.
"""

from __future__ import annotations

from collections.abc import Sequence

from lrfit.passes.common_subexpressions import merge_common_subexpressions
from lrfit.passes.fold_constants import fold_constants
from lrfit.passes.prune import prune
from lrfit.passes.simplify import simplify
from lrfit.program import Pass, Program

__all__ = ["PASSES", "optimize"]

PASSES: tuple[Pass, ...] = (simplify, fold_constants, merge_common_subexpressions, prune)
"""What every program goes through. Simplifying first exposes constants to folding."""


def optimize(program: Program, passes: Sequence[Pass] = PASSES) -> Program:
    """`program` after all `passes`, in order, again and again until none of them changes anything."""
    before = None
    while program != before:
        before = program
        for rewrite in passes:
            program = rewrite(program)
    return program
