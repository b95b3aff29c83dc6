"""Text of outside origin, wherever it comes from, is shown escaped and short, and steers no terminal."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from commands_run import assert_within_the_contract, run_command
from depth import IS_DEEP

NASTY = {
    "colour": "\x1b[31m",
    "link": "\x1b]8;;http://e\x07l\x1b]8;;\x07",
    "C1": "a\x9b31m",
    "right to left": "\u202eevil",
    "isolate": "\u2066x",
    "no width": "a\u200bb",
    "emoji": "👩\u200d👩\u200d👧",
    "markup": "[/red] a[b] [red]",
    "emoji code": ":smile:",
    "formats": "%s%d%(x)s {} {0!r}",
    "lines": "a\nb\n" * 500,
    "line ends": "a\rb\x85c\u2028d\tb",
    "escapes": "a\\b'c\"d",
    "marks": "e" + "\u0301" * 300,
    "wide": "温度計" * 3,
    "undecodable": "a\udcff",
    "long": "m" * 1_000_000,
}
TOGETHER = {
    "all but lines": "".join(
        text for name, text in NASTY.items() if name not in ("lines", "marks", "undecodable", "long")
    ),
    "undecodable lines": "x\udcff\x9b\n" * 50,
}
ROWS = b"x,y\n1,2\n2,3\n3,5\n4,4\n"
MODEL = {"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1.5}, "intercept": 0.5}
OPTIONS = {
    "train": "--sep --encoding --decimal --missing --lr --epochs --init --l2 --max-time --max-memory "
    "--executor --schedule --seed --format --every -o --history --validation --resume --batch-size "
    "--momentum -x -y",
    "predict": "--sep --encoding",
    "evaluate": "--sep --format",
}


def quoted(text):
    return '"' + text.replace('"', '""') + '"'


def tables(text):
    """CSV whose header or cells hold the text, and how it is trained on."""
    name, other = quoted(text), quoted(f"{text}2")
    yield ["train", "-"], f"{name},y\n1,2\n2,3\n4,4\n"
    yield ["train", "-", "--format", "json"], f"{name},y\n1,2\n2,3\n4,4\n"
    yield ["train", "-"], f"x,{name}\n1,2\n2,3\n4,4\n"
    yield ["train", "-", "-x", "x"], f"x,{name},y\n1,a,2\n2,b,3\n4,c,4\n"
    yield ["train", "-", "--lr", "5"], f"{name},{other},y\n1,1,2\n2,2,3\n4,1,4\n"  # diverges
    yield ["train", "-"], f"{name},{other},y\n1,1,2\n2,2,3\n4,4,4\n"  # collinear
    yield ["train", "-"], f"{name},{other},y\n1,5,2\n2,5,3\n4,5,4\n"  # constant
    yield ["train", "-"], f"{name},{other},y\n100000,1,2\n200000,2,3\n400000,3,4\n"  # ill-conditioned
    yield ["train", "-"], f"{name},{name},y\n1,1,2\n2,2,3\n4,1,4\n"
    yield ["train", "-", "-y", "z"], f"x,{name}\n1,2\n2,3\n"
    yield ["train", "-"], f"1,{name}\n1,2\n2,3\n"
    yield ["train", "-"], f"x,y\n1,{name}\n2,3\n"
    yield ["train", "-"], f"x,y\n1,{text}\n2,3\n"
    yield ["evaluate", "m.json", "-"], f"x,y\n{name},2\n"
    yield ["predict", "m.json", "-", "--only"], f"x,y\n{name},2\n"
    yield ["predict", "m.json", "-", "--only"], f"{name},y\n1,2\n"


def documents(text, trained):
    """Models one of whose fields holds the text, or is named by it."""
    for change in (
        {"target": text},
        {"weights": {text: 1.0}},
        {"weights": {text: "x"}},
        {"weights": text},
        {"intercept": text},
        {"format": text},
        {"version": text},
        {"training": text},
        {"training": {**trained["training"], "stopped": text}},
        {"training": {**trained["training"], "variables": {text: [1.0]}}},
        {"training": {**trained["training"], "learning_rate": text}},
        {"data": {**trained["data"], "fingerprint": text}},
    ):
        yield json.dumps({**trained, **change}).encode()
    key = json.dumps(text)
    yield f"{{{key}: 1, {key}: 2}}".encode()
    yield f'{{"format": {key}'.encode()


def commands(text, trained):
    """Command lines, and what they read, with the text in each place where one may come from outside."""
    for command, table in tables(text):
        yield command, table.encode(errors="surrogateescape")
    for document in documents(text, trained):
        yield ["predict", "-", "d.csv", "--only"], document
        yield ["evaluate", "-", "d.csv"], document
        yield ["train", "d.csv", "--resume", "-"], document
    for command, options in OPTIONS.items():
        arguments = {"train": ["d.csv"]}.get(command, ["m.json", "d.csv"])
        for option in options.split():
            yield [command, *arguments, option, text], b""
        yield [command, *arguments, f"--{text}"], b""
        yield [command, *arguments, f"-{text}"], b""
        yield [command, *arguments, *[text] * 9], b""
        yield [command, *arguments[:-1], text], b""
    yield ["predict", text], b""
    yield [text], b""
    yield [f"--{text}"], b""
    yield ["train", "d.csv", "-o", f"{text}/m.json"], b""


def assert_steers_nothing(result):
    """No character on a stream that is not printable but for line ends, and no line without end."""
    assert_within_the_contract(result)
    for text in (result.out.decode(), result.err):
        assert all(c.isprintable() or c == "\n" for c in text), result
    assert all(len(line) <= 1100 for line in result.err.splitlines()), result


@pytest.fixture
def trained(tmp_path, monkeypatch):
    """The model of a run; in a folder with data and a model."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d.csv").write_bytes(ROWS)
    (tmp_path / "m.json").write_text(json.dumps(MODEL))
    return json.loads(run_command("train", "d.csv", "--format", "json", "-q").out)


