"""Dates, categories, weights and groups, against pandas' dummies, `datetime` and NumPy's least squares."""

import gzip
import json

import numpy as np
import pandas as pd
import pytest
from commands_run import run_command
from scipy import stats

import lrfit
from lrfit.data import columns, samples
from lrfit.errors import DataError, UsageError

KINDS = {"y": "rent", "categories": ("city", "kind"), "dates": "built"}
FEATURES = ["size", "city=oslo", "city=rome", "kind=b", "built"]
EPOCH = pd.Timestamp("1970-01-01")
DAY = pd.Timedelta(days=1)


def homes(n_rows=300, seed=1):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame(
        {
            "size": rng.normal(50, 10, n_rows).round(3),
            "city": rng.choice(["rome", "berlin", "oslo"], n_rows),
            "kind": rng.choice(["a", "b"], n_rows),
            "built": pd.Timestamp("2020-01-01") + pd.to_timedelta(rng.integers(0, 2000, n_rows), unit="D"),
            "w": rng.integers(0, 4, n_rows),
        }
    )
    effects = table.city.map({"rome": 10, "berlin": 20, "oslo": 0}) + table.kind.map({"a": 1, "b": 5})
    days = (table.built - EPOCH) / DAY
    table["rent"] = (3 * table["size"] + effects + days / 100 + rng.normal(size=n_rows)).round(3)
    return table


def design(table):
    """The features by pandas' dummies, and the days by pandas' timestamps, shape (n_rows, 5)."""
    dummies = pd.get_dummies(table[["size", "city", "kind"]], columns=["city", "kind"], drop_first=True)
    columns = dummies[["size", "city_oslo", "city_rome", "kind_b"]].astype(float).to_numpy()
    return np.column_stack([columns, (table.built - EPOCH) / DAY])


def solution(table, weights=None):
    """Weights and intercept by NumPy's least squares, about the weighted mean."""
    w = np.ones(len(table)) if weights is None else weights
    x, y = design(table), table.rent.to_numpy()
    mean = np.average(x, axis=0, weights=w)
    rows = np.column_stack([x - mean, np.ones(len(x))]) * np.sqrt(w)[:, np.newaxis]
    found = np.linalg.lstsq(rows, y * np.sqrt(w), rcond=None)[0]
    return np.append(found[:-1], found[-1] - mean @ found[:-1])


def fitted(fit):
    best = fit.document.data.least_squares
    return np.array([*best.weights.values(), best.intercept])


@pytest.fixture
def table(tmp_path):
    table = homes()
    table.to_csv(tmp_path / "homes.csv", index=False)
    return table


@pytest.mark.parametrize("given", ["file", "frame"])
@pytest.mark.parametrize(
    "settings", [{}, {"condense": False}, {"batch_size": 30, "learning_rate": "auto", "standardize": True}]
)
def test_categories_and_dates_are_dummies_and_days(given, settings, table, tmp_path):
    data = tmp_path / "homes.csv" if given == "file" else table
    fit = lrfit.train(data, drop="w", **KINDS, **settings)
    assert list(fit.weights) == FEATURES
    np.testing.assert_allclose(fitted(fit), solution(table), rtol=1e-10)
    if not settings:
        np.testing.assert_allclose([*fit.weights.values()], solution(table)[:-1], rtol=1e-5)
    features = design(table)
    np.testing.assert_array_equal(fit.predict(table), fit.predict(features))


def test_weights_are_those_of_the_formula_and_of_repeated_rows(table, tmp_path):
    w = table.w.to_numpy()
    repeated = table.loc[table.index.repeat(w)].reset_index(drop=True)
    of_rows = lrfit.train(repeated, drop="w", **KINDS)
    x = design(table)[w > 0]
    residual = x @ solution(table, w)[:-1] + solution(table, w)[-1] - table.rent.to_numpy()[w > 0]
    for data in (table, tmp_path / "homes.csv"):
        fit = lrfit.train(data, weights="w", **KINDS)
        np.testing.assert_allclose(fitted(fit), solution(table, w), rtol=1e-10)
        np.testing.assert_allclose(fitted(fit), fitted(of_rows), rtol=1e-10)
        assert fit.loss == pytest.approx(of_rows.loss, rel=1e-10)
        assert fit.document.data.n_samples == len(residual) < len(repeated)
        best = fit.document.data.least_squares
        kept = w[w > 0]
        assert best.loss == pytest.approx(0.5 * np.sum(kept * residual**2) / kept.sum(), rel=1e-10)
        rows = np.column_stack([x, np.ones(len(x))])
        s2 = np.sum(kept * residual**2) / (len(x) - 6)  # as R's `lm(weights=)` has it
        errors = np.sqrt(s2 * np.diag(np.linalg.inv(rows.T @ (rows * kept[:, np.newaxis]))))
        np.testing.assert_allclose([*best.standard_errors.values()], errors, rtol=1e-5)


