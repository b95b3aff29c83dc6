"""Optimizers against twenty lines of NumPy in float32, written from TensorFlow 1.15's formulas."""

import numpy as np
import pytest

import lrfit.tf1 as tf

RNG = np.random.default_rng(0)
X = RNG.normal(size=(20, 3)).astype(np.float32)
Y = (X @ [[1.0], [-2.0], [0.5]] + 0.1 * RNG.normal(size=(20, 1))).astype(np.float32)
F = np.float32


def gradients_at(W, b):
    """Of the mean squared error, in float32."""
    residual = X @ W + b - Y
    return F(2 / len(X)) * (X.T @ residual), F(2) * np.mean(residual, dtype=F)


def adam(g, s, t, lr=F(0.01), b1=F(0.9), b2=F(0.999), epsilon=F(1e-8)):
    """ε is outside the root, and the rate has the correction of both means."""
    s["m"] = b1 * s.get("m", 0 * g) + (1 - b1) * g
    s["v"] = b2 * s.get("v", 0 * g) + (1 - b2) * g * g
    return lr * np.sqrt(1 - b2**t) / (1 - b1**t) * s["m"] / (np.sqrt(s["v"]) + epsilon)


def adagrad(g, s, _, lr=F(0.1)):
    """The accumulator starts at 0.1."""
    s["a"] = s.get("a", 0 * g + F(0.1)) + g * g
    return lr * g / np.sqrt(s["a"])


def rmsprop(g, s, _, lr=F(0.01), decay=F(0.9), momentum=F(0.5), epsilon=F(1e-10)):
    """The mean square starts at 1, and ε is within the root."""
    s["ms"] = decay * s.get("ms", 0 * g + 1) + (1 - decay) * g * g
    s["mom"] = momentum * s.get("mom", 0 * g) + lr * g / np.sqrt(s["ms"] + epsilon)
    return s["mom"]


def centered(g, s, _, lr=F(0.01), decay=F(0.9), epsilon=F(1e-10)):
    s["ms"] = decay * s.get("ms", 0 * g + 1) + (1 - decay) * g * g
    s["mg"] = decay * s.get("mg", 0 * g) + (1 - decay) * g
    return lr * g / np.sqrt(s["ms"] - s["mg"] ** 2 + epsilon)


def momentum(g, s, _, lr=F(0.01), factor=F(0.9)):
    s["v"] = factor * s.get("v", 0 * g) + g
    return lr * s["v"]


def nesterov(g, s, _, lr=F(0.01), factor=F(0.9)):
    s["v"] = factor * s.get("v", 0 * g) + g
    return lr * (g + factor * s["v"])


def descent(g, _, __, lr=F(0.01)):
    return lr * g


OPTIMIZERS = [
    (lambda: tf.train.GradientDescentOptimizer(0.01), descent, 200),
    (lambda: tf.train.MomentumOptimizer(0.01, 0.9), momentum, 200),
    (lambda: tf.train.MomentumOptimizer(0.01, 0.9, use_nesterov=True), nesterov, 200),
    (lambda: tf.train.AdamOptimizer(0.01), adam, 200),
    (lambda: tf.train.AdagradOptimizer(0.1), adagrad, 200),
    (lambda: tf.train.RMSPropOptimizer(0.01, momentum=0.5), rmsprop, 20),
    (lambda: tf.train.RMSPropOptimizer(0.01, centered=True), centered, 20),
]
"""Optimizers, their formulas, and a number of steps: near the optimum RMSProp magnifies rounding errors."""


@pytest.mark.parametrize(("make", "step_of", "n_steps"), OPTIMIZERS)
def test_an_optimizer_takes_the_steps_of_its_formulas(make, step_of, n_steps):
    x, y = tf.placeholder(tf.float32, [None, 3]), tf.placeholder(tf.float32, [None, 1])
    W, b = tf.Variable(tf.zeros([3, 1])), tf.Variable(0.0)
    loss = tf.reduce_mean(tf.square(tf.matmul(x, W) + b - y))
    train = make().minimize(loss)
    w, c, states = np.zeros((3, 1), F), F(0), ({}, {})
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for t in range(1, n_steps + 1):
            session.run(train, {x: X, y: Y})
            g_w, g_c = gradients_at(w, c)
            w, c = w - step_of(g_w, states[0], t), c - step_of(g_c, states[1], t)
            if t in (1, 2, 10, n_steps):
                found = session.run([W, b])
                np.testing.assert_allclose(found[0], w, rtol=2e-5, atol=2e-6)
                np.testing.assert_allclose(found[1], c, rtol=2e-5, atol=2e-6)
        assert {found[0].dtype, found[1].dtype} == {np.dtype(F)}


def test_a_loss_that_is_no_scalar_is_summed():
    W = tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(0.1).minimize(W * [1.0, 2.0, 3.0])
    with tf.Session() as session:
        session.run(W.initializer)
        session.run(train)
        assert session.run(W) == pytest.approx(1.0 - 0.1 * 6.0)


