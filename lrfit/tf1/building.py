"""Building: tensors made of values, and operations made of tensors. All ops of this package are made here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lrfit.errors import ShapeError
from lrfit.graph.nodes import OPS, Node
from lrfit.graph.nodes import get_default_graph as core_graph
from lrfit.graph.order import topological_order
from lrfit.graph.selections import concat, part
from lrfit.tf1.dtypes import DType, as_dtype, converted
from lrfit.tf1.errors import ShapesError
from lrfit.tf1.graph import Graph, get_default_graph
from lrfit.tf1.shapes import Dimension, TensorShape, static_shape
from lrfit.tf1.tensors import Operation, Tensor

__all__ = ["constant", "convert_to_tensor"]

SAME = ("x", "y")
"""Names of the inputs that share a type, in most ops."""


def apply(
    kind: str,
    build: Callable[..., Node],
    inputs: Mapping[str, Any],
    *,
    name: str | None = None,
    default: str | None = None,
    dtype: DType | str | None = None,
    same: Sequence[str] = SAME,
    **attrs: Any,
) -> Tensor:
    """The tensor of a new operation.

    Args:
        kind: TensorFlow's name of its kind.
        build: Makes its node from the nodes of the inputs.
        inputs: Its inputs, tensors or values, by TensorFlow's names for them.
        name: Its name, which is made unique; or, with "/" at its end, a scope whose name it gets.
        default: The name if none is given; its kind if None.
        dtype: Its type, or the name of the input that has it; that of its first input if None.
        same: Names of the inputs that share a type.
        **attrs: The other arguments of `build`.

    Raises:
        ShapesError: The shapes do not fit.
        TypeError: The types do not.
    """
    graph = graph_of(inputs.values())
    with graph.name_scope(name or default or kind) as prefix:
        tensors = _of_one_type(kind, inputs, same)
    scope = prefix.removesuffix("/")
    if isinstance(dtype, str):
        dtype = tensors[list(inputs).index(dtype)].dtype
    nodes = [tensor.node for tensor in tensors]
    for tensor in tensors:
        if tensor.graph is not graph:
            raise ValueError(f"{tensor} must be from the same graph as {tensors[0]}: make both in one")
    try:
        node = graph.node(build, *nodes, name=scope, **attrs)
    except ShapeError as error:
        raise _misfit(error, kind, scope, tensors) from None
    result = Tensor(Operation(graph, kind, scope, tensors), node, dtype or tensors[0].dtype)
    _set_types(graph, node, tensors)
    return result


def _misfit(error: ShapeError, kind: str, name: str, inputs: Sequence[Tensor]) -> ShapesError:
    """The error in TensorFlow's form: what is wrong, in which operation, with which shapes."""
    shapes = ", ".join(_shown(tensor.shape) for tensor in inputs)
    where = f"for {name!r} (op: {kind!r}) with input shapes: {shapes}"
    if isinstance(error, ShapesError):
        return ShapesError(f"{error} {where}")
    return ShapesError(f"Dimensions must be equal {where}: {error}")


def _shown(shape: TensorShape) -> str:
    if shape.dims is None:
        return "<unknown>"
    return f"[{','.join(map(str, shape.dims))}]"


def _set_types(graph: Graph, node: Node, inputs: Sequence[Tensor]) -> None:
    """Give all nodes of an operation the type of its numbers."""
    kind = next((tensor.dtype for tensor in inputs if not tensor.dtype.is_bool), None)
    if kind is not None:
        for part_of_it in topological_order([node], leaves=frozenset(tensor.node for tensor in inputs)):
            graph.types.setdefault(part_of_it.name, kind.numpy)


def _of_one_type(kind: str, inputs: Mapping[str, Any], same: Sequence[str]) -> list[Tensor]:
    """The inputs as tensors; those named in `same` take the type of the first tensor among them."""
    decides = next(((name, inputs[name]) for name in same if is_tensor(inputs.get(name))), None)
    dtype = decides[1].dtype.base_dtype if decides else None
    tensors = []
    for name, value in inputs.items():
        wanted = dtype if name in same else None
        if is_tensor(value) and wanted and value.dtype.base_dtype is not wanted and decides:
            raise TypeError(
                f"Input {name!r} of {kind!r} Op has type {value.dtype.name} that does not match type "
                f"{wanted.name} of argument {decides[0]!r}: tf.cast one of them"
            )
        tensors.append(convert_to_tensor(value, wanted, name))
        if name in same and dtype is None:
            dtype = tensors[-1].dtype
    return tensors


def is_tensor(value: object) -> bool:
    """Whether a value is a tensor or a variable."""
    return isinstance(value, Tensor) or hasattr(value, "as_tensor")


def graph_of(values: Iterable[Any]) -> Graph:
    """The graph of the first tensor or variable; the default graph if there is none."""
    for value in values:
        if is_tensor(value):
            graph: Graph = value.graph
            return graph
    return get_default_graph()


