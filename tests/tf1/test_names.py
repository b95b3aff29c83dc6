"""Names: those that are there are those that the package's docstring lists; others are refused by name."""

import re
from importlib import import_module
from types import ModuleType

import pytest

import lrfit.tf1 as tf

LISTED = {
    title: set(re.findall(r"\w+", names))
    for title, names in re.findall(r"^(\S[^\n]*):\n((?: {4}.*\n)+)", tf.__doc__, re.MULTILINE)
}
ROOMS = {title.removeprefix("tf."): names for title, names in LISTED.items() if title.startswith("tf.")}
OWN = {name for title, names in LISTED.items() if not title.startswith("tf.") for name in names}


def test_every_name_of_tf_is_listed_and_every_listed_one_is_there():
    assert {*OWN, *ROOMS, "VERSION", "__version__"} == set(dir(tf))
    assert all(hasattr(tf, name) for name in OWN)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_every_name_of_a_room_is_listed_and_every_listed_one_is_there(room):
    module = getattr(tf, room)
    assert set(module.__all__) == ROOMS[room]
    assert all(hasattr(module, name) for name in ROOMS[room])


def test_no_module_hides_a_function_of_its_name():
    for name in OWN:
        assert not isinstance(getattr(tf, name), ModuleType), name


@pytest.mark.parametrize("room", ["", *sorted(set(ROOMS) - {"compat", "python", "app", "contrib"})])
def test_another_name_is_refused_by_name(room):
    module = import_module(f"lrfit.tf1.{room}") if room else tf
    with pytest.raises(
        AttributeError, match=rf"^tf\.{f'{room}.' if room else ''}conv2d is not in lrfit.tf1, which"
    ):
        module.conv2d  # noqa: B018 (what it is asked for)


def test_a_star_import_has_all_names():
    names = {}
    exec("from lrfit.tf1 import *", names)  # noqa: S102 (allowed in a module alone)
    assert names["placeholder"] is tf.placeholder
