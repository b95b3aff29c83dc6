"""Reports: what goes to stdout reads back to the same bits; what is for eyes fits the width."""

import csv
import io
import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrfit import report
from lrfit.evaluation import Evaluation
from lrfit.fit import DataSummary, LeastSquaresSummary, LinearFit, TrainingSummary
from lrfit.report import ProgressTable, csv_line, history_header, history_row, is_reported
from lrfit.training import EpochRecord

NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
LOSSES = st.just(0.0) | st.floats(1e-150, 1e150)
NAMES = st.text(st.characters(exclude_categories=["Cs"]), max_size=120)


@st.composite
def fits(draw):
    names = draw(
        st.lists(NAMES.filter(lambda name: name != "intercept"), min_size=1, max_size=4, unique=True)
    )
    intercept = draw(st.booleans())
    least_squares = LeastSquaresSummary(
        {name: draw(NUMBERS) for name in names},
        draw(NUMBERS) if intercept else 0.0,
        draw(LOSSES),
        {name: draw(st.none() | LOSSES) for name in [*names, *["intercept"] * intercept]},
    )
    loss, n_samples = draw(LOSSES), draw(st.integers(1, 10**12))
    training = TrainingSummary(loss, 100, 0.01, None, True, 0, False, intercept, "epochs")  # noqa: FBT003
    data = DataSummary(
        n_samples,
        draw(st.none() | NUMBERS),
        draw(LOSSES),
        draw(LOSSES),
        draw(st.none() | LOSSES),
        least_squares,
    )
    return LinearFit(
        "y", {name: draw(NUMBERS) for name in names}, draw(NUMBERS) if intercept else 0.0, training, data
    )


FIT = LinearFit(
    "y",
    {"speed": 0.28870947},
    0.53595951,
    TrainingSummary(0.75, 1000, 0.01, None, True, 0, False, True, "epochs"),  # noqa: FBT003
    DataSummary(
        17,
        0.67,
        0.4,
        0.25,
        0.0443,
        LeastSquaresSummary({"speed": 0.25}, 0.8, 0.5, {"speed": 0.04, "intercept": 0.3}),
    ),
)


def hexes(numbers):
    """Numbers, or their texts, such that only the same bits are equal; n/a is None."""
    return [None if n is None or n == "n/a" else float(n).hex() for n in numbers]


def sections(text):
    """The table of parameters, whose names may hold quoted blanks, and the list of measures."""
    parameters, measures = text.split("\n\n")
    rows = [line.rsplit(maxsplit=3) for line in parameters.splitlines()]
    return rows, dict(line.split(maxsplit=2)[:2] for line in measures.splitlines())


# The text of a fit.


@given(fits())
@settings(max_examples=200, deadline=None)
def test_numbers_in_the_text_of_a_fit_read_back_to_the_same_bits(fit):
    (header, *rows), measures = sections(report.fit_text(fit))
    best = fit.data.least_squares
    assert header == ["parameter", "value", "least_squares", "standard_error"]
    values = [*fit.weights.values(), *[fit.intercept] * fit.training.fit_intercept]
    optima = [*best.weights.values(), *[best.intercept] * fit.training.fit_intercept]
    assert hexes(row[1] for row in rows) == hexes(values)
    assert hexes(row[3] for row in rows) == hexes(best.standard_errors.values())
    assert hexes(row[2] for row in rows) == hexes(optima)
    shown = [measures[name] for name in ("loss", "rmse", "r2", "least_squares_loss", "best_constant_loss")]
    assert hexes(shown) == hexes(
        [fit.training.loss, fit.data.rmse, fit.data.r2, best.loss, fit.data.best_constant_loss]
    )
    assert measures["n_samples"] == str(fit.data.n_samples)


@given(fits())
@settings(max_examples=200, deadline=None)
def test_the_text_of_a_fit_is_printable_finite_and_aligned(fit):
    text = report.fit_text(fit)
    assert text.endswith("\n")
    assert all(line.isprintable() and line == line.rstrip() for line in text.splitlines())
    (header, *rows), measures = sections(text)
    assert not {"inf", "-inf", "nan"} & {*measures.values(), *(cell for row in rows for cell in row[1:])}
    lines = text.split("\n\n")[0].splitlines()
    starts = [lines[0].index(title) for title in header[1:]]
    for line, row in zip(lines[1:], rows, strict=True):
        assert [line[start:].split()[0] for start in starts] == row[1:]
        assert all(line[start - 2 : start] == "  " for start in starts)


