"""The graph: names as TensorFlow 1 counts them, and what scripts look at."""

import pytest

import lrfit.tf1 as tf


def kinds(graph=None):
    return [(node.name, node.op) for node in (graph or tf.get_default_graph()).as_graph_def().node]


def test_a_tensor_prints_as_in_tensorflow():
    a, b = tf.constant(3.0), tf.placeholder(tf.int32, [None, 2], name="b")
    assert str(a) == 'Tensor("Const:0", shape=(), dtype=float32)'
    assert repr(a) == "<tf.Tensor 'Const:0' shape=() dtype=float32>"
    assert str(a + a) == 'Tensor("add:0", shape=(), dtype=float32)'
    assert str(b) == 'Tensor("b:0", shape=(?, 2), dtype=int32)'
    assert str(tf.placeholder(tf.float32)) == 'Tensor("Placeholder:0", dtype=float32)'
    assert repr(tf.Variable([1.0])) == "<tf.Variable 'Variable:0' shape=(1,) dtype=float32_ref>"


def test_names_are_counted_as_in_tensorflow():
    x = tf.placeholder(tf.float32, name="x")
    made = [x * 2, 2 * x, tf.multiply(x, x), x + 1, tf.add(x, 1), -x, x / 2, x - 1, x**2]
    names = ["mul", "mul_1", "Mul_2", "add", "Add_1", "Neg", "truediv", "sub", "pow"]  # in any case
    assert [tensor.op.name for tensor in made] == names


def test_constants_within_an_expression_are_named_after_their_place():
    x = tf.placeholder(tf.float32, name="x")
    2 * x + 1
    assert kinds() == [
        ("x", "Placeholder"),
        ("mul/x", "Const"),
        ("mul", "Mul"),
        ("add/y", "Const"),
        ("add", "Add"),
    ]


def test_a_variable_consists_of_four_operations():
    tf.Variable(0.5, name="W")
    assert kinds() == [
        ("W/initial_value", "Const"),
        ("W", "VariableV2"),
        ("W/Assign", "Assign"),
        ("W/read", "Identity"),
    ]


def test_scopes_are_made_unique_and_can_be_nested():
    with tf.name_scope("layer") as outer, tf.name_scope("inner"):
        a = tf.constant(1.0, name="a")
    with tf.name_scope("layer"):
        b = tf.constant(1.0, name="a")
    with tf.name_scope(outer):
        c = tf.constant(1.0, name="a")
    assert [one.name for one in (a, b, c)] == ["layer/inner/a:0", "layer_1/a:0", "layer/a:0"]


def test_tensors_and_operations_are_found_by_their_names():
    graph = tf.get_default_graph()
    x = tf.placeholder(tf.float32, name="x")
    y = tf.identity(x, name="y")
    assert graph.get_tensor_by_name("y:0") is y
    assert graph.get_operation_by_name("x") is x.op
    assert graph.get_operations() == [x.op, y.op]
    assert (y.op.inputs, x.consumers()) == ((x,), [y.op])
    with pytest.raises(KeyError, match=r"'z', does not exist in the graph"):
        graph.get_tensor_by_name("z:0")
    with pytest.raises(ValueError, match=r"refers to an Operation, not a Tensor"):
        graph.get_tensor_by_name("y")
    with pytest.raises(KeyError, match=r"refers to an Operation not in the graph"):
        graph.get_operation_by_name("z")


def test_graphs_are_apart():
    first, second = tf.Graph(), tf.Graph()
    with first.as_default():
        a = tf.constant(1.0)
        assert tf.get_default_graph() is first
    with second.as_default():
        b = tf.constant(2.0)
    assert (a.graph, b.graph, a.name, b.name) == (first, second, "Const:0", "Const:0")
    assert tf.get_default_graph() not in (first, second)
    with tf.Session(graph=second) as session:
        assert session.run(b) == 2.0
        with pytest.raises(ValueError, match=r"not an element of this graph"):
            session.run(a)


