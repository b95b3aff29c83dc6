"""Datasets: elements, in order, in the structure that went in, as TensorFlow gives them."""

from collections import Counter
from typing import NamedTuple

import numpy as np
import pytest

import lrfit.tf1 as tf
from lrfit.tf1.errors import (
    FailedPreconditionError,
    InvalidArgumentError,
    OutOfRangeError,
    UnimplementedError,
)
from lrfit.tf1.shuffling import shuffled

X = np.arange(10.0).reshape(5, 2)
Y = np.arange(5)
Dataset = tf.data.Dataset


class Pair(NamedTuple):
    x: object
    y: object


def plain(value):
    """The value as lists, in the same structure."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    return tuple(map(plain, value)) if isinstance(value, tuple) else np.asarray(value).tolist()


def drawn(dataset, most=50):
    """All elements, or so many."""
    element = dataset.make_one_shot_iterator().get_next()
    elements = []
    with tf.Session() as session:
        try:
            while len(elements) < most:
                elements.append(plain(session.run(element)))
        except OutOfRangeError:
            pass
    return elements


@pytest.mark.parametrize(
    ("make", "expected"),
    [
        (lambda: Dataset.from_tensor_slices((X[:2], Y[:2])), [([0, 1], 0), ([2, 3], 1)]),
        (lambda: Dataset.from_tensor_slices({"x": X[:1], "y": [7]}), [{"x": [0, 1], "y": 7}]),
        (lambda: Dataset.from_tensor_slices([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
        (lambda: Dataset.from_tensor_slices(tf.constant([1.5, 2.0]) * 2), [3, 4]),
        (lambda: Dataset.from_tensor_slices(["a", "b"]).batch(2), [[b"a", b"b"]]),
        (lambda: Dataset.from_tensors((X[:1], 3.0)), [([[0, 1]], 3)]),
        (lambda: Dataset.range(3), [0, 1, 2]),
        (lambda: Dataset.range(2, 8, 3), [2, 5]),
        (lambda: Dataset.range(5).batch(2), [[0, 1], [2, 3], [4]]),
        (lambda: Dataset.range(5).batch(2, drop_remainder=True), [[0, 1], [2, 3]]),
        (lambda: Dataset.range(5).batch(2).batch(2), [[[0, 1], [2, 3]], [[4]]]),
        (lambda: Dataset.range(3).repeat(2).batch(2), [[0, 1], [2, 0], [1, 2]]),
        (lambda: Dataset.range(3).batch(2).repeat(2), [[0, 1], [2], [0, 1], [2]]),
        (lambda: Dataset.range(3).repeat().take(4), [0, 1, 2, 0]),
        (lambda: Dataset.range(3).repeat(-1).take(4), [0, 1, 2, 0]),
        (lambda: Dataset.range(3).repeat(0), []),
        (lambda: Dataset.range(0).repeat(), []),
        (lambda: Dataset.range(5).skip(2).take(2), [2, 3]),
        (lambda: Dataset.range(3).take(-1), [0, 1, 2]),
        (lambda: Dataset.range(3).skip(-1), []),
        (lambda: Dataset.range(3).prefetch(1).cache().repeat(2), [0, 1, 2, 0, 1, 2]),
        (lambda: Dataset.zip((Dataset.range(3), Dataset.range(2).batch(1))), [(0, [0]), (1, [1])]),
        (lambda: Dataset.zip({"a": Dataset.range(1), "b": Dataset.range(1)}), [{"a": 0, "b": 0}]),
        (lambda: Dataset.range(2).concatenate(Dataset.range(1)), [0, 1, 0]),
        (lambda: Dataset.range(3).map(lambda x: x + 1), [1, 2, 3]),
        (
            lambda: Dataset.from_tensor_slices((X[:1], Y[:1])).map(lambda x, _: {"s": tf.reduce_sum(x)}),
            [{"s": 1}],
        ),
        (lambda: Dataset.range(5).filter(lambda x: tf.equal(x % 2, 0)), [0, 2, 4]),
        (lambda: Dataset.range(2).apply(lambda dataset: dataset.repeat(2)), [0, 1, 0, 1]),
    ],
)
def test_elements_are_those_of_tensorflow(make, expected):
    assert drawn(make()) == expected


@pytest.mark.parametrize(
    ("make", "types", "shapes"),
    [
        (lambda: Dataset.from_tensor_slices((X, Y)), (tf.float64, tf.int64), ([2], [])),
        (lambda: Dataset.from_tensor_slices((X, Y)).batch(2), (tf.float64, tf.int64), ([None, 2], [None])),
        (
            lambda: Dataset.from_tensor_slices((X, Y)).batch(2, drop_remainder=True),
            (tf.float64, tf.int64),
            ([2, 2], [2]),
        ),
        (lambda: Dataset.range(3).map(lambda i: tf.cast(i, tf.float32)[None]), tf.float32, [1]),
        (
            lambda: (
                Dataset.range(3)
                .batch(2, drop_remainder=True)
                .concatenate(Dataset.range(3).batch(3, drop_remainder=True))
            ),
            tf.int64,
            [None],
        ),
    ],
)
def test_tensors_have_the_types_and_shapes_of_the_elements(make, types, shapes):
    dataset = make()
    iterator = tf.data.make_one_shot_iterator(dataset)
    for each in (dataset, iterator):
        assert tf.data.get_output_types(each) == types
    element = iterator.get_next()
    parts, shapes = (element, shapes) if isinstance(element, tuple) else ([element], [shapes])
    assert [part.shape.as_list() for part in parts] == list(shapes)
    given = tf.data.get_output_shapes(dataset)
    assert [part.as_list() for part in (given if isinstance(given, tuple) else [given])] == list(shapes)
    assert tf.data.get_output_classes(iterator) in (tf.Tensor, (tf.Tensor, tf.Tensor))
    assert repr(dataset).startswith("<Dataset shapes: ")


def test_values_have_the_types_of_the_elements():
    element = (
        Dataset.from_tensor_slices((X.astype(np.float32), Y)).batch(2).make_one_shot_iterator().get_next()
    )
    with tf.Session() as session:
        x, y = session.run(element)
    assert (x.dtype, y.dtype) == (np.float32, np.int64)


def test_the_structure_of_elements_is_kept():
    dataset = Dataset.from_tensor_slices(Pair({"b": X, "a": Y}, (Y, Y)))
    element = dataset.make_one_shot_iterator().get_next()
    assert element.x["a"].name == "IteratorGetNext:0"  # the keys of a dict are sorted
    assert list(element.x) == ["b", "a"]
    with tf.Session() as session:
        value = session.run(element)
    assert isinstance(value, Pair)
    assert value.y == (0, 0)


def test_what_is_drawn_together_belongs_together():
    x, y = Dataset.from_tensor_slices((X, Y)).make_one_shot_iterator().get_next()
    total = tf.reduce_sum(x) + tf.cast(y, tf.float64) * 100
    with tf.Session() as session:
        for i in range(5):
            values = session.run([x, y, total, x])
            assert values[1] == i
            assert values[2] == X[i].sum() + 100 * i
            np.testing.assert_array_equal(values[0], values[3])


def test_two_next_elements_are_two_draws():
    iterator = Dataset.range(4).make_one_shot_iterator()
    first, second = iterator.get_next(), iterator.get_next()
    assert second.name == "IteratorGetNext_1:0"
    with tf.Session() as session:
        assert sorted(session.run([first, second])) == [0, 1]
        assert session.run(second) == 2
        assert session.run(first) == 3


def test_a_run_that_does_not_need_it_draws_nothing():
    element = Dataset.range(3).make_one_shot_iterator().get_next()
    doubled = element * 2
    other = tf.constant(1.0)
    with tf.Session() as session:
        assert session.run(doubled) == 0
        assert session.run(other) == 1
        assert session.run(doubled, {element: 21}) == 42
        assert session.run(doubled) == 2


def test_each_session_starts_anew_and_the_end_stays_the_end():
    element = Dataset.range(2).make_one_shot_iterator().get_next()
    for _ in range(2):
        with tf.Session() as session:
            assert [session.run(element), session.run(element)] == [0, 1]
            for _ in range(2):
                with pytest.raises(OutOfRangeError, match=r"End of sequence: .*repeat"):
                    session.run(element)


def test_a_fed_iterator_starts_with_what_is_fed():
    x, size = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.int64, [])
    iterator = Dataset.from_tensor_slices(x).batch(size).make_initializable_iterator()
    element = iterator.get_next()
    assert iterator.initializer.type == "MakeIterator"
    with tf.Session() as session:
        with pytest.raises(FailedPreconditionError, match=r"has not been initialized.*iterator.initializer"):
            session.run(element)
        with pytest.raises(InvalidArgumentError, match="You must feed a value for placeholder"):
            session.run(iterator.initializer, {size: 2})
        data = X.astype(np.float32)
        assert session.run(iterator.initializer, {x: data, size: 3}) is None
        data[:] = 0  # the iterator has its own
        assert session.run(element).tolist() == X[:3].tolist()
        session.run(iterator.initializer, {x: X[:1], size: 2})
        assert session.run(element).tolist() == X[:1].tolist()
        with pytest.raises(OutOfRangeError):
            session.run(element)


def test_an_iterator_can_start_with_the_value_of_a_variable():
    n = tf.Variable(2, dtype=tf.int64)
    iterator = tf.data.make_initializable_iterator(Dataset.range(n))
    element = iterator.get_next()
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(iterator.initializer)
        assert [session.run(element), session.run(element)] == [0, 1]


def test_one_iterator_can_serve_two_datasets():
    train, check = Dataset.range(3), Dataset.range(10, 12)
    iterator = tf.data.Iterator.from_structure(train.output_types, train.output_shapes)
    element = iterator.get_next()
    starts = [iterator.make_initializer(each) for each in (train, check, train)]
    with tf.Session() as session:
        results = []
        for start in starts:
            session.run(start)
            results.append(session.run(element))
    assert results == [0, 10, 0]


def test_an_iterator_of_a_structure_has_types_and_shapes():
    types = (tf.float32, {"a": tf.int64})
    iterator = tf.data.Iterator.from_structure(types, ([None, 2], {"a": []}))
    first, second = iterator.get_next()
    assert first.shape.as_list() == [None, 2]
    assert second["a"].dtype == tf.int64
    assert tf.data.Iterator.from_structure(tf.float32).get_next().shape.ndims is None
    with pytest.raises(TypeError, match="Expected output types"):
        iterator.make_initializer(Dataset.range(3))
    other = Dataset.from_tensors((np.zeros((2, 3), np.float32), {"a": np.int64(1)}))
    with pytest.raises(TypeError, match="Expected output shapes compatible"):
        iterator.make_initializer(other)
    with pytest.raises(ValueError, match="Iterator does not have an initializer"):
        Dataset.range(3).make_one_shot_iterator().initializer  # noqa: B018


def test_a_one_shot_iterator_takes_no_feeds_and_no_variables():
    with pytest.raises(
        ValueError, match=r"Cannot capture a placeholder \(name:x, .*make_initializable_iterator"
    ):
        Dataset.from_tensors(tf.placeholder(tf.float32, name="x") + 1).make_one_shot_iterator()
    with pytest.raises(ValueError, match=r"Cannot capture a stateful node \(name:v, type:VariableV2\)"):
        Dataset.from_tensors(tf.Variable(1.0, name="v")).make_one_shot_iterator()


def test_the_operations_before_a_variable_are_as_many_as_in_tensorflow():
    """Their number is the seed of what is drawn behind them."""
    tf.set_random_seed(1)
    dataset = Dataset.from_tensor_slices((X, Y)).shuffle(3).batch(2).repeat()
    names = [operation.name for operation in tf.get_default_graph().get_operations()]
    assert names == [
        "normalize_element/component_0", "normalize_element/component_1", "TensorSliceDataset", "buffer_size",
        "seed", "seed2/Const", "seed2/Equal/y", "seed2/Equal", "seed2/Equal_1/y", "seed2/Equal_1",
        "seed2/LogicalAnd", "seed2/Const_1", "seed2", "ShuffleDataset", "batch_size", "drop_remainder",
        "BatchDatasetV2", "count", "RepeatDataset",
    ]  # fmt: skip
    dataset.make_one_shot_iterator().get_next()
    added = [operation.name for operation in tf.get_default_graph().get_operations()[len(names) :]]
    assert added == ["OneShotIterator", "IteratorToStringHandle", "IteratorGetNext"]


@pytest.mark.parametrize(("n", "size"), [(20, 1), (20, 5), (20, 20), (20, 100), (3000, 7)])
def test_shuffled_elements_are_the_same_and_none_comes_too_early(n, size):
    order = list(shuffled(range(n), size, (3, 4)))
    assert sorted(order) == list(range(n))
    assert all(element - place < size for place, element in enumerate(order))
    assert (order == list(range(n))) == (size == 1)


def test_the_order_is_a_function_of_seeds_and_epoch():
    orders = [
        tuple(shuffled(range(50), 50, *key)) for key in [((1, 2), 0), ((1, 2), 1), ((2, 2), 0), ((1, 3), 0)]
    ]
    assert len(set(orders)) == 4
    assert tuple(shuffled(range(50), 50, (1, 2), 1)) == orders[1]


def test_all_orders_are_equally_frequent():
    orders = Counter(tuple(shuffled(range(3), 3, (seed, 0))) for seed in range(1200))
    assert len(orders) == 6
    assert all(150 < n < 250 for n in orders.values())


def test_each_epoch_has_another_order_unless_it_is_not_to():
    n = 12
    changing = drawn(Dataset.range(n).shuffle(n, seed=1).repeat(2))
    fixed = drawn(Dataset.range(n).shuffle(n, seed=1, reshuffle_each_iteration=False).repeat(2))
    assert sorted(changing[:n]) == sorted(changing[n:]) == list(range(n))
    assert changing[:n] != changing[n:]
    assert fixed[:n] == fixed[n:] == changing[:n]


def test_a_seed_fixes_the_order_and_without_any_it_is_random():
    tf.set_random_seed(5)
    dataset = Dataset.range(30).shuffle(30)
    assert drawn(dataset) == drawn(dataset)
    tf.reset_default_graph()
    dataset = Dataset.range(30).shuffle(30)
    assert drawn(dataset) != drawn(dataset)


def test_kept_elements_come_again_in_the_order_that_they_had():
    elements = drawn(Dataset.range(10).shuffle(10, seed=1).cache().repeat(2))
    assert elements[:10] == elements[10:]


def test_a_function_may_draw_random_numbers():
    elements = drawn(Dataset.range(4).map(lambda _: tf.random_uniform([], seed=1)).repeat(2))
    assert len(set(elements)) == 8


def test_a_model_can_be_trained_on_batches():
    x = np.linspace(-1, 1, 40, dtype=np.float32)[:, None]
    dataset = Dataset.from_tensor_slices((x, 3 * x + 1)).shuffle(40, seed=2).batch(16).repeat(100)
    features, labels = dataset.make_one_shot_iterator().get_next()
    W, b = tf.Variable([[0.0]]), tf.Variable(0.0)
    loss = tf.losses.mean_squared_error(labels, tf.matmul(features, W) + b)
    train = tf.train.GradientDescentOptimizer(0.3).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(300):  # 100 epochs of 3 batches
            session.run(train)
        with pytest.raises(OutOfRangeError):
            session.run(train)
        assert session.run(W)[0, 0] == pytest.approx(3, abs=1e-4)
        assert session.run(b) == pytest.approx(1, abs=1e-4)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="Dimensions 2 and 3 are not compatible"):
        Dataset.from_tensor_slices(([1, 2], [3, 4, 5]))
    with pytest.raises(ValueError, match="only supported for rank >= 1"):
        Dataset.from_tensor_slices(3)
    with pytest.raises(ValueError, match="needs tensors or arrays"):
        Dataset.from_tensors(())
    with pytest.raises(TypeError, match=r"must be a nested structure of `Dataset` objects, .*; not list"):
        Dataset.zip([Dataset.range(3)])
    with pytest.raises(TypeError, match="to concatenate have different types"):
        Dataset.range(3).concatenate(Dataset.from_tensors(1.0))
    with pytest.raises(InvalidArgumentError, match="Batch size must be greater than zero"):
        drawn(Dataset.range(3).batch(0))
    with pytest.raises(InvalidArgumentError, match="buffer_size must be greater than zero"):
        drawn(Dataset.range(3).shuffle(0))
    ragged = Dataset.range(3).batch(2).batch(2)
    with pytest.raises(
        InvalidArgumentError, match=r"in component 0. First element had shape \[2\] and element 1"
    ):
        drawn(ragged)


def test_fed_parts_need_equally_many_rows():
    a, b = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32)
    iterator = Dataset.from_tensor_slices((a, b)).make_initializable_iterator()
    with tf.Session() as session, pytest.raises(InvalidArgumentError, match="equally many rows, not 1, 2"):
        session.run(iterator.initializer, {a: [1], b: [1, 2]})


def test_shapes_that_have_nothing_in_common_are_not_known():
    dataset = Dataset.range(2).batch(2).concatenate(Dataset.range(2))
    assert dataset.output_shapes.ndims is None
    assert drawn(dataset) == [[0, 1], 0, 1]


def test_what_is_not_here_is_refused_by_its_name():
    dataset = Dataset.range(3)
    for name, owner in [("from_generator", Dataset), ("padded_batch", dataset)]:
        with pytest.raises(AttributeError, match=f"tf.data.Dataset.{name} is not in lrfit.tf1"):
            getattr(owner, name)
    with pytest.raises(AttributeError, match=r"tf.data.TextLineDataset is not in lrfit.tf1"):
        tf.data.TextLineDataset  # noqa: B018
    with pytest.raises(UnimplementedError, match=r"cache.* keeps it in memory"):
        dataset.cache("file")
    outside = tf.constant(1, tf.int64)
    with pytest.raises(UnimplementedError, match="uses tensors or variables from outside"):
        dataset.map(lambda _: outside)