@given(st.lists(NAMES.filter(lambda name: name != "intercept"), min_size=1, max_size=4, unique=True))
@settings(max_examples=200, deadline=None)
def test_parameters_of_different_features_have_different_labels(names):
    """Nor can one be mistaken for the intercept."""
    numbers = dict.fromkeys(names, 1.0)
    best = LeastSquaresSummary(numbers, 0.0, 0.5, {**numbers, "intercept": 1.0})
    fit = replace(FIT, weights=numbers, data=replace(FIT.data, least_squares=best))
    (_, *rows), _ = sections(report.fit_text(fit))
    labels = [row[0] for row in rows]
    assert len(set(labels)) == len(names) + 1
    assert labels[-1] == "intercept"


@pytest.mark.parametrize("name", ["a" * 200, "the temperature of the cooling water " * 5, "温 度" * 50])
def test_a_long_name_is_not_cut_on_stdout(name):
    """Names that differ in their ends alone can be told apart."""
    best = replace(FIT.data.least_squares, weights={name: 1.0}, standard_errors={name: 1.0, "intercept": 1.0})
    fit = replace(FIT, weights={name: 1.0}, data=replace(FIT.data, least_squares=best))
    assert name in report.fit_text(fit)


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("speed", "speed"),
        ("größe", "größe"),
        ("[/red]", "[/red]"),
        ("x y", "'x y'"),
        ("", "''"),
        ("\x1b[31m", r"'\x1b[31m'"),
        ("\u202ex", r"'\u202ex'"),
        ("a\nb", r"'a\nb'"),
    ],
)
def test_a_label_is_the_name_itself_where_that_does_no_harm(name, label):
    best = replace(FIT.data.least_squares, weights={name: 1.0}, standard_errors={name: 1.0, "intercept": 1.0})
    fit = replace(FIT, weights={name: 1.0}, data=replace(FIT.data, least_squares=best))
    assert report.fit_text(fit).splitlines()[1].startswith(f"{label}  ")


def test_the_text_of_a_fit_says_how_far_from_the_optimum_it_is():
    rows, measures = sections(report.fit_text(FIT))
    assert rows[1:] == [["speed", "0.28870947", "0.25", "0.04"], ["intercept", "0.53595951", "0.8", "0.3"]]
    assert measures == {
        "n_samples": "17",
        "loss": "0.75",
        "rmse": "0.4",
        "r2": "0.67",
        "least_squares_loss": "0.5",
        "excess_loss": "0.25",
        "relative_excess": "0.5",
        "best_constant_loss": "0.25",
    }


def test_what_is_not_defined_is_said_to_be_not_available():
    best = LeastSquaresSummary({"speed": 0.25}, 0.0, 0.0, {"speed": None})
    fit = replace(
        FIT,
        training=replace(FIT.training, fit_intercept=False),
        data=replace(FIT.data, r2=None, least_squares=best),
    )
    rows, measures = sections(report.fit_text(fit))
    assert rows[1:] == [["speed", "0.28870947", "0.25", "n/a"]]
    assert (measures["r2"], measures["relative_excess"]) == ("n/a", "n/a")


def test_a_relative_excess_beyond_float64_is_not_printed_as_inf():
    best = replace(FIT.data.least_squares, loss=1e-20)
    fit = replace(FIT, training=replace(FIT.training, loss=1e300), data=replace(FIT.data, least_squares=best))
    assert sections(report.fit_text(fit))[1]["relative_excess"] == "n/a"


def test_a_loss_that_rounding_puts_below_the_optimum_is_no_negative_excess():
    fit = replace(FIT, training=replace(FIT.training, loss=0.49999999999999994))
    assert sections(report.fit_text(fit))[1]["excess_loss"] == "0.0"


