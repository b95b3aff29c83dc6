"""Variables: values that a session keeps from run to run, their start, and the ops that change them."""

from __future__ import annotations

from builtins import tuple as tuple_  # whose name is TensorFlow's below
from collections.abc import Callable, Sequence
from typing import Any

from lrfit.graph import assignments, leaves
from lrfit.graph.leaves import is_variable
from lrfit.graph.nodes import Node
from lrfit.graph.order import topological_order
from lrfit.tf1.building import apply, convert_to_tensor
from lrfit.tf1.default_session import session_for
from lrfit.tf1.dtypes import DType, as_dtype
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.shapes import TensorShape
from lrfit.tf1.spare_options import check_spare
from lrfit.tf1.tensors import Operation, Operators, Tensor

__all__ = [
    "Variable", "all_variables", "assign", "assign_add", "assign_sub", "global_variables",
    "global_variables_initializer", "group", "initialize_all_variables", "initialize_variables",
    "local_variables", "local_variables_initializer", "no_op", "trainable_variables", "tuple",
    "variables_initializer",
]  # fmt: skip


class Variable(Operators):
    """A value that a session keeps from run to run.

    Args:
        initial_value: The value that it starts with: a tensor, number, array, or a function that returns one.
        trainable: Whether optimizers change it.
        collections: Names of the collections that it is in; that of all variables if None.
        validate_shape: Accepted, and not needed.
        caching_device: Accepted, and not needed.
        name: Its name.
        dtype: Its type; that of the initial value if None.
        expected_shape: Accepted, and not needed.

    Attributes:
        node: The node of the graph that computes.
        initializer: The operation that gives it its initial value.
        initial_value: The tensor of that value.
        trainable: Whether optimizers change it.
    """

    def __init__(
        self,
        initial_value: Any = None,
        trainable: bool = True,
        collections: Sequence[str] | None = None,
        validate_shape: bool = True,
        caching_device: Any = None,
        name: str | None = None,
        variable_def: Any = None,
        dtype: Any = None,
        expected_shape: Any = None,
        **options: Any,
    ) -> None:
        check_spare("tf.Variable", options)
        if initial_value is None:
            raise ValueError("initial_value must be specified.")
        graph = getattr(initial_value, "graph", None) or get_default_graph()
        kind = None if dtype is None else as_dtype(dtype)
        with (
            graph.as_default(),
            graph.control_dependencies(None),
            graph.name_scope(name or "Variable") as scope,
        ):
            if callable(initial_value):
                with graph.name_scope("Initializer"):
                    start = convert_to_tensor(initial_value(), kind, "initial_value")
            else:
                start = convert_to_tensor(initial_value, kind, "initial_value")
            if validate_shape and not start.shape.is_fully_defined():
                raise ValueError(f"initial_value must have a shape specified: {start}")
            start = _without_variables(start)
            node = graph.node(leaves.Variable, start.node, name=scope.removesuffix("/"), trainable=trainable)
            self._set_up(graph, node, start.dtype, start, scope)
        self.trainable = trainable
        keys = [GraphKeys.GLOBAL_VARIABLES] if collections is None else list(collections)
        if trainable and GraphKeys.TRAINABLE_VARIABLES not in keys:
            keys.append(GraphKeys.TRAINABLE_VARIABLES)
        for key in keys:
            graph.add_to_collection(key, self)

    def _set_up(self, graph: Graph, node: Node, dtype: DType, initial_value: Tensor, scope: str) -> None:
        """Make the operations that a variable consists of: itself, its first assignment, and its value."""
        self.node, self.dtype, self.initial_value = node, dtype, initial_value
        graph.variables[node] = self
        graph.types[node.name] = dtype.numpy
        self.op = Operation(graph, "VariableV2", scope.removesuffix("/"))
        with graph.name_scope(scope):
            first = graph.node(assignments.assign, node, initial_value.node, name=graph.unique_name("Assign"))
            self.initializer = Operation(graph, "Assign", first.name, [initial_value])
            self.initializer.effect = first
            self._read = Tensor(Operation(graph, "Identity", graph.unique_name("read")), node, dtype)

    @classmethod
    def of_node(cls, graph: Graph, node: Node, dtype: DType, name: str) -> Variable:
        """The variable of a node that is in the graph already: a slot of an optimizer."""
        self = cls.__new__(cls)
        self.trainable = False
        initial = node.attrs["initial"]
        scope = graph.unique_name(name) + "/"
        start = Tensor(Operation(graph, "Const", graph.unique_name(f"{scope}initial_value")), initial, dtype)
        with graph.as_default(), graph.name_scope(scope):
            self._set_up(graph, node, dtype, start, scope)
        graph.add_to_collection(GraphKeys.GLOBAL_VARIABLES, self)
        return self

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """Its name, followed by ":0"."""
        return f"{self.op.name}:0"

    @property
    def shape(self) -> TensorShape:
        """Its shape."""
        return TensorShape(self.node.shape)

    def get_shape(self) -> TensorShape:
        """Its shape."""
        return self.shape

    def as_tensor(self) -> Tensor:
        """Its value; within `control_dependencies` the one that the operations there have assigned."""
        latest = self.graph.latest.get(self.node)
        return self._read if latest is None else _of_assignment(self.graph, latest, self.dtype)

    def value(self) -> Tensor:
        """Its value, as a tensor."""
        return self.as_tensor()

    def read_value(self) -> Tensor:
        """Its value, as a tensor of its own, which runs after the operations of `control_dependencies`."""
        node = self.graph.latest.get(self.node, self.node)
        return Tensor(Operation(self.graph, "Identity", self.graph.unique_name("read")), node, self.dtype)

    def initialized_value(self) -> Tensor:
        """Its initial value, for other variables to start from."""
        return self.initial_value

    def assign(self, value: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that sets the variable to this value when it runs, and gives that value."""
        return assign(self, value, name=name)

    def assign_add(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that adds to the variable when it runs."""
        return assign_add(self, delta, name=name)

    def assign_sub(self, delta: Any, use_locking: bool = False, name: str | None = None) -> Tensor:
        """A tensor that subtracts from the variable when it runs."""
        return assign_sub(self, delta, name=name)

    def eval(self, session: Any = None) -> Any:
        """Its value in this session, or in the default one."""
        return session_for(session, "evaluate variable using `eval()`").run(self)

    def load(self, value: Any, session: Any = None) -> None:
        """Set its value in this session, or in the default one."""
        found = session_for(session, "load variable using `load()`")
        found.load(self, value)

    def __repr__(self) -> str:
        return f"<tf.Variable {self.name!r} shape={self.shape} dtype={self.dtype.name}_ref>"


def _of_assignment(graph: Graph, node: Node, dtype: DType) -> Tensor:
    return Tensor(Operation(graph, "Identity", graph.unique_name("Identity")), node, dtype)


def _without_variables(start: Tensor) -> Tensor:
    """The initial value, with variables replaced by their initial values."""
    graph, order = start.graph, topological_order([start.node])
    if not any(map(is_variable, order)):
        return start
    new: dict[Node, Node] = {}
    for node in order:
        if is_variable(node):
            new[node] = node.attrs["initial"]
        else:
            changed = node.with_inputs(tuple_(new[parent] for parent in node.inputs))
            new[node] = node if changed is node else graph.core.append(changed)
            if changed is not node and node.name in graph.types:
                graph.types[new[node].name] = graph.types[node.name]
    operation = Operation(graph, "Identity", graph.unique_name("initial_value"), [start])
    return Tensor(operation, new[start.node], start.dtype)


def assign(
    ref: Any, value: Any, validate_shape: Any = None, use_locking: Any = None, name: str | None = None
) -> Tensor:
    """A tensor that sets a variable to a value at the end of each run that it is part of, and gives it."""
    return _assigned("Assign", assignments.assign, ref, value, name)


def assign_add(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Tensor:
    """A tensor that adds a value to a variable at the end of each run that it is part of."""
    return _assigned("AssignAdd", assignments.assign_add, ref, value, name)


def assign_sub(ref: Any, value: Any, use_locking: Any = None, name: str | None = None) -> Tensor:
    """A tensor that subtracts a value from a variable at the end of each run that it is part of."""
    return _assigned("AssignSub", assignments.assign_sub, ref, value, name)


def _assigned(kind: str, build: Callable[..., Node], ref: Any, value: Any, name: str | None) -> Tensor:
    if not isinstance(ref, Variable):
        raise TypeError(f"only a tf.Variable can be assigned to, not {ref}")

    def built(_: Node, node: Node, name: str) -> Node:
        return build(ref.node, node, name=name)

    return apply(kind, built, {"ref": ref, "value": value}, name=name, same=("ref", "value"))


def group(*inputs: Any, name: str | None = None) -> Operation:
    """An operation without a value that runs all of these."""
    graph = next((one.graph for one in inputs), get_default_graph())
    operation = Operation(graph, "NoOp", graph.unique_name(name or "group_deps"))
    operation.control_inputs += tuple_(one if isinstance(one, Operation) else one.op for one in inputs)
    return operation


def no_op(name: str | None = None) -> Operation:
    """An operation that does nothing."""
    return group(name=name or "NoOp")


def tuple(tensors: Sequence[Any], name: str = "tuple", control_inputs: Sequence[Any] = ()) -> list[Tensor]:
    """The tensors, each of which runs all of them."""
    graph: Graph = tensors[0].graph
    with graph.name_scope(name), graph.control_dependencies([*tensors, *control_inputs]):
        return [convert_to_tensor(tensor) + 0 for tensor in tensors]


def global_variables(scope: str | None = None) -> list[Variable]:
    """All variables of the default graph, in order."""
    return get_default_graph().get_collection(GraphKeys.GLOBAL_VARIABLES, scope)


all_variables = global_variables


def local_variables(scope: str | None = None) -> list[Variable]:
    """The variables that are in the collection of local ones."""
    return get_default_graph().get_collection(GraphKeys.LOCAL_VARIABLES, scope)


def trainable_variables(scope: str | None = None) -> list[Variable]:
    """The variables of the default graph that optimizers change, in order."""
    return get_default_graph().get_collection(GraphKeys.TRAINABLE_VARIABLES, scope)


def variables_initializer(var_list: Sequence[Variable], name: str = "init") -> Operation:
    """An operation that gives these variables their initial values."""
    return group(*[variable.initializer for variable in var_list], name=name)


initialize_variables = variables_initializer


def global_variables_initializer() -> Operation:
    """An operation that gives all variables of the default graph, as it is now, their initial values."""
    return variables_initializer(global_variables())


initialize_all_variables = global_variables_initializer


def local_variables_initializer() -> Operation:
    """An operation that gives the local variables their initial values."""
    return variables_initializer(local_variables())
