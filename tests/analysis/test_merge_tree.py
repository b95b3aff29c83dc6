"""Parts are merged in a tree that their numbers alone determine, whoever merges them."""

import numpy as np
import oracles
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfit.analysis.merge_tree import MergeTree
from lrfit.analysis.moments import Moments
from lrfit.errors import DataError

N_BITS = 10

numbers = st.sets(st.integers(0, 2**N_BITS - 1), min_size=1).map(sorted)


class Names(str):
    """Parts that show in which order they were merged."""

    __slots__ = ()

    def merge(self, other):
        return Names(f"({self} {other})")


def by_halves(some, first=0, n_bits=N_BITS):
    """The tree by its definition: that of the lower half of the numbers, and that of the upper half."""
    if not some:
        return ""
    if n_bits == 0:
        return str(first)
    middle = first + 2 ** (n_bits - 1)
    lower = by_halves([n for n in some if n < middle], first, n_bits - 1)
    upper = by_halves([n for n in some if n >= middle], middle, n_bits - 1)
    return f"({lower} {upper})" if lower and upper else lower or upper


def total(parts):
    tree = MergeTree()
    for number, part in parts:
        tree.add(number, part)
    return tree.total()


@given(numbers)
def test_the_tree_is_that_of_the_numbers(some):
    assert total((n, Names(n)) for n in some) == by_halves(some)


@given(numbers, st.integers(0, N_BITS))
def test_another_process_may_merge_an_aligned_range(some, n_bits):
    ranges = {n >> n_bits: [m for m in some if m >> n_bits == n >> n_bits] for n in some}
    merged = ((own[-1], total((n, Names(n)) for n in own)) for own in ranges.values())
    assert total(merged) == by_halves(some)


def test_it_holds_few_parts():
    tree = MergeTree()
    for number in range(1000):
        tree.add(number, Names(number))
        assert len(tree._parts) <= N_BITS + 1


def test_no_parts_are_an_error():
    with pytest.raises(DataError, match="no rows"):
        MergeTree().total()


def test_a_tree_rounds_less_than_a_chain():
    rows = oracles.random_rows(20_000, 1)
    rows[:, 0] += 1e4
    parts = [Moments.of_rows(chunk) for chunk in np.split(rows, 5_000)]
    chain = parts[0]
    for part in parts[1:]:
        chain = chain.merge(part)
    exact = np.cov(rows.T.astype(np.longdouble), bias=True)
    errors = [float(np.abs(m.factor @ m.factor.T - exact).max()) for m in (total(enumerate(parts)), chain)]
    assert errors[0] < errors[1] / 4
