"""Training against a plain NumPy loop, published runs, and least squares."""

from itertools import pairwise
from math import inf

import numpy as np
import oracles
import pytest
import reference_runs
from plans import plan_of, summary_of

from lrfit.analysis.convergence import rate_text
from lrfit.analysis.moments import Moments
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError, UsageError
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings


def run(rows, **settings):
    """All records of a run."""
    return list(descend(plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))))


def fit(rows, features=("x",), **settings):
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))
    *_, last = descend(plan)
    return summary_of(plan, last, features, "y")


def assert_close(records, path, rtol=1e-12):
    assert len(records) == len(path)
    for record, (weights, intercept) in zip(records, path, strict=True):
        np.testing.assert_allclose(
            [*record.weights, record.intercept], [*weights, intercept], rtol=rtol, atol=rtol
        )


@pytest.mark.parametrize("condense", [True, False])
def test_the_lab_run_is_the_published_one(condense):
    settings = {"learning_rate": 0.01, "epochs": 1000, "init": (-0.7870768, -0.2507985), "condense": condense}
    records = run(oracles.lab_rows(), **settings)
    for epoch, loss, w, b in oracles.LAB_RUN:
        record = records[epoch]
        assert record.epoch == epoch
        # The published numbers are float32: the loss of 31 is printed to 2e-6.
        assert record.loss == pytest.approx(loss, abs=1e-6, rel=1e-7)
        assert record.weights[0] == pytest.approx(w, abs=1e-6)
        assert record.intercept == pytest.approx(b, abs=1e-6)


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("n_features", [1, 4])
@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("batch_size", [1, 5, 17, None])
def test_descent_is_the_plain_loop(batch_size, shuffle, n_features, fit_intercept):
    rows = oracles.random_rows(17, n_features)
    init = (*np.linspace(-1, 1, n_features), *[0.25] * fit_intercept)
    settings = {"learning_rate": 0.02, "epochs": 20, "batch_size": batch_size, "shuffle": shuffle, "seed": 7}
    records = run(rows, init=init, fit_intercept=fit_intercept, **settings)

    def order(epoch):
        return np.random.default_rng((7, epoch)).permutation(17) if shuffle and batch_size else np.arange(17)

    weights, b = init[:n_features], init[n_features] if fit_intercept else 0.0
    path = oracles.gradient_descent(
        rows, weights, b, 0.02, 20, batch_size, order, fit_intercept=fit_intercept
    )
    assert_close(records, path)
    for record in records:
        loss = oracles.half_mse(rows, record.weights, record.intercept)
        assert record.loss == pytest.approx(loss, rel=1e-12)


PYTORCH_SETTINGS = {
    "sgd": {"learning_rate": 0.01},
    "momentum": {"learning_rate": 0.005, "momentum": 0.9},
    "nesterov": {"learning_rate": 0.005, "momentum": 0.9, "nesterov": True},
    "weight decay": {"learning_rate": 0.005, "momentum": 0.9, "l2": 0.3},
    "step decay": {"learning_rate": 0.01, "schedule": "step", "step_size": 3, "gamma": 0.7},
    "nesterov, weight decay and step decay": {
        "learning_rate": 0.01, "momentum": 0.9, "nesterov": True, "l2": 0.3,
        "schedule": "step", "step_size": 4, "gamma": 0.5,
    },
    "inverse scaling": {"learning_rate": 0.005, "schedule": "invscaling"},
    "steep inverse scaling": {"learning_rate": 0.01, "schedule": "invscaling", "power_t": 0.6},
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "executor"),
    [
        *((name, "numpy") for name in reference_runs.STORED),
        ("nesterov, weight decay and step decay", "numba"),
        ("inverse scaling", "numba"),
    ],
)
def test_descent_is_that_of_pytorch_and_scikit_learn(name, executor):
    """On batches that are not shuffled; where they are not installed, by numbers that they gave."""
    batch_size = 1 if name in reference_runs.SKLEARN_RUNS else reference_runs.BATCH_SIZE
    records, error = records_of(
        oracles.lab_rows(),
        executor=executor,
        batch_size=batch_size,
        shuffle=False,
        epochs=reference_runs.N_EPOCHS,
        **PYTORCH_SETTINGS[name],
    )
    assert error is None
    parameters = [(record.weights[0], record.intercept) for record in records[1:]]
    np.testing.assert_allclose(parameters, reference_runs.STORED[name], rtol=1e-12)


