"""Settings in messages are written as the options that a user of the command line can type."""

import shlex

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfit.cli.commands.train import command as train
from lrfit.cli.group import run
from lrfit.cli.option_names import as_options
from lrfit.messages import spelled, spelling


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"missing": "drop"}, "--missing drop"),
        ({"encoding": "latin-1"}, "--encoding latin-1"),
        ({"encoding": ...}, "--encoding"),
        ({"x": ...}, "-x"),
        ({"x": ["a", "b"], "y": "c"}, "-x a,b -y c"),
        ({"standardize": True}, "--standardize"),
        ({"header": False}, "--no-header"),
        ({"shuffle": False}, "--no-shuffle"),
        ({"separator": ";"}, "--sep ';'"),
        ({"separator": "\t"}, r"--sep '\t'"),
        ({"separator": " "}, "--sep ' '"),
        ({"separator": ";", "decimal": ","}, "--sep ';' --decimal ','"),
        ({"decimal": "."}, "--decimal '.'"),
        ({"learning_rate": 0.1}, "--lr 0.1"),
        ({"learning_rate": 1e-20}, "--lr 1e-20"),
        ({"learning_rate": "0.0100"}, "--lr 0.0100"),
        ({"learning_rate": "auto", "momentum": "auto"}, "--lr auto --momentum auto"),
        ({"max_time_s": ...}, "--max-time"),
        ({"validation_fraction": ...}, "--validation-fraction"),
        ({"init": (1.0, -2.5)}, "--init 1.0,-2.5"),
        ({}, ""),
    ],
)
def test_settings_are_written_as_options(settings, text):
    assert as_options(settings) == text


@given(st.text())
def test_a_value_is_one_word_that_can_be_printed(value):
    text = as_options({"encoding": value})
    assert text.isprintable()
    assert len(text) < 150
    if "\\" not in text:
        assert len(shlex.split(text)) == 2


@pytest.mark.parametrize(
    "name",
    ["learning_rate", "separator", "max_time_s", "x", "y", "missing", "validation_fraction", "max_memory"],
)
def test_the_option_of_a_setting_is_one_that_train_has(name):
    known = {option for parameter in train.params for option in parameter.opts}
    assert as_options({name: ...}) in known


def test_messages_name_options_while_a_command_runs_and_arguments_outside(monkeypatch):
    said = []
    monkeypatch.setattr(
        "lrfit.cli.group.cli.invoke", lambda _: said.append(spelled(missing="drop")), raising=True
    )
    assert run(["train", "data.csv"]) == 0
    assert said == ["--missing drop"]
    assert spelled(missing="drop") == "missing='drop'"


def test_an_error_of_the_command_line_itself_does_not_leave_the_spelling_behind():
    with spelling(as_options), pytest.raises(click.UsageError):
        raise click.UsageError("no such option")
    assert spelled(header=False) == "header=False"
