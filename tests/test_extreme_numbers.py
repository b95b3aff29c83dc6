"""Data of wild magnitudes, whatever the settings: a result is finite, or there is none; no library complains.

Warnings are errors in the tests, so an overflow that nobody thought of fails them.
"""

from __future__ import annotations

import json
from dataclasses import fields
from math import isfinite

import numpy as np
import pytest
from commands_run import assert_within_the_contract, run_command
from depth import cases
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lrfit.analysis.moments import Moments
from lrfit.analysis.objective import Objective
from lrfit.training.settings import TrainingSettings

EXPONENTS = [0, 1, -1, 3, -3, 9, -9, 20, -75, 100, 149, 151, -149, -155, -200, 299, 307, -300, -307, -320]
VALUES = {
    "fit_intercept": ["", "--no-intercept"],
    "l2": ["0.1", "1e300", "1e308", "5e-324"],
    "learning_rate": ["auto", "auto", "auto", "0.1", "1e9", "1e300", "5e-324", "1.7e308"],
    "epochs": ["1", "2", "20", "60", "auto"],
    "batch_size": ["1", "2", "7", "1000000"],
    "momentum": ["auto", "0.5", "0.999999", "5e-324", "needed"],
    "nesterov": ["--nesterov"],
    "schedule": ["invscaling", "step"],
    "power_t": ["0.25", "50", "1e300", "1e-300"],
    "step_size": ["1", "1000"],
    "gamma": ["1", "1e-300"],
    "clip_norm": ["1", "1e-300", "1e300"],
    "average": ["--average"],
    "shuffle": ["--no-shuffle"],
    "shuffle_parts": ["--shuffle=parts"],
    "seed": ["7", "999999999999999999"],
    "standardize": ["--standardize"],
    "condense": ["--no-condense"],
    "tol": ["1e-12", "1", "1e300", "5e-324"],
    "patience": ["1", "10"],
    "max_time_s": ["1e-300", "1e300"],
    "validation_fraction": ["0.5", "1e-300"],
    "validation_rows": ["random", "last"],
    "init": ["normal", "1e308", "1e150", "5e-324", "-1e300"],
}
OPTIONS = {"learning_rate": "lr", "max_time_s": "max-time"}


@st.composite
def columns(draw, n_rows, before):
    """A column: of one magnitude, far from 0, constant, or that depends on one before it."""
    size = 10.0 ** draw(st.sampled_from(EXPONENTS))
    kind = draw(st.sampled_from(["numbers"] * 4 + ["constant", "far", "same", "multiple"]))
    if kind in ("same", "multiple") and before:
        factor = {"same": 1.0, "multiple": draw(st.sampled_from([-1.0, 0.5]))}[kind]
        return [factor * value for value in draw(st.sampled_from(before))]
    if kind == "constant":
        return [size] * n_rows
    far = 10.0 ** draw(st.sampled_from(EXPONENTS)) if kind == "far" else 0.0
    numbers = draw(st.lists(st.integers(-300, 300), min_size=n_rows, max_size=n_rows))
    return [min(1.7e308, max(-1.7e308, far + size * (n / 100))) for n in numbers]


@st.composite
def tables(draw):
    """CSV of up to 9 rows, features and a target."""
    n_rows, n_features = draw(st.sampled_from([1, 2, 3, 5, 9])), draw(st.sampled_from([1, 2, 3, 20]))
    table = []
    for _ in range(n_features + 1):
        table.append(draw(columns(n_rows, table)))
    names = [*(f"x{i}" for i in range(n_features)), "y"]
    lines = [",".join(names), *(",".join(map(repr, row)) for row in zip(*table, strict=True))]
    return n_features, "\n".join(lines).encode()