def test_averages_are_nearer_to_the_optimum_than_the_steps_of_a_noisy_run():
    rows = oracles.random_rows(2000, 2)
    settings = {"learning_rate": 0.1, "batch_size": 8, "epochs": 20}
    plain, average = (run(rows, **settings, average=average)[-1] for average in (False, True))
    assert average.excess < 0.1 * plain.excess


@pytest.mark.parametrize("batch_size", [5, None])
@pytest.mark.parametrize("fit_intercept", [True, False])
def test_standardized_descent_is_the_plain_loop_on_standardized_rows(batch_size, fit_intercept):
    rows = oracles.random_rows(23, 3) * [1.0, 50.0, 0.1, 4.0] + [100.0, 0.0, 1.0, 9.0]
    shift = rows.mean(axis=0) if fit_intercept else np.zeros(4)
    scale = np.sqrt(np.mean((rows - shift) ** 2, axis=0))
    path = oracles.gradient_descent(
        (rows - shift) / scale, np.zeros(3), 0.0, 0.1, 30, batch_size, fit_intercept=fit_intercept
    )
    in_data_units = []
    for weights, b in path:
        w = weights * scale[-1] / scale[:-1]
        in_data_units.append((w, scale[-1] * b + shift[-1] - w @ shift[:-1]))
    settings = {"learning_rate": 0.1, "epochs": 30, "batch_size": batch_size, "shuffle": False}
    records = run(rows, fit_intercept=fit_intercept, standardize=True, **settings)
    for record, (w, b) in zip(records, in_data_units, strict=True):
        np.testing.assert_allclose(record.weights, w, rtol=1e-11, atol=1e-12)
        assert record.intercept == pytest.approx(b, rel=1e-11, abs=1e-10)


@pytest.mark.parametrize("n_features", [1, 5, 20])
def test_sigma_points_and_rows_give_the_same_run(n_features):
    rows = oracles.random_rows(1000, n_features)
    condensed, plain = (run(rows, learning_rate=0.01, epochs=300, condense=c) for c in (True, False))
    for a, b in zip(condensed, plain, strict=True):
        np.testing.assert_allclose(a.weights, b.weights, rtol=1e-12, atol=1e-14)
        assert a.loss == pytest.approx(b.loss, rel=1e-12)


def test_sigma_points_and_a_million_rows_give_the_same_parameters():
    rows = oracles.random_rows(1_000_000, 1)
    (*_, a), (*_, b) = (run(rows, learning_rate=0.1, epochs=20, condense=c) for c in (True, False))
    np.testing.assert_allclose([*a.weights, a.intercept], [*b.weights, b.intercept], rtol=1e-12)


def test_norris_reaches_ten_certified_digits():
    rows = oracles.read_columns("norris.csv", ["x", "y"])
    for rate in ("auto", 0.5):
        result = fit(rows, learning_rate=rate, epochs=100, standardize=True)
        assert result.weights["x"] == pytest.approx(oracles.NORRIS["x"], rel=1e-10)
        assert result.intercept == pytest.approx(oracles.NORRIS["intercept"], rel=1e-10)
        best = result.data.least_squares
        assert {**best.weights, "intercept": best.intercept} == pytest.approx(oracles.NORRIS, rel=1e-11)
        assert best.standard_errors == pytest.approx(oracles.NORRIS_STANDARD_ERRORS, rel=1e-11)
        assert result.data.r2 == pytest.approx(oracles.NORRIS_R2, rel=1e-12)


def test_the_order_of_an_epoch_depends_on_seed_and_epoch_alone():
    rows = oracles.random_rows(50, 1)
    settings = {"learning_rate": 0.05, "batch_size": 7}
    short, long = run(rows, epochs=3, **settings), run(rows, epochs=6, **settings)
    for a, b in zip(short, long, strict=False):
        assert a.loss == b.loss
    assert run(rows, epochs=3, seed=1, **settings)[-1].loss != short[-1].loss


