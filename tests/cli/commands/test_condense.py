"""Moments in place of rows: what full batches are trained on, to the bit."""

import io
import json
import math
from pathlib import Path

import jsonschema
import numpy as np
import oracles
import pytest
from commands_run import run_command

from lrfit.data.csv import blocks
from lrfit.data.moments_file import MomentsFile
from lrfit.errors import DataError
from lrfit.system import documents

CITIES = ("berlin", "oslo", "rome")
N_ROWS = 90


def table_of(rows):
    """Numbers, dates, words, weights and groups."""
    rng = np.random.default_rng(4)
    lines = []
    for i, (x, y) in enumerate(rows):
        city, site = CITIES[int(rng.integers(3))], "ab"[i % 2]
        lines.append(f"{x!r},{y!r},2026-01-{i % 28 + 1:02d},{city},{i % 3},{site}\n")
    return lines


HEADER = "x,y,day,city,w,site\n"
LINES = table_of(oracles.random_rows(N_ROWS, 1, seed=8).tolist())


@pytest.fixture
def parts(here, monkeypatch):
    """Three files, of several blocks each."""
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 256)
    for i in range(3):
        Path(f"p{i}.csv").write_text(HEADER + "".join(LINES[30 * i : 30 * i + 30]))
    return here


def condensed(run, names, *options):
    for name in names:
        result = run("condense", name, *options, "-q", "-o", Path(name).with_suffix(".json").name)
        assert (result.returncode, result.stdout, result.stderr) == (0, b"", b"")


def trained(run, *arguments):
    settings = ["--standardize", "--lr", "0.1", "--epochs", "30", "--format", "json", "-q"]
    result = run("train", *arguments, *settings)
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize(
    "columns",
    [
        ["-x", "x"],
        ["-x", "x,day", "--dates", "day"],
        ["-x", "city,x", "--categories", "city"],
        ["-x", "x", "--weights", "w"],
        ["-x", "x,city", "--categories", "city", "--weights", "w", "--by", "site"],
    ],
)
@pytest.mark.parametrize("names", [["p0.csv"], ["p0.csv", "p1.csv", "p2.csv"]])
def test_the_moments_of_files_give_the_bits_of_their_rows(parts, names, columns):
    columns = [*columns, "-y", "y"]
    condensed(parts, names, *columns)
    of_moments = trained(parts, *(Path(name).with_suffix(".json").name for name in names))
    assert of_moments == trained(parts, *names, *columns)


def test_they_can_stand_beside_files_of_rows_and_be_condensed_again(parts):
    columns = ["-x", "x,city", "-y", "y", "--categories", "city"]
    condensed(parts, ["p0.csv", "p1.csv"], *columns)
    beside = trained(parts, "p2.csv", "p0.json", "p1.json", *columns)
    assert beside == trained(parts, "p2.csv", "p0.csv", "p1.csv", *columns)
    before = trained(parts, "p0.json", "p2.csv", "p1.json")
    assert before == trained(parts, "p0.csv", "p2.csv", "p1.csv", *columns)
    assert parts("condense", "p0.json", "p1.json", "-q", "-o", "both.json").returncode == 0
    assert trained(parts, "both.json") == trained(parts, "p0.csv", "p1.csv", *columns)


def test_they_go_through_pipes(parts):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    printed = parts("condense", "-", "-x", "x", "-y", "y", stdin=Path("p0.csv").read_text())
    assert printed.stdout == Path("p0.json").read_bytes()
    assert printed.stderr == b"standard input: 30 rows, target 'y', features 'x'\n"
    piped = parts("train", "-", "-q", "--format", "json", stdin=printed.stdout)
    assert piped.stdout == parts("train", "p0.json", "-q", "--format", "json").stdout
    assert json.loads(piped.stdout)["data"]["n_samples"] == 30


def test_a_run_on_rows_goes_on_with_their_moments(parts):
    columns = ["-x", "x", "-y", "y"]
    assert (
        parts("train", "p0.csv", *columns, "--lr", "0.01", "--epochs", "5", "-q", "-o", "m.json").returncode
        == 0
    )
    condensed(parts, ["p0.csv", "p1.csv"], *columns)
    again = [
        parts("train", name, "--resume", "m.json", "--epochs", "5", "-q", "--format", "json").stdout
        for name in ("p0.csv", "p0.json")
    ]
    assert again[0] == again[1] != b""
    other = parts("train", "p1.json", "--resume", "m.json", "-q")
    assert other.returncode == 2
    assert b"other data" in other.stderr or b"data" in other.stderr


def test_rows_to_validate_on_may_be_moments(parts):
    columns = ["-x", "x,city", "-y", "y", "--categories", "city"]
    condensed(parts, ["p0.csv", "p1.csv"], *columns)
    of_moments = trained(parts, "p0.json", "--validation", "p1.json")
    assert of_moments == trained(parts, "p0.csv", *columns, "--validation", "p1.csv")