@st.composite
def options(draw, n_features):
    """Settings that go together, as options."""
    chosen = {name: draw(st.sampled_from(values)) for name, values in VALUES.items() if draw(st.booleans())}
    if "batch_size" not in chosen:
        chosen.pop("average", None)
    if chosen.get("learning_rate") != "auto" or "batch_size" in chosen:
        chosen = {name: value for name, value in chosen.items() if (name, value) != ("momentum", "auto")}
    if "shuffle" in chosen:
        chosen.pop("shuffle_parts", None)
    if "validation_fraction" not in chosen:
        chosen.pop("validation_rows", None)
    if chosen.get("momentum", "needed") == "needed":
        chosen.pop("nesterov", None)
    for name, schedule in (("power_t", "invscaling"), ("step_size", "step"), ("gamma", "step")):
        if chosen.get("schedule") != schedule:
            chosen.pop(name, None)
    if chosen.get("init", "normal") != "normal":
        n_parameters = n_features + (chosen.get("fit_intercept") != "--no-intercept")
        chosen["init"] = ",".join([chosen["init"]] * n_parameters)
    words = []
    for name, value in chosen.items():
        option = f"--{OPTIONS.get(name, name).replace('_', '-')}"
        words.append(value if value.startswith("--") or not value else f"{option}={value}")
    return list(filter(None, words))


def test_every_setting_is_drawn():
    assert set(VALUES) == {f.name for f in fields(TrainingSettings)}


@settings(max_examples=cases(40, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_training_ends_with_finite_numbers_or_says_why_there_are_none(data):
    n_features, table = data.draw(tables())
    said = data.draw(options(n_features))
    kind = data.draw(st.sampled_from(["text", "json"]))
    result = run_command("train", "-", "--format", kind, "--executor", "numpy", *said, stdin=table)
    assert_within_the_contract(result)
    assert result.code in (0, 1, 3), result
    if result.code:
        assert not result.out
        return
    words = result.out.decode().replace(",", " ").split()
    assert not {"nan", "inf", "-inf", "NaN", "Infinity", "-Infinity"} & {*words}
    assert "nan" not in result.err
    if kind == "json":
        model = json.loads(result.out)
        assert all(map(isfinite, [*model["weights"].values(), model["intercept"]]))


FOUND = [
    (
        "x,y\n1.0,1.0",
        "--no-intercept --l2 1e308 --lr 0.01 --init 1",
        3,
    ),  # the rate that would be stable is written as 0
    ("x,z,y\n-2710,1e-320,1000\n3000,2e-320,2000\n2000,4e-321,707", "--lr 5e-324", 0),  # sizes 10³²⁴ apart
    ("x,z,y\n-2e-75,5e149,1e149\n-4e-76,-2e149,-3e149", "--lr 0.1 --momentum 0.999999", 3),  # forecast
    ("x,y\n1e100,1\n2e100,3\n6e99,2", "--l2 1e308 --batch-size 7 --momentum 0.9 --lr 0.01", 3),  # safe rate 0
]


@pytest.mark.parametrize(("table", "said", "code"), FOUND)
def test_what_once_overflowed_has_its_code_and_no_warning(table, said, code):
    result = run_command("train", "-", "--epochs", 5, *said.split(), stdin=table.encode())
    assert_within_the_contract(result)
    assert result.code == code
    assert " inf " not in " ".join(line for line in result.err.splitlines() if line.startswith("lrfit: warn"))


def test_a_feature_whose_weight_is_beyond_float64_does_not_keep_lapack_busy_for_ever(lrfit):
    """The inverse of such a Hessian is infinite, on which the singular value decomposition did not end."""
    rows = "-8.676e-321,2e-155,6e4,-1.8e-155\n0,5.5e-156,-2.5e6,5e-156\n3e-320,8e-156,1e6,-1e-155\n"
    result = lrfit("train", "-", "--lr", "auto", stdin=f"u,v,x,y\n{rows}")
    assert (result.returncode, b"Traceback" in result.stderr) == (0, False)


@pytest.mark.parametrize("smallest", [1e-310, 1e-200, 1e-100])
def test_eigenvalues_are_finite_and_the_largest_right_however_small_a_feature_is(smallest):
    rows = np.array([[0.0, 1e6, 1.0], [smallest, -2e6, 2.0], [2 * smallest, 3e6, 0.0], [smallest, 1e6, 1.0]])
    eigenvalues = Objective.of(Moments.of_rows(rows)).eigenvalues
    assert np.all(np.isfinite(eigenvalues))
    assert eigenvalues[-1] == pytest.approx(np.mean(np.square(rows[:, 1])), rel=1e-9)
