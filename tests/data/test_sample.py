"""Samples: the moments of a table and of the rows held out of it, and what tells it from another."""

import gzip
import re
import subprocess
from math import inf

import numpy as np
import pytest
from csv_tables import NUMBERS, QUOTED, table_of
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit.analysis.moments import Moments
from lrfit.data.columns import ColumnChoice
from lrfit.data.csv import blocks
from lrfit.data.csv import table as csv_table
from lrfit.data.csv.blocks import Source
from lrfit.data.csv.format import CsvFormat
from lrfit.data.csv.table import CsvTable
from lrfit.data.hold_out import HoldOut
from lrfit.data.kinds import Column
from lrfit.data.sample import Keeping
from lrfit.data.samples import read_samples
from lrfit.data.table import Table
from lrfit.errors import DataError
from lrfit.system import workers


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 16)


@pytest.fixture
def forked(monkeypatch):
    """Read everything with so many workers, in blocks of 1 KiB."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 10)
    monkeypatch.setattr(workers, "_ALONE_BYTES", 0)

    def with_workers(n_workers):
        monkeypatch.setattr(workers, "_n_workers", lambda: n_workers)

    return with_workers


def csv_of(rows):
    """Rows as a CSV of lines of one length, each value in full."""
    return "x,y\n" + "".join(",".join(f"{value:+.16e}" for value in row) + "\n" for row in rows)


def read_sample(table, columns, *, hold_out=None):
    *features, target = columns
    choice = ColumnChoice(tuple(map(Column, features)), target)
    return read_samples(Table(table), choice, hold_out=hold_out, keeping=Keeping(inf)).of_group[""]


def sample_of(content, columns=("x", "y"), *, hold_out=None, **csv_format):
    return read_sample(table_of(content, **csv_format), columns, hold_out=hold_out)


def split(rows, hold_out):
    """The sample, and the rows to train on."""
    sample = sample_of(csv_of(rows), hold_out=hold_out)
    return sample, sample.rows.rows()


def random_rows(n_rows, seed=0):
    return np.random.default_rng(seed).normal(3.0, size=(n_rows, 2))


def assert_same(got, expected):
    assert got.n_samples == expected.n_samples
    scale = np.abs(expected.mean).max() + np.abs(expected.factor).max(initial=0.0)
    np.testing.assert_allclose(got.mean, expected.mean, rtol=0, atol=1e-12 * scale)
    covariances = (moments.factor @ moments.factor.T for moments in (got, expected))
    np.testing.assert_allclose(*covariances, rtol=0, atol=1e-12 * scale**2)


def outcome(content, hold_out, *, streaming=False, **csv_format):
    """All that comes out of a table, bit by bit, or the message."""
    try:
        return outcome_of(table_of(content, streaming=streaming, **csv_format), hold_out)
    except DataError as error:
        return str(error)


def outcome_of(table, hold_out):
    sample = read_sample(table, ["x", "y"], hold_out=hold_out)
    counts = (table.n_samples, table.n_dropped, table.lost_digits)
    parts = [sample.moments, sample.held_out] if hold_out else [sample.moments]
    bits = [(part.n_samples, part.mean.tobytes(), part.factor.tobytes()) for part in parts]
    return counts, bits, sample.fingerprint, sample.rows.rows().tobytes()


@pytest.mark.usefixtures("small_blocks")
def test_rows_are_kept_in_order_chunk_by_chunk_while_their_moments_are_read():
    table = table_of("x,y,z\n" + "".join(f"{i},{i * i},a\n" for i in range(50)))
    sample = read_sample(table, ["x", "y"])
    assert len(sample.rows._blocks) > 1
    assert sample.rows.rows().tolist() == [[i, i * i] for i in range(50)]
    assert sample.moments.n_samples == 50
    assert sample.held_out is None


# Rows held out.


@given(st.integers(200, 500), st.floats(0.1, 0.9), st.integers(0), st.sampled_from([200, 1 << 10, 1 << 20]))
@settings(max_examples=50, deadline=None)
def test_each_row_is_either_trained_on_or_held_out(n_rows, fraction, seed, block_bytes):
    rows = random_rows(n_rows)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blocks, "BLOCK_BYTES", block_bytes)
        sample, kept = split(rows, HoldOut(fraction, seed))
    is_kept = np.isin(rows[:, 0], kept[:, 0])
    assert kept.tobytes() == rows[is_kept].tobytes()
    assert_same(sample.moments, Moments.of_rows(kept))
    assert_same(sample.held_out, Moments.of_rows(rows[~is_kept]))
    assert_same(sample.moments.merge(sample.held_out), Moments.of_rows(rows))


@pytest.mark.parametrize(("fraction", "n_rows"), [(0.2, 40), (0.25, 41), (0.9, 33)])
def test_of_one_block_the_fraction_is_held_out_rounded_down_or_up(fraction, n_rows):
    for seed in range(5):
        sample = sample_of(csv_of(random_rows(n_rows)), hold_out=HoldOut(fraction, seed))
        assert abs(sample.held_out.n_samples - fraction * n_rows) < 1
        assert sample.moments.n_samples + sample.held_out.n_samples == n_rows


@pytest.mark.usefixtures("small_blocks")
def test_of_many_blocks_of_one_row_the_fraction_is_held_out_too():
    sample = sample_of(csv_of(random_rows(500)), hold_out=HoldOut(0.2, 0))
    assert len(sample.rows._blocks) == 500
    assert abs(sample.held_out.n_samples - 100) < 4 * np.sqrt(500 * 0.2 * 0.8)


def test_another_seed_holds_out_other_rows_and_the_same_seed_the_same():
    rows = random_rows(200)
    parts = [split(rows, HoldOut(0.5, seed))[1].tobytes() for seed in (0, 1, 2, 0)]
    assert parts[0] == parts[3]
    assert len(set(parts)) == 3


def test_rows_with_a_missing_value_are_neither_trained_on_nor_held_out():
    rows = random_rows(100)
    content = csv_of(rows).replace("\n", "\nNA,1\n", 50)
    sample = sample_of(content, hold_out=HoldOut(0.5), drop_missing=True)
    assert_same(sample.moments.merge(sample.held_out), Moments.of_rows(rows))


def test_a_share_that_is_no_row_or_all_rows_is_refused():
    content = "x,y\n1,2\n3,4\n5,6\n"
    with pytest.raises(DataError, match=r"^data: no row is held out of 3: raise validation_fraction$"):
        sample_of(content, hold_out=HoldOut(1e-9))
    with pytest.raises(DataError, match=r"^data: all rows \(3\) are held out, .*: lower validation_fraction"):
        sample_of(content, hold_out=HoldOut(1 - 1e-9))


# Fingerprints.


def fingerprint(content, columns=("x", "y")):
    return sample_of(content, columns).fingerprint


@pytest.fixture
def many_blocks(monkeypatch):
    """Some twenty rows of `csv_of` each."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 1 << 10)


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("row", [0, 200, 399])
@pytest.mark.parametrize("column", [0, 1])
def test_a_fingerprint_tells_one_value_from_the_next(row, column):
    rows = random_rows(400)
    before = fingerprint(csv_of(rows))
    rows[row, column] = np.nextafter(rows[row, column], np.inf)
    assert fingerprint(csv_of(rows)) != before
    rows[row, column] = np.nextafter(rows[row, column], -np.inf)
    assert fingerprint(csv_of(rows)) == before


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("swap", [(200, 201), (10, 390), (0, 399)])
def test_a_fingerprint_tells_the_order_of_rows(swap):
    rows = random_rows(400)
    before = fingerprint(csv_of(rows))
    rows[[*swap]] = rows[[*reversed(swap)]]
    assert fingerprint(csv_of(rows)) != before


