"""Scripts of courses in TensorFlow 1, written anew, against the numbers that their pages print.

Up to 10,000 steps they agree to 2e-6, and to 1e-5 beyond: float32 adds in another order here.
"""

import numpy as np
import oracles
import pytest

import lrfit.tf1 as tf

X_LAB, Y_LAB = oracles.lab_rows().T


def started():
    session = tf.Session()
    session.run(tf.global_variables_initializer())
    return session


def close(expected, tolerance=2e-6):
    return pytest.approx(expected, rel=tolerance)


def test_the_getting_started_guide():
    """Its sum of squares has the loss 5.69997e-11 after 1000 steps."""
    W, b = tf.Variable([0.3], dtype=tf.float32), tf.Variable([-0.3], dtype=tf.float32)
    x, y = tf.placeholder(tf.float32), tf.placeholder(tf.float32)
    loss = tf.reduce_sum(tf.square(W * x + b - y))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(loss)
    session = started()
    feeds = {x: [1, 2, 3, 4], y: [0, -1, -2, -3]}
    for _ in range(1000):
        session.run(train, feeds)
    W_end, b_end, loss_end = session.run([W, b, loss], feeds)
    assert (W_end, b_end) == (close([-0.9999969]), close([0.9999908]))
    assert loss_end == pytest.approx(5.6999738e-11, rel=2e-5)  # of 4 residuals that are 1e-6 of the data
    assert {W_end.dtype, b_end.dtype, loss_end.dtype} == {np.dtype(np.float32)}


def test_fifty_points_about_a_line():
    np.random.seed(22)
    x_data = np.linspace(0.0, 50.0, 50)
    y_data = 1.65 * x_data + 3.8 + np.random.normal(0.0, 8.0, 50)
    a, b = tf.Variable(1.0), tf.Variable(1.0)
    x, y = tf.placeholder(tf.float32, [None]), tf.placeholder(tf.float32, [None])
    loss = tf.reduce_mean(tf.square(a * x + b - y))
    train = tf.train.GradientDescentOptimizer(0.0001).minimize(loss)
    session = started()
    feeds = {x: x_data, y: y_data}
    assert session.run(loss, {**feeds, a: 1.7, b: 1.55}) == close(70.27873)
    printed = [session.run([train, loss, a, b], feeds)[1:] for _ in range(5000)]
    assert printed[0] == close([479.24164, 1.1172491, 1.0036857])
    assert printed[-1] == close([69.339798, 1.6692804, 1.9137664])


def test_feeding_and_fetching_of_the_slides():
    value = tf.placeholder(tf.int32, [1, 1])
    product = 10 * tf.matmul(tf.constant([[3.0, 3.0]]), tf.constant([[2.0], [2.0]]))
    with tf.Session() as session:
        fed, result = session.run([value, product], {value: [[2]]})
        assert (fed.tolist(), fed.dtype) == ([[2]], np.int32)
        assert (result.tolist(), product.eval().tolist()) == ([[120.0]], [[120.0]])


def test_a_line_with_seed_777():
    tf.set_random_seed(777)
    x_train, y_train = [1, 2, 3], [1, 2, 3]
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    cost = tf.reduce_mean(tf.square(x_train * W + b - y_train))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    session, printed = started(), {}
    for step in range(2001):
        _, cost_value, W_value, b_value = session.run([train, cost, W, b])
        printed[step] = cost_value, *W_value, *b_value
    assert printed[0] == close((3.5240757, 2.1286771, -0.8523567))
    assert printed[20] == close((0.1974994, 1.533928, -1.0505961))
    assert printed[2000] == close((1.2134e-05, 1.004036, -0.0091748), 3e-5)  # of a residual that is nearly 0


