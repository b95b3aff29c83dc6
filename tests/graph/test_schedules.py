"""Schedules: against their formulas; runs with them against other libraries are in `test_optimizers.py`."""

import numpy as np
import pytest

from lrfit.graph.leaves import constant, placeholder
from lrfit.graph.nodes import Graph
from lrfit.graph.ops import floor
from lrfit.graph.schedules import inverse_scaling, step_decay
from lrfit.graph.session import Session


@pytest.mark.parametrize("power", [0.0, 0.25, 0.5, 1.0])
def test_inverse_scaling_divides_by_a_power_of_the_step(power):
    """The rate of the first step is the one that is given."""
    steps = np.arange(1.0, 50.0)
    rates = Session().run(inverse_scaling(0.3, constant(steps), power))
    np.testing.assert_allclose(rates, [0.3 / step**power for step in range(1, 50)], rtol=1e-14)
    assert rates[0] == 0.3


def test_the_default_power_is_that_of_sgd_regressor():
    assert Session().run(inverse_scaling(1.0, constant(16.0))) == 0.5


def test_step_decay_multiplies_after_each_so_many_epochs():
    """PyTorch's StepLR multiplies the rate of the epoch before."""
    rate, expected = 0.3, []
    for epoch in range(40):
        rate *= 0.7 if epoch and epoch % 6 == 0 else 1.0
        expected.append(rate)
    rates = Session().run(step_decay(0.3, constant(np.arange(40.0)), 6, gamma=0.7))
    np.testing.assert_allclose(rates, expected, rtol=1e-14)


def test_the_default_gamma_is_that_of_step_lr():
    assert Session().run(step_decay(1.0, constant(5.0), 5)) == 0.1


@pytest.mark.parametrize("form", ["whole epochs", "shares of epochs"])
def test_no_step_takes_the_rate_of_another_epoch(form):
    """The steps about a decay, far out too, held against whole numbers; each decay is by 3e-14."""
    gamma, rng = 1.0 - 2.0**-45, np.random.default_rng(0)
    small = np.stack(np.meshgrid(np.arange(1, 60), np.arange(1, 20), np.arange(60)), axis=-1).reshape(-1, 3)
    large = np.stack([rng.integers(1, 10**top, 50_000) for top in (6, 4, 5)], axis=-1)
    per_epoch, step_size, k = np.concatenate([small, large, [[3, 7, 2**52 // 21]]]).T
    for offset in (-1, 0, 1):
        done = np.maximum(k * per_epoch * step_size + offset, 0)
        epochs = constant(done.astype(float)) / constant(per_epoch.astype(float))
        epochs = floor(epochs) if form == "whole epochs" else epochs
        rates = Session().run(step_decay(1.0, epochs, step_size.astype(float), gamma))
        np.testing.assert_allclose(rates, gamma ** (done // per_epoch // step_size), rtol=1e-15)


def test_a_rate_is_a_scalar_node_in_the_graph_of_the_counter():
    with Graph().as_default() as graph:
        counter = placeholder(())
    for rate in (inverse_scaling(0.1, counter + 1.0), step_decay(0.1, counter, 3)):
        assert rate.graph is graph
        assert rate.shape == ()
