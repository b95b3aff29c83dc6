"""Each sentence of advice against numbers that are computed here, without lrfit."""

import re
from contextlib import suppress
from dataclasses import replace
from decimal import ROUND_FLOOR, Context, Decimal
from math import inf

import numpy as np
import oracles
import pytest
from depth import cases
from hypothesis import assume, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from plans import plan_of

from lrfit.analysis.convergence import rate_text
from lrfit.analysis.identifiability import identifiability
from lrfit.analysis.moments import Moments
from lrfit.cli.option_names import as_options
from lrfit.data.row_store import RowStore
from lrfit.errors import DivergenceError
from lrfit.messages import spelling
from lrfit.training import advice
from lrfit.training.conclusion import conclusion
from lrfit.training.loop import descend
from lrfit.training.remedies import remedies
from lrfit.training.settings import TrainingSettings, completed
from lrfit.training.wording import number_text, ratio_text, share_text


@pytest.fixture(autouse=True, scope="module")
def _as_on_the_command_line():
    """So that what is advised can be read back from the text."""
    with spelling(as_options):
        yield


def descent_of(rows, **settings):
    return plan_of(Moments.of_rows(rows), TrainingSettings(**settings), RowStore.of(rows))


def last_record(plan):
    *_, last = descend(plan, next_due=lambda _: inf)
    return last


def hessian(rows, *, intercept=True, l2=0.0):
    x = np.column_stack([rows[:, :-1], *[np.ones(len(rows))] * intercept])
    penalty = np.append(np.full(rows.shape[1] - 1, l2), [0.0] * intercept)
    return x.T @ x / len(x) + np.diag(penalty)


def standardized(rows):
    return (rows - rows.mean(axis=0)) / rows.std(axis=0)


def n_epochs(rows, rate, tol=1e-6, momentum=0.0, *, nesterov=False, l2=0.0):
    """Epochs of the plain loop until the loss, and the penalty, are within `tol` of the least."""
    x, y = np.column_stack([rows[:, :-1], np.ones(len(rows))]), rows[:, -1]
    h = hessian(rows, l2=l2)
    best = np.linalg.solve(h, x.T @ y / len(x)) if l2 else np.linalg.lstsq(x, y)[0]
    least = np.mean((x @ best - y) ** 2) + l2 * best[:-1] @ best[:-1]
    curvatures, directions = np.linalg.eigh(h)
    # In the directions of the eigenvectors: how far from the optimum, and how fast. Floats are faster here.
    gaps = (-best @ directions).tolist()
    state = [(curvature, gap, 0.0) for curvature, gap in zip(curvatures.tolist(), gaps, strict=True)]
    for epoch in range(1_000_000):
        if sum(curvature * gap * gap for curvature, gap, _ in state) <= tol * least:
            return epoch
        for i, (curvature, gap, velocity) in enumerate(state):
            gradient = curvature * gap
            after = momentum * velocity + gradient
            step = gradient + momentum * after if nesterov else after
            state[i] = curvature, gap - rate * step, after
    return inf


def stands(times):
    """How a loss that is so many times the optimum compares with it."""
    return f"{times:.3g} times" if times > 1.995 else f"{100 * (times - 1):.2g} % above"


def rounded_down(value, n_digits=6):
    """To so many digits, as a bound is shown that is not to be passed."""
    return f"{float(Context(n_digits, ROUND_FLOOR).create_decimal(Decimal(repr(float(value))))):g}"


def nearly_dependent_rows():
    a, b, noise = np.random.default_rng(0).normal(size=(3, 100))
    return np.column_stack([a, a + 0.05 * b, b + noise])


def nesterov_pair(low, high):
    """The fastest rate and momentum, by Lessard, Recht and Packard (2016), for eigenvalues within these."""
    root = np.sqrt(3 * high / low + 1)
    return 4 / (3 * high + low), (root - 2) / (root + 2)


LAB = oracles.lab_rows()
NEARLY_DEPENDENT = nearly_dependent_rows()
BOUND = 2 / np.linalg.eigvalsh(hessian(LAB))[-1]
RATIO = np.linalg.cond(hessian(LAB))


# The rate.