def test_the_seeded_line_fed_with_other_rows():
    """y + 1.1: the same script ends near W = 1 and b = 1.1."""
    tf.set_random_seed(777)
    W = tf.Variable(tf.random_normal([1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    X, Y = tf.placeholder(tf.float32, shape=[None]), tf.placeholder(tf.float32, shape=[None])
    cost = tf.reduce_mean(tf.square(X * W + b - Y))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    session = started()
    for _ in range(2001):
        session.run(train, {X: [1, 2, 3, 4, 5], Y: [2.1, 3.1, 4.1, 5.1, 6.1]})
    assert session.run([W, b]) == [pytest.approx([1.0], abs=5e-3), pytest.approx([1.1], abs=5e-3)]
    assert session.run(X * W + b, {X: [5]}) == pytest.approx([6.1], abs=5e-3)


def test_a_variable_is_fetched_as_the_step_leaves_it():
    W = tf.Variable(5.0)
    cost = tf.reduce_mean(tf.square(W * [1, 2, 3] - [1, 2, 3]))
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    pairs = optimizer.compute_gradients(cost)
    step = optimizer.apply_gradients(pairs)
    session, printed = started(), []
    for _ in range(3):
        _, value, before, gradient = session.run([step, W, W * 1.0, pairs[0][0]])
        printed.append((value, before, gradient))
    assert [value for value, _, _ in printed] == close([1.2666664, 1.0177778, 1.0011852])
    assert [before for _, before, _ in printed] == close([5.0, 1.2666664, 1.0177778])
    assert [gradient for _, _, gradient in printed] == close([37.333332, 2.488887, 0.16592591])


def test_the_gradients_of_a_smaller_step():
    """With the rate 0.01 they are the published 37.33 and 33.85."""
    W = tf.Variable(5.0)
    cost = tf.reduce_mean(tf.square(W * [1, 2, 3] - [1, 2, 3]))
    optimizer = tf.train.GradientDescentOptimizer(0.01)
    pairs = optimizer.compute_gradients(cost)
    step = optimizer.apply_gradients(pairs)
    session = started()
    found = [session.run([pairs, step])[0][0] for _ in range(2)]
    assert [gradient for gradient, _ in found] == close([37.333336, 33.84889])


def test_logistic_regression_with_seed_777():
    tf.set_random_seed(777)
    x_data = [[1, 2], [2, 3], [3, 1], [4, 3], [5, 3], [6, 2]]
    y_data = [[0], [0], [0], [1], [1], [1]]
    X = tf.placeholder(tf.float32, shape=[None, 2])
    Y = tf.placeholder(tf.float32, shape=[None, 1])
    W = tf.Variable(tf.random_normal([2, 1]), name="weight")
    b = tf.Variable(tf.random_normal([1]), name="bias")
    hypothesis = tf.sigmoid(tf.matmul(X, W) + b)
    cost = -tf.reduce_mean(Y * tf.log(hypothesis) + (1 - Y) * tf.log(1 - hypothesis))
    train = tf.train.GradientDescentOptimizer(learning_rate=0.01).minimize(cost)
    predicted = tf.cast(hypothesis > 0.5, dtype=tf.float32)
    accuracy = tf.reduce_mean(tf.cast(tf.equal(predicted, Y), dtype=tf.float32))
    feeds = {X: x_data, Y: y_data}
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        costs = [session.run([cost, train], feeds)[0] for _ in range(10_001)]
        assert [costs[0], costs[200]] == close([1.7307833, 0.5715119])
        assert costs[10_000] == close(0.14949557, 1e-5)
        assert session.run(accuracy, feeds) == 1.0


def test_the_seventeen_pairs():
    """Half the mean squared error, full batches, from the published start."""
    W, b = tf.Variable(-0.7870768, name="weight"), tf.Variable(-0.2507985, name="bias")
    X, Y = tf.placeholder("float"), tf.placeholder("float")
    cost = tf.reduce_sum(tf.pow(tf.add(tf.multiply(X, W), b) - Y, 2)) / (2 * len(X_LAB))
    train = tf.train.GradientDescentOptimizer(0.01).minimize(cost)
    session, feeds, done = started(), {X: X_LAB, Y: Y_LAB}, 0
    for epoch, *published in oracles.LAB_RUN:
        for _ in range(done, epoch):
            session.run(train, feeds)
        done = epoch
        assert session.run([cost, W, b], feeds) == pytest.approx(published, abs=1e-6, rel=1e-6)


def test_stochastic_steps_over_pairs_one_by_one():
    """As the lecture descends: each sample is a step."""
    w, b = tf.Variable(0.0, name="weights"), tf.Variable(0.0, name="bias")
    X, Y = tf.placeholder(tf.float32, name="X"), tf.placeholder(tf.float32, name="Y")
    loss = tf.square(Y - (X * w + b), name="loss")
    optimizer = tf.train.GradientDescentOptimizer(learning_rate=0.001).minimize(loss)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        v, c = 0.0, 0.0
        for _ in range(20):
            for x, y in zip(X_LAB, Y_LAB, strict=True):
                session.run([optimizer, loss], feed_dict={X: x, Y: y})
                residual = v * x + c - y
                v, c = v - 0.002 * residual * x, c - 0.002 * residual
        assert session.run([w, b]) == [close(v, 1e-5), close(c, 1e-5)]


def test_unscaled_data_diverge_to_infinity_and_nan_without_a_warning():
    """Prices and volumes as they are; warnings are errors in these tests."""
    x_data = np.array([[828.66, 833.45, 1908100.0], [823.02, 828.07, 1828100.0]], np.float32)
    y_data = np.array([[831.66], [823.45]], np.float32)
    W = tf.Variable(tf.zeros([3, 1]))
    cost = tf.reduce_mean(tf.square(tf.matmul(x_data, W) - y_data))
    train = tf.train.GradientDescentOptimizer(1e-5).minimize(cost)
    session = started()
    costs = [session.run([cost, train])[0] for _ in range(20)]
    assert np.inf in costs
    assert np.isnan(costs[-1])


def test_variables_assignments_and_sessions_apart():
    """10; 100; 4, 8, 16; 20, 18; 8, 120 and -42."""
    W = tf.Variable(10)
    assign = W.assign(100)
    with tf.Session() as session:
        session.run(W.initializer)
        session.run(W * 0)
        assert W.eval() == 10
        session.run(assign)
        assert W.eval() == 100
    twice = tf.Variable(2, name="my_var")
    doubled = twice.assign(2 * twice)
    with tf.Session() as session:
        session.run(twice.initializer)
        assert [session.run(doubled) for _ in range(3)] == [4, 8, 16]
    V = tf.Variable(10)
    with tf.Session() as session:
        session.run(V.initializer)
        assert [session.run(V.assign_add(10)), session.run(V.assign_sub(2))] == [20, 18]
    first, second = tf.Session(), tf.Session()
    for session in (first, second):
        session.run(V.initializer)
    found = first.run(V.assign_sub(2)), second.run(V.assign_add(110)), first.run(V.assign_sub(50))
    assert found == (8, 120, -42)
