"""What is said of a graph, whatever the format: its parts, its formulas, and the numbers in a run."""

import numpy as np
import pytest

from lrfit.graph.assignments import assign, assign_sub
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.nodes import Graph
from lrfit.graph.ops import log, matmul, negative, reduce_sum, square, transpose
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program
from lrfit.graph.session import Session
from lrfit.model.equation import linear_model
from lrfit.training.graph import training_graph
from lrfit.training.settings import TrainingSettings
from lrfit.views.graph_annotations import differentiated, evaluated, optimized
from lrfit.views.graph_text import array_text, formula, is_literal, shape_text
from lrfit.views.graph_view import GraphView, kind_of, part_of

EVERYTHING = {
    "l2": 0.1,
    "momentum": 0.9,
    "nesterov": True,
    "schedule": "step",
    "clip_norm": 1.0,
    "average": True,
    "batch_size": 4,
}
FEEDS = [np.array([[1.0, 2.0], [3.0, -1.0], [0.5, 4.0]]), np.array([[1.0], [2.0], [3.0]])]
VARIABLES = {"W": np.array([[0.5], [-0.25]]), "b": np.float64(0.125)}


def step_program(**settings):
    chosen = TrainingSettings(**settings)
    graph = training_graph(
        np.zeros(2),
        0.0,
        chosen,
        learning_rate=0.1,
        momentum=chosen.momentum or 0.0,
        steps_per_epoch=3,
    )
    return Program.of([graph.train_op], [graph.model.x, graph.model.y])


def loss_view(l2=0.0):
    model = linear_model(np.zeros(2), 0.0, l2=l2)
    return GraphView(Program.of([model.objective], [model.x, model.y])), model.objective.name


def by_name(view):
    return {node.name: node for node in view.program.nodes}


# Parts, kinds and words.


@pytest.mark.parametrize("settings", [{}, EVERYTHING])
def test_a_training_graph_has_three_parts_each_with_what_belongs_there(settings):
    """Forward is the model and no more; gradients need it; updates are all that is not needed for them."""
    program = step_program(**settings)
    parts = {node.name: part_of(node) for node in program.nodes}
    with Graph().as_default():
        model = linear_model(np.zeros(2), 0.0, l2=settings.get("l2", 0.0))
    assert {name for name, part in parts.items() if part == "forward"} == {
        node.name for node in Program.of([model.objective], [model.x, model.y]).nodes
    }
    for node in program.nodes:
        wanted = {"forward": {"forward"}, "gradients": {"forward", "gradients"}}
        assert {parts[parent.name] for parent in node.inputs} <= wanted.get(
            parts[node.name], {*parts.values()}
        )
    assert parts["W_update/assign_sub"] == parts["learning_rate/multiply" if settings else "learning_rate"]
    assert GraphView(program).parts.keys() == {"forward", "gradients", "updates"}


def test_a_view_of_the_loss_alone_has_one_part_without_its_literals():
    view, _ = loss_view()
    names = "x W matmul b y_hat y residual square reduce_mean loss"
    assert {part: [node.name for node in nodes] for part, nodes in view.parts.items()} == {
        "forward": names.split()
    }


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda x, _: x + 2.0, "x + 2"),
        (lambda x, _: 0.1 - x, "0.1 - x"),
        (lambda x, v: x * v, "x · v"),
        (lambda x, _: x / 3.0, "x ÷ 3"),
        (lambda x, _: x**2.0, "x ** 2"),
        (lambda x, _: x >= 0.0, "x ≥ 0"),
        (lambda x, _: negative(x), "-x"),
        (lambda x, _: log(x), "log(x)"),
        (lambda x, _: x * constant(7.0, name="learning_rate"), "x · learning_rate"),
        (lambda x, _: reduce_sum(x), "reduce_sum(x)"),
        (lambda x, _: reduce_sum(x, axis=0, keepdims=True), "reduce_sum(x, axis=0, keepdims=True)"),
        (lambda x, _: transpose(x, (1, 0)), "transpose(x, perm=(1, 0))"),
        (lambda x, _: matmul(transpose(x, name="x_t"), x), "x_t @ x"),
        (lambda _, v: assign(v, [[1.0]]), "v ← constant"),
        (lambda _, v: assign_sub(v, v), "v ← subtract"),
        (lambda x, _: x, "placeholder"),
        (lambda _, v: v, "variable"),
        (lambda *_: constant(0.1 + 0.2, name="rate"), "0.30000000000000004"),
        (lambda *_: constant([1.0, 2.0], name="two"), "[1, 2]"),
    ],
)
def test_formulas_read_like_those_on_paper(make, text):
    x, v = placeholder((None, 1), name="x"), Variable([[0.0]], name="v")
    assert formula(make(x, v)) == text


