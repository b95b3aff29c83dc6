"""A run as the command line shows it; see also `commands/test_train.py`."""

from types import SimpleNamespace

import pytest
from commands_run import run_command

from lrfit.cli.training_run import explained
from lrfit.errors import DivergenceError

TABLE = b"x,y\n1,2\n2,4\n3,5\n4,9\n5,9\n"


def test_each_remedy_has_a_line_on_a_terminal_and_all_have_one_elsewhere():
    remedies = "Try --standardize --lr auto, or --lr 0.1 --epochs 9, for a loss within 1 %. More."
    error = DivergenceError("the loss rose from 1.5 to 2.5", remedies)
    texts = [
        str(explained(error, "Nothing was saved.", SimpleNamespace(is_terminal=is_terminal)))
        for is_terminal in (False, True)
    ]
    assert texts[0] == f"the loss rose from 1.5 to 2.5. {remedies} Nothing was saved."
    assert texts[1].splitlines() == [
        "the loss rose from 1.5 to 2.5.",
        "Try",
        "  --standardize --lr auto",
        "  --lr 0.1 --epochs 9",
        "for a loss within 1 %. More.",
        "Nothing was saved.",
    ]


@pytest.mark.parametrize(("options", "is_said"), [("", True), ("--patience 2", False)])
def test_a_run_that_had_patience_is_told_to_have_it_again(tmp_path, options, is_said):
    model = tmp_path / "m.json"
    run_command("train", "-", "--lr", "0.01", "--patience", "3", "--epochs", "5", "-o", model, stdin=TABLE)
    result = run_command("train", "-", "--resume", model, "--epochs", "2", *options.split(), stdin=TABLE)
    assert result.code == 0, result.err
    assert ("had --patience; say it again" in result.err) is is_said
