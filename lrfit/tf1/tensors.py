"""Operations and tensors, as scripts see them.

A tensor has a node of the graph that computes, and a type. An operation is one that TensorFlow would have
made, under the name that TensorFlow would have given it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lrfit.graph.nodes import Node
from lrfit.tf1.default_session import session_for
from lrfit.tf1.dtypes import DType
from lrfit.tf1.graph import Graph
from lrfit.tf1.graph_def import NodeDef
from lrfit.tf1.shapes import TensorShape

__all__ = ["Operation", "Tensor"]


class Operation:
    """An operation of a graph.

    Attributes:
        graph: Its graph.
        type: TensorFlow's name of its kind, such as "MatMul".
        name: Its name.
        inputs: The tensors that it uses.
        outputs: The tensors that it gives.
        control_inputs: Operations that run wherever this one does.
        effect: The node that must run although no value of it is fetched; None if there is none.
    """

    def __init__(self, graph: Graph, kind: str, name: str, inputs: Sequence[Tensor] = ()) -> None:
        self.graph = graph
        self.type = kind
        self.name = name
        self.inputs = tuple(inputs)
        self.outputs: list[Tensor] = []
        self.control_inputs: tuple[Operation, ...] = graph.controls
        self.effect: Node | None = None
        graph.add(self)

    @property
    def node(self) -> Node | None:
        """The node that runs the operation."""
        return self.outputs[0].node if self.outputs else self.effect

    @property
    def has_effect(self) -> bool:
        """Whether running it does more than to compute its tensors."""
        return self.effect is not None or self.type.startswith("Assign")

    @property
    def node_def(self) -> NodeDef:
        """Its kind, name and inputs."""
        controls = [f"^{operation.name}" for operation in self.control_inputs]
        names = [tensor.name.removesuffix(":0") for tensor in self.inputs]
        return NodeDef(self.name, self.type, (*names, *controls))

    def values(self) -> tuple[Tensor, ...]:
        """Its tensors."""
        return tuple(self.outputs)

    def run(self, feed_dict: Any = None, session: Any = None) -> None:
        """Run it in this session, or in the default one."""
        session_for(session, "execute operation using `run()`").run(self, feed_dict)

    def __repr__(self) -> str:
        return f"<tf.Operation {self.name!r} type={self.type}>"

    def __str__(self) -> str:
        return str(self.node_def)


_Applied = Callable[..., "Tensor"]


class Operators:
    """The operators of tensors and variables, which `arithmetic`, `reductions` and `slicing` fill in."""

    __array_priority__ = 100
    __array_ufunc__ = None  # so that `array + tensor` calls the tensor's method

    __add__: _Applied
    __radd__: _Applied
    __sub__: _Applied
    __rsub__: _Applied
    __mul__: _Applied
    __rmul__: _Applied
    __truediv__: _Applied
    __rtruediv__: _Applied
    __floordiv__: _Applied
    __rfloordiv__: _Applied
    __mod__: _Applied
    __rmod__: _Applied
    __pow__: _Applied
    __rpow__: _Applied
    __matmul__: _Applied
    __rmatmul__: _Applied
    __lt__: _Applied
    __le__: _Applied
    __gt__: _Applied
    __ge__: _Applied
    __and__: _Applied
    __rand__: _Applied
    __or__: _Applied
    __ror__: _Applied
    __xor__: _Applied
    __rxor__: _Applied
    __getitem__: _Applied
    __neg__: _Applied
    __abs__: _Applied
    __invert__: _Applied

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def __bool__(self) -> bool:
        raise TypeError(
            "Using a `tf.Tensor` as a Python `bool` is not allowed: it has no value before a session runs "
            "it. Use tf.cond or tf.where, or the value that sess.run gives"
        )

    def __array__(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError(
            f"Cannot convert a symbolic Tensor ({self}) to a numpy array: sess.run gives its value, and "
            "tf has the functions of NumPy for tensors"
        )

    def __iter__(self) -> Iterator[Any]:
        raise TypeError(
            "Tensor objects are not iterable before a session runs them: use sess.run, or tf.unstack"
        )


class Tensor(Operators):
    """A value that a session computes.

    Attributes:
        op: The operation that gives it.
        node: The node that computes it.
        dtype: Its type.
    """

    def __init__(self, op: Operation, node: Node, dtype: DType) -> None:
        self.op = op
        self.node = node
        self.dtype = dtype
        self.value_index = len(op.outputs)
        self.static: TensorShape | None = None
        op.outputs.append(self)
        op.graph.types.setdefault(node.name, dtype.numpy)

    @property
    def graph(self) -> Graph:
        """The graph that it belongs to."""
        return self.op.graph

    @property
    def name(self) -> str:
        """The name of its operation, and the number of the output."""
        return f"{self.op.name}:{self.value_index}"

    @property
    def shape(self) -> TensorShape:
        """Its static shape: as far as it is known before a run."""
        return self.static or TensorShape(self.node.shape)

    def get_shape(self) -> TensorShape:
        """Its static shape: as far as it is known before a run."""
        return self.shape

    def set_shape(self, shape: Any) -> None:
        """Make `shape` show this, too; a run does not check it.

        Raises:
            ValueError: The tensor has a different shape.
        """
        self.static = self.shape.merge_with(shape)

    def eval(self, feed_dict: Any = None, session: Any = None) -> Any:
        """Its value, computed in this session, or in the default one."""
        return session_for(session, "evaluate tensor using `eval()`").run(self, feed_dict)

    def __len__(self) -> int:
        raise TypeError(
            f"len is not well defined for symbolic Tensors. ({self.name}) Please call `x.shape` rather than "
            "`len(x)` for shape information."
        )

    def consumers(self) -> list[Operation]:
        """The operations that use it."""
        return [operation for operation in self.graph.get_operations() if self in operation.inputs]

    def __repr__(self) -> str:
        return f"<tf.Tensor {self.name!r} shape={self.shape} dtype={self.dtype.name}>"

    def __str__(self) -> str:
        shape = "" if self.shape.ndims is None else f", shape={self.shape}"
        return f'Tensor("{self.name}"{shape}, dtype={self.dtype.name})'