def test_only_scalars_that_nobody_named_are_written_in_place():
    named, unnamed = constant(1.0, name="rate"), constant(1.0)
    assert not is_literal(named)
    assert is_literal(unnamed)
    assert is_literal(constant(2.0))  # constant_1
    assert is_literal(constant(2.0, name="x_grad/multiply_12"))
    assert not is_literal(constant([1.0, 2.0]))
    assert not is_literal(placeholder(()))


def test_kinds():
    x, v = placeholder((), name="x"), Variable(0.0, name="v")
    assert [kind_of(node) for node in (x, v, constant(1.0), x + v, assign(v, x))] == [
        "placeholder", "variable", "constant", "op", "op",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "text"),
    [
        ((), "()"),
        ((3,), "(3,)"),
        ((None,), "(n,)"),
        ((None, 2), "(n, 2)"),
        ((4, 2, 1), "(4, 2, 1)"),
        (None, "(…)"),
    ],
)
def test_shapes_have_n_rows(shape, text):
    assert shape_text(shape) == text


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (np.float64(1.0), "1"),
        (np.array([[-1234567.125]]), "-1234567.125"),
        (np.array([1.0, 2.5, 3.0]), "[1, 2.5, 3]"),
        (np.array([[1.0, 2.5], [3.0, 4.0]]), "[1, 2.5, …]"),
        (np.zeros((0, 1)), "[]"),
        (np.array([np.nan, np.inf, -np.inf]), "[nan, inf, -inf]"),
        (np.float64(np.nan), "nan"),
    ],
)
def test_a_number_has_all_digits_and_an_array_says_where_it_is_shortened(array, text):
    assert array_text(array) == text


# After the passes.


@pytest.mark.parametrize("settings", [{}, EVERYTHING])
@pytest.mark.parametrize("shapes", [None, [(3, 2), (3, 1)]])
def test_what_the_passes_removed_and_what_is_left_are_all_that_there_was(settings, shapes):
    before = step_program(**settings)
    program = Program.of(before.fetches, before.feeds, shapes)
    view = optimized(GraphView(program))
    removed = [name for names in view.removed.values() for name in names]
    assert str(view.program) == str(apply_passes(program))
    left, there_was = (
        [node.name for node in program.nodes if not is_literal(node)] for program in (view.program, before)
    )
    assert sorted(removed + left) == sorted(there_was)
    assert view.removals[0].startswith(f"{len(there_was)} nodes, {len(left)} after the passes")


def test_a_pass_is_credited_with_what_nothing_needs_after_it():
    x = placeholder((), name="x")
    zero = constant(0.0, name="zero")
    two = constant(1.0, name="one") + constant(1.0, name="other")
    y = square(x + zero) * square(x + zero) * two
    view = optimized(GraphView(Program.of([y], [x])))
    assert view.removed == {
        "simplify": ["zero", "add_1", "add_2"],
        "fold_constants": ["one", "other", "add"],
        "merge_common_subexpressions": ["square_1"],
        "prune": [],
    }
    assert [line.split()[1] for line in view.removals[1:]] == ["3:", "3:", "1:", "0"]


def test_long_lists_of_what_was_removed_are_cut():
    view = GraphView(Program((), ()), removed={"prune": [f"node_{i}" for i in range(11)]})
    assert view.removals[1:] == [f"prune  11: {', '.join(f'node_{i}' for i in range(8))} and 3 more"]


# Values and gradients.


def numerical_gradient(loss, at, step=1e-6):
    result = np.zeros(at.shape)
    for index in np.ndindex(at.shape):
        moved = np.array(at)
        moved[index] += step
        up = loss(moved)
        moved[index] -= 2 * step
        result[index] = (up - loss(moved)) / (2 * step)
    return result


@pytest.mark.parametrize("is_optimized", [False, True])
def test_values_are_those_of_the_equation_and_gradients_those_of_differences(is_optimized):
    view, objective = loss_view(l2=0.3)
    view = optimized(view) if is_optimized else view
    view = evaluated(view, FEEDS, VARIABLES, objective)
    (x, y), W, b = FEEDS, VARIABLES["W"], VARIABLES["b"]  # noqa: N806

    def loss(W, b):  # noqa: N803
        return np.mean((x @ W + b - y) ** 2) / 2 + 0.15 * np.sum(W**2)

    nodes = by_name(view)
    assert view.values[nodes["residual"]] == pytest.approx(x @ W + b - y, rel=1e-14)
    assert view.values[nodes[objective]] == pytest.approx(loss(W, b), rel=1e-14)
    terms = {edge[0].name: view.gradients[edge] for edge in view.edges_back_to(nodes["W"])}
    assert terms.keys() == {"matmul", "square_1"}
    assert terms["square_1"] == pytest.approx(0.3 * W, rel=1e-14)
    assert sum(terms.values()) == pytest.approx(numerical_gradient(lambda W: loss(W, b), W), rel=1e-6)  # noqa: N803
    ((user, i),) = view.edges_back_to(nodes["b"])
    assert user.inputs[i].name == "b"
    assert view.gradients[user, i] == pytest.approx(
        numerical_gradient(lambda b: loss(W, b), np.array(b)), rel=1e-6
    )


