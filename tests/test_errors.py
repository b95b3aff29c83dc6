"""Errors carry the exit code of the contract; text of outside origin is shown so that it can do no harm."""

import ast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrfit import errors
from lrfit.errors import LrfitError
from lrfit.messages import SHOWN_WIDTH, shown

ANY_TEXT = st.text(st.characters(), max_size=200)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (errors.LrfitError, 1),
        (errors.GraphError, 1),
        (errors.ShapeError, 1),
        (errors.FeedError, 1),
        (errors.DataError, 1),
        (errors.ModelFileError, 1),
        (errors.OutputError, 1),
        (errors.UsageError, 2),
        (errors.DivergenceError, 3),
    ],
)
def test_exit_code_is_that_of_the_contract(error, exit_code):
    assert error.exit_code == exit_code


def test_every_error_can_be_caught_as_an_lrfit_error():
    raised = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, Exception)]
    assert len(raised) == 11
    assert all(issubclass(e, LrfitError) for e in raised)


@given(ANY_TEXT)
@settings(max_examples=200, deadline=None)
def test_shown_text_is_printable_quoted_and_short(text):
    result = shown(text)
    assert result.isprintable()
    assert result[0] == result[-1] == "'"
    assert len(result) <= SHOWN_WIDTH + len("'…'")


@given(st.text(st.characters(), max_size=SHOWN_WIDTH // 10))
@settings(max_examples=200, deadline=None)
def test_short_text_can_be_told_from_any_other(text):
    """What is shown is a Python literal, so no two short texts look the same."""
    assert ast.literal_eval(shown(text)) == text


@pytest.mark.parametrize("n_more", [1, 1000])
def test_a_cut_is_marked(n_more):
    assert shown("9" * SHOWN_WIDTH) == "'" + "9" * SHOWN_WIDTH + "'"
    assert shown("9" * (SHOWN_WIDTH + n_more)) == "'" + "9" * SHOWN_WIDTH + "…'"


def test_a_cut_is_marked_where_escapes_made_the_text_long():
    assert shown("\x1b" * SHOWN_WIDTH).endswith("…'")


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[31m",
        "\x1b]0;title\x07",
        "\x9b31m",
        "\u202eevil",
        "\u2066",
        "\r",
        "\n",
        "\0",
        "\x7f",
        "\u2028",
        "\udcff",
        "\U000e0001",
    ],
)
def test_control_bidi_and_undecodable_characters_are_escaped(text):
    assert text[0] not in shown(text)


@pytest.mark.parametrize("text", ["[/red]", "a[b]", ":smile:", "=1+1", "%s", "{x}", "größe", "温度", "😀"])
def test_plain_text_in_any_script_and_markup_stay_as_they_are(text):
    assert shown(text) == f"'{text}'"
