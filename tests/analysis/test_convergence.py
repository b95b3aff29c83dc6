"""What theory says of descent against plain loops, eigenvalues, and searches over rates and momentum."""

from math import inf

import numpy as np
import oracles
import pytest
from plans import plan_of

from lrfit.analysis.convergence import Method, fastest_method, rate_text
from lrfit.analysis.moments import Moments
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings

METHODS = [
    Method(),
    *(Method(beta, nesterov) for beta in (0.3, 0.5, 0.9, 0.99) for nesterov in (False, True)),
]


def recursion(s, beta, *, nesterov):
    """The matrix of (distance, velocity) → the next, by a step of the optimizer from each unit vector."""
    columns = []
    for distance, velocity in ((1.0, 0.0), (0.0, 1.0)):
        v = beta * velocity + s * distance
        columns.append((distance - (s * distance + beta * v if nesterov else v), v))
    return np.array(columns).T


def radius(s, beta, *, nesterov):
    return float(np.max(np.abs(np.linalg.eigvals(recursion(s, beta, nesterov=nesterov)))))


def worst(rate, method, smallest, largest):
    """The slowest contraction of all eigenvalues between the two."""
    grid = np.geomspace(smallest, largest, 9)
    return max(radius(rate * value, method.momentum, nesterov=method.nesterov) for value in grid)


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_full_batches_are_stable_up_to_the_bound_and_not_beyond(method):
    bound = method.max_stable_rate(4.0)
    inside = [radius(4.0 * f * bound, method.momentum, nesterov=method.nesterov) for f in (1e-3, 0.5, 0.999)]
    assert max(inside) < 1.0
    assert radius(4.0 * 1.001 * bound, method.momentum, nesterov=method.nesterov) > 1.0
    assert method.max_stable_rate(0.0) == inf


@pytest.mark.parametrize("method", METHODS, ids=str)
def test_the_contraction_is_the_radius_of_the_recursion(method):
    for s in (0.0, 1e-6, 0.1, 1.0, 1.7):
        # Of equal roots, half of the digits are lost.
        assert method.contraction(s) == pytest.approx(
            radius(s, method.momentum, nesterov=method.nesterov), abs=1e-7
        )


@pytest.mark.parametrize("kappa", [1.0, 100.0, 1e5])
@pytest.mark.parametrize("method", METHODS, ids=str)
def test_the_fastest_rate_is_not_beaten_by_any_other(method, kappa):
    fastest = worst(method.fastest_rate(2.0, 2.0 * kappa), method, 2.0, 2.0 * kappa)
    bound = method.max_stable_rate(2.0 * kappa)
    assert fastest < 1.0
    others = [worst(f * bound, method, 2.0, 2.0 * kappa) for f in np.linspace(0.01, 1.0, 40)]
    assert fastest <= min(others) + 1e-7


@pytest.mark.parametrize("nesterov", [False, True])
@pytest.mark.parametrize("kappa", [1.0, 2.0, 1e4])
def test_the_fastest_method_is_the_best_of_a_search_over_rates_and_momentum(kappa, nesterov):
    method = fastest_method(0.5, 0.5 * kappa, nesterov=nesterov)
    reached = worst(method.fastest_rate(0.5, 0.5 * kappa), method, 0.5, 0.5 * kappa)
    spread = 1.0 - method.momentum  # finer where it matters
    for beta in {*np.linspace(0.0, 0.98, 8), *np.clip(1.0 - spread * np.linspace(0.6, 1.5, 10), 0.0, 1.0)}:
        other = Method(float(beta), nesterov=nesterov)
        for share in np.linspace(0.02, 0.995, 25):
            rate = share * other.max_stable_rate(0.5 * kappa)
            ends = [radius(rate * v, other.momentum, nesterov=nesterov) for v in (0.5, 0.5 * kappa)]
            assert reached <= max(ends) + 1e-6 * spread


@pytest.mark.parametrize("momentum", [0.0, 0.5, "auto"])
@pytest.mark.parametrize("nesterov", [False, True])
def test_no_rate_is_faster_in_full_batch_than_auto(momentum, nesterov):
    if nesterov and momentum == 0.0:
        return
    for seed in range(2):
        rows = oracles.random_rows(30, 3, seed)
        settings = TrainingSettings(learning_rate="auto", momentum=momentum, nesterov=nesterov)
        plan = plan_of(Moments.of_rows(rows), settings)
        design = np.column_stack([rows[:, :-1], np.ones(30)])
        eigenvalues = np.linalg.eigvalsh(design.T @ design / 30)

        def slowest(rate, beta=plan.method.momentum, eigenvalues=eigenvalues):
            return max(radius(rate * value, beta, nesterov=nesterov) for value in eigenvalues)

        others = [slowest(f * plan.max_stable_learning_rate) for f in np.linspace(0.005, 1.0, 200)]
        assert slowest(plan.learning_rate) <= min(others) + 1e-7


