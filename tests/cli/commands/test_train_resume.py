"""`lrfit train --resume`, checkpoints and interruptions, these in real processes."""

import json
import os
import signal
import subprocess
import time
from types import SimpleNamespace

import oracles
import pytest
from conftest import LRFIT, UNMEASURED

OLD = '{"format": "lrfit-model", "old": 1}'
LAB = oracles.SAMPLE_DATA / "lab.csv"
KINDS = [
    "--lr 0.01",
    "--lr 0.01 --batch-size 4 --momentum 0.5 --average --schedule invscaling",
    "--standardize --patience 9",
]


def read(path):
    return path.read_bytes() if path.exists() else None


@pytest.fixture
def train(in_process, tmp_path, monkeypatch):
    """Run `lrfit train` on the lab's data, quietly, in this process."""
    monkeypatch.chdir(tmp_path)

    def run(arguments, data=LAB, stdin=""):
        code, out, err = in_process("train", str(data), "-q", *arguments.split(), stdin=stdin)
        return SimpleNamespace(returncode=code, stdout=out.encode(), stderr=err.encode())

    return run


@pytest.fixture
def process(lrfit):
    """The same in a process of its own."""
    return lambda arguments: lrfit("train", LAB, "-q", *arguments.split())


def assert_refused(result, *words, code=2):
    assert (result.returncode, result.stdout) == (code, b"")
    text = result.stderr.decode()
    assert len([line for line in text.splitlines() if line.startswith("lrfit: error:")]) == 1
    assert "Traceback" not in text
    assert "Warning" not in text
    for word in words:
        assert word in text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("checkpoints", ["", "--checkpoint-every 2"])
def test_two_runs_leave_the_files_of_one(process, train, tmp_path, kind, checkpoints):
    """A plain run in processes of its own, so that all that goes over is in the files."""
    run = process if kind == KINDS[0] else train
    stops = "--patience 9" if "patience" in kind else ""
    files = [tmp_path / name for name in ("m.json", "h.csv")]
    whole = run(f"--epochs 12 -o m.json --history h.csv {kind}")
    expected = list(map(read, files))
    for path in files:
        path.unlink()
    run(f"--epochs 5 -o m.json --history h.csv {checkpoints} {kind}")
    result = run(f"--resume m.json --epochs 7 -o m.json --history h.csv {checkpoints} {stops}")
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == whole.stdout
    assert list(map(read, files)) == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["h.csv", "m.json"]


def test_the_model_may_come_from_standard_input(train, tmp_path):
    train("--lr 0.01 --epochs 5 -o m.json")
    result = train("--resume - --epochs 7 --format json", stdin=(tmp_path / "m.json").read_text())
    assert result.stdout == train("--lr 0.01 --epochs 12 --format json").stdout


@pytest.mark.parametrize("kind", ["", "--batch-size 4"])
def test_a_run_without_a_rate_goes_on_with_the_one_that_was_chosen(train, kind):
    """And with the momentum, which these data need in full batches; the model tells them."""
    data = oracles.SAMPLE_DATA / "longley.csv"
    train(f"--epochs 5 -o m.json {kind}", data)
    result = train("--resume m.json --epochs 7 --format json", data)
    assert (result.returncode, result.stderr) == (0, b"")
    assert result.stdout == train(f"--epochs 12 --format json {kind}", data).stdout
    training = json.loads(result.stdout)["training"]
    assert (training["standardize"], training["epochs"]) == (True, 12)
    assert training["nesterov"] == (training["momentum"] > 0.5) == (not kind)


def started(tmp_path, arguments, data=LAB):
    """A run that will not end by itself in time; once it has written checkpoints."""
    process = subprocess.Popen(
        [*LRFIT, "train", str(data), *arguments.split()],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, **UNMEASURED},
    )
    until = time.monotonic() + 30
    while not (tmp_path / "m.json").exists() and time.monotonic() < until:
        time.sleep(0.01)
    time.sleep(0.2)
    return process


