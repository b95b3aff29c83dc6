"""Sessions: they run tensors and operations of a graph, with TensorFlow 1's rules.

A computed tensor has the value that variables gave it before the run; a variable that is fetched itself is
read when the run is over. Values have the types of their tensors, from the feeds to the results.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from lrfit.errors import FeedError, GraphError, ShapeError
from lrfit.graph.executors.typed import typed_step
from lrfit.graph.leaves import is_placeholder
from lrfit.graph.nodes import Kernel, Node
from lrfit.graph.passes import apply_passes
from lrfit.graph.passes.common_subexpressions import merge_common_subexpressions
from lrfit.graph.passes.prune import prune
from lrfit.graph.passes.simplify import simplify
from lrfit.graph.program import Program, Step
from lrfit.graph.shapes import fits
from lrfit.tf1.default_session import sessions
from lrfit.tf1.dtypes import as_dtype
from lrfit.tf1.errors import FailedPreconditionError, InvalidArgumentError
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.kernels import flushing_kernel
from lrfit.tf1.misfits import misfit
from lrfit.tf1.plans import Plan, key_of
from lrfit.tf1.random import Streams
from lrfit.tf1.session_ops import session_kernel
from lrfit.tf1.shapes import TensorShape
from lrfit.tf1.tensors import Operation, Tensor
from lrfit.tf1.variables import Variable

__all__ = ["InteractiveSession", "Session"]

_PASSES = (simplify, merge_common_subexpressions, prune)
"""Constants are not folded: they would be computed in float64."""


class Session:
    """A session runs tensors and operations of one graph, and keeps the values of its variables.

    Args:
        target: Accepted, and not used: there is no other machine.
        graph: The graph; the default graph if None.
        config: Accepted, and not used.

    Attributes:
        graph: The graph.
        values: The values of its variables, by their nodes.
        states: What operations keep from run to run, such as the places of iterators.
    """

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        if graph is not None and not isinstance(graph, Graph):
            raise TypeError(f"graph must be a tf.Graph, but got {type(graph)}")
        self.graph = graph or get_default_graph()
        self.values: dict[Node, npt.NDArray[Any]] = {}
        self.states: dict[Any, Any] = {}
        self._streams = Streams()
        self._plans: dict[Any, Plan] = {}
        self._blocks: list[AbstractContextManager[Any]] = []
        self._is_closed = False

    def run(self, fetches: Any, feed_dict: Any = None, options: Any = None, run_metadata: Any = None) -> Any:
        """The values of tensors and variables, in the structure of `fetches`; None for an operation.

        Args:
            fetches: A tensor, variable, operation or name, or lists, tuples and dicts of them.
            feed_dict: Values for tensors, by the tensors or their names.
            options: Accepted, and not used.
            run_metadata: Accepted, and not used.

        Raises:
            FailedPreconditionError: A variable has no value yet.
            InvalidArgumentError: A placeholder is not fed, or values do not fit.
            RuntimeError: The session is closed.
            TypeError: A fetch or a feed is none of these.
            ValueError: A fed value has the wrong shape, or a fetch or feed belongs to another graph.
        """
        feeds = feed_dict or {}
        plan = self._plan(fetches, feeds)
        arrays = [
            value if type(value) is np.ndarray and value.dtype is kind else _array(tensor, value, kind)
            for (tensor, _, kind), value in zip(plan.fed, feeds.values(), strict=True)
        ]
        for source in plan.sources:
            drawn = zip(source.nodes, source.next_values(self), strict=True)
            arrays.extend(value for node, value in drawn if node not in plan.fed_nodes)
        shapes = tuple([array.shape for array in arrays])
        step = plan.steps.get(shapes) or self._step(plan, arrays, shapes)
        try:
            values = step(arrays, self.values)
        except ShapeError as error:
            raise InvalidArgumentError(str(error)) from None
        if isinstance(fetches, Operation):
            return None
        both = zip(plan.elements, plan.places, strict=True)
        return plan.rebuild([self._result(element, place, values) for element, place in both])

    def _result(self, element: Any, place: int | None, values: Sequence[Any]) -> Any:
        if isinstance(element, Operation):
            return None
        if place is None:
            if element.node not in self.values:
                raise self._uninitialized([element.node])
            value = self.values[element.node]
        else:
            value = values[place]
        return value.copy() if isinstance(value, np.ndarray) and value.ndim else _scalar(value)

    def _plan(self, fetches: Any, feeds: Mapping[Any, Any]) -> Plan:
        if self._is_closed:
            raise RuntimeError("Attempted to use a closed Session.")
        key = (key_of(fetches), *feeds)
        try:
            plan = self._plans.get(key)
        except TypeError:  # of what cannot be fetched or fed, which a plan says
            return Plan(self.graph, fetches, list(feeds))
        if plan is None:
            plan = self._plans[key] = Plan(self.graph, fetches, list(feeds))
        return plan

    def _step(self, plan: Plan, arrays: Sequence[Any], shapes: tuple[tuple[int, ...], ...]) -> Step:
        """The step for feeds of these shapes, which are checked."""
        for (tensor, node, _), array in zip(plan.fed, arrays, strict=False):
            if not fits(node.shape, array.shape):
                raise ValueError(
                    f"Cannot feed value of shape {TensorShape(array.shape)} for Tensor {tensor.name!r}, "
                    f"which has shape {str(tensor.shape)!r}: reshape the value"
                )
        misfits: ShapeError | None = None
        try:
            program = Program.of(plan.nodes, plan.feeds, shapes)
        except ShapeError as error:  # the run will say which values do not fit
            program, misfits = Program.of(plan.nodes, plan.feeds), error
        self._check_fed(program)
        try:
            program.validate()
        except (FeedError, GraphError) as error:
            raise InvalidArgumentError(str(misfits or error)) from None
        missing = [node for node in program.variables if node not in self.values]
        if missing:
            raise self._uninitialized(missing)
        step = typed_step(apply_passes(program, _PASSES), self.graph.type_of, self._kernel_of, misfit)
        plan.steps[shapes] = step
        return step

    def _kernel_of(self, node: Node) -> Kernel | None:
        """A kernel that is this session's own or TensorFlow's; None for the op's."""
        own = session_kernel(node, self) or self._streams.kernel_of(node)
        return own or flushing_kernel(node)

    def _check_fed(self, program: Program) -> None:
        for node in program.nodes:
            if is_placeholder(node) and node not in program.feeds:
                kind = as_dtype(self.graph.types[node.name])
                shape = f" and shape {list(node.shape)}".replace("None", "?") if node.shape else ""
                raise InvalidArgumentError(
                    f"You must feed a value for placeholder tensor {node.name!r} with dtype "
                    f"{kind.proto_name}{shape}: add it to the run, feed_dict={{{node.name}: …}}"
                )

    def _uninitialized(self, nodes: Iterable[Node]) -> FailedPreconditionError:
        names = ", ".join(sorted(node.name for node in nodes))
        return FailedPreconditionError(
            f"Attempting to use uninitialized value {names}: first run, in this session, "
            "tf.global_variables_initializer() that was made after all variables"
        )

    def load(self, variable: Variable, value: Any) -> None:
        """Set the value of a variable."""
        array = _array(variable, value, variable.dtype.numpy)
        if not fits(variable.node.shape, array.shape):
            raise ValueError(f"Cannot load value of shape {array.shape} into {variable!r}")
        self.values[variable.node] = array.copy()

    def partial_run_setup(self, *_: Any) -> None:
        """Refuse partial runs, which are not here."""
        raise NotImplementedError("partial runs are not in lrfit.tf1: run what is needed at once")

    def list_devices(self) -> list[str]:
        """A list with the name of the one device."""
        return ["/job:localhost/replica:0/task:0/device:CPU:0"]

    def as_default(self) -> AbstractContextManager[Session]:
        """Within the block, this is the session of `eval` and `run`; the block does not close it."""
        stack = ExitStack()
        sessions().append(self)
        stack.callback(sessions().remove, self)
        stack.enter_context(self.graph.as_default())
        return _Given(stack, self)

    def __enter__(self) -> Self:
        """Make this the default session, as `as_default` does; the end of the block closes it."""
        self._blocks.append(self.as_default())
        self._blocks[-1].__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._blocks.pop().__exit__(None, None, None)
        self.close()

    def close(self) -> None:
        """Forget the values of all variables; after this, nothing can be run."""
        self._is_closed = True
        self.values.clear()
        self._plans.clear()


