"""Mistakes of learners: TensorFlow's kind of error, its first words, and one line."""

import numpy as np
import pytest
from tf1_values import value_of

import lrfit.tf1 as tf

InvalidArgument = tf.errors.InvalidArgumentError
FailedPrecondition = tf.errors.FailedPreconditionError


def x(shape=(None, 3), dtype=tf.float32):
    return tf.placeholder(dtype, shape, name="x")


def run(fetches, feed_dict=None):
    return tf.Session().run(fetches, feed_dict)


def fed(value, **placeholder):
    node = x(**placeholder)
    return run(tf.identity(node), {node: value})


def in_another_graph(build):
    with tf.Graph().as_default():
        return build()


def in_scope(build, *arguments, **named):
    with tf.variable_scope(*arguments, **named):
        return build()


def closed():
    with tf.Session() as session:
        fetch = tf.constant(1.0)
    return session.run(fetch)


def finalized():
    tf.get_default_graph().finalize()
    return tf.constant(1.0)


def twice(*arguments):
    tf.get_variable("w", [2])
    return tf.get_variable("w", [2], *arguments)


def reused(*arguments):
    tf.get_variable("w", [2])
    return in_scope(lambda: tf.get_variable("w", *arguments), tf.get_variable_scope(), reuse=True)


def forgotten():
    initialize = tf.global_variables_initializer()
    late = tf.Variable(1.0, name="late")
    session = tf.Session()
    session.run(initialize)
    return session.run(late + 1.0)


def minimize(build):
    w = tf.Variable(1.0)
    return tf.train.GradientDescentOptimizer(0.1).minimize(build(w))


def set_item():
    tf.constant([1.0])[0] = 2.0


def fed_product():
    a = tf.placeholder(tf.float32, [None, None])
    return run(tf.matmul(a, tf.ones([3, 1])), {a: np.ones((2, 2))})


def fed_sum():
    a = tf.placeholder(tf.float32)
    return run(a + tf.ones([3]), {a: np.ones(2)})


def fed_shape(shape):
    a = tf.placeholder(tf.float32)
    return run(tf.reshape(a, shape), {a: np.ones(3)})


