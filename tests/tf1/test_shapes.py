"""Static shapes: what is known of sizes, their arithmetic, and their texts."""

import operator

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.shapes import Dimension, TensorShape

UNKNOWN = Dimension(None)


@pytest.mark.parametrize(
    ("dims", "text", "sizes"),
    [
        ([2, None], "(2, ?)", [2, None]),
        ([3], "(3,)", [3]),
        (3, "(3,)", [3]),
        ([], "()", []),
        ((Dimension(2), np.int64(4)), "(2, 4)", [2, 4]),
        (TensorShape([1]), "(1,)", [1]),
    ],
)
def test_shapes(dims, text, sizes):
    shape = TensorShape(dims)
    assert (str(shape), shape.as_list(), shape.ndims, len(shape)) == (text, sizes, len(sizes), len(sizes))
    assert repr(shape) == f"TensorShape([{', '.join(f'Dimension({size})' for size in sizes)}])"


def test_a_shape_of_unknown_rank():
    shape = TensorShape(None)
    assert (str(shape), repr(shape), shape.ndims, shape.dims) == (
        "<unknown>",
        "TensorShape(None)",
        None,
        None,
    )
    with pytest.raises(ValueError, match=r"^as_list\(\) is not defined on an unknown TensorShape"):
        shape.as_list()
    with pytest.raises(ValueError, match=r"^Cannot take the length of shape with unknown rank"):
        len(shape)


@pytest.mark.parametrize(
    ("combine", "expected"),
    [
        (lambda n: n + 1, 7),
        (lambda n: 1 + n, 7),
        (lambda n: n - 1, 5),
        (lambda n: 10 - n, 4),
        (lambda n: n * 2, 12),
        (lambda n: 2 * n, 12),
        (lambda n: n // 4, 1),
        (lambda n: n % 4, 2),
        (lambda n: n * Dimension(2), 12),
    ],
)
def test_arithmetic_of_sizes(combine, expected):
    assert combine(Dimension(6)) == Dimension(expected)
    assert combine(UNKNOWN).value is None


def test_comparisons_of_sizes():
    two, three = Dimension(2), Dimension(3)
    assert [two < three, two <= 2, three > 2, three >= 4, two == 2, two != 2] == [
        True,
        True,
        True,
        False,
        True,
        False,
    ]
    assert [compare(UNKNOWN, 2) for compare in (operator.eq, operator.ne, operator.lt, operator.ge)] == [
        None
    ] * 4
    assert two != "two"
    assert hash(two) == hash(2)
    assert max(TensorShape([2, 3])) == 3


def test_sizes_stand_for_whole_numbers():
    n = Dimension(2)
    assert ([0] * n, list(range(n)), int(n), np.zeros([n]).shape, str(n), str(UNKNOWN)) == (
        [0, 0],
        [0, 1],
        2,
        (2,),
        "2",
        "?",
    )
    with pytest.raises(TypeError, match="known only when the graph runs"):
        int(UNKNOWN)
    with pytest.raises(TypeError, match="unsupported operand"):
        n + "a"


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ([-1], "^Dimension -1 must be >= 0"),
        ([1.5], "^Ambiguous dimension: 1.5"),
        ("a", "^invalid literal for int"),
    ],
)
def test_what_is_no_shape(shape, message):
    with pytest.raises(ValueError, match=message):
        tf.placeholder(tf.float32, shape)


def test_shapes_of_one_value():
    shape = TensorShape([None, 3])
    assert shape.is_compatible_with([2, 3])
    shape.assert_is_compatible_with([2, 3])
    assert not shape.is_compatible_with([2, 4])
    assert shape.merge_with([2, None]).as_list() == [2, 3]
    assert shape.merge_with(None).as_list() == [None, 3]
    assert TensorShape(None).merge_with([1]).as_list() == [1]
    assert shape.concatenate([4]).as_list() == [None, 3, 4]
    assert shape.concatenate(None).ndims is None
    assert shape.with_rank(2).as_list() == [None, 3]
    assert (shape.num_elements(), TensorShape([2, 3]).num_elements()) == (None, 6)
    assert (shape[1].value, shape[:1].as_list(), shape == [None, 3], hash(shape)) == (
        3,
        [None],
        True,
        hash((None, 3)),
    )
    for refused in (lambda: shape.merge_with([2, 4]), lambda: shape.assert_is_compatible_with([5])):
        with pytest.raises(
            ValueError, match=r"^Shapes \(\?, 3\) and \(.*\) are (not compatible|incompatible)"
        ):
            refused()
    with pytest.raises(ValueError, match=r"^Shape \(\?, 3\) must have rank 1"):
        shape.assert_has_rank(1)


def test_what_a_script_says_of_a_shape_adds_to_what_is_known():
    x = tf.placeholder(tf.float32, [None, 3])
    x.set_shape([4, None])
    assert x.get_shape().as_list() == [4, 3]
    with pytest.raises(ValueError, match=r"are not compatible$"):
        x.set_shape([4, 5])


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        (None, 'Tensor("x:0", dtype=float32)'),
        ([], 'Tensor("x:0", shape=(), dtype=float32)'),
        ([None, 3], 'Tensor("x:0", shape=(?, 3), dtype=float32)'),
        ([None], 'Tensor("x:0", shape=(?,), dtype=float32)'),
    ],
)
def test_the_text_of_a_tensor(shape, text):
    assert str(tf.placeholder(tf.float32, shape, name="x")) == text


def test_a_placeholder_with_a_default_takes_other_sizes():
    x = tf.placeholder_with_default([1.0, 2.0], [None])
    total = tf.reduce_sum(x * x)
    with tf.Session() as session:
        assert [session.run(total), session.run(total, {x: [1, 2, 3]})] == [5, 14]
        np.testing.assert_array_equal(session.run(tf.gradients(total, x)[0]), [2, 4])
    assert (x.op.type, str(x.shape), str(tf.placeholder_with_default(1.0, None).shape)) == (
        "PlaceholderWithDefault",
        "(?,)",
        "<unknown>",
    )
    with pytest.raises(ValueError, match=r"^Shapes must be compatible, but are \[2\] and \[3\]"):
        tf.placeholder_with_default([1.0, 2.0], [3])


def test_a_shape_that_is_not_known_in_full_is_no_tensor():
    assert tf.convert_to_tensor(TensorShape([2, 3])).name == "shape_as_tensor:0"
    with pytest.raises(ValueError, match=r"^Cannot convert a partially known TensorShape to a Tensor"):
        tf.convert_to_tensor(tf.placeholder(tf.float32, [None, 3]).shape)