@pytest.mark.parametrize(
    ("settings", "formula", "factor"),
    [
        ({}, "2 / λ_max", 1.0),
        ({"momentum": 0.5}, "2·(1 + β) / λ_max", 1.5),
        ({"momentum": 0.5, "nesterov": True}, "2·(1 + β) / ((1 + 2·β)·λ_max)", 0.75),
    ],
)
def test_the_rate_is_compared_with_the_largest_stable_one(settings, formula, factor):
    bound = factor * BOUND
    limit = f"{rounded_down(bound)} = {formula}"
    text = advice.rate(descent_of(LAB, learning_rate=0.01, **settings))
    assert text == f"--lr 0.01 is stable, {1 / bound:.3g} % of the limit, {limit}"
    plan = descent_of(LAB, learning_rate=1.0, **settings)
    assert advice.rate(plan) == f"--lr 1 is {1 / bound:.3g} times the limit, {limit}"
    assert [*advice.warnings(plan)] == [f"{advice.rate(plan)}; expect divergence"]


def test_a_rate_close_to_the_limit_is_shown_on_its_side_of_it():
    for digits in range(3, 9):
        below, above = (BOUND * (1 + sign * 0.2 * 10**-digits) for sign in (-1, 1))
        text = advice.rate(descent_of(LAB, learning_rate=below))
        share = re.search(r" is stable, (\S+) % of the limit, ", text)[1]
        assert float(share) == pytest.approx(100 * below / BOUND, rel=10**-digits)
        assert float(share) < 100
        plan = descent_of(LAB, learning_rate=above)
        ratio = re.search(r" is (\S+) times the limit, ", advice.rate(plan))[1]
        assert float(ratio) == pytest.approx(above / BOUND, rel=10**-digits)
        assert float(ratio) > 1


def test_the_rate_that_is_chosen_is_the_fastest():
    smallest, largest = np.linalg.eigvalsh(hessian(LAB))
    text = advice.rate(descent_of(LAB, learning_rate="auto"))
    assert text == (
        f"--lr auto is {2 / (smallest + largest):.6g}, the fastest (limit {rounded_down(BOUND)} = 2 / λ_max)"
    )
    beta = ((np.sqrt(RATIO) - 1) / (np.sqrt(RATIO) + 1)) ** 2
    text = advice.rate(descent_of(LAB, learning_rate="auto", momentum="auto"))
    assert text == (
        f"--lr auto is {2 * (1 + beta) / (smallest + largest):.6g} and momentum {beta:.6g}, "
        f"the fastest (limit {rounded_down((1 + beta) * BOUND)} = 2·(1 + β) / λ_max)"
    )


def test_where_nobody_says_how_to_descend_it_is_said_how():
    """Of a plain run; which has momentum only where it takes more than 100 epochs without."""
    text = advice.course(plan_of(Moments.of_rows(LAB), completed({})), is_plain=True)
    assert text == ("no --lr given: standardised, with rate 1, the fastest; at the optimum after 1 epoch")
    low, high = np.linalg.eigvalsh(hessian(standardized(NEARLY_DEPENDENT)))[[0, -1]]
    rate, beta = nesterov_pair(low, high)
    needed = n_epochs(standardized(NEARLY_DEPENDENT), rate, 1e-12, beta, nesterov=True)
    text = advice.course(plan_of(Moments.of_rows(NEARLY_DEPENDENT), completed({})), is_plain=True)
    assert text == (
        f"no --lr given: standardised, with rate {rate:.6g} and momentum {beta:.6g}, the fastest; "
        f"at the optimum after {needed} epochs; "
        "with momentum the loss may rise on the way"
    )


def test_the_rate_of_mini_batches_is_compared_with_that_up_to_which_no_batch_leads_away():
    longest = np.sort(LAB[:, 0] ** 2)[-1:].mean() + 1  # 17 rows by 4: the last batch has 1
    safe = f"of {rounded_down(2 / longest)}, the rate up to which no batch can lead away"
    text = advice.rate(descent_of(LAB, learning_rate=0.01, batch_size=4))
    assert text == f"--lr 0.01 is {longest / 2:.3g} % {safe}"
    text = advice.rate(descent_of(LAB, learning_rate="auto", batch_size=4))
    assert text == f"--lr auto is {1 / longest:.6g}, 50 % {safe}"


