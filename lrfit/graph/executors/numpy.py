"""The interpreter: one NumPy call a node. It is the reference that every other executor is held against."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph.leaves import is_constant, is_placeholder, is_variable
from lrfit.graph.nodes import Kernel, Node
from lrfit.graph.program import Program, Step
from lrfit.graph.shapes import format_shape

__all__ = ["interpreter"]


def interpreter(program: Program) -> Step:
    """A step that calls the kernel of each node in turn; all look-ups are done here, once.

    The step raises `ShapeError` where dimensions that were not known before turn out not to fit.

    Examples:
        >>> from lrfit import placeholder
        >>> x = placeholder((), name="x")
        >>> step = interpreter(Program.of([x + 1.0], [x]))
        >>> step([np.float64(2.0)], {})
        [np.float64(3.0)]
    """
    place = {node: i for i, node in enumerate(program.nodes)}
    initial: list[Any] = [node.attrs["value"][()] if is_constant(node) else None for node in program.nodes]
    fed = [(i, place[node]) for i, node in enumerate(program.feeds) if node in place]
    read = [(place[node], node) for node in program.variables]
    calls = [
        (place[node], _bound(node), *_first_two([place[parent] for parent in node.inputs]))
        for node in program.nodes
        if node.op.has_value and not (is_constant(node) or is_placeholder(node) or is_variable(node))
    ]
    updated = [(variable, place[node]) for variable, node in program.updates.items()]
    fetched = [place[node] for node in program.fetches]

    def step(feeds: Sequence[Array], variables: dict[Node, Array]) -> list[Array | None]:
        values = initial.copy()
        for i, target in fed:
            values[target] = feeds[i]
        for target, variable in read:
            values[target] = variables[variable]
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
                    raise _misfit(program.nodes[target], place, values, error) from None
        for variable, new in updated:
            variables[variable] = values[new]
        return [values[fetch] for fetch in fetched]

    return step


def _bound(node: Node) -> Kernel:
    return partial(node.op.kernel, **node.attrs) if node.attrs else node.op.kernel


def _first_two(parents: list[int]) -> tuple[int, int | None, list[int]]:
    """Where the inputs of a call are: calls of one and two are made without unpacking, three times faster."""
    return parents[0], parents[1] if len(parents) > 1 else None, parents[2:]


def _misfit(node: Node, place: dict[Node, int], values: Sequence[Array], error: ValueError) -> ShapeError:
    shapes = " and ".join(format_shape(np.shape(values[place[parent]])) for parent in node.inputs)
    return ShapeError(f"{node.name!r} ({node.op.name}) cannot run on values of shape {shapes}: {error}")