def test_a_gradient_has_the_shape_of_what_it_flows_back_to():
    view, objective = loss_view(l2=0.3)
    view = evaluated(view, FEEDS, VARIABLES, objective)
    for (user, i), gradient in view.gradients.items():
        assert np.shape(gradient) == np.shape(view.values[user.inputs[i]])


@pytest.mark.parametrize("settings", [{}, EVERYTHING])
def test_a_step_has_the_values_of_a_session(settings):
    program = step_program(**settings)
    variables = {v.name: np.full(v.shape, 0.5) for v in program.variables}
    view = evaluated(GraphView(program), FEEDS, variables, "objective" if settings else "loss")
    graph = program.fetches[0]
    assert graph not in view.values  # it has none
    optimised = evaluated(optimized(GraphView(program)), FEEDS, variables, "loss")
    assert not optimised.gradients  # the loss is gone
    for node in optimised.program.nodes:
        if node.op.has_value:
            assert optimised.values[node] == pytest.approx(view.values[by_name(view)[node.name]], rel=1e-12)


def test_numbers_that_are_not_finite_are_values_like_others():
    view, objective = loss_view()
    view = evaluated(
        view,
        [FEEDS[0] * 1e300, FEEDS[1]],
        {"W": np.array([[1e300], [-1e300]]), "b": np.float64(0)},
        objective,
    )
    assert np.isnan(view.values[by_name(view)["loss"]]) or np.isinf(view.values[by_name(view)["loss"]])


def test_a_program_that_is_differentiated_keeps_its_names_and_fetches_its_gradients():
    view, objective = loss_view(l2=0.3)
    program, terms = differentiated(view.program, objective)
    program.validate()
    names = [node.name for node in view.program.nodes]
    assert [node.name for node in program.nodes][: len(names)] == names
    assert program.fetches[1:] == tuple(terms.values())


def test_what_is_drawn():
    """Edges but from literals, each assignment beside its variable, flows and labels."""
    x, v = placeholder((None, 2), name="x"), Variable(1.0, name="v")
    total = reduce_sum(x * v, name="total") * 2.0
    view = GraphView(Program.of([total, assign(v, total)], [x]), captions={"x": "features 'a'"})
    edges = [(node.inputs[i].name, node.name) for node, i in view.edges]
    assert edges == [
        ("x", "multiply"),
        ("v", "multiply"),
        ("multiply", "total"),
        ("total", "multiply_1"),
        ("multiply_1", "assign"),
    ]
    assert [(node.name, name) for node, name in view.updates] == [("assign", "v")]
    nodes = by_name(view)
    assert view.flow((nodes["multiply"], 0)) == ("(n, 2)", "")
    assert view.label(nodes["x"]) == ["x", "features 'a'"]
    seen = evaluated(view, [np.ones((2, 2))], {"v": np.float64(3.0)}, "multiply_1")
    assert seen.flow((nodes["multiply"], 0)) == ("[1, 1, …] (n, 2)", "[6, 6, …]")
    assert seen.flow((nodes["multiply"], 1)) == ("3", "8")
    assert seen.flow((nodes["assign"], 0)) == ("24", "")
    assert seen.label(nodes["multiply_1"]) == ["multiply_1", "total · 2 = 24"]


def test_an_assignment_to_a_variable_that_nothing_reads_points_nowhere():
    v = Variable(1.0, name="v")
    assert GraphView(Program.of([assign(v, 2.0)])).updates == []


def test_long_captions_are_drawn_in_several_lines():
    x = placeholder((), name="x")
    label = GraphView(Program.of([x]), captions={"x": "word " * 30 + "x" * 120}).label(x)
    assert len(label) > 4
    assert max(map(len, label)) <= 50


def test_the_sum_of_what_flows_back_is_the_gradient():
    view, objective = loss_view(l2=0.3)
    seen = evaluated(view, FEEDS, VARIABLES, objective)
    model = linear_model(VARIABLES["W"][:, 0], float(VARIABLES["b"]), l2=0.3)
    session = Session(model.graph)
    wanted = gradients(model.objective, [model.W, model.x])
    initial = {model.W: VARIABLES["W"], model.b: VARIABLES["b"], model.x: FEEDS[0], model.y: FEEDS[1]}
    for name, gradient in zip("Wx", session.run(wanted, initial), strict=True):
        terms = [seen.gradients[edge] for edge in seen.edges_back_to(by_name(seen)[name])]
        assert np.sum(terms, axis=0) == pytest.approx(gradient, rel=1e-14)