class InteractiveSession(Session):
    """A session that is the default one from now on."""

    def __init__(self, target: str = "", graph: Graph | None = None, config: Any = None) -> None:
        super().__init__(target, graph, config)
        sessions().append(self)

    def close(self) -> None:
        """Close it, as `Session.close` does; it is no longer the default session."""
        super().close()
        if self in sessions():
            sessions().remove(self)


class _Given(AbstractContextManager[Session]):
    """A block that gives a session."""

    def __init__(self, stack: ExitStack, session: Session) -> None:
        self._stack, self._session = stack, session

    def __enter__(self) -> Session:
        return self._session

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _array(tensor: Any, value: Any, kind: np.dtype[Any]) -> Any:
    """A fed value as an array of this type."""
    if isinstance(value, (Tensor, Variable)):
        raise TypeError(
            "The value of a feed cannot be a tf.Tensor object. Acceptable feed values include Python "
            "scalars, strings, lists, numpy ndarrays: run it first"
        )
    try:
        return np.asarray(value, kind)
    except OverflowError:
        raise TypeError(
            f"Type of feed value {value} with type {type(value)} is not compatible with Tensor type "
            f"{kind.type}. Try explicitly setting the type of the feed tensor to a larger type (e.g. int64)."
        ) from None
    except (TypeError, ValueError) as error:
        raise ValueError(f"{error}: a {type(value).__name__} was fed to {tensor.name!r}") from None


def _scalar(value: Any) -> Any:
    return value[()] if isinstance(value, np.ndarray) else value