def test_where_the_loss_does_not_depend_on_the_parameters_any_rate_is_as_good():
    rows = np.array([[0.0, 1.0], [0.0, 2.0]])
    assert advice.rate(descent_of(rows, fit_intercept=False)) == (
        "--lr 0.01 is as good as any: the loss does not depend on the parameters"
    )


# Forecasts.


@pytest.mark.parametrize("tol", [None, 1e-3])
@pytest.mark.parametrize(
    ("settings", "rate"),
    [({}, 1.0), ({"momentum": 0.9}, 1.9), ({"momentum": 0.9, "nesterov": True}, 1.0)],
    ids=str,
)
def test_the_forecast_is_what_the_plain_loop_needs(settings, rate, tol):
    """So is that of standardised data, where both eigenvalues are 1, at the rate that suits these best."""
    needed = n_epochs(LAB, 0.02, tol or 1e-6, **settings)
    plan = descent_of(LAB, learning_rate=0.02, tol=tol, **settings)
    rises = "; with momentum the loss may rise on the way" if settings else ""
    expected = f"within {100 * (tol or 1e-6):g} % of the optimum after {needed} epochs{rises}"
    assert advice.arrival(plan) == expected
    assert advice.course(plan) == f"{advice.rate(plan)}; {expected}"
    options, best = "--standardize --lr auto", n_epochs(standardized(LAB), rate, tol or 1e-6, **settings)
    if best > plan.settings.epochs:
        options, best = f"{options} --momentum auto", n_epochs(standardized(LAB), 1.0, tol or 1e-6)
    assert advice.improvement(plan) == (
        f"'x0' is large (about {np.sqrt(np.mean(LAB[:, 0] ** 2)):.3g}), which makes descent slow; "
        f"with {options}: {best} epoch{'s' * (best != 1)} instead of {needed}"
    )


def test_details_say_what_it_is_computed_on_and_how_far_there_is_to_go():
    times = np.mean(LAB[:, 1] ** 2) / 2 / oracles.LAB_LEAST_SQUARES_LOSS
    on = "computed on 4 points that have exactly the loss of the 17 rows"
    far = [f"starts at {times:.3g} times the minimum", f"condition number {RATIO:.3g}"]
    assert [*advice.details(descent_of(LAB))] == [on, *far]
    for settings in ({"condense": False}, {"batch_size": 4}):
        assert [*advice.details(descent_of(LAB, **settings))] == far
    exact = descent_of(np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]]))
    assert not [text for text in advice.details(exact) if "times" in text]


def test_where_all_epochs_will_not_be_needed_tol_is_named():
    needed = n_epochs(LAB, 0.02)
    for epochs, is_soon in ((needed, False), (needed + 1, True)):
        text = advice.arrival(descent_of(LAB, learning_rate=0.02, epochs=epochs))
        assert text.endswith(f" after {needed} epochs" + "; --tol 1e-06 stops there" * is_soon)


def test_a_run_to_the_optimum_says_so():
    needed = n_epochs(LAB, 0.02, 1e-12)
    for settings in ({"tol": 1e-12}, {"epochs": "auto"}):
        text = advice.arrival(descent_of(LAB, learning_rate=0.02, **settings))
        assert text == f"at the optimum after {needed} epochs"
    best = tuple(oracles.LAB_LEAST_SQUARES.values())
    assert advice.arrival(descent_of(LAB, learning_rate=0.02, init=best)) == "already at the optimum"


def test_where_no_loss_will_be_left_no_share_of_it_is_named():
    rows = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    text = advice.arrival(descent_of(rows, learning_rate=0.1))
    assert re.fullmatch(r"the loss is as good as 0 after [0-9]+ epochs", text)


@pytest.mark.parametrize(
    "settings", [{"l2": 0.1}, {"l2": 0.1, "learning_rate": "auto"}, {"l2": 0.1, "batch_size": 4}], ids=str
)
def test_with_a_penalty_no_standardizing_is_advised_which_would_have_another_optimum(settings):
    plan = descent_of(LAB, epochs=1, **settings)
    assert advice.improvement(plan) is None
    text = conclusion(plan, last_record(plan))
    assert "--standardize" not in advice.course(plan) + remedies(plan) + text
    low, high = np.linalg.eigvalsh(hessian(LAB, l2=0.1))
    epochs = int(re.search("with --lr auto .*--momentum auto --epochs ([0-9]+)$", text)[1])
    root = np.sqrt(high / low)
    beta = ((root - 1) / (root + 1)) ** 2
    assert epochs == n_epochs(LAB, 2 * (1 + beta) / (low + high), momentum=beta, l2=0.1)


