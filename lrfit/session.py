"""The session: runs parts of a graph and keeps the values of its variables from run to run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lrfit.errors import FeedError, GraphError
from lrfit.executors.interpreter import interpreter
from lrfit.graph import Array, Graph, Node, fits, format_shape, get_default_graph, shown_name
from lrfit.passes import PASSES, apply_passes
from lrfit.program import Executor, Pass, Program, Step

__all__ = ["Session"]


class Session:
    """Runs nodes of one graph; holds the values of the graph's variables, which no other session sees.

    Args:
        graph: The graph; the default graph if None.
        passes: The rewrites that a program goes through before it is executed.
        executor: What runs it.

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
        executor: Executor = interpreter,
    ) -> None:
        self.graph = graph or get_default_graph()
        self._passes = tuple(passes)
        self._executor = executor
        self._values: dict[Node, Array] = {}
        self._steps: dict[tuple[tuple[Node, ...], tuple[Node, ...]], tuple[Step, frozenset[Node]]] = {}
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
        key = (tuple(nodes), tuple(feeds))
        if key not in self._steps:
            self._steps[key] = self._prepared(*key)
        step, reads = self._steps[key]
        if not reads <= self._values.keys():
            raise _uninitialized(reads - self._values.keys())
        values = step([_checked(node, value) for node, value in feeds.items()], self._values)
        return rebuild([value if value is None else value.copy()[()] for value in values])

    def _prepared(self, fetches: tuple[Node, ...], feeds: tuple[Node, ...]) -> tuple[Step, frozenset[Node]]:
        """The step for these fetches and feeds, and the variables that it reads."""
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
        program = apply_passes(Program.of(fetches, feeds).validate(), self._passes)
        return self._executor(program), program.variables


def _checked(node: Node, value: npt.ArrayLike) -> Array:
    """`value` as a float64 array that fits `node`."""
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
    return array.astype(np.float64, order="C", copy=False)  # the memory order decides the order of sums


def _uninitialized(variables: frozenset[Node]) -> GraphError:
    names = ", ".join(sorted(repr(variable.name) for variable in variables))
    return GraphError(
        f"no value yet for {names}: first run, in this session, a global_variables_initializer() that was "
        "made after it (an initial value cannot depend on another variable)"
    )


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
