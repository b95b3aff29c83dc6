"""Rows held out: as many as the fraction says, any of them, and the same ones every time."""

from fractions import Fraction
from math import ceil, floor, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lrfit.data.hold_out import HoldOut
from lrfit.errors import UsageError

FRACTIONS = st.floats(0.0, 1.0, exclude_min=True, exclude_max=True)
CHECKSUMS = st.integers(0, 2**32 - 1)


@given(FRACTIONS, st.integers(0, 5000), st.integers(0), CHECKSUMS)
def test_the_number_of_rows_is_the_fraction_rounded_down_or_up(fraction, n_rows, seed, checksum):
    mask = HoldOut(fraction, seed).mask(n_rows, checksum)
    assert mask.shape == (n_rows,)
    exact = Fraction(fraction) * n_rows
    assert floor(exact) <= np.count_nonzero(mask) <= ceil(exact)


@pytest.mark.parametrize(
    ("fraction", "n_rows"), [(0.2, 1), (0.2, 2), (0.2, 7), (0.5, 3), (0.01, 5), (0.9, 4)]
)
def test_of_many_short_blocks_the_fraction_is_held_out_all_the_same(fraction, n_rows):
    n_blocks = 3000
    hold_out = HoldOut(fraction, seed=1)
    n_held_out = sum(np.count_nonzero(hold_out.mask(n_rows, checksum)) for checksum in range(n_blocks))
    rest = fraction * n_rows % 1
    assert abs(n_held_out - fraction * n_rows * n_blocks) < 4 * sqrt(n_blocks * rest * (1 - rest))


def test_each_row_and_each_pair_of_rows_is_held_out_as_often_as_any_other():
    n_blocks, n_rows, n_held_out = 4000, 10, 4
    masks = np.array([HoldOut(0.4).mask(n_rows, checksum) for checksum in range(n_blocks)], float)
    together = masks.T @ masks / n_blocks
    for pairs, share in [
        (np.diagonal(together), n_held_out / n_rows),
        (together[np.triu_indices(n_rows, 1)], n_held_out * (n_held_out - 1) / n_rows / (n_rows - 1)),
    ]:
        assert np.abs(pairs - share).max() < 4 * sqrt(share * (1 - share) / n_blocks)


@given(st.integers(0), CHECKSUMS)
def test_the_rows_are_a_function_of_seed_and_checksum_and_of_nothing_else(seed, checksum):
    def rows(seed, checksum):
        return HoldOut(0.5, seed).mask(200, checksum).tobytes()

    first = rows(seed, checksum)
    assert rows(seed + 1, checksum) != first
    assert rows(seed, checksum + 1) != first
    assert rows(seed, checksum) == first


@pytest.mark.parametrize("fraction", [0.0, 1.0, -0.1, 1.5, float("nan"), float("inf")])
def test_a_fraction_that_is_none_is_refused(fraction):
    with pytest.raises(UsageError, match=rf"^fraction is {fraction!r}, and must be above 0 and below 1$"):
        HoldOut(fraction)


def test_a_seed_below_zero_is_refused():
    with pytest.raises(UsageError, match=r"^seed is -1, and must be at least 0$"):
        HoldOut(0.2, -1)
