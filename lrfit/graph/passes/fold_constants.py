"""Constant folding: values that depend on no feed and no variable are computed ahead of time."""

from __future__ import annotations

import numpy as np

from lrfit.graph.leaves import is_constant
from lrfit.graph.nodes import Node, constant_of
from lrfit.graph.program import Program


def fold_constants(program: Program) -> Program:
    """The program with each pure node whose inputs are all constants replaced by a constant.

    Examples:
        >>> from lrfit import Graph, constant
        >>> with Graph().as_default():
        ...     total = constant(1.0) + constant(2.0)
        >>> print(fold_constants(Program.of([total])))
        constant    ()  constant(value=array(1.))
        constant_1  ()  constant(value=array(2.))
        add         ()  constant(value=array(3.))
        fetch add
    """
    return program.rewritten(_folded)


def _folded(node: Node) -> Node:
    if not (node.inputs and node.op.pure and all(map(is_constant, node.inputs))):
        return node
    with np.errstate(all="ignore"):
        value = node.op.kernel(*(source.attrs["value"] for source in node.inputs), **node.attrs)
    return constant_of(value, node.name)
