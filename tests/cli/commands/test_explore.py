"""`lrfit explore`: the file that it writes, what it says, and what it refuses."""

import json
import re
import shlex
import sys
from pathlib import Path

import pytest
from commands_run import assert_within_the_contract, run_command

from lrfit.cli.commands import explore
from lrfit.messages import shown

SAMPLES = Path(__file__).parents[3] / "sample_data"
LAB = SAMPLES / "lab.csv"


@pytest.fixture
def explored(tmp_path):
    """What is in the page of these arguments."""

    def run(*arguments, stdin=b""):
        page = tmp_path / "page.html"
        result = run_command("explore", "-q", "-o", page, *arguments, stdin=stdin)
        assert (result.code, result.out) == (0, b""), result.err
        text = re.search(r'<script id="contents" type="application/json">(.*?)</script>', page.read_text())
        return json.loads(text[1])

    return run


def test_it_says_what_it_has_written(tmp_path):
    page = tmp_path / "page.html"
    result = run_command("explore", LAB, "-o", page)
    assert (result.code, result.out) == (0, b"")
    size = f"{page.stat().st_size / 1e6:.1f} MB"
    assert result.err.splitlines() == [
        f"'{LAB}': 17 rows, target 'y', features 'x'",
        f"wrote {shown(str(page))} ({size}); open it in a browser",
    ]


def test_it_warns_as_train_does(tmp_path):
    for data in (b"year,y\n1990,1\n2000,2\n", b"x,y\n1,2\n1,3\n"):
        arguments = ["-", "--lr", "3"]
        explore, train = (
            run_command(*command, *arguments, stdin=data)
            for command in (["explore", "-o", tmp_path / "page.html"], ["train"])
        )
        assert (explore.code, train.code) == (0, 3)
        warnings = [line for line in explore.err.splitlines() if "warning" in line]
        assert warnings
        assert warnings == [line for line in train.err.splitlines() if "warning" in line]


def test_the_page_begins_with_the_settings(explored):
    contents = explored(
        SAMPLES / "longley.csv", "--lr", "0.3", "--momentum", "0.5", "--standardize", "--l2", "2"
    )
    assert [contents[name] for name in ("learning_rate", "momentum", "l2")] == [0.3, 0.5, 2.0]
    assert contents["standardize"]
    assert explored(LAB, "--lr", "auto")["learning_rate"] == pytest.approx(0.0441673, rel=1e-5)
    assert explored(LAB, "--batch-size", "5")["batch_size"] == 5


def test_the_data_may_come_from_standard_input(explored):
    contents = explored("-", stdin=LAB.read_bytes())
    assert contents["source"] == "standard input"
    assert contents["command"] == "lrfit train - --standardize"
    assert explored("-", "--intercept", "--no-header", stdin=b"1,2\n")["command"] == (
        "lrfit train - --no-header --intercept --standardize"
    )
    assert contents["n_samples"] == 17


CITIES = b"city,size,rent,n\n,[m2],$,\n" + b"".join(
    b"%s,%d,%d,%d\n" % ((b"rome", b"berlin", b"london")[i % 3], 30 + i, 300 + 9 * i + i % 4, 1 + i % 4)
    for i in range(12)
)


def test_words_units_and_weights_are_read_as_by_train(explored):
    options = ["--skip-below", "1", "--categories", "city", "-y", "rent", "--weights", "n"]
    contents = explored("-", *options, stdin=CITIES)
    assert contents["features"] == ["city=london", "city=rome", "size"]
    assert contents["labels"] == ["city=london", "city=rome", "size [m2]", "rent [$]"]
    assert not contents["is_date"]
    _, *arguments = shlex.split(contents["command"])
    document = json.loads(run_command(*arguments, "-q", "--format", "json", stdin=CITIES).out)
    best = document["data"]["least_squares"]
    assert contents["optimum"] == pytest.approx([*best["weights"].values(), best["intercept"]], rel=1e-9)
    assert contents["minimum"] == pytest.approx(best["loss"], rel=1e-9)


def test_a_page_knows_that_x_is_a_date(explored):
    contents = explored("-", "--dates", "x", stdin=b"x,y\n2026-01-01,1\n2026-01-03,2\n")
    assert contents["is_date"]
    assert [row[0] * contents["scale"][0] + contents["shift"][0] for row in contents["rows"]] == [
        20454.0,
        20456.0,
    ]
    two = b"x,z,y\n2026-01-01,5,1\n2026-01-03,6,2\n"
    assert not explored("-", "--dates", "x", stdin=two)["is_date"]


