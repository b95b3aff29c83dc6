"""A training program as the source of one function: loops over epochs, batches and rows, without temporaries.

The function is made from the program's ops, whatever the model. What depends on what decides where a node is
computed. In a program whose feeds are cut into batches, a dimension that is not known is that of the rows. So

- a node with such a dimension is a *row value*: it is computed within the loop over rows;
- a node without one that is made from a row value is a *row sum*: an accumulator of that loop;
- any other is a *step value*: it is computed once a batch, before the loop or behind it.

A row value that needs a row sum (of residuals about the batch's own mean, say) takes a second loop over the
rows: the level of a node is the number of loops that come before it. Ops that only move elements (transpose,
spread, reshape) cost nothing: elements are read where they come from.

Elements are written out one by one, as scalar variables that a compiler keeps in registers, unless a node has
many: then nodes are arrays, made once, and there are loops over their elements. Constants are arguments, so
that one machine code serves every learning rate.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import product
from math import prod

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph.executors.numba.formulas import (
    MOVES,
    CannotFuseError,
    Formula,
    Index,
    formula_of,
    known_shape,
    read_inputs,
    source_index,
)
from lrfit.graph.leaves import is_constant, is_placeholder, is_variable, placeholder_for
from lrfit.graph.nodes import Node, shown_name
from lrfit.graph.program import Program
from lrfit.graph.shapes import format_shape, is_of_rows

__all__ = ["CannotFuseError", "FusedSource", "fused_source"]

_MAX_UNROLLED = 64
"""Elements of a node that are written out one by one."""

_A_NUMBER_OF_ROWS = (1 << 61) - 1
"""That fits nothing else: it is large, and prime."""

_ROW = "row"
"""The index of the axis of the rows."""


@dataclass(frozen=True, eq=False)
class FusedSource:
    """A function `kernel(*row_feeds, numbers, state, batch_size, n_epochs)`, and what it is called with.

    Attributes:
        text: Its source in Python, for Numba.
        row_feeds: Positions of the feeds that are cut into batches.
        numbers: What the flat array `numbers` is made of: values of constants, and positions of other feeds.
        state: The variables whose values make up the flat array `state`, which the function changes.
    """

    text: str
    row_feeds: tuple[int, ...]
    numbers: tuple[Array | int, ...]
    state: tuple[Node, ...]


def fused_source(program: Program) -> FusedSource:
    """The function that does to variables what a step of `program` does, for all batches of all epochs.

    Raises:
        CannotFuseError: An op or a shape has no fused form; names it.
    """
    return _Writer(program).written()


class _Writer:
    """Writes the function, line by line."""

    def __init__(self, program: Program) -> None:
        self._feeds = program.feeds
        self._updates = program.updates
        self._nodes = _needed(program)
        self._state = tuple(dict.fromkeys([*filter(is_variable, self._nodes), *self._updates]))
        self._names = {node: f"v{i}" for i, node in enumerate(dict.fromkeys([*self._nodes, *self._state]))}
        self._unrolls = all(_n_elements(node) <= _MAX_UNROLLED for node in self._names)
        self._levels: dict[Node, int] = {}
        for node in self._nodes:
            before = max((self._levels[parent] for parent in read_inputs(node)), default=0)
            self._levels[node] = before + _is_row_sum(node)
        self._computed = [node for node in self._nodes if not _is_leaf(node) and node.op.name not in MOVES]
        self._lines: list[str] = []
        self._indent = "    "

    def written(self) -> FusedSource:
        """The function: one step, and what surrounds it."""
        rows = [node for node in self._nodes if is_placeholder(node) and is_of_rows(node.shape)]
        others = [node for node in self._nodes if is_placeholder(node) and node not in rows]
        numbers = (*filter(is_constant, self._nodes), *others)
        if not rows:
            raise CannotFuseError("no assignment depends on rows")
        for array, nodes in (("numbers", numbers), ("state", self._state)):
            for place, name in self._places(array, nodes):
                self._write(f"{name} = {place}" + ".copy()" * (":" in place))
        for name, size in self._arrays():
            self._write(f"{name} = np.empty({size})")
        self._write(f"n_rows = {self._names[rows[0]]}.shape[0]")
        with (
            self._block("for epoch in range(n_epochs):"),
            self._block("for start in range(0, n_rows, batch_size):"),
        ):
            self._write("stop = min(start + batch_size, n_rows)")
            self._write("n = float(stop - start)")
            self._write_step()
        for place, name in self._places("state", self._state):
            self._write(f"{place} = {name}")
        arguments = [*(self._names[node] for node in rows), "numbers", "state", "batch_size", "n_epochs"]
        return FusedSource(
            "\n".join([f"def kernel({', '.join(arguments)}):", *self._lines, ""]),
            tuple(self._feeds.index(node) for node in rows),
            tuple(node.attrs["value"] if is_constant(node) else self._feeds.index(node) for node in numbers),
            self._state,
        )

    # A step.

    def _write_step(self) -> None:
        for level in range(max(self._levels.values()) + 1):
            for node in self._computed:
                if self._levels[node] == level and not _has_rows(node):
                    self._write_mean(node) if _is_row_sum(node) else self._write_value(node)
            sums = [node for node in self._computed if _is_row_sum(node) and self._levels[node] == level + 1]
            if sums:
                self._write_row_loop(sums)
        for variable, node in self._updates.items():  # all new values, before the first old one is lost
            for index in self._each(known_shape(variable)):
                self._write(f"new_{self._at(variable, index)} = {self._at(node, index)}")
        for variable in self._updates:
            for index in self._each(known_shape(variable)):
                self._write(f"{self._at(variable, index)} = new_{self._at(variable, index)}")

    def _write_row_loop(self, sums: Sequence[Node]) -> None:
        """A loop over the rows of a batch: the row values that the sums need, and the sums."""
        needed = set(sums)
        for node in reversed(self._nodes):
            if node in needed and (node in sums or _has_rows(node)):
                needed.update(read_inputs(node))
        for node in sums:
            for index in self._each(known_shape(node)):
                self._write(f"{self._at(node, index)} = 0.0")
        with self._block(f"for {_ROW} in range(start, stop):"):
            for node in self._computed:
                if node in needed and _has_rows(node):
                    self._write_value(node)
            for node in sums:
                self._write_addition(node)

    def _write_value(self, node: Node) -> None:
        """Compute a node that is no row sum; so its formula does not sum over rows, as `_needed` has seen."""
        formula = formula_of(node, self._at)
        for index in self._each(known_shape(node)):
            total = self._total(formula, index)
            self._write(
                f"{self._at(node, index)} = {total}" + f" / {formula.divisor}" * bool(formula.divisor)
            )

    def _write_addition(self, node: Node) -> None:
        """Add what one row adds to a row sum."""
        formula = formula_of(node, self._at)
        if None not in formula.dims:  # pragma: no cover (a guard: `_check_rows` leaves none)
            raise CannotFuseError(
                f"{shown_name(node)} has no fused form: it does not sum over the rows it reads"
            )
        for index in self._each(known_shape(node)):
            self._write(f"{self._at(node, index)} += {self._total(formula, index)}")

    def _write_mean(self, node: Node) -> None:
        """Divide a row sum, if it is a mean."""
        divisor = formula_of(node, self._at).divisor
        for index in self._each(known_shape(node)) if divisor else ():
            self._write(f"{self._at(node, index)} /= {divisor}")

    def _total(self, formula: Formula, index: Index) -> str:
        """An expression of a formula's sum over all but rows; writes the loop that it takes."""
        if self._unrolls or all(dim in (None, 1) for dim in formula.dims):
            return _balanced([formula.term(index, summed) for summed in self._each(formula.dims, "s")])
        self._write("total = 0.0")
        for summed in self._each(formula.dims, "s"):
            self._write(f"total += {formula.term(index, summed)}")
        return "total"

    def _at(self, node: Node, index: Index) -> str:
        """An expression of one element, read where it is."""
        shape = known_shape(node)
        if any(
            (i == _ROW) != (dim is None) for i, dim in zip(index, shape, strict=True) if dim != 1
        ):  # pragma: no cover (a guard: `_check_rows` leaves none)
            raise CannotFuseError(f"{shown_name(node)} of shape {shape} has no fused form: rows meet no rows")
        if node.op.name in MOVES:
            return self._at(node.inputs[0], source_index(node, index))
        index = tuple("0" if dim == 1 else i for i, dim in zip(index, shape, strict=True))
        if is_placeholder(node) and _has_rows(node):
            return f"{self._names[node]}[{', '.join(index)}]"
        return self._element(self._names[node], shape, index)

    def _element(self, name: str, shape: tuple[int | None, ...], index: Index) -> str:
        """A variable of the function: one for each element, or an element of an array."""
        axes = [(i, dim) for i, dim in zip(index, shape, strict=True) if dim not in (None, 1)]
        if not axes:
            return name
        flat = axes[0][0]
        for i, dim in axes[1:]:
            flat = f"({flat} * {dim} + {i})"
        return f"{name}_{'_'.join(i for i, _ in axes)}" if self._unrolls else f"{name}[{flat}]"

    def _each(self, dims: Sequence[int | None], letter: str = "i") -> Iterator[Index]:
        """All indices of these dimensions, of the current row; or one, with loops written around its use."""
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

    # Arguments and arrays.

    def _places(self, array: str, nodes: Sequence[Node]) -> Iterator[tuple[str, str]]:
        """Where in a flat array the values of nodes are, and the variables that hold them."""
        start = 0
        for node in nodes:
            size, name = _n_elements(node), self._names[node]
            if self._unrolls or size == 1:
                for place, index in enumerate(self._each(known_shape(node)), start):
                    yield f"{array}[{place}]", self._element(name, known_shape(node), index)
            else:
                yield f"{array}[{start}:{start + size}]", name
            start += size

    def _arrays(self) -> Iterator[tuple[str, int]]:
        """Names and sizes of the arrays that a step writes to."""
        if not self._unrolls:
            made = [(self._names[node], node) for node in self._computed]
            made += [(f"new_{self._names[variable]}", variable) for variable in self._updates]
            yield from ((name, _n_elements(node)) for name, node in made if _n_elements(node) > 1)

    def _write(self, line: str) -> None:
        self._lines.append(self._indent + line)

    @contextmanager
    def _block(self, head: str) -> Iterator[None]:
        self._write(head)
        indent = self._indent
        self._indent += "    "
        yield
        self._indent = indent


