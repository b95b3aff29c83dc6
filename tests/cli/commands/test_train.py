"""`lrfit train`: some of it in a real process."""

import csv
import io
import json
import re
import sys

import numpy as np
import oracles
import pytest
from depth import cases

from lrfit.system import interrupts
from lrfit.training.loop import descend

OLD = '{"format": "lrfit-model", "old": 1}'
LAB = oracles.SAMPLE_DATA / "lab.csv"
START = "--init=-0.7870768,-0.2507985"


def progress(result):
    """The rows of the progress table, as words."""
    lines = [line.split() for line in result.stderr.decode().splitlines()]
    return [
        words
        for words in lines[next(i for i, words in enumerate(lines) if words[0] == "epoch") + 1 :]
        if words[0] != "not"
    ]


def test_the_lab_run_reaches_the_published_parameters(lrfit):
    result = lrfit("train", LAB, "--lr", "0.01", "--epochs", "1000", START, "--format", "json", "-q")
    assert result.returncode == 0
    assert result.stderr == b""
    model = json.loads(result.stdout)
    assert model["weights"]["x"] == pytest.approx(0.28870946, abs=1e-6)
    assert model["intercept"] == pytest.approx(0.5359594, abs=1e-6)
    assert model["training"]["loss"] == pytest.approx(0.081205189, abs=1e-6)
    assert model["training"]["epochs"] == 1000
    assert model["data"]["n_samples"] == 17
    assert model["data"]["max_stable_learning_rate"] == pytest.approx(0.0443, abs=5e-5)
    assert model["data"]["least_squares"]["weights"] == pytest.approx({"x": oracles.LAB_LEAST_SQUARES["x"]})


def test_the_printed_epochs_are_the_published_ones(here):
    result = here("train", LAB, "--lr", "0.01", "--epochs", "1000", START, "--every", "100")
    lines = {row[0]: row for row in progress(result)}
    assert list(lines) == list(map(str, range(0, 1001, 100)))
    for epoch, loss, w, b in oracles.LAB_RUN:
        if epoch != 1:
            row = lines[str(epoch)]
            assert [float(row[1]), *map(float, row[-2:])] == pytest.approx([loss, w, b], abs=1e-6, rel=1e-7)


def test_progress_is_shown_at_powers_of_two_and_the_last_epoch_and_never_on_stdout(here):
    result = here("train", LAB, "--lr", "0.01", "--epochs", "20")
    assert [row[0] for row in progress(result)] == ["0", "1", "2", "4", "8", "16", "20"]
    assert b"epoch" not in result.stdout


def test_the_text_result_shows_value_standard_error_and_least_squares_with_all_digits(here):
    run = ("train", LAB, "--lr", "0.01", "--epochs", "50")
    text = here(*run).stdout.decode()
    model = json.loads(here(*run, "--format", "json").stdout)
    best = model["data"]["least_squares"]
    row = next(line.split() for line in text.splitlines() if line.startswith("x "))
    expected = [model["weights"]["x"], best["weights"]["x"], best["standard_errors"]["x"]]
    expected += [best["t"]["x"], best["p"]["x"], *best["interval_95"]["x"]]
    assert [float(cell) for cell in row[1:]] == expected
    measures = {words[0]: words[1] for words in map(str.split, text.splitlines()) if len(words) > 1}
    assert float(measures["loss"]) == model["training"]["loss"]
    assert float(measures["r2"]) == model["data"]["r2"]
    assert float(measures["rmse"]) == model["data"]["rmse"]
    assert float(measures["excess_loss"]) == model["training"]["loss"] - best["loss"]


def test_output_saves_the_very_bytes_that_json_prints(lrfit, tmp_path):
    result = lrfit("train", LAB, "-o", "m.json", "--format", "json")
    assert (tmp_path / "m.json").read_bytes() == result.stdout


def test_stdout_has_the_same_bytes_whatever_the_surroundings_say(lrfit):
    variants = [
        {},
        {"COLUMNS": "20"},
        {"NO_COLOR": "1"},
        {"FORCE_COLOR": "1"},
        {"TERM": "dumb"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": ""},
        {"PYTHONIOENCODING": "ascii"},
    ]
    data = "größe,y\n1,2\n2,3\n4,7\n"
    outputs = {lrfit("train", "-", stdin=data, **variant).stdout for variant in variants}
    assert len(outputs) == 1
    assert "größe" in outputs.pop().decode()


def test_a_file_stdin_gzip_and_a_process_substitution_give_the_same_bytes(shell, lrfit):
    from_file = lrfit("train", LAB, "--format", "json").stdout
    for text in (
        f"lrfit train - --format json < {LAB}",
        f"cat {LAB} | lrfit train - --format json",
        f"gzip < {LAB} | lrfit train - --format json",
        f"lrfit train <(cat {LAB}) --format json",
        f"cat {LAB} | lrfit train /dev/stdin --format json",
    ):
        assert shell(text).stdout == from_file, text


def test_history_holds_every_epoch_and_its_numbers_read_back(here, tmp_path):
    here("train", LAB, "--lr", "0.01", "--epochs", "30", "--history", "h.csv", "-o", "m.json")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "h.csv").read_text())))
    assert [int(row["epoch"]) for row in rows] == list(range(31))
    model = json.loads((tmp_path / "m.json").read_text())
    last = rows[-1]
    assert [float(last[c]) for c in ("loss", "W[x]", "b")] == [
        model["training"]["loss"],
        model["weights"]["x"],
        model["intercept"],
    ]