def test_a_run_that_goes_on_is_advised_no_other_run():
    """Its settings are fixed."""
    plan = descent_of(LAB, epochs=10)
    assert "--standardize" in advice.improvement(plan)
    on = replace(plan, start=replace(plan.start, epoch=3))
    assert advice.improvement(on) is None
    assert "--" not in advice.arrival(on)
    record = last_record(plan)
    assert conclusion(plan, record).endswith(", or with --standardize --lr auto")
    assert "--" not in conclusion(on, record)
    words = remedies(on).partition("Try ")[2].partition(", for a loss")[0].split(", or ")
    assert len(words) == 3
    assert all("--allow-changes" in word for word in words)


def test_a_feature_that_is_far_from_0_is_named_as_such():
    rows = np.column_stack([LAB[:, 0] + 2000.0, LAB[:, 1]])
    text = advice.improvement(descent_of(rows, learning_rate="auto"))
    times = rows[:, 0].mean() / rows[:, 0].std()
    assert text.startswith(
        f"'x0' is far from 0 ({times:.3g} times its spread), which makes descent slow; with --standardize "
        "--lr auto: 1 epoch instead of "
    )


def test_a_small_feature_is_named_as_such():
    rows = LAB * [1e-3, 1.0]
    text = advice.improvement(descent_of(rows))
    size = np.sqrt(np.mean(rows[:, 0] ** 2))
    assert text.startswith(f"'x0' is small (about {size:.3g}), which makes descent slow; with ")


@pytest.mark.parametrize("scales", [[100.0, 0.01], [0.01, 100.0]])
@pytest.mark.parametrize("intercept", [True, False])
def test_features_of_unlike_sizes_are_named_as_such(scales, intercept):
    rows = oracles.random_rows(50, 2) * [*scales, 1.0]
    names = ["'x0'", "'x1'"] if scales[0] > scales[1] else ["'x1'", "'x0'"]
    sizes = np.sort(np.sqrt(np.mean(rows[:, :2] ** 2, axis=0)))
    text = advice.improvement(descent_of(rows, fit_intercept=intercept, learning_rate="auto"))
    assert text.startswith(
        f"{names[0]} is {sizes[1] / sizes[0]:.0f} times larger than {names[1]}, which makes descent slow; "
    )


def test_columns_that_nearly_depend_on_each_other_are_the_cause_whatever_their_size():
    rows = NEARLY_DEPENDENT
    low, *_, high = np.linalg.eigvalsh(hessian(standardized(rows)))
    root = np.sqrt(high / low)
    beta = ((root - 1) / (root + 1)) ** 2
    needed = n_epochs(standardized(rows), 2 * (1 + beta) / (low + high), momentum=beta)
    for settings in ({}, {"standardize": True}):
        plan = descent_of(rows, **settings)
        plain = n_epochs(standardized(rows) if settings else rows, 0.01)
        options = "--standardize --lr auto --momentum auto"
        assert advice.improvement(plan) == (
            "the features are nearly linearly dependent, which makes descent slow; "
            f"with {options} --epochs {needed} instead of {plain} epochs"
        )
        *_, text = advice.details(plan)
        ratio = np.linalg.cond(hessian(standardized(rows) if settings else rows))
        assert float(text.removeprefix("condition number ")) == pytest.approx(ratio, rel=5e-3)


@pytest.mark.parametrize(
    ("settings", "better"),
    [
        ({"batch_size": 4}, "; --standardize helps"),
        ({"batch_size": 4, "standardize": True}, None),
        ({"schedule": "step"}, "; with --standardize --lr auto --schedule constant: 1 epoch"),
        ({"schedule": "step", "gamma": 0.5}, None),  # which contradicts a constant rate
        ({"clip_norm": 1.0}, None),
    ],
    ids=str,
)
def test_there_is_no_forecast_where_none_can_be_made(settings, better):
    plan = descent_of(LAB, **settings)
    assert advice.arrival(plan) is None
    assert advice.course(plan) == advice.rate(plan)
    if better:
        better = (
            f"'x0' is large (about {np.sqrt(np.mean(LAB[:, 0] ** 2)):.3g}), which makes descent slow{better}"
        )
    assert advice.improvement(plan) == better