def _needed(program: Program) -> list[Node]:
    """The nodes whose values the assignments need, each behind those that it needs.

    Raises:
        CannotFuseError: A shape is not known but for the number of rows, or nothing is assigned.
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
    """Raise CannotFuseError unless each dimension that is not known is the number of rows, whatever that is.

    Also where just the shape of a node is read: the function does not see it.
    """
    sized: dict[Node, Node] = {}
    for node in program.nodes:
        name = f"{shown_name(node)} of shape {format_shape(node.shape)} has no fused form"
        shape = tuple(_A_NUMBER_OF_ROWS if dim is None else dim for dim in known_shape(node))
        try:
            sized[node] = (
                placeholder_for(node, shape if is_of_rows(node.shape) else node.shape)
                if is_placeholder(node)
                else node.with_inputs(tuple(sized[parent] for parent in node.inputs))
            )
        except ShapeError:
            raise CannotFuseError(f"{name}: it fits only some numbers of rows") from None
        if node.shape is not None and sized[node].shape != shape:
            raise CannotFuseError(f"{name}: a dimension that is not known need not be that of the rows")


def _is_leaf(node: Node) -> bool:
    return is_constant(node) or is_placeholder(node) or is_variable(node)


def _has_rows(node: Node) -> bool:
    return None in known_shape(node)


def _is_row_sum(node: Node) -> bool:
    return not _has_rows(node) and any(map(_has_rows, read_inputs(node)))


def _n_elements(node: Node) -> int:
    """Elements of the node, or of one row of it."""
    return prod(dim for dim in known_shape(node) if dim is not None)


def _balanced(terms: list[str]) -> str:
    """A sum of terms by halves: short chains of additions, and small rounding."""
    if len(terms) == 1:
        return terms[0]
    half = len(terms) // 2
    return f"({_balanced(terms[:half])} + {_balanced(terms[half:])})"
