"""Steps of descent on a quadratic loss are affine; what is not is never taken for it."""

import numpy as np
import pytest

from lrfit.graph.affinity import is_affine
from lrfit.graph.assignments import assign, assign_add
from lrfit.graph.leaves import Variable, placeholder
from lrfit.graph.nodes import Graph
from lrfit.graph.ops import exp, matmul, reduce_mean, reduce_sum, relu, square, transpose, where, zeros_like
from lrfit.graph.program import Program
from lrfit.training.graph import training_graph
from lrfit.training.maps import has_maps
from lrfit.training.settings import TrainingSettings


@pytest.fixture(autouse=True)
def graph():
    with Graph().as_default():
        yield


def values(v, x, y):
    """Values that are affine in v and y, and others that are not."""
    affine = [
        v + 1.0,
        x * v - y,
        v / x,
        reduce_mean(matmul(x, transpose(x))) * v + reduce_sum(y),
        v + exp(x) + zeros_like(square(v)),
    ]
    others = [v * v, v * y, x / v, square(v), relu(v), where(v > 0.0, x, y), exp(y)]
    return {True: affine, False: others}


@pytest.mark.parametrize("affine", [True, False])
def test_a_value_is_affine_or_not(affine):
    v = Variable(np.ones((1, 1)), name="v")
    x, y = (placeholder((1, 1), name=name) for name in "xy")
    for value in values(v, x, y)[affine]:
        assert is_affine(Program.of([assign(v, value)], [x, y]), ["y"]) is affine


def test_a_variable_that_is_known_is_a_number():
    v, step = Variable(1.0, name="v"), Variable(0.0, name="step")
    program = Program.of([assign(v, v / exp(step)), assign_add(step, 1.0)])
    assert is_affine(program, [], ["step"])
    assert not is_affine(program, [])


@pytest.mark.parametrize(
    ("settings", "affine"),
    [
        ({}, True),
        ({"l2": 0.1, "momentum": 0.9, "nesterov": True}, True),
        ({"schedule": "invscaling", "batch_size": 2}, True),
        ({"schedule": "step", "average": True, "batch_size": 2}, True),
        ({"clip_norm": 1.0}, False),
    ],
)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_steps_are_affine_unless_gradients_are_clipped(settings, affine, is_weighted):
    graph = training_graph(
        np.zeros(3),
        0.0,
        TrainingSettings(**settings),
        learning_rate=0.1,
        momentum=settings.get("momentum", 0.0),
        steps_per_epoch=4,
        is_weighted=is_weighted,
    )
    assert has_maps(graph) is affine