def test_the_last_short_batch_counts_divided_by_its_own_size():
    rows = np.array([[1.0, 1.0], [1.0, 1.0], [1.0, 4.0]])
    last = run(rows, learning_rate=1.0, epochs=1, batch_size=2, shuffle=False, fit_intercept=False)[-1]
    assert last.weights[0] == 4.0  # 0 → 1 after the first two, → 4 after the third alone


@pytest.mark.parametrize("factor", [1.01, 2.0, 10.0, 1e6])
@pytest.mark.parametrize("standardize", [True, False])
def test_full_batch_above_the_bound_is_called_diverged_and_says_why(factor, standardize):
    rows = oracles.random_rows(100, 2)
    moments = Moments.of_rows(rows)
    bound = plan_of(moments, TrainingSettings(standardize=standardize)).max_stable_learning_rate
    with pytest.raises(DivergenceError) as info:
        run(rows, learning_rate=factor * bound, epochs=5000, standardize=standardize)
    for part in ("epoch", f"{factor * bound:.6g}", rate_text(bound)):
        assert part in str(info.value)


@pytest.mark.parametrize("seed", range(20))
def test_full_batch_below_the_bound_never_counts_as_diverged(seed):
    rows = oracles.random_rows(30, 3, seed) * 10.0 ** np.random.default_rng(seed).integers(-3, 4, size=4)
    bound = plan_of(Moments.of_rows(rows), TrainingSettings()).max_stable_learning_rate
    records = run(rows, learning_rate=0.99 * bound, epochs=300)
    assert records[-1].loss <= records[0].loss


def test_an_exact_line_is_no_divergence_when_only_rounding_is_left():
    rows = oracles.read_columns("line.csv", ["x", "y"])
    records = run(rows, learning_rate=0.2, epochs=3000)
    assert records[-1].weights[0] == pytest.approx(2.0, rel=1e-12)
    assert records[-1].intercept == pytest.approx(1.0, rel=1e-12)


def test_mini_batches_that_blow_up_are_called_diverged():
    rows = oracles.random_rows(100, 2)
    with pytest.raises(DivergenceError, match="full batches are stable up to"):
        run(rows, learning_rate=30.0, epochs=50, batch_size=10)


@pytest.mark.parametrize("batch_size", [1, 7, None])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e6])
def test_with_the_automatic_rate_no_epoch_leads_away_from_an_exact_line(batch_size, scale):
    x = oracles.random_rows(60, 2)[:, :2] * scale
    truth = np.array([2.0 / scale, -1.0 / scale, 0.5])
    records = run(
        np.column_stack([x, x @ truth[:2] + 0.5]), learning_rate="auto", epochs=50, batch_size=batch_size
    )
    distances = [np.linalg.norm(np.array([*r.weights, r.intercept]) - truth) for r in records]
    assert distances[-1] < distances[0]
    assert all(b <= a * (1 + 1e-12) for a, b in pairwise(distances))


def test_values_whose_squares_overflow_are_refused():
    with pytest.raises(DivergenceError, match="overflow"):
        run(np.array([[1e300, 1.0], [2e300, 2.0]]))


def test_init_normal_is_drawn_from_the_seed_and_a_wrong_number_of_values_is_refused():
    rows = oracles.lab_rows()
    expected = np.random.default_rng(3).standard_normal(2)
    start = run(rows, init="normal", seed=3, epochs=1)[0]
    np.testing.assert_array_equal([*start.weights, start.intercept], expected)
    with pytest.raises(UsageError, match="has 3 numbers, but needs 1 for the weights and 1 for"):
        run(rows, init=(1.0, 2.0, 3.0))
    with pytest.raises(UsageError, match=r"has 2 numbers, but needs 1 for the weights$"):
        run(rows, init=(1.0, 2.0), fit_intercept=False)


