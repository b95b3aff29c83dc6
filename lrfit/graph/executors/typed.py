"""The typed executor: steps in NumPy in which each node has a type, such as float32, int32 or bool.

The library itself knows float64 alone. Faces of other libraries give their nodes types, and run them here.
The kernels are the same; a value whose type is not that of its node is converted. The first run of a step
calls kernel after kernel, as `numpy_step` does, and notes which values are converted. Then the step becomes
one Python function, a line for each node, which takes a fifth of the time: types and shapes are those of the
first run, because a step is made for feeds of certain shapes. With float64 everywhere, the bits are those of
`numpy_step`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lrfit.errors import ShapeError
from lrfit.graph.assignments import is_assignment
from lrfit.graph.executors.numpy import bound_kernel, misfit
from lrfit.graph.leaves import is_constant, is_leaf
from lrfit.graph.nodes import Kernel, Node
from lrfit.graph.program import Program, Step
from lrfit.graph.shapes import full_shape, is_same_full_shape

__all__ = ["KernelOf", "TypeOf", "typed_step"]

TypeOf: TypeAlias = Callable[[Node], "np.dtype[Any] | None"]
"""A function from a node to its type; None for one that has the type of numbers of its program."""

KernelOf: TypeAlias = Callable[[Node], Kernel | None]
"""A function from a node to a kernel to use in the place of its op's; None for its op's."""

MisfitOf: TypeAlias = Callable[[Node, Sequence[Any], ValueError], ShapeError]
"""A function from a node, values that its kernel refuses, and the kernel's error to the error to raise."""

Value: TypeAlias = npt.NDArray[Any]

_INFIX = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "negative": "-{}",
}
"""Ops that Python has an operator for, which is the fastest way to them; they give new memory."""


def typed_step(
    program: Program, type_of: TypeOf, kernel_of: KernelOf = lambda _: None, misfit_of: MisfitOf = misfit
) -> Step:
    """A step whose values have the types of their nodes.

    Args:
        program: The program, with feeds of certain shapes.
        type_of: The type of each node. Others are float64 if a leaf of the program is, else float32.
        kernel_of: Kernels that belong to a session, such as one that draws random numbers.
        misfit_of: The error for values that do not fit.

    Raises:
        ShapeError: Raised by the step where values do not fit.

    Examples:
        >>> from lrfit import placeholder
        >>> x = placeholder((), name="x")
        >>> step = typed_step(Program.of([x + 0.1], [x]), lambda _: None)
        >>> step([np.float32(2.0)], {})
        [np.float32(2.1)]
    """
    return _TypedStep(program, type_of, kernel_of, misfit_of)


