"""The command group: help, exit codes, streams, signals."""

import os
import subprocess
import sys
from pathlib import Path

import oracles
import pytest

import lrfit
from lrfit.cli.group import cli
from lrfit.cli.group import run as cli_run

LRFIT = (sys.executable, "-W", "error", "-m", "lrfit")
LAB = str(oracles.SAMPLE_DATA / "lab.csv")


def run(*arguments, **options):
    return subprocess.run([*LRFIT, *arguments], capture_output=True, timeout=60, check=False, **options)


def command_names():
    return cli.list_commands(None)


def test_help_and_version_import_neither_numpy_nor_pandas_nor_rich():
    """One after the other in one process, in which none of them is imported to the last."""
    helps = [["-h"], ["--help"], ["--version"], *[[name, "-h"] for name in command_names()]]
    code = (
        "import contextlib, io, sys\n"
        "from lrfit.cli.group import run\n"
        f"for arguments in {helps!r}:\n"
        "    with contextlib.redirect_stdout(io.TextIOWrapper(io.BytesIO())) as out:\n"
        "        code = run(arguments)\n"
        "    out.flush()\n"
        "    heavy = {'numpy', 'pandas', 'rich', 'numba'} & set(sys.modules)\n"
        "    print(*arguments, code, bool(out.buffer.getvalue()), *heavy)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.splitlines() == [f"{' '.join(arguments)} 0 True" for arguments in helps]


@pytest.mark.parametrize("name", command_names())
def test_each_help_text_has_an_example_that_names_the_command(here, name):
    text = here(name, "--help").stdout.decode()
    assert "Examples:" in text
    assert f"lrfit {name}" in text.split("Examples:")[1]


def test_version_is_that_of_the_package():
    assert run("--version").stdout.decode().strip().endswith(lrfit.__version__)


def test_a_mistyped_command_exits_2_and_is_guessed(here):
    result = here("trian", LAB)
    assert result.returncode == 2
    assert b"did you mean 'train'" in result.stderr


def test_a_command_is_needed():
    result = run()
    assert result.returncode == 2
    assert result.stderr.startswith(b"Usage: lrfit [OPTIONS] COMMAND")
    assert b"Usage" in result.stderr


def test_a_full_disk_is_exit_1_without_a_traceback():
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run(
            [*LRFIT, "train", LAB, "-q"], stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert result.returncode == 1
    assert result.stderr.decode() == "lrfit: error: the result cannot be written: No space left on device\n"


def test_a_closed_stdout_is_exit_1_without_a_traceback():
    command = " ".join([*LRFIT, "train", LAB, "-q", ">&-"])
    result = subprocess.run(["bash", "-c", command], capture_output=True, check=False)
    assert result.returncode == 1
    assert b"standard output is closed" in result.stderr
    assert b"Traceback" not in result.stderr


def test_a_reader_that_goes_ends_quietly(tmp_path):
    (tmp_path / "m.json").write_text(
        '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1}, "intercept": 0}'
    )
    rows = tmp_path / "rows.csv"
    rows.write_text("x\n" + "1\n" * 200_000)
    text = f"{' '.join(LRFIT)} predict {tmp_path}/m.json {rows} | head -1; echo ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", text], capture_output=True, check=False)
    assert result.stdout == b"x,y_hat\n0\n"
    assert result.stderr == b""


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["train", LAB, "b\x9b\x1b[31m"], 1), (["train", LAB, "--\x9bx"], 2), (["x" * 100_000], 2)],
)
def test_what_was_typed_is_made_safe_to_print(here, arguments, code):
    result = here(*arguments)
    assert result.returncode == code
    assert len(result.stderr) < 3000
    assert all(c.isprintable() or c == "\n" for c in result.stderr.decode())


@pytest.mark.parametrize(
    "settings",
    [["--lr", "1e308"], ["--lr", "1e308", "--standardize"], ["--lr", "1e300", "--batch-size", "3"]],
)
def test_a_run_that_overflows_diverges_without_warnings_of_the_libraries(here, settings):
    result = here("train", LAB, *settings)
    assert result.returncode == 3
    assert b"Warning:" not in result.stderr
    assert b"Traceback" not in result.stderr


