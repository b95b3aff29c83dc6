"""Programs over batches of rows: run as steps, one for each batch; methods of descent, and made at random.

In random programs sums may be taken in any order, without a difference: values are halves and quarters of
integers that stay small, and counts are powers of two. Infinities and NaN are among them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from lrfit.arrays import Array
from lrfit.errors import ShapeError
from lrfit.graph.assignments import assign
from lrfit.graph.autodiff import gradients
from lrfit.graph.averaging import polynomial_average
from lrfit.graph.executors.numpy import numpy_step
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import OPS, Node
from lrfit.graph.ops import count, reduce_mean, reduce_sum, reshape, spread, transpose
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer, Optimizer
from lrfit.graph.program import Program
from lrfit.graph.schedules import inverse_scaling, step_decay
from lrfit.graph.shapes import is_of_rows
from lrfit.model.equation import LinearModel, linear_model


def run_steps(
    program: Program,
    feeds: Sequence[Array],
    variables: Mapping[Node, Array],
    batch_size: int,
    n_epochs: int = 1,
) -> dict[Node, Array]:
    """The variables after a step of NumPy for each batch of each epoch."""
    values, step = dict(variables), numpy_step(program)
    has_rows = [is_of_rows(node.shape) for node in program.feeds]
    n_rows = len(feeds[has_rows.index(True)])
    for _ in range(n_epochs):
        for start in range(0, n_rows, batch_size):
            rows = slice(start, start + batch_size)
            step([feed[rows] if cut else feed for feed, cut in zip(feeds, has_rows, strict=True)], values)
    return values


METHODS = [
    "momentum + inverse scaling",
    "nesterov + step decay",
    "clip",
    "l2",
    "average",
    "nesterov + step decay + clip + l2 + average",
]


def descent_by(method: str, n_features: int, learning_rate: float) -> tuple[LinearModel, Node]:
    """A model, and the node that takes a step of a method made of these parts."""
    parts = method.split(" + ")
    model = linear_model(np.linspace(-1.0, 1.0, n_features), 0.5, l2=0.1 if "l2" in parts else 0.0)
    with model.graph.as_default():
        global_step = Variable(0.0, name="global_step", trainable=False)
        rate: float | Node = learning_rate
        if "inverse scaling" in parts:
            rate = inverse_scaling(learning_rate, global_step + 1.0)
        if "step decay" in parts:
            rate = step_decay(learning_rate, global_step / 6.0, 3, 0.9)
        optimizer: Optimizer = GradientDescentOptimizer(rate)
        if {"momentum", "nesterov"} & {*parts}:
            optimizer = MomentumOptimizer(rate, 0.9, use_nesterov="nesterov" in parts)
        clip_norm = 0.5 if "clip" in parts else None
        train = optimizer.minimize(model.objective, clip_norm=clip_norm, global_step=global_step)
        return model, polynomial_average(train, global_step)[0] if "average" in parts else train


NUMBERS = [-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 3.0, 0.25, np.inf, -np.inf, np.nan]
UNARY = ["identity", "negative", "square", "relu", "abs", "sign", "stop_gradient", "ones_like", "zeros_like"]
UNARY += ["floor", "ceil", "round"]
BINARY = ["add", "subtract", "multiply", "maximum", "minimum", "greater", "less_equal", "equal"]
BINARY += ["greater_equal", "less", "not_equal"]
BINARY += ["add", "subtract", "multiply", "sum_like", "broadcast_like", "reshape_like"]
REDUCTIONS = ["all", "rows", "rows kept", "last", "last kept"]
OTHER = ["transpose", "where", "divide", "matmul", "count", "reshape", "spread", "gradient", "gradient"]


def _made(op: str, nodes: Sequence[Node], variables: Sequence[Node], k: int) -> Node | None:
    """The node that an instruction makes of three nodes; None where there is none."""
    a, b, c = nodes
    if op in UNARY:
        return OPS[op](a)
    if op in BINARY:
        return OPS[op](a, b)
    if op in REDUCTIONS:
        axis = {"all": None, "rows": 0, "last": -1}[op.split(maxsplit=1)[0]]
        return [reduce_sum, reduce_mean][k % 2](a, axis, keepdims=op.endswith("kept"))
    if op == "where":
        return OPS["where"](a, b, c)
    if op == "gradient":
        return gradients(reduce_sum(a), variables[k % len(variables)])[0]
    return {
        "transpose": lambda: transpose(a),
        "divide": lambda: a / [1.0, 2.0, -0.5][k % 3],
        "matmul": lambda: a @ b,
        "count": lambda: count(a, axis=None),
        "reshape": lambda: reshape(a, [(-1, 1), (-1,), (1, 4, 1)][k % 3]),
        "spread": lambda: spread(a, b, axis=[None, 0, -1][k % 3], keepdims=k % 2 == 0),
    }[op]()


_index = st.integers(0, 30)
instructions = st.lists(
    st.tuples(st.sampled_from(UNARY + BINARY + REDUCTIONS * 2 + OTHER), _index, _index, _index),
    min_size=1,
    max_size=12,
)
numbers = st.lists(st.sampled_from(NUMBERS), min_size=6, max_size=10)


@dataclass(frozen=True)
class RandomBatches:
    """A program that assigns to each variable the last node of its shape; its feeds, and where it starts.

    There are 6 rows, for batches of 4 and 2.
    """

    program: Program
    feeds: list[Array]
    state: dict[Node, Array]


def random_batches(steps: Sequence[tuple[str, int, int, int]], numbers: Sequence[float]) -> RandomBatches:
    """What the instructions `steps` make of leaves that are filled with `numbers`."""
    rows = [placeholder((None, 4)), placeholder((None, 1)), placeholder((None,))]
    feeds = [*rows, placeholder((4,)), placeholder(())]
    variables = [Variable(np.zeros((4, 1))), Variable(np.zeros(4)), Variable(0.0)]
    nodes = [*feeds, *variables, constant(1.0), constant(-0.5), constant(np.ones((4, 4)))]
    for op, *places in steps:
        with suppress(ShapeError):
            node = _made(op, [nodes[-1 - i % len(nodes)] for i in places], variables, places[-1])
            nodes += [] if node is None else [node]
    nodes.append(reduce_sum(nodes[-1]) + reduce_mean(rows[0]))
    updates = [assign(v, [node * 1.0 for node in nodes if node.shape == v.shape][-1]) for v in variables]
    shapes = [[6 if dim is None else dim for dim in x.shape or ()] for x in feeds]
    return RandomBatches(
        Program.of(updates, feeds),
        [np.resize(numbers[i:], shape) for i, shape in enumerate(shapes)],
        {v: np.resize(numbers[::-1][i:], v.shape) for i, v in enumerate(variables)},
    )


def assume_exact(program: Program, feeds: Sequence[Array], state: Mapping[Node, Array]) -> None:
    """Look for another example if a value is so large that it could lose its last bits."""
    variables, step = dict(state), numpy_step(Program(program.nodes, program.nodes, program.feeds))
    for rows in (slice(0, 4), slice(4, 6)):
        cut = [a[rows] if is_of_rows(x.shape) else a for a, x in zip(feeds, program.feeds, strict=True)]
        for value in step(cut, variables):
            assume(value is None or np.all(np.abs(value)[np.isfinite(value)] < 2.0**12))