def test_a_document_is_valid_by_its_schema_and_small(parts):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    text = Path("p0.json").read_text()
    schema = json.loads(run_command("schema", "moments").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    assert len(text) < 700


def test_units_and_lost_digits_come_along(parts):
    Path("u.csv").write_text("x,y\nm,s\n9007199254740993,1\n2,3\n3,4\n")
    assert parts("condense", "u.csv", "--skip-below", "1", "-o", "u.json").returncode == 0
    assert json.loads(Path("u.json").read_text())["units"] == {"x": "m", "y": "s"}
    assert b"an integer beyond 2^53 was read" in parts("train", "u.json").stderr


def test_a_number_for_missing_values_is_noticed_where_the_rows_are(parts):
    Path("s.csv").write_text("x,y\n" + "".join(f"{i},{i}\n" for i in range(30)) + "-9999,1\n-9999,2\n")
    assert b"column 'x' has -9999 in 2 rows" in parts("condense", "s.csv", "-o", "s.json").stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (
            ["--batch-size", "8"],
            1,
            "'p0.json' has moments and no rows: --batch-size full is",
        ),
        (["--no-condense"], 1, "'p0.json' has moments and no rows"),
        (["--validation-fraction", "0.2"], 1, "no rows can be held out: --validation names a file"),
        (["-x", "x"], 2, "its columns were chosen when it was condensed"),
        (["--by", "site"], 2, "its columns were chosen when it was condensed"),
        (["o.json"], 1, "'o.json' was condensed with features 'x', 'day' (date), not 'x'"),
        (["t.json"], 1, "'t.json' was condensed with target 'w', not 'y'"),
        (["w.json"], 1, "'w.json' was condensed with weights 'w', not none"),
    ],
)
def test_what_they_cannot_do_is_said(parts, arguments, code, words):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    for name, options in {
        "o": "-x x,day -y y --dates day",
        "t": "-x x -y w",
        "w": "-x x -y y --weights w",
    }.items():
        assert parts("condense", "p1.csv", *options.split(), "-q", "-o", f"{name}.json").returncode == 0
    result = parts("train", "p0.json", *arguments)
    assert (result.returncode, result.stdout) == (code, b"")
    assert words in result.stderr.decode()
    assert result.stderr.count(b"lrfit: error: ") == 1


@pytest.mark.parametrize("command", ["predict m.json p0.json", "evaluate m.json p0.json", "plot p0.json"])
def test_commands_that_need_rows_say_so(parts, command):
    assert parts("train", "p0.csv", "-x", "x", "-y", "y", "-q", "-o", "m.json").returncode == 0
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    result = parts(*command.split())
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"'p0.json' has moments and no rows" in result.stderr


def test_a_loss_surface_needs_none(parts):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    assert parts("plot", "p0.json", "--kind", "surface").returncode == 0
    assert parts("graph", "--data", "p0.json").returncode == 0


def test_groups_of_moments_have_no_history(parts):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y", "--by", "site")
    result = parts("train", "p0.json", "--history", "h.csv")
    assert result.returncode == 2
    assert (
        b"--by and --history exclude each other, and there is a line for each level of 'site'"
        in result.stderr
    )


def changed(document, path, value):
    *before, last = path
    inner = document
    for step in before:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["version"], 2, "\"version\" is '2', not 1"),
        (["columns"], {}, "field 'columns' is"),
        (["columns", "x"], "word", "one of number, date, category"),
        (["columns", "x"], "category", "no moments for columns of these kinds"),
        (["groups"], [], "field 'groups' is"),
        (["groups", 0, "fingerprints"], None, "field 'groups[0].fingerprints' is missing"),
        (["groups", 0, "of_numbers", "mean"], [1.0], "field 'mean' has 1 entries, and must have 2"),
        (["groups", 0, "of_numbers", "factor"], [[1.0, 0.0], [1.0]], "field 'factor' has 1 entries"),
        (["groups", 0, "of_numbers", "factor"], [[1.0, 0.5], [1.0, 0.5]], "'factor' is not lower triangular"),
        (["groups", 0, "of_numbers", "factor"], [[1.0, 0.0, 0.0]] * 2, "'factor' is not lower triangular"),
        (["groups", 0, "of_numbers", "factor"], [], "field 'groups[0].of_numbers.factor' is"),
        (["groups", 0, "of_numbers", "mean"], [1.0, math.nan], "a finite number"),
        (["groups", 0, "level"], "a", "field 'groups' has levels, but field 'group_column' is null"),
        (["group_column"], "site", "field 'groups' lacks a level, or has one twice"),
        (["group_column"], "x", "a column has two roles"),
        (["target"], "x", "a column has two roles"),
        (["weights_column"], "w", "field 'weights_column' contradicts the moments"),
        (["groups", 0, "of_numbers", "total_weight"], 2.0, "field 'weights_column' contradicts the moments"),
        (["groups", 0, "of_numbers", "n_samples"], -1, "field 'groups[0].of_numbers.n_samples' is '-1'"),
        (["groups", 0, "of_numbers", "total_weight"], 0.0, "a positive number"),
    ],
)
def test_a_damaged_document_is_refused_by_its_field(parts, path, value, words):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    document = changed(json.loads(Path("p0.json").read_text()), path, value)
    Path("bad.json").write_text(json.dumps(document, indent=1))
    result = parts("train", "bad.json")
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.startswith(b"lrfit: error: 'bad.json' has no moments that this version reads: ")
    assert words in result.stderr.decode()


