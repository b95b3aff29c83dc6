"""The source of a training program: one Python function with loops over epochs, batches and rows.

The function follows the program's schedule and makes no arrays. The elements of a node are written out one by
one, as scalar variables that a compiler keeps in registers. If any node has many elements, the nodes have
places in flat arrays instead, with loops over their elements. Constants are arguments, so the same machine
code serves every learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod

from lrfit.arrays import Array
from lrfit.graph.executors.numba.formulas import (
    MOVES,
    CannotFuseError,
    Formula,
    Index,
    formula_of,
    ranked_shape,
    source_index,
)
from lrfit.graph.executors.numba.schedule import Schedule, Stage, has_rows, is_row_sum, scheduled
from lrfit.graph.leaves import is_constant, is_placeholder
from lrfit.graph.nodes import Node, shown_name
from lrfit.graph.program import Program
from lrfit.graph.shapes import RankedShape

__all__ = ["FusedSource", "fused_source"]

_MAX_UNROLLED = 64
"""Largest number of elements of a node that are written out one by one."""

_ROW = "row"
"""The index along the axis of the rows."""


@dataclass(frozen=True, eq=False)
class FusedSource:
    """A function `kernel(*row_feeds, numbers, state, scratch, batch_size, n_epochs)`, and its arguments.

    Attributes:
        text: The source of the function in Python, for Numba.
        row_feeds: Positions, among the program's feeds, of those that are cut into batches.
        numbers: The parts of the flat array `numbers`: a constant's value, or the position of another feed.
        state: The variables whose values make up the flat array `state`, which the function changes.
        n_scratch: Number of elements of the flat array `scratch`, which the function works in.
    """

    text: str
    row_feeds: tuple[int, ...]
    numbers: tuple[Array | int, ...]
    state: tuple[Node, ...]
    n_scratch: int


def fused_source(program: Program) -> FusedSource:
    """The function that updates variables as steps of `program` do, for all batches of all epochs.

    Raises:
        CannotFuseError: An op or a shape has no fused form; the message names it.
    """
    schedule = scheduled(program)
    position = {node: i for i, node in enumerate(program.feeds)}
    writer = _Writer(schedule)
    text = writer.text()  # which takes the scratch that it needs
    return FusedSource(
        text,
        tuple(position[node] for node in schedule.rows),
        tuple(node.attrs["value"] if is_constant(node) else position[node] for node in schedule.numbers),
        schedule.state,
        writer.n_scratch,
    )


class _Writer:
    """Writes the function, line by line."""

    def __init__(self, schedule: Schedule) -> None:
        self._schedule = schedule
        nodes = dict.fromkeys([*schedule.nodes, *schedule.state])
        self._names = {node: f"v{i}" for i, node in enumerate(nodes)}
        self._unrolls = all(_n_elements(node) <= _MAX_UNROLLED for node in nodes)
        self._lines: list[str] = []
        self._indent = "    "
        self._stores: dict[str, tuple[str, int]] = {}  # the flat array of a name, and its place there
        self.n_scratch = 0

    def text(self) -> str:
        """The source of the function: one step, and the loops around it."""
        rows = [self._names[node] for node in self._schedule.rows]
        self._write_arguments()
        self._write(f"n_rows = {rows[0]}.shape[0]")
        with (
            self._block("for epoch in range(n_epochs):"),
            self._block("for start in range(0, n_rows, batch_size):"),
        ):
            self._write("stop = min(start + batch_size, n_rows)")
            self._write("n = float(stop - start)")
            for stage in self._schedule.stages:
                self._write_stage(stage)
            self._write_updates()
        for place, name in self._places("state", self._schedule.state):
            self._write(f"{place} = {name}")
        head = f"def kernel({', '.join([*rows, 'numbers', 'state', 'scratch', 'batch_size', 'n_epochs'])}):"
        return "\n".join([head, *self._lines, ""])

    # A step.

    def _write_stage(self, stage: Stage) -> None:
        for node in stage.step_values:
            self._write_mean(node) if is_row_sum(node) else self._write_value(node)
        if stage.row_sums:
            for node in stage.row_sums:
                for index in self._each(ranked_shape(node)):
                    self._write(f"{self._at(node, index)} = 0.0")
            with self._block(f"for {_ROW} in range(start, stop):"):
                for node in stage.row_values:
                    self._write_value(node)
                for node in stage.row_sums:
                    self._write_addition(node)

    def _write_updates(self) -> None:
        """Assign the new values; all of them are computed before any old value is overwritten."""
        for variable, node in self._schedule.updates.items():
            for index in self._each(ranked_shape(variable)):
                self._write(f"{self._new(variable, index)} = {self._at(node, index)}")
        for variable in self._schedule.updates:
            for index in self._each(ranked_shape(variable)):
                self._write(f"{self._at(variable, index)} = {self._new(variable, index)}")

    def _write_value(self, node: Node) -> None:
        """Compute a node that is not a row sum, so its formula does not sum over rows."""
        formula = formula_of(node, self._at)
        for index in self._each(ranked_shape(node)):
            total = self._total(formula, index)
            self._write(
                f"{self._at(node, index)} = {total}" + f" / {formula.divisor}" * bool(formula.divisor)
            )

    def _write_addition(self, node: Node) -> None:
        """Add the term of one row to a row sum."""
        formula = formula_of(node, self._at)
        if None not in formula.dims:  # pragma: no cover (a guard: a schedule has no such node)
            raise CannotFuseError(
                f"{shown_name(node)} has no fused form: it does not sum over the rows it reads"
            )
        for index in self._each(ranked_shape(node)):
            self._write(f"{self._at(node, index)} += {self._total(formula, index)}")

    def _write_mean(self, node: Node) -> None:
        """Divide a complete row sum, if it is a mean."""
        divisor = formula_of(node, self._at).divisor
        for index in self._each(ranked_shape(node)) if divisor else ():
            self._write(f"{self._at(node, index)} /= {divisor}")

    def _total(self, formula: Formula, index: Index) -> str:
        """An expression for a formula's sum over all axes but the rows; a loop it needs is written first."""
        if self._unrolls or all(dim in (None, 1) for dim in formula.dims):
            return _balanced([formula.term(index, summed) for summed in self._each(formula.dims, "s")])
        self._write("total = 0.0")
        for summed in self._each(formula.dims, "s"):
            self._write(f"total += {formula.term(index, summed)}")
        return "total"

    # Elements.

    def _at(self, node: Node, index: Index) -> str:
        """An expression for one element, read where it is stored."""
        shape = ranked_shape(node)
        if any(
            (i == _ROW) != (dim is None) for i, dim in zip(index, shape, strict=True) if dim != 1
        ):  # pragma: no cover (a guard: a schedule has no such node)
            raise CannotFuseError(
                f"{shown_name(node)} of shape {shape} cannot be fused: its rows do not match the batch's"
            )
        if node.op.name in MOVES:
            return self._at(node.inputs[0], source_index(node, index))
        index = tuple("0" if dim == 1 else i for i, dim in zip(index, shape, strict=True))
        if is_placeholder(node) and has_rows(node):
            return f"{self._names[node]}[{', '.join(index)}]"
        return self._element(self._names[node], shape, index)

    def _new(self, variable: Node, index: Index) -> str:
        """An expression for the new value of one element of a variable."""
        return self._element(f"new_{self._names[variable]}", ranked_shape(variable), index)

    def _element(self, name: str, shape: RankedShape, index: Index) -> str:
        """The variable of the function that holds an element, or the element's place in a flat array."""
        axes = [(i, dim) for i, dim in zip(index, shape, strict=True) if dim not in (None, 1)]
        if not axes:
            return name
        flat = axes[0][0]
        for i, dim in axes[1:]:
            flat = f"({flat} * {dim} + {i})"
        if self._unrolls:
            return f"{name}_{'_'.join(i for i, _ in axes)}"
        array, start = self._stores[name]
        return f"{array}[{start} + {flat}]"

    def _each(self, dims: Sequence[int | None], letter: str = "i") -> Iterator[Index]:
        """All indices into these sizes for the current row; or one index, with loops around its use."""
        if self._unrolls:
            yield from product(*([_ROW] if dim is None else map(str, range(dim)) for dim in dims))
            return
        fixed = {None: _ROW, 1: "0"}
        index = tuple(fixed.get(dim, f"{letter}{axis}") for axis, dim in enumerate(dims))
        indent = self._indent
        for i, dim in zip(index, dims, strict=True):
            if dim not in fixed:
                self._write(f"for {i} in range({dim}):")
                self._indent += "    "
        yield index
        self._indent = indent

    # Arguments, arrays and lines.

    def _write_arguments(self) -> None:
        """Take numbers and variables from the flat arrays, and give what a step computes its places there."""
        for array, nodes in (("numbers", self._schedule.numbers), ("state", self._schedule.state)):
            for place, name in self._places(array, nodes):
                self._write(f"{name} = {place}")
        if not self._unrolls:
            made = [(self._names[node], node) for node in self._schedule.computed]
            made += [(f"new_{self._names[variable]}", variable) for variable in self._schedule.updates]
            for name, node in made:
                if _n_elements(node) > 1:
                    self._stores[name] = ("scratch", self.n_scratch)
                    self.n_scratch += _n_elements(node)

    def _places(self, array: str, nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
        """The places of values in a flat array, each with the variable that holds it; arrays stay there."""
        start = 0
        for node in nodes:
            size, name, shape = _n_elements(node), self._names[node], ranked_shape(node)
            if self._unrolls or size == 1:
                for place, index in enumerate(self._each(shape), start):
                    yield f"{array}[{place}]", self._element(name, shape, index)
            else:
                self._stores[name] = (array, start)
            start += size

    def _write(self, line: str) -> None:
        self._lines.append(self._indent + line)

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._write(head)
        indent = self._indent
        self._indent += "    "
        yield
        self._indent = indent


def _n_elements(node: Node) -> int:
    """Number of elements of the node, or of one row of it."""
    return prod(dim for dim in ranked_shape(node) if dim is not None)


def _balanced(terms: list[str]) -> str:
    """A sum of terms, split into halves for short chains of additions and small rounding errors."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({_balanced(terms[:half])} + {_balanced(terms[half:])})"
