"""Iterators: they give tensors one element after the other, in each session from the start.

A run that needs the tensors of a `get_next()` draws one element for all of them. A session keeps where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from collections.abc import Iterator as Iterates
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from lrfit.graph import leaves as core
from lrfit.graph.leaves import is_placeholder, is_variable
from lrfit.graph.nodes import Node
from lrfit.graph.order import topological_order
from lrfit.graph.shapes import fits
from lrfit.tf1.building import known_value
from lrfit.tf1.dtypes import as_dtype
from lrfit.tf1.errors import FailedPreconditionError, OutOfRangeError
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.session_ops import session_op
from lrfit.tf1.specs import Component, Specified
from lrfit.tf1.structures import leaves, packed
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["Element", "Iterator", "add_operation", "initializable", "one_shot"]

Element = tuple[Any, ...]


_start = session_op("start_iterator", lambda *_, **__: (), None)


def add_operation(graph: Graph, kind: str, name: str | None = None) -> None:
    """Add an operation that TensorFlow has, but that computes nothing here."""
    Operation(graph, kind, graph.unique_name(name or kind))


class Iterator(Specified):
    """Gives the elements of a dataset.

    Args:
        graph: The graph of its tensors.
        spec: The parts of an element.
        dataset: The dataset that a session starts it with; None if its initializer does.
    """

    def __init__(self, graph: Graph, spec: Any, dataset: Any = None) -> None:
        super().__init__(spec)
        self._graph = graph
        self._dataset = dataset
        self._initializer: Operation | None = None
        add_operation(graph, "IteratorV2" if dataset is None else "OneShotIterator")

    @classmethod
    def from_structure(cls, output_types: Any, output_shapes: Any = None, *_: Any, **__: Any) -> Iterator:
        """An iterator for datasets with these types and shapes; `make_initializer` starts it with one."""
        kinds = leaves(output_types)
        shapes = [None] * len(kinds) if output_shapes is None else _shapes(output_shapes, output_types)
        members = [Component(as_dtype(kind), shape) for kind, shape in zip(kinds, shapes, strict=True)]
        graph = get_default_graph()
        iterator = cls(graph, packed(output_types, members))
        add_operation(graph, "IteratorToStringHandle")
        return iterator

    @property
    def initializer(self) -> Operation:
        """The operation that starts it.

        Raises:
            ValueError: A session starts it by itself, or `make_initializer` makes such operations.
        """
        if self._initializer is None:
            raise ValueError("Iterator does not have an initializer.")
        return self._initializer

    def make_initializer(self, dataset: Any, name: str | None = None) -> Operation:
        """An operation that starts the iterator with this dataset.

        Raises:
            TypeError: The types or shapes of the dataset differ from the iterator's.
        """
        own, other = leaves(self.spec), leaves(dataset.spec)
        if [each.dtype for each in own] != [each.dtype for each in other]:
            raise TypeError(
                f"Expected output types {self.output_types!r} but got dataset with output types "
                f"{dataset.output_types!r}."
            )
        if not all(fits(a.shape, b.shape) for a, b in zip(own, other, strict=True)):
            raise TypeError(
                f"Expected output shapes compatible with {self.output_shapes!r} but got dataset with output "
                f"shapes {dataset.output_shapes!r}."
            )
        return self.start_operation(dataset, self._graph.unique_name(name or "make_initializer"))

    def start_operation(self, dataset: Any, name: str) -> Operation:
        """An operation of this name that starts the iterator with a dataset."""
        nodes = [tensor.node for tensor in dataset.inputs]
        operation = Operation(self._graph, "MakeIterator", name, dataset.inputs)
        start = partial(self._starting, dataset)
        operation.effect = self._graph.node(_start, *nodes, name=name, kernel_in=start)
        self._initializer = self._initializer or operation
        return operation

    def _starting(self, dataset: Any, session: Any) -> Callable[..., npt.NDArray[Any]]:
        """The function that starts the iterator in a session, from the values of the dataset's inputs."""

        def started(*values: Any) -> npt.NDArray[Any]:
            kept = [
                value if known_value(tensor) is not None else np.array(value)  # no memory of a feed
                for tensor, value in zip(dataset.inputs, values, strict=True)
            ]
            session.states[self] = dataset.elements(kept)
            return np.zeros(())

        return started

    def get_next(self, name: str | None = None) -> Any:
        """Tensors for the next element, in its structure."""
        graph = self._graph
        scope = graph.unique_name(name or "IteratorGetNext")
        operation = Operation(graph, "IteratorGetNext", scope)
        members = leaves(self.spec)
        nodes = [graph.node(core.placeholder, name=scope, shape=each.shape) for each in members]
        source = _Next(self, nodes)
        graph.sources.update(dict.fromkeys(nodes, source))
        tensors = [Tensor(operation, node, each.dtype) for node, each in zip(nodes, members, strict=True)]
        return packed(self.spec, tensors)

    def next_element(self, session: Any) -> Element:
        """The next element of a session.

        Raises:
            FailedPreconditionError: The iterator has not been started.
            OutOfRangeError: There are no more elements.
        """
        elements: Iterates[Element] | None = session.states.get(self)
        if elements is None:
            if self._dataset is None:
                raise FailedPreconditionError(
                    "GetNext() failed because the iterator has not been initialized. Ensure that you have "
                    "run the initializer operation for this iterator before getting the next element: "
                    "sess.run(iterator.initializer)"
                )
            inputs = self._dataset.inputs
            values = [
                session.run(each) if known_value(each) is None else known_value(each) for each in inputs
            ]
            elements = session.states[self] = self._dataset.elements(values)
        element: Element | None = next(elements, None)
        if element is None:
            raise OutOfRangeError(
                "End of sequence: the dataset has no more elements; dataset.repeat() starts it again, and so "
                "does the initializer of an initializable iterator"
            )
        return element


