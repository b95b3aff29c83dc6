"""Ops whose kernels a session makes: nobody else can compute them."""

import pytest

import lrfit.tf1 as tf
from lrfit.errors import GraphError
from lrfit.graph.nodes import OPS
from lrfit.tf1 import iterators, printing, random, readiness  # noqa: F401 (they make the ops)
from lrfit.tf1.session_ops import session_kernel


@pytest.mark.parametrize("name", ["has_value", "printed", "random", "start_iterator", "without_value"])
def test_an_op_of_a_session_is_impure_and_has_no_kernel_without_one(name):
    assert not OPS[name].pure
    with pytest.raises(GraphError, match=rf"^{name} has no kernel of its own: a session makes one$"):
        OPS[name].kernel(1.0, kernel_in=None)


def test_other_ops_have_kernels_of_their_own():
    assert session_kernel(tf.constant(1.0).node, None) is None
