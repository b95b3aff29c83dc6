"""A model applied: other names of columns, one prediction, intervals, and the decimal mark of the file."""

import csv
import io
import json

import numpy as np
import pytest
from scipy import stats

from lrfit.cli.group_report import groups_text
from lrfit.model.document import ModelDocument

ROWS = "".join(f"{x},{2.0 * x + 1.0 + (-1) ** x * 0.1:.3f}\n" for x in range(1, 13))
MODEL = {"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2.0}, "intercept": 0.1}
TWO = {**MODEL, "weights": {"rooms": 2.0, "area, m2": 0.5}, "target": "price"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    (tmp_path / "two.json").write_text(json.dumps(TWO))
    (tmp_path / "rows.csv").write_text(f"x,y\n{ROWS}")
    return tmp_path


def out_of(result, code=0):
    assert result.returncode == code, result.stderr
    return result.stdout.decode()


def says(result, *texts, code):
    assert result.returncode == code, result.stderr
    error = result.stderr.decode()
    for text in texts:
        assert text in error
    assert "Traceback" not in error


@pytest.mark.usefixtures("folder")
def test_x_says_which_columns_hold_the_features(here):
    assert out_of(here("predict", "m.json", "-", "-x", "speed", stdin=b"id,speed\n7,1\n8,2\n")) == (
        "id,speed,y_hat\n7,1,2.1\n8,2,4.1\n"
    )
    for names in ("2,1", "n,a", "n,1"):
        assert (
            out_of(here("predict", "two.json", "-", "-x", names, "--only", stdin=b"a,n\n8,1\n"))
            == "y_hat\n6.1\n"
        )
    rows = b"1,3\n2,4.5\n"
    assert (
        out_of(here("predict", "m.json", "-", "--no-header", "-x", "1", "--only", stdin=rows)) == "2.1\n4.1\n"
    )
    measured = here(
        "evaluate", "m.json", "-", "--no-header", "-x", "1", "-y", "2", "--format", "json", stdin=rows
    )
    assert json.loads(out_of(measured))["max_error"] == pytest.approx(0.9)


@pytest.mark.usefixtures("folder")
def test_x_of_other_columns_is_refused(here):
    says(
        here("predict", "two.json", "-", "-x", "a", stdin=b"a,n\n8,1\n"),
        "names 1 column, and the model has 2",
        code=2,
    )
    says(here("predict", "m.json", "-", "-x", "b", stdin=b"a,n\n8,1\n"), "no column 'b'", code=1)
    says(
        here("predict", "m.json", "-", stdin=b"a,n\n8,1\n"),
        "no column 'x'",
        "-x says which columns hold",
        code=1,
    )


def test_a_model_of_positions_says_so(here, folder):
    (folder / "first.csv").write_text("".join(f"{2 * x},{x}\n" for x in range(1, 6)))
    out_of(here("train", "first.csv", "--no-header", "-y", "1", "-o", "p.json", "-q"))
    result = here("predict", "p.json", "-", "--no-header", "--only", stdin=b"5,20\n")
    assert float(out_of(result)) == pytest.approx(40.0)
    assert "the model's features are columns by position, '2'; -x names others" in result.stderr.decode()
    result = here("predict", "p.json", "-", "--no-header", "--only", "-x", "1", stdin=b"20,5\n")
    assert float(out_of(result)) == pytest.approx(40.0)
    assert "by position" not in result.stderr.decode()


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("separator", [";", ",", "blanks"])
def test_decimal_commas_come_out_and_are_read_back(separator, here, folder):
    joint = {"blanks": "   "}.get(separator, separator)
    quote = '"' if separator == "," else ""
    rows = f"x{joint}y\n" + "".join(
        f"{quote}{x},5{quote}{joint}{quote}{2 * x},0{quote}\n" for x in range(1, 6)
    )
    (folder / "c.csv").write_text(rows)
    form = ["--sep", separator, "--decimal", ","]
    out_of(here("train", "c.csv", *form, "-o", "c.json", "-q"))
    predicted = out_of(here("predict", "c.json", "c.csv", *form))
    (folder / "d.csv").write_text(predicted)
    assert predicted.startswith(f"x{joint}y{joint.strip() or ' '}y_hat\n")
    again = out_of(here("train", "d.csv", *form, "-x", "y_hat", "-y", "y", "--format", "json", "-q"))
    assert json.loads(again)["weights"]["y_hat"] == pytest.approx(1.0)
    alone = out_of(here("predict", "c.json", "c.csv", *form, "--only")).splitlines()[1:]
    assert all("," in number and "." not in number for number in alone)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("kind", ["confidence", "prediction"])
@pytest.mark.parametrize("level", [0.95, 0.5])
def test_intervals_are_those_of_the_formula(kind, level, here):
    out_of(here("train", "rows.csv", "-o", "t.json", "-q"))
    command = ["predict", "t.json", "-", "--interval", kind, "--level", level]
    rows = list(csv.DictReader(io.StringIO(out_of(here(*command, stdin=b"x\n5\n-20\n300.5\n")))))
    x, y = np.loadtxt(io.StringIO(ROWS), delimiter=",").T
    line = stats.linregress(x, y)
    s = np.sqrt(np.sum((y - line.slope * x - line.intercept) ** 2) / (len(x) - 2))
    t = stats.t.ppf(0.5 + level / 2, len(x) - 2)
    for row in rows:
        at = float(row["x"])
        leverage = 1 / len(x) + (at - x.mean()) ** 2 / np.sum((x - x.mean()) ** 2)
        half = t * s * np.sqrt(leverage + (kind == "prediction"))
        y_hat, low, high = (float(row[name]) for name in ("y_hat", "y_hat_low", "y_hat_high"))
        assert high - y_hat == pytest.approx(half, rel=1e-10)
        assert y_hat - low == pytest.approx(half, rel=1e-10)


@pytest.mark.usefixtures("folder")
def test_intervals_of_a_model_that_does_not_keep_what_they_take_are_refused(here):
    says(here("predict", "m.json", "rows.csv", "--interval", "prediction"), "written by hand", code=1)
    says(
        here("predict", "m.json", "rows.csv", "--interval", "prediction", "--level", "95"), "below 1", code=2
    )


@pytest.mark.usefixtures("folder")
def test_one_prediction_needs_no_file(here):
    assert out_of(here("predict", "m.json", "--at", "x=3")) == "x,y_hat\n3,6.1\n"
    assert out_of(here("predict", "two.json", "--at", 'rooms=3,"area, m2=100"', "--only")) == "y_hat\n56.1\n"
    assert out_of(here("predict", "m.json", "--at", '"x=3,5"', "--decimal", ",")) == 'x,y_hat\n"3,5","7,1"\n'


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("arguments", "text", "code"),
    [
        (["two.json", "--at", "rooms=3"], "there is no value of 'area, m2'", 2),
        (["m.json", "--at", "z=3"], "'z=3' is not NAME=VALUE with one of the names 'x'", 2),
        (["m.json", "--at", "x=1,x=2"], "'x' has two values", 2),
        (["m.json", "--at", "x=one"], "'one' is not a number", 1),
        (["m.json", "rows.csv", "--at", "x=1"], "--at and DATA exclude each other", 2),
    ],
)
def test_what_at_cannot_mean_is_refused(arguments, text, code, here):
    says(here("predict", *arguments), text, code=code)


@pytest.mark.usefixtures("folder")
def test_the_words_of_a_model_are_read_strictly(here, folder):
    (folder / "c.csv").write_text(
        "city,day,rent\nrome,2026-01-01,5\noslo,2026-01-02,7\nrome,2026-01-05,6\noslo,2026-01-09,9\n"
    )
    out_of(here("train", "c.csv", "--categories", "city", "--dates", "day", "-o", "c.json", "-q"))
    document = json.loads((folder / "c.json").read_text())
    assert document["columns"] == {
        "city": {"kind": "category", "levels": ["oslo", "rome"]},
        "day": {"kind": "date", "levels": None},
    }
    says(
        here("predict", "c.json", "-", stdin=b"day,city\n2026-02-01,oslo\n2026-02-01,paris\n"),
        "line 3, column 'city': 'paris' is a level that the model has not seen; it knows 'oslo', 'rome'",
        code=1,
    )
    says(
        here("predict", "c.json", "-", stdin=b"day,city\n3,oslo\n"),
        "line 2, column 'day': '3' is not a date",
        code=1,
    )
    broken = {
        **document,
        "columns": {**document["columns"], "city": {"kind": "category", "levels": ["rome", "oslo"]}},
    }
    for change, text in (
        (broken, "has to be sorted"),
        (
            {**document, "columns": {"city": document["columns"]["city"]}},
            "'columns' has other features than 'weights'",
        ),
        ({**document, "columns": {"city": {"kind": "word"}}}, "one of number, date, category"),
        (
            {**document, "columns": {"city": {"kind": "category"}, "day": {"kind": "date"}}},
            "a category has levels",
        ),
    ):
        (folder / "b.json").write_text(json.dumps(change))
        says(here("predict", "b.json", "c.csv"), text, code=1)


@pytest.mark.usefixtures("folder")
def test_models_of_groups_belong_together(here, folder):
    line = {**MODEL, "group": {"column": "g", "level": "a"}}
    other = {**line, "group": {"column": "g", "level": "b"}, "weights": {"x": 3.0}}
    lines = [json.dumps(line), json.dumps(other)]
    (folder / "g.json").write_text("\n".join(lines) + "\n")
    assert (
        out_of(here("predict", "g.json", "-", "--only", stdin=b"g,x\na,1\nb,1\na,2\n"))
        == "y_hat\n2.1\n3.1\n4.1\n"
    )
    assert out_of(here("predict", "g.json", "--at", "x=1,g=b", "--only")) == "y_hat\n3.1\n"
    says(
        here("predict", "g.json", "-", stdin=b"g,x\nc,1\n"),
        "'c' is a level that the model has not seen",
        code=1,
    )
    says(here("plot", "g.json", "rows.csv"), "a model for each of 2 groups, and one is needed", code=1)
    (folder / "g.json").write_text("\n".join([lines[0], lines[0]]))
    says(here("predict", "g.json", "rows.csv"), "not those of the groups of one table", code=1)


@pytest.mark.usefixtures("folder")
def test_groups_exclude_what_is_for_one_run(here):
    for option in (
        ["--history", "h.csv"],
        ["--validation", "rows.csv"],
        ["--checkpoint-every", "5"],
        ["--every", "2"],
    ):
        says(
            here("train", "rows.csv", "--by", "x", "-o", "m.json", *option),
            f"--by and {option[0]} exclude",
            code=2,
        )


def test_groups_are_a_table_and_a_line_each(here, folder):
    rows = "".join(f"{g},{x},{k * x + 1}\n" for g, k in (("p", 2), ("q", -1)) for x in range(5))
    (folder / "g.csv").write_text(f"g,x,y\n{rows}")
    result = here("train", "g.csv", "--by", "g", "-o", "g.json")
    text = out_of(result).splitlines()
    assert text[0].split() == ["g", "x", "intercept", "n_samples", "rmse", "r2"]
    assert [line.split()[0] for line in text[1:]] == ["p", "q"]
    assert "2 groups" in result.stderr.decode()
    table = list(
        csv.DictReader(io.StringIO(out_of(here("train", "g.csv", "--by", "g", "--format", "csv", "-q"))))
    )
    assert [float(row["x"]) for row in table] == pytest.approx([2.0, -1.0], abs=1e-5)
    documents = out_of(here("train", "g.csv", "--by", "g", "--format", "json", "-q"))
    assert documents == (folder / "g.json").read_text()
    assert out_of(here("train", "g.csv", "--by", "g", "--format", "tsv", "-q")).startswith(
        "g\tx\tintercept\t"
    )
    says(here("train", "g.csv", "--by", "g", "--lr", "9"), "g=p: ", "Nothing was saved", code=3)


@pytest.mark.usefixtures("folder")
def test_a_quote_that_is_not_closed_is_refused(here):
    says(here("predict", "m.json", "--at", '"x=1'), "unexpected end of data", code=2)


def test_a_report_of_groups_is_of_groups():
    with pytest.raises(ValueError, match="not that of a group"):
        groups_text([ModelDocument("y", {"x": 1.0}, 0.0)])
