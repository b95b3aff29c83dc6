"""Counting, picking and printing: values, names and lines are those of TensorFlow 2.21's tf.compat.v1."""

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1 import conditions, counting, matrices, printing, readiness
from lrfit.tf1.counting import boolean_mask, count_nonzero, embedding_lookup, in_top_k, unique
from lrfit.tf1.printing import Print
from lrfit.tf1.readiness import is_variable_initialized, report_uninitialized_variables

X = np.array([[1, 2], [3, 4], [5, 6]], np.float32)


def run(fetches, feeds=None):
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feeds)


@pytest.mark.parametrize(
    "module", [conditions, counting, matrices, printing, readiness], ids=lambda m: m.__name__
)
def test_the_functions_are_names_of_tf(module):
    assert all(getattr(tf, name) is getattr(module, name) for name in module.__all__)


# Counting.


@pytest.mark.parametrize(
    ("make", "expected", "name"),
    [
        (lambda: count_nonzero([[0, 1], [2, 0]]), np.int64(2), "count_nonzero/Sum"),
        (
            lambda: count_nonzero([[0.0, 1], [2, 0]], 0, dtype=tf.int32),
            np.array([1, 1], np.int32),
            "count_nonzero/Cast_1",
        ),
        (
            lambda: count_nonzero([[1, 0], [1, 1]], 1, keepdims=True),
            np.array([[1], [2]]),
            "count_nonzero/Sum",
        ),
        (lambda: count_nonzero([True, False, True], keep_dims=False), np.int64(2), "count_nonzero/Sum"),
        (lambda: count_nonzero(["b", ""]), np.int64(1), "count_nonzero/Sum"),
        (lambda: count_nonzero(input=[3.0], reduction_indices=0), np.int64(1), "count_nonzero/Sum"),
    ],
)
def test_what_is_not_0_is_counted(make, expected, name):
    count = make()
    value = run(count)
    assert (count.op.name, value.dtype) == (name, expected.dtype)
    np.testing.assert_array_equal(value, expected)


@pytest.mark.parametrize(
    ("predictions", "targets", "k", "expected"),
    [
        ([[0.1, 0.9, 0.3], [0.5, 0.5, 0.2], [1, 0, 0]], [2, 1, 1], 1, [False, True, False]),
        ([[0.1, 0.9, 0.3], [0.5, 0.5, 0.2], [1, np.nan, 0]], [2, 1, 0], 2, [True, True, False]),
        ([[1.0, 2.0], [1.0, 2.0]], [5, -1], 1, [False, False]),
    ],
)
def test_a_target_is_in_the_top_if_less_than_k_are_above_it(predictions, targets, k, expected):
    found = in_top_k(predictions, targets, k)
    assert (found.op.name, found.dtype, found.shape.as_list()) == (
        "in_top_k/InTopKV2",
        tf.bool,
        [len(targets)],
    )
    assert run(found).tolist() == expected


def test_the_accuracy_of_a_course():
    logits, labels = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.int32, [None])
    accuracy = tf.reduce_mean(tf.cast(in_top_k(logits, labels, 1), tf.float32))
    assert run(accuracy, {logits: X, labels: [1, 0, 1]}) == np.float32(2 / 3)


@pytest.mark.parametrize(
    ("predictions", "targets", "error", "message"),
    [
        ([1.0], [0], ValueError, "must be rank 2 but is rank 1 for 'in_top_k/InTopKV2'"),
        (X, [[0]], ValueError, "must be rank 1 but is rank 2"),
        (X, [0], ValueError, "Dimensions must be equal, but are 3 and 1"),
        ([[1]], [0], TypeError, "'predictions' has DataType int32"),
        (X, [0.0, 1.0, 2.0], TypeError, "'targets' has DataType float32"),
    ],
)
def test_what_is_no_prediction_is_refused(predictions, targets, error, message):
    with pytest.raises(error, match=message):
        in_top_k(predictions, targets, 1)


# Rows.


def test_an_embedding_is_the_rows_of_a_table():
    table = tf.Variable(X)
    rows = embedding_lookup(table, [1, 0, 1])
    (slope,) = tf.gradients(rows, table)
    assert rows.op.name == "embedding_lookup/Identity"
    found = run([rows, slope, embedding_lookup([table], [2]), embedding_lookup(table, [[1]], max_norm=1.0)])
    assert [value.tolist() for value in found[:3]] == [
        [[3, 4], [1, 2], [3, 4]],
        [[1, 1], [2, 2], [0, 0]],
        [[5, 6]],
    ]
    np.testing.assert_allclose(found[3], [[[0.6, 0.8]]], rtol=1e-6)
    with pytest.raises(tf.errors.UnimplementedError, match="in several tables"):
        embedding_lookup([table, table], [0])


def test_distinct_values_come_in_their_order():
    y, idx = unique([5, 1, 5, 3])
    assert [(t.name, t.dtype, t.shape.as_list()) for t in (y, idx)] == [
        ("Unique:0", tf.int32, [None]),
        ("Unique:1", tf.int32, [4]),
    ]
    words = unique(["b", "a", "b"], out_idx=tf.int64)
    found = run([y, idx, words.y, words.idx])
    assert [value.tolist() for value in found] == [[5, 1, 3], [0, 1, 0, 2], [b"b", b"a", b"b"][:2], [0, 1, 0]]
    assert [value.dtype for value in found[:2]] == [np.int32, np.int32]
    assert found[3].dtype == np.int64
    with pytest.raises(ValueError, match="must be rank 1 but is rank 2 for 'Unique_2'"):
        unique([[1]])


