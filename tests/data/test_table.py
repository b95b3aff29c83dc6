"""Several files are one table: by the names of their columns, in the order in which they are given."""

import gzip
from contextlib import nullcontext
from itertools import permutations

import numpy as np
import oracles
import pytest

import lrfit
from lrfit.data.column_names import ColumnRequest
from lrfit.data.csv import blocks
from lrfit.data.kinds import Column
from lrfit.data.opening import open_table
from lrfit.data.table_request import TableRequest
from lrfit.errors import DataError
from lrfit.system.listener import Listener

ROWS = oracles.random_rows(60, 2, seed=3).tolist()
NAMES = ("a", "b", "y")


def csv_of(rows, names=NAMES, separator=","):
    lines = [names, *([repr(row[NAMES.index(name)]) for name in names] for row in rows)]
    return "".join(separator.join(line) + "\n" for line in lines)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def written(folder, **contents):
    """Files with these contents, by their stems."""
    for stem, content in contents.items():
        (folder / f"{stem}.csv").write_text(content)
    return tuple(f"{stem}.csv" for stem in contents)


def rows_of(paths, columns=NAMES, **request):
    with open_table(TableRequest(tuple(paths), **request)) as table:
        found = [(n, block) for n, block in table.map_blocks(lambda b: b.values.T, _columns(table, columns))]
    assert [n for n, _ in found] == sorted({n for n, _ in found})
    return np.concatenate([block for _, block in found]).tolist()


def _columns(table, names):
    named = table.named(ColumnRequest(x=tuple(names)), Listener().note)
    return [Column(name) for name in named.x]


def test_the_rows_are_those_of_all_files_in_order_whatever_the_order_of_the_columns(folder):
    contents = {
        f"p{i}": csv_of(ROWS[10 * i : 10 * i + 10], names) for i, names in enumerate(permutations(NAMES))
    }
    assert rows_of(written(folder, **contents)) == ROWS


def test_each_file_shows_its_own_separator_and_may_be_packed(folder):
    (folder / "a.csv").write_text(csv_of(ROWS[:20]))
    (folder / "b.tsv").write_text(csv_of(ROWS[20:40], separator="\t"))
    (folder / "c.csv").write_bytes(gzip.compress(csv_of(ROWS[40:], separator=";").encode()))
    assert rows_of(["a.csv", "b.tsv", "c.csv"]) == ROWS


def test_a_position_is_that_of_the_first_file(folder):
    paths = written(folder, a=csv_of(ROWS[:30]), b=csv_of(ROWS[30:], ("y", "b", "a")))
    assert rows_of(paths, ("1", "3")) == [[a, y] for a, _, y in ROWS]


def test_a_file_without_rows_is_a_part_like_others_but_not_if_all_are(folder):
    paths = written(folder, none=csv_of([]), some=csv_of(ROWS), nothing=csv_of([]))
    assert rows_of(paths) == ROWS
    with pytest.raises(DataError, match=r"^'none.csv' has a header, but no rows$"):
        rows_of(("none.csv", "nothing.csv"))


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("a,b\n1,2\n", "'b.csv' has no column 'y', which 'a.csv' has: all files need the same columns"),
        ("a,b,y,z\n1,2,3,4\n", "'a.csv' has no column 'z', which 'b.csv' has"),
        ("a,b,y,\n1,2,3,4\n", "'a.csv' has no column without a name, which 'b.csv' has"),
        ("a,b,y,a\n1,2,3,4\n", "'a.csv' has no column 'a', which 'b.csv' has"),
        ("", "'b.csv' is empty: it has neither a header nor rows"),
        ("a,b,y\n1,2,3\n1,2\n", "'b.csv', line 3: 2 fields, but there are 3 columns"),
        ("a,b,y\n1,2,3\n1,,2\n", "'b.csv', line 3, column 'b': a missing value"),
        ("y,b,a\n1,2,3\n1,2,x\n", "'b.csv', line 3, column 'a': 'x' is not a number"),
    ],
)
def test_a_message_names_the_file(folder, header, words):
    with pytest.raises(DataError) as error:
        rows_of(written(folder, a=csv_of(ROWS), b=header, c=csv_of(ROWS)))
    assert words in str(error.value)