def test_a_weighted_step_of_mini_batches_is_that_of_a_short_loop():
    rng = np.random.default_rng(4)
    x, w = rng.normal(size=20), rng.integers(0, 4, 20).astype(float)
    y = 2 * x + 1 + rng.normal(size=20)
    fit = lrfit.train(x, y, weights=w, batch_size=4, epochs=3, learning_rate=0.05, shuffle=False)
    rows = np.column_stack([x, y, w])[w > 0]
    mean = rows[:, 2].mean()
    slope = intercept = 0.0
    for _ in range(3):
        for start in range(0, len(rows), 4):
            xs, ys, ws = rows[start : start + 4].T
            residual = (slope * xs + intercept - ys) * ws / mean
            slope -= 0.05 * np.mean(residual * xs)
            intercept -= 0.05 * np.mean(residual)
    np.testing.assert_allclose([fit.weights["x"], fit.intercept], [slope, intercept], rtol=1e-12)


def test_each_group_has_the_line_of_a_run_of_its_own(table, tmp_path):
    options = ["-x", "size", "-y", "rent", "--format", "json", "-q"]
    of_groups = run_command("train", tmp_path / "homes.csv", "--by", "city", *options)
    documents = [json.loads(line) for line in of_groups.out.decode().splitlines()]
    assert [document["group"]["level"] for document in documents] == ["berlin", "oslo", "rome"]
    for document in documents:
        level = document["group"]["level"]
        table[table.city == level].to_csv(tmp_path / "one.csv", index=False)
        alone = json.loads(run_command("train", tmp_path / "one.csv", *options).out)
        assert document["intercept"] == pytest.approx(alone["intercept"], rel=1e-10)
        assert document["weights"]["size"] == pytest.approx(alone["weights"]["size"], rel=1e-10)
        assert document["data"]["n_samples"] == alone["data"]["n_samples"]


def test_groups_with_words_and_dates_are_applied_to_each_row_by_its_own_line(table, tmp_path):
    path, model = tmp_path / "homes.csv", tmp_path / "m.json"
    options = ["-y", "rent", "--drop", "w", "--categories", "city", "--dates", "built", "--by", "kind"]
    assert not run_command("train", path, *options, "-o", model, "-q").code
    out = run_command("predict", model, path, "--only").out.decode().split()[1:]
    expected = np.empty(len(table))
    for kind, rows in table.groupby("kind"):
        fit = lrfit.train(rows.drop(columns=["kind", "w"]), y="rent", categories="city", dates="built")
        expected[rows.index] = fit.predict(rows)
        assert kind in "ab"
    np.testing.assert_allclose(np.array(out, float), expected, rtol=1e-6)
    measures = json.loads(run_command("evaluate", model, path, "--format", "json").out)
    residual = np.array(out, float) - table.rent
    assert measures["rmse"] == pytest.approx(np.sqrt(np.mean(residual**2)), rel=1e-10)


@pytest.mark.usefixtures("table")
def test_data_from_a_pipe_and_packed_give_the_same_document(tmp_path):
    path = tmp_path / "homes.csv"
    (tmp_path / "homes.csv.gz").write_bytes(gzip.compress(path.read_bytes()))
    options = [
        "-y",
        "rent",
        "--categories",
        "city,kind",
        "--dates",
        "built",
        "--weights",
        "w",
        "--format",
        "json",
    ]
    plain = run_command("train", path, *options).out
    assert run_command("train", "-", *options, stdin=path.read_bytes()).out == plain
    assert run_command("train", tmp_path / "homes.csv.gz", *options).out == plain


