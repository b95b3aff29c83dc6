"""Commands on Parquet and Arrow IPC: what goes in comes out as it was, with predictions beside it."""

import datetime as dt
import json

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
ipc = pytest.importorskip("pyarrow.ipc")
pq = pytest.importorskip("pyarrow.parquet")

MODEL = json.dumps(
    {"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2.0}, "intercept": 0.1}
)
X = [1.0, 2.5, None, -0.1]


@pytest.fixture
def run(here, tmp_path):
    (tmp_path / "m.json").write_text(MODEL)
    return here


def table():
    """Columns of many types, some of which lrfit cannot use."""
    return pa.table(
        {
            "x": X,
            "word": pa.array(["a", "b,c", 'd"e', None]).dictionary_encode(),
            "view": pa.array(["ä", "", None, "two\nlines"], pa.string_view()),
            "i": pa.array([1, None, 3, 2**60]),
            "b": [True, False, None, True],
            "t": pa.array([dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)] * 4, pa.timestamp("us", "UTC")),
            "single": pa.array([0.1, 0.2, 0.3, None], pa.float32()),
        },
    ).append_column(pa.field("bytes", pa.binary(), metadata={"unit": "kB"}), pa.array([b"\0"] * 4))


def write_arrow(rows, path):
    with ipc.new_file(path, rows.schema) as writer:
        writer.write_table(rows, max_chunksize=2)


def read_arrow(path):
    with ipc.open_file(path) as reader:
        return reader.read_all()


FORMATS = {
    "parquet": (lambda rows, path: pq.write_table(rows, path, row_group_size=2), pq.read_table),
    "arrow": (write_arrow, read_arrow),
    "feather": (write_arrow, read_arrow),
}


@pytest.mark.parametrize("ending", FORMATS)
def test_predictions_are_written_as_the_data_are_with_all_columns_untouched(run, tmp_path, ending):
    write, read = FORMATS[ending]
    data, out = tmp_path / f"d.{ending}", tmp_path / f"out.{ending}"
    write(table(), data)
    result = run("predict", "m.json", data.name, "-o", out.name, "--missing", "drop")
    assert (result.returncode, result.stdout) == (0, b"")
    stored, got = read(data), read(out)
    assert got.schema.equals(stored.schema.append(pa.field("y_hat", pa.float64())), check_metadata=True)
    kept = [row for row in stored.to_pylist() if row["x"] is not None]
    assert got.drop(["y_hat"]).to_pylist() == kept
    assert got["y_hat"].to_pylist() == [x * 2.0 + 0.1 for x in X if x is not None]


def test_what_is_written_is_read_back(run, tmp_path):
    rng = np.random.default_rng(2)
    pq.write_table(pa.table({"x": rng.normal(size=500)}), tmp_path / "d.parquet", row_group_size=99)
    assert run("predict", "m.json", "d.parquet", "-o", "one.arrow").returncode == 0
    assert run("predict", "m.json", "one.arrow", "--name", "again", "-o", "two.parquet").returncode == 0
    both = pq.read_table(tmp_path / "two.parquet")
    assert both["y_hat"].to_pylist() == both["again"].to_pylist()
    text = run("predict", "m.json", "one.arrow", "--name", "again").stdout
    assert text.splitlines()[0] == b"x,y_hat,again"
    assert all(line.split(b",")[1] == line.split(b",")[2] for line in text.splitlines()[1:])
    lines = run("predict", "m.json", "d.parquet", "-o", "d.csv")
    assert lines.returncode == 0
    assert run("predict", "m.json", "d.csv", "--name", "again").stdout == text


@pytest.mark.parametrize("ending", FORMATS)
def test_only_the_predictions_and_their_interval(run, tmp_path, ending):
    write, read = FORMATS[ending]
    rng = np.random.default_rng(1)
    x = rng.normal(size=50)
    write(pa.table({"x": x, "y": x + rng.normal(size=50)}), tmp_path / f"d.{ending}")
    assert run("train", f"d.{ending}", "--epochs", "9", "-q", "-o", "fit.json").returncode == 0
    arguments = ("predict", "fit.json", f"d.{ending}", "--only", "--interval", "prediction")
    assert run(*arguments, "-o", f"o.{ending}").returncode == 0
    got = read(tmp_path / f"o.{ending}")
    assert got.column_names == ["y_hat", "y_hat_low", "y_hat_high"]
    text = run(*arguments).stdout.decode().splitlines()
    assert text[0] == "y_hat,y_hat_low,y_hat_high"
    rows = [tuple(map(float, line.split(","))) for line in text[1:]]
    assert rows == [tuple(row.values()) for row in got.to_pylist()]


def test_rows_are_printed_as_csv(run, tmp_path):
    rows = table().drop(["bytes"])
    pq.write_table(rows, tmp_path / "d.parquet")
    result = run("predict", "m.json", "d.parquet", "--missing", "drop")
    single, other = (repr(float(np.float32(number))) for number in (0.1, 0.2))
    time = "2026-03-01 12:00:00.000000Z"
    assert result.stdout.decode() == (
        "x,word,view,i,b,t,single,y_hat\n"
        f"1.0,a,ä,1,true,{time},{single},2.1\n"
        f'2.5,"b,c",,,false,{time},{other},5.1\n'
        f'-0.1,,"two\nlines",{2**60},true,{time},,-0.1\n'
    )


