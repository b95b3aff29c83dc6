"""What the tests of TensorFlow 1's functions look at: values, gradients and the operations that were made."""

from __future__ import annotations

from typing import Any

import numpy as np

import lrfit.tf1 as tf


def value_of(fetches: Any, feed_dict: Any = None) -> Any:
    """The value in a new session, in which all variables have their initial values."""
    with tf.Session() as session:
        session.run(tf.global_variables_initializer())
        return session.run(fetches, feed_dict)


def slope_of(y: Any, x: Any, feed_dict: Any = None) -> Any:
    """The gradient of the sum of y with respect to x; None if there is none."""
    (gradient,) = tf.gradients(y, x)
    return None if gradient is None else value_of(gradient, feed_dict)


def operations() -> list[str]:
    """The operations of the default graph, as "name:kind" each, or as a name that is that of the kind."""
    return [
        name if name.rpartition("/")[2].lower() == kind.lower() else f"{name}:{kind}"
        for name, kind, _ in tf.get_default_graph().as_graph_def().node
    ]


def check_value(tensor: Any, expected: Any, feed_dict: Any = None) -> None:
    """Hold a value against another one: its type, its shape, and the numbers to the accuracy of the type."""
    value, wanted = value_of(tensor, feed_dict), np.asarray(expected)
    assert value.dtype == wanted.dtype
    assert np.shape(value) == wanted.shape
    np.testing.assert_allclose(value, wanted, rtol=2e-6 if wanted.dtype == np.float32 else 1e-12, atol=1e-7)
