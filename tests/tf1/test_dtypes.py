"""Types: their names, and what values become."""

import numpy as np
import pytest
from tf1_values import check_value

import lrfit.tf1 as tf


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        ("float", tf.float32),
        ("float32", tf.float32),
        ("float32_ref", tf.float32),
        ("double", tf.float64),
        ("int64", tf.int64),
        (float, tf.float32),
        (bool, tf.bool),
        (object, tf.string),
        (np.float32, tf.float32),
        (np.float64, tf.float64),
        (np.dtype("float64"), tf.float64),
        (np.dtype("int32"), tf.int32),
        (np.array([True]), tf.bool),
        (tf.uint8, tf.uint8),
    ],
)
def test_names_of_types(value, dtype):
    assert tf.as_dtype(value) is dtype


@pytest.mark.parametrize("value", [int, str, complex, None, "int", "foo", [1], np.complex64])
def test_what_names_no_type(value):
    with pytest.raises(
        TypeError, match=r"^Cannot convert value .* to a TensorFlow DType: the types are float16"
    ):
        tf.as_dtype(value)


def test_what_scripts_ask_of_a_type():
    assert (repr(tf.float32), str(tf.float32), tf.float32.name) == (
        "tf.float32",
        "<dtype: 'float32'>",
        "float32",
    )
    assert tf.float32 == "float32"
    assert tf.float32 == np.float32
    assert tf.float32 != tf.float64
    assert tf.float32 != 3
    assert hash(tf.float32) == hash(tf.as_dtype("float"))
    assert (tf.int32.max, tf.uint8.min, tf.float32.base_dtype) == (2**31 - 1, 0, tf.float32)
    assert (tf.float64.is_floating, tf.int8.is_integer, tf.bool.is_bool, tf.bool.is_integer) == (
        True,
        True,
        True,
        False,
    )


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, np.int32(1)),
        (1.5, np.float32(1.5)),
        ([1, 2.5], np.array([1, 2.5], np.float32)),
        (True, np.equal(1, 1)),
        (2**40, np.int64(2**40)),
        (-(2**31), np.int32(-(2**31))),
        (2**31, np.int64(2**31)),
        (1e50, np.float32(np.inf)),
        (np.float64(2), np.float64(2)),
        ([np.float64(2)], np.array([2], np.float32)),
        (np.arange(2), np.arange(2)),
        ([], np.zeros(0, np.float32)),
        ([[1, 2], [3, 4]], np.array([[1, 2], [3, 4]], np.int32)),
    ],
)
def test_types_of_values(value, expected):
    check_value(tf.constant(value), expected)


@pytest.mark.parametrize(
    ("value", "dtype", "expected"),
    [
        (1, tf.float32, np.float32(1)),
        ([1.5], "double", np.array([1.5])),
        (np.array([1.7]), tf.int32, np.array([1], np.int32)),
        (True, tf.float32, np.float32(1)),
        (300, tf.int64, np.int64(300)),
    ],
)
def test_a_type_may_be_given(value, dtype, expected):
    check_value(tf.constant(value, dtype), expected)


@pytest.mark.parametrize(
    ("value", "dtype", "message"),
    [
        (1.5, tf.int32, "^Expected int32, got 1.5 of type 'float' instead"),
        ([1.5], tf.int32, r"^Expected int32, got \[1.5\] of type 'list' instead"),
        ("a", tf.float32, "^Expected float32, got 'a' of type 'str' instead"),
        (1, tf.bool, "^Expected bool, got 1 of type 'int' instead"),
        ({"a": 1}, None, "^Failed to convert object of type <class 'dict'> to Tensor. Contents: {'a': 1}"),
        ([1, "a"], None, "^Failed to convert object of type <class 'list'> to Tensor."),
    ],
)
def test_a_value_of_another_type(value, dtype, message):
    with pytest.raises(TypeError, match=message) as error:
        tf.constant(value, dtype)
    assert "\n" not in str(error.value)


def test_a_value_of_another_shape():
    with pytest.raises(ValueError, match=r"^Too many elements provided. Needed at most 2, but received 3"):
        tf.constant([1, 2, 3], shape=[2])
    with pytest.raises(TypeError, match=r"^Expected Tensor's shape: \(2,\), got \(\)"):
        tf.constant(1, shape=[2], verify_shape=True)
    check_value(tf.constant([1, 2], shape=[2]), np.array([1, 2], np.int32))


def test_nothing_is_no_value():
    with pytest.raises(ValueError, match=r"^None values not supported"):
        tf.constant(None)


def test_a_tensor_is_no_constant_and_no_array():
    x = tf.constant([1.0])
    with pytest.raises(TypeError, match=r"^List of Tensors when single Tensor expected"):
        tf.constant([x, x])
    with pytest.raises(NotImplementedError, match=r"^Cannot convert a symbolic Tensor"):
        np.array(x)


def test_lists_of_tensors_become_one_tensor():
    x = tf.constant(1.0)
    packed = tf.convert_to_tensor([[x, 2.0], [3.0, 4.0]])
    check_value(packed, np.array([[1, 2], [3, 4]], np.float32))
    assert packed.name == "packed:0"
    with pytest.raises(
        TypeError, match=r"^Tensors in list have types \[float32, int32\] that don't all match"
    ):
        tf.convert_to_tensor([x, tf.constant(1)])


def test_a_tensor_has_its_type():
    x = tf.constant(1.0)
    assert tf.convert_to_tensor(x, tf.float32) is x
    with pytest.raises(
        ValueError, match=r"^Tensor conversion requested dtype int32 for Tensor with dtype float32"
    ):
        tf.convert_to_tensor(x, tf.int32)