class _TypedStep:
    """A step that becomes one function after its first run."""

    def __init__(self, program: Program, type_of: TypeOf, kernel_of: KernelOf, misfit_of: MisfitOf) -> None:
        self._program = program
        self._misfit_of = misfit_of
        known = {node: type_of(node) for node in program.nodes}
        floats = _float_type(known[node] for node in program.nodes if is_leaf(node))
        self._types = {node: kind or floats for node, kind in known.items()}
        self._kernels = {node: kernel_of(node) or bound_kernel(node) for node in _calls(program)}
        self._constants = {
            node: np.asarray(node.attrs["value"], self._types[node])[()]
            for node in filter(is_constant, program.nodes)
        }
        self._fast: Callable[..., list[Any]] | None = None
        self._at_line: dict[int, tuple[Node, list[str]]] = {}

    def __call__(self, feeds: Sequence[Value], variables: dict[Node, Value]) -> list[Any]:
        """Run the program; see `Step`."""
        with np.errstate(all="ignore"):
            if self._fast is None:
                return self._run(feeds, variables)
            try:
                return self._fast(feeds, variables)
            except ValueError as error:
                raise self._misfit(error) from None

    def _run(self, feeds: Sequence[Value], variables: dict[Node, Value]) -> list[Any]:
        """Call kernel after kernel, and note which values are converted."""
        program, converted = self._program, set()
        values: dict[Node, Any] = dict(zip(program.feeds, feeds, strict=True)) | self._constants
        values |= {variable: variables[variable] for variable in program.variables if variable not in values}
        for node, kernel in self._kernels.items():
            inputs = [values[parent] for parent in node.inputs]
            try:
                value = kernel(*inputs)
            except ValueError as error:
                raise self._misfit_of(node, inputs, error) from None
            kind = self._types[node]
            if getattr(value, "dtype", kind) != kind:  # a text has none
                value = value.astype(kind)
                converted.add(node)
            values[node] = value
        for variable, update in program.updates.items():
            variables[variable] = values[update]
        self._fast = self._fast or self._compiled(converted)
        return [values.get(node) for node in program.fetches]

    def _misfit(self, error: ValueError) -> ShapeError:
        """The error with its node, by the line that raised it: to run again would print and draw twice."""
        trace: Any = error.__traceback__
        node, inputs = self._at_line[trace.tb_next.tb_lineno]
        names = trace.tb_next.tb_frame.f_globals | trace.tb_next.tb_frame.f_locals
        return self._misfit_of(node, [names[each] for each in inputs], error)

    def _compiled(self, converted: set[Node]) -> Callable[..., list[Any]]:
        """The program as one Python function."""
        program = self._program
        names = {node: f"v{i}" for i, node in enumerate(program.nodes)}
        scope: dict[str, Any] = {"sum_of": np.add.reduce}
        lines = ["def step(feeds, variables):"]
        if program.feeds:
            targets = [names.get(node, "_") for node in program.feeds]
            lines.append(f"{', '.join(targets)}, = feeds")
        for node, value in self._constants.items():
            scope[names[node]] = value
        for node in program.variables:
            scope[f"key_{names[node]}"] = node
            lines.append(f"{names[node]} = variables[key_{names[node]}]")
        scalars = _scalars_to_repeat(program)
        for node in self._kernels:
            inputs = [names[parent] for parent in node.inputs]
            if node in scalars or (_is_plain_update(node) and node not in converted):
                names[node] = inputs[0]
                continue
            text = _INFIX.get(node.op.name, "").format(*inputs)
            if node.op.name == "sum_like" and node.shape == ():
                text = f"sum_of({inputs[0]}, axis=None)"
            if not text:
                scope[f"call_{names[node]}"] = self._kernels[node]
                text = f"call_{names[node]}({', '.join(inputs)})"
            if node in converted:
                scope[f"type_{names[node]}"] = self._types[node]
                text = f"({text}).astype(type_{names[node]})"
            self._at_line[len(lines) + 1] = node, inputs
            lines.append(f"{names[node]} = {text}")
        for variable, update in program.updates.items():
            scope.setdefault(f"key_{names.get(variable, names[update])}", variable)
            lines.append(f"variables[key_{names.get(variable, names[update])}] = {names[update]}")
        results = [names[node] if node.op.has_value else "None" for node in program.fetches]
        lines.append(f"return [{', '.join(results)}]")
        exec("\n    ".join(lines), scope)  # noqa: S102 (written here, of names that are numbered)
        step: Callable[..., list[Any]] = scope["step"]
        return step


def _calls(program: Program) -> list[Node]:
    """The nodes that are computed, in order."""
    return [node for node in program.nodes if node.op.has_value and not is_leaf(node)]


def _float_type(leaves: Iterator[np.dtype[Any] | None]) -> np.dtype[Any]:
    return np.dtype(np.float64 if np.dtype(np.float64) in set(leaves) else np.float32)


def _is_plain_update(node: Node) -> bool:
    """Whether an assignment has only to keep a value that is in memory of its own."""
    if not is_assignment(node):
        return False
    (value,) = node.inputs
    return value.op.name in _INFIX and is_same_full_shape(value.shape, node.attrs["variable"].shape)


def _scalars_to_repeat(program: Program) -> set[Node]:
    """The repeated scalars that need not be repeated: each use of them combines them with a whole array."""
    users: dict[Node, list[Node]] = {}
    for node in program.nodes:
        for parent in node.inputs:
            users.setdefault(parent, []).append(node)
    return {
        node
        for node in program.nodes
        if node.op.name in ("spread", "broadcast_like")
        and node.inputs[0].shape == ()
        and full_shape(node.shape) is not None
        and node not in program.fetches
        and all(_is_whole_without(user, node) for user in users.get(node, ()))
    }


def _is_whole_without(user: Node, part: Node) -> bool:
    """Whether the value of an arithmetic op has its shape from its other input."""
    others = [parent for parent in user.inputs if parent is not part]
    return user.op.name in _INFIX and any(is_same_full_shape(x.shape, user.shape) for x in others)
