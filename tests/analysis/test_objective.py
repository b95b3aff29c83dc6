"""The objective against exact fractions, the mean of outer products, ridge, published curvature."""

from decimal import Decimal, getcontext
from fractions import Fraction

import numpy as np
import oracles
import pytest

from lrfit.analysis.convergence import Method
from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective


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


def design_of(rows, *, intercept):
    return [[*row[:-1], *[1] * intercept] for row in rows]


def exact(rows, *, intercept, l2=0):
    """H, the minimiser and the minimum as fractions, by elimination in the normal equations."""
    design, n = design_of(rows, intercept=intercept), len(rows)
    p, k = len(design[0]), len(rows[0]) - 1
    hessian = [
        [Fraction(sum(r[i] * r[j] for r in design), n) + (l2 if i == j < k else 0) for j in range(p)]
        for i in range(p)
    ]
    left = [
        [*hessian[i], Fraction(sum(r[i] * row[-1] for r, row in zip(design, rows, strict=True)), n)]
        for i in range(p)
    ]
    for i in range(p):
        pivot = next(j for j in range(i, p) if left[j][i])
        left[i], left[pivot] = left[pivot], left[i]
        left[i] = [a / left[i][i] for a in left[i]]
        for j in set(range(p)) - {i}:
            left[j] = [a - left[j][i] * b for a, b in zip(left[j], left[i], strict=True)]
    theta = [line[-1] for line in left]
    return hessian, theta, exact_objective(rows, theta, intercept=intercept, l2=l2)


def exact_objective(rows, theta, *, intercept, l2=0):
    residuals = [
        sum(a * t for a, t in zip(line, theta, strict=True)) - row[-1]
        for line, row in zip(design_of(rows, intercept=intercept), rows, strict=True)
    ]
    penalty = l2 * sum(t * t for t in theta[: len(rows[0]) - 1])
    return Fraction(sum(r * r for r in residuals)) / (2 * len(rows)) + Fraction(penalty) / 2


@pytest.mark.parametrize("l2", [Fraction(0), Fraction(3, 8)])
@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("seed", range(5))
def test_the_bowl_is_the_exact_one_of_integers(seed, intercept, l2):
    rng = np.random.default_rng(seed)
    rows = [[int(v) for v in row] for row in rng.integers(-9, 10, size=(8, 1 + seed % 3 + 1))]
    hessian, best, minimum = exact(rows, intercept=intercept, l2=l2)
    objective = Objective.of(Moments.of_rows(np.array(rows, float)), intercept=intercept, l2=float(l2))
    np.testing.assert_allclose(objective.minimizer, [float(t) for t in best], rtol=1e-11, atol=1e-12)
    assert objective.minimum == objective.scale == pytest.approx(float(minimum), rel=1e-12)
    for _ in range(5):
        theta = [Fraction(int(v), 4) for v in rng.integers(-40, 41, size=len(best))]
        excess = exact_objective(rows, theta, intercept=intercept, l2=l2) - minimum
        apart = [t - b for t, b in zip(theta, best, strict=True)]
        gradient = [sum(h * a for h, a in zip(line, apart, strict=True)) for line in hessian]
        at = np.array([float(t) for t in theta])
        assert objective.excess(at) == pytest.approx(float(excess), rel=1e-11)
        assert objective.relative(objective.excess(at)) == pytest.approx(float(excess / minimum), rel=1e-11)
        assert objective.gradient_norm(at) ** 2 == pytest.approx(
            float(sum(g * g for g in gradient)), rel=1e-11
        )
    modes = np.array([objective.modes(objective.minimizer + e) for e in np.eye(len(best))]).T
    np.testing.assert_allclose(modes @ modes.T, np.eye(len(best)), atol=1e-12)
    of_modes = modes @ np.array([[float(h) for h in line] for line in hessian]) @ modes.T
    np.testing.assert_allclose(of_modes, np.diag(objective.eigenvalues), atol=1e-11 * np.max(of_modes))


@pytest.mark.parametrize(
    ("first", "step"),
    [(1950, 1), (1_700_000_000, 3600), (1_700_000_000 * 10**9, 3600 * 10**9), (-1_700_000_000, 86400)],
    ids=["years", "unix seconds", "unix nanoseconds", "negative"],
)
def test_eigenvalues_of_times_are_the_exact_ones(first, step):
    getcontext().prec = 80
    x = [int(float(first + step * i * i)) for i in range(40)]  # as float64 has them
    hessian, _, _ = exact([[v, i % 3] for i, v in enumerate(x)], intercept=True)
    trace = hessian[0][0] + hessian[1][1]
    determinant = hessian[0][0] * hessian[1][1] - hessian[0][1] ** 2
    decimal = [Decimal(v.numerator) / Decimal(v.denominator) for v in (trace, determinant)]
    largest = (decimal[0] + (decimal[0] ** 2 - 4 * decimal[1]).sqrt()) / 2
    objective = Objective.of(Moments.of_rows(np.column_stack([x, np.arange(40) % 3]).astype(float)))
    expected = [float(decimal[1] / largest), float(largest)]
    np.testing.assert_allclose(objective.eigenvalues, expected, rtol=1e-9)
    assert objective.extremes == (objective.eigenvalues[0], objective.eigenvalues[1])


