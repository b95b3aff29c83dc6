"""Reports: what goes to stdout reads back to the same bits; what is for eyes fits the width."""

import csv
import io
import json
import re
import unicodedata
from dataclasses import asdict, replace
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest
from commands_run import run_command
from depth import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from lrfit.cli import report
from lrfit.cli.progress_table import ProgressTable, next_reported
from lrfit.data.csv.writer import csv_line
from lrfit.model import document_file
from lrfit.model.document import DataSummary, LeastSquaresSummary, ModelDocument, TrainingSummary
from lrfit.model.evaluation import Evaluation
from lrfit.training.record import EpochRecord
from lrfit.views.number_texts import digits_of_error, significant

LAB = Path(__file__).parents[2] / "sample_data" / "lab.csv"
NUMBERS = st.floats(allow_nan=False, allow_infinity=False)
LOSSES = st.just(0.0) | st.floats(1e-150, 1e150)
INFERENCE = ["t", "p", "low_95", "high_95"]
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
    return ModelDocument(
        "y", {name: draw(NUMBERS) for name in names}, draw(NUMBERS) if intercept else 0.0, training, data
    )


FIT = ModelDocument(
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
@settings(max_examples=cases(100, 200), deadline=None)
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


def cells(text):
    """Columns of a terminal that text takes."""
    return sum(
        0 if unicodedata.category(c) in ("Mn", "Me") else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in text
    )


@given(fits())
@settings(max_examples=cases(100, 200), deadline=None)
def test_the_text_of_a_fit_is_printable_finite_and_aligned(fit):
    text = report.fit_text(fit)
    assert text.endswith("\n")
    assert all(line.isprintable() and line == line.rstrip() for line in text.splitlines())
    (header, *rows), measures = sections(text)
    assert not {"inf", "-inf", "nan"} & {*measures.values(), *(cell for row in rows for cell in row[1:])}
    lines = text.split("\n\n")[0].splitlines()
    starts = [lines[0].index(title) for title in header[1:]]
    for line, row in zip(lines[1:], rows, strict=True):
        wider = cells(row[0]) - len(row[0])  # on a terminal than in a string
        assert [line[start - wider :].split()[0] for start in starts] == row[1:]
        assert all(line[start - wider - 2 : start - wider] == "  " for start in starts)


@pytest.mark.parametrize(
    "name", ["温度計", "\uff59", "e\u0301te\u0301", "größe", "온도", "温度\u0308x", "λ…·"]
)
def test_columns_stand_below_each_other_as_a_terminal_shows_them(name):
    """By the widths of rich, in the result and in the progress."""
    best = replace(FIT.data.least_squares, weights={name: 1.0}, standard_errors={name: 1.0, "intercept": 1.0})
    fit = replace(FIT, weights={name: 1.0}, data=replace(FIT.data, least_squares=best))
    lines = report.fit_text(fit).splitlines()[:3]
    starts = [
        cell_len(line[: line.index(value)])
        for line, value in zip(lines, ("value", "1.0", "0.5"), strict=True)
    ]
    assert len(set(starts)) == 1
    table = ProgressTable([name, name * 9], 200, intercept=True, last_epoch=1)
    assert cell_len(table.header) == len(ProgressTable(["x", "z"], 200, intercept=True, last_epoch=1).header)


def test_a_name_without_end_does_not_make_all_rows_as_long():
    names = ["m" * 1_000_000, *(f"x{i}" for i in range(1000))]
    numbers = dict.fromkeys(names, 1.0)
    best = replace(FIT.data.least_squares, weights=numbers, standard_errors={**numbers, "intercept": 1.0})
    fit = replace(FIT, weights=numbers, data=replace(FIT.data, least_squares=best))
    assert len(report.fit_text(fit)) < 4_000_000


@given(st.lists(NAMES.filter(lambda name: name != "intercept"), min_size=1, max_size=4, unique=True))
@settings(max_examples=cases(100, 200), deadline=None)
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
@settings(max_examples=cases(100, 200), deadline=None)
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


def record(epoch=0, **fields):
    """A record of which most does not matter."""
    return EpochRecord(
        **{
            "epoch": epoch,
            "loss": 0.5,
            "change": None,
            "weights": np.array([1.0]),
            "intercept": 2.0,
            "excess": 0.25,
            "gradient_norm": 0.125,
            "validation_loss": None,
            "relative_excess": 0.5,
            "theta": np.array([1.0, 2.0]),
            "variables": {},
            **fields,
        }
    )


@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=10), min_size=1, max_size=4),
    st.sampled_from(",;\t|"),
)
@settings(max_examples=cases(100, 200), deadline=None)
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


