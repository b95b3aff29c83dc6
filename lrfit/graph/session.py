"""The session: runs parts of a graph and keeps the values of its variables from run to run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from itertools import chain, repeat
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import FeedError, GraphError, ShapeError
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.nodes import Graph, Node, get_default_graph, shown_name
from lrfit.graph.passes import PASSES, apply_passes
from lrfit.graph.program import Executor, Loop, LoopExecutor, Pass, Program, Step
from lrfit.graph.shapes import Shape, fits, format_shape, is_of_rows

__all__ = ["Session"]

_MAX_SPECIALISED = 256
"""Steps of a session for feeds of a certain shape; a session that sees more shapes uses general steps."""


class Session:
    """Runs nodes of one graph; holds the values of the graph's variables, which no other session sees.

    Args:
        graph: The graph; the default graph if None.
        passes: The rewrites that a program goes through before it is executed.
        executor: What runs it.
        loop_executor: What runs it for many batches at once; None to run it batch by batch. May be changed
            from run to run.

    Examples:
        >>> from lrfit import Variable, assign_add, global_variables_initializer, placeholder
        >>> x = placeholder((), name="x")
        >>> total = Variable(0.0, name="total")
        >>> add_x = assign_add(total, x)
        >>> with Session() as session:
        ...     session.run(global_variables_initializer())
        ...     session.run([total, add_x], feed_dict={x: 3.0})
        ...     session.run({"total": total, "x": x}, feed_dict={x: 1.0})
        [np.float64(0.0), np.float64(3.0)]
        {'total': np.float64(3.0), 'x': np.float64(1.0)}
    """

    def __init__(
        self,
        graph: Graph | None = None,
        *,
        passes: Sequence[Pass] = PASSES,
        executor: Executor = numpy_step,
        loop_executor: LoopExecutor | None = None,
    ) -> None:
        self.graph = graph or get_default_graph()
        self._passes = tuple(passes)
        self._executor = executor
        self.loop_executor = loop_executor
        self._values: dict[Node, Array] = {}
        self._plans: set[tuple[tuple[Node, ...], tuple[Node, ...]]] = set()
        self._steps: dict[tuple[Any, ...], tuple[Step, frozenset[Node]]] = {}
        self._loops: dict[tuple[Any, ...], tuple[Loop | None, frozenset[Node]]] = {}
        self._scopes: list[AbstractContextManager[Graph]] = []

    def __enter__(self) -> Self:
        """Make the session's graph the default within the block."""
        self._scopes.append(self.graph.as_default())
        self._scopes[-1].__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._scopes.pop().__exit__(None, None, None)

    def run(self, fetches: Any, feed_dict: Mapping[Node, npt.ArrayLike] | None = None) -> Any:  # noqa: ANN401
        """The values of `fetches`, in the structure in which they were asked for.

        All reads of variables see the values from before the run; assignments take effect at its end.

        Args:
            fetches: A node, or a list, tuple or dict of fetches, nested at will.
            feed_dict: Values for nodes: for every placeholder that the fetches need, and for any other node
                whose value shall be replaced in this run.

        Returns:
            Arrays of float64 (NumPy scalars for the shape ()), which are the caller's; None for a `group`.

        Raises:
            FeedError: A placeholder is not fed, or a feed does not fit its node.
            GraphError: A fetch is not a node of this graph, a variable has no value yet, or two
                assignments to one variable would run.
            ShapeError: Dimensions that only the run knows do not fit.
        """
        nodes, rebuild = _flatten(fetches)
        feeds = feed_dict or {}
        plan = (tuple(nodes), tuple(feeds))
        self._check_plan(*plan)
        arrays = [_checked(node, value) for node, value in feeds.items()]
        values = self._step_for(*plan, arrays)(arrays, self._values)
        return rebuild([value if value is None else value.copy()[()] for value in values])

    def run_batches(
        self,
        fetches: Any,  # noqa: ANN401
        feed_dict: Mapping[Node, npt.ArrayLike],
        *,
        batch_size: int,
        n_epochs: int = 1,
    ) -> None:
        """Run `fetches` for each batch of rows, in order, for what that does to variables.

        The same as a loop of `run`, but a loop executor, if there is one, does it as a whole.

        Args:
            fetches: As for `run`.
            feed_dict: As for `run`. The values of nodes whose first dimension is not known are rows, equally
                many of each, and are cut into batches; the others are the same for all batches.
            batch_size: Rows of a batch; the last one has what is left.
            n_epochs: How often to go over the rows.

        Raises:
            FeedError: No feed has rows, or one has more than another; else as `run`.
            GraphError: As `run`.
            ShapeError: As `run`.
        """
        plan = (tuple(_flatten(fetches)[0]), tuple(feed_dict))
        self._check_plan(*plan)
        arrays = [_checked(node, value) for node, value in feed_dict.items()]
        has_rows = [is_of_rows(node.shape) for node in feed_dict]
        n_rows = _n_rows(feed_dict, arrays, has_rows)
        loop = self._loop_for(*plan, arrays, has_rows) if n_rows and n_epochs else None
        if loop:
            loop(arrays, self._values, batch_size=batch_size, n_epochs=n_epochs)
            return
        for start in chain.from_iterable(repeat(range(0, n_rows, batch_size), n_epochs)):
            end = start + batch_size
            batch = [
                array[start:end] if rows else array for array, rows in zip(arrays, has_rows, strict=True)
            ]
            self._step_for(*plan, batch)(batch, self._values)

    def _check_plan(self, fetches: tuple[Node, ...], feeds: tuple[Node, ...]) -> None:
        """Raise if the nodes cannot be fetched and fed."""
        if (fetches, feeds) in self._plans:
            return
        for node in fetches:
            if node.graph is not self.graph:
                raise GraphError(f"{node.name!r} cannot be fetched: it is of another graph than the session")
        for node in feeds:
            if not isinstance(node, Node):
                raise FeedError(f"{node!r} cannot be fed: feed_dict maps nodes, not their names, to values")
            if node.graph is not self.graph:
                raise FeedError(f"{node!r} cannot be fed: only nodes of the session's graph can")
            if not node.op.has_value:
                raise FeedError(f"{shown_name(node)} cannot be fed: it has no value")
        Program.of(fetches, feeds).validate()
        self._plans.add((fetches, feeds))

    def _step_for(self, fetches: tuple[Node, ...], feeds: tuple[Node, ...], arrays: Sequence[Array]) -> Step:
        """The step for values of these shapes; once there are many, the one for any shape."""
        shapes = tuple([array.shape for array in arrays])
        key: tuple[Any, ...] = (fetches, feeds, shapes)
        if key not in self._steps and len(self._steps) >= _MAX_SPECIALISED:
            key = (fetches, feeds, None)
        if key not in self._steps:
            program = self._program(*key)
            self._steps[key] = (self._executor(program), program.variables)
        step, reads = self._steps[key]
        self._check_initialized(reads)
        return step

    def _loop_for(
        self,
        fetches: tuple[Node, ...],
        feeds: tuple[Node, ...],
        arrays: Sequence[Array],
        has_rows: Sequence[bool],
    ) -> Loop | None:
        """The loop over batches of such arrays; None if there is no executor for it."""
        if self.loop_executor is None:
            return None
        shapes = tuple(
            (None, *array.shape[1:]) if rows else array.shape
            for array, rows in zip(arrays, has_rows, strict=True)
        )
        key = (self.loop_executor, fetches, feeds, shapes)
        if key not in self._loops:
            try:
                program = apply_passes(Program.of(fetches, feeds, shapes), self._passes)
            except ShapeError:  # a step will say which values do not fit
                return None
            self._loops[key] = (self.loop_executor(program), program.variables)
        loop, reads = self._loops[key]
        self._check_initialized(reads)
        return loop

    def _program(
        self, fetches: tuple[Node, ...], feeds: tuple[Node, ...], shapes: Sequence[Shape] | None
    ) -> Program:
        try:
            program = Program.of(fetches, feeds, shapes)
        except ShapeError:  # the run will say which values do not fit
            program = Program.of(fetches, feeds)
        return apply_passes(program, self._passes)

    def _check_initialized(self, variables: frozenset[Node]) -> None:
        if not variables <= self._values.keys():
            names = ", ".join(sorted(repr(variable.name) for variable in variables - self._values.keys()))
            raise GraphError(
                f"no value yet for {names}: first run, in this session, a global_variables_initializer() "
                "that was made after it (an initial value cannot depend on another variable)"
            )


