"""Shuffles by parts: every row once in an epoch, parts and their rows in any order, no batch of two parts."""

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import oracles
import pytest

import lrfit
from lrfit.data.csv import blocks
from lrfit.data.shuffle import order_by_parts
from lrfit.errors import UsageError

SIZES = (7, 1, 12, 5)


def part_of(row):
    return int(np.searchsorted(np.cumsum(SIZES), row, side="right"))


def test_each_epoch_has_every_row_once_and_each_part_in_one_piece():
    for epoch in range(50):
        orders = order_by_parts(SIZES, 3, epoch)
        assert sorted(np.concatenate(orders).tolist()) == list(range(sum(SIZES)))
        assert all(len({part_of(row) for row in order}) == 1 for order in orders)


def test_it_is_a_function_of_seed_and_epoch():
    def order(seed, epoch):
        return [part.tolist() for part in order_by_parts(SIZES, seed, epoch)]

    assert order(1, 2) == order(1, 2)
    assert len({str(order(seed, epoch)) for seed in range(5) for epoch in range(5)}) == 25


def test_all_orders_of_parts_and_of_rows_are_equally_likely():
    """Each place is as likely for each part, and for each row in its part: within five standard errors."""
    n_epochs = 4000
    places, firsts = Counter(), Counter()
    pairs = Counter()
    for epoch in range(n_epochs):
        orders = order_by_parts(SIZES, 0, epoch)
        for place, order in enumerate(orders):
            part = part_of(order[0])
            places[part, place] += 1
            firsts[part, int(order[0])] += 1
            pairs.update((int(a), int(b)) for a, b in pairwise(order) if part == 0)
    for count in places.values():
        assert abs(count - n_epochs / 4) < 5 * np.sqrt(n_epochs * 3 / 16)
    for (part, _), count in firsts.items():
        share = 1 / SIZES[part]
        assert abs(count - n_epochs * share) <= 5 * np.sqrt(n_epochs * share * (1 - share))
    assert len(pairs) == 7 * 6
    for count in pairs.values():  # each pair of rows of a part follows each other alike
        assert abs(count - n_epochs / 7) < 6 * np.sqrt(n_epochs / 7)


def by_hand(rows, sizes, n_epochs, batch_size, rate):
    """The loop of a lecture over batches that are drawn in parts."""
    w, b = 0.0, 0.0
    for epoch in range(1, n_epochs + 1):
        for order in order_by_parts(sizes, 5, epoch):
            for start in range(0, len(order), batch_size):
                x, y = rows[order[start : start + batch_size]].T
                residual = w * x + b - y
                w, b = w - rate * np.mean(residual * x), b - rate * np.mean(residual)
    return w, b


def small_parts(monkeypatch, folder):
    """A CSV of several parts, and the number of its rows in each."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 64)
    monkeypatch.setattr(blocks, "PART_BLOCKS", 4)
    rows = oracles.random_rows(61, 1, seed=2)
    lines = [f"{x!r},{y!r}\n" for x, y in rows.tolist()]
    (folder / "data.csv").write_text("x,y\n" + "".join(lines))
    ends = 4 + np.cumsum([len(line) for line in lines])
    in_part = (np.searchsorted(64 * np.arange(1, 1000), ends)) // 4
    return rows, [n for _, n in sorted(Counter(in_part.tolist()).items())]


@pytest.mark.parametrize("batch_size", [4, 100])
def test_descent_is_that_of_a_loop(monkeypatch, tmp_path, batch_size):
    rows, sizes = small_parts(monkeypatch, tmp_path)
    assert len(sizes) > 5
    fit = lrfit.train(
        str(tmp_path / "data.csv"), learning_rate=0.02, epochs=7, batch_size=batch_size, shuffle_parts=True,
        seed=5,
    )  # fmt: skip
    expected = by_hand(rows, sizes, 7, batch_size, 0.02)
    np.testing.assert_allclose([fit.weights["x"], fit.intercept], expected, rtol=1e-12)


@pytest.mark.parametrize("settings", [{}, {"schedule": "invscaling"}, {"average": True, "momentum": 0.9}])
def test_a_run_in_two_parts_has_the_bits_of_one(monkeypatch, tmp_path, settings):
    small_parts(monkeypatch, tmp_path)
    data = str(tmp_path / "data.csv")
    given = {"learning_rate": 0.01, "batch_size": 4, "shuffle_parts": True, **settings}
    whole = lrfit.train(data, epochs=9, **given)
    both = lrfit.train(data, epochs=5, resume=lrfit.train(data, epochs=4, **given))
    assert both.document.training.variables == whole.document.training.variables


def test_rows_on_disk_come_in_the_same_order(monkeypatch, tmp_path):
    small_parts(monkeypatch, tmp_path)
    given = {"learning_rate": 0.01, "batch_size": 4, "shuffle_parts": True, "epochs": 3}
    fits = [lrfit.train(str(tmp_path / "data.csv"), max_memory=n, **given) for n in (None, 0)]
    assert fits[0].weights == fits[1].weights


def test_the_last_rows_can_be_held_out(monkeypatch, tmp_path):
    small_parts(monkeypatch, tmp_path)
    held_out = {"validation_fraction": 0.3, "validation_rows": "last"}
    fit = lrfit.train(
        str(tmp_path / "data.csv"), batch_size=4, shuffle_parts=True, learning_rate=0.01, **held_out
    )
    assert fit.document.data.n_samples == 43


def test_no_shuffle_by_parts_is_a_contradiction():
    with pytest.raises(UsageError, match=r"^shuffle=False and shuffle_parts=True exclude each other$"):
        lrfit.train([1.0, 2.0], [1.0, 2.0], shuffle=False, shuffle_parts=True, learning_rate=0.1)


@pytest.mark.parametrize(
    ("words", "shuffle", "parts"),
    [
        ([], True, False),
        (["--shuffle"], True, False),
        (["--shuffle", "rows"], True, False),
        (["--shuffle", "parts"], True, True),
        (["--shuffle=parts"], True, True),
        (["--no-shuffle"], False, False),
    ],
)
def test_the_option_takes_a_word_or_none(here, words, shuffle, parts):
    lab = str(oracles.SAMPLE_DATA / "lab.csv")
    settings = ["--lr", "0.01", "--batch-size", "4", "--epochs", "2", "--format", "json", "-q"]
    for arguments in ([*words, lab], [lab, *words]):
        training = json.loads(here("train", *arguments, *settings).stdout)["training"]
        assert (training["shuffle"], training["shuffle_parts"]) == (shuffle, parts)
    refused = here("train", lab, "--no-shuffle", "--shuffle", "parts", *settings)
    assert refused.stderr == b"lrfit: error: --no-shuffle and --shuffle parts exclude each other\n"


def test_a_resumed_run_keeps_the_parts(here):
    lab = str(oracles.SAMPLE_DATA / "lab.csv")
    settings = ["--batch-size", "4", "--lr", "0.01", "-q", "-o", "m.json"]
    assert here("train", lab, "--shuffle", "parts", *settings).returncode == 0
    assert here("train", lab, "--resume", "m.json", "-q", "-o", "n.json").returncode == 0
    assert json.loads(Path("n.json").read_text())["training"]["shuffle_parts"] is True