def test_there_is_no_forecast_above_the_bound_nor_from_a_start_that_is_not_finite():
    for settings in (
        {"learning_rate": 0.05},
        {"init": (1e200, 0.0)},
        {"init": (1e200, 0.0), "momentum": 0.5},
    ):
        plan = descent_of(LAB, **settings)
        assert advice.arrival(plan) is None
        assert advice.course(plan) == advice.rate(plan)
        assert " instead of " not in (advice.improvement(plan) or "")


# What the data do not determine; see also tests/analysis/test_identifiability.py.

X = np.random.default_rng(0).normal(size=(50, 4))


def test_least_squares_is_the_one_of_least_norm():
    """Of the weights times the spread of their features."""
    x = np.column_stack([X[:, :2], 3.0 * X[:, 0]])
    y = x @ [1.0, 2.0, 3.0]
    best = Moments.of_rows(np.column_stack([x, y])).least_squares()
    np.testing.assert_allclose(best.weights, [5.0, 2.0, 5.0 / 3.0], rtol=1e-12)


# After a divergence.

YEARS = np.column_stack([np.arange(1990.0, 2021.0), 3.0 * np.arange(31.0) + 7.0 * np.sin(np.arange(31.0))])
THOUSAND = np.column_stack([np.arange(0.0, 1001.0), np.cos(np.arange(1001.0)) + 0.5 * np.arange(1001.0)])
SECONDS = np.column_stack([1.6e9 + 86400.0 * np.arange(60.0), np.sin(np.arange(60.0)) + np.arange(60.0)])


def advised(text):
    """The options that are named, as settings, and the epochs they need, if that is said."""
    for option in re.split(", or ", text.partition("Try ")[2].split(", for a loss")[0].rstrip(".")):
        words = option.split()
        found = {"standardize": "--standardize" in words}
        rate = words[words.index("--lr") + 1]
        found["learning_rate"] = "auto" if rate == "auto" else float(rate)
        if "--epochs" in words:
            found["epochs"] = int(words[words.index("--epochs") + 1])
        yield found


