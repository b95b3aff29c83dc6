"""Help, completion, and what others call an option."""

import re

import click
import pytest
from commands_run import run_command

from lrfit.cli import help as help_texts
from lrfit.cli import option_names
from lrfit.cli.commands import train
from lrfit.cli.group import cli


def options_of(name):
    command = cli.get_command(click.Context(cli), name)
    return [parameter for parameter in command.params if isinstance(parameter, click.Option)]


@pytest.mark.parametrize("name", cli.list_commands(None))
def test_each_option_is_listed_once_under_a_heading(name):
    whole = run_command(name, "--help").out.decode()
    text = whole[whole.index("\n\n", whole.index("Examples:")) :]
    left_out = {option for heading in help_texts._SETTINGS for option in help_texts._HEADINGS[heading]}
    for option in options_of(name):
        is_listed = not (option.hidden or (name == "plot" and option.name in left_out))
        long = max(option.opts, key=len)
        assert (
            len(re.findall(rf"^  (?:-\w, )?{re.escape(long)}(?![\w-])", text, re.MULTILINE)) == is_listed
        ), long
    assert whole.count("    lrfit ") + whole.count("| lrfit ") >= 2


def test_headings_name_only_options_that_there_are():
    named = {name for names in help_texts._HEADINGS.values() for name in names}
    assert named <= {option.name for option in options_of("train")}


@pytest.mark.parametrize(
    ("words", "completions"),
    [
        ("lrfit tr", {"train"}),
        ("lrfit train --stand", {"--standardize"}),
        ("lrfit train --executor nu", {"numpy", "numba"}),
        ("lrfit plot --kind s", {"surface"}),
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_shells_complete(monkeypatch, shell, words, completions):
    for name, value in {
        "_LRFIT_COMPLETE": f"{shell}_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": words.split()[-1] if shell == "fish" else str(len(words.split()) - 1),
    }.items():
        monkeypatch.setenv(name, value)
    out = run_command().out.decode()
    assert completions == set(re.findall(r"[\w-]+", out)) & {*completions, "evaluate", "--lr"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_gets_its_script(monkeypatch, shell):
    monkeypatch.setenv("_LRFIT_COMPLETE", f"{shell}_source")
    result = run_command()
    assert result.code == 0
    assert f"_LRFIT_COMPLETE={shell}_complete" in result.out.decode()


@pytest.mark.parametrize("name", ["--learning-rate", "--learning_rate", "--delimiter", "--max-iter"])
def test_what_others_call_an_option_leads_to_it(name):
    result = run_command("train", "data.csv", name, "1")
    here = option_names.synonym(name)
    assert result.code == 2
    assert result.err.endswith(f"lrfit: error: No such option: {name}; it is called {here} here\n")


def test_synonyms_lead_to_options_of_train_and_are_none():
    there = {name for option in train.command.params for name in option.opts}
    for name, here in option_names._SYNONYMS.items():
        assert name not in there
        assert here.split()[0].rstrip(",") in {*there, "DATA", "MODEL"}
