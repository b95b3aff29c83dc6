"""Shuffles: a pure function of seed and epoch, and honest ones."""

import numpy as np
import pytest

from lrfit.data import shuffle
from lrfit.data.shuffle import order_of_epoch, orders


@pytest.mark.parametrize("n_rows", [1, 2, 5, 1000, 30_000])
def test_an_order_holds_each_row_once(n_rows):
    for epoch in range(3):
        np.testing.assert_array_equal(np.sort(order_of_epoch(n_rows, 0, epoch)), np.arange(n_rows))


def test_an_order_is_that_of_numpys_generator_seeded_with_seed_and_epoch():
    expected = np.random.default_rng((3, 7)).permutation(100)
    np.testing.assert_array_equal(order_of_epoch(100, seed=3, epoch=7), expected)


def test_an_order_depends_on_seed_and_epoch_and_on_nothing_else():
    """Whatever else was drawn before; and (1, 2) is not (2, 1)."""
    first = [order_of_epoch(50, seed, epoch).tolist() for seed in range(4) for epoch in range(4)]
    np.random.default_rng().permutation(50)
    again = [order_of_epoch(50, seed, epoch).tolist() for seed in range(4) for epoch in range(4)]
    assert first == again
    assert len(set(map(tuple, first))) == 16


@pytest.mark.parametrize("worth_a_thread", [1, 10**9], ids=["thread", "no thread"])
@pytest.mark.parametrize("epochs", [range(1, 8), range(1), range(0), range(5, 0, -2)], ids=str)
def test_orders_are_those_of_the_epochs(monkeypatch, worth_a_thread, epochs):
    monkeypatch.setattr(shuffle, "_WORTH_A_THREAD", worth_a_thread)
    drawn = [order.tolist() for order in orders(20, 9, epochs)]
    assert drawn == [order_of_epoch(20, 9, epoch).tolist() for epoch in epochs]


def test_the_number_of_rows_decides_about_the_thread_and_not_about_the_order():
    n_rows = shuffle._WORTH_A_THREAD
    for n in (n_rows - 1, n_rows):
        for epoch, order in enumerate(orders(n, 1, range(1, 4)), start=1):
            np.testing.assert_array_equal(order, order_of_epoch(n, 1, epoch))


def test_an_order_is_the_callers_own():
    """What it does to it has no influence on the next."""
    drawn = []
    for order in orders(30_000, 0, range(3)):
        drawn.append(order.copy())
        order[:] = 0
    for epoch, order in enumerate(drawn):
        np.testing.assert_array_equal(order, order_of_epoch(30_000, 0, epoch))


def test_no_more_than_one_epoch_is_drawn_ahead(monkeypatch):
    """An order takes 4 bytes a row."""
    asked = []
    monkeypatch.setattr(shuffle, "_drawn", lambda _, key, **__: asked.append(key[1]))
    generator = orders(30_000, 0, range(10))
    for n_taken in range(1, 5):
        next(generator)
        assert n_taken <= len(asked) <= n_taken + 1
    generator.close()


@pytest.mark.parametrize("n_rows", [2, 3, 100, 20_000, 2**17 + 1, 300_000])
def test_machine_code_draws_numpys_permutation(n_rows):
    draw = shuffle._compiled_draw()
    assert draw
    for epoch in range(3):
        order = draw(n_rows, (5, epoch))
        np.testing.assert_array_equal(order, np.random.default_rng((5, epoch)).permutation(n_rows))
        assert order.dtype == np.uint32


def test_the_algorithm_that_is_compiled_is_numpys_also_as_python():
    """And it does not matter where the draws of one call end."""
    for words in (1, 3, 1000):
        order, place = np.arange(50, dtype=np.uint32), 49
        generator = np.random.default_rng((1, 2))
        while place > 0:
            place = shuffle._shuffle(generator.bit_generator.random_raw(words).view(np.uint32), order, place)
        np.testing.assert_array_equal(order, np.random.default_rng((1, 2)).permutation(50))


def test_machine_code_is_not_taken_if_numpy_draws_in_another_way(monkeypatch):
    monkeypatch.setattr(shuffle, "_shuffled", lambda n_rows, _: np.arange(n_rows))
    shuffle._compiled_draw.cache_clear()
    try:
        assert shuffle._compiled_draw() is None
    finally:
        shuffle._compiled_draw.cache_clear()


# Statistics, of fixed seeds. An honest shuffle passes each bound but for about one time in a million.

N_SHUFFLES = 20_000


@pytest.fixture(scope="module")
def places():
    """Orders of 6 rows in many epochs, shape (n_shuffles, 6)."""
    return np.array([order_of_epoch(6, 0, epoch) for epoch in range(N_SHUFFLES)])


def chi_square(counts, expected):
    return float(np.sum((counts - expected) ** 2) / expected)


def test_every_row_is_as_likely_in_every_place(places):
    """Chi-square of the 6 by 6 table: 25 degrees of freedom."""
    counts = np.array([np.bincount(column, minlength=6) for column in places.T])
    assert chi_square(counts, N_SHUFFLES / 6) < 77.0


def test_every_order_is_as_likely(places):
    """All 720 of them: 719 degrees of freedom."""
    _, counts = np.unique(places @ 6 ** np.arange(6), return_counts=True)
    assert len(counts) == 720
    assert chi_square(counts, N_SHUFFLES / 720) < 719 + 4.75 * np.sqrt(2 * 719) + 15


def test_every_row_is_as_likely_behind_every_other(places):
    """30 pairs of neighbours: 29 degrees of freedom."""
    pairs = places[:, :-1] * 6 + places[:, 1:]
    counts = np.bincount(pairs.ravel(), minlength=36)
    assert np.all(counts[::7] == 0)
    assert chi_square(np.delete(counts, np.arange(0, 36, 7)), 5 * N_SHUFFLES / 30) < 83.0


def test_seeds_do_not_resemble_each_other():
    """The first epochs of many seeds: where row 0 goes."""
    first = [order_of_epoch(6, seed, 1)[0] for seed in range(N_SHUFFLES)]
    assert chi_square(np.bincount(first, minlength=6), N_SHUFFLES / 6) < 36.0


@pytest.mark.parametrize("n_rows", [20_000, 100_001])
def test_long_orders_mix_far_rows(n_rows):
    """Rows of the first half are in the second half of the order as often as not, and neighbours part."""
    for order in (drawn.astype(int) for drawn in orders(n_rows, 0, range(1, 4))):
        half = n_rows // 2
        n_crossed = np.count_nonzero(order[:half] >= half)
        assert abs(n_crossed - half / 2) < 5 * np.sqrt(n_rows) / 4
        assert np.count_nonzero(np.abs(np.diff(order)) == 1) < 15
        correlation = np.corrcoef(order, np.arange(n_rows))[0, 1]
        assert abs(correlation) < 5 / np.sqrt(n_rows)


def test_indices_of_more_rows_than_4_bytes_can_count_take_8(monkeypatch):
    expected = order_of_epoch(9, 3, 1)
    monkeypatch.setattr(shuffle, "_MAX_ROWS", 8)
    order = order_of_epoch(9, 3, 1)
    assert order.dtype == np.intp
    assert sorted(order) == sorted(expected)
