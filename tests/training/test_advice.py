"""Each sentence of advice against numbers that are computed here, without lrfit."""

import re
from contextlib import suppress
from dataclasses import replace
from decimal import ROUND_FLOOR, Context, Decimal
from math import inf

import numpy as np
import oracles
import pytest
from hypothesis import given
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
from lrfit.training.settings import TrainingSettings
from lrfit.training.wording import number_text


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


def n_epochs(rows, rate, tol=1e-6, momentum=0.0, *, nesterov=False):
    """Epochs of the plain loop until the loss is within `tol` of the least one."""
    x, y = np.column_stack([rows[:, :-1], np.ones(len(rows))]), rows[:, -1]
    best = np.linalg.lstsq(x, y)[0]
    least, theta, velocity = np.mean((x @ best - y) ** 2), np.zeros(x.shape[1]), 0.0
    for epoch in range(1_000_000):
        if np.sum((x @ (theta - best)) ** 2) / len(x) <= tol * least:
            return epoch
        gradient = x.T @ (x @ theta - y) / len(x)
        velocity = momentum * velocity + gradient
        theta = theta - rate * (gradient + momentum * velocity if nesterov else velocity)
    return inf


def stands(times):
    """How a loss that is so many times the optimum compares with it."""
    return f"{times:.3g} times" if times > 1.995 else f"{100 * (times - 1):.2g} % above"


def rounded_down(value, n_digits=6):
    """To so many digits, as a bound is shown that is not to be passed."""
    return f"{Context(n_digits, ROUND_FLOOR).create_decimal(Decimal(repr(float(value)))):g}"


LAB = oracles.lab_rows()
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
    text = advice.rate(descent_of(LAB, learning_rate=0.01, **settings))
    bound = factor * BOUND
    share = f"{1 / bound:.3g} % of"
    shown = rounded_down(bound)
    assert text == f"the learning rate 0.01 is {share} the largest stable one, {shown} = {formula}"
    text = advice.rate(descent_of(LAB, learning_rate=1.0, **settings))
    assert f"the learning rate 1 is {1 / bound:.3g} times the largest stable one" in text


def test_the_rate_that_is_chosen_is_the_fastest():
    smallest, largest = np.linalg.eigvalsh(hessian(LAB))
    text = advice.rate(descent_of(LAB, learning_rate="auto"))
    assert text == (
        f"--lr auto is {2 / (smallest + largest):.6g}, the fastest in the long run, "
        f"{100 * largest / (smallest + largest):.3g} % of the largest stable one, {rounded_down(BOUND)} "
        "= 2 / λ_max"
    )
    beta = ((np.sqrt(RATIO) - 1) / (np.sqrt(RATIO) + 1)) ** 2
    text = advice.rate(descent_of(LAB, learning_rate="auto", momentum="auto"))
    assert f" with momentum {beta:.6g}, the fastest in the long run, " in text


def test_the_rate_of_mini_batches_is_compared_with_that_up_to_which_no_batch_leads_away():
    longest = np.sort(LAB[:, 0] ** 2)[-1:].mean() + 1  # 17 rows by 4: the last batch has 1
    text = advice.rate(descent_of(LAB, learning_rate=0.01, batch_size=4))
    assert text == (
        f"the learning rate 0.01 is {longest / 2:.3g} % of {rounded_down(2 / longest)}, up to which no batch "
        f"can lead away; full batches are stable up to {rounded_down(BOUND)}"
    )


def test_where_the_loss_does_not_depend_on_the_parameters_any_rate_is_as_good():
    rows = np.array([[0.0, 1.0], [0.0, 2.0]])
    assert "as good as any" in advice.rate(descent_of(rows, fit_intercept=False))


# Forecasts.


@pytest.mark.parametrize("tol", [None, 1e-3])
@pytest.mark.parametrize(
    "settings",
    [{}, {"momentum": 0.9}, {"momentum": 0.9, "nesterov": True}],
    ids=str,
)
def test_the_forecast_is_what_the_plain_loop_needs(settings, tol):
    x, y = np.column_stack([LAB[:, :1], np.ones(17)]), LAB[:, 1]
    least = oracles.LAB_LEAST_SQUARES_LOSS
    needed = n_epochs(LAB, 0.02, tol or 1e-6, **settings)
    first, second = advice.forecast(descent_of(LAB, learning_rate=0.02, tol=tol, **settings))
    times = np.mean(y**2) / 2 / least
    rises = "; with momentum it may rise on the way" if settings else ""
    assert first == (
        f"forecast: the loss is {times:.3g} times the optimum, and within {tol or 1e-6:g} of it after "
        f"{needed:,.0f} epochs{rises}"
    )
    assert second.startswith(
        f"condition number {RATIO:.3g}: 'x0' is {np.sqrt(np.mean(x[:, 0] ** 2)):.3g} times"
    )
    assert " larger than the constant 1 of the intercept: use --standardize --lr auto" in second


