"""Dask DataFrames: the numbers of pandas' rows, the same bits on any workers, and never all rows here."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pandas as pd
import pytest

import lrfit
from lrfit.data.partitions import is_dask_frame

dd = pytest.importorskip("dask.dataframe")
dask = pytest.importorskip("dask")
distributed = pytest.importorskip("distributed")

RUN = {"learning_rate": 0.1, "epochs": 20}


@pytest.fixture(autouse=True)
def _in_this_thread():
    with dask.config.set(scheduler="synchronous"):
        yield


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    """Workers that are threads of this process. None stays, as beside others lrfit forks no workers."""
    folder = tmp_path_factory.mktemp("workers")
    with (
        distributed.LocalCluster(
            n_workers=2, processes=False, dashboard_address="127.0.0.1:0", local_directory=str(folder)
        ) as local,
        distributed.Client(local, set_as_default=False) as client,
    ):
        yield client
    distributed.utils._offload_executor.shutdown()
    distributed.utils._offload_executor = ThreadPoolExecutor(1)


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(1)
    x, e = rng.normal(size=(2, 400))
    word = rng.choice(["a", "b", "c"], 400)
    return pd.DataFrame(
        {
            "x": x,
            "word": word,
            "group": pd.Categorical(rng.choice(["u", "v"], 400)),
            "day": pd.date_range("2020-01-01", periods=400, freq="h"),
            "count": rng.integers(1, 9, 400),
            "w": rng.uniform(size=400),
            "y": 3 * x + 1 + e + (word == "b"),
            "empty": np.nan,
        }
    )


def numbers(fit):
    return np.array([*fit.weights.values(), fit.intercept, fit.loss])


@pytest.mark.parametrize(
    "columns",
    [
        {"x": "x"},
        {"x": ("x", "count", "day"), "dates": "day"},
        {"x": ("x", "word", "group"), "categories": ("word", "group")},
        {"x": "x", "weights": "w"},
        {"drop": ("empty", "word", "group", "day")},
    ],
)
@pytest.mark.parametrize("n_partitions", [1, 7])
def test_the_numbers_are_those_of_pandas_and_the_bits_those_of_any_workers(
    frame, client, columns, n_partitions
):
    divided = dd.from_pandas(frame, npartitions=n_partitions)
    expected, alone = lrfit.train(frame, "y", **columns), lrfit.train(divided, "y", **columns)
    np.testing.assert_allclose(numbers(alone), numbers(expected), rtol=1e-12, atol=1e-12)
    spread = lrfit.train(divided, "y", **columns, cluster=client)
    assert numbers(spread).tobytes() == numbers(alone).tobytes()
    assert spread.document.data.fingerprint == alone.document.data.fingerprint
    if n_partitions == 1:
        assert alone.document.data.fingerprint == expected.document.data.fingerprint


def test_no_process_has_all_rows(frame, monkeypatch):
    divided = dd.from_pandas(frame, npartitions=4)
    for name in ("compute", "persist", "__array__", "__len__"):
        monkeypatch.setattr(dd.DataFrame, name, pytest.fail, raising=False)
    assert lrfit.train(divided, "y", x="x").document.data.n_samples == 400


def test_the_default_client_is_taken(frame, client):
    divided = dd.from_pandas(frame, npartitions=4)
    before = lrfit.train(divided, "y", x="x")
    with client.as_current(), dask.config.set(scheduler="distributed"):
        assert numbers(lrfit.train(divided, "y", x="x")).tobytes() == numbers(before).tobytes()


def test_partitions_that_are_persisted_or_empty_are_taken_as_they_are(frame, client):
    divided = dd.from_pandas(frame, npartitions=5)
    few = divided[divided["day"] < frame["day"][100]]
    expected = lrfit.train(frame[:100], "y", x="x", **RUN)
    for one in (few, client.persist(few)):
        fit = lrfit.train(one, "y", x="x", **RUN, cluster=client)
        np.testing.assert_allclose(numbers(fit), numbers(expected), rtol=1e-12)
    with pytest.raises(lrfit.DataError, match=r"^the Dask DataFrame has no rows$"):
        lrfit.train(divided[divided["count"] > 9], "y", x="x")


@pytest.mark.parametrize("validation", ["divided", "pandas", "arrays", "fraction"])
def test_rows_to_validate_on_are_of_any_kind(frame, validation):
    divided = dd.from_pandas(frame, npartitions=4)
    other = frame.iloc[:50]
    given = {
        "divided": {"validation": dd.from_pandas(other, npartitions=2)},
        "pandas": {"validation": other},
        "arrays": {"validation": (other["x"], other["y"])},
        "fraction": {"validation_fraction": 0.25},
    }[validation]
    fit = lrfit.train(divided, "y", x="x", **RUN, **given)
    assert len(fit.history.epochs) == 21
    if validation == "fraction":
        assert fit.document.data.n_samples == 300
        return
    expected = lrfit.train(frame, "y", x="x", **RUN, validation=other)
    assert fit.document.training.validation_loss == pytest.approx(
        expected.document.training.validation_loss, rel=1e-12
    )


def test_rows_in_memory_are_validated_on_divided_ones(frame, client):
    divided = dd.from_pandas(frame, npartitions=4)
    fit = lrfit.train(frame, "y", x="x", **RUN, validation=divided, cluster=client)
    expected = lrfit.train(frame, "y", x="x", **RUN, validation=frame)
    assert fit.document.training.validation_loss == pytest.approx(
        expected.document.training.validation_loss, rel=1e-12
    )


def test_rows_that_lack_a_value_are_left_out(frame):
    lacking = frame.assign(x=frame["x"].where(frame.index % 9 > 0))
    divided = dd.from_pandas(lacking, npartitions=4)
    fit, expected = (lrfit.train(rows, "y", x="x", missing="drop", **RUN) for rows in (divided, lacking))
    np.testing.assert_allclose(numbers(fit), numbers(expected), rtol=1e-12)
    assert fit.document.data.n_samples == 355


@pytest.mark.parametrize("is_spread", [False, True])
@pytest.mark.parametrize(
    ("change", "columns", "message"),
    [
        ({"x": np.nan}, {"x": "x"}, "partition 2 (from 0): row 5, column 'x': a row has a missing value"),
        ({"x": np.inf}, {"x": "x"}, "partition 2 (from 0): row 5, column 'x': a number has to be finite"),
        ({"w": -1.0}, {"x": "x", "weights": "w"}, "partition 2 (from 0): row 5, column 'w': a weight has to"),
        ({}, {"x": "word"}, "partition 0 (from 0): column 'word' of the DataFrame holds string, not numbers"),
        ({}, {"x": "z"}, "the Dask DataFrame has no column 'z'"),
    ],
)
def test_a_message_names_the_partition_and_the_row_in_it(frame, client, is_spread, change, columns, message):
    damaged = frame.copy()
    for name, value in change.items():
        damaged.loc[205, name] = value
    divided = dd.from_pandas(damaged, npartitions=4)
    with pytest.raises(lrfit.DataError) as error:
        lrfit.train(divided, "y", **columns, cluster=client if is_spread else None)
    assert str(error.value).startswith(message)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"batch_size": 4}, "a Dask DataFrame is for full batches: say batch_size='full'"),
        (
            {"validation_fraction": 0.2, "validation_rows": "last"},
            "a Dask DataFrame draws the rows to validate on: say validation_rows='random'",
        ),
        ({"y": [1.0]}, "y is the name of a column where the data are a Dask DataFrame"),
        ({"weights": [1.0]}, "weights is the name of a column where the data are a Dask DataFrame"),
    ],
)
def test_what_needs_the_rows_here_is_refused(frame, given, message):
    with pytest.raises(lrfit.UsageError) as error:
        lrfit.train(dd.from_pandas(frame, npartitions=2), **{"y": "y", "x": "x"} | given)
    assert str(error.value) == message


def test_an_error_of_the_frame_itself_is_one_line(frame, client):
    def fail(_):
        raise RuntimeError("of the user\nand more")

    divided = dd.from_pandas(frame, npartitions=2).map_partitions(fail, meta=frame)
    with pytest.raises(lrfit.DataError) as error:
        lrfit.train(divided, "y", x="x")
    assert str(error.value) == "the Dask DataFrame cannot be computed: RuntimeError: of the user"
    with pytest.raises(lrfit.errors.ClusterError, match=r"^a worker failed: RuntimeError: of the user$"):
        lrfit.train(divided, "y", x="x", cluster=client)


def test_a_long_run_goes_on(frame):
    divided = dd.from_pandas(frame, npartitions=3)
    half = lrfit.train(divided, "y", x="x", **RUN | {"epochs": 10})
    whole = lrfit.train(divided, "y", x="x", **RUN)
    assert lrfit.train(divided, "y", resume=half, epochs=10, x="x").weights == whole.weights


def test_dask_is_not_imported_to_tell():
    assert not is_dask_frame(pd.DataFrame())
    code = "import lrfit, sys; lrfit.train([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]); sys.exit('dask' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