@pytest.mark.parametrize("seed", range(10))
def test_modes_are_orthogonal_where_eigenvalues_are_equal(seed):
    """Standardised features without correlation: all eigenvalues are 1; or some are, amid others."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(50, 4))
    x = np.linalg.qr(x - x.mean(axis=0))[0] * np.sqrt(50) * [1.0, 1.0, *[(1.0, 1.0), (1e4, 1e-4)][seed % 2]]
    x = x @ np.linalg.qr(rng.normal(size=(4, 4)))[0]
    objective = Objective.of(Moments.of_rows(np.column_stack([x, rng.normal(size=50)])))
    modes = np.array([objective.modes(objective.minimizer + e) for e in np.eye(5)])
    np.testing.assert_allclose(modes @ modes.T, np.eye(5), atol=1e-9)


@pytest.mark.parametrize("intercept", [True, False])
def test_with_a_penalty_the_minimiser_is_that_of_ridge_regression(intercept):
    rows, l2 = oracles.random_rows(60, 3), 0.7
    design = np.array(design_of(rows, intercept=intercept))
    normal = design.T @ design / 60 + l2 * np.diag([1.0] * 3 + [0.0] * intercept)
    ridge = np.linalg.solve(normal, design.T @ rows[:, -1] / 60)
    objective = Objective.of(Moments.of_rows(rows), intercept=intercept, l2=l2)
    np.testing.assert_allclose(objective.minimizer, ridge, rtol=1e-12)
    residual = design @ ridge - rows[:, -1]
    minimum = np.mean(residual**2) / 2 + l2 / 2 * np.sum(ridge[:3] ** 2)
    assert objective.minimum == pytest.approx(minimum, rel=1e-12)


@pytest.mark.parametrize("intercept", [True, False])
def test_features_that_depend_on_each_other_leave_directions_of_no_curvature(intercept):
    """The minimiser is of least norm, with each feature measured in its own size; all numbers are finite."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 20)) + 1.0
    rows = np.column_stack([a, b, 1e3 * (a + b), 2.0 * a - 1.0 + rng.normal(size=20)])
    objective = Objective.of(Moments.of_rows(rows), intercept=intercept)
    x = rows[:, :3] - intercept * rows[:, :3].mean(axis=0)
    size = np.sqrt(np.mean(x**2, axis=0))
    weights = np.linalg.pinv(x / size, rcond=1e-10) @ (rows[:, 3] - intercept * rows[:, 3].mean()) / size
    np.testing.assert_allclose(objective.minimizer[:3], weights, rtol=1e-9)
    assert objective.eigenvalues[0] == 0.0
    assert objective.extremes[0] == objective.eigenvalues[1] > 0.0
    assert np.isfinite(objective.condition_number)
    other = objective.minimizer + np.array([1e3, 1e3, -1.0, 0.0])[: 3 + intercept]
    assert objective.excess(other) < 1e-20 * objective.excess(np.zeros(3 + intercept))
    assert np.all(np.isfinite(objective.modes(other)))


def test_features_that_are_always_0_have_no_curvature_at_all():
    objective = Objective.of(Moments.of_rows(np.array([[0.0, 1.0], [0.0, 2.0]])), intercept=False)
    assert objective.extremes == (0.0, 0.0)
    assert objective.condition_number == 1.0
    assert objective.excess(np.array([5.0])) == objective.gradient_norm(np.array([5.0])) == 0.0


@pytest.mark.parametrize(
    ("y", "scale"),
    [((3.0, 5.0, 9.0), 1e-12 * 28 / 9), ((3.0, 3.0, 3.0), 1e-12 * 4.5), ((0.0, 0.0, 0.0), 0.0)],
    ids=["exact line", "constant", "always 0"],
)
def test_where_nothing_is_left_of_the_loss_the_excess_is_measured_by_that_of_the_best_constant(y, scale):
    objective = Objective.of(Moments.of_rows(np.column_stack([[1.0, 2.0, 4.0], y])))
    assert objective.scale == pytest.approx(scale, rel=1e-12)
    assert objective.relative(0.0) == 0.0
    assert objective.relative(1.0) == pytest.approx(1 / scale if scale else np.inf)
