"""Labels of axes: units as tables have them, in brackets once."""

import pytest

from lrfit.views.labels import with_unit


@pytest.mark.parametrize(
    ("unit", "label"),
    [
        (None, "flow"),
        ("", "flow"),
        (" ", "flow"),
        ("m³/s", "flow [m³/s]"),
        (" mm ", "flow [mm]"),
        ("[°C]", "flow [°C]"),
        ("(°C)", "flow (°C)"),
        ("-", "flow [-]"),
        ("1/(m s)", "flow [1/(m s)]"),
        ("%", "flow [%]"),
        ("[", "flow [[]"),
        ("red\x1b[31m", r"flow [red\x1b[31m]"),
        ("a" * 99, f"flow [{'a' * 31}…]"),
    ],
)
def test_a_unit_is_behind_the_name_in_brackets(unit, label):
    assert with_unit("flow", unit) == label


@pytest.mark.parametrize("word", ["15s", "5s", "20d", "16n", "8S", "12N", "10D"])
def test_words_of_formats_are_no_units(word):
    assert with_unit("flow", word) == "flow"


@pytest.mark.parametrize("unit", ["5 s", "s", "d", "20 days", "10m", "15ss"])
def test_units_that_look_like_them_are(unit):
    assert with_unit("flow", unit) == f"flow [{unit}]"


def test_a_name_that_has_its_unit_gets_no_second_one():
    assert with_unit("flow [mm]", "mm") == with_unit("flow [mm]", "[mm]") == "flow [mm]"
    assert with_unit("", "mm") == " [mm]"