@pytest.mark.parametrize("arguments", [[], ["--batch-size", "5"], ["--batch-size", "5", "--no-shuffle"]])
def test_a_run_is_the_plain_loop(here, arguments):
    run = ("train", LAB, "--lr", "0.01", "--epochs", "9", "--seed", "3", "--format", "json")
    result = here(*run, *arguments)
    model = json.loads(result.stdout)

    def order(epoch):
        shuffled = arguments[-1:] == ["5"]
        return np.random.default_rng((3, epoch)).permutation(17) if shuffled else np.arange(17)

    size = 5 if arguments else None
    weights, b = oracles.gradient_descent(oracles.lab_rows(), [0.0], 0.0, 0.01, 9, size, order)[-1]
    assert [model["weights"]["x"], model["intercept"]] == pytest.approx([weights[0], b], rel=1e-12)


def test_columns_can_be_chosen_and_what_was_chosen_is_said(here):
    data = oracles.SAMPLE_DATA / "longley.csv"
    result = here(
        "train", data, "-y", "total_employed", "-x", "year,gnp", "-x", "unemployed", "--standardize"
    )
    assert result.returncode == 0
    assert b"target 'total_employed', features 'year', 'gnp', 'unemployed'" in result.stderr
    names = [line.split()[0] for line in result.stdout.decode().splitlines()[1:5]]
    assert names == ["year", "gnp", "unemployed", "intercept"]


def test_without_intercept_there_is_none(here):
    result = here("train", LAB, "--no-intercept", "--lr", "auto", "--format", "json")
    model = json.loads(result.stdout)
    x, y = oracles.lab_rows().T
    assert model["intercept"] == 0.0
    assert model["weights"]["x"] == pytest.approx(x @ y / (x @ x), rel=1e-12)
    text = here("train", LAB, "--no-intercept").stdout
    assert b"intercept" not in text


def test_norris_standardized_reaches_ten_certified_digits(here):
    data = oracles.SAMPLE_DATA / "norris.csv"
    model = json.loads(here("train", data, "--standardize", "--lr", "auto", "--format", "json").stdout)
    found = {"x": model["weights"]["x"], "intercept": model["intercept"]}
    assert found == pytest.approx(oracles.NORRIS, rel=1e-10)


def test_a_rate_above_the_bound_is_warned_of_first_then_exits_3_and_saves_nothing(lrfit, tmp_path):
    (tmp_path / "m.json").write_text(OLD)
    data = oracles.SAMPLE_DATA / "norris.csv"
    result = lrfit("train", data, "--lr", "0.01", "-o", "m.json", "--history", "h.csv")
    assert result.returncode == 3
    assert result.stdout == b""
    warning, error = (
        result.stderr.decode().index("warning: --lr 0.01 is 1467 times the limit, 6.81587e-06 = "),
        result.stderr.decode().index("error:"),
    )
    assert warning < error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.json"]
    assert (tmp_path / "m.json").read_text() == OLD


def test_the_remedies_that_divergence_names_work(here):
    data = oracles.SAMPLE_DATA / "norris.csv"
    message = here("train", data, "--lr", "0.01").stderr.decode()
    remedies = message.split("Try ")[1].split(", for a loss")[0].split(", or ")
    assert [remedy.split()[0] for remedy in remedies] == ["--standardize", "--lr", "--lr"]
    for remedy in remedies:
        result = here("train", data, *remedy.split(), "--format", "json", "-q")
        assert json.loads(result.stdout)["training"]["relative_excess"] < 1.01e-6


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("--lr nan", "must be a positive number, or auto, not 'nan'"),
        ("--lr inf", "must be a positive number"),
        ("--lr 0", "must be a positive number"),
        ("--lr -1", "must be a positive number"),
        ("--epochs 0", "at least 1"),
        ("--epochs 1_000", "must be an integer"),
        ("--epochs ١٢", "must be an integer"),
        ("--batch-size 0", "or full"),
        ("--seed -1", "at least 0"),
        ("--init 1,x", "zeros, normal, or"),
        ("--init 1,2,3", "3 numbers"),
        ("--sep ab", "separate"),
        ("--thousands .", "other than the decimal mark"),
        ("--validation-rows last", "goes with --validation-fraction"),
        ("--encoding klingon", "no such encoding"),
        ("--format xml", "json"),
        ("--executor cuda", "'auto', 'numpy', 'numba'"),
        ("--max-memory lots", "must be a size such as 500M or 2G"),
        ("--max-memory -1", "must be a size"),
        ("--learning-rate 1", "No such option"),
        ("--gamma 0.5", "--step-size and --gamma go with --schedule step"),
        ("--schedule invscaling --step-size 3", "--step-size and --gamma go with --schedule step"),
        ("--schedule step --power-t 1", "--power-t goes with --schedule invscaling"),
    ],
)
def test_a_wrong_option_exits_2_and_says_what_is_right(in_process, arguments, message):
    code, out, err = in_process("train", str(LAB), *arguments.split(), stdin="")
    assert (code, out) == (2, "")
    assert message in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "is empty"),
        ("\n\n", "is empty"),
        ("x,y\n", "no rows"),
        ("1,2\n3,4\n", "--no-header"),
        ("x,y\n1,2\n3,4,5\n", "line 3"),
        ("x,y\n1\n", "line 2"),
        ("x,y\n1,2\n3,abc\n", "line 3, column 'y': 'abc' is not a number"),
        ("x,y\n1,\n2,3\n", "--missing drop"),
        ("x,x\n1,2\n", "two columns are named 'x'"),
        ("x;y\n1\n", "--sep ';'"),
        ("x,y\n1,1e400\n", "beyond the range"),
        ('x,y\n"1,2\n', "line 2: a quote opens"),
    ],
)
def test_bad_data_exits_1_with_one_line_that_says_where(here, data, message):
    result = here("train", "-", stdin=data)
    assert result.returncode == 1
    assert message in result.stderr.decode()
    assert len(result.stderr.decode().splitlines()) <= 2  # the note of what was chosen, and the error
    assert result.stdout == b""


