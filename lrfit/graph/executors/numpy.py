"""The NumPy executor: one call for each node. It is the reference for every other executor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph.leaves import is_constant, is_leaf
from lrfit.graph.nodes import Kernel, Node
from lrfit.graph.program import Program, Step
from lrfit.graph.shapes import format_shape

__all__ = ["bound_kernel", "misfit", "numpy_step"]

Call: TypeAlias = tuple[int, Kernel, int, int | None, list[int]]
"""A call of a kernel: the place of its value, the kernel, and the places of its inputs.

The first two inputs are kept apart from the others: a call without unpacking is three times faster.
"""


def numpy_step(program: Program) -> Step:
    """A step that calls the kernel of each node in turn; all look-ups are done here, once.

    The step raises `ShapeError` where sizes that were not known before turn out not to fit.

    Examples:
        >>> from lrfit import placeholder
        >>> x = placeholder((), name="x")
        >>> step = numpy_step(Program.of([x + 1.0], [x]))
        >>> step([np.float64(2.0)], {})
        [np.float64(3.0)]
    """
    place = {node: i for i, node in enumerate(program.nodes)}
    initial = [node.attrs["value"][()] if is_constant(node) else None for node in program.nodes]
    fed = [(i, place[node]) for i, node in enumerate(program.feeds) if node in place]
    read = [(place[node], node) for node in program.variables]
    calls = _calls(program, place)
    updated = [(variable, place[node]) for variable, node in program.updates.items()]
    fetched = [place[node] for node in program.fetches]

    def step(feeds: Sequence[Array], variables: dict[Node, Array]) -> list[Array | None]:
        values: list[Any] = initial.copy()
        for i, target in fed:
            values[target] = feeds[i]
        for target, variable in read:
            values[target] = variables[variable]
        _run(calls, values, program.nodes)
        for variable, new in updated:
            variables[variable] = values[new]
        return [values[fetch] for fetch in fetched]

    return step


def _calls(program: Program, place: Mapping[Node, int]) -> list[Call]:
    """The calls of a step, in order."""
    calls: list[Call] = []
    for node in program.nodes:
        if node.op.has_value and not is_leaf(node):
            kernel = bound_kernel(node)
            first, *others = [place[parent] for parent in node.inputs]
            calls.append((place[node], kernel, first, others[0] if others else None, others[1:]))
    return calls


def bound_kernel(node: Node) -> Kernel:
    """The kernel of a node's op with the node's attributes."""
    return partial(node.op.kernel, **node.attrs) if node.attrs else node.op.kernel


def _run(calls: Sequence[Call], values: list[Any], nodes: Sequence[Node]) -> None:
    """Make the calls, and put their results into `values`."""
    with np.errstate(all="ignore"):
        for target, kernel, first, second, others in calls:
            try:
                if second is None:
                    values[target] = kernel(values[first])
                elif not others:
                    values[target] = kernel(values[first], values[second])
                else:
                    rest = [values[other] for other in others]
                    values[target] = kernel(values[first], values[second], *rest)
            except ValueError as error:
                inputs = [values[first], *([] if second is None else [values[second]])]
                inputs += [values[other] for other in others]
                raise misfit(nodes[target], inputs, error) from None


def misfit(node: Node, inputs: Sequence[Array], error: ValueError) -> ShapeError:
    """The error for inputs that the kernel of `node` refuses."""
    shapes = " and ".join(format_shape(np.shape(value)) for value in inputs)
    return ShapeError(f"{node.name!r} ({node.op.name}) cannot run on values of shape {shapes}: {error}")
