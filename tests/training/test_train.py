"""`lrfit.train` and `lrfit.load`: what the command does, from files, arrays and tables, to the same bits."""

import inspect
import json
import logging

import numpy as np
import oracles
import pandas as pd
import pytest

import lrfit
from lrfit.cli.option_names import as_options
from lrfit.training.settings import TrainingSettings

LAB = oracles.SAMPLE_DATA / "lab.csv"
X, Y = oracles.lab_rows().T
FRAME = pd.DataFrame({"x": X, "y": Y})
RUN = {"learning_rate": 0.01, "epochs": 50}


def printed(in_process, *arguments):
    code, out, _ = in_process("train", str(LAB), "-q", "--format", "json", *arguments, stdin="")
    assert code == 0
    return json.loads(out)


@pytest.mark.parametrize(
    "settings",
    [
        RUN,
        {"learning_rate": "auto", "standardize": True},
        {"learning_rate": 0.01, "batch_size": 4, "momentum": 0.5, "epochs": 7, "seed": 3},
        {"learning_rate": 0.01, "fit_intercept": False, "l2": 0.1, "epochs": 3},
        {"learning_rate": 0.01, "validation_fraction": 0.3, "patience": 2, "epochs": 9},
        {},
        {"l2": 0.1, "fit_intercept": False},
        {"batch_size": 4, "epochs": 7},
    ],
    ids=str,
)
def test_a_file_arrays_and_a_frame_give_the_bits_of_the_command(in_process, settings):
    document = printed(in_process, *as_options(settings).split())
    fits = [lrfit.train(LAB, **settings), lrfit.train(X, Y, **settings), lrfit.train(FRAME, **settings)]
    for fit in fits:
        assert json.loads(json.dumps(fit.weights)) == document["weights"]
        assert fit.intercept == document["intercept"]
        assert fit.loss == document["training"]["loss"]
        assert fit.standard_errors == document["data"]["least_squares"]["standard_errors"]
        assert fit.document.training.variables == document["training"]["variables"]


def test_help_shows_every_setting_with_its_default():
    parameters = inspect.signature(lrfit.train).parameters
    for name, default in vars(TrainingSettings()).items():
        assert parameters[name].default == default
        assert f"\n        {name}: " in lrfit.train.__doc__
    assert not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())


def test_it_prints_nothing_and_logs_what_is_worth_knowing(capfd, caplog):
    caplog.set_level(logging.INFO, "lrfit")
    lrfit.train(LAB, learning_rate=0.05, epochs=1, schedule="invscaling")
    assert capfd.readouterr() == ("", "")
    (first, *_) = [record.message for record in caplog.records if record.levelname == "INFO"]
    assert first == f"{str(LAB)!r}: 17 rows, target 'y', features 'x'"
    (warning,) = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warning == (
        "learning_rate=0.05 is 1.13 times the limit, 0.0442861 = 2 / λ_max; expect a rise at first"
    )


def test_a_callback_sees_each_epoch_and_without_it_a_long_run_is_thinned():
    seen = []
    fit = lrfit.train(X, Y, learning_rate=0.01, epochs=300, on_epoch=seen.append)
    assert [record.epoch for record in seen] == [*range(301)]
    assert fit.history.epochs.tolist() == [*range(301)]
    epochs = lrfit.train(X, Y, learning_rate=0.01, epochs=10_000).history.epochs
    assert len(epochs) < 2000
    assert epochs[-1] == 10_000


def test_without_a_rate_it_goes_to_the_optimum():
    """In standardised units; with momentum where that takes long without."""
    fit = lrfit.train(X, Y)
    assert fit.weights["x"] == pytest.approx(oracles.LAB_LEAST_SQUARES["x"], rel=1e-12)
    assert fit.intercept == pytest.approx(oracles.LAB_LEAST_SQUARES["intercept"], rel=1e-12)
    assert fit.history.epochs.tolist() == [0, 1]
    rows = oracles.longley_rows()
    names = [*oracles.LONGLEY][1:]
    fit = lrfit.train(rows[:, :-1], rows[:, -1], x=names)
    for name, value in {**fit.weights, "intercept": fit.intercept}.items():
        error = np.sqrt(16 - 7) * 1e-6 * oracles.LONGLEY_STANDARD_ERRORS[name]
        assert value == pytest.approx(oracles.LONGLEY[name], abs=error)
    training = fit.document.training
    assert (training.standardize, training.nesterov, training.stopped) == (True, True, "optimum")
    assert training.epochs > 100