@pytest.mark.parametrize("path", ["missing.csv", ".", "http://127.0.0.1:1/x.csv", "~/x.csv"])
def test_a_file_that_cannot_be_opened_exits_1(here, path):
    result = here("train", path)
    assert result.returncode == 1
    assert b"cannot be" in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.mark.parametrize("output", [".", "no/such/folder/m.json"])
def test_an_output_that_cannot_be_written_is_refused_before_training(here, output):
    result = here("train", LAB, "-o", output)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1


def test_rows_with_missing_values_are_dropped_on_request_and_counted(here):
    result = here("train", "-", "--missing", "drop", "--format", "json", stdin="x,y\n1,2\nNA,3\n3,\n4,5\n")
    assert json.loads(result.stdout)["data"]["n_samples"] == 2
    assert b"left out 2 rows with missing values" in result.stderr


def test_a_semicolon_file_with_decimal_commas_trains(here):
    plain = here("train", LAB, "--format", "json").stdout
    text = LAB.read_text().replace(",", ";").replace(".", ",")
    assert here("train", "-", "--sep", ";", "--decimal", ",", "--format", "json", stdin=text).stdout == plain


def test_a_tsv_file_is_separated_by_tabs(here, tmp_path):
    (tmp_path / "lab.tsv").write_text(LAB.read_text().replace(",", "\t"))
    assert here("train", "lab.tsv").returncode == 0


def test_columns_without_a_header_are_named_by_number(here):
    result = here("train", "-", "--no-header", "--format", "json", stdin="1,2\n2,3\n3,5\n")
    model = json.loads(result.stdout)
    assert (list(model["weights"]), model["target"]) == (["1"], "2")


@pytest.mark.parametrize("data", ["x,y\n3,4\n", "x,y\n2,1\n2,3\n", "x,z,y\n1,2,1\n2,4,2\n3,6,4\n"])
def test_data_that_do_not_determine_w_train_with_a_warning(here, data):
    result = here("train", "-", "--format", "json", stdin=data)
    assert result.returncode == 0
    assert b"not identifiable" in result.stderr
    summary = json.loads(result.stdout)["data"]
    assert set(summary["least_squares"]["standard_errors"].values()) == {None}
    assert [summary["least_squares"][name] for name in ("t", "p", "interval_95")] == [None, None, None]
    assert summary["intervals"] is None


def test_names_that_would_harm_a_terminal_are_shown_escaped(here):
    data = "[/red]\x1b[31m,\u202ey,b\n1,2,3\n2,3,5\n3,3,x\x07\n"
    for arguments in ([], ["--format", "json"]):
        for text in (data, data.replace("x\x07", "9")):
            result = here("train", "-", *arguments, stdin=text)
            shown = (result.stdout + result.stderr).decode()
            assert not any(c in shown for c in "\x1b\x07\u202e")
            assert "Traceback" not in shown


@pytest.mark.parametrize(
    "arguments", ["-o data.csv", "--history data.csv", "-o ./data.csv", "-o m.json --history m.json"]
)
def test_an_output_that_would_overwrite_the_data_or_the_other_output_exits_2(here, tmp_path, arguments):
    (tmp_path / "data.csv").write_bytes(LAB.read_bytes())
    result = here("train", "data.csv", *arguments.split())
    assert result.returncode == 2
    assert b"same file" in result.stderr
    assert (tmp_path / "data.csv").read_bytes() == LAB.read_bytes()


def test_a_fit_that_has_not_converged_is_said_to_be_so_and_a_converged_one_is_not(here):
    assert b"not converged" in here("train", LAB, "--lr", "0.01").stderr
    for data in (LAB, oracles.SAMPLE_DATA / "line.csv"):
        for arguments in ([], ["--standardize", "--lr", "auto"]):
            assert b"not converged" not in here("train", data, *arguments).stderr


def test_a_constant_target_has_no_r2_whatever_its_rounding(here):
    data = "x,y\n" + "".join(f"{i},0.1\n" for i in range(1000))
    result = here("train", "-", "--standardize", "--lr", "auto", "--format", "json", stdin=data)
    assert json.loads(result.stdout)["data"]["r2"] is None
    text = here("train", "-", "--standardize", "--lr", "auto", stdin=data).stdout.decode()
    assert "r2                  n/a" in text
    assert "relative_excess     n/a" in text


