"""Settings: what is not valid, and what contradicts itself, is refused with what is valid."""

from math import inf, nan

import pytest

from lrfit.errors import UsageError
from lrfit.model.rules import SCHEDULES
from lrfit.training.settings import TrainingSettings, completed, is_plain

FINITE = "a positive number"

INVALID = {
    "learning_rate": ([0.0, -1.0, inf, nan, None, "fast", True], f"{FINITE}, or 'auto'"),
    "epochs": (
        [0, -1, nan, 2.5, None, "needed", True],
        "an integer of at least 1 (and below 2^63), or 'auto'",
    ),
    "batch_size": ([0, -1], "an integer of at least 1 (and below 2^63), or None"),
    "seed": ([-1, 1 << 63], "an integer of at least 0 (and below 2^63)"),
    "init": (["zeroes", (1.0, inf), (nan,)], "'zeros', 'normal', or finite numbers"),
    "l2": ([-1e-9, inf, nan], "a finite number of at least 0"),
    "momentum": ([-0.1, 1.0, nan, "nesterov"], "a number of at least 0 and below 1, or 'auto', or 'needed'"),
    "schedule": (["exponential", ""], "one of constant, invscaling, step"),
    "power_t": ([0.0, -1.0, inf, nan], FINITE),
    "step_size": ([0, -5], "an integer of at least 1 (and below 2^63)"),
    "gamma": ([0.0, 1.1, nan], "a number above 0 and at most 1"),
    "clip_norm": ([0.0, inf, nan], f"{FINITE}, or None"),
    "tol": ([0.0, -1e-3, inf, nan], f"{FINITE}, or None"),
    "patience": ([0, -1], "an integer of at least 1 (and below 2^63), or None"),
    "max_time_s": ([0.0, inf, nan], f"{FINITE}, or None"),
    "validation_fraction": ([0.0, 1.0, nan], "a number between 0 and 1, or None"),
}

VALID = {
    "learning_rate": ["auto", 5e-324, 1e300],
    "epochs": [1, "auto"],
    "batch_size": [None, 1],
    "seed": [0],
    "init": ["zeros", "normal", (1.0, -2.0), ()],
    "l2": [0.0, 1.0],
    "momentum": [0.0, 0.999, "needed"],
    "schedule": [*SCHEDULES],
    "power_t": [1e-9, 2.0],
    "step_size": [1],
    "gamma": [1.0, 1e-9],
    "clip_norm": [None, 1e-9],
    "tol": [None, 1e-300, 2.0],
    "patience": [None, 1],
    "max_time_s": [None, 1e-9],
    "validation_fraction": [None, 0.5],
}


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, (vs, _) in INVALID.items() for v in vs])
def test_a_value_that_is_not_valid_is_refused_with_what_is(name, value):
    with pytest.raises(UsageError) as info:
        TrainingSettings(**{name: value})
    assert str(info.value) == f"{name} is {value!r}, and must be {INVALID[name][1]}"


@pytest.mark.parametrize(("name", "value"), [(name, v) for name, vs in VALID.items() for v in vs])
def test_values_up_to_the_bounds_are_taken(name, value):
    schedule = {"power_t": "invscaling", "step_size": "step", "gamma": "step"}.get(name, "constant")
    assert getattr(TrainingSettings(**{"schedule": schedule, name: value}), name) == value


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"nesterov": True}, "needs momentum: say how much, such as momentum=0.9"),
        ({"momentum": "auto"}, "momentum='auto' goes with learning_rate='auto' and full batches"),
        (
            {"momentum": "auto", "learning_rate": 0.1},
            "momentum='auto' goes with learning_rate='auto' and full batches",
        ),
        (
            {"momentum": "auto", "learning_rate": "auto", "batch_size": 5},
            "momentum='auto' goes with learning_rate='auto' and full batches",
        ),
        ({"average": True}, "average=True is for mini-batches, whose noise it takes out: say batch_size"),
    ],
)
def test_a_contradiction_is_refused_with_what_to_say(settings, message):
    with pytest.raises(UsageError, match=message):
        TrainingSettings(**settings)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": "auto", "learning_rate": "auto"},
        {"momentum": "auto", "learning_rate": "auto", "nesterov": True, "condense": False},
        {"momentum": 0.5, "nesterov": True, "batch_size": 3},
        {"average": True, "batch_size": 3, "learning_rate": "auto"},
    ],
)
def test_what_goes_together_is_taken(settings):
    TrainingSettings(**settings)


OPTIMUM = {"learning_rate": "auto", "standardize": True, "epochs": "auto", "momentum": "needed"}


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"l2": 0.1},
        {"batch_size": 4, "average": True},
        {"epochs": 7},
        {"momentum": 0.5},
        {"momentum": 0.0},
        {"momentum": 0.9, "nesterov": True},
        {"tol": 1e-3, "fit_intercept": False, "seed": 3},
        {"schedule": "step", "gamma": 0.5},
    ],
    ids=str,
)
def test_where_nobody_says_how_to_descend_it_is_to_the_optimum(given):
    """And what is given stays."""
    assert is_plain(given)
    assert completed(given) == TrainingSettings(**OPTIMUM | given)


@pytest.mark.parametrize(
    "given",
    [
        {"learning_rate": 0.01},
        {"learning_rate": "auto", "epochs": 5},
        {"standardize": True},
        {"standardize": False, "l2": 0.1},
        {"init": "zeros"},
        {"init": (1.0, 2.0), "momentum": 0.5},
    ],
    ids=str,
)
def test_where_somebody_does_the_defaults_are_those_of_the_settings(given):
    assert not is_plain(given)
    assert completed(given) == TrainingSettings(**given)


def test_without_momentum_nesterov_is_refused_there_too():
    for given in ({"nesterov": True}, {"nesterov": True, "learning_rate": 0.1}):
        with pytest.raises(UsageError, match="needs momentum: say how much"):
            completed(given)


@pytest.mark.parametrize(
    ("settings", "needs_rows", "is_linear"),
    [
        ({}, False, True),
        ({"condense": False}, True, True),
        ({"batch_size": 1}, True, True),
        ({"schedule": "step"}, False, False),
        ({"schedule": "invscaling"}, False, False),
        ({"clip_norm": 1.0}, False, False),
        ({"l2": 1.0, "momentum": 0.5, "nesterov": True}, False, True),
    ],
)
def test_what_needs_rows_and_what_is_linear(settings, needs_rows, is_linear):
    made = TrainingSettings(**settings)
    assert (made.needs_rows, made.is_linear) == (needs_rows, is_linear)