@pytest.fixture(scope="module")
def help_of_train():
    return run("train", "--help").stdout


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252:strict", "utf-16", "utf-8:strict"])
def test_streams_take_any_text_whatever_their_encoding(encoding, help_of_train):
    environment = {**os.environ, "PYTHONIOENCODING": encoding}
    assert run("train", "--help", env=environment).stdout == help_of_train
    result = run("train", LAB, b"\xff\xe2\x82\xac" + b"x" * 99, env=environment)
    assert (result.returncode, result.stdout) == (1, b"")
    result = run("train", LAB, "--lr", "0.01", env=environment)
    bound = "λ_max" if encoding.startswith("utf") else "lambda_max"
    assert f"0.0442861 = 2 / {bound}; within " in result.stderr.decode()


def test_what_does_not_fit_into_memory_is_said_in_a_line(monkeypatch, capsys):
    def fail(*_, **__):
        raise MemoryError

    monkeypatch.setattr("lrfit.analysis.moments.Moments.of_columns", fail)
    assert cli_run(["train", LAB]) == 1
    assert capsys.readouterr().err.splitlines()[-1].startswith("lrfit: error: there is not enough memory")


def test_a_bug_is_a_line_that_says_where(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import lrfit.cli.group\ndef run(_):\n    return {}['gone']\nlrfit.cli.group.run = run\n"
    )
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path(lrfit.__file__).parent.parent}"}
    result = run(env=environment)
    assert (result.returncode, result.stdout) == (1, b"")
    assert result.stderr.decode() == (
        r"lrfit: error: this is a bug in lrfit (KeyError '\'gone\'', in sitecustomize.py, line 3); "
        "please report it, with the command\n"
    )
    debugged = subprocess.run(
        [sys.executable, "-X", "dev", *LRFIT[1:]], env=environment, capture_output=True, check=False
    )
    assert b"Traceback" in debugged.stderr


def test_a_command_that_there_is_not_is_none():
    """As click asks, to complete what is typed, say."""
    assert cli.get_command(None, "nothing") is None


def test_ctrl_c_that_comes_before_all_else_is_130():
    program = (
        "import sys, types, lrfit\n"
        "def __getattr__(_): raise KeyboardInterrupt\n"
        "sys.modules['lrfit.system.interrupts'] = early = types.ModuleType('early')\n"
        "early.__getattr__ = __getattr__\n"
        "from lrfit.__main__ import main; main()"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (result.returncode, result.stdout, result.stderr) == (130, b"", b"")


@pytest.mark.parametrize("stdout", ["/dev/full", "a pipe without a reader"])
def test_rows_that_cannot_be_written_before_an_error_say_no_more_than_that(tmp_path, stdout):
    (tmp_path / "m.json").write_text(
        '{"format": "lrfit-model", "version": 1, "target": "y", "weights": {"x": 1.0}, "intercept": 0.0}'
    )
    (tmp_path / "bad.csv").write_text("x\n1\nabc\n")
    if stdout == "/dev/full":
        sink = os.open(stdout, os.O_WRONLY)
    else:
        source, sink = os.pipe()
        os.close(source)
    result = subprocess.run(
        [*LRFIT, "predict", "m.json", "bad.csv"],
        stdout=sink,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
        check=False,
    )
    os.close(sink)
    assert result.returncode == 1
    assert result.stderr.startswith(b"lrfit: error: 'bad.csv', line 3, column 'x': 'abc' is not a number")
    assert result.stderr.count(b"\n") == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["train", LAB], 0),
        (["train", LAB, "--lr", "0.01"], 0),
        (["train", "nothing.csv"], 1),
        (["train", LAB, "--lr", "nan"], 2),
        ([], 2),
        (["train", LAB, "--lr", "9"], 3),
    ],
)
def test_a_full_stderr_does_not_change_the_code(arguments, code):
    with Path("/dev/full").open("wb") as full:
        result = subprocess.run([*LRFIT, *arguments], stdout=subprocess.PIPE, stderr=full, check=False)
    assert result.returncode == code
    assert bool(result.stdout) == (code == 0)
