"""A test that goes through many cases says which one failed."""

from contextlib import contextmanager

from lrfit.graph.nodes import Graph


@contextmanager
def in_case(*case):
    """Where the body fails, the report names the case."""
    try:
        yield
    except BaseException as error:
        error.add_note(f"in the case {' '.join(map(str, case))}")
        raise


@contextmanager
def graph_of(*case):
    """As `in_case`, with a default graph of the case's own."""
    with in_case(*case), Graph().as_default():
        yield