def test_a_forecast_says_what_standardizing_brings():
    *_, text = advice.forecast(descent_of(LAB, learning_rate=0.01))
    assert text.endswith(f", which needs 1 epoch in place of {n_epochs(LAB, 0.01):,.0f}")


def test_where_all_epochs_will_not_be_needed_tol_is_named():
    needed = n_epochs(LAB, 0.02)
    for epochs, is_soon in ((needed, False), (needed + 1, True)):
        first, _ = advice.forecast(descent_of(LAB, learning_rate=0.02, epochs=epochs))
        assert first.endswith(f" after {needed:,.0f} epochs" + "; --tol 1e-06 stops there" * is_soon)


def test_where_no_loss_will_be_left_no_share_of_it_is_named():
    rows = np.array([[0.0, 1.0], [1.0, 3.0], [2.0, 5.0]])
    text, *_ = advice.forecast(descent_of(rows, learning_rate=0.1))
    assert re.fullmatch(r"forecast: the loss is as good as 0 after [0-9,]+ epochs", text)


@pytest.mark.parametrize(
    "settings", [{"l2": 0.1}, {"l2": 0.1, "learning_rate": "auto"}, {"l2": 0.1, "batch_size": 4}], ids=str
)
def test_with_a_penalty_no_standardizing_is_advised_which_would_have_another_optimum(settings):
    plan = descent_of(LAB, epochs=1, **settings)
    texts = [*advice.forecast(plan), remedies(plan)]
    texts.append(conclusion(plan, last_record(plan)))
    assert any(texts)
    assert not any("--standardize" in text for text in filter(None, texts))


def test_a_run_that_goes_on_is_advised_no_other_run():
    """Its settings are fixed."""
    plan = descent_of(LAB, epochs=10)
    assert "--standardize" in " ".join(advice.forecast(plan))
    on = replace(plan, start=replace(plan.start, epoch=3))
    assert "--" not in " ".join(advice.forecast(on))
    record = last_record(plan)
    assert conclusion(plan, record).endswith(", or with --standardize --lr auto")
    assert "--" not in conclusion(on, record)
    words = remedies(on).partition("Try ")[2].partition(", for a loss")[0].split(", or ")
    assert len(words) == 3
    assert all("--allow-changes" in word for word in words)


def test_a_feature_that_is_far_from_0_is_named_as_such():
    rows = np.column_stack([LAB[:, 0] + 2000.0, LAB[:, 1]])
    *_, text = advice.forecast(descent_of(rows, learning_rate="auto"))
    times = rows[:, 0].mean() / rows[:, 0].std()
    assert f": 'x0' is {times:,.0f} times larger than its spread: use --standardize" in text or (
        f": 'x0' is {times:.3g} times larger than its spread: use --standardize" in text
    )


def test_columns_that_nearly_depend_on_each_other_are_the_cause_whatever_their_size():
    rng = np.random.default_rng(0)
    a, b, noise = rng.normal(size=(3, 100))
    rows = np.column_stack([a, a + 0.05 * b, b + noise])
    low, *_, high = np.linalg.eigvalsh(hessian(standardized(rows)))
    root = np.sqrt(high / low)
    beta = ((root - 1) / (root + 1)) ** 2
    needed = n_epochs(standardized(rows), 2 * (1 + beta) / (low + high), momentum=beta)
    for settings in ({}, {"standardize": True}):
        *_, text = advice.forecast(descent_of(rows, **settings))
        assert "the features depend nearly linearly on each other (--l2, or fewer features, help)" in text
        options = "--lr auto --momentum auto" if settings else "--standardize --lr auto --momentum auto"
        assert f": use {options} --epochs {needed}, which needs {needed} epochs in place of " in text
        ratio = np.linalg.cond(hessian(standardized(rows) if settings else rows))
        assert float(re.search("number ([0-9,.]+):", text)[1].replace(",", "")) == pytest.approx(
            ratio, rel=5e-3
        )


@pytest.mark.parametrize("settings", [{"batch_size": 4}, {"schedule": "step"}, {"clip_norm": 1.0}], ids=str)
def test_there_is_no_forecast_where_none_can_be_made(settings):
    assert not [t for t in advice.forecast(descent_of(LAB, **settings)) if "forecast" in t]


def test_there_is_no_forecast_above_the_bound_nor_from_a_start_that_is_not_finite():
    for settings in (
        {"learning_rate": 0.05},
        {"init": (1e200, 0.0)},
        {"init": (1e200, 0.0), "momentum": 0.5},
    ):
        assert not [t for t in advice.forecast(descent_of(LAB, **settings)) if "forecast" in t]


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
    plan = descent_of(LAB, learning_rate="auto", standardize=True)
    assert conclusion(plan, last_record(plan)) is None