def test_progress_of_one_feature_fits_into_79_characters():
    table = ProgressTable(["x"], 79, intercept=True, last_epoch=1000)
    start = record(0, loss=3.05001612, weights=np.array([0.0]), intercept=0.0, excess=2.97, gradient_norm=5.1)
    later = record(
        1000,
        loss=0.0799838423,
        change=-7.43e-6,
        weights=np.array([-1.23456789e-5]),
        intercept=0.57664199255,
        excess=0.00305500529,
        gradient_norm=0.0123456,
    )
    assert [table.header, table.row(start), table.row(later)] == [
        "  epoch          loss    change    excess  gradient             W             b",
        "      0     3.0500161                2.97       5.1             0             0",
        "   1000   0.079983842 -7.43e-06   0.00306    0.0123 -1.234568e-05      0.576642",
    ]


@given(
    width=st.integers(31, 200),
    features=st.sampled_from(FEATURES),
    intercept=st.booleans(),
    validation=st.booleans(),
    numbers=st.lists(NUMBERS | st.just(-1.2345678e-105), min_size=17, max_size=17),
    has_change=st.booleans(),
    epochs=st.lists(st.integers(0, 10**12), min_size=2, max_size=2).map(sorted),
)
@settings(max_examples=cases(100, 400), deadline=None)
def test_progress_keeps_its_columns_apart_and_within_the_width(
    width, features, intercept, validation, numbers, has_change, epochs
):
    epoch, last_epoch = epochs
    table = ProgressTable(features, width, intercept=intercept, last_epoch=last_epoch, validation=validation)
    loss, change, excess, gradient, validation_loss, *parameters = numbers
    row = table.row(
        record(
            epoch,
            loss=loss,
            change=change if has_change else None,
            weights=np.array(parameters[: len(features)]),
            intercept=parameters[-1] if intercept else 0.0,
            excess=excess,
            gradient_norm=gradient,
            validation_loss=validation_loss if validation else None,
        )
    )
    assert len(row) == len(table.header) <= max(width, len(f" {last_epoch}") + 24)
    of_features = dict(zip([f"W[{name}]" for name in features], parameters, strict=False))
    want = {
        "epoch": epoch,
        "loss": loss,
        "change": change,
        "excess": excess,
        "gradient": gradient,
        "validation": validation_loss,
        "W": parameters[0],
        "b": parameters[-1],
        **of_features,
    }
    titles = [title for title in table.header.split() if has_change or title != "change"]
    cells = row.split()
    for title, cell in zip(titles, cells, strict=True):
        rel = Decimal("0.05" if title in ("change", "excess", "gradient") else "5e-6")
        assert Decimal(cell) == pytest.approx(Decimal(want[title]), rel=rel, abs=Decimal(0))
    ends = [match.end() for match in re.finditer(r"\S+", row)]
    assert ends == [match.end() for match in re.finditer(r"\S+", table.header) if match[0] in titles]


