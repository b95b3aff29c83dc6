"""Names of TensorFlow 1 that lrfit lacks lead to those that it has."""

import re

import pytest

import lrfit
from lrfit.graph import tensorflow_names


@pytest.mark.parametrize("name", ["pow", "mul", "neg", "initialize_all_variables"])
def test_a_name_of_tensorflow_leads_to_that_of_lrfit(name):
    with pytest.raises(AttributeError, match=rf"TensorFlow's {name} is lrfit\.(\w+)$") as error:
        getattr(lrfit, name)
    assert hasattr(lrfit, re.search(r"lrfit\.(\w+)$", str(error.value))[1])


def test_no_name_of_the_table_is_one_of_lrfit():
    assert not [name for name in tensorflow_names._OTHERWISE if hasattr(lrfit, name)]
    assert all(hasattr(lrfit, name) for name in tensorflow_names._OTHERWISE.values())


def test_types_are_to_be_left_out():
    with pytest.raises(AttributeError, match="'float32'; all values are float64: leave the type out"):
        _ = lrfit.float32
    with pytest.raises(AttributeError, match=r"no attribute 'nonsense'$"):
        _ = lrfit.nonsense