def test_a_fit_written_by_hand_has_no_report():
    for fit in (replace(FIT, training=None), replace(FIT, data=None)):
        with pytest.raises(ValueError, match="not trained here"):
            report.fit_text(fit)


# Evaluations.

EVALUATIONS = st.builds(
    Evaluation, st.integers(1, 10**12), LOSSES, LOSSES, LOSSES, LOSSES, st.none() | NUMBERS, LOSSES
)
MEASURES = ["n_samples", "loss", "mse", "rmse", "mae", "r2", "max_error"]


@given(EVALUATIONS)
@settings(max_examples=200, deadline=None)
def test_an_evaluation_reads_back_to_the_same_bits_from_text_and_json(evaluation):
    lines = dict(line.split() for line in report.evaluation_text(evaluation).splitlines())
    assert list(lines) == MEASURES
    assert hexes(lines.values()) == hexes(asdict(evaluation).values())
    content = json.loads(report.evaluation_json(evaluation), parse_constant=pytest.fail)
    assert list(content) == MEASURES
    assert hexes(content.values()) == hexes(asdict(evaluation).values())
    assert isinstance(content["n_samples"], int)


def test_the_json_of_an_evaluation_ends_its_line():
    evaluation = Evaluation(1, 0.0, 0.0, 0.0, 0.0, None, 0.0)
    assert report.evaluation_json(evaluation).endswith("}\n")
    assert '"r2": null' in report.evaluation_json(evaluation)


# Histories.


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), min_size=1, max_size=4),
    st.booleans(),
    st.lists(st.tuples(LOSSES, st.lists(NUMBERS, min_size=4, max_size=4), NUMBERS), max_size=5),
)
@settings(max_examples=200, deadline=None)
def test_a_history_reads_back_to_the_same_bits(names, intercept, epochs):
    text = history_header(names, intercept=intercept)
    want = []
    for epoch, (loss, weights, b) in enumerate(epochs):
        record = EpochRecord(epoch, loss, None, np.array(weights[: len(names)]), b if intercept else 0.0)
        text += history_row(record, intercept=intercept)
        want.append([loss, *weights[: len(names)], *[b] * intercept])
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == ["epoch", "loss", *(f"W[{name}]" for name in names), *["b"] * intercept]
    assert [row[0] for row in rows] == [str(epoch) for epoch in range(len(epochs))]
    assert [hexes(row[1:]) for row in rows] == [hexes(numbers) for numbers in want]


def test_a_history_is_a_csv_of_lf_lines():
    record = EpochRecord(3, 0.5, -0.1, np.array([1.0, -2.5e-7]), 0.25)
    assert history_header(["x", "z,1"], intercept=True) == 'epoch,loss,W[x],"W[z,1]",b\n'
    assert history_row(record, intercept=True) == "3,0.5,1.0,-2.5e-07,0.25\n"
    assert history_row(record, intercept=False) == "3,0.5,1.0,-2.5e-07\n"


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), min_size=1, max_size=4),
    st.sampled_from(",;\t|"),
)
@settings(max_examples=200, deadline=None)
def test_a_line_of_csv_reads_back_whatever_its_fields_hold(fields, separator):
    line = csv_line(fields, separator)
    assert list(csv.reader(io.StringIO(line, newline=""), delimiter=separator, strict=True)) == [fields]


@pytest.mark.parametrize("field", ["a\nb", "a\rb", "a\r\nb", "\n"])
def test_a_line_break_in_a_field_is_quoted(field):
    assert csv_line([field, "c"]) == f'"{field}",c'


@pytest.mark.parametrize(("fields", "line"), [(["y_hat"], "y_hat"), (["a", "b c"], "a,b c"), (['"'], '""""')])
def test_plain_fields_are_not_quoted(fields, line):
    assert csv_line(fields) == line


# Progress.

FEATURES = [[f"feature_{i}" for i in range(n)] for n in (1, 2, 3, 5, 12)]