@pytest.mark.parametrize("epochs", [1, 100, 1500])
def test_how_far_from_converged_a_run_is(epochs):
    plan = descent_of(LAB, learning_rate=0.01, epochs=epochs)
    record = last_record(plan)
    reached = oracles.half_mse(LAB, record.weights, record.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    more = n_epochs(LAB, 0.01) - epochs
    assert conclusion(plan, record) == (
        f"not converged: the loss is {stands(reached)} the optimum; "
        f"within 1e-06 of it after {more:,} more epochs, or with --standardize --lr auto"
    )


def test_one_epoch_is_not_epochs():
    needed = n_epochs(LAB, 0.04, 0.02)
    plan = descent_of(LAB, learning_rate=0.04, epochs=needed - 1)
    text = conclusion(descent_of(LAB, learning_rate=0.04, epochs=needed - 1, tol=0.02), last_record(plan))
    assert "; within 0.02 of it after 1 more epoch, or" in text


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"batch_size": 4}, "try more --epochs, or --average, which takes out the noise of batches"),
        ({"batch_size": 4, "average": True}, "try more --epochs"),
        ({"schedule": "invscaling"}, "try more --epochs, or with --standardize --lr auto"),
        (
            {"schedule": "step"},
            (
                "try a larger --gamma or --step-size, lest the rate falls too soon, "
                "or with --standardize --lr auto"
            ),
        ),
    ],
    ids=str,
)
def test_where_no_forecast_is_known_more_epochs_is_all_there_is_to_say(settings, words):
    plan = descent_of(LAB, epochs=2, **settings)
    record = last_record(plan)
    times = oracles.half_mse(LAB, record.weights, record.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    assert conclusion(plan, record) == (f"not converged: the loss is {stands(times)} the optimum; {words}")


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
        ({"tol": 1e-3, "epochs": 10_000}, "within --tol 0.001 of the optimum"),
        ({"tol": 0.1, "batch_size": 5}, "the loss changed by less than --tol 0.1 of it in an epoch"),
        ({"max_time_s": 1e-9}, "time limit reached (--max-time)"),
    ],
)
def test_why_a_run_ended_early_is_said(settings, reason):
    plan = descent_of(LAB, **settings)
    record = last_record(plan)
    text = conclusion(plan, record)
    assert text.startswith(f"stopped after epoch {record.epoch}: {reason}")


def test_a_run_with_patience_says_whose_parameters_are_kept():
    plan = descent_of(LAB, batch_size=1, learning_rate=0.018, patience=2)
    record = last_record(plan)
    best = record.best
    reached = oracles.half_mse(LAB, best.weights, best.intercept) / oracles.LAB_LEAST_SQUARES_LOSS
    assert conclusion(plan, record) == (
        f"stopped after epoch {record.epoch}: --patience 2, so many epochs without a lower loss; "
        f"the parameters are those of epoch {record.epoch - 2}; "
        f"not converged: the loss is {stands(reached)} the optimum; "
        "try more --epochs, or --average, which takes out the noise of batches"
    )


def test_a_run_whose_rows_held_out_ended_it_was_not_to_converge():
    rows = oracles.random_rows(40, 6, seed=24)
    settings = TrainingSettings(learning_rate=0.05, patience=3, epochs=1000)
    plan = plan_of(Moments.of_rows(rows[:7]), settings, held_out=Moments.of_rows(rows[7:]))
    record = last_record(plan)
    assert record.best.relative_excess > 0.01
    assert conclusion(plan, record) == (
        f"stopped after epoch {record.epoch}: --patience 3, so many epochs without a lower validation loss; "
        f"the parameters are those of epoch {record.epoch - 3}"
    )


# Whatever the numbers.


@given(st.floats(0.0, 1e308))
def test_numbers_for_sentences_read_back(value):
    text = number_text(value)
    assert not re.search(r"e\+0[0-7]", text)
    assert float(text.replace(",", "")) == pytest.approx(value, rel=0.05, abs=5e-324)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1e3, "1,000"),
        (12345.6, "12,346"),
        (2e9, "2e+09"),
    ],
)
def test_numbers_for_sentences(value, text):
    assert number_text(value) == text


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
    texts = [advice.rate(plan), *advice.forecast(plan)]
    texts.append(identifiability(plan.moments, features, intercept=intercept))
    if np.isfinite(plan.safe_learning_rate):  # else none leads away
        texts.append(remedies(plan))
    with suppress(DivergenceError):
        texts.append(conclusion(plan, last_record(plan)))
    for text in filter(None, texts):
        assert not re.search(r"\b(nan|inf)\b|e\+0[0-3]|\b1 (epochs|rows)\b|: \.", text), text