@pytest.mark.usefixtures("small_blocks")
def test_a_fingerprint_tells_the_order_of_blocks():
    """Of a row each, so that the same checksums come in another order."""
    first, second = (sample_of(csv_of(random_rows(9)[order])) for order in (np.arange(9), [*range(7), 8, 7]))
    assert first.fingerprint != second.fingerprint


@pytest.mark.usefixtures("many_blocks")
@pytest.mark.parametrize("row", [0, 200, 399])
def test_a_fingerprint_tells_that_a_row_is_gone_or_there_twice(row):
    for rows in (random_rows(400), np.ones((400, 2))):
        prints = {
            fingerprint(csv_of(changed))
            for changed in (rows, np.delete(rows, row, axis=0), np.insert(rows, row, rows[row], axis=0))
        }
        assert len(prints) == 3


def test_a_fingerprint_tells_which_column_is_which():
    content = csv_of(random_rows(400))
    assert len({fingerprint(content, columns) for columns in (("x", "y"), ("y", "x"), ("x",))}) == 3


def test_a_fingerprint_is_of_values_however_they_are_written():
    one, other = "x,y\n1.5,2\n-0.25,300\n", "y;x\r\n+2;1,50\r\n3e2;-,25\r\n"
    table = table_of(other, separator=";", decimal=",")
    assert read_sample(table, ["x", "y"]).fingerprint == fingerprint(one)
    assert re.fullmatch(r"[0-9a-f]{16}", fingerprint(one))


