"""What every test gets: a default graph of its own."""

import pytest

from lrfit import Graph


@pytest.fixture(autouse=True)
def _own_default_graph():
    with Graph().as_default():
        yield