@pytest.mark.parametrize(
    ("width", "n_features", "intercept", "validation", "titles"),
    [
        (31, 1, True, False, "epoch loss change"),
        (40, 1, True, False, "epoch loss change"),
        (60, 1, True, False, "epoch loss change W b"),
        (69, 1, True, False, "epoch loss change excess W b"),
        (78, 1, True, False, "epoch loss change excess W b"),
        (79, 1, True, False, "epoch loss change excess gradient W b"),
        (80, 1, False, False, "epoch loss change excess gradient W"),
        (44, 1, True, False, "epoch loss change"),
        (44, 1, True, True, "epoch loss change"),
        (45, 1, True, True, "epoch loss change validation"),
        (93, 1, True, True, "epoch loss change validation excess gradient W b"),
        (79, 5, True, False, "epoch loss change excess gradient W[f0] b"),
        (79, 5, False, False, "epoch loss change excess gradient W[f0] W[f1]"),
        (92, 2, True, False, "epoch loss change excess gradient W[f0] b"),
        (93, 2, True, False, "epoch loss change excess gradient W[f0] W[f1] b"),
        (120, 5, True, False, "epoch loss change excess gradient W[f0] W[f1] W[f2] b"),
        (20, 1, True, False, "epoch loss change"),
    ],
)
def test_what_progress_shows_when_the_width_is_short(width, n_features, intercept, validation, titles):
    table = ProgressTable(
        [f"f{i}" for i in range(n_features)],
        width,
        intercept=intercept,
        last_epoch=100,
        validation=validation,
    )
    assert table.header.split() == titles.split()
    n_shown = sum(title[0] in "Wb" for title in titles.split())
    assert table.n_hidden == n_features + intercept - n_shown


def test_progress_makes_room_for_many_epochs():
    table = ProgressTable(["x"], 60, intercept=True, last_epoch=123_456_789)
    assert table.header == "     epoch          loss    change             W"
    assert table.row(record(123_456_789)).startswith(" 123456789           0.5 ")


def test_progress_shows_values_below_their_titles():
    table = ProgressTable(["x", "z"], 200, intercept=True, last_epoch=64, validation=True)
    row = table.row(record(64, change=-0.25, weights=np.array([1.5, -2.0]), validation_loss=0.75))
    assert dict(zip(table.header.split(), row.split(), strict=True)) == {
        "epoch": "64",
        "loss": "0.5",
        "change": "-0.25",
        "validation": "0.75",
        "excess": "0.25",
        "gradient": "0.125",
        "W[x]": "1.5",
        "W[z]": "-2",
        "b": "2",
    }


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True), st.sampled_from([40, 80, 120]))
@settings(max_examples=cases(100, 200), deadline=None)
def test_titles_of_progress_are_printable_and_fit_whatever_the_features_are_called(names, width):
    table = ProgressTable(names, width, intercept=True, last_epoch=100)
    assert table.header.isprintable()
    assert cells(table.header) <= width
    assert len(table.header) <= 20 * len(names) + 100


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
    shown = [0]
    while shown[-1] < last:
        shown.append(min(last, next_reported(shown[-1], every)))
    assert shown == epochs


def test_with_a_penalty_the_optimum_stands_beside_least_squares():
    result = run_command("train", LAB, "--standardize", "--lr", "auto", "--l2", "0.5", "-q")
    title, x, intercept = result.out.decode().splitlines()[:3]
    columns = ["parameter", "value", "optimum", "least_squares", "standard_error", *INFERENCE]
    assert title.split() == columns
    value, optimum, least_squares = map(float, x.split()[1:4])
    assert value == pytest.approx(optimum, rel=1e-12)
    assert optimum == pytest.approx(least_squares / 1.5, rel=1e-12)
    assert intercept.split()[0] == "intercept"


def test_results_are_tables_too():
    for name, separator in (("csv", ","), ("tsv", "\t")):
        result = run_command("train", LAB, "-q", "--format", name)
        titles, *rows = csv.reader(io.StringIO(result.out.decode()), delimiter=separator)
        assert titles == ["parameter", "value", "least_squares", "standard_error", *INFERENCE]
        document = json.loads(run_command("train", LAB, "-q", "--format", "json").out)
        best = document["data"]["least_squares"]
        numbers = document["weights"]["x"], best["weights"]["x"], best["standard_errors"]["x"]
        inference = best["t"]["x"], best["p"]["x"], *best["interval_95"]["x"]
        assert rows[0] == ["x", *map(repr, [*numbers, *inference])]
        evaluated = run_command("evaluate", "-", LAB, "--format", name, stdin=json.dumps(document).encode())
        names, values = csv.reader(io.StringIO(evaluated.out.decode()), delimiter=separator)
        as_json = run_command("evaluate", "-", LAB, "--format", "json", stdin=json.dumps(document).encode())
        assert dict(zip(names, map(float, values), strict=True)) == json.loads(as_json.out)


