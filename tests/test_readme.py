"""The README is the manual: what it shows is what happens.

A `console` block is a terminal: each line after `$ ` is run by bash in a copy of the sample data, and stdout
and stderr together must be what follows, numbers to nine digits.
"""

import doctest
import io
import re
import shutil
import subprocess
import sys
from pathlib import Path

import oracles
import pytest

import lrfit
from lrfit.cli import group
from lrfit.graph.nodes import Graph
from lrfit.tf1.graph import reset_default_graph

README = (Path(lrfit.__file__).parent.parent / "README.md").read_text()
PACKAGE = Path(lrfit.__file__).parent


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)


def commands_and_outputs(block):
    parts = re.split(r"^\$ (.*)\n", block, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(oracles.SAMPLE_DATA, folder / "sample_data")
    return folder


def run(command, folder):
    """What bash shows; one command with plain words does so without a process."""
    if not set(command) & set("|&;<>()$`\\\"'*?[#~"):
        return run_here(*command.split())
    function = f'lrfit() {{ "{sys.executable}" -m lrfit "$@"; }}\n'
    result = subprocess.run(
        ["bash", "-c", function + command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=folder,
        timeout=60,
        check=False,
    )
    return result.stdout.decode()


def run_here(name, *arguments):
    assert name == "lrfit"
    with pytest.MonkeyPatch.context() as patch:
        both = io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True)
        patch.setattr(sys, "stdout", both)
        patch.setattr(sys, "stderr", both)
        with Graph().as_default():
            group.run([*arguments])
        return both.buffer.getvalue().decode()


def same(actual, expected):
    """Whether two texts are equal word by word, where words that are numbers may differ by rounding."""
    words, other_words = (re.split(r"[\s,]+", text) for text in (actual, expected))
    return len(words) == len(other_words) and all(map(same_word, words, other_words))


def same_word(word, other):
    try:
        # A difference of nearly equal losses has rounding of its own, so zero is near zero.
        return float(word) == pytest.approx(float(other), rel=1e-9, abs=1e-12)
    except ValueError:
        return word == other


def test_consoles_show_what_happens(folder, monkeypatch):
    monkeypatch.chdir(folder)
    shown = [pair for block in blocks("console") for pair in commands_and_outputs(block)]
    assert len(shown) > 4
    for command, expected in shown:
        actual = run(command, folder)
        assert same(actual, expected), f"$ {command}\n{actual}"


def test_python_examples_show_what_happens(folder, monkeypatch):
    monkeypatch.chdir(folder)
    reset_default_graph()  # by the number of whose operations random numbers are drawn
    examples = "\n".join(blocks("python"))
    test = doctest.DocTestParser().get_doctest(examples, {}, "README", "README.md", 0)
    assert len(test.examples) > 4
    assert doctest.DocTestRunner().run(test).failed == 0


def test_two_set_up_commands_stand_in_the_readme():
    install, test = blocks("sh")
    assert "lrfit train sample_data/" in install
    assert "pytest" in test


def test_the_picture_of_the_house_has_every_room():
    table = README[README.index("## The house") : README.index("## Sample data")]
    rooms = {path.name if path.is_file() else f"{path.name}/" for path in PACKAGE.iterdir()}
    rooms -= {"__init__.py", "__main__.py", "__pycache__/", "py.typed"}
    assert rooms == set(re.findall(r"^\| `(\w+(?:\.py|/))`", table, re.MULTILINE))


def test_every_sample_file_is_described():
    table = README[README.index("## Sample data") :]
    assert {path.name for path in oracles.SAMPLE_DATA.iterdir()} <= set(re.findall(r"`(\w+\.csv)`", table))
