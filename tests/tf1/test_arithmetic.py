"""Arithmetic: values as NumPy has them, types, names and gradients as TensorFlow has them."""

import numpy as np
import pytest
from tf1_values import check_value, operations, slope_of, value_of

import lrfit.tf1 as tf

A = np.array([[1.0, -2.0, 3.0], [4.0, 5.0, -6.0]], np.float32)
B = np.array([0.5, -1.0, 2.0], np.float32)
POSITIVE = np.array([0.5, 1.0, 4.0], np.float32)
WHOLE = np.array([7, -7, 3], np.int32)
HALVES = np.array([0.5, 1.5, -2.5, 2.4], np.float32)


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("negative", A, -A),
        ("abs", A, np.abs(A)),
        ("sign", A, np.sign(A)),
        ("square", A, A * A),
        ("sqrt", POSITIVE, np.sqrt(POSITIVE)),
        ("rsqrt", POSITIVE, 1 / np.sqrt(POSITIVE)),
        ("exp", A, np.exp(A)),
        ("expm1", A, np.expm1(A)),
        ("log", POSITIVE, np.log(POSITIVE)),
        ("log1p", POSITIVE, np.log1p(POSITIVE)),
        ("sin", A, np.sin(A)),
        ("cos", A, np.cos(A)),
        ("tan", A, np.tan(A)),
        ("tanh", A, np.tanh(A)),
        ("sigmoid", A, 1 / (1 + np.exp(-A))),
        ("floor", HALVES, np.floor(HALVES)),
        ("ceil", HALVES, np.ceil(HALVES)),
        ("round", HALVES, np.array([0, 2, -2, 2], np.float32)),
        ("reciprocal", POSITIVE, 1 / POSITIVE),
        ("identity", A, A),
        ("stop_gradient", A, A),
        ("abs", WHOLE, np.abs(WHOLE)),
        ("negative", WHOLE, -WHOLE),
        ("square", np.array([2**15 - 1], np.int32), np.array([(2**15 - 1) ** 2], np.int32)),
        ("is_nan", np.array([np.nan, 1.0]), np.array([True, False])),
        ("is_inf", np.array([np.inf, -np.inf, np.nan, 1.0]), np.array([True, True, False, False])),
        ("is_finite", np.array([np.inf, np.nan, 1.0]), np.array([False, False, True])),
        ("logical_not", np.array([True, False]), np.array([False, True])),
    ],
)
def test_functions_of_one_value(name, x, expected):
    check_value(getattr(tf, name)(tf.constant(x)), expected)


@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("add", A, B, A + B),
        ("subtract", A, B, A - B),
        ("multiply", A, B, A * B),
        ("truediv", A, B, A / B),
        ("div", A, B, A / B),
        ("divide", A, B, A / B),
        ("realdiv", A, B, A / B),
        ("maximum", A, B, np.maximum(A, B)),
        ("minimum", A, B, np.minimum(A, B)),
        ("squared_difference", A, B, (A - B) ** 2),
        ("pow", POSITIVE, B, POSITIVE**B),
        ("floordiv", A, B, np.floor(A / B)),
        ("mod", A, B, A - np.floor(A / B) * B),
        ("div_no_nan", A, np.array([2, 0, 0], np.float32), A * np.array([0.5, 0, 0], np.float32)),
        ("truediv", WHOLE, np.int32(2), WHOLE / 2),
        ("div", WHOLE, np.int32(2), np.array([3, -4, 1], np.int32)),
        ("floordiv", WHOLE, np.int32(2), np.array([3, -4, 1], np.int32)),
        ("truncatediv", WHOLE, np.int32(2), np.array([3, -3, 1], np.int32)),
        ("mod", WHOLE, np.int32(4), np.array([3, 1, 3], np.int32)),
        ("pow", WHOLE, np.int32(2), WHOLE * WHOLE),
        ("squared_difference", np.array([2**24 + 1], np.int32), np.int32(2**24), np.array([1], np.int32)),
        ("greater", A, B, A > B),
        ("greater_equal", A, B, A >= B),
        ("less", A, B, A < B),
        ("less_equal", A, B, A <= B),
        ("equal", WHOLE, np.int32(-7), WHOLE == -7),
        ("not_equal", WHOLE, np.int32(-7), WHOLE != -7),
        ("logical_and", A > 0, B > 0, (A > 0) & (B > 0)),
        ("logical_or", A > 0, B > 0, (A > 0) | (B > 0)),
        ("logical_xor", A > 0, B > 0, (A > 0) ^ (B > 0)),
    ],
)
def test_functions_of_two_values(name, x, y, expected):
    check_value(getattr(tf, name)(tf.constant(x), tf.constant(y)), expected)