def test_a_new_default_graph_counts_anew():
    tf.constant(1.0)
    tf.reset_default_graph()
    assert tf.constant(1.0).name == "Const:0"


def test_what_is_no_truth_value_and_cannot_be_iterated_says_so():
    x = tf.placeholder(tf.float32, [3])
    with pytest.raises(TypeError, match=r"^Using a `tf.Tensor` as a Python `bool` is not allowed"):
        bool(x > 0)
    with pytest.raises(TypeError, match=r"^Tensor objects are not iterable"):
        list(x)
    assert {x: 1}[x] == 1


def test_collections_keep_what_is_put_into_them():
    tf.add_to_collection("losses", 1)
    W = tf.Variable(1.0, name="W")
    V = tf.Variable(1.0, name="V", trainable=False)
    assert tf.get_collection("losses") == [1]
    assert tf.get_collection(tf.GraphKeys.GLOBAL_VARIABLES) == tf.global_variables() == [W, V]
    assert tf.trainable_variables() == [W]
    assert tf.global_variables("V") == [V]


def test_a_finalised_graph_takes_no_more():
    graph = tf.get_default_graph()
    graph.finalize()
    with pytest.raises(RuntimeError, match=r"^Graph is finalized and cannot be modified"):
        tf.constant(1.0)


def test_a_seed_gives_an_op_the_number_of_operations_before_it():
    """The shape, the mean and the standard deviation come first: 3, and 12 for a second variable."""
    tf.set_random_seed(777)
    first = tf.Variable(tf.random_normal([1]))
    second = tf.Variable(tf.random_normal([1]))
    tf.reset_default_graph()
    by_hand = tf.random_normal([1], seed=3), tf.random_normal([1], seed=12)
    tf.set_random_seed(777)
    again = tf.random_normal([1], seed=3), tf.random_normal([1], seed=12)
    session = tf.Session()
    drawn = session.run([*by_hand, *again])
    assert drawn[0] != drawn[2]  # the seed of the graph counts
    with tf.Session(graph=first.graph) as other:
        other.run(tf.global_variables_initializer())
        assert other.run([first, second]) == drawn[2:]


def test_a_device_is_accepted():
    with tf.device("/gpu:0"):
        assert tf.constant(1.0).name == "Const:0"


def test_what_an_operation_says_of_itself():
    x = tf.placeholder(tf.float32, [2], name="x")
    y = tf.identity(x, name="y")
    assert (repr(y.op), y.op.values()) == ("<tf.Operation 'y' type=Identity>", (y,))
    assert str(y.op) == 'name: "y"\nop: "Identity"\ninput: "x"\n'
    lines = str(tf.get_default_graph().as_graph_def()).splitlines()
    assert lines[:4] == ["node {", '  name: "x"', '  op: "Placeholder"', "}"]
    assert lines[4:] == ["node {", '  name: "y"', '  op: "Identity"', '  input: "x"', "}"]
    assert y.get_shape().as_list() == [2]


def test_names_that_cannot_be():
    with pytest.raises(ValueError, match=r"^'a:b' is not a valid scope name"):
        tf.constant(1.0, name="a:b")


def test_a_name_that_a_script_numbers_itself_is_passed_over():
    names = [tf.constant(1.0, name=name).op.name for name in ("a", "a_1", "a", "A")]
    assert names == ["a", "a_1", "a_2", "A_3"]


def test_the_list_of_a_collection_can_be_changed():
    tf.get_default_graph().get_collection_ref("mine").append(1)
    assert tf.get_collection("mine") == [1]


def test_a_graph_is_not_cleared_within_a_block_that_makes_it_the_default():
    with (
        tf.Session(),
        pytest.raises(AssertionError, match=r"^Do not use tf.reset_default_graph\(\) to clear"),
    ):
        tf.reset_default_graph()
    with tf.Graph().as_default() as graph:
        assert tf.get_default_graph() is graph