@pytest.mark.parametrize("rows", [YEARS, THOUSAND, SECONDS], ids=["years", "thousand", "seconds"])
@pytest.mark.parametrize("kind", [{}, {"momentum": 0.5}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_each_remedy_converges(rows, kind):
    text = remedies(descent_of(rows, **kind))
    x = np.column_stack([rows[:, :1] - rows[:, :1].mean(), np.ones(len(rows))])
    slope, centre = np.linalg.lstsq(x, rows[:, 1])[0]
    named = list(advised(text))
    assert named[0]["standardize"]
    for settings in named:
        if settings.get("epochs", 0) > 3_000_000:
            continue  # that takes too long for a test
        record = last_record(descent_of(rows, **kind | settings))
        assert record.relative_excess <= 1.1e-6
        if settings["standardize"] and not kind:
            assert record.weights[0] == pytest.approx(slope, rel=1e-9)
            assert record.intercept == pytest.approx(centre - slope * rows[:, 0].mean(), rel=1e-9)


@pytest.mark.parametrize("rows", [YEARS, THOUSAND[::10], SECONDS], ids=["years", "thousand", "seconds"])
@pytest.mark.parametrize("batch_size", [1, 8])
@pytest.mark.parametrize("kind", [{}, {"momentum": 0.5}, {"momentum": 0.9, "nesterov": True}], ids=str)
def test_each_remedy_for_mini_batches_trains(rows, batch_size, kind):
    text = remedies(descent_of(rows, batch_size=batch_size, **kind))
    assert "--epochs" not in text
    assert "optimum" not in text
    for settings in advised(text):
        record = last_record(descent_of(rows, batch_size=batch_size, epochs=3, **kind | settings))
        assert record.stopped == "epochs"


@pytest.mark.parametrize("kind", [{"schedule": "step"}, {"clip_norm": 1.0}], ids=str)
def test_what_is_not_known_is_not_promised(kind):
    text = remedies(descent_of(YEARS, **kind))
    assert "epochs" not in text
    assert "optimum" not in text
    for settings in advised(text):
        assert last_record(descent_of(YEARS, **kind | settings)).stopped == "epochs"


def test_no_rate_is_a_remedy_for_a_start_that_is_not_finite():
    for settings in ({}, {"learning_rate": "auto", "momentum": "auto"}, {"batch_size": 4}):
        plan = descent_of(LAB, init=(1e200, 0.0), **settings)
        assert remedies(plan) == ""
        with pytest.raises(DivergenceError, match="start from smaller weights"):
            last_record(plan)


# At the end.


def test_a_run_that_converged_needs_no_word():
    plan = descent_of(LAB, learning_rate=0.01, epochs=n_epochs(LAB, 0.01, 0.0099))
    assert conclusion(plan, last_record(plan)) is None


@pytest.mark.parametrize(
    ("settings", "tol"),
    [
        ({"standardize": True, "learning_rate": "auto"}, 1e-25),
        ({"learning_rate": 0.04, "tol": 1e-12}, 1e-12),
        ({"learning_rate": 0.04, "epochs": "auto"}, 1e-12),
    ],
    ids=str,
)
def test_a_run_that_reached_the_optimum_says_where(settings, tol):
    plan = descent_of(LAB, **{"epochs": 10_000} | settings)
    needed = 1 if plan.settings.standardize else n_epochs(LAB, 0.04, tol)
    record = last_record(plan)
    assert record.relative_excess <= tol
    assert conclusion(plan, record) == f"reached the optimum in epoch {needed}"


@pytest.mark.parametrize("epochs", [1, 100, 1500])
def test_how_far_from_converged_a_run_is(epochs):
    plan = descent_of(LAB, learning_rate=0.01, epochs=epochs)
    record = last_record(plan)
    reached = oracles.half_mse(LAB, record.weights, record.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    more = n_epochs(LAB, 0.01) - epochs
    assert conclusion(plan, record) == (
        f"not converged: the loss is {stands(reached)} the optimum; "
        f"within 0.0001 % of it after {more} more epochs, or with --standardize --lr auto"
    )


def test_one_epoch_is_not_epochs():
    """And is no more than another run would need."""
    needed = n_epochs(LAB, 0.04, 0.02)
    plan = descent_of(LAB, learning_rate=0.04, epochs=needed - 1)
    text = conclusion(descent_of(LAB, learning_rate=0.04, epochs=needed - 1, tol=0.02), last_record(plan))
    assert text.endswith(" the optimum; within 2 % of it after 1 more epoch")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 4}, "with --standardize --lr auto --batch-size full"),
        ({"batch_size": 4, "average": True}, "more --epochs come closer"),
        ({"clip_norm": 1.0}, "more --epochs come closer"),
        (
            {"schedule": "invscaling"},
            "with --standardize --lr auto --schedule constant",
        ),
        (
            {"schedule": "step"},
            "with --standardize --lr auto --schedule constant",
        ),
    ],
    ids=str,
)
def test_where_no_forecast_is_known_it_is_said_what_comes_closer(settings, words):
    plan = descent_of(LAB, epochs=2, **settings)
    record = last_record(plan)
    times = oracles.half_mse(LAB, record.weights, record.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    assert conclusion(plan, record) == (f"not converged: the loss is {stands(times)} the optimum; {words}")


def test_what_comes_closer_does():
    for settings in ({"batch_size": 4}, {"schedule": "step"}, {"schedule": "invscaling"}):
        plan = descent_of(LAB, epochs=2, **settings)
        text = conclusion(plan, last_record(plan))
        words = text.rpartition("with ")[2]
        assert words.startswith("--standardize --lr auto")
        changes = {"standardize": True, "learning_rate": "auto", "batch_size": None, "schedule": "constant"}
        assert last_record(descent_of(LAB, epochs=2, **settings | changes)).relative_excess <= 1e-6


@pytest.mark.parametrize(("rate", "momentum"), cases([(0.006, 0.5)], [(0.01, 0.0), (0.006, 0.5)]))
def test_the_noise_of_batches_is_named_once_descent_would_be_there_without(rate, momentum):
    """And what is named against it works."""
    settings = {"learning_rate": rate, "momentum": momentum, "batch_size": 4}
    without = -(-n_epochs(LAB, rate, 0.01, momentum) // 5)  # 17 rows by 4
    before, plan = (descent_of(LAB, epochs=n, **settings) for n in (without - 1, without))
    assert "noise" not in (conclusion(before, last_record(before)) or "")
    record = last_record(plan)
    excess = oracles.half_mse(LAB, record.weights, record.intercept) / oracles.LAB_LEAST_SQUARES_LOSS - 1
    smaller = rounded_down(rate * 0.001 / excess, 2)
    epochs = -(-n_epochs(LAB, float(smaller), 0.001, momentum) // 5)
    assert conclusion(plan, record) == (
        f"not converged: the loss is {stands(1 + excess)} the optimum; the noise of batches keeps it there; "
        f"--average comes closer, or within 1 % of it with --lr {smaller} --epochs {epochs}, "
        "or with --standardize --lr auto --batch-size full"
    )
    averaged = descent_of(LAB, epochs=without, average=True, **settings)
    assert last_record(averaged).relative_excess < record.relative_excess
    named = descent_of(LAB, **settings | {"learning_rate": float(smaller), "epochs": epochs})
    assert last_record(named).relative_excess <= 0.01


def test_a_rate_that_will_lead_away_needs_no_more_epochs():
    """The direction that it leads away in has not been taken yet, or hardly."""
    slow = np.linalg.eigh(hessian(LAB))[1][:, 0]
    init = tuple(np.array(list(oracles.LAB_LEAST_SQUARES.values())) + 3.0 * slow)
    plan = descent_of(LAB, learning_rate=1.001 * BOUND, init=init, epochs=5)
    assert conclusion(plan, last_record(plan)).endswith(
        "; only a smaller --lr will do, or with --standardize --lr auto"
    )


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"tol": 1e-3, "epochs": 10_000}, "within 0.1 % of the optimum (--tol 0.001)"),
        ({"tol": 0.1, "batch_size": 5}, "an epoch changed the loss by less than --tol 0.1 of it"),
        ({"max_time_s": 1e-9}, "time limit reached (--max-time)"),
    ],
)
def test_why_a_run_ended_early_is_said(settings, reason):
    plan = descent_of(LAB, **settings)
    record = last_record(plan)
    text = conclusion(plan, record)
    assert text.startswith(f"stopped after epoch {record.epoch}: {reason}")