def _checked(node: Node, value: npt.ArrayLike) -> Array:
    """`value` as a float64 array, or scalar, that fits `node`."""
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise FeedError(f"cannot feed {node.name!r}: the value is not an array of numbers: {error}") from None
    if array.dtype.kind not in "fiub":
        raise FeedError(
            f"cannot feed {node.name!r} with values of type {array.dtype}: convert them to real numbers"
        )
    if not fits(node.shape, array.shape):
        raise FeedError(
            f"cannot feed a value of shape {format_shape(array.shape)} to {node.op.name} {node.name!r} "
            f"of shape {format_shape(node.shape)}: reshape the value"
        )
    checked: Array = array.astype(np.float64, order="C", copy=False)[
        ()
    ]  # the memory order decides that of sums
    return checked


def _n_rows(feeds: Iterable[Node], arrays: Sequence[Array], has_rows: Sequence[bool]) -> int:
    """How many rows each feed that has rows has."""
    lengths = {node.name: len(a) for node, a, rows in zip(feeds, arrays, has_rows, strict=True) if rows}
    if not lengths:
        raise FeedError("no feed is made of rows: that takes a node whose first dimension is not known")
    if len(set(lengths.values())) > 1:
        raise FeedError(f"feeds that are cut into batches need equally many rows, not {lengths}")
    return next(iter(lengths.values()))


def _flatten(fetches: Any) -> tuple[list[Node], Callable[[list[Any]], Any]]:  # noqa: ANN401
    """The nodes of a nested structure, and what puts as many values into the same structure."""
    if isinstance(fetches, Node):
        return [fetches], lambda values: values[0]
    if isinstance(fetches, Mapping):
        nodes, rebuild = _flatten(list(fetches.values()))
        return nodes, lambda values: dict(zip(fetches, rebuild(values), strict=True))
    if isinstance(fetches, (list, tuple)):
        parts = [_flatten(part) for part in fetches]
        return [node for nodes, _ in parts for node in nodes], partial(_rebuilt, type(fetches), parts)
    raise GraphError(f"only nodes, in lists, tuples and dicts, can be fetched, not {fetches!r}")


def _rebuilt(kind: type, parts: list[Any], values: list[Any]) -> Any:  # noqa: ANN401
    rest = iter(values)
    built = [rebuild([next(rest) for _ in nodes]) for nodes, rebuild in parts]
    return kind(*built) if hasattr(kind, "_fields") else kind(built)
