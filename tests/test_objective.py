"""The objective against the mean of outer products, and published curvature."""

import numpy as np
import oracles
import pytest

from lrfit.convergence import Method
from lrfit.moments import Moments
from lrfit.objective import Objective


@pytest.mark.parametrize("l2", [0.0, 0.3])
@pytest.mark.parametrize("intercept", [True, False])
def test_eigenvalues_are_those_of_the_mean_outer_product(intercept, l2):
    rows = oracles.random_rows(300, 4)
    design = np.column_stack([rows[:, :-1], *[np.ones(300)] * intercept])
    penalty = l2 * np.diag([1.0] * 4 + [0.0] * intercept)
    expected = np.linalg.eigvalsh(design.T @ design / 300 + penalty)
    objective = Objective.of(Moments.of_rows(rows), intercept=intercept, l2=l2)
    np.testing.assert_allclose(objective.eigenvalues, expected, rtol=1e-10)
    assert objective.condition_number == pytest.approx(expected[-1] / expected[0])


def test_published_curvature_of_norris_and_the_lab():
    norris = Objective.of(Moments.of_rows(oracles.read_columns("norris.csv", ["x", "y"])))
    assert norris.eigenvalues[-1] == pytest.approx(293432.6365884972, rel=1e-12)
    lab = Objective.of(Moments.of_rows(oracles.lab_rows()))
    assert Method().max_stable_rate(lab.eigenvalues[-1]) == pytest.approx(0.0443, abs=5e-5)
    assert lab.condition_number == pytest.approx(372, abs=0.5)
