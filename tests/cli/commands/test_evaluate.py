"""`lrfit evaluate` in a real process."""

import json

import numpy as np
import oracles
import pytest

from lrfit.analysis.moments import Moments
from lrfit.errors import DataError
from lrfit.model.evaluation import ResidualSums, evaluate

LAB_TEST = oracles.SAMPLE_DATA / "lab_test.csv"


@pytest.fixture
def model(tmp_path):
    weights, intercept = {"x": oracles.LAB_LEAST_SQUARES["x"]}, oracles.LAB_LEAST_SQUARES["intercept"]
    document = {
        "format": "lrfit-model",
        "version": 1,
        "target": "y",
        "weights": weights,
        "intercept": intercept,
    }
    (tmp_path / "m.json").write_text(json.dumps(document))
    return "m.json"


def test_the_measures_of_many_rows_are_those_of_their_definitions(lrfit, model, tmp_path):
    """Of so many that other processes help to read them."""
    x = np.arange(100_000) / 7
    y = np.sin(x) * 1000
    (tmp_path / "many.csv").write_text(
        "x,y\n" + "".join(f"{a!r},{b!r}\n" for a, b in zip(x.tolist(), y.tolist(), strict=True))
    )
    result = lrfit("evaluate", model, "many.csv", "--format", "json")
    residual = x * oracles.LAB_LEAST_SQUARES["x"] + oracles.LAB_LEAST_SQUARES["intercept"] - y
    measures = json.loads(result.stdout)
    assert measures["n_samples"] == 100_000
    assert measures["mae"] == pytest.approx(np.mean(np.abs(residual)), rel=1e-12)
    assert measures["max_error"] == np.max(np.abs(residual))
    assert measures["r2"] == pytest.approx(1 - np.mean(residual**2) / np.var(y), rel=1e-12)


def test_the_measures_are_those_of_their_definitions(here, model):
    result = here("evaluate", model, LAB_TEST, "--format", "json")
    x, y = oracles.read_columns("lab_test.csv", ["x", "y"]).T
    residual = x * oracles.LAB_LEAST_SQUARES["x"] + oracles.LAB_LEAST_SQUARES["intercept"] - y
    assert json.loads(result.stdout) == pytest.approx(
        {
            "n_samples": 8,
            "loss": oracles.LAB_TEST_LOSS,
            "mse": np.mean(residual**2),
            "rmse": np.sqrt(np.mean(residual**2)),
            "mae": np.mean(np.abs(residual)),
            "r2": 1 - np.sum(residual**2) / np.sum((y - y.mean()) ** 2),
            "max_error": np.max(np.abs(residual)),
        },
        rel=1e-9,
    )


def test_text_and_json_hold_the_same_numbers_from_a_file_and_from_stdin(here, model):
    document = json.loads(here("evaluate", model, LAB_TEST, "--format", "json").stdout)
    text = here("evaluate", model, "-", stdin=LAB_TEST.read_bytes()).stdout.decode()
    assert {name: float(value) for name, value in map(str.split, text.splitlines())} == document


def test_a_constant_target_has_no_r2(here, model):
    result = here("evaluate", model, "-", "--format", "json", stdin="x,y\n1,2\n3,2\n")
    assert json.loads(result.stdout)["r2"] is None


@pytest.mark.parametrize(
    "data", ["x\n1\n", "x,y\n", "x,y\n1,a\n", "x,y\n1e300,1\n", "x,y\n1,1e300\n2,-1e300\n"]
)
def test_bad_data_exits_1(here, model, data):
    result = here("evaluate", model, "-", stdin=data)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert result.stdout == b""


def test_residuals_that_overflow_are_refused_by_the_name_of_the_file(here, model):
    result = here("evaluate", model, "-", stdin="x,y\n1,1e200\n2,3\n")
    assert result.returncode == 1
    assert result.stderr.startswith(b"lrfit: error: standard input: squares of residuals overflow")


def test_there_is_nothing_to_measure_without_rows():
    with pytest.raises(DataError, match="there are no rows"):
        evaluate([])


def test_rows_of_weight_zero_alone_are_no_rows():
    with pytest.raises(DataError, match="there are no rows to evaluate"):
        evaluate([(0, ResidualSums(0.0, 0.0, 0.0, Moments.empty(1)))])