def lyapunov(theta, velocity, rate, beta, b):
    """‖z - θ*‖² + ‖d‖² / b with θ* = 0: what a safe step never makes larger."""
    d = b / (1.0 - beta) * rate * velocity
    z = theta - d
    return z @ z + (d @ d / b if b else 0.0)


def safe_step(hessian, theta, velocity, rate, method):
    gradient = hessian @ theta
    velocity = method.momentum * velocity + gradient
    step = gradient + method.momentum * velocity if method.nesterov else velocity
    return theta - rate * step, velocity


@pytest.mark.parametrize(
    "method", [Method(), Method(0.05), *METHODS[1:], Method(0.05, nesterov=True)], ids=str
)
def test_up_to_the_safe_rate_no_sequence_of_batches_leads_away(method):
    rng = np.random.default_rng(0)
    b = method.momentum ** (2 if method.nesterov else 1)
    rate, largest = method.max_safe_rate(3.0), 3.0
    theta, velocity = rng.normal(size=(2, 4))
    for _ in range(100):
        basis = np.linalg.qr(rng.normal(size=(4, 4)))[0]
        hessian = basis @ np.diag(largest * rng.choice([0.0, 1.0, 0.99, rng.uniform()], size=4)) @ basis.T
        before = lyapunov(theta, velocity, rate, method.momentum, b)
        theta, velocity = safe_step(hessian, theta, velocity, rate, method)
        assert lyapunov(theta, velocity, rate, method.momentum, b) <= before * (1 + 1e-12)
        if before < 1e-20:
            theta, velocity = rng.normal(size=(2, 4))


@pytest.mark.parametrize("factor", [1.0, 1.02])
@pytest.mark.parametrize("method", METHODS, ids=str)
def test_the_safe_rate_is_the_largest_for_which_that_holds(method, factor):
    """In the worst state, along an eigenvector of the largest eigenvalue: by the norm of the step."""
    beta, b = method.momentum, method.momentum ** (2 if method.nesterov else 1)
    rate = factor * method.max_safe_rate(3.0)
    columns = []
    for z, e in [(1.0, 0.0), (0.0, 1.0)][: 2 if b else 1]:  # e = d / √b
        d = np.sqrt(b) * e
        velocity = d * (1.0 - beta) / (b * rate) if b else 0.0
        theta, velocity = safe_step(np.eye(1) * 3.0, np.array([z + d]), np.array([velocity]), rate, method)
        d = b / (1.0 - beta) * rate * velocity[0]
        columns.append([theta[0] - d, d / np.sqrt(b)] if b else [theta[0]])
    norm = np.linalg.norm(np.array(columns).T, 2)
    assert norm <= 1.0 + 1e-12 if factor == 1.0 else norm > 1.0 + 1e-5


# Forecasts


def epochs_needed(rows, tol, plan):
    """By the plain loop on the rows, in the units of descent."""
    settings, rate = plan.settings, plan.learning_rate
    beta = plan.method.momentum
    n = len(rows)
    x, y = rows[:, :-1], rows[:, -1]
    if settings.standardize:
        shift = rows.mean(axis=0) * settings.fit_intercept
        z = (rows - shift) / np.sqrt(np.mean((rows - shift) ** 2, axis=0))
        x, y = z[:, :-1], z[:, -1]
    k = x.shape[1]
    design = np.column_stack([x, *[np.ones(n)] * settings.fit_intercept])
    hessian = design.T @ design / n + settings.l2 * np.diag([1.0] * k + [0.0] * settings.fit_intercept)
    best = np.linalg.solve(hessian, design.T @ y / n)
    least = np.mean((design @ best - y) ** 2) / 2 + settings.l2 / 2 * np.sum(best[:k] ** 2)
    theta, velocity = np.zeros(len(best)), np.zeros(len(best))
    for epoch in range(20_000):
        apart = theta - best
        gradient = hessian @ apart
        if apart @ gradient / 2 <= tol * least:
            return epoch
        velocity = beta * velocity + gradient
        theta = theta - rate * (gradient + beta * velocity if settings.nesterov else velocity)
    raise AssertionError