def test_the_floor_of_a_quotient_of_floats_is_that_of_the_rounded_quotient():
    check_value(tf.constant(1.0) // tf.constant(0.1), np.float32(10.0))  # NumPy's is 9


@pytest.mark.parametrize(
    ("build", "name", "kind"),
    [
        (lambda x: x + 1.0, "add", "Add"),
        (lambda x: 1.0 - x, "sub", "Sub"),
        (lambda x: x * 2.0, "mul", "Mul"),
        (lambda x: x / 2.0, "truediv", "RealDiv"),
        (lambda x: x // 2.0, "floordiv", "FloorDiv"),
        (lambda x: x % 2.0, "mod", "FloorMod"),
        (lambda x: x**2.0, "pow", "Pow"),
        (lambda x: -x, "Neg", "Neg"),
        (lambda x: x > 0.0, "Greater", "Greater"),
        (lambda x: tf.add(x, 1.0), "Add", "Add"),
        (lambda x: tf.pow(x, 2.0), "Pow", "Pow"),
        (lambda x: tf.floordiv(x, 2.0), "floordiv", "FloorDiv"),
        (lambda x: tf.multiply(x, 2.0, name="twice"), "twice", "Mul"),
        (lambda x: tf.square(x, "squared"), "squared", "Square"),
        (lambda x: tf.clip_by_value(x, 0.0, 1.0), "clip_by_value", "Maximum"),
    ],
)
def test_an_operation_has_the_name_of_its_operator_or_of_its_kind(build, name, kind):
    operation = build(tf.placeholder(tf.float32)).op
    assert (operation.name, operation.type) == (name, kind)


def test_constants_are_named_after_their_place_in_an_operation():
    x = tf.placeholder(tf.float32, name="x")
    assert tf.log(tf.clip_by_value(x * 2.0, 1e-10, 1.0)).name == "Log:0"
    assert operations() == [
        "x:Placeholder",
        "mul/y:Const",
        "mul",
        "clip_by_value/Minimum/y:Const",
        "clip_by_value/Minimum",
        "clip_by_value/y:Const",
        "clip_by_value:Maximum",
        "Log",
    ]


def test_arguments_by_name_and_the_name_as_the_last_one():
    x = tf.constant(3.0)
    assert value_of(tf.subtract(y=1.0, x=x)) == 2.0
    assert tf.subtract(x, 1.0, "difference").name == "difference:0"
    with pytest.raises(TypeError, match=r"^Sub takes x, y and name, not x, z$"):
        tf.subtract(x, z=1.0)


@pytest.mark.parametrize(
    "build",
    [
        lambda x: x + np.ones(3),
        lambda x: np.ones(3) + x,
        lambda x: x + np.float64(1.0),
        lambda x: np.float64(1.0) + x,
        lambda x: x + 1,
        lambda x: [1, 1, 1] + x,  # noqa: RUF005 (x is a tensor)
    ],
)
def test_what_is_no_tensor_takes_the_type_of_the_tensor(build):
    check_value(build(tf.Variable([1.0, 2.0, 3.0])), np.array([2, 3, 4], np.float32))


def test_texts_can_be_joined():
    assert value_of(tf.constant("Hello, ") + "world") == b"Hello, world"
    assert value_of(tf.add(["a", "b"], "c")).tolist() == [b"ac", b"bc"]


@pytest.mark.parametrize(
    ("condition", "x", "y", "expected"),
    [
        ([True, False], [1.0, 2.0], [3.0, 4.0], [1.0, 4.0]),
        (False, [1.0, 2.0], [3.0, 4.0], [3.0, 4.0]),
        ([True, False], [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [7.0, 8.0]], [[1.0, 2.0], [7.0, 8.0]]),
    ],
)
def test_a_choice_is_made_for_each_element_for_all_or_for_each_row(condition, x, y, expected):
    check_value(tf.where(condition, x, y), np.array(expected, np.float32))


def test_a_choice_of_unknown_rank_is_made_for_each_element():
    x = tf.placeholder(tf.float32)
    check_value(tf.where(x > 0, x, -x), np.array([[1, 2]], np.float32), {x: [[-1, 2]]})


def test_without_values_where_gives_the_places():
    check_value(tf.where([[True, False], [True, True]]), np.array([[0, 0], [1, 0], [1, 1]]))
    with pytest.raises(ValueError, match=r"^x and y must both be non-None or both be None"):
        tf.where([True], [1.0])


@pytest.mark.parametrize(
    ("condition", "x", "y", "message"),
    [
        ([True], [1.0], 2.0, "^Shapes must be equal rank, but are 1 and 0 for 'Select'"),
        (
            [True, True],
            [1.0],
            [2.0],
            "^Dimension 0 in both shapes must be equal, but are 2 and 1 for 'Select'",
        ),
    ],
)
def test_a_choice_does_not_broadcast(condition, x, y, message):
    with pytest.raises(ValueError, match=message):
        tf.where(condition, x, y)


def test_sums_of_several_tensors():
    x = tf.constant([1.0, 2.0])
    check_value(tf.add_n([x, x, [1.0, 1.0]]), np.array([3, 5], np.float32))
    check_value(tf.add_n([tf.constant(2**24 + 1), tf.constant(1)]), np.int32(2**24 + 2))
    assert tf.add_n([x]) is x
    assert tf.add_n([x], name="sum").op.type == "Identity"
    with pytest.raises(ValueError, match=r"^inputs must be a list of at least one Tensor"):
        tf.add_n([])
    with pytest.raises(ValueError, match=r"^Shapes must be equal rank, but are 1 and 0 for 'AddN_2'"):
        tf.add_n([x, 1.0])


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda x: tf.maximum(x, 2.0), [0, 1, 1]),
        (lambda x: tf.clip_by_value(x, 1.5, 2.0), [0, 1, 0]),
        (lambda x: x**2.0, [2, 4, 6]),
        (lambda x: x / 2.0, [0.5, 0.5, 0.5]),
        (lambda x: 6.0 / x, [-6, -1.5, -2 / 3]),
        (lambda x: tf.where(x > 1.0, x, tf.log(x)), [1, 1, 1]),
        (lambda x: tf.div_no_nan(x, [2.0, 0.0, 1.0]), [0.5, 0, 1]),
        (lambda x: tf.abs(x - 2.0), [-1, 0, 1]),
        (tf.rsqrt, [-0.5, -(2**-2.5), -0.5 * 3**-1.5]),
        (lambda x: tf.reduce_max(x) * x, [3, 3, 9]),
    ],
)
def test_gradients(build, expected):
    x = tf.constant([1.0, 2.0, 3.0])
    np.testing.assert_allclose(slope_of(build(x), x), expected, rtol=2e-6)