def test_a_name_with_a_separator_is_quoted_and_what_is_not_known_is_empty():
    result = run_command("train", "-", "-q", "--format", "csv", stdin=b'"a,b",y\n1,2\n2,4\n')
    *_, intercept = rows = list(csv.reader(io.StringIO(result.out.decode())))
    assert rows[1][0] == "a,b"
    assert intercept[0] == "intercept"
    assert intercept[3:] == [""] * 5


def fit_of(path, *options):
    document = run_command("train", path, "-q", "--format", "json", *options).out
    return document_file.to_document(document, "m.json")


WIDE = """\
parameter  value  least_squares  standard_error  t      p         low_95  high_95
x          0.252  0.252          0.043           5.817  3.39e-05  0.159   0.344
intercept  0.80   0.80           0.29            2.775  0.0142    0.19    1.41

n_samples """

NARROWER = """\
parameter  value  least_squares  standard_error
x          0.252  0.252          0.043
intercept  0.80   0.80           0.29

parameter  t      p         low_95  high_95
x          5.817  3.39e-05  0.159   0.344
intercept  2.775  0.0142    0.19    1.41

n_samples """

NARROW = """\
parameter value least sq. std. err.
x         0.252 0.252     0.043
intercept 0.80  0.80      0.29

parameter t     p        low_95 high_95
x         5.817 3.39e-05 0.159  0.344
intercept 2.775 0.0142   0.19   1.41

n_samples """


@pytest.mark.parametrize(
    ("width", "beginning"),
    [(200, WIDE), (120, WIDE), (80, NARROWER), (70, NARROWER), (55, NARROW), (40, NARROW), (1, NARROW)],
)
def test_a_narrower_terminal_gets_two_tables_then_short_titles_and_no_explanations(width, beginning):
    text = report.fit_text(fit_of(LAB), digits_of_error, width)
    assert text.startswith(beginning)
    assert max(map(len, text.splitlines())) <= max(width, 39)


def test_without_inference_there_is_no_second_table():
    for width in (40, 80):
        assert len(report.fit_text(FIT, digits_of_error, width).split("\n\n")) == 2


def test_digits_that_are_asked_for_are_those_of_t_and_p_too():
    row = report.fit_text(fit_of(LAB), significant(2)).splitlines()[2]
    assert row.split() == ["intercept", "0.80", "0.80", "0.29", "2.8", "0.014", "0.19", "1.4"]


def test_a_statistic_that_is_not_defined_is_not_available_in_text_and_empty_in_csv():
    """As without any residual."""
    best = replace(
        FIT.data.least_squares,
        t={"speed": None, "intercept": 2.0},
        p={"speed": None, "intercept": 0.5},
        interval_95={"speed": None, "intercept": [-1.0, 2.5]},
    )
    fit = replace(FIT, data=replace(FIT.data, least_squares=best))
    speed, intercept = report.fit_text(fit).splitlines()[1:3]
    assert speed.split()[4:] == ["n/a"] * 4
    assert intercept.split()[4:] == ["2.0", "0.5", "-1.0", "2.5"]
    assert report.fit_csv(fit, ",").splitlines()[1] == "speed,0.28870947,0.25,0.04,,,,"


def test_without_an_intercept_it_has_no_inference():
    fit = fit_of(LAB, "--no-intercept")
    assert [line.split()[0] for line in report.fit_csv(fit, "\t").splitlines()] == ["parameter", "x"]
    best = fit.data.least_squares
    assert [column["intercept"] for column in (best.t, best.p, best.interval_95)] == [None] * 3
