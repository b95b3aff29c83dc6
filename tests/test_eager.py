"""Eager values and their gradients are those of the static graph to the bit, and freed with their tape."""

import copy
import gc
import inspect
import pickle
import subprocess
import sys
import weakref
from pathlib import Path

import numpy as np
import pytest
from gradient_checks import ops_in
from graph import test_ops, test_selections
from naming import graph_of

import lrfit
from lrfit import (
    GradientDescentOptimizer,
    GraphError,
    Session,
    ShapeError,
    assign,
    constant,
    eager,
    get_default_graph,
    global_variables_initializer,
    gradients,
    group,
    placeholder,
    reduce_mean,
    reduce_sum,
    square,
)
from lrfit.eager import Value, Variable, gradient
from lrfit.graph import ops, selections
from lrfit.graph.nodes import OPS

LAB = np.loadtxt(Path(__file__).parent.parent / "sample_data" / "lab.csv", delimiter=",", skiprows=1)


# One line, both ways.


def line_loss(w, b):
    """For the 17 pairs of the lab: a node if w and b are nodes, a value if they are values."""
    x, y = LAB.T
    return reduce_mean(square(w * x + b - y)) / 2.0


def test_a_line_is_fitted_to_the_bits_of_a_session():
    w, b = lrfit.Variable(0.0), lrfit.Variable(0.0)
    loss = line_loss(w, b)
    train = GradientDescentOptimizer(0.01).minimize(loss)
    session = Session()
    session.run(global_variables_initializer())
    for _ in range(100):
        session.run(train)
    static = session.run([w, b, loss])

    w, b = Variable(0.0), Variable(0.0)
    for _ in range(100):
        line_loss(w, b).backward()
        w, b = Variable(w - 0.01 * w.grad), Variable(b - 0.01 * b.grad)
    assert [w.value, b.value, line_loss(w, b).value] == static
    assert static[2] < 0.2 < float(line_loss(Variable(0.0), 0.0))


def test_gradients_of_the_graph_take_values():
    w, b = Variable(0.5), Variable(-1.0)
    loss = line_loss(w, b)
    loss.backward()
    assert [float(g) for g in gradients(loss, [w, b])] == [w.grad, b.grad]


# Every op, against the static graph.

CASES = test_ops.CASES + test_selections.CASES


def test_every_op_with_a_derivative_has_a_case():
    differentiable = {name for name in ops_in(ops, selections) if any(OPS[name].vjps or ())}
    assert differentiable <= {case.op for case in CASES}


@pytest.mark.parametrize("op", dict.fromkeys(case.op for case in CASES))
def test_values_and_gradients_are_those_of_the_graph(op):
    """And gradients of gradients: to the bit, for a graph that runs as it was built."""
    rng = np.random.default_rng(0)
    for case in [case for case in CASES if case.op == op]:
        with graph_of(case.label):
            xs = [placeholder(value.shape) for value in case.inputs]
            flowing = rng.normal(size=case.build(*xs).shape)
            nodes = _value_and_gradients(case.build, xs, flowing)
            known = [node for node in nodes if node is not None]
            expected = iter(Session(passes=()).run(known, dict(zip(xs, case.inputs, strict=True))))

            xs = [Variable(value) for value in case.inputs]
            values = _value_and_gradients(case.build, xs, flowing)
            case.build(*xs).backward(flowing)
            assert [value is None for value in values] == [node is None for node in nodes]
            for value in [value for value in values if value is not None]:
                _assert_same(value.value, next(expected))
            for x, g in zip(xs, values[1:], strict=False):
                assert (x.grad is None) == (g is None)
                if g is not None:
                    _assert_same(x.grad, g.value)


def _value_and_gradients(build, xs, flowing):
    y = build(*xs)
    first = gradients(y, xs, flowing)
    second = [gradients(reduce_sum(square(g)), xs) for g in first if g is not None]
    return [y, *first, *(g for gs in second for g in gs)]