@pytest.mark.parametrize("name", NASTY if IS_DEEP else TOGETHER)
def test_foreign_text_steers_no_terminal_wherever_it_stands(trained, name):
    text = (NASTY | TOGETHER)[name]
    for command, stdin in commands(text, trained):
        assert_steers_nothing(run_command(*command, stdin=stdin))


@pytest.mark.parametrize("name", ["all but lines", "undecodable lines", *NASTY][: None if IS_DEEP else 2])
@pytest.mark.usefixtures("trained")
def test_a_file_may_be_called_anything(name):
    """Data, a model, a history and an output, there or not, good or not."""
    text = (
        (NASTY | TOGETHER)[name]
        .replace("/", "|")
        .encode(errors="surrogateescape")[:60]
        .decode(errors="surrogateescape")
    )
    results = [run_command("train", "d.csv", "-o", text, "--checkpoint-every", "50", "-v")]
    assert (results[0].code, Path(text).is_file()) == (0, True)
    for command in (
        ["train", "d.csv", "--resume", text, "--lr", "3"],
        ["train", "d.csv", "--resume", "m.json", "--history", text],
        ["train", "d.csv", "-o", text, "--lr", "9", "--checkpoint-every", "2"],
        ["train", text],
        ["train", "d.csv", "--validation", text],
        ["train", text, "-o", text],
        ["evaluate", text, text],
        ["predict", "m.json", text, "--only"],
    ):
        results.append(run_command(*command))
        assert results[-1].code
    for result in results:
        assert_steers_nothing(result)


@pytest.mark.usefixtures("trained")
def test_markup_and_formats_are_shown_as_they_are():
    """Nothing takes them for instructions."""
    for text in ("[/red] a[b]", ":smile:", "%s%d {} {0!r}", "größe 温度"):
        result = run_command("train", "-", stdin=f"{text},y\n1,2\n2,3\n4,4\n".encode())
        assert f"features '{text}'" in result.err
        assert text in result.out.decode()


@pytest.mark.usefixtures("trained")
def test_a_message_shows_80_characters_of_each_foreign_text():
    names = [f"{letter * 100_000}" for letter in "abcdefghijkl"]
    for command in (["train", "-", "-y", "q"], ["train", "-", *names]):
        result = run_command(*command, stdin=",".join(names).encode() + b"\n" + b"1," * 11 + b"1\n")
        assert len(result.err) < 1500
        assert 80 <= max(len(word) for word in result.err.split()) <= 1000


ENVIRONMENTS = [
    {"TERM": "\x1b[31m", "COLUMNS": "\x1b[31m", "LC_ALL": "\x1b[31m"},
    {"PYTHONIOENCODING": "ascii", "FORCE_COLOR": "0"},
    {"PYTHONIOENCODING": "cp1252:strict", "FORCE_COLOR": "1"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "NO_COLOR": "1"},
    {"TERM": "dumb", "COLUMNS": "1", "PYTHONIOENCODING": "latin-1"},
]


@pytest.mark.parametrize("environment", ENVIRONMENTS if IS_DEEP else ENVIRONMENTS[2:4])
def test_stdout_is_the_same_bytes_and_stderr_harmless_whatever_the_surroundings_say(lrfit, environment):
    data = "größe温\x9b\x1b[31m,y\n1,2\n2,3\n4,4\n".encode()
    result = lrfit("train", "-", stdin=data, **environment)
    assert result.returncode == 0
    assert result.stdout == run_command("train", "-", stdin=data).out
    assert not {*range(32), 0x7F} - {ord("\n")} & {*result.stderr}
    assert b"Traceback" not in result.stderr