@given(
    width=st.sampled_from([40, 80, 120]),
    features=st.sampled_from(FEATURES),
    intercept=st.booleans(),
    numbers=st.lists(NUMBERS, min_size=13, max_size=13),
    loss=LOSSES,
    change=st.none() | NUMBERS,
    epoch=st.integers(0, 99_999_999),
)
@settings(max_examples=300, deadline=None)
@example(
    width=80,
    features=FEATURES[1],
    intercept=True,
    numbers=[-1.2345678e-05] * 13,
    loss=1.2345678e-05,
    change=-1.234e-10,
    epoch=1024,
)
@example(
    width=120,
    features=FEATURES[3],
    intercept=True,
    numbers=[-1.2345678e-05] * 13,
    loss=0.5,
    change=-1.234e-10,
    epoch=1024,
)
def test_progress_fits_in_the_width(width, features, intercept, numbers, loss, change, epoch):
    table = ProgressTable(features, width, intercept=intercept)
    weights = np.array(numbers[: len(features)])
    row = table.row(EpochRecord(epoch, loss, change, weights, numbers[-1] if intercept else 0.0))
    assert len(table.header) <= width
    assert len(row) <= width
    assert len(row) == len(table.header)
    cells = row.split()
    assert len(cells) == len(table.header.split()) - (change is None)
    assert int(cells[0]) == epoch
    assert float(cells[1]) == pytest.approx(loss, rel=1e-7)


@pytest.mark.parametrize(
    ("width", "n_features", "intercept", "header"),
    [
        (40, 1, True, ["epoch", "loss", "change"]),
        (80, 1, True, ["epoch", "loss", "change", "W", "b"]),
        (80, 1, False, ["epoch", "loss", "change", "W"]),
        (120, 2, True, ["epoch", "loss", "change", "W[feature_0]", "W[feature_1]", "b"]),
        (20, 1, True, ["epoch", "loss", "change"]),
        (1000, 3, False, ["epoch", "loss", "change", "W[feature_0]", "W[feature_1]", "W[feature_2]"]),
    ],
)
def test_progress_shows_the_parameters_while_they_fit(width, n_features, intercept, header):
    table = ProgressTable([f"feature_{i}" for i in range(n_features)], width, intercept=intercept)
    assert table.header.split() == header


def test_progress_shows_values_below_their_titles():
    table = ProgressTable(["x", "z"], 200, intercept=True)
    row = table.row(EpochRecord(64, 0.125, -0.25, np.array([1.5, -2.0]), 3.0))
    titles = table.header.split()
    assert dict(zip(titles, row.split(), strict=True)) == {
        "epoch": "64",
        "loss": "0.125",
        "change": "-0.25",
        "W[x]": "1.5",
        "W[z]": "-2",
        "b": "3",
    }
    for title, cell in zip(titles, row.split(), strict=True):
        assert table.header.index(title) + len(title) == row.index(f" {cell}") + 1 + len(cell)


def test_progress_at_the_start_shows_no_change():
    table = ProgressTable(["x"], 80, intercept=True)
    row = table.row(EpochRecord(0, 0.5, None, np.array([1.0]), 2.0))
    assert row.split() == ["0", "0.5", "1", "2"]
    assert len(row) == len(table.header)


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.sampled_from([40, 80, 120]))
@settings(max_examples=200, deadline=None)
def test_titles_of_progress_are_printable_and_fit_whatever_the_features_are_called(names, width):
    table = ProgressTable(names, width, intercept=True)
    assert table.header.isprintable()
    assert len(table.header) <= width


@pytest.mark.parametrize(
    ("last", "every", "epochs"),
    [
        (1, None, [0, 1]),
        (10, None, [0, 1, 2, 4, 8, 10]),
        (64, None, [0, 1, 2, 4, 8, 16, 32, 64]),
        (100, None, [0, 1, 2, 4, 8, 16, 32, 64, 100]),
        (10, 3, [0, 3, 6, 9, 10]),
        (9, 3, [0, 3, 6, 9]),
        (3, 1, [0, 1, 2, 3]),
        (5, 100, [0, 5]),
    ],
)
def test_progress_is_reported_at_the_start_the_last_and_powers_of_two_or_every_nth(last, every, epochs):
    assert [epoch for epoch in range(last + 1) if is_reported(epoch, last, every)] == epochs
