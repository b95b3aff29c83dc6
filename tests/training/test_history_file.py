"""History files: written line by line, read back to the same bits, and what is refused as none."""

import csv
import io
from dataclasses import replace

import numpy as np
import oracles
import pytest
from cli.test_report import LOSSES, NUMBERS, hexes, record
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import plan_of

from lrfit.analysis.moments import Moments
from lrfit.errors import DataError
from lrfit.training.history import History, next_thinned
from lrfit.training.history_file import history_header, history_row, read_history
from lrfit.training.loop import descend
from lrfit.training.settings import TrainingSettings


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
    st.lists(
        st.tuples(LOSSES, LOSSES, LOSSES, LOSSES, st.lists(NUMBERS, min_size=4, max_size=4), NUMBERS),
        max_size=5,
    ),
)
@settings(max_examples=cases(50, 1000), deadline=None)
def test_a_history_reads_back_to_the_same_bits(names, intercept, validation, epochs):
    text = history_header(names, intercept=intercept, validation=validation)
    want = []
    for epoch, (loss, excess, gradient, validation_loss, weights, b) in enumerate(epochs):
        row = record(
            epoch,
            loss=loss,
            weights=np.array(weights[: len(names)]),
            intercept=b if intercept else 0.0,
            excess=excess,
            gradient_norm=gradient,
            validation_loss=validation_loss if validation else None,
        )
        text += history_row(row, intercept=intercept)
        measures = [loss, excess, gradient, *[validation_loss] * validation]
        want.append([*measures, *weights[: len(names)], *[b] * intercept])
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    measures = ["loss", "excess", "gradient_norm", *["validation_loss"] * validation]
    assert header == ["epoch", *measures, *(f"W[{name}]" for name in names), *["b"] * intercept]
    assert [row[0] for row in rows] == [str(epoch) for epoch in range(len(epochs))]
    assert [hexes(row[1:]) for row in rows] == [hexes(numbers) for numbers in want]


def test_a_history_is_a_csv_of_lf_lines():
    row = record(3, change=-0.1, weights=np.array([1.0, -2.5e-7]), intercept=0.25)
    assert history_header(["x", "z,1"], intercept=True) == 'epoch,loss,excess,gradient_norm,W[x],"W[z,1]",b\n'
    assert history_row(row, intercept=True) == "3,0.5,0.25,0.125,1.0,-2.5e-07,0.25\n"
    assert history_row(row, intercept=False) == "3,0.5,0.25,0.125,1.0,-2.5e-07\n"
    row = replace(row, validation_loss=0.75)
    assert (
        history_header(["x"], intercept=False, validation=True)
        == "epoch,loss,excess,gradient_norm,validation_loss,W[x]\n"
    )
    assert history_row(row, intercept=False) == "3,0.5,0.25,0.125,0.75,1.0,-2.5e-07\n"


HEADER = "epoch,loss,excess,gradient_norm,W[x],b\n"


@pytest.mark.parametrize("intercept", [True, False])
@pytest.mark.parametrize("validation", [True, False])
def test_what_is_read_is_what_was_written(tmp_path, intercept, validation):
    path, names = tmp_path / "h.csv", ["gross, in $", "W[b]"]
    text = history_header(names, intercept=intercept, validation=validation)
    for epoch in (0, 1, 5):
        row = record(
            epoch,
            loss=0.1 + epoch,
            excess=1 / 3,
            weights=np.array([epoch / 7, -1e-300]),
            intercept=1 / 9 if intercept else 0.0,
            validation_loss=2 / 3 if validation else None,
        )
        text += history_row(row, intercept=intercept)
    path.write_text(text)
    history = read_history(str(path))
    assert history.parameters == (*names, *["intercept"] * intercept)
    assert history.epochs.tolist() == [0.0, 1.0, 5.0]
    assert history.loss.tolist() == [0.1, 1.1, 5.1]
    assert history.excess.tolist() == [1 / 3] * 3
    assert (history.validation_loss is None) == (not validation)
    assert not validation or history.validation_loss.tolist() == [2 / 3] * 3
    assert history.theta.tolist() == [[n / 7, -1e-300, *[1 / 9] * intercept] for n in (0, 1, 5)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("x,y\n1,2\n", "is no history as lrfit train --history writes it"),
        (HEADER.replace("W[x],", "") + "0,1,1,1,1\n", "is no history as"),
        (HEADER.replace("b\n", "c\n") + "0,1,1,1,1,1\n", "is no history as"),
        (HEADER.replace("loss", "lost") + "0,1,1,1,1,1\n", "is no history as"),
        (HEADER, "no rows"),
        (HEADER + "0,1,1,1,1\n", "line 2"),
        (HEADER + "0,1,1,one,1,1\n", "line 2.*'one'"),
        (HEADER + "-1,1,1,1,1,1\n", "its row 1, of epoch -1, has an epoch that is no whole number"),
        (HEADER + "0.5,1,1,1,1,1\n", "row 1, of epoch 0.5, has an epoch that is no"),
        (
            HEADER + "0,1,1,1,1,1\n2,1,1,1,1,1\n2,1,1,1,1,1\n",
            "row 3, of epoch 2, has an epoch that does not come",
        ),
        (HEADER + "0,1,1,1,1,1\n1e16,1,1,1,1,1\n", "row 2, of epoch 1e\\+16, has an epoch that is no"),
        (
            HEADER + "0,1,1,1,1,1\n1,1,-1e-9,1,1,1\n",
            "row 2, of epoch 1, has a loss, an excess or a norm below 0",
        ),
    ],
)
def test_what_is_no_history_is_refused_in_a_line(tmp_path, text, reason):
    path = tmp_path / "h.csv"
    path.write_text(text)
    with pytest.raises(DataError, match=reason) as error:
        read_history(str(path))
    assert "h.csv" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_run_is_a_history_in_the_units_of_descent():
    plan = plan_of(Moments.of_rows(oracles.lab_rows()), TrainingSettings(epochs=3, standardize=True))
    records = list(descend(plan))
    history = History.of(records, ["x"], intercept=True)
    assert history.epochs.tolist() == [0, 1, 2, 3]
    assert history.loss.tolist() == [record.loss for record in records]
    assert history.theta.tolist() == [record.theta.tolist() for record in records]
    assert history.validation_loss is None
    assert len(history.thinned().epochs) == 4


@pytest.mark.parametrize("n_epochs", [0, 1, 199, 200, 201, 5000, 1_000_000])
def test_a_long_run_is_thinned_to_what_a_picture_can_show(n_epochs):
    """From its first epoch to its last, with no gap that could be seen on a linear or on a log axis."""
    epochs = np.arange(n_epochs + 1.0)
    theta = epochs[:, np.newaxis]
    few = History(("x",), False, epochs, epochs, epochs, epochs, theta).thinned()  # noqa: FBT003
    assert few.epochs[[0, -1]].tolist() == [0, n_epochs]
    assert len(few.epochs) <= 2000
    gaps = np.diff(few.epochs)
    assert np.all((gaps <= np.maximum(1.0, 0.03 * few.epochs[:-1])) & (gaps <= max(1, n_epochs / 1000)))
    for values in (few.loss, few.excess, few.validation_loss, few.theta[:, 0]):
        assert values.tolist() == few.epochs.tolist()


def test_the_next_epoch_of_a_thinned_run_is_a_later_one():
    """Also beyond what was thought to be the last."""
    assert all(next_thinned(epoch, last) > epoch for epoch in range(3000) for last in (10, 1000, 2999))
