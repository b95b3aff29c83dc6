"""The check of gradients, which every op has to pass; and which modules have which ops."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.autodiff import gradients
from lrfit.graph.leaves import placeholder
from lrfit.graph.nodes import Node, Op
from lrfit.graph.ops import reduce_sum
from lrfit.graph.session import Session


def ops_in(*modules: ModuleType) -> set[str]:
    """The names of the ops that these modules have, whether they define or import them."""
    return {op.name for module in modules for op in vars(module).values() if isinstance(op, Op)}


STEP = 1e-5
KNOWN = {
    "shape known": lambda shape: shape,
    "dimensions unknown": lambda shape: (None,) * len(shape),
    "rank unknown": lambda _: None,
}
"""What the graph knows of a shape when it is built."""


def check_grads(build: Callable[..., Node], *values: Array, known: Callable[..., Any] = KNOWN["shape known"]):
    """Hold gradients, and their gradients, against central differences in random directions.

    First the gradients g of the sum of w * y, where y = build(*values) and w is random; then the gradients of
    the sum of g * v, where v is random, for each g.
    """
    rng = np.random.default_rng(0)
    xs = [placeholder(known(value.shape)) for value in values]
    y = build(*xs)
    w = placeholder(y.shape)
    feeds = dict(zip(xs, values, strict=True))
    feeds[w] = rng.normal(size=np.shape(Session().run(y, feeds)))
    first = gradients(y, xs, grad_ys=w)
    _check_directions(reduce_sum(w * y), xs, first, feeds, rng)
    slopes = [
        reduce_sum(g * unit(rng, feeds[x].shape)) for g, x in zip(first, xs, strict=True) if g is not None
    ]
    for slope in slopes:
        _check_directions(slope, xs, gradients(slope, xs), feeds, rng)


def _check_directions(
    scalar: Node, xs: list[Node], gs: list[Node | None], feeds: dict[Node, Array], rng: np.random.Generator
) -> None:
    session = Session()
    for x, g in zip(xs, gs, strict=True):
        gradient = np.zeros(feeds[x].shape) if g is None else session.run(g, feeds)
        assert np.shape(gradient) == feeds[x].shape
        direction = unit(rng, feeds[x].shape)
        ahead, behind = (session.run(scalar, feeds | {x: feeds[x] + h * direction}) for h in (STEP, -STEP))
        np.testing.assert_allclose(
            np.sum(gradient * direction), (ahead - behind) / (2 * STEP), rtol=1e-6, atol=1e-8
        )


def unit(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """A random direction of length 1."""
    direction = np.asarray(rng.normal(size=shape))
    return direction / np.linalg.norm(direction)