@pytest.mark.parametrize("kind", ["--batch-size 4 --momentum 0.5", "--executor numpy --tol 1e-9"])
def test_a_run_that_is_interrupted_goes_on_from_its_last_checkpoint(train, tmp_path, kind):
    arguments = f"{kind} --epochs 1000000 -o m.json --history h.csv --checkpoint-every 10 --lr 1e-4"
    process = started(tmp_path, arguments)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    model = json.loads((tmp_path / "m.json").read_text())
    done = model["training"]["epochs"]
    assert (process.returncode, out) == (130, b"")
    assert err.decode().splitlines()[-2:] == [
        "lrfit: interrupted",
        f"epoch {done} is saved: --resume m.json --epochs {1_000_000 - done} goes on from there",
    ]
    assert model["training"]["stopped"] == "checkpoint"
    assert done % 10 == 0
    stop = "--tol 1e-9" if "--tol" in kind else ""
    result = train(f"--resume m.json --epochs 15 -o m.json --history h.csv {stop}")
    assert result.returncode == 0
    train(f"{kind} --lr 1e-4 --epochs {done + 15} -o whole.json --history whole.csv")
    assert read(tmp_path / "m.json") == read(tmp_path / "whole.json")
    assert read(tmp_path / "h.csv") == read(tmp_path / "whole.csv")
    assert len(list(tmp_path.iterdir())) == 4


def test_without_a_checkpoint_an_interruption_leaves_all_as_it_was(tmp_path):
    old = {"m.json": OLD, "h.csv": "epoch,loss,excess,gradient_norm,b\n"}
    for name, content in old.items():
        (tmp_path / name).write_text(content)
    process = started(
        tmp_path, "--lr 0.01 --epochs 100000000 --tol 1e-300 --batch-size 4 -o m.json --history h.csv"
    )
    while b"epoch" not in process.stderr.readline():
        pass
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert err.decode().splitlines()[-2:] == [
        "lrfit: interrupted",
        "nothing was saved; -o with --checkpoint-every N saves progress",
    ]
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == old


def test_a_run_that_is_killed_leaves_a_whole_model(train, tmp_path):
    """And of temporary files only those that were open."""
    process = started(
        tmp_path,
        "--lr 0.01 --batch-size 4 --epochs 1000000 -o m.json --history h.csv --checkpoint-every 1 -q",
    )
    process.kill()
    process.communicate(timeout=30)
    done = json.loads((tmp_path / "m.json").read_text())["training"]["epochs"]
    left = [path for path in tmp_path.iterdir() if path.name != "m.json"]
    assert len(left) <= 2  # the history's, and perhaps that of a checkpoint
    assert all(path.name.startswith(".lrfit-") for path in left)
    result = train("--resume m.json --epochs 5 -o m.json")
    assert (result.returncode, result.stderr) == (0, b"")
    train(f"--lr 0.01 --batch-size 4 --epochs {done + 5} -o whole.json")
    assert read(tmp_path / "m.json") == read(tmp_path / "whole.json")


# Refusals.


@pytest.fixture
def model(train, tmp_path):
    train("--lr 0.01 --epochs 5 -o m.json --history h.csv")
    return tmp_path / "m.json"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--lr 0.02", "--lr is 0.02, and was 0.01"),
        ("--lr auto", "--lr auto is 0.044"),
        ("--batch-size 4", "--batch-size is 4, and was full"),
        ("--no-intercept", "--intercept is off, and was on"),
        ("--no-shuffle", "--shuffle is off, and was on"),
        ("--no-condense", "--condense is off, and was on"),
        ("--standardize", "--standardize is on, and was off"),
        ("--seed 1 --l2 1", "--l2 is 1.0, and was 0.0"),
        ("--init 1,2", "--init and --resume exclude each other"),
        ("--validation-fraction 0.5", "--validation-fraction is 0.5, and was none"),
        ("--validation lab2.csv", "the rows held out have changed (or --validation was left out)"),
        ("-x y -y x", "other columns"),
    ],
)
def test_changes_are_refused_and_named(train, model, tmp_path, arguments, words):
    before = read(model)
    (tmp_path / "lab2.csv").write_bytes(LAB.read_bytes())
    assert_refused(train(f"--resume m.json -o m.json --epochs 1 {arguments}"), words)
    assert read(model) == before


@pytest.mark.parametrize("change", [("3.3,1.7", "3.3,1.7000000000000002"), ("3.3,1.7\n", "")])
def test_data_in_which_one_cell_has_changed_are_refused_unless_that_is_allowed(
    train, model, tmp_path, change
):
    other = tmp_path / "other.csv"
    other.write_text(LAB.read_text().replace(*change))
    assert_refused(
        train("--resume m.json -o m.json", other), "'m.json'", "the data have changed", "--allow-changes"
    )
    result = train("--resume m.json --allow-changes --epochs 1 --history new.csv", other)
    assert result.returncode == 0
    first = (tmp_path / "new.csv").read_text().splitlines()[1].split(",")
    fit = json.loads(model.read_text())
    assert [float(first[0]), *map(float, first[-2:])] == [5.0, fit["weights"]["x"], fit["intercept"]]


