"""Conditions: one of two functions, chosen when the graph runs.

Both functions are called when the graph is built, as in TensorFlow. But a run computes what both have made,
and takes the value of one. So neither may assign, print or take the next element of a dataset, which is
refused. As in TensorFlow, what a branch takes from outside comes through a switch. It lets no gradient back
from a branch that is not taken, so that an infinite slope there makes no NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any

import numpy as np

from lrfit.graph.leaves import is_constant
from lrfit.graph.nodes import Node, Op
from lrfit.graph.order import topological_order
from lrfit.graph.shapes import RankedShape
from lrfit.tf1.arithmetic import check_types, identity
from lrfit.tf1.building import apply, convert_to_tensor, graph_of, stack
from lrfit.tf1.errors import ShapesError, UnimplementedError
from lrfit.tf1.graph import Graph
from lrfit.tf1.joining import unstack
from lrfit.tf1.old_names import chosen
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["case", "cond"]


def _scalar(flag: Any) -> Any:
    if np.shape(flag):
        raise ValueError(f"the predicate must be a scalar, but has shape {list(np.shape(flag))}")
    return flag


def _common_shape(_: RankedShape, a: RankedShape, b: RankedShape) -> Any:
    """The static shape of a value that has one of two shapes."""
    return None if len(a) != len(b) else tuple(m if m == n else None for m, n in zip(a, b, strict=True))


_flag = Op("flag", _scalar, lambda _: (), (None,))
"""flag(x): x, which must be a scalar."""

_kept_if: Op = Op(
    "kept_if",
    lambda x, flag, like, on: x if bool(flag) == on else np.zeros(np.shape(like), x.dtype),
    lambda _x, _flag, like, **_: like,
    (lambda g, y, x, flag, _like: _kept_if(g, flag, x, **y.attrs), None, None),
)
"""kept_if(x, flag, like, on=): x if the flag is `on`, else zeros in the shape of `like`."""

_switched = Op(
    "switched",
    lambda x, _flag, **_: x,
    lambda x, _flag, **_: x,
    (lambda g, y, x, flag: _kept_if(g, flag, x, **y.attrs), None),
)
"""switched(x, flag, on=): x; no gradient flows back unless the flag is `on`."""

_either = Op(
    "either",
    lambda flag, a, b: a if flag else b,
    _common_shape,
    (
        None,
        lambda g, _y, flag, a, _b: _kept_if(g, flag, a, on=True),
        lambda g, _y, flag, _a, b: _kept_if(g, flag, b, on=False),
    ),
)
"""either(flag, a, b): a if the flag is true, else b; their shapes may differ."""


def cond(
    pred: Any,
    true_fn: Callable[[], Any] | None = None,
    false_fn: Callable[[], Any] | None = None,
    strict: bool = False,
    name: str | None = None,
    fn1: Callable[[], Any] | None = None,
    fn2: Callable[[], Any] | None = None,
) -> Any:
    """The result of the first function if `pred` is true, else that of the second.

    Args:
        pred: A scalar of type bool.
        true_fn: A function without arguments that returns a tensor, or lists, tuples and dicts of them.
        false_fn: The same, with tensors of the same types.
        strict: Whether a list of one tensor stays a list.
        name: The scope of the operations.
        fn1: The old name of `true_fn`.
        fn2: The old name of `false_fn`.

    Raises:
        ShapesError: `pred` is not a scalar.
        TypeError: It is not a tensor of type bool, or one of two functions is missing.
        UnimplementedError: A function assigns to a variable, prints, or takes the next element of a dataset.
        ValueError: The structures or types that the functions return differ, or one returns nothing.
    """
    functions = {
        "true_fn": chosen("true_fn", true_fn, "fn1", fn1),
        "false_fn": chosen("false_fn", false_fn, "fn2", fn2),
    }
    _check_functions(functions)
    if isinstance(pred, (bool, np.bool_)):
        raise TypeError("pred must not be a Python bool: it is known when the graph is built, so use `if`")
    graph = graph_of([pred])
    with graph.name_scope(name or "cond"):
        flag = _predicate(convert_to_tensor(pred, name="pred"))
        branches = [_Branch(graph, flag, each, function, strict) for each, function in functions.items()]
        return _merged(branches, branches[0].result, branches[1].result)


def _check_functions(functions: Mapping[str, Any]) -> None:
    for each, function in functions.items():
        if function is None:
            raise TypeError(f"cond(): {each} argument required")
        if not callable(function):
            raise TypeError(f"{each} must be callable: lambda: …")


def _predicate(pred: Tensor) -> Tensor:
    """The predicate as a condition uses it: its shape is known, even if that of `pred` is not."""

    def built(node: Node, _: Node, name: str) -> Node:
        if node.shape:
            raise ShapesError(f"Shape must be rank 0 but is rank {len(node.shape)}")
        return pred.graph.core.append(Node(_flag, (node,), {}, (), name))

    switch = apply("Switch", built, {"data": pred, "pred": pred}, same=())
    check_types("Switch", {"pred": pred}, "bools")
    identity(switch, name="switch_t"), identity(switch, name="switch_f")
    return identity(switch, name="pred_id")


class _Branch:
    """One branch of a condition: its result, and the switches on what it uses.

    Args:
        graph: The graph.
        flag: The predicate.
        name: The name of the function, for messages.
        function: The function.
        strict: Whether a list of one tensor stays a list.

    Attributes:
        result: What the function returned, with tensors for all values.
    """

    def __init__(
        self, graph: Graph, flag: Tensor, name: str, function: Callable[[], Any], strict: bool
    ) -> None:
        self._graph, self.flag, self._is_first = graph, flag, name == "true_fn"
        n_operations, n_nodes = graph.n_operations, len(graph.core.nodes)
        result = function()
        if not strict and isinstance(result, (list, tuple)) and len(result) == 1:
            result = result[0]
        if result is None:
            raise ValueError(f"{name} must have a return value.")
        self.result = _mapped(self._as_tensor, result)
        operations = graph.get_operations()[n_operations:]
        self._refuse_effects(name, operations, graph.core.nodes[n_nodes:])
        self._outside = frozenset(graph.core.nodes[:n_nodes])
        self._switches: dict[Node, Node] = {}
        self._show_switches(operations)

    def _as_tensor(self, value: Any) -> Tensor:
        """A value as a tensor; of an operation, one that runs it."""
        if not isinstance(value, Operation):
            return convert_to_tensor(value)
        with self._graph.control_dependencies([value]):
            return identity(self.flag)

    def _refuse_effects(self, name: str, operations: Sequence[Operation], nodes: Sequence[Node]) -> None:
        starts = {variable.initializer for variable in self._graph.variables.values()}
        changing = [operation for operation in {*operations} - starts if operation.has_effect]
        if changing or any(node in self._graph.sources for node in nodes):
            raise UnimplementedError(
                f"{name} assigns to a variable, prints, or takes the next element of a dataset, and "
                "lrfit.tf1 would do so in either case, as it computes both branches of a condition: do it "
                "outside, with the value that tf.cond gives"
            )

    def _show_switches(self, operations: Sequence[Operation]) -> None:
        """Add an operation for each tensor from outside, as TensorFlow does."""
        inside = set(operations)
        used = [(operation, tensor) for operation in operations for tensor in operation.inputs]
        first = {tensor: operation for operation, tensor in reversed(used) if tensor.op not in inside}
        for operation in first.values():
            with self._graph.name_scope(f"{operation.name}/"):
                Operation(self._graph, "Switch", self._graph.unique_name("Switch"))

    def node(self, tensor: Tensor) -> Node:
        """The node of a tensor of the result, with switches in the place of what comes from outside."""
        for node in topological_order([tensor.node], leaves=self._outside):
            if node not in self._switches:
                self._switches[node] = self._inner(node)
        return self._switches[tensor.node]

    def _inner(self, node: Node) -> Node:
        if node not in self._outside:
            changed = node.with_inputs(tuple(self._switches[parent] for parent in node.inputs))
            return node if changed is node else self._typed(self._graph.core.append(changed), node)
        if is_constant(node):
            return node
        switch = partial(_switched, on=self._is_first)
        return self._typed(
            self._graph.node(switch, node, self.flag.node, name=f"{self.flag.op.name}/Switch"), node
        )

    def _typed(self, node: Node, like: Node) -> Node:
        """A new node, with the type of the given one."""
        kind = self._graph.type_of(like)
        if kind is not None:
            self._graph.types[node.name] = kind
        return node


def _mapped(function: Callable[[Any], Any], structure: Any) -> Any:
    """The structure, with a function applied to its leaves."""
    if isinstance(structure, Mapping):
        return {key: _mapped(function, value) for key, value in structure.items()}
    if isinstance(structure, (list, tuple)):
        return _like(structure, [_mapped(function, value) for value in structure])
    return function(structure)


def _like(structure: Any, members: list[Any]) -> Any:
    kind = type(structure)
    return kind(*members) if hasattr(kind, "_fields") else kind(members)


def _merged(branches: Sequence[_Branch], first: Any, second: Any) -> Any:
    """The results of two branches as one structure of tensors.

    Raises:
        ValueError: Their structures or types differ.
    """
    if isinstance(first, Tensor) and isinstance(second, Tensor):
        return _merge(branches, first, second)
    if type(first) is not type(second) or len(first) != len(second):
        raise ValueError(
            f"Incompatible return values of true_fn and false_fn: {_shown(first)} and {_shown(second)} "
            "don't have the same nested structure"
        )
    if isinstance(first, Mapping):
        return {key: _merged(branches, first[key], second[key]) for key in first}
    return _like(first, [_merged(branches, a, b) for a, b in zip(first, second, strict=True)])


def _shown(structure: Any) -> str:
    if isinstance(structure, Tensor):
        return "a tensor"
    return f"a {type(structure).__name__} of {len(structure)}"


def _merge(branches: Sequence[_Branch], first: Tensor, second: Tensor) -> Tensor:
    if first.dtype is not second.dtype:
        raise ValueError(
            f"Outputs of true_fn and false_fn must have the same type: {first.dtype.name}, "
            f"{second.dtype.name}: tf.cast one of them"
        )
    flag, graph = branches[0].flag, first.graph
    nodes = [branch.node(tensor) for branch, tensor in zip(branches, (first, second), strict=True)]
    operation = Operation(graph, "Merge", graph.unique_name("Merge"), [second, first, flag])
    return Tensor(operation, graph.node(_either, flag.node, *nodes, name=operation.name), first.dtype)


def _checked(flags: Any, is_exclusive: bool, needs_one: bool) -> Any:
    n_true = int(np.count_nonzero(flags))
    if is_exclusive and n_true > 1:
        raise ValueError(f"{n_true} of the predicates of tf.case are true, and it is exclusive")
    if needs_one and not n_true:
        raise ValueError("none of the predicates of tf.case is true, and it has no default")
    return flags


_checked_flags = Op("checked_flags", _checked, lambda shape, **_: shape, (None,), pure=False)


def case(
    pred_fn_pairs: Any,
    default: Callable[[], Any] | None = None,
    exclusive: bool = False,
    strict: bool = False,
    name: str = "case",
) -> Any:
    """The result of the function of the first true predicate; if none is true, that of `default`.

    Args:
        pred_fn_pairs: Pairs of a scalar of type bool and a function, as for `cond`; or a dict of them.
        default: The function if none is true; without it, that is an error in a run.
        exclusive: Whether it is an error in a run if more than one is true.
        strict: Whether a list of one tensor stays a list.
        name: The scope of the operations.

    Raises:
        InvalidArgumentError: In a run, none is true, or more than one.
        TypeError: The pairs are not of this kind.
        ValueError: The structures or types that the functions return differ.
    """
    pairs = _pairs(pred_fn_pairs)
    if default is not None and not callable(default):
        raise TypeError("default must be callable: lambda: …")
    with graph_of([pred for pred, _ in pairs]).name_scope(name):
        if exclusive or default is None:
            check = partial(_checked_flags, is_exclusive=exclusive, needs_one=default is None)
            flags = apply(
                "Assert", check, {"data": stack([pred for pred, _ in pairs], name="preds")}, same=()
            )
            pairs = [
                (flag, function)
                for flag, (_, function) in zip(unstack(flags, len(pairs)), pairs, strict=True)
            ]
        return _nested(pairs, default, strict)


def _pairs(pred_fn_pairs: Any) -> list[tuple[Any, Callable[[], Any]]]:
    """The pairs, checked."""
    if not isinstance(pred_fn_pairs, (list, tuple, Mapping)):
        raise TypeError("pred_fn_pairs must be a list, tuple, or dict")
    pairs = list(pred_fn_pairs.items() if isinstance(pred_fn_pairs, Mapping) else pred_fn_pairs)
    for pair in pairs:
        if not isinstance(pair, tuple) or len(pair) != 2:  # noqa: PLR2004 (two of a pair)
            raise TypeError(f"Each entry in pred_fn_pairs must be a 2-tuple, not {pair!r}")
        if not isinstance(pair[0], Tensor) or not pair[0].dtype.is_bool:
            raise TypeError(f"pred must be Tensor of type bool: {pair[0]}")
        if not callable(pair[1]):
            raise TypeError(f"fn for pred {pair[0].name} must be callable: lambda: …")
    if not pairs:
        raise TypeError("pred_fn_pairs must have at least one pair")
    return pairs


def _nested(
    pairs: Sequence[tuple[Any, Callable[[], Any]]], default: Callable[[], Any] | None, strict: bool
) -> Any:
    """A condition for each pair, within that of the pair before it."""
    (pred, function), *rest = pairs
    if not rest and default is None:
        once = cache(function)
        return cond(pred, once, once, strict=strict)
    otherwise = (lambda: _nested(rest, default, strict)) if rest else default
    return cond(pred, function, otherwise, strict=strict)
