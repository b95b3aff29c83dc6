import sys

import pytest
from script_runs import run_script

from lrfit.tf1 import app, flags


@pytest.fixture
def values(monkeypatch):
    """The flags of a script: a text, two numbers and a switch."""
    monkeypatch.setattr(flags, "FLAGS", flags.FlagValues())
    monkeypatch.setattr(sys, "argv", ["script.py"])
    flags.DEFINE_string("data", None, "a file")
    flags.DEFINE_integer("n_epochs", 10, "number of epochs")
    flags.DEFINE_float("rate", 1, "learning rate")
    flags.DEFINE_boolean("verbose", default=False, help="say more")
    return flags.FLAGS


def test_flags_have_their_defaults_in_their_types(values):
    assert values.flag_values_dict() == {"data": None, "n_epochs": 10, "rate": 1.0, "verbose": False}
    assert isinstance(values.rate, float)


def test_the_command_line_changes_them(values):
    left = values(["s.py", "--data", "a.csv", "--n_epochs=20", "-rate", "-1e-3", "--verbose"])
    assert left == ["s.py"]
    assert values.flag_values_dict() == {"data": "a.csv", "n_epochs": 20, "rate": -0.001, "verbose": True}


@pytest.mark.parametrize(
    ("argument", "value"),
    [("--verbose", True), ("--noverbose", False), ("--verbose=true", True), ("--verbose=0", False)],
)
def test_a_switch_takes_no_word_after_it(values, argument, value):
    assert values(["s.py", argument, "word"]) == ["s.py", "word"]
    assert values.verbose is value


def test_what_is_no_flag_is_passed_on(values):
    left = values(["s.py", "word", "--other", "--n_epochs=3", "-1", "--", "--rate=2"])
    assert left == ["s.py", "word", "--other", "-1", "--rate=2"]
    assert (values.n_epochs, values.rate) == (3, 1.0)


def test_the_command_line_is_read_when_the_first_flag_is_asked_for(values, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["s.py", "--n_epochs=4"])
    assert values.n_epochs == 4


def test_a_script_can_set_a_flag(values, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["s.py", "--rate=4"])
    values.rate = 5.0
    values.data = "b.csv"
    assert (values.rate, values.data) == (5.0, "b.csv")


def test_a_flag_that_is_not_defined_is_an_error_that_names_those_that_are(values):
    with pytest.raises(AttributeError, match="no flag 'epochs'; there are data, n_epochs, rate, verbose"):
        _ = values.epochs
    with pytest.raises(AttributeError, match="no flag 'epochs': define it"):
        values.epochs = 3


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("--n_epochs=ten", "--n_epochs has a wrong value: invalid literal for int"),
        ("--verbose=perhaps", "--verbose has a wrong value: 'perhaps' is neither true nor false"),
        ("--rate", "--rate has no value: write --rate=VALUE"),
    ],
)
def test_a_wrong_value_is_an_error_that_names_the_flag(values, argument, message):
    with pytest.raises(flags.IllegalFlagValueError, match=message):
        values(["s.py", argument])


def test_help_lists_the_flags(values, capsys):
    with pytest.raises(SystemExit) as stop:
        values(["s.py", "--help"])
    assert not stop.value.code
    assert "flags of s.py:\n  --data: a file (now None)\n" in capsys.readouterr().out


def test_run_exits_with_what_main_returns(values):
    with pytest.raises(SystemExit) as stop:
        app.run(lambda arguments: (arguments, values.rate), ["s.py", "--rate=2", "word"])
    assert stop.value.code == (["s.py", "word"], 2.0)


def test_run_says_a_wrong_value_in_a_line(values):  # noqa: ARG001 (it defines them)
    with pytest.raises(SystemExit, match="the flag --rate has a wrong value"):
        app.run(None, ["s.py", "--rate=fast"])


def test_a_script_runs_its_main_with_its_flags(tmp_path):
    text = """
import tensorflow as tf
tf.app.flags.DEFINE_integer("n", 1, "a number")
tf.flags.DEFINE_bool("quiet", False, "say less")
FLAGS = tf.app.flags.FLAGS
def main(argv):
    print(argv, FLAGS.n, FLAGS.quiet)
    return 7
if __name__ == "__main__":
    tf.app.run()
"""
    result = run_script(tmp_path, text, "--n", "5", "word", "--quiet")
    assert (result.returncode, result.stdout, result.stderr) == (7, "['script.py', 'word'] 5 True\n", "")