@pytest.mark.parametrize("name", ["floor", "ceil", "round", "stop_gradient"])
def test_no_gradient_flows_through_steps(name):
    x = tf.constant([1.0, 2.0])
    assert slope_of(getattr(tf, name)(x), x) is None


def test_whole_numbers_are_not_rounded_and_have_no_root():
    x = tf.constant([1, 2])
    assert tf.round(x) is x
    with pytest.raises(
        TypeError, match=r"^Value passed to parameter 'x' has DataType int32 not in list of allowed"
    ):
        tf.sqrt(x)
    with pytest.raises(TypeError, match=r"^Value passed to parameter 'x' .* Exp takes floats"):
        tf.exp(4)
    with pytest.raises(TypeError, match=r"^Input 'x' of 'LogicalNot' Op has type int32 that does not match"):
        tf.logical_not(x)


def test_whole_numbers_cannot_be_divided_by_zero():
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"^Integer division by zero: "):
        value_of(tf.constant(1) // tf.constant(0))
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"^Integer division by zero: "):
        value_of(tf.constant([1, 2]) % tf.constant([1, 0]))


@pytest.mark.parametrize(
    ("build", "value", "expected"),
    [
        (lambda x: tf.cast(x, tf.int32), [2.7, -2.7], np.array([2, -2], np.int32)),
        (lambda x: tf.cast(x, "float64"), [1.0], np.array([1.0])),
        (lambda x: tf.cast(x > 0, "float"), [1.0, -1.0], np.array([1, 0], np.float32)),
        (lambda x: tf.cast(x, tf.bool), [0.0, 0.5], np.array([False, True])),
        (tf.to_float, [1, 2], np.array([1, 2], np.float32)),
        (tf.to_double, [1, 2], np.array([1.0, 2.0])),
        (tf.to_int32, [1.5], np.array([1], np.int32)),
        (tf.to_int64, [1.5], np.array([1])),
    ],
)
def test_casts(build, value, expected):
    check_value(build(tf.constant(value)), expected)


def test_a_cast_to_the_type_that_it_has_makes_no_operation():
    x = tf.constant([1.0])
    assert tf.cast(x, tf.float32) is x
    assert tf.cast(3, tf.float32, name="three").op.inputs[0].name == "three/x:0"


def test_a_gradient_flows_through_a_cast_of_floats():
    x = tf.constant([1.0, 2.0])
    np.testing.assert_array_equal(slope_of(tf.cast(x, tf.float64) * 3.0, x), np.array([3, 3], np.float32))
    assert slope_of(tf.to_float(tf.to_int32(x)), x) is None


@pytest.mark.parametrize(("value", "dtype"), [("3", tf.float32), (3.0, tf.string)])
def test_texts_are_not_cast(value, dtype):
    with pytest.raises(tf.errors.UnimplementedError, match=r"^Cast \w+ to \w+ is not supported$"):
        tf.cast(value, dtype)