def test_gradients_can_be_clipped_between_the_two_halves_of_minimize():
    W, V = tf.Variable(3.0), tf.Variable(4.0)
    optimizer = tf.train.GradientDescentOptimizer(1.0)
    pairs = optimizer.compute_gradients(W * W / 2 + V * V / 2)
    clipped, norm = tf.clip_by_global_norm([g for g, _ in pairs], 1.0)
    train = optimizer.apply_gradients(zip(clipped, [v for _, v in pairs], strict=True))
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        assert session.run([norm, train])[0] == 5.0
        assert session.run([W, V]) == pytest.approx([2.4, 3.2])


def test_the_counter_of_steps_and_a_rate_that_decays_with_it():
    W = tf.Variable(0.0)
    step = tf.Variable(0, trainable=False, name="global_step")
    rate = tf.train.exponential_decay(1.0, step, decay_steps=2, decay_rate=0.5, staircase=True)
    train = tf.train.GradientDescentOptimizer(rate).minimize(-W, global_step=step)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        printed = [session.run([train, rate, step, W])[1:] for _ in range(4)]
    assert printed == [[1.0, 1, 1.0], [1.0, 2, 2.0], [0.5, 3, 2.5], [0.5, 4, 3.0]]
    assert printed[0][1].dtype == np.int32


def test_only_listed_variables_are_changed():
    W, V = tf.Variable(1.0), tf.Variable(1.0)
    train = tf.train.GradientDescentOptimizer(0.5).minimize(W * V, var_list=[V])
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert session.run([W, V]) == [1.0, 0.5]


def test_the_state_of_an_optimizer_is_among_the_variables():
    W = tf.Variable([1.0, 2.0], name="W")
    tf.train.AdamOptimizer().minimize(tf.reduce_sum(W))
    names = {variable.name for variable in tf.global_variables()}
    assert names == {"W:0", "W/Adam:0", "W/Adam_1:0", "beta1_power:0", "beta2_power:0"}
    assert tf.trainable_variables() == [W]


def test_a_loss_that_depends_on_no_variable():
    optimizer = tf.train.GradientDescentOptimizer(0.1)
    with pytest.raises(ValueError, match=r"^No variables to optimize"):
        optimizer.minimize(tf.constant(1.0))
    tf.Variable(1.0)
    with pytest.raises(ValueError, match=r"^No gradients provided for any variable"):
        optimizer.minimize(tf.constant(1.0))


def test_a_small_network_learns_exclusive_or():
    x_data = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], F)
    y_data = np.array([[0], [1], [1], [0]], F)
    tf.set_random_seed(777)
    X_, Y_ = tf.placeholder(tf.float32, [None, 2]), tf.placeholder(tf.float32, [None, 1])
    W1, b1 = tf.Variable(tf.random_normal([2, 4])), tf.Variable(tf.zeros([4]))
    W2, b2 = tf.Variable(tf.random_normal([4, 1])), tf.Variable(tf.zeros([1]))
    logits = tf.matmul(tf.tanh(tf.matmul(X_, W1) + b1), W2) + b2
    cost = tf.reduce_mean(tf.nn.sigmoid_cross_entropy_with_logits(labels=Y_, logits=logits))
    train = tf.train.AdamOptimizer(0.1).minimize(cost)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        for _ in range(200):
            session.run(train, {X_: x_data, Y_: y_data})
        found = session.run(tf.cast(tf.sigmoid(logits) > 0.5, tf.float32), {X_: x_data})
    assert found.tolist() == y_data.tolist()


def test_what_an_optimizer_says_of_itself():
    W = tf.Variable(1.0, name="W")
    optimizer = tf.train.AdamOptimizer(name="Mine")
    train = optimizer.minimize(W * W)
    assert (optimizer.get_name(), train.name, optimizer.get_slot_names()) == ("Mine", "Mine", ["m", "v"])
    assert optimizer.get_slot(W, "m").name == "W/Mine:0"
    assert optimizer.get_slot(W, "momentum") is None
    assert len(optimizer.variables()) == 4


def test_a_loss_that_is_no_tensor():
    with pytest.raises(TypeError, match=r"^the loss must be a tensor, not 3.0"):
        tf.train.GradientDescentOptimizer(0.1).minimize(3.0)


def test_the_global_step():
    assert tf.train.get_global_step() is None
    counter = tf.train.get_or_create_global_step()
    assert tf.train.get_or_create_global_step() is counter
    with pytest.raises(ValueError, match=r'^"global_step" already exists'):
        tf.train.create_global_step()
    train = tf.train.GradientDescentOptimizer(0.1).minimize(tf.Variable(1.0) * 2, counter)
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        session.run(train)
        assert tf.train.global_step(session, counter) == 1


def test_a_slot_belongs_to_the_variable_with_the_longest_name_that_fits():
    a, b = tf.Variable(1.0, name="a"), tf.Variable(2.0, name="a/b")
    optimizer = tf.train.AdamOptimizer()
    optimizer.minimize(a * b)
    assert [optimizer.get_slot(v, "m").name for v in (a, b)] == ["a/Adam:0", "a/b/Adam:0"]