@pytest.mark.parametrize(
    ("mask", "expected"),
    [
        ([True, False, True], X[[0, 2]]),
        ([False, False, False], X[:0]),
        ([[True, False], [False, True], [True, True]], [1, 4, 5, 6]),
    ],
)
def test_a_mask_picks_rows_or_elements(mask, expected):
    picked = boolean_mask(X, mask)
    assert picked.op.name == "boolean_mask/GatherV2"
    assert picked.shape.as_list() == [None, 2][: np.ndim(expected)]
    np.testing.assert_array_equal(run(picked), expected)


def test_rows_of_a_mask_may_be_known_only_when_it_runs():
    x, mask = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.bool, [None])
    picked = boolean_mask(x, mask)
    (slope,) = tf.gradients(tf.reduce_sum(picked * picked), x)
    found = run([picked, slope], {x: X, mask: [False, True, False]})
    assert [value.tolist() for value in found] == [[[3, 4]], [[0, 0], [6, 8], [0, 0]]]
    cube, flags = tf.placeholder(tf.float32, [2, None, None]), tf.placeholder(tf.bool, [None, 1])
    feeds = {cube: np.arange(6).reshape(2, 1, 3), flags: [[False], [True]]}
    assert run(boolean_mask(cube, flags), feeds).tolist() == [[3, 4, 5]]


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        (True, r"mask cannot be scalar"),
        ([True, False], r"Shapes \(3,\) and \(2,\) are incompatible"),
        ([[True]], r"Shapes \(3, 2\) and \(1, 1\) are incompatible"),
        (None, "None values not supported"),
    ],
)
def test_what_is_no_mask_is_refused(mask, message):
    with pytest.raises(ValueError, match=message):
        boolean_mask(X, mask)


def test_a_mask_needs_a_known_number_of_axes_and_the_first():
    with pytest.raises(ValueError, match="Number of mask dimensions must be specified"):
        boolean_mask(X, tf.placeholder(tf.bool))
    with pytest.raises(tf.errors.UnimplementedError, match="an axis other than 0"):
        boolean_mask(X, [True, False], axis=1)


# Printing.


@pytest.mark.parametrize(
    ("data", "summarize", "line"),
    [
        ([[1.0, 2.5], 3, True, "abc"], None, "message [1 2.5][3][1][abc]"),
        ([list(range(10)), [[1.0, 2.0], [3.0, 4.0]]], 4, "message [0 1 2 3...][[1 2][3 4]]"),
        (
            [[[1.0, 2.0], [3.0, 4.0]], 1 / 3, [1e10, 1e-10, 100000000.0]],
            None,
            "message [[1 2][3...]...][0.333333343][1e+10 1e-10 1e+08]",
        ),
        (
            [[0.1, 1e-5], np.array([1 / 3, 1e22]), ["a\n", "é"]],
            10,
            "message [0.1 1e-05][0.33333333333333331 1e+22][a\\n é]",
        ),
        ([float("nan"), [np.inf, -np.inf], [], [[]]], 10, "message [nan][inf -inf][][]"),
        (
            [16777216.0, np.float64(0.1), 123456.7, 1e6, 1234567.0],
            -1,
            "message [16777216][0.1][123456.703][1e+06][1234567]",
        ),
        ([[[1, 2], [3, 4]]], -1, "message [[1 2][3 4]]"),
    ],
)
def test_a_printed_line_is_that_of_tensorflow(data, summarize, line, capsys):
    x = Print(tf.constant(7.0), data, "message ", summarize=summarize)
    assert (x.name, x.shape, x.dtype) == ("Print:0", (), tf.float32)
    assert run(x) == 7.0
    assert capsys.readouterr().err == f"{line}\n"


def test_each_run_prints_and_no_gradient_is_lost(capsys):
    x = tf.placeholder(tf.float32)
    y = Print(x, [x, x + 1]) ** 2
    (slope,) = tf.gradients(y, x)
    with tf.Session() as session:
        for value in (1.0, 2.0):
            assert session.run([y, slope], {x: value}) == [value**2, 2 * value]
    assert capsys.readouterr().err == "[1][2]\n[2][3]\n"


def test_a_session_prints_the_first_times(capsys):
    """Whatever is fetched beside it."""
    x = Print(tf.constant(1), [5], first_n=2)
    for _ in range(2):
        with tf.Session() as session:
            for fetch in (x, [x, x + 1], x):
                session.run(fetch)
    assert capsys.readouterr().err == "[5]\n" * 4


def test_a_print_runs_before_what_depends_on_it(capsys):
    x = Print(tf.constant(1), ["here"])
    with tf.control_dependencies([x]):
        y = tf.constant(2) + 1
    assert run(y) == 3
    assert capsys.readouterr().err == "[here]\n"


# Variables that have no value yet.


def test_a_session_knows_which_variables_have_a_value():
    v, w = tf.Variable(1.0, name="v"), tf.Variable(2.0, name="w")
    has, missing = is_variable_initialized(v), report_uninitialized_variables()
    nothing = report_uninitialized_variables([])
    assert (has.name, has.dtype, missing.dtype) == ("IsVariableInitialized:0", tf.bool, tf.string)
    assert missing.shape.as_list() == [None]
    with tf.Session() as session:
        first = session.run([has, missing, nothing])
        session.run(v.initializer)
        second = session.run([has, missing])
        session.run(w.initializer)
        assert session.run(missing).tolist() == []
    assert [first[0], first[1].tolist(), first[2].tolist()] == [False, [b"v", b"w"], []]
    assert [second[0], second[1].tolist()] == [True, [b"w"]]