def test_what_csv_cannot_hold_is_refused_by_name(run, tmp_path):
    pq.write_table(pa.table({"x": [1.0], "list": [[1]]}), tmp_path / "d.parquet")
    result = run("predict", "m.json", "d.parquet")
    assert result.returncode == 1
    assert b"column 'list' holds 'list<element: int64>', which CSV has no way to write" in result.stderr
    assert run("predict", "m.json", "d.parquet", "--only").stdout == b"y_hat\n2.1\n"
    assert run("predict", "m.json", "d.parquet", "-o", "o.parquet").returncode == 0


def test_a_columnar_name_for_a_csv_is_refused(run, tmp_path):
    (tmp_path / "d.csv").write_text("x\n1\n")
    for name, format_name in (("o.parquet", b"Parquet"), ("o.Feather", b"Arrow IPC")):
        result = run("predict", "m.json", "d.csv", "-o", name)
        assert result.returncode == 2
        assert b"is a name for " + format_name + b", and 'd.csv' is CSV" in result.stderr
        assert not (tmp_path / name).exists()


def test_words_that_change_from_row_group_to_row_group_become_plain_in_arrow(run, tmp_path):
    word = pa.array(["a", "b", "c", "d"]).dictionary_encode()
    pq.write_table(pa.table({"x": [1.0] * 4, "word": word}), tmp_path / "d.parquet", row_group_size=2)
    assert run("predict", "m.json", "d.parquet", "-o", "o.arrow").returncode == 0
    assert read_arrow(tmp_path / "o.arrow")["word"].to_pylist() == ["a", "b", "c", "d"]


def test_a_failure_leaves_no_file(run, tmp_path):
    pq.write_table(pa.table({"x": [1.0, 2.0, float("inf")]}), tmp_path / "d.parquet", row_group_size=1)
    (tmp_path / "o.parquet").write_text("old")
    result = run("predict", "m.json", "d.parquet", "-o", "o.parquet")
    assert (result.returncode, (tmp_path / "o.parquet").read_text()) == (1, "old")
    assert b"'d.parquet', row 3 (from 1), column 'x': a number has to be finite" in result.stderr


def test_what_a_format_cannot_hold_is_refused(run, tmp_path):
    rows = pa.table({"x": [1.0], "long": pa.array([(1, 2, 3)], pa.month_day_nano_interval())})
    write_arrow(rows, tmp_path / "d.arrow")
    result = run("predict", "m.json", "d.arrow", "-o", "o.parquet")
    assert (result.returncode, (tmp_path / "o.parquet").exists()) == (1, False)
    assert b"the rows cannot be written as Parquet: " in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_table_without_rows_makes_no_file(run, tmp_path):
    pq.write_table(pa.table({"x": pa.array([], pa.float64())}), tmp_path / "d.parquet")
    result = run("predict", "m.json", "d.parquet", "-o", "o.parquet")
    assert (result.returncode, (tmp_path / "o.parquet").exists()) == (1, False)
    assert b"'d.parquet' has no rows" in result.stderr


def test_a_prediction_that_overflows_is_refused_with_its_rows(run, tmp_path):
    pq.write_table(pa.table({"x": [1.0, 1.7e308]}), tmp_path / "d.parquet")
    result = run("predict", "m.json", "d.parquet")
    assert b"'d.parquet', rows 1 to 2: a prediction is beyond the range" in result.stderr


def test_parquet_from_a_pipe_and_from_a_redirect(shell, tmp_path):
    (tmp_path / "m.json").write_text(MODEL)
    pq.write_table(pa.table({"x": [1.0, 2.0]}), tmp_path / "d.parquet")
    with ipc.new_stream(tmp_path / "d.stream", pa.schema({"x": pa.float64()})) as writer:
        writer.write_table(pa.table({"x": [1.0, 2.0]}))
    expected = b"y_hat\n2.1\n4.1\n"
    redirected = shell("lrfit predict m.json --only < d.parquet")
    assert (redirected.stdout, redirected.stderr) == (expected, b"")
    assert shell("cat d.stream | lrfit predict m.json --only").stdout == expected
    assert shell("lrfit predict m.json d.stream --only").stdout == expected
    refused = shell("cat d.parquet | lrfit predict m.json --only")
    assert refused.returncode == 1
    assert refused.stderr.decode() == (
        "lrfit: error: standard input is Parquet; it has to be in a file: cat > data.parquet\n"
    )


def test_evaluate_and_options_of_text(run, tmp_path):
    pq.write_table(pa.table({"x": [1.0, 2.0], "y": [2.1, 4.2]}), tmp_path / "d.parquet")
    (tmp_path / "d.csv").write_text("x,y\n1,2.1\n2,4.2\n")
    arguments = ("evaluate", "m.json", "--format", "json")
    assert run(*arguments, "d.parquet").stdout == run(*arguments, "d.csv").stdout
    result = run(*arguments, "d.parquet", "--sep", ";")
    assert result.returncode == 2
    assert b"'d.parquet' is Parquet, for which --sep ';' has no use" in result.stderr