def test_the_epoch_that_diverged_is_shown(here):
    result = here("train", LAB, "--lr", "0.1", "--every", "1")
    assert result.returncode == 3
    last = [line.split() for line in result.stderr.decode().splitlines() if line.split()[0].isdigit()][-1]
    assert f"diverged in epoch {last[0]}:" in result.stderr.decode()


@pytest.mark.parametrize("scale", ["e-323", "e-300", "e-170", "e-160", "e150", "e300", "e307"])
@pytest.mark.parametrize("column", ["x", "y", "both"])
@pytest.mark.parametrize(
    "arguments", ["--lr auto", "--standardize --lr auto", "--lr auto --batch-size 2 --no-intercept"]
)
def test_numbers_near_the_ends_of_the_range_are_right_or_refused(in_process, scale, column, arguments):
    rows = [(1.5, 2.5), (-2.25, 3.5), (3.125, -4.75), (4.0, 5.0)]
    x, y = (scale if column in (name, "both") else "" for name in "xy")
    data = "x,y\n" + "".join(f"{a}{x},{b}{y}\n" for a, b in rows)
    code, out, err = in_process("train", "-", "--format", "json", *arguments.split(), stdin=data)
    assert code in (0, 1, 3), err
    assert "Warning:" not in err
    if code == 0:
        json.loads(out, parse_constant=pytest.fail)


# How it is run.


@pytest.mark.parametrize(
    "arguments",
    [
        "",
        "--lr 0.01",
        "--no-condense --standardize",
        "--batch-size 5",
        "--batch-size 5 --lr 0.01",
        "--batch-size 5 --lr auto",
    ],
)
def test_executors_give_the_same_numbers(in_process, arguments):
    """To 1e-12; "auto" has so little to do here that it is NumPy, to the byte."""
    run, data = ("train", "-", *arguments.split(), "--format", "json", "-q", "--executor"), LAB.read_text()
    numpy, numba, auto = (in_process(*run, name, stdin=data) for name in ("numpy", "numba", "auto"))
    assert auto == numpy
    assert (numba[0], numba[2]) == (numpy[0], numpy[2]) == (0, "")
    plain, fast = json.loads(numpy[1]), json.loads(numba[1])
    assert fast["weights"]["x"] == pytest.approx(plain["weights"]["x"], rel=1e-12)
    assert fast["intercept"] == pytest.approx(plain["intercept"], rel=1e-12)
    assert fast["training"]["loss"] == pytest.approx(plain["training"]["loss"], rel=1e-12)
    assert fast["data"] == plain["data"]


@pytest.mark.parametrize("executor", ["numpy", "numba"])
@pytest.mark.parametrize("batch_size", ["5", "full"])
def test_stdout_has_the_same_bytes_whatever_is_shown_of_a_run(in_process, tmp_path, executor, batch_size):
    """Every epoch or few, a history or none; records that are not due are not even made."""
    run = ("train", "-", "--batch-size", batch_size, "--lr", "0.01", "--epochs", "50", "--executor", executor)
    variants = ([], ["-q"], ["--every", "1"], ["--every", "50"], ["--history", tmp_path / "h.csv"])
    results = [in_process(*run, *map(str, variant), stdin=LAB.read_text()) for variant in variants]
    assert {(code, out) for code, out, _ in results} == {(0, results[0][1])}
    assert results[0][1]


def test_numba_that_is_not_installed_is_a_line_with_the_command_that_installs_it(in_process, monkeypatch):
    """Before anything is read: there are no data."""
    monkeypatch.setitem(sys.modules, "numba", None)
    code, out, err = in_process("train", "-", "-q", "--executor", "numba", stdin="")
    assert (code, out) == (2, "")
    assert err == "lrfit: error: the executor 'numba' needs Numba: pip install numba\n"