def test_a_fit_predicts_rows_of_any_kind():
    fit = lrfit.train(FRAME, **RUN)
    expected = fit.weights["x"] * X + fit.intercept
    for rows in (X, X[:, np.newaxis], FRAME, FRAME[["x"]], list(X)):
        np.testing.assert_allclose(fit.predict(rows), expected, rtol=1e-15)
    with pytest.raises(lrfit.DataError, match="does not have one column for each of 'x'"):
        fit.predict(np.ones((3, 2)))
    with pytest.raises(lrfit.DataError, match="row 0, column 'x': a row has a missing value"):
        fit.predict([np.nan])


def test_what_is_saved_is_loaded_with_all_but_the_history(tmp_path, in_process):
    fit = lrfit.train(LAB, **RUN)
    fit.save(tmp_path / "m.json")
    loaded = lrfit.load(tmp_path / "m.json")
    assert loaded.document == fit.document
    assert loaded.history is None
    assert (loaded.features, loaded.target) == (("x",), "y")
    assert json.loads((tmp_path / "m.json").read_text()) == printed(
        in_process, "--lr", "0.01", "--epochs", "50"
    )


def test_a_fit_that_was_written_by_hand_has_no_loss(tmp_path):
    (tmp_path / "m.json").write_text(
        '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"a": 2, "b": -1}, "intercept": 1}'
    )
    fit = lrfit.load(tmp_path / "m.json")
    assert (fit.loss, fit.standard_errors) == (None, None)
    assert repr(fit) == "<LinearFit y = 2·a - 1·b + 1>"


@pytest.mark.parametrize("resume", ["fit", "file"])
def test_a_run_goes_on_where_another_ended(tmp_path, resume):
    first, whole = (lrfit.train(LAB, learning_rate=0.01, epochs=n) for n in (20, 50))
    first.save(tmp_path / "m.json")
    on = lrfit.train(LAB, epochs=30, resume=first if resume == "fit" else tmp_path / "m.json")
    assert on.document == whole.document
    with pytest.raises(lrfit.UsageError, match=r"learning_rate is 0\.02, and was 0\.01.*allow_changes=True"):
        lrfit.train(LAB, learning_rate=0.02, resume=first)
    changed = lrfit.train(LAB, learning_rate=0.02, epochs=1, resume=first, allow_changes=True)
    assert changed.document.training.epochs == 21


def test_rows_to_validate_on_come_from_where_the_others_do():
    test = oracles.SAMPLE_DATA / "lab_test.csv"
    other = pd.read_csv(test)
    fits = [
        lrfit.train(LAB, validation=test, **RUN),
        lrfit.train(FRAME, validation=other, **RUN),
        lrfit.train(X, Y, validation=(other["x"].to_numpy(), other["y"].to_numpy()), **RUN),
    ]
    losses = [fit.document.training.validation_loss for fit in fits]
    assert losses[0] == losses[1] == losses[2] > 0.0
    with pytest.raises(lrfit.UsageError, match="validation and validation_fraction exclude each other"):
        lrfit.train(FRAME, validation=other, validation_fraction=0.5)
    with pytest.raises(lrfit.UsageError, match="validation and rows held out exclude each other"):
        lrfit.train(LAB, validation=test, validation_fraction=0.5)


def test_columns_are_chosen_by_name():
    frame = FRAME.assign(z=X**2, city="Ulm")
    fit = lrfit.train(frame, x="z", y="y", learning_rate="auto", standardize=True)
    assert fit.features == ("z",)
    assert lrfit.train(frame, y="x", x=["y", "z"], learning_rate="auto", standardize=True).target == "x"
    named = lrfit.train(np.column_stack([X, X**2]), Y, x=["a", "b"], learning_rate="auto", standardize=True)
    assert named.features == ("a", "b")
    unnamed = lrfit.train(np.column_stack([X, X**2]), Y, learning_rate="auto", standardize=True)
    assert unnamed.features == ("x1", "x2")


