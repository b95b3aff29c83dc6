"""Several files on the command line are one table; predict can write a file for each."""

import gzip
import json
from pathlib import Path

import oracles
import pytest

HEADER = "x,y\n"
LINES = [f"{x!r},{y!r}\n" for x, y in oracles.lab_rows().tolist()]
PARTS = ("part-1.csv", "part-2.csv", "part-3.csv.gz")


@pytest.fixture
def parts(here):
    """The lab's rows in three files, one of them packed, and in one."""
    Path("part-1.csv").write_text(HEADER + "".join(LINES[:5]))
    Path("part-2.csv").write_text(HEADER + "".join(LINES[5:9]))
    Path("part-3.csv.gz").write_bytes(gzip.compress((HEADER + "".join(LINES[9:])).encode()))
    Path("all.csv").write_text(HEADER + "".join(LINES))
    assert here("train", "all.csv", "-q", "-o", "m.json").returncode == 0
    return here


def numbers(result, *keys):
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    for key in keys:
        found = found[key]
    return found


@pytest.mark.parametrize("names", [PARTS, ["part-*"], ["part-[1-2].csv", "part-3.csv.gz"]])
def test_train_and_evaluate_take_them_as_one_table(parts, names):
    trained = parts("train", *names, "--lr", "0.01", "--epochs", "30", "--format", "json")
    alone = parts("train", "all.csv", "--lr", "0.01", "--epochs", "30", "--format", "json")
    assert numbers(trained, "weights", "x") == pytest.approx(numbers(alone, "weights", "x"), rel=1e-12)
    assert b"3 files: 17 rows, target 'y', features 'x'\n" in trained.stderr
    measured, of_one = (
        parts("evaluate", "m.json", *some, "--format", "json") for some in (names, ["all.csv"])
    )
    assert numbers(measured, "mse") == pytest.approx(numbers(of_one, "mse"), rel=1e-12)
    assert numbers(measured, "n_samples") == 17


def test_one_of_them_may_be_standard_input(parts):
    piped = parts(
        "train", "part-1.csv", "-", "part-3.csv.gz", "--format", "json", stdin=Path("part-2.csv").read_text()
    )
    assert numbers(piped, "data", "n_samples") == 17
    refused = parts("train", "-", "-", stdin="")
    assert (refused.returncode, refused.stdout) == (2, b"")
    assert refused.stderr.endswith(b"lrfit: error: DATA can be standard input only once\n")


def test_mini_batches_go_through_them_in_order(parts):
    settings = ["--batch-size", "4", "--epochs", "5", "--no-shuffle", "--format", "json", "--lr", "0.01"]
    of_parts, of_all = (parts("train", *some, *settings) for some in (PARTS, ["all.csv"]))
    assert numbers(of_parts, "weights") == numbers(of_all, "weights")


def test_a_part_without_rows_is_left_out_of_predictions(parts):
    Path("empty.csv").write_text(Path("part-1.csv").read_text().splitlines()[0] + "\n")
    result = parts("predict", "m.json", "empty.csv", "part-1.csv", "empty.csv", "part-2.csv")
    assert (result.returncode, result.stdout) == (0, parts("predict", "m.json", "part-[12].csv").stdout)
    assert b"'empty.csv' has a header, but no rows: there is nothing to predict" in result.stderr
    assert parts("predict", "m.json", "part-1.csv", "empty.csv", "-o", "{stem}.out").returncode == 0
    assert [path.name for path in Path().glob("*.out")] == ["part-1.out"]
    assert parts("predict", "m.json", "empty.csv", "empty.csv").returncode == 1


@pytest.mark.parametrize("command", ["train", "condense"])
def test_a_file_that_is_there_twice_is_noticed(parts, command):
    assert b"have the same rows" in parts(command, "part-1.csv", "part-[12].csv").stderr
    assert b"have the same rows" not in parts(command, "part-[12].csv").stderr


def test_rows_to_validate_on_may_be_in_several_files(parts):
    result = parts("train", "part-1.csv", "--validation", "part-[23]*", "--format", "json")
    assert b"training on 5 rows, validating on 12" in result.stderr


@pytest.mark.parametrize(
    "command", [["plot", "part-*"], ["plot", "m.json", *PARTS], ["explore", "part-*", "-o", "p.html"]]
)
def test_pictures_call_them_by_their_number(parts, command):
    result = parts(*command)
    assert result.returncode == 0, result.stderr
    assert "3 files" in (result.stdout.decode() or Path("p.html").read_text())