def test_the_command_in_the_page_reads_the_same_data(explored, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("-a b.csv").write_text('"p,q";r;y\n1,5;2;3\n2;;3\n2;3,5;4\n')
    options = ["--sep", ";", "--decimal", ",", "--missing", "drop", "-y", "r", "-x", '"p,q"', "-x", "y"]
    model = ["--no-intercept", "--init", "-1,2", "--seed", "3", "--standardize", "--momentum", "0.5"]
    contents = explored(*options, *model, "--", "-a b.csv")
    lrfit, *arguments = shlex.split(contents["command"])
    assert lrfit == "lrfit"
    assert "--momentum" not in contents["command"]
    result = run_command(*arguments, "-q", "--format", "json", "--epochs", "1")
    assert result.code == 0, result.err
    document = json.loads(result.out)
    assert list(document["weights"]) == contents["features"] == ["p,q", "y"]
    assert document["data"]["n_samples"] == contents["n_samples"] == 2
    optimum = list(document["data"]["least_squares"]["weights"].values())
    assert contents["optimum"] == pytest.approx(optimum, rel=1e-12)


@pytest.mark.parametrize(
    "rows",
    [
        b"x,y\n1,2\n",
        b"x,y\n1,2\n3,5\n",
        b"x,y\n1,2\n1,5\n",
        b"x,y\n1,2\n2,2\n",
        b"x,y\n0,0\n0,0\n",
        b"a,b,y\n1,2,3\n2,4,1\n3,6,2\n",
        b"x,y\n1e140,1\n2e140,3\n",
        b"x,y\n1,1e149\n2,3e149\n",
    ],
)
def test_odd_data_give_a_page(explored, rows):
    assert explored("-", stdin=rows)["points"]
    assert explored("-", "--standardize", "--lr", "auto", stdin=rows)["points"]


@pytest.mark.parametrize(
    ("rows", "code", "message"),
    [
        (b"", 1, "is empty"),
        (b"x,y\n1,a\n", 1, "'a'"),
        (b"x,y\n1e200,1\n2,3\n", 3, "values beyond 1e+150"),
    ],
)
def test_what_cannot_be_shown_is_one_clear_line(tmp_path, rows, code, message):
    result = run_command("explore", "-", "-o", tmp_path / "page.html", stdin=rows)
    assert result.code == code
    assert message in result.err
    assert_within_the_contract(result)
    assert not list(tmp_path.iterdir())


def test_settings_that_the_page_does_not_honour_are_no_options():
    options = {name for option in explore.command.params for name in option.opts}
    assert options >= {"--lr", "--momentum", "--batch-size", "--standardize", "--l2", "--init", "--intercept"}
    assert not options & {"--epochs", "--nesterov", "--schedule", "--clip-norm", "--average", "--tol"}


def test_a_page_needs_a_file_of_its_own(tmp_path):
    data = tmp_path / "data.csv"
    data.write_bytes(LAB.read_bytes())
    for arguments, code, message in (
        ([], 2, "Missing option '-o'"),
        (["-o", "-"], 2, "a page goes to a file"),
        (["-o", data], 2, "--output and DATA are the same file"),
        (["-o", tmp_path / "none" / "page.html"], 1, "there is no folder"),
    ):
        result = run_command("explore", data, *arguments)
        assert (result.code, message in result.err) == (code, True), result.err
    assert data.read_bytes() == LAB.read_bytes()


def test_without_plotly_it_names_the_command_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "plotly", None)
    result = run_command("explore", LAB, "-o", tmp_path / "page.html")
    assert result.code == 2
    assert "the page needs plotly: pip install plotly" in result.err


def test_steps_of_some_rows_are_refused_where_rows_have_weights(tmp_path):
    arguments = ["-", "--weights", "n", "--batch-size", "2", "-o", tmp_path / "page.html"]
    result = run_command("explore", *arguments, stdin=b"x,y,n\n1,2,1\n2,3,2\n3,5,1\n")
    assert_within_the_contract(result)
    assert result.code == 2
    assert "leave out --batch-size or --weights" in result.err
