"""Clipping: gradients scaled down, so that no step is too long."""

from __future__ import annotations

from collections.abc import Sequence
from functools import reduce

from lrfit.graph.nodes import Node, NodeLike
from lrfit.graph.ops import add, divide, reduce_sum, sqrt, square, where

__all__ = ["clip_by_global_norm"]


def clip_by_global_norm(gradients: Sequence[Node | None], clip_norm: NodeLike) -> list[Node | None]:
    """The gradients, each scaled by clip_norm / max(norm, clip_norm), where norm is their global norm.

    The global norm is √Σ g² over all elements of all gradients. Scaling keeps the direction of the gradients
    and makes their global norm at most `clip_norm`.

    Args:
        gradients: Gradients of any shapes; None stays None.
        clip_norm: Largest norm, 0 or more; a number or a scalar node.

    Returns:
        The scaled gradients, in the same order; NaN where a gradient is infinite.

    References:
        TensorFlow 1's `clip_by_global_norm`, which returns the norm as well; PyTorch's `clip_grad_norm_` adds
        1e-6 to it. Pascanu, Mikolov and Bengio, On the difficulty of training recurrent neural networks
        (2013), algorithm 1.
    """
    known = [gradient for gradient in gradients if gradient is not None]
    if not known:
        return list(gradients)
    norm = _global_norm(known)
    share = where(norm <= clip_norm, 1.0, divide(clip_norm, norm))  # never 0/0; exactly 1 up to clip_norm
    return [None if gradient is None else gradient * share for gradient in gradients]


def _global_norm(nodes: Sequence[Node]) -> Node:
    """√Σ x² over all elements. They are divided by Σ |x| before they are squared, so that none overflows."""
    total = reduce(add, [reduce_sum(abs(node)) for node in nodes])
    scale = where(total, total, 1.0)
    return scale * sqrt(reduce(add, [reduce_sum(square(node / scale)) for node in nodes]))
