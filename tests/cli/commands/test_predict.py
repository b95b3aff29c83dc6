"""`lrfit predict` in a real process."""

import csv
import json
import subprocess
import sys

import oracles
import pytest

from lrfit.cli.added_columns import Lines

LAB = oracles.SAMPLE_DATA / "lab.csv"
LAB_TEST = oracles.SAMPLE_DATA / "lab_test.csv"
MODEL = json.dumps(
    {"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2.0}, "intercept": 0.1}
)


@pytest.fixture
def model(tmp_path):
    (tmp_path / "m.json").write_text(MODEL)
    return "m.json"


def test_train_and_predict_work_in_a_pipeline_with_head(shell):
    result = shell(f"lrfit train {LAB} --format json -q | lrfit predict - {LAB_TEST} | head -3")
    assert result.returncode == 0
    assert result.stderr == b""
    header, *rows = result.stdout.decode().splitlines()
    assert header == "x,y,y_hat"
    assert [row.rsplit(",", 1)[0] for row in rows] == LAB_TEST.read_text().splitlines()[1:3]


def test_predictions_are_the_line_and_read_back(here, model):
    result = here("predict", model, LAB_TEST)
    for row in csv.DictReader(result.stdout.decode().splitlines()):
        assert float(row["y_hat"]) == float(row["x"]) * 2.0 + 0.1


def test_every_column_passes_through_as_it_was_written(here, model):
    data = 'id,x,"note, long"\r\n007, 1.50 ,"a ""b"""\r\n008,2e0,[/red]ä\r\n\r\n9,.5,"two\nlines"\r\n'
    result = here("predict", model, stdin=data)
    assert result.stdout.decode() == (
        'id,x,"note, long",y_hat\n007, 1.50 ,"a ""b""",3.1\n008,2e0,[/red]ä,4.1\n9,.5,"two\nlines",1.1\n'
    )


def test_only_name_separator_and_no_header(here, model, tmp_path):
    assert here("predict", model, "--only", stdin="x\n1\n2\n").stdout == b"y_hat\n2.1\n4.1\n"
    assert here("predict", model, "--name", "a,b", stdin="x\n1\n").stdout == b'x,"a,b"\n1,2.1\n'
    assert here("predict", model, "--sep", ";", stdin="k;x\n0;1\n").stdout == b"k;x;y_hat\n0;1;2.1\n"
    (tmp_path / "one.json").write_text(MODEL.replace('"x"', '"2"'))
    assert here("predict", "one.json", "--no-header", stdin="7,1\n").stdout == b"7,1,2.1\n"


def test_column_order_does_not_matter(here, tmp_path):
    document = json.loads(MODEL) | {"weights": {"a": 1.0, "b": 10.0}, "intercept": 0.0}
    (tmp_path / "m.json").write_text(json.dumps(document))
    assert here("predict", "m.json", "--only", stdin="b,c,a\n2,9,1\n").stdout == b"y_hat\n21.0\n"


def test_rows_come_out_as_they_come_in(model, tmp_path):
    with subprocess.Popen(
        [sys.executable, "-m", "lrfit", "predict", model],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=tmp_path,
    ) as process:
        for sent, expected in ((b"x\n1\n", [b"x,y_hat\n", b"1,2.1\n"]), (b"2\n", [b"2,4.1\n"])):
            process.stdin.write(sent)
            process.stdin.flush()
            assert [process.stdout.readline() for _ in expected] == expected
        process.stdin.close()
        assert process.wait(timeout=20) == 0


def test_predictions_have_the_same_bits_from_a_file_and_piecemeal(here, shell, tmp_path):
    rows = oracles.random_rows(5000, 6)
    names = [f"x{i}" for i in range(6)]
    text = ",".join([*names, "y"]) + "\n" + "".join(",".join(map(repr, row)) + "\n" for row in rows.tolist())
    (tmp_path / "d.csv").write_text(text)
    document = json.loads(MODEL) | {"weights": dict.fromkeys(names, 1 / 3)}
    (tmp_path / "m.json").write_text(json.dumps(document))
    middle = "tail -c +1001 d.csv | head -c 5555"
    pieces = f"{{ head -c 1000 d.csv; sleep 0.1; {middle}; sleep 0.1; tail -c +6556 d.csv; }}"
    whole = here("predict", "m.json", "d.csv", "--only").stdout
    assert len(whole.splitlines()) == 5001
    assert shell(f"{pieces} | lrfit predict m.json --only").stdout == whole


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("z\n1\n", "no column 'x'"),
        ("X\n1\n", "did you mean 'X'"),
        ("x,y_hat\n1,2\n", "--name"),
        ("x\nabc\n", "line 2, column 'x'"),
        ("x,y\n1,2\n1\n", "line 3"),
        ("x\n", "no rows"),
        ("x\n1e308\n", "beyond the range"),
    ],
)
def test_bad_data_exits_1(here, model, data, message):
    result = here("predict", model, stdin=data)
    assert result.returncode == 1
    assert message in result.stderr.decode()
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "text", ["", "{}", "[1]", "not json", MODEL.replace("2.0", "NaN"), MODEL.replace("1,", "2,")]
)
def test_a_bad_model_exits_1(here, tmp_path, text):
    (tmp_path / "m.json").write_text(text)
    result = here("predict", "m.json", stdin="x\n1\n")
    assert result.returncode == 1
    assert b"m.json" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_stdin_cannot_be_both_model_and_data(here):
    result = here("predict", "-")
    assert result.returncode == 2
    assert b"both" in result.stderr


def test_missing_values_can_be_dropped(here, model):
    result = here("predict", model, "--missing", "drop", stdin="x\n1\nNA\n2\n")
    assert result.stdout == b"x,y_hat\n1,2.1\n2,4.1\n"
    assert b"left out a row with a missing value" in result.stderr


def test_the_name_of_the_column_cannot_steer_a_terminal(here, model):
    result = here("predict", model, "--name", "y\x1b[31m", stdin="x\n1\n")
    assert (result.returncode, result.stdout) == (2, b"")
    assert rb"must be a name that can be printed, not 'y\x1b[31m'" in result.stderr


def test_a_prediction_that_overflows_is_refused_where_it_is(here, model, tmp_path):
    (tmp_path / "d.csv").write_text("x\n1\n1.7e308\n2\n")
    result = here("predict", model, "d.csv")
    assert result.returncode == 1
    assert result.stderr.decode() == (
        "lrfit: error: 'd.csv', lines 2 to 4: a prediction is beyond the range of float64, 1.8e308: "
        "are the data in the units of the model?\n"
    )


def test_lines_of_blocks_are_put_one_behind_the_other():
    assert Lines("a\n").merge(Lines("b\n")) == "a\nb\n"