def test_init_numbers_are_in_the_units_of_the_data_also_when_standardized():
    start = run(oracles.lab_rows(), init=(0.5, -2.0), standardize=True, epochs=1)[0]
    assert start.weights[0] == pytest.approx(0.5, rel=1e-14)
    assert start.intercept == pytest.approx(-2.0, rel=1e-13)


@pytest.mark.parametrize("settings", [{"batch_size": 2}, {"condense": False}])
def test_settings_that_need_rows_are_refused_without_them(settings):
    with pytest.raises(ValueError, match="need the rows"):
        plan_of(Moments.of_rows(oracles.lab_rows()), TrainingSettings(**settings))


def test_the_summary_carries_what_was_reached_and_what_could_be():
    result = fit(oracles.lab_rows(), epochs=1000, learning_rate=0.01)
    assert result.data.n_samples == 17
    assert result.data.r2 == pytest.approx(1 - result.training.loss / result.data.best_constant_loss)
    assert result.data.rmse == pytest.approx(np.sqrt(2 * result.training.loss))
    best = result.data.least_squares
    assert {**best.weights, "intercept": best.intercept} == pytest.approx(
        oracles.LAB_LEAST_SQUARES, rel=1e-12
    )
    assert best.loss == pytest.approx(oracles.LAB_LEAST_SQUARES_LOSS, rel=1e-12)


def test_constant_y_gives_weight_zero_and_no_r2():
    rows = np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]])
    result = fit(rows, epochs=2000, learning_rate="auto", standardize=True)
    assert result.weights["x"] == pytest.approx(0.0, abs=1e-12)
    assert result.intercept == pytest.approx(5.0)
    assert result.data.r2 is None


def test_a_start_whose_loss_overflows_is_refused():
    with pytest.raises(DivergenceError, match="at the start"):
        run(oracles.lab_rows(), init=(1e200, 0.0))


def test_a_constant_target_has_no_r2_whatever_its_rounding():
    for n_samples in (3, 17, 1000):
        rows = np.column_stack([np.arange(n_samples), np.full(n_samples, 0.1)])
        moments = Moments.of_rows(rows)
        assert moments.best_constant_half_mse == 0.0
        assert moments.r2(1e-40) is None


def test_mini_batches_on_a_constant_target_that_start_at_the_optimum_do_not_count_as_diverged():
    rows = np.column_stack([[281281.77, 2.497, -0.779], np.full(3, 0.1)])
    records = run(rows, batch_size=2, learning_rate=0.5, standardize=True, init=(1e-39, 0.1), epochs=40)
    assert records[-1].loss < 1e-20


# How it is run makes no difference.


def records_of(rows, *, executor="numpy", next_due=lambda epoch: epoch + 1, **settings):
    """All records, and the error that ended them, if there was one."""
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))
    records, generator = [], descend(plan, executor=executor, next_due=next_due)
    try:
        for record in generator:
            records.append(record)  # noqa: PERF402 (those before an error, too)
    except DivergenceError as error:
        return records, str(error)
    return records, None


@pytest.mark.parametrize("standardize", [True, False])
@pytest.mark.parametrize(
    "kind", [{}, {"condense": False}, {"batch_size": 10}, {"batch_size": 64, "shuffle": False}]
)
def test_executors_give_the_same_records(kind, standardize):
    """To 1e-12 relative over 100 epochs; "auto" begins with those of NumPy, bit for bit."""
    rows = oracles.random_rows(301, 1)
    settings = {"learning_rate": 0.02, "epochs": 100, "standardize": standardize} | kind
    numpy, numba, auto = (
        records_of(rows, executor=name, **settings)[0] for name in ("numpy", "numba", "auto")
    )
    assert len(numpy) == len(numba) == len(auto) == 101
    for a, b in [*zip(numpy, numba, strict=True), *zip(numpy, auto, strict=True)]:
        np.testing.assert_allclose(b.weights, a.weights, rtol=1e-12)
        assert b.intercept == pytest.approx(a.intercept, rel=1e-12)
        assert b.loss == pytest.approx(a.loss, rel=1e-12)
    parameters = [[(*r.weights, r.intercept) for r in records[:50]] for records in (numpy, auto)]
    assert parameters[0] == parameters[1]