def test_numba_that_cannot_be_imported_is_a_line_with_the_reason(lrfit, tmp_path):
    """Where nothing is kept that it has made before."""
    (tmp_path / "numba.py").write_text("raise ImportError('Numba needs NumPy 2.1 or less')")
    own = {"PYTHONPATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    result = lrfit("train", LAB, "-q", "--executor", "numba", **own)
    assert (result.returncode, result.stdout) == (2, b"")
    (line,) = result.stderr.decode().splitlines()
    assert line == (
        "lrfit: error: the executor 'numba' needs a Numba that can be imported: Numba needs NumPy 2.1 or less"
    )


def test_verbose_says_what_runs_and_where_the_rows_are(here):
    result = here("train", LAB, "--executor", "numba", "--batch-size", "5", "--max-memory", "100", "-v")
    assert result.returncode == 0
    assert b"\nexecutor: numba\n" in result.stderr
    assert b"rows: beyond 0 MiB, so in a scratch file in " in result.stderr


def test_verbose_shows_the_details_of_a_plan(here):
    details = [
        "computed on 4 points that have exactly the loss of the 17 rows",
        f"starts at {3.0500161 / oracles.LAB_LEAST_SQUARES_LOSS:.3g} times the minimum",
        "condition number 372",
    ]
    plain, verbose = (here("train", LAB, "--lr", "0.01", *more).stderr.decode() for more in ([], ["-v"]))
    assert set(details) <= set(verbose.splitlines())
    assert not set(details) & set(plain.splitlines())


def test_a_run_is_announced_in_lines_and_concluded_in_one(here):
    """All that is said of a run but its epochs."""
    result = here("train", LAB, "--lr", "0.01")
    lines = [line for line in result.stderr.decode().splitlines() if not line.startswith("  ")]
    assert lines == [
        f"{str(LAB)!r}: 17 rows, target 'y', features 'x'",
        (
            "--lr 0.01 is stable, 22.6 % of the limit, 0.0442861 = 2 / λ_max; "
            "within 0.0001 % of the optimum after 5360 epochs"
        ),
        (
            "'x' is large (about 6.65), which makes descent slow; with --standardize --lr auto: "
            "1 epoch instead of 5360"
        ),
        (
            "not converged: the loss is 35 % above the optimum; within 0.0001 % of it after "
            "5260 more epochs, or with --standardize --lr auto"
        ),
    ]


def test_without_verbose_nothing_is_said_of_that(here):
    result = here("train", LAB, "--executor", "numba", "--batch-size", "5", "--max-memory", "100")
    assert result.returncode == 0
    assert b"executor:" not in result.stderr
    assert b"scratch" not in result.stderr


@pytest.mark.parametrize(
    "arguments", ["--batch-size 5", "--lr 0.01 --batch-size 5", "--lr 0.01 --no-condense", ""]
)
def test_a_budget_does_not_change_the_result(in_process, arguments):
    run, data = ("train", "-", "-q", *arguments.split()), LAB.read_text()
    expected = in_process(*run, stdin=data)
    assert expected[0] == 0
    for size in ("0", "100", "1G"):
        assert in_process(*run, "--max-memory", size, stdin=data) == expected


def test_quiet_and_verbose_contradict_each_other(lrfit):
    result = lrfit("train", LAB, "-q", "-v")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"--quiet and --verbose exclude each other" in result.stderr


# Divergence, and the way out of it.


def years(i):
    return 1990 + i


large_features = pytest.mark.parametrize(
    "x", [years, lambda i: 33 * i, lambda i: 1_600_000_000 + 86_400 * i], ids=["years", "to 1000", "seconds"]
)


@large_features
@pytest.mark.parametrize("kind", ["", "--momentum 0.5", "--batch-size 4"])
def test_at_a_rate_of_0_01_large_features_diverge_and_the_way_out_is_named(
    in_process, tmp_path, monkeypatch, x, kind
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.json").write_text(OLD)
    data = with_large_features(x)
    run = ("train", "-", "-o", "m.json", "--lr", "0.01")
    code, out, err = in_process(*run, *kind.split(), stdin=data)
    assert (code, out) == (3, "")
    error = err.splitlines()[-1]
    assert re.match(
        r"lrfit: error: training diverged in epoch \d+: the loss went from \S+ to \S+ at learning rate "
        r"0\.01; full batches are stable up to \S+[.,] ",
        error,
    )
    assert error.endswith(" Nothing was saved.")
    assert (tmp_path / "m.json").read_text() == OLD
    remedy = error.partition("Try ")[2].split(", or ")[0].split(", for a loss")[0].split(". ")[0]
    assert remedy.startswith("--standardize --lr auto")
    code, out, err = in_process(
        "train", "-", "-q", "--format", "json", *kind.split(), *remedy.split(), stdin=data
    )
    assert (code, err) == (0, "")
    if "batch" not in kind:
        model = json.loads(out)
        assert model["training"]["relative_excess"] <= 1.1e-6


def with_large_features(x):
    return "x,y\n" + "".join(f"{x(i)},{3 * i + 7 * np.sin(i)}\n" for i in range(31))


@large_features
@pytest.mark.parametrize("kind", ["", "--momentum 0.5", "--momentum auto", "--no-condense", "--l2 0"])
def test_where_no_rate_is_given_large_features_are_fitted_to_the_optimum(in_process, x, kind):
    """And it is said how."""
    code, out, err = in_process("train", "-", "--format", "json", *kind.split(), stdin=with_large_features(x))
    assert code == 0
    model = json.loads(out)
    y = 3 * np.arange(31.0) + 7 * np.sin(np.arange(31.0))
    centre, spread = (x(0) + x(30)) / 2, (x(1) - x(0)) * np.arange(-15.0, 16.0)
    slope, error = spread @ y / (spread @ spread), np.std(y - np.polyval(np.polyfit(spread, y, 1), spread))
    slope_error = 1e-6 * error * np.sqrt(31) / np.linalg.norm(spread)
    assert model["weights"]["x"] == pytest.approx(slope, abs=slope_error)
    mean_error = 1e-6 * error + 1e-12 * abs(slope * centre)
    assert model["intercept"] + slope * centre == pytest.approx(
        y.mean(), abs=slope_error * centre + mean_error
    )
    training = model["training"]
    assert training["relative_excess"] <= 1e-12
    assert (training["standardize"], training["stopped"]) == (True, "optimum")
    lines = err.splitlines()
    assert lines[1].startswith("no --lr given: standardised, with rate ")
    assert lines[-1] == f"reached the optimum in epoch {training['epochs']}"
    assert "warning" not in err


def test_where_no_rate_is_given_the_certified_values_are_reached(here):
    """Norris at once; Longley, with nearly dependent features, by momentum, to millionths of the errors."""
    for name, certified, errors in (
        ("norris.csv", oracles.NORRIS, oracles.NORRIS_STANDARD_ERRORS),
        ("longley.csv", oracles.LONGLEY, oracles.LONGLEY_STANDARD_ERRORS),
    ):
        columns = [] if name == "norris.csv" else ["-y", "total_employed", "-x", ",".join([*certified][1:])]
        result = here("train", oracles.SAMPLE_DATA / name, *columns, "--format", "json")
        assert result.returncode == 0
        model = json.loads(result.stdout)
        for column, value in {**model["weights"], "intercept": model["intercept"]}.items():
            n_free = model["data"]["n_samples"] - len(certified)
            assert abs(value - certified[column]) <= 1e-6 * np.sqrt(n_free) * errors[column]
        training = model["training"]
        assert bool(training["momentum"]) == training["nesterov"] == (name == "longley.csv")
        assert (training["epochs"] == 1) == (name == "norris.csv")
        last = result.stderr.decode().splitlines()[-1]
        assert last == f"reached the optimum in epoch {training['epochs']}"


def test_where_no_rate_is_given_patience_outlasts_a_rise_of_momentum(here, tmp_path):
    """With which the loss may rise on the way, from the start on; the fit is better than the start."""
    a, b, noise = np.random.default_rng(0).normal(size=(3, 100))
    columns = np.column_stack([a, a + 0.1 * b, b + 0.5 * noise])
    np.savetxt(tmp_path / "alike.csv", columns, delimiter=",", header="a,b,y", comments="")
    plain = here("train", tmp_path / "alike.csv", "--format", "json")
    assert json.loads(plain.stdout)["training"]["momentum"]
    longley = oracles.SAMPLE_DATA / "longley.csv"  # takes seconds
    for path, patience in cases([(tmp_path / "alike.csv", "1")], [(longley, "1"), (longley, "3")]):
        model = json.loads(here("train", path, "--patience", patience, "--format", "json").stdout)
        assert model["training"]["loss"] < 0.5 * model["data"]["best_constant_loss"]


def test_what_says_how_to_descend_leaves_the_rest_as_it_was(here):
    """A scale, or a start, without a rate: that is 0.01, and there are 100 epochs."""
    for given in ("--standardize", "--init=0,0", "--init normal"):
        result = here("train", LAB, *given.split(), "--format", "json")
        training = json.loads(result.stdout)["training"]
        assert [training[name] for name in ("learning_rate", "epochs", "momentum")] == [0.01, 100, 0.0]
        assert training["standardize"] == (given == "--standardize")
        assert b"no --lr given" not in result.stderr


def test_a_run_that_starts_at_the_optimum_ends_there(here):
    best = oracles.LAB_LEAST_SQUARES
    result = here("train", LAB, f"--init={best['x']},{best['intercept']}", "--lr", "auto", "--format", "json")
    training = json.loads(result.stdout)["training"]
    assert (training["epochs"], training["stopped"]) == (0, "optimum")
    assert b"; already at the optimum\n" in result.stderr
    assert result.stderr.endswith(b"reached the optimum in epoch 0\n")


def test_a_start_whose_loss_is_not_finite_is_refused_without_a_remedy(in_process):
    for kind in ("", "--momentum auto --lr auto", "--batch-size 4"):
        code, out, err = in_process("train", "-", "--init", "1e200,0", *kind.split(), stdin=LAB.read_text())
        assert (code, out) == (3, "")
        assert err.splitlines()[-1] == (
            "lrfit: error: the loss at the start is not finite: start from smaller weights. "
            "Nothing was saved."
        )


@pytest.mark.parametrize(
    "arguments",
    [
        "--tol 1e-300",
        "--lr 0.01 --tol 1e-300",
        "--lr 1e-300 --tol 1e-300",
        "--l2 1e308",
        "--lr 0.01 --l2 1e308",
        "--l2 1e308 --lr auto",
        "--l2 1e308 --batch-size 4",
        "--lr 0.01 --l2 1e308 --batch-size 4",
        "--momentum 0.999999",
        "--lr 0.01 --momentum 0.999999",
        "--momentum 0.9999999999999999 --lr auto --batch-size 1",
        "--clip-norm 1e-300",
        "--lr 0.01 --clip-norm 1e-300",
        "--clip-norm 1e308 --lr 1e308",
        "--schedule step --gamma 1e-300 --step-size 1 --batch-size 3",
        "--lr 0.01 --schedule step --gamma 1e-300 --step-size 1 --batch-size 3",
        "--schedule step --step-size 999999999999999999",
        "--lr 0.01 --schedule step --step-size 999999999999999999",
        "--schedule invscaling --power-t 1e300",
        "--lr 0.01 --schedule invscaling --power-t 1e300",
        "--max-time 1e-9",
        "--lr 0.01 --max-time 1e-9",
        "--epochs 999999999999999999 --tol 1e-3",
        "--lr 0.01 --epochs 999999999999999999 --tol 1e-3",
        "--epochs 999999999999999999 --tol 0.1 --batch-size 5",
        "--lr 0.01 --epochs 999999999999999999 --tol 0.1 --batch-size 5",
        "--epochs 999999999999999999 --patience 1 --batch-size 1",
        "--lr 0.01 --epochs 999999999999999999 --patience 1 --batch-size 1",
        "--lr 1e308",
        "--lr 5e-324",
        "--init 1e100,1e100",
        "--seed 999999999999999999 --init normal --batch-size 1",
    ],
)
def test_extreme_settings_end_well_or_in_one_line(in_process, arguments):
    code, out, err = in_process("train", "-", "--format", "json", *arguments.split(), stdin=LAB.read_text())
    assert code in (0, 3), err
    assert (code == 3) == (not out)
    assert not re.search(r"Traceback|Warning:|\binf (times|%)", err)
    if out:
        json.loads(out, parse_constant=pytest.fail)


# Validation.


@pytest.mark.parametrize("kind", ["--lr 0.01", "--lr 0.01 --batch-size 4", "--lr 0.01 --patience 5", ""])
@pytest.mark.parametrize("from_file", [True, False])
def test_rows_to_validate_on_are_measured_in_each_epoch(here, tmp_path, kind, from_file):
    held_out = oracles.SAMPLE_DATA / "lab_test.csv"
    how = ["--validation", held_out] if from_file else ["--validation-fraction", "0.3"]
    result = here("train", LAB, *how, "--history", "h.csv", "-o", "m.json", "--epochs", "9", *kind.split())
    assert result.returncode == 0
    model = json.loads((tmp_path / "m.json").read_text())
    rows = list(csv.DictReader(io.StringIO((tmp_path / "h.csv").read_text())))
    assert "validation" in result.stderr.decode()
    n_held_out, n_samples = model["data"]["n_held_out"], model["data"]["n_samples"]
    assert (n_held_out, n_samples) == (8, 17) if from_file else n_held_out + n_samples == 17
    assert f"\ntraining on {n_samples} rows, validating on {n_held_out}\n" in result.stderr.decode()
    n_read = n_samples if from_file else 17
    first = result.stderr.decode().splitlines()[0]
    assert first == f"{str(LAB)!r}: {n_read} rows, target 'y', features 'x'"
    fitted = min(rows, key=lambda row: float(row["validation_loss"])) if "patience" in kind else rows[-1]
    assert model["training"]["validation_loss"] == float(fitted["validation_loss"])
    if from_file:
        test = oracles.read_columns("lab_test.csv", ["x", "y"])
        for row in rows:
            loss = oracles.half_mse(test, [float(row["W[x]"])], float(row["b"]))
            assert float(row["validation_loss"]) == pytest.approx(loss, rel=1e-12)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("x,z\n1,2\n", "'y'"),
        ("a,b\n1,2\n", "'x'"),
        ("x,y\n1,abc\n", "'abc' is not a number"),
        ("x,y\n", "no rows"),
        ("", "is empty"),
    ],
)
def test_wrong_rows_to_validate_on_are_refused_and_their_file_named(
    in_process, tmp_path, monkeypatch, data, message
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "v.csv").write_text(data)
    code, out, err = in_process("train", str(LAB), "--validation", "v.csv", stdin="")
    assert (code, out) == (1, "")
    error = err.splitlines()[-1]
    assert error.startswith("lrfit: error: ")
    assert message in error
    assert "v.csv" in error