def test_a_graph_takes_them_too(parts):
    shown, of_one = (
        parts("graph", "--format", "json", *(f"--data={name}" for name in some))
        for some in (PARTS, ["all.csv"])
    )
    assert numbers(shown, "nodes") == numbers(of_one, "nodes")


def test_a_resumed_run_knows_its_files(parts):
    settings = ["--lr", "0.01", "--epochs", "5", "-q", "-o", "r.json"]
    assert parts("train", *PARTS, *settings).returncode == 0
    assert parts("train", "part-*", "--resume", "r.json", "-q").returncode == 0
    other = parts("train", "part-2.csv", "part-1.csv", "part-3.csv.gz", "--resume", "r.json", "-q")
    assert (other.returncode, other.stdout) == (2, b"")


def test_an_output_may_be_none_of_them(parts):
    result = parts("train", *PARTS, "-o", "part-2.csv")
    assert result.returncode == 2
    assert b"--output and DATA are the same file, 'part-2.csv'" in result.stderr


# Predictions.


def test_predict_writes_a_file_for_each(parts):
    Path("out").mkdir()
    result = parts("predict", "m.json", "part-*", "-o", "out/{stem}.csv")
    assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")
    assert sorted(path.name for path in Path("out").iterdir()) == ["part-1.csv", "part-2.csv", "part-3.csv"]
    lines = [line for i in (1, 2, 3) for line in Path(f"out/part-{i}.csv").read_text().splitlines()[1:]]
    assert lines == parts("predict", "m.json", "all.csv").stdout.decode().splitlines()[1:]


def test_predict_prints_them_as_one_table(parts):
    assert parts("predict", "m.json", *PARTS).stdout == parts("predict", "m.json", "all.csv").stdout


def test_predict_writes_one_file_whole_or_not_at_all(parts):
    assert parts("predict", "m.json", "all.csv", "-o", "p.csv", "--only").returncode == 0
    assert Path("p.csv").read_bytes() == parts("predict", "m.json", "all.csv", "--only").stdout
    Path("bad.csv").write_text(HEADER + "1,2\n" * 5 + "a,2\n")
    assert parts("predict", "m.json", "bad.csv", "-o", "p.csv").returncode == 1
    assert Path("p.csv").read_text().startswith("y_hat\n")
    assert not list(Path().glob(".lrfit-*"))


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            [*PARTS, "-o", "x.csv"],
            2,
            "-o 'x.csv' names one file for both 'part-1.csv' and 'part-2.csv': put {stem} in it",
        ),
        (
            ["part-1.csv", "./part-1.csv", "-o", "{stem}.out"],
            2,
            "names one file for both 'part-1.csv' and './part-1.csv'\n",
        ),
        (["part-1.csv", "-o", "part-1.csv"], 2, "--output and DATA are the same file, 'part-1.csv'"),
        (["part-1.csv", "-o", "m.json"], 2, "--output and MODEL are the same file, 'm.json'"),
        ([*PARTS, "-o", "no/{stem}.csv"], 1, "cannot be written: there is no folder"),
        (
            ["part-1.csv", "other.csv"],
            1,
            "'other.csv' has other columns than 'part-1.csv', or in another order",
        ),
        (["--at", "x=1", "part-1.csv"], 2, "--at and DATA exclude each other"),
    ],
)
def test_what_cannot_be_written_is_refused(parts, arguments, code, words):
    Path("other.csv").write_text("y,x\n1,2\n")
    before = sorted(Path().iterdir())
    result = parts("predict", "m.json", *arguments)
    assert result.returncode == code
    assert words in result.stderr.decode()
    assert sorted(Path().iterdir()) == before


def test_a_prediction_without_data_can_be_written_too(parts):
    assert parts("predict", "m.json", "--at", "x=1", "-o", "one.csv").returncode == 0
    assert Path("one.csv").read_text().startswith("x,y_hat\n1,")


def test_a_folder_is_refused_with_the_pattern_for_its_files(parts):
    Path("folder").mkdir()
    result = parts("train", "folder")
    assert result.returncode == 1
    assert (
        b"'folder' cannot be opened: Is a directory; for all files in it say 'folder/*.csv'\n"
        in result.stderr
    )