@pytest.mark.usefixtures("model")
def test_the_same_values_in_another_file_are_the_same_data(train, tmp_path):
    other = tmp_path / "other.csv"
    other.write_text(LAB.read_text().replace("3.3,1.7\n", "3.300,+1.7e0\r\n", 1).replace(",", ";"))
    result = train("--resume m.json --sep ; --format json --epochs 2", other)
    assert result.stdout == train("--lr 0.01 --epochs 7 --format json").stdout


@pytest.mark.usefixtures("model")
@pytest.mark.parametrize("columns", ["z,y", "y,x"])
def test_other_columns_are_refused(train, tmp_path, columns):
    other = tmp_path / "other.csv"
    other.write_text(LAB.read_text().replace("x,y", columns, 1))
    result = train("--resume m.json", other)
    assert_refused(result, code=1 if columns == "z,y" else 2)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ("", "is empty"),
        ("x,y\n1,2\n", "not an lrfit model"),
        (
            '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 2}, "intercept": 1}',
            "does not tell how it was trained",
        ),
    ],
)
def test_what_is_no_model_to_go_on_from_exits_1(train, tmp_path, document, words):
    (tmp_path / "m.json").write_text(document)
    assert_refused(train("--resume m.json -o m.json"), "'m.json'", words, code=1)
    assert (tmp_path / "m.json").read_text() == document


def test_a_model_that_is_not_there_exits_1(train):
    assert_refused(train("--resume no.json"), "'no.json' cannot be opened", code=1)


def test_a_history_of_another_run_is_refused_and_left(train, model, tmp_path):
    train("--epochs 5 --history other.csv --lr 0.02")
    before = read(tmp_path / "other.csv")
    assert_refused(train("--resume m.json --history other.csv -o m.json"), "other.csv", "name another file")
    assert read(tmp_path / "other.csv") == before
    model_before = read(model)
    assert_refused(
        train("--resume m.json --history m.json"), "--history and --resume are the same file, 'm.json'"
    )
    assert read(model) == model_before


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--checkpoint-every 2", "--checkpoint-every needs --output"),
        ("--allow-changes", "--allow-changes needs --resume"),
        ("--checkpoint-every 0 -o m.json", "at least 1"),
        ("--resume - --validation -", "only one of DATA, --validation and --resume"),
        ("--validation v.csv --validation-fraction 0.1", "exclude each other"),
        ("--validation v.csv -o v.csv", "--output and --validation are the same file"),
    ],
)
def test_options_that_do_not_go_together_exit_2(train, arguments, words):
    assert_refused(train(arguments), words)


@pytest.mark.parametrize("other", ["--resume", "--validation"])
def test_standard_input_can_be_read_once(train, other):
    assert_refused(train(f"{other} -", "-"), "only one of DATA, --validation and --resume")


def test_a_divergence_after_a_checkpoint_says_which_epoch_is_saved(train, tmp_path):
    """That is never one that diverged; and the history, which is kept, leads beyond it."""
    run = "--lr 0.0444 --init=0.2516349,0.7988012 -o m.json --history h.csv --checkpoint-every 1"
    result = train(f"{run} --epochs 100000")
    assert result.returncode == 3
    saved = json.loads((tmp_path / "m.json").read_text())["training"]["epochs"]
    error = result.stderr.decode()
    assert error.endswith(f" Epoch {saved} is saved.\n")
    assert f"diverged in epoch {saved + 1}:" in error
    history = (tmp_path / "h.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in history[1:]] == list(map(str, range(saved + 2)))
    assert train("--resume m.json --epochs 1 --history h.csv").returncode == 3
    assert (tmp_path / "h.csv").read_text().splitlines() == history


def test_the_remedies_of_a_run_that_goes_on_are_changes_that_are_allowed(train):
    train("--lr 0.0444 --init=0.2516349,0.7988012 -o m.json --checkpoint-every 1 --epochs 100000")
    error = train("--resume m.json --epochs 100").stderr.decode()
    remedies = error.partition("Try ")[2].partition(", for a loss")[0].split(", or ")
    assert [remedy.split()[0] for remedy in remedies] == ["--standardize", "--lr", "--lr"]
    for remedy in remedies:
        result = train(f"--resume m.json --format json {remedy}")
        assert (result.returncode, result.stderr) == (0, b"")
        assert json.loads(result.stdout)["training"]["relative_excess"] < 1.01e-6


@pytest.mark.usefixtures("model")
def test_a_run_with_changes_starts_a_history_of_its_own(train, tmp_path):
    result = train("--resume m.json --allow-changes --lr 0.02 --epochs 2 --history h.csv")
    assert result.returncode == 0
    rows = (tmp_path / "h.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["epoch", "5", "6", "7"]
