"""Pruning, program against program."""

from __future__ import annotations

from lrfit.graph.assignments import assign, group
from lrfit.graph.leaves import Variable, constant, placeholder
from lrfit.graph.ops import exp, square
from lrfit.graph.passes.prune import prune
from lrfit.graph.program import Program


def test_what_no_fetch_needs_goes():
    x = placeholder(())
    kept, dropped = square(x), exp(x)
    assert prune(Program((x, kept, dropped), (kept,), (x,))) == Program((x, kept), (kept,), (x,))


def test_what_only_dropped_nodes_need_goes_too():
    x, y = placeholder(()), placeholder(())
    inner = square(y)
    outer = exp(inner)
    assert prune(Program((x, y, inner, outer), (x,), (x, y))).nodes == (x,)


def test_a_program_without_dead_nodes_stays_as_it_is():
    x = placeholder(())
    program = Program.of([square(x) + x, x], [x])
    assert prune(program) == program


def test_feeds_stay_even_where_their_placeholder_goes():
    """A step still takes as many values as before, in the same order."""
    x, y = placeholder(()), placeholder(())
    program = prune(Program((x, y), (y,), (x, y)))
    assert program.nodes == (y,)
    assert program.feeds == (x, y)


def test_an_assignment_that_is_fetched_stays():
    v = Variable(1.0)
    update = assign(v, 2.0)
    train = group(update)
    program = prune(Program.of([train]))
    assert program.updates == {v: update}


def test_an_assignment_that_is_not_fetched_goes():
    v = Variable(1.0)
    two = constant(2.0)
    update = assign(v, two)
    assert prune(Program((two, update), (two,))).nodes == (two,)


def test_the_placeholder_of_a_fed_node_is_not_replaced_again():
    y = square(placeholder(()))
    program = Program.of([exp(y)], [y])
    assert prune(program) == program