BUILDING = [
    (
        lambda: tf.constant(1.0) + tf.constant(1),
        TypeError,
        "Input 'y' of 'Add' Op has type int32 that does not match",
    ),
    (
        lambda: tf.constant(1.0) / tf.constant(1),
        TypeError,
        "x and y must have the same dtype, got tf.float32 != tf.int32",
    ),
    (lambda: tf.constant(1) * 2.5, TypeError, "Expected int32, got 2.5 of type 'float' instead"),
    (lambda: tf.constant(1.0) * None, ValueError, "None values not supported"),
    (
        lambda: tf.matmul(tf.ones([2, 3]), tf.ones([2, 3])),
        ValueError,
        "Dimensions must be equal, but are 3 and 2 for 'M",
    ),
    (
        lambda: tf.matmul(tf.ones([2, 3]), tf.ones([3])),
        ValueError,
        "Shape must be rank 2 but is rank 1 for 'MatMul'",
    ),
    (lambda: tf.ones([2, 3]) + tf.ones([2]), ValueError, "Dimensions must be equal"),
    (
        lambda: tf.matmul(x(None), tf.ones([3])),
        ValueError,
        "Shape must be rank 2 but is rank 1 for 'MatMul' (op: 'MatMul",
    ),
    (
        lambda: tf.reshape(tf.ones([2, 3]), [4]),
        ValueError,
        "Cannot reshape a tensor with 6 elements to shape [4]",
    ),
    (
        lambda: tf.reshape(tf.ones([2, 3]), [None, 3]),
        TypeError,
        "Failed to convert object of type <class 'list'>",
    ),
    (
        lambda: 1 if tf.constant(1.0) > 0 else 2,
        TypeError,
        "Using a `tf.Tensor` as a Python `bool` is not allowed",
    ),
    (lambda: list(tf.constant([1.0])), TypeError, "Tensor objects are not iterable"),
    (lambda: len(tf.constant([1.0])), TypeError, "len is not well defined for symbolic Tensors"),
    (
        lambda: int(tf.constant(1.0)),
        TypeError,
        "int() argument must be a string, a bytes-like object or a real number",
    ),
    (
        lambda: float(tf.constant(1.0)),
        TypeError,
        "float() argument must be a string or a real number, not 'Tensor'",
    ),
    (lambda: "%.2f" % tf.constant(1.0), TypeError, "must be real number, not Tensor"),  # noqa: UP031 (what learners write)
    (lambda: f"{tf.constant(1.0):.2f}", TypeError, "unsupported format string passed to Tensor.__format__"),
    (lambda: np.array(tf.constant([1.0])), NotImplementedError, "Cannot convert a symbolic Tensor"),
    (lambda: np.mean(tf.constant([1.0])), NotImplementedError, "Cannot convert a symbolic Tensor"),
    (set_item, TypeError, "'Tensor' object does not support item assignment"),
    (lambda: tf.constant(1.0).assign(2.0), AttributeError, "'Tensor' object has no attribute 'assign'"),
    (
        twice,
        ValueError,
        "Variable w already exists, disallowed. Did you mean to set reuse=True or reuse=tf.AUTO_REUSE",
    ),
    (
        lambda: in_scope(twice, "a", reuse=True),
        ValueError,
        "Variable a/w does not exist, or was not created with",
    ),
    (
        lambda: reused([3]),
        ValueError,
        "Trying to share variable w, but specified shape (3,) and found shape (2,)",
    ),
    (
        lambda: reused([2], tf.int32),
        ValueError,
        "Trying to share variable w, but specified dtype int32 and found dtype",
    ),
    (lambda: tf.Variable([1.0, 2.0]).assign([1.0]), ValueError, "Dimensions must be equal for 'Assign'"),
    (
        lambda: tf.Variable([1.0]).assign(tf.constant([1])),
        TypeError,
        "Input 'value' of 'Assign' Op has type int32 that",
    ),
    (lambda: tf.Variable(x()), ValueError, "initial_value must have a shape specified"),
    (lambda: tf.Variable(None), ValueError, "initial_value must be specified"),
    (lambda: minimize(lambda _: tf.constant(1.0)), ValueError, "No gradients provided for any variable"),
    (
        lambda: minimize(lambda w: tf.to_float(tf.equal(w, 1.0))),
        ValueError,
        "No gradients provided for any variable",
    ),
    (lambda: minimize(lambda _: 3.0), TypeError, "the loss must be a tensor, not 3.0"),
    (
        lambda: tf.train.GradientDescentOptimizer(0.1).minimize(tf.constant(1.0)),
        ValueError,
        "No variables to optimize",
    ),
    (lambda: tf.placeholder(tf.float32, [-1]), ValueError, "Dimension -1 must be >= 0"),
    (lambda: tf.placeholder([None, 2]), TypeError, "Cannot convert value [None, 2] to a TensorFlow DType"),
    (lambda: tf.constant(1.0, name="my constant"), ValueError, "'my constant' is not a valid"),
    (finalized, RuntimeError, "Graph is finalized and cannot be modified"),
    (
        lambda: tf.constant(1.0) + in_another_graph(lambda: tf.constant(1.0)),
        ValueError,
        'Tensor("Const:0", shape=(), ',
    ),
    (lambda: tf.Session(graph="graph"), TypeError, "graph must be a tf.Graph, but got <class 'str'>"),
]

