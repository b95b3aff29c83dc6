"""Philox: the numbers that TensorFlow draws, and pure functions of seeds and place."""

import math
import zlib

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lrfit.tf1.errors import InvalidArgumentError
from lrfit.tf1.philox import advance, integers, normal, seeds, truncated_normal, uniform, words

FLOATS = ["float16", "float32", "float64"]
DISTRIBUTIONS = {"uniform": uniform, "normal": normal, "truncated_normal": truncated_normal}

any_seed = st.integers(0, 2**64 - 1)
any_start = st.integers(0, 2**63)


def block(seed, seed2, counter):
    """The four words of a counter, one after the other, as in the paper."""
    k0, k1 = seed % 2**32, seed >> 32
    x0, x1, x2, x3 = counter % 2**32, counter >> 32, seed2 % 2**32, seed2 >> 32
    for _ in range(10):
        p, q = 0xD2511F53 * x0, 0xCD9E8D57 * x2
        x0, x1, x2, x3 = q >> 32 ^ x1 ^ k0, q % 2**32, p >> 32 ^ x3 ^ k1, p % 2**32
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return [x0, x1, x2, x3]


def pairs(seed, seed2, start, dtype):
    """Without end, two uniform numbers at a time."""
    counter = start
    while True:
        a, b, c, d = block(seed, seed2, counter)
        if dtype == "float64":
            yield (a % 2**20 * 2**32 + b) / 2**52, (c % 2**20 * 2**32 + d) / 2**52
        else:
            yield a % 2**23 / 2**23, b % 2**23 / 2**23
            yield c % 2**23 / 2**23, d % 2**23 / 2**23
        counter += 1


def normals(seed, seed2, start, dtype):
    """Without end, by Box and Muller."""
    for u, v in pairs(seed, seed2, start, dtype):
        radius = math.sqrt(-2 * math.log(max(u, 1e-7)))
        yield math.sin(2 * math.pi * v) * radius
        yield math.cos(2 * math.pi * v) * radius


def taken(numbers, n):
    return [number for number, _ in zip(numbers, range(n), strict=False)]


def assert_near(result, expected, dtype):
    """Rounding the angle, up to 2π, moves a number by up to 2π · 6 half units in the last place of 1."""
    angle = np.finfo(dtype if dtype == "float64" else "float32").eps * 20
    np.testing.assert_allclose(result, expected, rtol=4 * np.finfo(dtype).eps, atol=angle)