def convert_to_tensor(
    value: Any,
    dtype: Any = None,
    name: str | None = None,
    preferred_dtype: Any = None,
) -> Tensor:
    """A tensor with this value: the tensor itself, a variable's, a list's stacked, or a new constant.

    Raises:
        TypeError: A value cannot be of this type.
        ValueError: A tensor has a different type.
    """
    kind = None if dtype is None else as_dtype(dtype)
    if hasattr(value, "as_tensor"):
        value = value.as_tensor()
    if isinstance(value, Tensor):
        if kind and value.dtype is not kind:
            raise ValueError(
                f"Tensor conversion requested dtype {kind.name} for Tensor with dtype {value.dtype.name}: "
                f"{str(value)!r}: use tf.cast"
            )
        return value
    if isinstance(value, (list, tuple)) and _has_tensor(value):
        return stack(value, name="packed" if name is None else name)
    if isinstance(value, (TensorShape, Dimension)):
        value, name = _known_sizes(value), name or "shape_as_tensor"
    return constant(value, kind, name=name or "Const")


def _known_sizes(shape: TensorShape | Dimension) -> Any:
    """The sizes of a shape, or a size, as whole numbers.

    Raises:
        ValueError: One is not known.
    """
    sizes = shape.value if isinstance(shape, Dimension) else shape.as_list()
    if sizes is None or (isinstance(sizes, list) and None in sizes):
        raise ValueError(
            f"Cannot convert a partially known TensorShape to a Tensor: {shape}: tf.shape(x) has the sizes "
            "when the graph runs"
        )
    return sizes


def _has_tensor(values: Sequence[Any]) -> bool:
    return any(is_tensor(one) or (isinstance(one, (list, tuple)) and _has_tensor(one)) for one in values)


def convert_n(values: Sequence[Any], names: Sequence[str] = ()) -> list[Tensor]:
    """Tensors of one type: that of the first tensor among them, else of the first value."""
    known = [value.dtype.base_dtype for value in values if is_tensor(value)]
    if len(set(known)) > 1:
        shown = ", ".join(dtype.name for dtype in known)
        raise TypeError(f"Tensors in list have types [{shown}] that don't all match: tf.cast some of them")
    dtype = known[0] if known else None
    tensors: list[Tensor] = []
    for i, value in enumerate(values):
        name = names[i] if names else None
        tensors.append(convert_to_tensor(value, tensors[0].dtype if tensors else dtype, name))
    return tensors


def stack(values: Sequence[Any], axis: int = 0, name: str = "stack") -> Tensor:
    """Tensors of one shape, along a new axis; a constant, if none of the values is a tensor.

    Raises:
        ShapesError: Their shapes differ, or there is no such axis.
        ValueError: There are none.
    """
    if not is_tensor(values) and not axis and not _has_tensor(values):
        return constant(values, name=name)

    def built(*nodes: Node, name: str) -> Node:
        rank = len(nodes[0].shape or ())
        key = (*[slice(None)] * (axis % (rank + 1)), None)
        return concat([part(node, key) for node in nodes], axis, name=name)

    with graph_of(_flat(values)).name_scope(name) as scope:
        tensors = convert_n(values, [f"values_{i}" if axis else str(i) for i, _ in enumerate(values)])
    inputs = {f"values_{i}": tensor for i, tensor in enumerate(tensors)}
    return apply("Pack", built, inputs, name=scope, same=tuple(inputs))


def _flat(values: Any) -> list[Any]:
    if isinstance(values, (list, tuple)):
        return [one for value in values for one in _flat(value)]
    return [values]


def constant(
    value: Any,
    dtype: Any = None,
    shape: Any = None,
    name: str = "Const",
    verify_shape: bool = False,
) -> Tensor:
    """A tensor that always has this value.

    Args:
        value: A number, text, array or nested list.
        dtype: Its type; for numbers of Python float32 or int32 if None.
        shape: Its shape; the last element of the value fills what is left.
        name: Its name.
        verify_shape: Whether the value has to have that shape.

    Raises:
        TypeError: The value cannot be of this type.
        ValueError: Its shape differs, or it has too many elements.
    """
    if _has_tensor([value]):
        raise TypeError("List of Tensors when single Tensor expected: tf.stack joins tensors")
    array, kind = converted(value, None if dtype is None else as_dtype(dtype))
    if shape is not None:
        sizes = static_shape(shape) or ()
        array = _filled(array, tuple(size or 0 for size in sizes), verify=verify_shape)
    graph = get_default_graph()
    with graph.name_scope(name or "Const") as prefix:
        scope = prefix.removesuffix("/")
    return Tensor(Operation(graph, "Const", scope), graph.node(constant_node, name=scope, value=array), kind)


def constant_node(*_: Node, value: Any, name: str) -> Node:
    """A node that has this value, an array, whatever the values of its inputs."""
    value.flags.writeable = False
    return core_graph().append(Node.of(OPS["constant"], (), {"value": value}, name))


def _filled(array: Any, shape: tuple[int, ...], *, verify: bool) -> Any:
    if array.shape == shape:
        return array
    n_elements = int(np.prod(shape))
    if verify:
        raise TypeError(f"Expected Tensor's shape: {shape}, got {array.shape}.")
    if array.size > n_elements:
        raise ValueError(
            f"Too many elements provided. Needed at most {n_elements}, but received {array.size}"
        )
    values = array.ravel()
    return np.concatenate([values, np.repeat(values[-1:], n_elements - array.size)]).reshape(shape)


def known_value(value: Any) -> Any:
    """The value of a constant, or of a plain value; None if it is known only when the graph runs."""
    if not is_tensor(value):
        return value
    node = convert_to_tensor(value).node
    return node.attrs.get("value")