def _assert_same(ours, theirs):
    assert ours.dtype == np.float64
    assert ours.shape == theirs.shape
    np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(("op", "_", "domains"), test_ops.ELEMENTWISE)
def test_an_op_makes_a_value_of_numbers_and_leaves_the_default_graph_alone(op, _, domains):
    assert isinstance(getattr(eager, op)(*[1.0] * len(domains)), Value)
    assert get_default_graph().nodes == ()


def test_the_module_has_the_ops_of_the_graph():
    assert dir(eager) == sorted(
        {"Value", "Variable", "constant", "gradient", *ops.__all__, *selections.__all__}
    )
    assert all(callable(getattr(eager, name)) for name in dir(eager))
    assert eager.reduce_sum.__doc__ == reduce_sum.__doc__
    assert inspect.signature(eager.reduce_sum) == inspect.signature(reduce_sum)
    assert repr(eager.matmul).startswith("<function matmul ")


def test_a_name_of_tensorflow_is_told_in_our_words():
    with pytest.raises(AttributeError, match=r"no attribute 'mul'; TensorFlow's mul is lrfit\.multiply"):
        _ = eager.mul


def test_the_ops_named_like_builtins_do_not_hide_them_from_the_module():
    assert (float(eager.round(2.6)), float(eager.abs(-1.0))) == (3.0, 1.0)
    assert not {"round", "abs"} & set(vars(eager))


def test_eager_loads_numpy_at_most():
    code = "import sys, lrfit.eager; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "numpy" in loaded.split()
    assert not set(loaded.split()) & {"pandas", "rich", "click", "numba"}


# Values.


def test_operators_take_numbers_and_arrays_on_either_side():
    v = Variable([1.0, 4.0])
    a = np.array([[2.0], [8.0]])
    for value, expected in [
        (1 + v - 2.0, [0.0, 3.0]),
        (a * v / 2, [[1.0, 4.0], [4.0, 16.0]]),
        (np.float64(2.0) ** v, [2.0, 16.0]),
        (abs(-v), [1.0, 4.0]),
        ([[1.0, 0.0]] @ a, [[2.0]]),
        (eager.reshape(v, (1, 2)) @ a, [[34.0]]),
        (v > 2.0, [0.0, 1.0]),
        (v <= 1.0, [1.0, 0.0]),
        (v[1], 4.0),
        (v[::-1], [4.0, 1.0]),
    ]:
        np.testing.assert_array_equal(getattr(value, "value", value), expected)


def test_a_value_shows_itself():
    assert repr(eager.constant(6)) == "<Value 6.0>"
    assert repr(Variable([1, 2.5])) == "<Variable [1.  2.5]>"


def test_a_scalar_is_a_number_and_true_or_false():
    loss = eager.square(3.0)
    assert float(loss) == 9.0
    assert loss > 8.0
    assert not loss < 8.0


@pytest.mark.parametrize("use", [float, bool])
def test_only_a_scalar_is_a_number(use):
    with pytest.raises(ShapeError, match=r"only a value of shape \(\) is a number, not one of \(1,\)"):
        use(eager.constant([1.0]))


def test_a_value_is_no_sequence():
    """NumPy would make an array of its numbers, and the gradient would be lost."""
    v = Variable([1.0, 2.0])
    with pytest.raises(TypeError, match="not iterable"):
        list(v)
    with pytest.raises(GraphError, match="real numbers"):
        eager.square([v, v])


def test_numpy_is_a_copy_and_the_value_never_changes():
    given = np.array([1.0, 2.0])
    v = Variable(given)
    given += 1.0
    v.numpy()[0] = 7.0
    for value in [v, eager.transpose(v), v + 1.0]:
        with pytest.raises(ValueError, match="read-only"):
            value.value[0] = 7.0
    np.testing.assert_array_equal(v.value, [1.0, 2.0])