@pytest.mark.parametrize(("patience", "n"), [(1, "1 epoch"), (2, "2 epochs")])
def test_a_run_with_patience_says_whose_parameters_are_kept(patience, n):
    plan = descent_of(LAB, batch_size=1, learning_rate=0.018, patience=patience)
    record = last_record(plan)
    best = record.best
    reached = oracles.half_mse(LAB, best.weights, best.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    assert conclusion(plan, record) == (
        f"stopped after epoch {record.epoch}: no lower loss for {n} (--patience); "
        f"kept epoch {record.epoch - patience}; not converged: the loss is {stands(reached)} the optimum; "
        "with --standardize --lr auto --batch-size full"
    )


def test_of_a_run_whose_last_epoch_is_its_best_nothing_is_kept():
    plan = descent_of(LAB, learning_rate=0.01, epochs=100, patience=2)
    text = conclusion(plan, last_record(plan))
    assert text.startswith("not converged: ")
    assert "kept" not in text


def test_a_run_whose_rows_held_out_ended_it_was_not_to_converge():
    rows = oracles.random_rows(40, 6, seed=24)
    settings = TrainingSettings(learning_rate=0.05, patience=3, epochs=1000)
    plan = plan_of(Moments.of_rows(rows[:7]), settings, held_out=Moments.of_rows(rows[7:]))
    record = last_record(plan)
    assert record.best.relative_excess > 0.01
    assert conclusion(plan, record) == (
        f"stopped after epoch {record.epoch}: no lower validation loss for 3 epochs (--patience); "
        f"kept epoch {record.epoch - 3}"
    )


# Whatever the numbers.


@given(st.floats(0.0, 1e308))
def test_numbers_for_sentences_read_back(value):
    text = number_text(value)
    assert not re.search(r"e\+0[0-7]", text)
    assert float(text) == pytest.approx(value, rel=0.05, abs=5e-324)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (999.4, "999"),
        (999.6, "1000"),
        (1e3, "1000"),
        (12345.6, "12346"),
        (2e9, "2e+09"),
    ],
)
def test_numbers_for_sentences(value, text):
    assert number_text(value) == text


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300) | st.none(), st.floats(-1e-9, 1e-9))
@example(0.007, 0.007, 0.0)
def test_ratios_are_shown_on_their_side_of_1(value, other, shift):
    bound = other or value * (1 + shift)
    assume(0.0 < 100 * value / bound < inf)
    times, share = float(ratio_text(value, bound)), float(share_text(value, bound).removesuffix(" %"))
    assert (times > 1.0, times < 1.0) == (value > bound, value < bound)
    assert times == pytest.approx(value / bound, rel=0.05)
    assert (share > 100.0, share < 100.0) == (value > bound, value < bound)
    assert share == pytest.approx(100.0 * (value / bound), rel=5e-3)