def test_the_columns_to_validate_on_may_be_in_another_order(in_process, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.csv").write_text("x,y\n1,2\n3,5\n")
    (tmp_path / "b.csv").write_text("more,y,x\n0,2,1\n0,5,3\n")
    results = {in_process("train", str(LAB), "-q", "--validation", v, stdin="") for v in ("a.csv", "b.csv")}
    assert len(results) == 1


# What is said.


@pytest.mark.parametrize("kind", ["", "--lr 0.01", "--batch-size 4 --validation-fraction 0.2", "--lr 1"])
def test_quiet_and_verbose_change_what_is_said_and_not_the_result(here, kind):
    run, data = ["train", "-", "--format", "json", *kind.split()], LAB.read_text()
    results = [here(*run, *more, stdin=data) for more in ([], ["-q"], ["-v"])]
    plain, quiet, verbose = ((r.returncode, r.stdout, r.stderr.decode()) for r in results)
    assert plain[:2] == quiet[:2] == verbose[:2]
    assert all(line.startswith(("lrfit: warning: ", "lrfit: error: ")) for line in quiet[2].splitlines())
    assert bool(quiet[2]) == (kind == "--lr 1")
    assert set(quiet[2].splitlines()) <= set(plain[2].splitlines()) <= set(verbose[2].splitlines())
    if not plain[0]:
        assert set(plain[2].splitlines()) < set(verbose[2].splitlines())


@pytest.mark.parametrize("option", ["--output", "--history", "--resume", "--validation"])
def test_an_empty_name_of_a_file_is_refused(in_process, option):
    code, out, err = in_process("train", str(LAB), option, "", stdin="")
    assert (code, out) == (2, "")
    assert err.endswith(f"lrfit: error: {option} needs the name of a file\n")


def test_a_dash_is_no_file_to_write(in_process):
    code, _, err = in_process("train", str(LAB), "-o", "-", stdin="")
    assert code == 1
    assert "--format json prints the model to standard output" in err


def test_rows_to_validate_on_are_either_held_out_or_given(in_process, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    in_process("train", str(LAB), "--validation-fraction", "0.3", "-q", "-o", "m.json", stdin="")
    code, _, err = in_process("train", str(LAB), "--resume", "m.json", "--validation", str(LAB), stdin="")
    assert code == 2
    assert "--validation and rows held out exclude each other" in err


def test_long_work_without_numba_has_a_word_on_it(in_process, monkeypatch):
    monkeypatch.setattr("lrfit.cli.training_run.find_spec", lambda _: None)
    monkeypatch.setattr("lrfit.cli.training_run._LONG_S", 1e-9)
    code, _, err = in_process("train", str(LAB), "--lr", "0.01", "--epochs", "3", "--tol", "1e-9", stdin="")
    assert code == 0
    assert "s step by step; pip install numba makes them quick\n" in err


@pytest.mark.parametrize("option", ["-o", "--history"])
def test_the_file_behind_stdin_is_not_overwritten(shell, tmp_path, option):
    (tmp_path / "d.csv").write_bytes(LAB.read_bytes())
    result = shell(f"lrfit train - {option} d.csv < d.csv")
    assert (result.returncode, result.stdout) == (2, b"")
    assert b"and DATA are the same file, 'd.csv'\n" in result.stderr
    assert (tmp_path / "d.csv").read_bytes() == LAB.read_bytes()


@pytest.mark.parametrize("option", [[], [str(LAB), "--validation"]])
def test_links_in_a_circle_lead_to_no_data(in_process, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "loop").symlink_to("loop")
    code, _, err = in_process("train", *option, "loop", stdin="")
    assert code == 1
    assert err.endswith("lrfit: error: 'loop' cannot be opened: Too many levels of symbolic links\n")


def test_a_name_that_ends_as_a_folder_is_none_of_a_file(in_process, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = in_process("train", str(LAB), "-o", "m.json/", stdin="")
    assert (code, err) == (1, "lrfit: error: 'm.json/' is a folder: name a file\n")


NOTHING = "nothing was saved; -o with --checkpoint-every N saves progress\n"


@pytest.mark.parametrize(
    ("name", "options", "words"),
    [
        ("m.json", "", NOTHING),
        ("m.json", "--checkpoint-every 9", NOTHING),
        ("m.json", "-q --checkpoint-every 2", None),
        (
            "m.json",
            "--checkpoint-every 2",
            "epoch 4 is saved: --resume m.json --epochs 2 goes on from there\n",
        ),
        (
            "it's",
            "--checkpoint-every 4",
            "epoch 4 is saved: --resume 'it'\"'\"'s' --epochs 2 goes on from there\n",
        ),
        (
            "\x1b",
            "--checkpoint-every 4",
            "epoch 4 is saved: --resume '\\x1b' --epochs 2 goes on from there\n",
        ),
    ],
)
def test_the_last_words_of_a_run_say_what_is_saved(in_process, tmp_path, monkeypatch, name, options, words):
    """As a signal in epoch 5 has them said; by a call, so that they are measured, too."""
    said = {}

    def descend_and_look(*arguments, **options):
        for record in descend(*arguments, **options):
            yield record
            (last_words,) = (close for close in interrupts._open if close.__name__ == "last_words")
            said[record.epoch] = last_words()

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("lrfit.cli.training_run.descend", descend_and_look)
    run = ["train", str(LAB), "--lr", "0.01", "--epochs", "6", "--history", "h.csv", "-o", name]
    assert in_process(*run, *options.split(), stdin="")[0] == 0
    assert said[5] == words


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_a_separator_that_the_file_shows_is_taken_and_said(in_process, tmp_path, monkeypatch, separator):
    """From a file and from a pipe, by each command that reads."""
    monkeypatch.chdir(tmp_path)
    text = LAB.read_text()
    other = text.replace(",", separator)
    (tmp_path / "d.csv").write_text(other)
    want = in_process("train", "-", "-q", "--format", "json", "-o", "m.json", stdin=text)
    for path in ("d.csv", "-"):
        code, out, err = in_process("train", path, "--format", "json", stdin=other)
        assert (code, out) == (0, want[1])
        assert f": separated by {separator!r}\n" in err
        code, out, _ = in_process("predict", "m.json", path, "-q", stdin=other)
        assert (code, out.splitlines()[0]) == (0, f"x{separator}y{separator}y_hat")
        assert in_process("evaluate", "m.json", path, stdin=other)[0] == 0


def test_columns_are_left_out(in_process):
    text = "id,x,y,note,,\n1,2,3,a,,\n2,3,5,b,,\n3,4,6,c,,\n"
    code, out, err = in_process("train", "-", "--drop", "id,note", "--format", "json", stdin=text)
    assert code == 0
    assert list(json.loads(out)["weights"]) == ["x"]
    assert "left out columns without a name: 5, 6\n" in err
    code, _, err = in_process("train", "-", "--drop", "idd", stdin=text)
    assert (code, "did you mean 'id'?" in err) == (1, True)
    code, _, err = in_process("train", "-", "--drop", "x", "-x", "x", stdin=text)
    assert (code, "both chosen and left out (--drop)" in err) == (2, True)
