"""The program: the part of a graph that a set of fetches needs, in an order in which it can run.

A user builds a graph; a `Program` is the part of it that runs. It is immutable: a *pass* is a function from
program to program, and an *executor* is a function from program to `Step` or `Loop`. Both are interchangeable
and can be tested separately. The nodes that a pass makes belong to no graph: running never changes a graph.

Any node may be fed. In the program, a placeholder replaces a fed node: its inputs are not needed, and passes
and executors treat it like any other placeholder.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from lrfit.arrays import Array
from lrfit.errors import FeedError, GraphError
from lrfit.graph.assignments import is_assignment
from lrfit.graph.leaves import is_placeholder, is_variable, placeholder_for
from lrfit.graph.nodes import Node
from lrfit.graph.order import topological_order
from lrfit.graph.shapes import Shape, format_shape

__all__ = ["Executor", "Loop", "LoopExecutor", "Pass", "Program", "Step"]


@dataclass(frozen=True)
class Program:
    """The nodes of a run, in order.

    Attributes:
        nodes: All nodes of the program, each after its inputs.
        fetches: The nodes whose values are asked for, in the order in which a step returns them.
        feeds: The placeholders whose values are given, in the order in which a step takes them.
    """

    nodes: tuple[Node, ...]
    fetches: tuple[Node, ...]
    feeds: tuple[Node, ...] = ()

    @classmethod
    def of(
        cls, fetches: Sequence[Node], feeds: Sequence[Node] = (), shapes: Sequence[Shape] | None = None
    ) -> Program:
        """The slice of a graph that `fetches` need when `feeds` are given.

        Args:
            fetches: The nodes to fetch.
            feeds: The nodes whose values are given.
            shapes: The shapes of the fed values, as far as they are known; passes make use of them. The
                shapes of the nodes if None.

        Raises:
            ShapeError: Values of these shapes do not fit together.
        """
        known = [node.shape for node in feeds] if shapes is None else shapes
        new = {node: placeholder_for(node, shape) for node, shape in zip(feeds, known, strict=True)}
        for node in topological_order(fetches, leaves=frozenset(feeds)):
            if node not in new:
                new[node] = node.with_inputs(tuple(new[parent] for parent in node.inputs))
        ends = tuple(new[node] for node in fetches)
        return cls(tuple(topological_order(ends)), ends, tuple(new[node] for node in feeds))

    @property
    def variables(self) -> frozenset[Node]:
        """The variables that the program reads."""
        return frozenset(filter(is_variable, self.nodes))

    @property
    def updates(self) -> dict[Node, Node]:
        """For each variable that the program assigns, the node of its new value."""
        return {node.attrs["variable"]: node for node in filter(is_assignment, self.nodes)}

    def rewritten(self, rule: Callable[[Node], Node]) -> Program:
        """The program with each node replaced by `rule(node)`, whose inputs are already replaced.

        Args:
            rule: Returns the node itself, or a node of equal value and shape.

        Returns:
            The new program, which still has the nodes that are no longer needed; `prune` removes them.
        """
        new: dict[Node, Node] = {}
        for node in self.nodes:
            new[node] = rule(node.with_inputs(tuple(new[parent] for parent in node.inputs)))
        nodes = topological_order(new.values())
        return Program(tuple(nodes), tuple(new[node] for node in self.fetches), self.feeds)

    def validate(self) -> Program:
        """This program, after a check that it can run.

        Raises:
            FeedError: A placeholder is not fed.
            GraphError: A node comes before its inputs or twice, a shape is not the one that the op's rule
                gives, a fetch is missing, or a variable is assigned twice.
        """
        seen: set[Node] = set()
        for node in self.nodes:
            self._check(node, seen)
            seen.add(node)
        assigned = Counter(node.attrs["variable"] for node in filter(is_assignment, self.nodes))
        for variable, n_times in assigned.items():
            if n_times > 1:
                raise GraphError(
                    f"variable {variable.name!r} is assigned twice in one run: "
                    "fetch the two assignments in separate runs"
                )
        if not seen.issuperset(self.fetches):
            raise GraphError("a fetched node is not in the program")
        return self

    def _check(self, node: Node, seen: set[Node]) -> None:
        if node in seen:
            raise GraphError(f"{node.name!r} comes twice")
        if is_placeholder(node) and node not in self.feeds:
            shape = format_shape(node.shape)
            raise FeedError(f"placeholder {node.name!r} of shape {shape} is not fed: add it to feed_dict")
        if not seen.issuperset(node.inputs):
            raise GraphError(f"{node.name!r} comes before its inputs")
        if Node.of(node.op, node.inputs, node.attrs, node.name).shape != node.shape:
            raise GraphError(
                f"{node.name!r} has shape {format_shape(node.shape)}, which {node.op.name} does not give"
            )

    def __str__(self) -> str:
        """The program as text, a line for each node: its name, its shape, and how it is made."""
        lines = [(node.name, format_shape(node.shape), formula(node)) for node in self.nodes]
        widths = [max(map(len, column), default=0) for column in zip(*lines, strict=True)]
        text = [f"{name:{widths[0]}}  {shape:{widths[1]}}  {made}" for name, shape, made in lines]
        return "\n".join([*text, f"fetch {', '.join(node.name for node in self.fetches)}"])


def formula(node: Node, inputs: Sequence[str] | None = None, *, all_attrs: bool = True) -> str:
    """The text of the call that makes a node: its op, applied to its inputs and attributes.

    Args:
        node: Any node.
        inputs: The text of each input; its name if None.
        all_attrs: Whether to show the attributes that are None or False, too.

    Examples:
        >>> from lrfit import Graph, placeholder, reduce_sum
        >>> with Graph().as_default():
        ...     total = reduce_sum(placeholder((3,), name="x"))
        >>> print(formula(total), formula(total, ["1 + x"], all_attrs=False), sep=" | ")
        reduce_sum(x, axis=None, keepdims=False) | reduce_sum(1 + x)
    """
    names = [parent.name for parent in node.inputs] if inputs is None else inputs
    attrs = [
        f"{key}={_attribute(value)}"
        for key, value in node.attrs.items()
        if all_attrs or (value is not None and value is not False)
    ]
    return f"{node.op.name}({', '.join([*names, *attrs])})"


def _attribute(value: Any) -> str:  # noqa: ANN401
    return value.name if isinstance(value, Node) else " ".join(repr(value).split())


Pass: TypeAlias = Callable[[Program], Program]
"""A rewrite; returns the same program if there is nothing to rewrite, else one with equal results."""


class Step(Protocol):
    """A program that is ready to run once."""

    def __call__(self, feeds: Sequence[Array], variables: dict[Node, Array]) -> list[Array | None]:
        """Run the program, and return the fetched values (None for a `group`).

        Args:
            feeds: The values of the program's feeds, in order.
            variables: The values of a session's variables. At its end, the step replaces those that the
                program assigns, all at once.

        Raises:
            ShapeError: Sizes that are known only when the program runs do not fit.
        """


class Loop(Protocol):
    """A program that is ready to run over batches of rows."""

    def __call__(
        self, feeds: Sequence[Array], variables: dict[Node, Array], *, batch_size: int, n_epochs: int
    ) -> None:
        """Change `variables` as a step would if it were called for each batch in order, in each epoch.

        Args:
            feeds: The values of the program's feeds, in order. A feed whose first size is unknown to the
                program is cut into batches; the others are the same for all batches.
            variables: The values of a session's variables.
            batch_size: Number of rows of a batch; the last batch has the rows that are left.
            n_epochs: Number of times to go over all rows.
        """


Executor: TypeAlias = Callable[[Program], Step]
"""A function that makes a program ready to run."""

LoopExecutor: TypeAlias = Callable[[Program], Loop | None]
"""A function that makes a program ready to run over batches; it returns None if it cannot."""