@given(st.floats(1e-300, 1e15), st.sampled_from([3, 6]))
def test_a_rate_is_rounded_down(value, n_digits):
    text = rate_text(value, n_digits)
    assert value * (1 - 10 ** (1 - n_digits)) <= float(text) <= value
    assert len(re.sub(r"e.*|[.]", "", text).strip("0")) <= n_digits


@given(st.data())
@hypothesis(max_examples=60, deadline=None)
def test_no_sentence_shows_what_is_no_number_or_a_wrong_plural(data):
    draw = data.draw
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    n, k = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    scale = (
        10.0 ** rng.integers(-120, 120, size=k + 1) if draw(st.booleans()) else 10.0 ** rng.integers(-3, 4)
    )
    rows = rng.integers(-3, 4, size=(n, k + 1)) * scale
    init = draw(st.sampled_from(["zeros", "normal", 1e-300, 1e100, 1e200]))
    intercept = draw(st.booleans())
    settings = {
        "learning_rate": draw(st.sampled_from(["auto", 1e-300, 0.01, 5.0, 1e308])),
        "momentum": draw(st.sampled_from([0.0] * 7 + [0.5])),
        "l2": draw(st.sampled_from([0.0, 1e-3, 1e3])),
        "batch_size": draw(st.sampled_from([None, None, 1, 4])),
        "standardize": draw(st.booleans()),
        "fit_intercept": intercept,
        "epochs": 3,
        "init": init if isinstance(init, str) else (init,) * (k + intercept),
        "tol": draw(st.sampled_from([None, 1e-300, 1e-3, 0.5])),
    }
    features = list("abc")[:k]
    try:
        plan = descent_of(rows, **settings)
    except DivergenceError:
        return
    texts = [advice.course(plan), advice.improvement(plan), *advice.details(plan), *advice.warnings(plan)]
    texts.append(identifiability(plan.moments, features, intercept=intercept))
    if np.isfinite(plan.safe_learning_rate):  # else none leads away
        texts.append(remedies(plan))
    with suppress(DivergenceError):
        texts.append(conclusion(plan, last_record(plan)))
    for text in filter(None, texts):
        assert not re.search(r"\b(nan|inf)\b|e\+0[0-3]|\b1 (epochs|rows)\b|: \.", text), text


def test_against_noise_no_rate_is_named_with_which_nobody_would_arrive():
    """A direction of next to no curvature is nearly there, and takes for ever to the rest of the way."""
    rng = np.random.default_rng(3)
    apart = np.column_stack([np.ones(50), rng.normal(size=(50, 3))])
    a, d, e = np.sqrt(50) * np.linalg.qr(apart)[0].T[1:]
    rows = np.column_stack([a, a + 1e-6 * d, a + 0.05 * d + e])
    plan = descent_of(rows, learning_rate=0.5, batch_size=1, shuffle=False, epochs=50)
    text = conclusion(plan, last_record(plan))
    assert "the noise of batches keeps it there; --average comes closer" in text
    assert "within 1 % of it" not in text


def test_against_noise_no_rate_is_named_where_rows_weigh_unequally():
    """In a last batch that is shorter, and always of the same rows, these weigh more."""
    rows = oracles.random_rows(13, 2)
    for n_rows, is_named in ((13, False), (12, True)):
        plan = descent_of(rows[:n_rows], learning_rate=0.3, batch_size=4, shuffle=False, epochs=300)
        text = conclusion(plan, last_record(plan))
        assert "the noise of batches keeps it there" in text
        assert ("within 1 % of it with" in text) is is_named