def test_rows_that_lack_a_value_are_refused_or_left_out():
    frame = pd.concat([FRAME, pd.DataFrame({"x": [np.nan, 1.0], "y": [1.0, np.nan]})], ignore_index=True)
    words = r"row 17, column 'x': 2 rows have a missing value.*missing='drop'"
    with pytest.raises(lrfit.DataError, match=words):
        lrfit.train(frame)
    assert lrfit.train(frame, missing="drop", **RUN).weights == lrfit.train(FRAME, **RUN).weights


@pytest.mark.parametrize(
    ("arguments", "settings", "words"),
    [
        ((X,), {}, "an array of x needs an array of y"),
        ((X, "y"), {}, "an array of x needs an array of y"),
        ((X, Y[:5]), {}, "x has 17 rows, and y has 5"),
        ((X, [*Y[:16], np.inf]), {}, "row 16, column 'y': a number has to be finite"),
        ((["a"] * 17, Y), {}, "column 'x' holds <U1, not real numbers"),
        ((np.ones((17, 1, 1)), Y), {}, "an array of shape"),
        ((FRAME.assign(x="a"),), {}, "column 'x' of the DataFrame holds .*, not numbers"),
        ((FRAME,), {"x": "z"}, "the DataFrame has no column 'z'"),
        (
            (pd.DataFrame([[1, 2, 3]], columns=["x", "x", "y"]),),
            {"x": "x"},
            "two columns are named 'x'",
        ),
        ((LAB, Y), {}, "y is the name of a column where the data are a file"),
        ((LAB,), {"missing": "keep"}, "missing is 'keep', and must be 'error' or 'drop'"),
        ((LAB,), {"decimal": ";"}, "decimal is ';', and must be '.' or ','"),
        ((LAB,), {"thousands": "."}, "thousands='.': it must be one character"),
        ((LAB,), {"skip": -1}, "skip is -1, and must be an integer of at least 0"),
        ((LAB,), {"separator": "ab"}, "must be one ASCII character, or 'blanks'"),
        ((LAB,), {"separator": ";;"}, "separator is ';;', and must be one ASCII character"),
        ((LAB,), {"momentun": 0.9}, "there is no setting 'momentun'; did you mean momentum?"),
        ((LAB,), {"qq": 1}, "there is no setting 'qq'; there are x, drop, dates, categories"),
        ((LAB,), {"nesterov": True}, "say how much, such as momentum=0.9"),
        ((LAB,), {"executor": "cuda"}, "executor is 'cuda'"),
    ],
)
def test_what_cannot_be_used_is_refused_in_the_words_of_python(arguments, settings, words):
    with pytest.raises(lrfit.LrfitError, match=words):
        lrfit.train(*arguments, **settings)


def test_a_run_that_diverges_says_what_to_pass_instead():
    with pytest.raises(lrfit.DivergenceError) as info:
        lrfit.train(oracles.SAMPLE_DATA / "norris.csv", learning_rate=0.01)
    assert "Try standardize=True, learning_rate='auto', or" in str(info.value)
    assert "--" not in str(info.value)


def test_a_frame_of_features_may_stand_beside_an_array_of_the_target():
    x = pd.DataFrame({"area": [1.0, 2.0, 4.0], "rooms": [1.0, 3.0, 2.0]})
    y = pd.Series([1.0, 2.0, 5.0], name="price")
    fits = [lrfit.train(x, target) for target in (y, y.to_numpy(), y.tolist())]
    assert fits[0].document == fits[1].document == fits[2].document
    assert list(fits[0].weights) == ["area", "rooms"]
    assert fits[0].weights == lrfit.train(x.assign(price=y), y="price").weights
    assert list(lrfit.train(x, y, x=["a", "b"]).weights) == ["a", "b"]


def test_a_frame_to_predict_for_has_each_feature_once():
    fit = lrfit.train(pd.DataFrame({"a": [1.0, 2.0, 4.0], "y": [1.0, 3.0, 4.0]}))
    with pytest.raises(lrfit.DataError, match="the DataFrame has no column named 'a'; its columns are 'b'"):
        fit.predict(pd.DataFrame({"b": [1.0]}))
    with pytest.raises(lrfit.DataError, match="the DataFrame has 2 columns named 'a'"):
        fit.predict(pd.DataFrame([[1.0, 2.0]], columns=["a", "a"]))
