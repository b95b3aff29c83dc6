"""Each test of this folder has a default graph of its own, and no default session."""

import pytest

from lrfit.tf1 import default_session, graph


@pytest.fixture(autouse=True)
def _a_graph_of_its_own():
    graph.reset_default_graph()
    yield
    default_session.sessions().clear()
    graph.reset_default_graph()
