"""Ops whose kernels a session makes, because they read or change what it keeps."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lrfit.errors import GraphError
from lrfit.graph.nodes import Kernel, Node, Op, ShapeRule, Vjp

__all__ = ["session_kernel", "session_op"]


def session_op(name: str, shape_rule: ShapeRule, vjps: tuple[Vjp | None, ...] | None = ()) -> Op:
    """An op that only a session computes.

    Its nodes have an attribute `kernel_in`, a function from a session to the kernel in it. Only random ops
    have none, because a session keeps the places in all their streams together.

    Args:
        name: The op's name.
        shape_rule: Its shape rule, as of `Op`, which is given this attribute, too.
        vjps: Its vector-Jacobian products, as of `Op`.
    """
    return Op(name, partial(_refuse, name), shape_rule, vjps, pure=False)


def _refuse(name: str, *_: Any, **__: Any) -> Any:
    raise GraphError(f"{name} has no kernel of its own: a session makes one")


def session_kernel(node: Node, session: Any) -> Kernel | None:
    """The kernel of a node in a session; None if its op has one of its own."""
    make: Callable[[Any], Kernel] | None = node.attrs.get("kernel_in")
    return None if make is None else make(session)