CASES = {
    "plain": (1, 1e-3, {"learning_rate": 0.05}),
    "plain, tight": (2, 1e-9, {"learning_rate": 0.1}),
    "momentum": (2, 1e-6, {"learning_rate": 0.02, "momentum": 0.9}),
    "nesterov": (2, 1e-6, {"learning_rate": 0.02, "momentum": 0.9, "nesterov": True}),
    "l2": (3, 1e-6, {"learning_rate": 0.05, "l2": 0.2}),
    "auto": (4, 1e-6, {"learning_rate": "auto"}),
    "auto momentum": (5, 1e-7, {"learning_rate": "auto", "momentum": "auto"}),
    "auto nesterov": (5, 1e-7, {"learning_rate": "auto", "momentum": "auto", "nesterov": True}),
    "standardised": (3, 1e-9, {"learning_rate": 0.3, "standardize": True}),
    "no intercept": (3, 1e-5, {"learning_rate": 0.03, "fit_intercept": False}),
    "standardised, no intercept, l2": (
        2,
        1e-6,
        {"learning_rate": 0.2, "fit_intercept": False, "standardize": True, "l2": 0.01},
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_as_many_epochs_as_forecast_are_needed_and_done(name):
    n_features, tol, settings = CASES[name]
    rows = oracles.random_rows(40, n_features, seed=len(name))
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings, tol=tol, epochs=20_000))
    forecast, needed = plan.epochs_until(tol), epochs_needed(rows, tol, plan)
    *_, last = descend(plan, executor="numpy", next_due=lambda _: inf)
    print(f"\n{name:30} tol {tol:g}: forecast {forecast}, needed {needed}, done {last.epoch}")  # noqa: T201
    assert last.stopped == "tol"
    assert last.epoch == needed
    assert forecast == pytest.approx(needed, rel=0.01)
    assert last.relative_excess <= tol


@pytest.mark.parametrize(
    ("kappa", "momentum"), [(1.0, 0.0), (1e2, 0.9), (1e4, "auto"), (1e6, 0.9), (1e8, 0.0), (1e8, "auto")]
)
def test_forecasts_hold_at_any_condition_number(kappa, momentum):
    """Where the loop would take too long, from a start that is close to the optimum."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 3))
    x = np.linalg.qr(x - x.mean(axis=0))[0] * np.sqrt(30.0 * np.geomspace(1.0 / kappa, 1.0, 3))
    noise = rng.normal(size=30)
    rows = np.column_stack([x, x @ (1.0 / np.sqrt(np.geomspace(1.0 / kappa, 1.0, 3))) + noise])
    moments = Moments.of_rows(rows)
    settings = {"fit_intercept": False, "learning_rate": "auto" if momentum == "auto" else 0.5, "tol": 1e-4}
    if momentum != "auto" and kappa > 1e4:  # so far that some 10,000 epochs remain
        best = moments.least_squares(intercept=False)
        start = plan_of(moments, TrainingSettings(fit_intercept=False)).objective
        away = np.sqrt(2e-4 * start.minimum * (1.0 + 1e4 / kappa) / start.eigenvalues[0])
        settings["init"] = tuple(best.weights + np.array([away, 0.0, 0.0]))
    plan = plan_of(moments, TrainingSettings(epochs=2_000_000, momentum=momentum, **settings))
    forecast = plan.epochs_until(1e-4)
    *_, last = descend(plan, executor="numba", next_due=lambda _: inf)
    assert last.stopped == "tol"
    assert forecast == pytest.approx(last.epoch, rel=0.01)


def test_there_is_no_forecast_where_none_can_be_made():
    moments = Moments.of_rows(oracles.lab_rows())
    for settings in ({"schedule": "step"}, {"schedule": "invscaling"}, {"clip_norm": 1.0}):
        assert plan_of(moments, TrainingSettings(**settings)).epochs_until(1e-6) is None


@pytest.mark.parametrize("momentum", [0.0, 0.5])
def test_above_the_bound_the_forecast_is_never(momentum):
    moments = Moments.of_rows(oracles.lab_rows())
    bound = plan_of(moments, TrainingSettings(momentum=momentum)).max_stable_learning_rate
    settings = TrainingSettings(learning_rate=1.01 * bound, momentum=momentum)
    assert plan_of(moments, settings).epochs_until(1e-6) == inf


@pytest.mark.parametrize(("rate", "text"), [(inf, "inf"), (-inf, "-inf"), (0.25, "0.25")])
def test_a_rate_without_bound_has_a_text(rate, text):
    assert rate_text(rate) == text
