"""The program: the part of a graph that a set of fetches needs, in the order in which it can run.

A graph is what a user builds; a `Program` is what runs. It is immutable, so that a *pass* is a function
from program to program, and an *executor* a function from program to `Step`. Both are interchangeable and
can be tested one by one. The nodes that a pass makes belong to no graph: running never changes a graph.

Any node may be fed. In the program a placeholder stands in its place: what it was made from is not needed,
and no pass or executor can tell it from a placeholder of the user's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

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
    """What a run computes.

    Attributes:
        nodes: All nodes of the program, each behind its inputs.
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
            fetches: What is asked for.
            feeds: What is given.
            shapes: Of the values that will be fed. What is known of them here, passes can make use of; the
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
        """The program with each node replaced by `rule(node)`, its inputs already replaced.

        `rule` returns the node itself, or a node of equal value and shape. What is no longer needed stays,
        for `prune` to take away.
        """
        new: dict[Node, Node] = {}
        for node in self.nodes:
            new[node] = rule(node.with_inputs(tuple(new[parent] for parent in node.inputs)))
        nodes = topological_order(new.values())
        return Program(tuple(nodes), tuple(new[node] for node in self.fetches), self.feeds)

    def validate(self) -> Program:
        """This program, checked.

        Raises:
            FeedError: A placeholder is not fed.
            GraphError: A node comes before its inputs or twice, a shape is not what its op's rule gives, a
                fetch is missing, or a variable is assigned twice.
        """
        seen: set[Node] = set()
        for node in self.nodes:
            self._check(node, seen)
            seen.add(node)
        assigned = Counter(node.attrs["variable"] for node in filter(is_assignment, self.nodes))
        for variable, n_times in assigned.items():
            if n_times > 1:
                raise GraphError(
                    f"variable {variable.name!r} is assigned twice in one run: fetch the two apart"
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
        """One line a node: name, shape, and how it is made."""
        lines = [(node.name, format_shape(node.shape), _formula(node)) for node in self.nodes]
        widths = [max(map(len, column), default=0) for column in zip(*lines, strict=True)]
        text = [f"{name:{widths[0]}}  {shape:{widths[1]}}  {formula}" for name, shape, formula in lines]
        return "\n".join([*text, f"fetch {', '.join(node.name for node in self.fetches)}"])


def _formula(node: Node) -> str:
    inputs = [parent.name for parent in node.inputs]
    attrs = [f"{key}={_attribute(value)}" for key, value in node.attrs.items()]
    return f"{node.op.name}({', '.join(inputs + attrs)})"


def _attribute(value: Any) -> str:  # noqa: ANN401
    return value.name if isinstance(value, Node) else " ".join(repr(value).split())


def is_of_rows(shape: Shape) -> bool:
    """Whether the first dimension is known only when the program runs: a value has one entry for each row."""
    return shape is not None and shape[:1] == (None,)


Pass: TypeAlias = Callable[[Program], Program]
"""A rewrite: a program of equal results; of the same nodes where there is nothing to rewrite."""

Step: TypeAlias = Callable[[Sequence[Array], dict[Node, Array]], list[Array | None]]
"""A program made ready to run: `step(feeds, variables)` returns the fetched values (None for a `group`).

`variables` holds the values of a session's variables; at its end the step puts the new ones in, all at once.
"""

Executor: TypeAlias = Callable[[Program], Step]
"""What makes a program ready to run."""

Loop: TypeAlias = Callable[[Sequence[Array], dict[Node, Array], int, int], None]
"""A program made ready to run over batches: `loop(feeds, variables, batch_size, n_epochs)`.

Does to `variables` what a step does that is called `n_epochs` times for each batch of `batch_size` rows, in
order. The feeds whose first dimension the program does not know are cut into batches, the last one as long as
what is left; the others are the same for each.
"""

LoopExecutor: TypeAlias = Callable[[Program], Loop | None]
"""What makes a program ready to run over batches; None for a program that it has no loop for."""