def test_a_variable_cannot_be_given_another_value():
    w = Variable(1.0)
    with pytest.raises(GraphError, match=r"for a new one, W = Variable\(W - 0.1 \* W.grad\)"):
        w.value -= 1.0
    with pytest.raises(GraphError, match=r"assign is for sessions: .* make a new Variable"):
        assign(w, 2.0)
    with pytest.raises(GraphError, match="group is for sessions"):
        group(w)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_value_is_not_copied(copied):
    """The copy would be outside of all tapes."""
    with pytest.raises(GraphError, match="cannot be copied"):
        copied(Variable(1.0))


# Gradients.


def test_backward_adds_up_until_grad_is_reset():
    x = Variable([1.0, 2.0])
    assert x.grad is None
    eager.square(x).backward()
    (3.0 * x).backward([1.0, 10.0])
    np.testing.assert_array_equal(x.grad, [5.0, 34.0])
    x.grad = None
    reduce_sum(x * x).backward()
    np.testing.assert_array_equal(x.grad, [2.0, 4.0])


def test_backward_of_a_variable_is_1():
    x = Variable(3.0)
    x.backward()
    assert x.grad == 1.0


def test_paths_of_different_lengths_add_up():
    x = Variable(3.0)
    y = x * x
    (x - (-x) + y * y * x).backward()
    assert x.grad == 2.0 + 5 * 3.0**4


def test_a_variable_that_matters_only_to_steps_has_no_gradient():
    x, b = Variable(3.0), Variable(1.0)
    (eager.sign(x) + eager.stop_gradient(x) + b).backward()
    assert (x.grad, b.grad) == (None, 1.0)


def test_backward_needs_a_variable():
    with pytest.raises(GraphError, match=r"<Value 4\.0> depends on no Variable"):
        eager.square(2.0).backward()


def test_backward_of_a_gradient_of_another_shape_names_both():
    with pytest.raises(ShapeError, match=r"\(2,\) for .* of \(3,\)"):
        (Variable(np.ones(3)) * 2.0).backward(np.ones(2))


def test_only_a_variable_has_a_gradient():
    v = Variable(1.0) * 2.0
    with pytest.raises(AttributeError, match="'Value' object has no attribute 'grad'"):
        _ = v.grad
    with pytest.raises(AttributeError, match="grad"):
        v.grad = 1.0


def test_the_gradient_of_what_was_broadcast_has_its_shape():
    x, column, number = Variable(np.ones(4)), Variable(np.ones((3, 1))), Variable(2.0)
    (x * column * number).backward()
    np.testing.assert_array_equal(x.grad, np.full(4, 6.0))
    np.testing.assert_array_equal(column.grad, np.full((3, 1), 8.0))
    assert number.grad == 12.0


def test_a_function_has_a_gradient_for_each_argument():
    slopes = gradient(
        lambda a, b, power: reduce_sum(a**power) * b,
    )
    for_a, for_b, _ = slopes([1.0, 2.0], 3.0, 2.0)
    np.testing.assert_array_equal(for_a.value, [6.0, 12.0])
    assert float(for_b) == 5.0


def test_settings_by_name_have_no_gradient():
    slope = gradient(lambda x, power: x**power)
    assert float(slope(3.0, power=2.0)) == 6.0


def test_the_gradient_of_what_does_not_matter_is_0():
    np.testing.assert_array_equal(gradient(lambda _: 3.0)([1.0, 2.0]).value, [0.0, 0.0])


def test_gradients_of_gradients():
    f = eager.sin
    for expected in [np.cos, lambda x: -np.sin(x), lambda x: -np.cos(x), np.sin]:
        f = gradient(f)
        np.testing.assert_allclose(float(f(0.7)), expected(0.7), rtol=1e-15)


def test_an_argument_is_apart_from_the_same_value_in_the_function():
    """Of x · d(x + y)/dy at y = x, the slope is 1: no confusion of the two."""
    slope = gradient(lambda x: x * gradient(lambda y: x + y)(x))
    assert float(slope(3.0)) == 1.0


