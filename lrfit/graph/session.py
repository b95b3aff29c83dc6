"""The session: runs parts of a graph and keeps the values of its variables from run to run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Self

import numpy.typing as npt

from lrfit.arrays import Array
from lrfit.errors import FeedError, GraphError, ShapeError
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.feeds import batches, checked_feed, n_rows_of
from lrfit.graph.fetches import flattened
from lrfit.graph.nodes import Graph, Node, get_default_graph, shown_name
from lrfit.graph.passes import PASSES, apply_passes
from lrfit.graph.program import Executor, Loop, LoopExecutor, Pass, Program, Step
from lrfit.graph.shapes import Shape, is_of_rows

__all__ = ["Session"]

_MAX_SPECIALISED = 256
"""Largest number of steps that a session keeps for specific shapes of feeds; later ones serve any shape."""


class Session:
    """A session runs nodes of one graph, and holds the values of its variables; sessions share no values.

    Args:
        graph: The graph; the default graph if None.
        passes: The rewrites that a program goes through before it is executed.
        executor: The executor that runs a program once.
        loop_executor: The executor that runs a program for all batches at once; None to run it batch by
            batch. It may be changed from run to run.

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
        self._is_closed = False

    def __enter__(self) -> Self:
        """Make the session's graph the default within the block."""
        self._scopes.append(self.graph.as_default())
        self._scopes[-1].__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._scopes.pop().__exit__(None, None, None)

    def close(self) -> None:
        """Forget the values of all variables; after this nothing can be run."""
        self._is_closed = True
        self._values.clear()
        self._plans.clear()

    def run(self, fetches: Any, feed_dict: Mapping[Node, npt.ArrayLike] | None = None) -> Any:  # noqa: ANN401
        """Run the graph, and return the values of `fetches` in the same structure.

        All reads of variables see the values from before the run; assignments take effect at its end.

        Args:
            fetches: A node, or a list, tuple or dict of fetches, nested to any depth.
            feed_dict: Values for nodes: for every placeholder that the fetches need, and for any other node
                whose value is to be replaced in this run.

        Returns:
            Arrays of float64 (NumPy scalars for the shape ()), which the caller may change; None for a
            `group`.

        Raises:
            FeedError: A placeholder is not fed, or a feed does not fit its node.
            GraphError: A fetch is not a node of this graph, a variable has no value yet, two assignments to
                one variable would run, or the session is closed.
            ShapeError: Sizes that are known only when the graph runs do not fit.
        """
        nodes, rebuild = flattened(fetches)
        feeds = feed_dict or {}
        plan = (tuple(nodes), tuple(feeds))
        self._check_plan(*plan)
        arrays = [checked_feed(node, value) for node, value in feeds.items()]
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
        """Run `fetches` for each batch of rows, in order, to change variables.

        The result is the same as that of calling `run` in a loop. A loop executor, if there is one, runs all
        batches at once.

        Args:
            fetches: As for `run`.
            feed_dict: As for `run`. If the first size of a node is not known, its value consists of rows and
                is cut into batches; all such values have the same number of rows. The other values are the
                same for all batches.
            batch_size: Number of rows of a batch; the last batch has the rows that are left.
            n_epochs: Number of times to go over the rows.

        Raises:
            FeedError: No feed has rows, or feeds differ in their number of rows; or as for `run`.
            GraphError: As for `run`.
            ShapeError: As for `run`.
        """
        plan = (tuple(flattened(fetches)[0]), tuple(feed_dict))
        self._check_plan(*plan)
        feeds = {node: checked_feed(node, value) for node, value in feed_dict.items()}
        n_rows = n_rows_of(feeds)
        loop = self._loop_for(plan[0], feeds) if n_rows and n_epochs else None
        if loop:
            loop([*feeds.values()], self._values, batch_size=batch_size, n_epochs=n_epochs)
            return
        for batch in batches(feeds, n_rows, batch_size, n_epochs):
            self._step_for(*plan, batch)(batch, self._values)

    def _check_plan(self, fetches: tuple[Node, ...], feeds: tuple[Node, ...]) -> None:
        """Raise if the nodes cannot be fetched and fed."""
        if (fetches, feeds) in self._plans:
            return
        if self._is_closed:
            raise GraphError("the session is closed: nothing can be run in it")
        for node in fetches:
            if node.graph is not self.graph:
                raise GraphError(
                    f"{node.name!r} cannot be fetched: it belongs to another graph than the session"
                )
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
        """The step for values of these shapes; once there are many such steps, a step for any shape."""
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

    def _loop_for(self, fetches: tuple[Node, ...], feeds: Mapping[Node, Array]) -> Loop | None:
        """The loop over batches of feeds of these shapes; None if there is no executor for it."""
        if self.loop_executor is None:
            return None
        shapes = tuple(
            (None, *array.shape[1:]) if is_of_rows(node.shape) else array.shape
            for node, array in feeds.items()
        )
        key = (self.loop_executor, fetches, tuple(feeds), shapes)
        if key not in self._loops:
            try:
                program = apply_passes(Program.of(fetches, tuple(feeds), shapes), self._passes)
            except ShapeError:  # the step will say which values do not fit
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
