"""The text of a graph: the whole of it, line by line."""

import numpy as np
import pytest
from graph_views import VIEWS, forward, hostile, training, valued

from lrfit.graph.leaves import placeholder
from lrfit.graph.ops import add
from lrfit.graph.program import Program
from lrfit.views.graph_annotations import evaluated, optimized
from lrfit.views.graph_formats.text import render
from lrfit.views.graph_view import GraphView


def test_a_line_takes_ten_lines():
    assert render(forward()) == (
        "x            (n, 1)  placeholder          features 'a', 'b'\n"
        "W            (1, 1)  variable             weights\n"
        "matmul       (n, 1)  x @ W\n"
        "b            ()      variable\n"
        "y_hat        (n, 1)  matmul + b\n"
        "y            (n, 1)  placeholder\n"
        "residual     (n, 1)  y_hat - y\n"
        "square       (n, 1)  square(residual)\n"
        "reduce_mean  ()      reduce_mean(square)\n"
        "loss         ()      reduce_mean ÷ 2\n"
    )


def test_values_and_gradients_stand_beside_it_and_what_adds_up_below():
    text = render(valued(forward(l2=0.5), "objective"))
    assert text.splitlines()[:6] == [  # the residual is (0.5, 0.5, -3.5, -3)
        "node         shape   formula               value            gradient",
        "x            (n, 1)  placeholder           [1, 2, …]        [0.125, 0.125, …]    features 'a', 'b'",
        "W            (1, 1)  variable              1                1.375                weights",
        "                                           along square_1   0.5",
        "                                           along matmul     0.875",
        "matmul       (n, 1)  x @ W                 [1, 2, …]        [0.125, 0.125, …]",
    ]
    assert text.splitlines()[-1].split() == ["objective", "()", "loss", "+", "penalty", "2.96875"]


def test_a_training_graph_has_three_parts_and_what_each_pass_removed():
    blocks = render(optimized(training())).split("\n\n")
    assert [block.split("\n")[0] for block in blocks] == [
        "forward",
        "gradients",
        "updates",
        "31 nodes, 27 after the passes; made needless by",
    ]
    assert blocks[2].split("\n")[1:5] == [
        "learning_rate             ()      0.25",
        "W_update/multiply         (1, 1)  learning_rate · W_grad/matmul",
        "W_update/subtract         (1, 1)  W - W_update/multiply",
        "W_update/assign_sub       (1, 1)  W ← W_update/subtract",
    ]
    assert blocks[2].split("\n")[-1].split() == [
        "train",
        "group(W_update/assign_sub,",
        "b_update/assign_sub)",
    ]
    assert blocks[3].split("\n")[2] == "fold_constants               1: reduce_mean_grad/divide"


def test_a_group_of_many_does_not_make_the_lines_of_others_longer():
    lines = render(valued(training(momentum=0.5, schedule="step")))
    widths = {line.split()[0]: len(line) for line in lines.splitlines() if line}
    assert widths.pop("train") > max(widths.values())


def test_terms_that_are_not_finite_add_up_as_numbers_do():
    x = placeholder((), name="x")
    y = add(x * np.inf, x * -np.inf, name="y")
    view = evaluated(GraphView(Program.of([y], [x])), [np.float64(1.0)], {}, "y")
    first, *edges = [line.split() for line in render(view).splitlines()[1:4]]
    assert (first[-1], sorted(edge[-1] for edge in edges)) == ("nan", ["-inf", "inf"])


@pytest.mark.parametrize("name", VIEWS)
def test_no_line_holds_what_could_steer_a_terminal_or_ends_in_blanks(name):
    lines = render(VIEWS[name]()).split("\n")
    assert lines.pop() == ""
    assert all(line.isprintable() and line == line.rstrip() for line in lines)


def test_names_are_shown_escaped():
    assert "\\x1b[31m\\n\\u2028\\u202e\\x00 $x^2$ total" in render(
        hostile("\x1b[31m\n\u2028\u202e\x00 $x^2$")
    )