def test_many_blocks_with_levels_that_come_late_give_the_answer_of_one_pass_over_all(tmp_path):
    """The file has several blocks, and the readers of both kinds see it."""
    rng = np.random.default_rng(6)
    n = 200_000
    level = np.where(np.arange(n) < n // 2, "early", rng.choice(["late", "early"], n))
    table = pd.DataFrame({"level": level, "x": rng.normal(size=n).round(4)})
    table["y"] = (table.x + (level == "late") * 2 + rng.normal(size=n)).round(4)
    table.to_csv(tmp_path / "t.csv", index=False)
    fit = lrfit.train(tmp_path / "t.csv", categories="level")
    rows = np.column_stack([level == "late", table.x, np.ones(n)]).astype(float)
    expected = np.linalg.lstsq(rows, table.y.to_numpy(), rcond=None)[0]
    assert list(fit.weights) == ["level=late", "x"]
    np.testing.assert_allclose(fitted(fit), expected, rtol=1e-10)


def test_the_last_rows_are_held_out(tmp_path):
    rng = np.random.default_rng(3)
    t = np.arange(44.0)
    v = 5 + 0.3 * t + rng.normal(size=44)
    pd.DataFrame({"t": t, "v": v}).to_csv(tmp_path / "s.csv", index=False)
    for data in (tmp_path / "s.csv", pd.DataFrame({"t": t, "v": v})):
        for settings in ({}, {"batch_size": 36, "shuffle": False, "standardize": True, "learning_rate": 1.0}):
            fit = lrfit.train(data, validation_fraction=0.2, validation_rows="last", **settings)
            slope, intercept = np.polyfit(t[:36], v[:36], 1)
            residual = slope * t[36:] + intercept - v[36:]
            assert fit.document.data.n_held_out == 8
            assert fitted(fit) == pytest.approx([slope, intercept], rel=1e-10)
            assert fit.document.training.validation_loss == pytest.approx(np.mean(residual**2) / 2, rel=1e-6)


def test_the_last_rows_of_many_blocks_are_held_out_exactly(tmp_path):
    rng = np.random.default_rng(3)
    n = 150_000
    table = pd.DataFrame({"c": rng.choice(["a", "b", "c"], n), "x": rng.normal(size=n).round(5)})
    table["y"] = (table.x * 2 + (table.c == "b") + rng.normal(size=n)).round(5)
    table.to_csv(tmp_path / "t.csv", index=False)
    fit = lrfit.train(
        tmp_path / "t.csv", categories="c", validation_fraction=0.3, validation_rows="last", max_memory=1
    )
    n_training = n - int(n * 0.3)
    rows = np.column_stack([table.c == "b", table.c == "c", table.x, np.ones(n)]).astype(float)
    expected = np.linalg.lstsq(rows[:n_training], table.y[:n_training], rcond=None)[0]
    np.testing.assert_allclose(fitted(fit), expected, rtol=1e-9)
    residual = rows[n_training:] @ expected - table.y[n_training:]
    assert fit.document.training.validation_loss == pytest.approx(np.mean(residual**2) / 2, rel=1e-7)


def test_rows_to_validate_on_have_the_levels_of_those_to_train_on(table, tmp_path):
    for data, other in ((table, table[:50]), (tmp_path / "homes.csv", tmp_path / "other.csv")):
        table[:50].to_csv(tmp_path / "other.csv", index=False)
        fit = lrfit.train(data, drop="w", validation=other, **KINDS)
        residual = fit.predict(table[:50]) - table.rent[:50]
        assert fit.document.training.validation_loss == pytest.approx(np.mean(residual**2) / 2, rel=1e-10)
    table.loc[:3, "city"] = "paris"
    with pytest.raises(DataError, match="'paris' is a level that the model has not seen"):
        lrfit.train(homes(), drop="w", validation=table, **KINDS)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"categories": "city", "drop": "kind,built"}, DataError, "one level in every row"),
        ({"categories": "nowhere"}, DataError, "no column 'nowhere'"),
        ({"categories": "city", "dates": "city"}, UsageError, "choose one"),
        ({"categories": "rent"}, UsageError, "is the target, which has to be numbers"),
        ({"x": "size", "categories": "city"}, UsageError, "not among the features"),
        ({"weights": "size", "x": "size"}, UsageError, "another use"),
        ({"drop": "city", "categories": "city"}, UsageError, "both chosen and left out"),
        ({"dates": "kind", "drop": "city,built"}, DataError, "is not a date of ISO 8601"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused(options, error, says, tmp_path):
    table = homes(20)
    table["city"] = "rome"
    table.to_csv(tmp_path / "t.csv", index=False)
    with pytest.raises(error, match=says):
        lrfit.train(tmp_path / "t.csv", y="rent", **options)


def test_a_negative_weight_is_refused_with_its_place(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,w\n1,2,1\n2,4,-1\n3,6,1\n")
    with pytest.raises(DataError, match="line 3, column 'w': '-1' is negative"):
        lrfit.train(tmp_path / "t.csv", weights="w")
    frame = pd.read_csv(tmp_path / "t.csv")
    with pytest.raises(DataError, match="row 1, column 'w': a weight has to be at least 0"):
        lrfit.train(frame, weights="w")
    with pytest.raises(DataError, match="a weight has to be at least 0"):
        lrfit.train(frame.x, frame.y, weights=frame.w)


def test_a_column_with_a_level_in_each_row_is_taken_for_an_id(tmp_path):
    rows = "".join(f"id{i},{i % 7},{i % 5}\n" for i in range(1200))
    (tmp_path / "t.csv").write_text(f"id,x,y\n{rows}")
    for options in ({"categories": "id"}, {"by": "id"}):
        words = [f"--{name}={value}" for name, value in options.items()]
        result = run_command("train", tmp_path / "t.csv", *words)
        assert result.code == 1
        assert "has over 1000 levels: is it an id?" in result.err


def test_a_level_that_is_only_held_out_is_refused(tmp_path):
    (tmp_path / "t.csv").write_text("c,x,y\n" + "a,1,2\nb,2,3\n" * 20 + "z,3,4\n" * 10)
    with pytest.raises(DataError, match="'c' has 'z' only in rows held out"):
        lrfit.train(tmp_path / "t.csv", categories="c", validation_fraction=0.2, validation_rows="last")


def test_intervals_of_weighted_fits_are_those_of_the_written_out_formula():
    """As R's `predict.lm` has it, for a new value of weight 1."""
    rng = np.random.default_rng(8)
    x, w = 2000 + rng.normal(size=40), rng.integers(0, 5, 40).astype(float)
    y = 3 * x + rng.normal(size=40)
    fit = lrfit.train(x, y, weights=w)
    kept = w > 0
    rows, v = np.column_stack([np.ones(kept.sum()), x[kept] - 2000]), w[kept]
    theta = np.linalg.solve(rows.T @ (rows * v[:, np.newaxis]), rows.T @ (v * y[kept]))
    s2 = np.sum(v * (y[kept] - rows @ theta) ** 2) / (kept.sum() - 2)
    new = np.array([1.0, 1.5])
    leverage = new @ np.linalg.solve(rows.T @ (rows * v[:, np.newaxis]), new)
    for kind, extra in (("confidence", 0.0), ("prediction", 1.0)):
        half = stats.t.ppf(0.975, kept.sum() - 2) * np.sqrt(s2 * (leverage + extra))
        ((y_hat, low, high),) = fit.predict([2001.5], interval=kind)
        assert high - y_hat == pytest.approx(half, rel=1e-8)
        assert y_hat - low == pytest.approx(half, rel=1e-8)


def test_groups_of_different_words_are_told_apart(tmp_path):
    """A level that only another group has is not taken for the baseline."""
    rows = "".join(
        f"{g},{c},{i},{i * 2 + len(c)}\n"
        for g, words in (("p", "ab"), ("q", "bc"))
        for c in words
        for i in range(3)
    )
    (tmp_path / "t.csv").write_text(f"g,c,x,y\n{rows}")
    model = tmp_path / "m.json"
    assert not run_command(
        "train", tmp_path / "t.csv", "--by", "g", "--categories", "c", "-o", model, "-q"
    ).code
    out = run_command("predict", model, "-", "--only", stdin=b"c,x,g\nb,1,p\nc,1,q\nb,2,q\n").out.decode()
    np.testing.assert_allclose([float(line) for line in out.split()[1:]], [3.0, 3.0, 5.0], rtol=1e-6)
    result = run_command("predict", model, "-", stdin=b"g,c,x\nq,a,1\n")
    assert "'a' is a level that the model of 'q' has not seen; it knows 'b', 'c'" in result.err
    far = run_command(
        "train", tmp_path / "t.csv", "--by", "g", "--categories", "c", "--lr", "1e-6", "--epochs", "1"
    )
    assert "not converged: 'p', 'q'" in far.err


def test_evaluation_takes_the_weights_of_rows(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,w\n1,2,1\n2,5,3\n3,9,0\n")
    (tmp_path / "m.json").write_text(
        '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2.0}, "intercept": 0.0}'
    )
    options = ["evaluate", tmp_path / "m.json", tmp_path / "t.csv", "--format", "json"]
    weighted = json.loads(run_command(*options, "--weights", "w").out)
    assert weighted["n_samples"] == 2
    assert weighted["mse"] == pytest.approx(3 * 1.0 / 4)
    assert weighted["mae"] == pytest.approx(3 * 1.0 / 4)
    assert json.loads(run_command(*options).out)["mse"] == pytest.approx((1.0 + 9.0) / 3)


def test_rows_without_weight_are_no_rows(tmp_path):
    (tmp_path / "t.csv").write_text("x,y,w\n1,2,0\n2,5,0\n")
    with pytest.raises(DataError, match="there are no rows"):
        lrfit.train(tmp_path / "t.csv", weights="w")


def test_levels_are_counted_over_all_blocks_too(tmp_path, monkeypatch):
    (tmp_path / "t.csv").write_text("c,x,y\n" + "".join(f"{c},{i},{i * i}\n" for i, c in enumerate("aabbcc")))
    monkeypatch.setattr(samples, "MOST_LEVELS", 2)
    monkeypatch.setattr(columns, "MOST_LEVELS", 2)
    for option in ("--by", "--categories"):
        assert "has over 1000 levels" in run_command("train", tmp_path / "t.csv", option, "c").err


def test_names_that_two_features_would_have_are_refused(tmp_path):
    (tmp_path / "t.csv").write_text("c,c=b,y\na,1,2\nb,3,4\na,5,7\n")
    with pytest.raises(DataError, match="two features would be named 'c=b'"):
        lrfit.train(tmp_path / "t.csv", categories="c")


def test_arrays_have_no_words_or_dates():
    with pytest.raises(UsageError, match="dates is for columns of a file or a DataFrame"):
        lrfit.train([1.0, 2.0], [1.0, 2.0], dates="x")


def test_a_column_is_chosen_by_its_position(tmp_path):
    (tmp_path / "t.csv").write_text("a,,b,b,y\n1,2,3,4,5\n2,3,5,9,8\n3,4,4,2,1\n4,6,2,7,3\n")
    result = run_command("train", tmp_path / "t.csv", "-x", "1,2,4", "-y", "y", "--format", "json")
    assert list(json.loads(result.out)["weights"]) == ["a", "2", "4"]
    assert "-x 1 is column 1, 'a'" in result.err


def test_a_number_for_missing_that_nobody_named_is_noticed(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n2,-999\n3,6\n4,-999\n5,10\n")
    result = run_command("train", tmp_path / "t.csv", "-q")
    assert "column 'y' has -999 in 2 rows, far outside all other values" in result.err
    assert "--na -999 --missing drop" in result.err
    assert not run_command("train", tmp_path / "t.csv", "-q", "--na", "-999", "--missing", "drop").err.count(
        "far"
    )


def test_a_separator_at_the_end_of_each_row_does_not_hide_it(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1;2;\n2;4;\n3;7;\n")
    result = run_command("train", tmp_path / "t.csv", "--format", "json")
    assert "separated by ';'" in result.err
    assert list(json.loads(result.out)["weights"]) == ["a"]


def test_a_mark_that_may_be_of_thousands_or_of_decimals_is_said_to_be(tmp_path):
    (tmp_path / "t.csv").write_text("a;b\n1;1,234\n2;2,345\n3;3,456\n")
    result = run_command("train", tmp_path / "t.csv")
    assert "say --decimal ','; if it separates thousands, --thousands ','" in result.err