def test_what_is_left_out_is_counted_in_all_files(folder):
    class Heard(Listener):
        warnings = ()

        def warn(self, text):
            self.warnings += (text,)

    heard = Heard()
    paths = written(folder, a="a,b,y\n1,,2\n1,2,3\n", b="a,b,y\n,,2\n1,2,3\n9007199254740993,2,3\n")
    with open_table(TableRequest(paths, missing="drop"), heard) as table:
        list(table.map_blocks(lambda block: block.counts.n_rows, _columns(table, NAMES)))
        assert (table.n_samples, table.n_dropped) == (3, 2)
    assert heard.warnings == (
        "left out 2 rows with missing values",
        "an integer beyond 2^53 was read; its last digits may be lost",
    )


def test_progress_is_that_of_all_files(folder, monkeypatch):
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 256)
    seen = []

    class Heard(Listener):
        def work(self, label, unit=None):  # noqa: ARG002 (a listener's own)
            return nullcontext(lambda done, total: seen.append((done, total)))

    paths = written(folder, a=csv_of(ROWS), b=csv_of(ROWS))
    with open_table(TableRequest(paths), Heard()) as table:
        list(table.map_blocks(lambda block: block.counts.n_rows, _columns(table, NAMES)))
    whole = sum((folder / path).stat().st_size for path in paths)
    assert {total for _, total in seen} == {whole}
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == whole


def test_a_pattern_stands_for_its_files_sorted_by_name(folder):
    written(
        folder, part_b=csv_of(ROWS[20:40]), part_a=csv_of(ROWS[:20]), part_c=csv_of(ROWS[40:]), other="x\n"
    )
    fit = lrfit.train("part_*.csv", batch_size=7, epochs=3, learning_rate=0.01)
    (folder / "all.csv").write_text(csv_of(ROWS))
    whole = lrfit.train("all.csv", batch_size=7, epochs=3, learning_rate=0.01)
    assert fit.weights == whole.weights
    listed = lrfit.train(["part_a.csv", "part_[bc].csv"], batch_size=7, epochs=3, learning_rate=0.01)
    assert listed.weights == whole.weights
    with pytest.raises(DataError, match=r"^no file matches 'none_\*.csv'$"):
        lrfit.train("none_*.csv")


def test_a_name_that_a_file_has_is_no_pattern(folder):
    (folder / "part[1].csv").write_text(csv_of(ROWS))
    written(folder, part1="a,y\n1,2\n")
    assert set(lrfit.train("part[1].csv").weights) == {"a", "b"}


def test_files_have_the_line_of_one_file_and_a_fingerprint_of_their_own(folder):
    paths = written(folder, a=csv_of(ROWS[:13]), b=csv_of(ROWS[13:14]), c=csv_of(ROWS[14:]), all=csv_of(ROWS))
    several, one, other = (
        lrfit.train(list(some), learning_rate=0.01, epochs=50)
        for some in (paths[:3], paths[3:], paths[1:3] + paths[:1])
    )
    for fit in (several, other):
        np.testing.assert_allclose(list(fit.weights.values()), list(one.weights.values()), rtol=1e-12)
    fingerprints = {fit.document.data.fingerprint for fit in (several, one, other)}
    assert len(fingerprints) == 3


def test_the_last_rows_are_those_of_the_last_files(folder):
    paths = written(folder, a=csv_of(ROWS[:30]), b=csv_of(ROWS[30:50]), c=csv_of(ROWS[50:]), all=csv_of(ROWS))
    held_out = {"validation_fraction": 0.25, "validation_rows": "last"}
    several, one = (lrfit.train(list(some), **held_out) for some in (paths[:3], paths[3:]))
    assert several.document.data.n_samples == one.document.data.n_samples == 45
    assert several.document.training.validation_loss == pytest.approx(one.document.training.validation_loss)