@pytest.mark.parametrize("executor", ["numpy", "numba"])
@pytest.mark.parametrize("kind", [{}, {"condense": False}, {"batch_size": 10}])
def test_what_is_due_does_not_change_the_numbers(kind, executor):
    """A record is bit for bit the one of a run in which all are due, its change included."""
    rows = oracles.random_rows(31, 1)
    settings = {"learning_rate": 0.02, "epochs": 100, "executor": executor} | kind
    every, _ = records_of(rows, **settings)
    for due in (set(), {1}, {7, 8, 50}, {99}, {0, 100}, set(range(0, 101, 10))):
        some, _ = records_of(
            rows, next_due=lambda e, due=due: min((d for d in due if d > e), default=inf), **settings
        )
        assert [record.epoch for record in some] == sorted({0, 100} | due)
        for record in some:
            same = every[record.epoch]
            assert (record.loss, record.change, record.intercept) == (same.loss, same.change, same.intercept)
            np.testing.assert_array_equal(record.weights, same.weights)


@pytest.mark.parametrize("epochs", [1, 2, 3])
def test_the_start_and_the_last_epoch_are_always_told(epochs):
    records, _ = records_of(oracles.lab_rows(), epochs=epochs, next_due=lambda _: inf)
    assert [record.epoch for record in records] == [0, epochs]


@pytest.mark.parametrize(
    "settings",
    [
        {"learning_rate": 0.0444},
        {"learning_rate": 0.05},
        {"learning_rate": 0.05, "condense": False},
        {"learning_rate": 1e6},
        {"learning_rate": 3.0, "standardize": True},
        {"learning_rate": 0.1, "batch_size": 4},
        {"learning_rate": 0.1, "batch_size": 4, "shuffle": False},
    ],
    ids=str,
)
def test_divergence_is_found_in_the_same_epoch_whatever_is_due(settings):
    """And said in the same words, after the record of that epoch."""
    rows = oracles.lab_rows()
    every, error = records_of(rows, epochs=5000, **settings)
    assert error is not None
    for next_due in (lambda _: inf, lambda epoch: epoch - epoch % 7 + 7):
        some, same_error = records_of(rows, epochs=5000, next_due=next_due, **settings)
        assert same_error == error
        assert some[-1].epoch == every[-1].epoch
        assert (some[-1].loss, some[-1].change) == (every[-1].loss, every[-1].change)


@pytest.mark.parametrize("executor", ["numpy", "numba"])
@pytest.mark.parametrize("kind", [{}, {"batch_size": 10}])
@pytest.mark.parametrize("next_due", [lambda epoch: epoch + 1, lambda _: inf], ids=["all due", "none due"])
def test_on_epoch_rises_to_the_last(kind, executor, next_due):
    rows, told = oracles.random_rows(31, 1), []
    plan = plan_of(Moments.of_rows(rows), TrainingSettings(epochs=500, **kind), RowStore.of(rows))
    for _ in descend(plan, executor=executor, next_due=next_due, on_epoch=told.append):
        pass
    assert told == sorted(set(told))
    assert told[0] > 0
    assert told[-1] == 500


@pytest.mark.parametrize(("batch_size", "is_looked_at"), [(None, False), (17, True)])
def test_many_epochs_are_run_at_once_where_none_is_due_and_none_can_diverge(batch_size, is_looked_at):
    """In full batch below the bound there is nothing to look for; mini-batches are looked at each epoch."""
    rows, told = oracles.lab_rows(), []
    settings = TrainingSettings(learning_rate=0.01, epochs=1000, batch_size=batch_size)
    plan = plan_of(Moments.of_rows(rows), settings, RowStore.of(rows))
    list(descend(plan, executor="numba", next_due=lambda _: inf, on_epoch=told.append))
    assert (len(told) == 1000) == is_looked_at
    assert (len(told) < 100) != is_looked_at


def test_an_executor_that_is_not_there_is_refused_before_the_start():
    plan = plan_of(Moments.of_rows(oracles.lab_rows()), TrainingSettings())
    with pytest.raises(UsageError, match="executor is 'cuda'"):
        next(descend(plan, executor="cuda"))
