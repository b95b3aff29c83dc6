"""The schedule: where each node of a training program is computed, in loops over batches and rows.

The feeds are cut into batches of rows, so a size that is not known is the number of rows. It decides where a
node is computed:

- a node with such a size is a *row value*: it is computed within a loop over the rows;
- a node without one that is computed from a row value is a *row sum*: that loop adds it up;
- any other node is a *step value*: it is computed once per batch, before or after the loop.

A row value that needs a row sum (residuals about the batch's own mean, for example) needs a second loop over
the rows. So a step is a sequence of stages, each with some step values and then a loop over the rows. The
level of a node is the number of loops that come before it.

Ops that only move elements (transpose, spread, reshape) are not computed at all: their elements are read
from the input. Nothing here is specific to Numba, or says how the loops are written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrfit.errors import ShapeError
from lrfit.graph.executors.numba.formulas import MOVES, CannotFuseError, ranked_shape, read_inputs
from lrfit.graph.leaves import is_constant, is_leaf, is_placeholder, is_variable, placeholder_for
from lrfit.graph.nodes import Node, shown_name
from lrfit.graph.program import Program
from lrfit.graph.shapes import format_shape, is_of_rows

__all__ = ["Schedule", "Stage", "has_rows", "is_row_sum", "scheduled"]

_A_NUMBER_OF_ROWS = (1 << 61) - 1
"""A stand-in for the number of rows that equals no other size: it is large, and prime."""


@dataclass(frozen=True, eq=False)
class Stage:
    """A part of a step: step values, and then a loop over the rows.

    Attributes:
        step_values: Nodes that are computed once per batch, in order. They include the row sums of the
            previous stage, which are now complete.
        row_values: Nodes that the loop computes for each row, in order.
        row_sums: Nodes that the loop adds up. Without any, there is no loop.
    """

    step_values: tuple[Node, ...]
    row_values: tuple[Node, ...]
    row_sums: tuple[Node, ...]


@dataclass(frozen=True, eq=False)
class Schedule:
    """The nodes that a training program reads, computes and changes.

    Attributes:
        nodes: All nodes whose values are needed, each after its inputs.
        rows: Placeholders that are cut into batches.
        numbers: Constants and other placeholders: the same for all batches.
        state: Variables that are read or assigned.
        computed: Nodes that are computed; not leaves, and not ops that only move elements.
        stages: The parts of a step, in order.
        updates: For each variable that a step assigns, the node of its new value.
    """

    nodes: tuple[Node, ...]
    rows: tuple[Node, ...]
    numbers: tuple[Node, ...]
    state: tuple[Node, ...]
    computed: tuple[Node, ...]
    stages: tuple[Stage, ...]
    updates: Mapping[Node, Node]


def scheduled(program: Program) -> Schedule:
    """The schedule of a program that assigns variables.

    Raises:
        CannotFuseError: A size is neither known nor the number of rows, or no assignment depends on rows.
    """
    nodes = _needed(program)
    placeholders = [node for node in nodes if is_placeholder(node)]
    rows = [node for node in placeholders if is_of_rows(node.shape)]
    if not rows:
        raise CannotFuseError("no assignment depends on rows")
    others = [node for node in placeholders if node not in rows]
    computed = [node for node in nodes if not is_leaf(node) and node.op.name not in MOVES]
    return Schedule(
        tuple(nodes),
        tuple(rows),
        (*filter(is_constant, nodes), *others),
        tuple(dict.fromkeys([*filter(is_variable, nodes), *program.updates])),
        tuple(computed),
        tuple(_stages(nodes, computed)),
        program.updates,
    )


def has_rows(node: Node) -> bool:
    """Whether a node has an element for each row."""
    return None in ranked_shape(node)


def is_row_sum(node: Node) -> bool:
    """Whether a node sums over the rows."""
    return not has_rows(node) and any(map(has_rows, read_inputs(node)))


def _stages(nodes: Sequence[Node], computed: Sequence[Node]) -> list[Stage]:
    levels: dict[Node, int] = {}
    for node in nodes:
        before = max((levels[parent] for parent in read_inputs(node)), default=0)
        levels[node] = before + is_row_sum(node)
    stages = []
    for level in range(max(levels.values()) + 1):
        sums = [node for node in computed if is_row_sum(node) and levels[node] == level + 1]
        read = _read_by_row(nodes, sums)
        stages.append(
            Stage(
                tuple(node for node in computed if levels[node] == level and not has_rows(node)),
                tuple(node for node in computed if node in read and has_rows(node)),
                tuple(sums),
            )
        )
    return stages


def _read_by_row(nodes: Sequence[Node], sums: Sequence[Node]) -> set[Node]:
    """The nodes whose values a loop over the rows needs to add up `sums`."""
    read = set(sums)
    for node in reversed(nodes):
        if node in read and (node in sums or has_rows(node)):
            read.update(read_inputs(node))
    return read


# The part of a program that a schedule needs.


def _needed(program: Program) -> list[Node]:
    """The nodes whose values the assignments need, each after its inputs.

    Raises:
        CannotFuseError: A size is neither known nor the number of rows, or nothing is assigned.
    """
    needed = set(program.updates.values())
    for node in reversed(program.nodes):
        if node in needed:
            needed.update(read_inputs(node))
    nodes = [node for node in program.nodes if node in needed]
    for node in [*nodes, *program.updates]:
        if node.shape is None or node.shape.count(None) > (not is_variable(node)) or 0 in node.shape:
            raise CannotFuseError(f"{shown_name(node)} of shape {format_shape(node.shape)} has no fused form")
    if not nodes:
        raise CannotFuseError("a program that assigns nothing has no fused form")
    _check_rows(program)
    return nodes


def _check_rows(program: Program) -> None:
    """Raise CannotFuseError unless every unknown size is the number of rows, for any number of rows.

    Nodes of which only the shape is read are checked, too, because a fused program never sees them.
    """
    sized: dict[Node, Node] = {}
    for node in program.nodes:
        refusal = f"{shown_name(node)} of shape {format_shape(node.shape)} has no fused form"
        shape = tuple(_A_NUMBER_OF_ROWS if dim is None else dim for dim in ranked_shape(node))
        try:
            sized[node] = (
                placeholder_for(node, shape if is_of_rows(node.shape) else node.shape)
                if is_placeholder(node)
                else node.with_inputs(tuple(sized[parent] for parent in node.inputs))
            )
        except ShapeError:
            raise CannotFuseError(f"{refusal}: it fits only some numbers of rows") from None
        if node.shape is not None and sized[node].shape != shape:
            raise CannotFuseError(f"{refusal}: a size that is not known need not be the number of rows")
