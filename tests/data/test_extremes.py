"""A number that stands for a missing value is told by how far and how often it is at the end of a range."""

import math
import re
from itertools import pairwise

import numpy as np
import pytest
from depth import cases
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrfit.data.extremes import Extremes, sentinels


def told(*blocks, names=None):
    """The sentences on columns that come block by block; each block is a list of columns."""
    arrays = [np.array(block, np.float64) for block in blocks]
    extremes = Extremes.of_columns(arrays[0])
    for array in arrays[1:]:
        extremes = extremes.merge(Extremes.of_columns(array))
    return list(sentinels(extremes, names or [f"c{i}" for i in range(len(arrays[0]))]))


def of_nines(value):
    """Whether a number is written with nines alone, two or more, wherever the point is."""
    digits = [character for character in repr(abs(value)).removesuffix(".0") if character != "."]
    return len(digits) >= 2 and all(digit == "9" for digit in digits)


def by_definition(values):
    """The sentinels of a column, with how often they occur, by sorting all of it."""
    ordered = sorted(set(values))
    found = []
    for end, next_one, least, largest in (
        [
            (ordered[0], ordered[1], ordered[1], ordered[-1]),
            (ordered[-1], ordered[-2], ordered[0], ordered[-2]),
        ]
        if len(ordered) > 2
        else []
    ):
        factor = 1.5 if of_nines(end) else 50.0
        if values.count(end) >= 2 and abs(end - next_one) >= factor * (largest - least):
            found.append((end, values.count(end)))
    return found


def parsed(sentences):
    """The numbers that sentences name, with how often they say that these occur."""
    pattern = re.compile(
        r"column 'c0' has (\S+) in (\d+) rows, far outside all other values: if it .*, say na='\1'"
    )
    return [(float(match[1]), int(match[2])) for match in map(pattern.match, sentences)]


@pytest.mark.parametrize(
    ("values", "want"),
    [
        ([1, 2, 3, -99999, -99999], [(-99999, 2)]),
        ([1, 2, 3, 9999, 9999, 9999], [(9999, 3)]),
        ([20, 25, 31, 99.9, 99.9], [(99.9, 2)]),
        ([0.1, 0.2, 999, 999, -999, -999], []),  # each is beside the other
        ([1, 2, 3, -1000, -1000], [(-1000, 2)]),
        ([1, 2, 3, 103, 103], [(103, 2)]),
        ([1, 2, 3, 102, 102], []),
        ([1, 2, 3, 99, 99], [(99, 2)]),
        ([10, 40, 99, 99], [(99, 2)]),
        ([10, 50, 99, 99], []),
        ([1, 2, 3, -99999], []),  # once
        ([5, 5, 5, -99999, -99999], []),  # nothing tells the range of the others
        ([7, 7, 7], []),
        ([0, 1, 0, 1, 1], []),
        ([0, 0, 0, 0, 1, 1], []),
        ([0, 0, 1, 2, 1, 0, 3, 9, 9], []),
        ([1, 10, 100, 1, 10, 100], []),
        ([1, 10, 100, 1000, 1000], []),
        ([0.01, 0.1, 1, 10, 100, 100], []),
        ([0, 0, 5, 8, 40, 40], []),
        ([1e308, 1e308, -1e308, -1e308, 0], []),
        ([5e-324, 1e-323, 1, 1], [(1, 2)]),
    ],
)
def test_a_number_is_told_that_is_far_outside_all_others_and_occurs_several_times(values, want):
    assert by_definition(values) == want
    assert parsed(told([values])) == want


def test_the_sentence_names_the_column_the_number_how_often_it_occurs_and_what_to_say():
    columns = [[1, 2, 3, 4, 5], [-99999, 7.5, 8.25, -99999, 9], [99.9, 1, 2, 99.9, 99.9]]
    first, second = told(columns, names=["x", "pm2.5\x1b", "z"])
    assert first == (
        "column 'pm2.5\\x1b' has -99999 in 2 rows, far outside all other values: if it stands for a missing "
        "value, say na='-99999', missing='drop'"
    )
    assert second.startswith("column 'z' has 99.9 in 3 rows, ")
    assert second.endswith("say na='99.9', missing='drop'")


VALUES = st.sampled_from(
    [0, 1, 2, 3, 10, 100, -1, 99, 9999, -999, -99999, 99.9, 1e6, 0.5, 1e300, -1e300, 5e-324]
)


@given(
    st.lists(VALUES.map(float) | st.floats(-1e3, 1e3), min_size=1, max_size=20),
    st.lists(st.integers(0, 20), max_size=6),
)
@settings(max_examples=cases(300, 20_000), deadline=None)
@example([1.0, 2.0, 9999.0, 9999.0, 3.0], [2, 4])
@example([1.0, 2.0, 9999.0, 3.0, 9999.0], [2, 3, 4])
@example([9999.0, 1.0, 2.0, 9999.0], [1, 3])
@example([0.0, 20.0, 998.9999999999999, 998.9999999999999], [])
def test_what_is_told_does_not_depend_on_where_blocks_are_cut(values, cuts):
    places = sorted({0, len(values), *(cut for cut in cuts if cut < len(values))})
    blocks = [[values[start:end]] for start, end in pairwise(places)]
    assert parsed(told(*blocks)) == parsed(told([values])) == by_definition(values)


@given(st.lists(st.lists(VALUES, min_size=1, max_size=5), min_size=3, max_size=3))
@settings(max_examples=cases(100, 5_000), deadline=None)
def test_blocks_may_be_merged_in_any_order(blocks):
    a, b, c = (Extremes.of_columns(np.array([block], np.float64)) for block in blocks)
    want = list(sentinels(a.merge(b).merge(c), ["c"]))
    for merged in (a.merge(b.merge(c)), c.merge(a).merge(b), b.merge(c).merge(a)):
        assert list(sentinels(merged, ["c"])) == want


def test_the_range_of_others_is_known_where_it_matters():
    extremes = Extremes.of_columns(np.array([[1.0, 2.0, 9999.0, 9999.0], [0.0, 0.0, 0.0, 1.0]]))
    assert extremes.ends.tolist() == [[-1.0, 0.0], [9999.0, 1.0]]
    assert extremes.counts[1].tolist() == [2.0, 1.0]
    assert extremes.others[1].tolist() == [2.0, 0.0]


def test_a_block_that_is_all_alike_has_no_others():
    """As where an instrument was off for long."""
    alone = Extremes.of_columns(np.array([[9999.0, 9999.0]]))
    assert alone.ends.tolist() == [[-9999.0], [9999.0]]
    assert alone.counts.tolist() == [[2.0], [2.0]]
    assert alone.others.tolist() == [[-math.inf], [-math.inf]]