@pytest.mark.parametrize(
    ("seed", "seed2", "counter", "expected"),
    [
        (0, 0, 0, "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
        (2**64 - 1, 2**64 - 1, 2**64 - 1, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
        (0x299F31D0A4093822, 0x0370734413198A2E, 0x85A308D3243F6A88, "d16cfe09 94fdcceb 5001e420 24126ea1"),
    ],
)
def test_words_are_those_of_random123(seed, seed2, counter, expected):
    """Its known answers (kat_vectors, philox4x32 with 10 rounds)."""
    result = words(seed, seed2, np.array([counter], np.uint64))
    assert [f"{word:08x}" for word in result[0]] == expected.split()


@given(any_seed, any_seed, any_start)
def test_words_are_those_of_the_algorithm_word_by_word(seed, seed2, start):
    counters = np.array([[start, start + 1, start + 2], [7, 2**64 - 1, 0]], np.uint64)
    result = words(seed, seed2, counters)
    assert result.dtype == np.uint32
    assert result.tolist() == [[block(seed, seed2, counter) for counter in row] for row in counters.tolist()]


# Drawn by TensorFlow 2.21.0 on Linux, with the GNU C library 2.36, in a graph with the seed 20170211 by
# operations with the seed 123456789: given both seeds, TensorFlow still draws what 1.15 did. Of two runs with
# 1002 numbers each, the CRC of their bytes, and for those that depend on the C library some numbers: 0 to 5,
# 500 and 1001.
SEEDS = 20170211, 123456789
N = 1002
AT = [0, 1, 2, 3, 4, 5, 500, 1001]
UNIFORM_OF_TENSORFLOW = {
    "float16": [3981085337, 4142877472],
    "float32": [2372159442, 2950645583],
    "float64": [786234920, 2419205823],
}
INTEGERS_OF_TENSORFLOW = {
    ("int32", -7, 1000): [2720066654, 1872339787],
    ("int64", -7, 10**12): [1511612595, 2248263709],
    ("int32", -(2**31), 2**31 - 1): [337300709, 4285476481],
    ("int64", -(2**63), 2**63 - 1): [1643768850, 1550221315],
}
# fmt: off
NORMAL_OF_TENSORFLOW = {
    ("normal", "float16"): [
        [0.00672, -1.04, -0.4314, -0.3062, 1.353, -0.377, -0.732, -1.766],
        [-0.85, -0.805, -0.43, 0.3174, -0.3442, 0.3306, -0.03062, -0.3438],
    ],
    ("normal", "float32"): [
        [0.0067201504, -1.0397412, -0.43132076, -0.30620772, 1.3522346, -0.3769314, -0.73172414, -1.7659928],
        [-0.8501465, -0.80513936, -0.4300363, 0.3173885, -0.3441763, 0.33054954, -0.030631201, -0.34378716],
    ],
    ("normal", "float64"): [
        [-0.25152705689387567, 0.8772464768803702, -0.07576760896057111, 0.145774745806091,
         -0.8250152733049354, -1.0095074067610965, -1.7215290556566198, -1.348452784646635],
        [-1.0453557342379203, 2.4235465547924666, -1.2983168910530216, 1.503340449101332,
         1.1116048315646971, -0.44568580999838225, -1.7646929954935224, -0.230819224898675],
    ],
    ("truncated_normal", "float16"): [
        [0.00672, -1.04, -0.4314, -0.3062, -0.9204, 0.951, -0.6304, -0.005516],
        [-0.85, -0.805, -0.43, 0.3174, -0.2477, -0.8823, 0.1914, 0.2012],
    ],
    ("truncated_normal", "float32"): [
        [0.0067201504, -1.0397412, -0.43132076, -0.30620772, -0.92023766, 0.9511048, -0.6301968,
         -0.005514711],
        [-0.8501465, -0.80513936, -0.4300363, 0.3173885, -0.24763113, -0.88244635, 0.19139469, 0.20114814],
    ],
    ("truncated_normal", "float64"): [
        [-0.25152705689387567, 0.8772464768803702, -1.1545239411240291, -0.371730546673171,
         1.4274685552040631, 0.40566894131923326, -1.1280011741619531, -0.36245730968900514],
        [-1.0453557342379203, -1.2983168910530216, 0.1856138283945293, 0.2774274252907125,
         1.3989149931424578, 0.8751780756781683, -0.7946769004356534, -1.0837303037401647],
    ],
}
# fmt: on


def crc(numbers):
    return zlib.crc32(numbers.astype(numbers.dtype.newbyteorder("<")).tobytes())


@pytest.mark.parametrize("dtype", UNIFORM_OF_TENSORFLOW)
def test_uniform_numbers_are_those_of_tensorflow_bit_for_bit(dtype):
    runs = [uniform(*SEEDS, start, (N,), dtype) for start in (0, advance(N))]
    assert [run.dtype for run in runs] == [dtype, dtype]
    assert list(map(crc, runs)) == UNIFORM_OF_TENSORFLOW[dtype]


@pytest.mark.parametrize(("dtype", "low", "high"), INTEGERS_OF_TENSORFLOW)
def test_integers_are_those_of_tensorflow(dtype, low, high):
    runs = [integers(*SEEDS, start, (N,), low, high, dtype) for start in (0, advance(N))]
    assert [run.dtype for run in runs] == [dtype, dtype]
    assert list(map(crc, runs)) == INTEGERS_OF_TENSORFLOW[dtype, low, high]


@pytest.mark.parametrize(("distribution", "dtype"), NORMAL_OF_TENSORFLOW)
def test_normal_numbers_are_those_of_tensorflow_but_for_the_c_library(distribution, dtype):
    """Whose last bits differ from library to library."""
    for start, expected in zip((0, advance(N)), NORMAL_OF_TENSORFLOW[distribution, dtype], strict=True):
        run = DISTRIBUTIONS[distribution](*SEEDS, start, (N,), dtype)
        assert run.dtype == dtype
        np.testing.assert_array_max_ulp(run[AT], np.array(expected, dtype), maxulp=2, dtype=dtype)


def test_a_published_run_is_reproduced():
    """The first line that a course prints for W·x + b from seed 777, W and b being random_normal([1])."""
    x = np.array([1, 2, 3], np.float32)
    weight, bias = (normal(*seeds(777, None, n_ops), 0, (1,)) for n_ops in (3, 12))
    errors = x * weight + bias - x
    assert np.mean(errors**2) == pytest.approx(3.5240757, abs=1e-6)
    assert weight - 0.01 * 2 * np.mean(errors * x) == pytest.approx(2.1286771, abs=1e-6)
    assert bias - 0.01 * 2 * np.mean(errors) == pytest.approx(-0.8523567, abs=1e-6)


@given(any_seed, any_seed, any_start, st.sampled_from(FLOATS))
def test_uniform_numbers_are_the_lowest_bits_of_words(seed, seed2, start, dtype):
    result = uniform(seed, seed2, start, (3, 4), dtype).ravel()
    if dtype == "float16":
        expected = [word % 2**10 / 2**10 for i in range(3) for word in block(seed, seed2, start + i)]
    else:
        expected = np.ravel(taken(pairs(seed, seed2, start, dtype), 6))
    np.testing.assert_array_equal(result, np.array(expected, dtype))


@given(any_seed, any_seed, any_start, st.sampled_from(FLOATS))
@example(777, 3, 0, "float32")
def test_normal_numbers_are_those_of_box_and_muller(seed, seed2, start, dtype):
    expected = taken(normals(seed, seed2, start, dtype), 10)
    result = normal(seed, seed2, start, (5, 2), dtype).ravel()
    assert_near(result, expected, dtype)


@given(any_seed, any_seed, st.integers(0, 2**62), st.sampled_from(FLOATS))
def test_truncated_normal_numbers_are_the_first_of_each_stretch(seed, seed2, start, dtype):
    n_in_stretch = 2 if dtype == "float64" else 4
    expected = []
    for stretch in range(3):
        drawn = normals(seed, seed2, start + advance(n_in_stretch) // 4 * stretch, dtype)
        expected += taken((number for number in drawn if abs(number) < 2), n_in_stretch)
    n = len(expected) - 1
    result = truncated_normal(seed, seed2, start, (n,), dtype)
    assert_near(result, expected[:n], dtype)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_stretch_with_many_numbers_outside_is_read_on(dtype):
    """Two blocks are not enough for it, once in some 100,000 or 3,000 times."""
    n_in_block = 2 if dtype == "float64" else 4
    is_outside = np.abs(normal(1, 2, 0, (10**6,), dtype)) >= 2
    n_outside = is_outside.reshape(-1, n_in_block).sum(axis=1)
    start = int(np.argmax(n_outside[:-1] + n_outside[1:]))
    assert n_outside[start] + n_outside[start + 1] > n_in_block
    drawn = (number for number in normals(1, 2, start, dtype) if abs(number) < 2)
    expected = taken(drawn, n_in_block)
    assert_near(truncated_normal(1, 2, start, (n_in_block,), dtype), expected, dtype)


@given(any_seed, any_seed, any_start, st.integers(-(2**31), 2**31 - 2), st.data())
def test_integers_are_the_words_modulo_the_range(seed, seed2, start, low, data):
    high = data.draw(st.integers(low + 1, 2**31 - 1))
    expected = [low + word % (high - low) for i in range(2) for word in block(seed, seed2, start + i)]
    assert integers(seed, seed2, start, (8,), low, high).tolist() == expected


@given(any_seed, any_seed, any_start, st.integers(-(2**63), 2**63 - 2), st.data())
def test_long_integers_take_two_words_the_lower_one_first(seed, seed2, start, low, data):
    high = data.draw(st.integers(low + 1, 2**63 - 1))
    a, b, c, d = block(seed, seed2, start)
    expected = [low + (a + b * 2**32) % (high - low), low + (c + d * 2**32) % (high - low)]
    assert integers(seed, seed2, start, (2,), low, high, np.int64).tolist() == expected


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("distribution", DISTRIBUTIONS)
@settings(max_examples=20)
@given(any_seed, any_seed, st.integers(0, 2**62), st.integers(0, 40), st.integers(0, 40))
def test_two_parts_are_the_whole(distribution, dtype, seed, seed2, start, n, m):
    """The second part starts where the blocks, or stretches, of the first one end."""
    draw = DISTRIBUTIONS[distribution]
    n_in_block = 2 if dtype == "float64" else 4
    step = advance(n_in_block) // 4 if distribution == "truncated_normal" else 1
    first = draw(seed, seed2, start, (n, n_in_block), dtype)
    second = draw(seed, seed2, start + step * n, (m, n_in_block), dtype)
    whole = draw(seed, seed2, start, (n + m, n_in_block), dtype)
    np.testing.assert_array_equal(np.concatenate([first, second]), whole)


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values())
@pytest.mark.parametrize("shape", [(), (0,), (3, 0), (1,), (5,), (2, 3)])
def test_a_shape_is_filled_with_the_first_numbers(distribution, shape):
    result = distribution(5, 6, 7, shape)
    assert result.shape == shape
    assert result.dtype == np.float32
    np.testing.assert_array_equal(result.ravel(), distribution(5, 6, 7, (100,))[: result.size])
    assert integers(5, 6, 7, shape, 0, 9).shape == shape


def test_no_run_reaches_the_blocks_of_the_next():
    assert advance(1) == 256
    assert advance(1002) == 256 * 1002


@pytest.mark.parametrize(
    ("distribution", "mean", "variance", "limits"),
    [
        ("uniform", 0.5, 1 / 12, (0, 1)),
        ("normal", 0, 1, (-6, 6)),
        (
            "truncated_normal",
            0,
            1 - 4 * math.exp(-2) / math.sqrt(2 * math.pi) / math.erf(math.sqrt(2)),
            (-2, 2),
        ),
    ],
)
@pytest.mark.parametrize("dtype", FLOATS)
def test_numbers_have_the_moments_of_their_distribution(distribution, mean, variance, limits, dtype):
    numbers = DISTRIBUTIONS[distribution](11, 22, 33, (200_000,), dtype).astype(np.float64)
    assert np.mean(numbers) == pytest.approx(mean, abs=0.01)
    assert np.var(numbers) == pytest.approx(variance, rel=0.01)
    assert np.corrcoef(numbers[1:], numbers[:-1])[0, 1] == pytest.approx(0, abs=0.01)
    assert limits[0] <= numbers.min() < limits[0] + 2
    assert limits[1] - 2 < numbers.max() <= limits[1]


def test_integers_are_equally_frequent():
    counts = np.bincount(integers(1, 2, 3, (100_000,), 0, 10))
    assert counts.size == 10
    assert np.abs(counts - 10_000).max() < 400


@pytest.mark.parametrize(
    ("graph_seed", "op_seed", "expected"),
    [
        (777, 3, (777, 3)),
        (777, None, (777, 41)),
        (None, 5, (87654321, 5)),
        (None, 0, (87654321, 0)),
        (None, None, None),
        (0, 0, (0, 2**31 - 1)),
        (2**31 - 1, 0, (0, 2**31 - 1)),
        (2**31, -1, (1, 2**31 - 2)),
        (-1, 2**40, (2**31 - 2, 512)),
    ],
)
def test_seeds_are_those_of_tensorflow(graph_seed, op_seed, expected):
    """As its get_seed returns them; but instead of (None, None) one None."""
    assert seeds(graph_seed, op_seed, n_ops=41) == expected


@pytest.mark.parametrize("distribution", DISTRIBUTIONS.values())
def test_another_type_is_refused_with_those_that_are_there(distribution):
    with pytest.raises(TypeError, match="of type int32: use float16, float32, float64"):
        distribution(1, 2, 3, (4,), np.int32)
    with pytest.raises(TypeError, match="of type float32: use int32, int64"):
        integers(1, 2, 3, (4,), 0, 10, np.float32)


def test_an_empty_range_is_refused_unless_nothing_is_asked_of_it():
    for low, high in ((3, 3), (4, 3)):
        with pytest.raises(InvalidArgumentError, match=f"Need minval < maxval, got {low} >= {high}"):
            integers(1, 2, 3, (4,), low, high)
        for dtype in (np.int32, np.int64):
            assert integers(1, 2, 3, (0,), low, high, dtype).tolist() == []