class _Next:
    """A source of values for the tensors of one `get_next()`.

    Attributes:
        nodes: The placeholders of these tensors.
    """

    def __init__(self, iterator: Iterator, nodes: Sequence[Node]) -> None:
        self.nodes = nodes
        self._iterator = iterator
        self._types = [component.dtype.numpy for component in leaves(iterator.spec)]

    def next_values(self, session: Any) -> list[npt.NDArray[Any]]:
        """The parts of the next element."""
        element = self._iterator.next_element(session)
        return [np.asarray(value, kind) for value, kind in zip(element, self._types, strict=True)]


def _shapes(shapes: Any, types: Any) -> list[Any]:
    """The shapes in a structure like that of the types; a shape may be a tuple itself."""
    if isinstance(types, dict):
        return [shape for key in sorted(types) for shape in _shapes(shapes[key], types[key])]
    if isinstance(types, tuple):
        return [shape for each, kind in zip(shapes, types, strict=True) for shape in _shapes(each, kind)]
    return [shapes]


def one_shot(dataset: Any) -> Iterator:
    """An iterator that starts by itself in each session, and ends with the dataset.

    Raises:
        ValueError: The dataset needs a placeholder or a variable.
    """
    for node in topological_order([tensor.node for tensor in dataset.inputs]):
        if is_placeholder(node):
            raise ValueError(
                f"Cannot capture a placeholder (name:{node.name}, type:Placeholder) by value: use "
                "dataset.make_initializable_iterator(), and feed the placeholder with iterator.initializer"
            )
        if is_variable(node):
            raise ValueError(
                f"Cannot capture a stateful node (name:{node.name}, type:VariableV2) by value: use "
                "dataset.make_initializable_iterator()"
            )
    iterator = Iterator(dataset.graph, dataset.spec, dataset)
    add_operation(dataset.graph, "IteratorToStringHandle")
    return iterator


def initializable(dataset: Any) -> Iterator:
    """An iterator that its initializer starts, anew in each session."""
    graph = dataset.graph
    add_operation(graph, "Const", "optimizations")
    add_operation(graph, "OptimizeDataset")
    add_operation(graph, "ModelDataset")
    iterator = Iterator(graph, dataset.spec)
    iterator.start_operation(dataset, graph.unique_name("MakeIterator"))
    add_operation(graph, "IteratorToStringHandle")
    return iterator