def test_a_gradient_can_be_part_of_a_loss():
    """Here (dy/dx)² for y = w·x², whose derivative by w is 2·(2·w·x)·2·x."""
    w = Variable(3.0)
    eager.square(gradient(lambda x: w * x * x)(5.0)).backward()
    assert w.grad == 2 * (2 * 3.0 * 5.0) * 2 * 5.0


def test_gradient_is_of_a_scalar():
    with pytest.raises(ShapeError, match=r"a result of shape \(\), not \(2,\)"):
        gradient(lambda x: x)([1.0, 2.0])


# Extremes.


def test_a_deep_chain_has_a_gradient_and_is_freed():
    x = Variable(1.0)
    y = x
    for _ in range(10_000):
        y = y + x
    y.backward()
    assert (float(y), x.grad) == (10_001.0, 10_001.0)
    del y


def test_a_tape_is_freed_with_its_last_value():
    """At once, without the garbage collector, also after backward."""
    gc.disable()
    try:
        w = Variable(np.ones(3))
        inner = eager.exp(w)
        loss = reduce_sum(inner * inner)
        loss.backward()
        freed = [weakref.ref(inner), weakref.ref(loss), weakref.ref(w)]
        w = Variable(w - 0.1 * w.grad)
        assert freed[2]() is not None
        del inner, loss
        assert [ref() for ref in freed] == [None, None, None]
    finally:
        gc.enable()


def test_nan_and_infinity_pass_in_silence():
    x = Variable([0.0, -1.0, 1e308])
    y = eager.log(x) + x * 10.0
    np.testing.assert_array_equal(y.value, [-np.inf, np.nan, np.inf])
    for sign in (1.0, -1.0):
        (eager.log(x) * sign).backward()
    assert np.isnan(x.grad[0])


# Errors.


@pytest.mark.parametrize(
    ("build", "shapes"),
    [
        (lambda: Variable(np.ones((2, 3))) @ np.ones((2, 3)), r"\(2, 3\) and \(2, 3\)"),
        (lambda: Variable(np.ones(3)) + np.ones(2), r"\(3,\) with \(2,\)"),
        (lambda: eager.reshape(np.ones(6), (4, 2)), r"\(6,\).*\(4, 2\)"),
        (lambda: eager.gather(np.ones(2), [5.0]), r"'gather' .*\(2,\) and \(1,\): index 5"),
        (lambda: Variable(np.ones(2))[3], r"index 3 .*\(2,\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named_at_once(build, shapes):
    with pytest.raises(ShapeError, match=shapes):
        build()


@pytest.mark.parametrize(
    "mixed",
    [
        lambda v, s: v + s,
        lambda v, s: eager.concat([v, s], 0),
        lambda _, s: eager.square(s),
        lambda _, s: Variable(s),
        lambda _, s: gradient(reduce_sum)(s),
    ],
)
def test_a_static_node_has_no_value_for_eager_ops(mixed):
    with pytest.raises(GraphError, match=r"constant 'c' belongs to a static graph.* run it in a Session"):
        mixed(Variable([1.0]), constant([1.0], name="c"))
    assert len(get_default_graph().nodes) == 1


def test_an_eager_op_makes_no_static_node():
    with pytest.raises(GraphError, match="belongs to a static graph"):
        eager.concat([constant([1.0]), constant([2.0])], axis=0)


@pytest.mark.parametrize("mixed", [lambda v, s: s + v, lambda v, s: Session().run(v, {s: 1.0})])
def test_an_eager_value_is_no_node_of_a_static_graph(mixed):
    with pytest.raises(GraphError, match=r"eager variable.* belongs to another graph"):
        mixed(Variable(1.0), placeholder(()))


def test_a_value_feeds_a_graph_by_its_numbers():
    x = placeholder((2,))
    np.testing.assert_array_equal(Session().run(x * 2.0, {x: Variable([1.0, 2.0]).value}), [2.0, 4.0])