RUNNING = [
    (
        lambda: fed(np.ones((2, 4))),
        ValueError,
        "Cannot feed value of shape (2, 4) for Tensor 'x:0', which has shape '(?",
    ),
    (
        lambda: fed(np.ones(5), shape=[None, 1]),
        ValueError,
        "Cannot feed value of shape (5,) for Tensor 'x:0', which has",
    ),
    (lambda: fed("abc", shape=None), ValueError, "could not convert string to float: 'abc'"),
    (lambda: fed([[1, 2], [3]], shape=None), ValueError, "setting an array element with a sequence"),
    (
        lambda: fed(2**40, shape=None, dtype=tf.int32),
        TypeError,
        "Type of feed value 1099511627776 with type <class 'int",
    ),
    (
        lambda: fed(tf.constant(1.0), shape=None),
        TypeError,
        "The value of a feed cannot be a tf.Tensor object",
    ),
    (
        lambda: run(x() * 1.0),
        InvalidArgument,
        "You must feed a value for placeholder tensor 'x' with dtype float and sh",
    ),
    (
        lambda: run(x(None) * 1.0),
        InvalidArgument,
        "You must feed a value for placeholder tensor 'x' with dtype float",
    ),
    (
        lambda: run(tf.constant(1.0), {"y": 1.0}),
        TypeError,
        "Cannot interpret feed_dict key as Tensor: The name 'y' refe",
    ),
    (lambda: run(tf.constant(1.0), {3: 1.0}), TypeError, "Cannot interpret feed_dict key as Tensor"),
    (
        lambda: run(tf.constant(1.0), {in_another_graph(x): 1.0}),
        TypeError,
        "Cannot interpret feed_dict key as Tensor: T",
    ),
    (lambda: run(tf.Variable(1.0, name="w")), FailedPrecondition, "Attempting to use uninitialized value w"),
    (
        lambda: run(tf.Variable(1.0, name="w") + 1.0),
        FailedPrecondition,
        "Attempting to use uninitialized value w",
    ),
    (forgotten, FailedPrecondition, "Attempting to use uninitialized value late"),
    (closed, RuntimeError, "Attempted to use a closed Session"),
    (
        lambda: run(None),
        TypeError,
        "Fetch argument None has invalid type <class 'NoneType'>, must be a string or Tensor",
    ),
    (
        lambda: run([tf.constant(1.0), None]),
        TypeError,
        "Fetch argument None has invalid type <class 'NoneType'>",
    ),
    (
        lambda: run(np.ones(2)),
        TypeError,
        "Fetch argument array([1., 1.]) has invalid type <class 'numpy.ndarray'>",
    ),
    (
        lambda: run("loss"),
        ValueError,
        "Fetch argument 'loss' cannot be interpreted as a Tensor. (The name 'loss' refers",
    ),
    (
        lambda: run("loss:0"),
        ValueError,
        "Fetch argument 'loss:0' cannot be interpreted as a Tensor. (The name 'loss:0' ",
    ),
    (
        lambda: run(in_another_graph(x)),
        ValueError,
        "Fetch argument <tf.Tensor 'x:0' shape=(?, 3) dtype=float32> cannot",
    ),
    (
        lambda: tf.constant(1.0).eval(),
        ValueError,
        "Cannot evaluate tensor using `eval()`: No default session is register",
    ),
    (
        fed_product,
        InvalidArgument,
        "Matrix size-incompatible: In[0]: [2,2], In[1]: [3,1]: 'MatMul' cannot run",
    ),
    (
        fed_sum,
        InvalidArgument,
        "Incompatible shapes: [2] vs. [3]: 'add' cannot run on values of shape [2] and",
    ),
    (
        lambda: fed_shape([4]),
        InvalidArgument,
        "Input to reshape is a tensor with 3 values, but the requested shape has 4",
    ),
    (
        lambda: fed_shape([-1, 2]),
        InvalidArgument,
        "Input to reshape is a tensor with 3 values, but the requested shape r",
    ),
]


@pytest.mark.parametrize(("mistake", "error", "words"), BUILDING + RUNNING)
def test_a_mistake_has_tensorflows_words_in_one_line(mistake, error, words):
    with pytest.raises(error) as raised:
        mistake()
    assert str(raised.value).startswith(words)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (lambda: tf.constant(1.0) / tf.constant(0.0), np.inf),
        (lambda: tf.log(tf.constant(0.0)), -np.inf),
        (lambda: tf.log(tf.constant(-1.0)), np.nan),
        (lambda: tf.exp(tf.constant(1000.0)), np.inf),
    ],
)
def test_what_diverges_is_no_error_and_no_warning(build, expected):
    np.testing.assert_equal(value_of(build()), np.float32(expected))


def test_an_error_of_a_run_has_its_text_as_an_attribute():
    with pytest.raises(tf.errors.OpError) as raised:
        run(x() * 1.0)
    assert raised.value.message.startswith("You must feed a value for placeholder tensor 'x'")


def test_what_learners_do_and_may():
    one = tf.constant(1.0, name="one")
    assert f"{one}" == 'Tensor("one:0", shape=(), dtype=float32)'
    assert {one: 1}[one] == 1
    assert run(one + 1.0, {one: 5.0}) == 6.0
    assert run(["one:0", "one"], {"one:0": 2}) == [2.0, None]
    assert fed([[1, 2, 3]]).tolist() == [[1, 2, 3]]