@pytest.mark.usefixtures("many_blocks")
def test_a_fingerprint_does_not_know_a_column_that_is_not_chosen():
    content = csv_of(random_rows(400)).replace("\n", ",apple\n")
    assert fingerprint(content.replace("apple", "melon")) == fingerprint(content)


@pytest.mark.usefixtures("many_blocks")
def test_a_fingerprint_is_of_all_rows_held_out_or_not():
    content = csv_of(random_rows(400))
    for hold_out in (HoldOut(0.2, 0), HoldOut(0.2, 1), HoldOut(0.7, 0)):
        assert sample_of(content, hold_out=hold_out).fingerprint == fingerprint(content)


@pytest.mark.usefixtures("many_blocks")
def test_either_reader_makes_the_same_of_the_same_rows(monkeypatch):
    content = csv_of(random_rows(4000))
    outcomes = []
    for few_bytes in (0, 1 << 30):
        monkeypatch.setattr(csv_table, "few_bytes", lambda few_bytes=few_bytes: few_bytes)
        outcomes.append(outcome(content, HoldOut(0.3, 5)))
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("hold_out", [None, HoldOut(0.3, 5)])
@pytest.mark.parametrize("n_workers", [0, 2])
def test_file_gzip_and_pipe_give_the_same_sample(forked, tmp_path, hold_out, n_workers):
    path, packed = tmp_path / "data.csv", tmp_path / "data.csv.gz"
    path.write_text(csv_of(random_rows(2000)))
    packed.write_bytes(gzip.compress(path.read_bytes()))
    forked(n_workers)
    with (
        path.open("rb") as file,
        packed.open("rb") as gzip_file,
        subprocess.Popen(["cat", path], stdout=subprocess.PIPE) as cat,
        subprocess.Popen(["cat", packed], stdout=subprocess.PIPE) as gzip_cat,
    ):
        outcomes = [
            outcome_of(CsvTable(Source(stream, "data"), CsvFormat()), hold_out)
            for stream in (file, gzip_file, cat.stdout, gzip_cat.stdout)
        ]
    assert outcomes[0] == outcome(path.read_bytes(), hold_out)
    assert all(other == outcomes[0] for other in outcomes)


# Workers.


@pytest.mark.parametrize(("pack", "streaming"), [(bytes, False), (gzip.compress, True)])
@pytest.mark.parametrize(
    ("content", "csv_format"),
    [
        ("x,y\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "9007199254740993,1\n", {}),
        ("x,y,z\n" + QUOTED, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,x\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,NA\n" + NUMBERS + "1,\n\n" + NUMBERS, {"drop_missing": True}),
        ("x,y\n" + NUMBERS + "1,x\n" + NUMBERS, {}),
        ("x,y\n" + NUMBERS + "1,2,3\n" + NUMBERS + "1,x\n", {}),
        ("x,y,z\n" + QUOTED + '1,"2\n' + QUOTED, {}),
        ("x,y\n" + "NA,1\n" * 1000, {"drop_missing": True}),
    ],
)
@pytest.mark.parametrize("hold_out", [None, HoldOut(0.3, 5)])
def test_what_is_read_and_said_does_not_depend_on_the_number_of_workers(
    forked, content, csv_format, pack, streaming, hold_out
):
    stored = pack(content.encode())
    outcomes = []
    for n_workers in (0, 1, 3):
        forked(n_workers)
        outcomes.append(outcome(stored, hold_out, streaming=streaming, **csv_format))
    assert outcomes[0] == outcomes[1] == outcomes[2]