def test_moments_of_two_kinds_are_refused(parts):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    condensed(parts, ["p1.csv"], "-x", "x,city", "-y", "y", "--categories", "city")
    one, other = (json.loads(Path(name).read_text()) for name in ("p0.json", "p1.json"))
    one["groups"][0]["of_levels"] = other["groups"][0]["of_levels"]
    Path("bad.json").write_text(json.dumps(one))
    assert b"field 'groups' has moments of two kinds" in parts("train", "bad.json").stderr


@pytest.mark.parametrize("form", [{"indent": 8}, {"separators": (",", ":")}, {"sort_keys": True}])
def test_a_document_that_was_written_anew_is_the_same(parts, form):
    condensed(parts, ["p0.csv"], "-x", "x", "-y", "y")
    document = json.loads(Path("p0.json").read_text())
    Path("anew.json").write_text("\n" + json.dumps(document, **form), encoding="utf-8-sig")
    assert trained(parts, "anew.json") == trained(parts, "p0.json")


def test_another_order_of_features_is_said(parts):
    condensed(parts, ["p0.csv"], "-x", "x,w", "-y", "y")
    condensed(parts, ["p1.csv"], "-x", "w,x", "-y", "y")
    result = parts("train", "p0.json", "p1.json")
    assert b"condensed with features w, x, not x, w: condense all with" in result.stderr.replace(b"'", b"")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        (["combinations", 0], ["a", "b"], "field 'combinations' has 2 entries, and must have 1"),
        (["combinations"], [["oslo"]] * 3, "field 'combinations' has one twice"),
        (["weights"], [1.0], "field 'weights' has 1 entries, and must have 3"),
        (["means", 0], [1.0], "field 'means' has 1 entries, and must have 2"),
        (["root", 0], [1.0], "field 'root' has 1 entries, and must have 2"),
        (["root", 1], [1.0, 1.0], "field 'root' is not upper triangular"),
        (["root"], [[0.0, 0.0]] * 3, "field 'root' is not upper triangular"),
        (["root"], [], "field 'groups[0].of_levels.root' is"),
        (["weights"], [1e308] * 3, "field 'weights' has a sum that is not finite"),
    ],
)
def test_a_damaged_document_of_words_is_refused_by_its_field(parts, path, value, words):
    condensed(parts, ["p0.csv"], "-x", "x,city", "-y", "y", "--categories", "city")
    document = changed(json.loads(Path("p0.json").read_text()), ["groups", 0, "of_levels", *path], value)
    Path("bad.json").write_text(json.dumps(document, indent=1))
    result = parts("train", "bad.json")
    assert result.returncode == 1
    assert words in result.stderr.decode()


def test_an_output_overwrites_nothing_but_moments(parts):
    result = parts("condense", "p0.csv", "-x", "x", "-y", "y", "-o", "p1.csv")
    assert result.returncode == 1
    assert b"--output would overwrite 'p1.csv', which is not moments" in result.stderr


def test_moments_that_are_no_numbers_are_refused(here):
    Path("huge.csv").write_text("x,y\n1.7e308,1\n-1.7e308,2\n1.7e308,3\n")
    result = here("condense", "huge.csv")
    assert (result.returncode, result.stdout) == (1, b"")
    assert b"beyond the range of float64" in result.stderr


def test_a_document_of_any_size_or_on_a_broken_disk_is_refused(monkeypatch):
    class Broken(io.BytesIO):
        def read(self, size=-1):  # noqa: ARG002 (its signature)
            raise OSError(5, "Input/output error")

    with pytest.raises(DataError, match=r"m.json cannot be read: Input/output error"):
        MomentsFile(Broken(), "m.json")
    monkeypatch.setattr(documents, "MAX_BYTES", 1 << 20)
    with pytest.raises(DataError, match="it is larger than 1 MiB"):
        MomentsFile(io.BytesIO(b" " * ((1 << 20) + 1)), "m.json")
