"""The plain command gets to the optimum, and what is printed as a remedy does what it promises."""

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest
from commands_run import run_command
from depth import cases
from ordinary_tables import ordinary_table, write_table

SAMPLES = Path(__file__).parents[2] / "sample_data"


def excess_of(path, training):
    """The loss above the least one, by NumPy's least squares, as a share of it."""
    rows = np.loadtxt(path, delimiter=",", skiprows=1)
    names = path.read_text().split("\n", 1)[0].split(",")
    target = names.index("y") if "y" in names else len(names) - 1
    x, y = np.delete(rows, target, axis=1), rows[:, target]
    centred = np.column_stack([(x - x.mean(axis=0)) / x.std(axis=0), np.ones(len(x))])
    best = np.mean(np.square(centred @ np.linalg.lstsq(centred, y)[0] - y)) / 2.0
    return (training["loss"] - best) / max(best, 1e-12 * np.var(y))


@pytest.mark.parametrize("name", ["lab", "lab_test", "line", "longley", "norris"])
def test_the_plain_command_fits_each_sample(name):
    path = SAMPLES / f"{name}.csv"
    result = run_command("train", path, "--format", "json")
    training = json.loads(result.out)["training"]
    assert training["converged"]
    assert "reached the optimum in epoch " in result.err
    assert abs(excess_of(path, training)) < 1e-6


@pytest.mark.parametrize("seed", range(cases(50, 500)))
def test_the_plain_command_fits_ordinary_tables(tmp_path, seed):
    path = tmp_path / "t.csv"
    write_table(ordinary_table(seed), path)
    result = run_command("train", path, "--format", "json")
    assert result.code == 0, result.err
    training = json.loads(result.out)["training"]
    assert training["converged"]
    assert abs(excess_of(path, training)) < 1e-6


RUNS = [
    "--batch-size 4",
    "--batch-size 1 --epochs 30",
    "--lr 3 --batch-size 8",
    "--lr 0.01",
    "--lr 1 --standardize",
    "--lr 0.001 --standardize --epochs 20",
    "--lr 0.01 --momentum 0.9 --standardize",
    "--lr 5 --standardize --batch-size 4",
    "--lr 0.05 --standardize --batch-size 1",
    "--lr 0.05 --standardize --batch-size 4 --no-shuffle --epochs 300",
    "--lr 0.02 --standardize --batch-size 2 --average --epochs 5",
    "--lr 2 --standardize --clip-norm 1 --epochs 20",
    "--lr 0.01 --standardize --schedule step --step-size 5",
    "--lr 0.1 --standardize --schedule invscaling --power-t 1",
]

_GROUP = r"--[a-z][\w-]*(?: [\w.]+(?:e-\d+)?(?=[ ,;.\n]|$))?"
_OPTIONS = rf"({_GROUP}(?: {_GROUP})*)"

PROMISES = {
    rf"(?:Try |, or ){_OPTIONS}(?=.*, for a loss within 0\.0001 % of the optimum)": 1e-6,
    rf"within 1 % of it with {_OPTIONS}": 0.01,
    rf"(?:; |, or )with {_OPTIONS}": 1e-6,
}
"""Texts of remedies, and the excess that they promise."""

NOISY = "--lr 0.02 --batch-size 1 --no-shuffle --epochs 1000"

MOST_EPOCHS = cases(100_000, 300_000)
"""More take too long for a test."""


def trained(path, *options):
    result = run_command("train", path, "--format", "json", *options)
    return result, json.loads(result.out)["training"] if result.code == 0 else None


def promised(text):
    """Remedies in a text, as words of a command line, each with the excess that it promises."""
    for pattern, excess in PROMISES.items():
        for options in re.findall(pattern, text):
            yield shlex.split(options.rstrip(".")), excess


@pytest.mark.parametrize("seed", range(cases(2 * len(RUNS), 1000)))
def test_remedies_do_what_they_promise(tmp_path, seed):
    path = tmp_path / "t.csv"
    write_table(ordinary_table(1000 + seed), path)
    options = RUNS[seed % len(RUNS)].split()
    result, before = trained(path, *options)
    text = result.err.splitlines()[-1] if result.code != 2 else pytest.fail(result.err)
    for words, excess in promised(text):
        if "--epochs" in words and int(words[words.index("--epochs") + 1]) > MOST_EPOCHS:
            continue
        _, after = trained(path, *options, *words)
        assert after is not None, (text, words)
        assert after["relative_excess"] <= 1.1 * excess, (text, words)
    if without_promise := re.search(rf"Try {_OPTIONS}\. Nothing", text):
        _, after = trained(path, *options, *shlex.split(without_promise[1]))
        assert after is not None, text
    if "--average comes closer" in text:
        _, after = trained(path, *options, "--average")
        assert after["relative_excess"] < before["relative_excess"], text
    if "more --epochs come closer" in text:
        _, after = trained(path, *options, "--epochs", "100")
        assert after["relative_excess"] < before["relative_excess"], text
    if more := re.search(r"within 0\.0001 % of it after (\d+) more epochs?", text):
        n_epochs = before["epochs"] + int(more[1])
        if n_epochs <= MOST_EPOCHS:
            _, after = trained(path, *options, "--epochs", str(n_epochs))
            assert after["relative_excess"] <= 1.1e-6, text


def test_the_promises_that_are_looked_for_are_those_that_are_printed():
    texts = [
        trained(SAMPLES / "norris.csv", "--lr", "0.01")[0].err,
        trained(SAMPLES / "lab.csv", "--lr", "0.01")[0].err,
        trained(
            SAMPLES / "lab.csv", *["--lr", "0.02", "--batch-size", "1", "--no-shuffle", "--epochs", "1000"]
        )[0].err,
    ]
    found = [list(promised(text.splitlines()[-1])) for text in texts]
    assert [len(each) for each in found] == [3, 1, 2]
    assert found[0][0] == (["--standardize", "--lr", "auto"], 1e-6)
