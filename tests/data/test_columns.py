"""Columns are found by name, and a choice that cannot be is refused with advice."""

import re

import pytest

from lrfit.data.column_names import ColumnRequest
from lrfit.data.columns import ColumnChoice, choose_columns
from lrfit.data.kinds import Column
from lrfit.errors import DataError, UsageError


def choice_of(header, x=(), y=None, *, drop=(), source_name="data"):
    """The choice among these names."""
    return choose_columns(header, ColumnRequest(tuple(x), y, tuple(drop)), source_name=source_name)


def numbers(features, target):
    """A choice of numbers, without weights or groups."""
    return ColumnChoice(tuple(Column(name, "number", None) for name in features), target, None, None)


@pytest.mark.parametrize(
    ("header", "x", "y", "features", "target"),
    [
        (["x", "y"], [], None, ["x"], "y"),
        (["y", "x"], [], None, ["x"], "y"),
        (["x", "y", "z"], [], None, ["x", "z"], "y"),
        (["a", "b", "c"], [], None, ["a", "b"], "c"),
        (["a", "Y"], [], None, ["a"], "Y"),
        (["a", "b", "c"], [], "a", ["b", "c"], "a"),
        (["a", "b", "c"], ["b"], None, ["b"], "c"),
        (["a", "b", "c"], ["c", "a"], "b", ["c", "a"], "b"),
        (["a", "b", ""], ["a"], "b", ["a"], "b"),
        (["a", "intercept"], [], None, ["a"], "intercept"),
    ],
)
def test_the_target_is_y_or_the_last_column_and_the_features_are_the_others(header, x, y, features, target):
    assert choice_of(header, x, y) == numbers(features, target)


@pytest.mark.parametrize(
    ("header", "x", "y", "message"),
    [
        (["a", "b"], ["z"], None, "data has no column 'z', only 'a', 'b'"),
        (["a", "b"], [], "z", "data has no column 'z', only 'a', 'b'"),
        (["Speed", "y"], ["speed"], None, "no column 'speed', only 'Speed', 'y'; did you mean 'Speed'?"),
        (["speed", "y"], ["sped"], None, "did you mean 'speed'?"),
        (["temp", "TEMP2", "y"], ["TEMP"], None, "did you mean 'temp'?"),
        (["a", "b"], ["a", "a"], None, "column 'a' is listed twice"),
        (["a", "b"], ["b"], None, "column 'b' is the target unless y names another"),
        (["a", "b"], ["a"], "a", "column 'a' is listed twice"),
        (["y"], [], None, "data has one column, 'y'; a fit needs two"),
        (["x;y"], [], None, "if ';' separates the columns, say separator=';'"),
        (["x\ty"], [], None, r"if '\t' separates the columns, say separator='\t'"),
        (["x|y"], [], None, "say separator='|'"),
        (["x;y"], ["x"], None, "say separator=';'"),
        (["sep=;"], [], None, "has one column, 'sep=;'; a fit needs two; if ';' separates"),
        (["# made by x"], [], None, "has one column, '# made by x'; a fit needs two"),
        (["", "y"], [], None, "has one column, 'y'"),
        (["", ""], [], None, "data has no column with a name that is left"),
        (
            ["a", "b", "a", "y"],
            [],
            None,
            "two columns are named 'a': say which by its position, 1 or 3, or leave both out (drop='a')",
        ),
        (["a", "intercept", "y"], [], None, "a feature cannot be named 'intercept'"),
        (["\x1b[31m", "y"], ["x"], None, r"only '\x1b[31m', 'y'"),
        (["a", "y"], ["\u202ex"], None, r"no column '\u202ex'"),
    ],
)
def test_a_choice_of_columns_that_cannot_be_is_refused_with_advice(header, x, y, message):
    with pytest.raises(DataError, match=re.escape(message)) as error:
        choice_of(header, x, y)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["z", "c" * 200_000])
def test_at_most_ten_columns_are_listed(name):
    header = [*(f"column_{i}" for i in range(4999)), "d" * 200_000]
    with pytest.raises(DataError, match=r"'column_0', .*'column_9' and 4990 more") as error:
        choice_of(header, [name])
    assert "column_10'" not in str(error.value)
    assert len(str(error.value)) < 500


def test_columns_are_left_out():
    header = ["id", "a", "b", "y", "", "id"]
    assert choice_of(header, drop=["id"]) == numbers(["a", "b"], "y")
    assert choice_of(header, drop=["id", "y"]) == numbers(["a"], "b")
    assert choice_of(header, ["b"], "a", drop=["y"]) == numbers(["b"], "a")
    with pytest.raises(UsageError, match="'a' is both chosen and left out"):
        choice_of(header, ["a"], drop=["a"])
    with pytest.raises(UsageError, match="'y' is both chosen and left out"):
        choice_of(header, y="y", drop=["y"])
    with pytest.raises(DataError, match=r"no column 'ID', only .* did you mean 'id'"):
        choice_of(header, drop=["ID"])
