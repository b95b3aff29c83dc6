"""Arithmetic: ops that work element by element, under their old and new names, and the operators of tensors.

To add an op, add a line to the table: `op` takes TensorFlow's name of the kind, the function that makes the
node in the graph that computes, and the names of the inputs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, TypeAlias

import numpy as np

from lrfit.graph import ops
from lrfit.graph.nodes import Node, Op
from lrfit.graph.selections import part as part_of
from lrfit.graph.shapes import broadcast_shape, fits
from lrfit.tf1.building import SAME, apply, convert_n, convert_to_tensor, graph_of, is_tensor
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import DType, float64, int64
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.errors import ShapesError
from lrfit.tf1.tensors import Operators, Tensor

__all__ = [
    "abs", "accumulate_n", "add", "add_n", "ceil", "clip_by_value", "cos", "div", "div_no_nan", "divide",
    "equal", "exp", "expm1", "floor", "floor_div", "floordiv", "floormod", "greater", "greater_equal",
    "identity", "is_finite", "is_inf", "is_nan", "less", "less_equal", "log", "log1p", "logical_and",
    "logical_not", "logical_or", "logical_xor", "maximum", "minimum", "mod", "mul", "multiply", "neg",
    "negative", "not_equal", "pow", "realdiv", "reciprocal", "round", "rsqrt", "sigmoid", "sign", "sin",
    "sqrt", "square", "squared_difference", "stop_gradient", "sub", "subtract", "tan", "tanh", "truediv",
    "truncatediv", "where",
]  # fmt: skip

Made: TypeAlias = Callable[..., Tensor]


def op(
    kind: str,
    build: Callable[..., Node],
    inputs: str,
    *,
    default: str = "",
    of: str = "",
    gives: DType | None = None,
) -> Made:
    """A function that makes operations of a kind.

    Args:
        kind: TensorFlow's name of the kind.
        build: Makes the node.
        inputs: The names of the inputs.
        default: The name that an operation gets; that of the kind if empty.
        of: A key of `_TAKES` for the types that it takes; empty for all.
        gives: The type of the values; that of the inputs if None.
    """
    names = inputs.split()

    def made(*args: Any, name: str | None = None, **named: Any) -> Tensor:
        if len(args) > len(names):
            *args, name = args  # type: ignore[assignment]
        given = dict(zip(names, args, strict=False)) | named
        if list(given) != names and set(given) != set(names):
            raise TypeError(f"{kind} takes {', '.join(names)} and name, not {', '.join(map(str, given))}")
        given = {each: given[each] for each in names}
        result = apply(kind, build, given, name=name, default=default, dtype=gives, same=names)
        check_types(kind, dict(zip(names, result.op.inputs, strict=True)), of)
        return result

    made.__doc__ = f"{kind} of {' and '.join(names)}, element by element."
    return made


_TAKES: dict[str, Callable[[DType], bool]] = {
    "floats": lambda dtype: dtype.is_floating,
    "numbers": lambda dtype: dtype.is_floating or dtype.is_integer,
    "numbers or texts": lambda dtype: not dtype.is_bool,
    "integers": lambda dtype: dtype.is_integer,
    "bools": lambda dtype: dtype.is_bool,
    "": lambda _: True,
}
"""The types that an op may take."""


def check_types(kind: str, inputs: dict[str, Tensor], of: str) -> None:
    """Check the types of the inputs of an operation of this kind; `of` is a key of `_TAKES`.

    Raises:
        TypeError: One has a type that it does not take.
    """
    for name, tensor in inputs.items():
        if _TAKES[of](tensor.dtype):
            continue
        if of == "bools":
            raise TypeError(
                f"Input {name!r} of {kind!r} Op has type {tensor.dtype.name} that does not match expected "
                "type of bool: compare it with a number, or tf.cast(…, tf.bool)"
            )
        cure = "int32" if of == "integers" else "float32"
        raise TypeError(
            f"Value passed to parameter {name!r} has DataType {tensor.dtype.name} not in list of allowed "
            f"values: {kind} takes {of}; tf.cast(…, tf.{cure}) makes them"
        )


def _floored(x: Any, y: Any) -> Any:
    """The floor of the quotient; for floats, of the rounded quotient, as in TensorFlow."""
    return np.floor(x / y) if x.dtype.kind == "f" else x // y


def _divisor(x: Any) -> Any:
    if x.dtype.kind != "f" and not np.all(x):
        raise ValueError("Integer division by zero")
    return x


_floor_quotient = Op("floor_quotient", _floored, broadcast_shape, (None, None))
_whole_quotient = Op("whole_quotient", lambda x, y: np.trunc(x / y), broadcast_shape, (None, None))
_checked_divisor = Op("checked_divisor", _divisor, lambda shape: shape, (lambda g, _y, _x: g,))


def _floor_divide(x: Node, y: Node, name: str) -> Node:
    return _floor_quotient(x, _checked_divisor(y), name=name)


def _truncate_divide(x: Node, y: Node, name: str) -> Node:
    return _whole_quotient(x, _checked_divisor(y), name=name)


def _floor_mod(x: Node, y: Node, name: str) -> Node:
    return ops.floor_mod(x, _checked_divisor(y), name=name)


def _not(x: Node, name: str) -> Node:
    return ops.equal(x, 0.0, name=name)


def _reciprocal(x: Node, name: str) -> Node:
    return ops.divide(1.0, x, name=name)


def _rsqrt(x: Node, name: str) -> Node:
    return ops.divide(1.0, ops.sqrt(x), name=name)


def _tan(x: Node, name: str) -> Node:
    return ops.divide(ops.sin(x), ops.cos(x), name=name)


def _squared_difference(x: Node, y: Node, name: str) -> Node:
    return ops.square(ops.subtract(x, y), name=name)


def _quotient_or_zero(x: Node, y: Node, name: str) -> Node:
    return ops.where(y, ops.divide(x, ops.where(y, y, 1.0)), 0.0, name=name)


def _not_itself(x: Node, name: str) -> Node:
    return ops.not_equal(x, x, name=name)


def _infinite(x: Node, name: str) -> Node:
    return ops.equal(ops.abs(x), np.inf, name=name)


def _finite(x: Node, name: str) -> Node:
    return ops.less(ops.abs(x), np.inf, name=name)


# fmt: off
identity           = op("Identity",      ops.identity,      "input")
stop_gradient      = op("StopGradient",  ops.stop_gradient, "input")
negative = neg     = op("Neg",           ops.negative,      "x", of="numbers")
abs                = op("Abs",           ops.abs,           "x", of="numbers")
sign               = op("Sign",          ops.sign,          "x", of="numbers")
square             = op("Square",        ops.square,        "x", of="numbers")
sqrt               = op("Sqrt",          ops.sqrt,          "x", of="floats")
rsqrt              = op("Rsqrt",         _rsqrt,            "x", of="floats")
exp                = op("Exp",           ops.exp,           "x", of="floats")
expm1              = op("Expm1",         ops.expm1,         "x", of="floats")
log                = op("Log",           ops.log,           "x", of="floats")
log1p              = op("Log1p",         ops.log1p,         "x", of="floats")
sin                = op("Sin",           ops.sin,           "x", of="floats")
cos                = op("Cos",           ops.cos,           "x", of="floats")
tan                = op("Tan",           _tan,              "x", of="floats")
tanh               = op("Tanh",          ops.tanh,          "x", of="floats")
sigmoid            = op("Sigmoid",       ops.sigmoid,       "x", of="floats")
floor              = op("Floor",         ops.floor,         "x", of="floats")
ceil               = op("Ceil",          ops.ceil,          "x", of="floats")
_round             = op("Round",         ops.round,         "x", of="numbers")
reciprocal         = op("Reciprocal",    _reciprocal,       "x", of="floats")
is_nan             = op("IsNan",         _not_itself,       "x", of="floats", gives=bool_)
is_inf             = op("IsInf",         _infinite,         "x", of="floats", gives=bool_)
is_finite          = op("IsFinite",      _finite,           "x", of="floats", gives=bool_)
add                = op("Add",           ops.add,           "x y", of="numbers or texts")
subtract = sub     = op("Sub",           ops.subtract,      "x y", of="numbers")
multiply = mul     = op("Mul",           ops.multiply,      "x y", of="numbers")
realdiv            = op("RealDiv",       ops.divide,        "x y", of="floats")
floordiv = floor_div = op("FloorDiv",    _floor_divide,     "x y", default="floordiv", of="numbers")
truncatediv        = op("TruncateDiv",   _truncate_divide,  "x y", of="integers")
floormod = mod     = op("FloorMod",      _floor_mod,        "x y", of="numbers")
pow                = op("Pow",           ops.power,         "x y", of="numbers")
maximum            = op("Maximum",       ops.maximum,       "x y", of="numbers")
minimum            = op("Minimum",       ops.minimum,       "x y", of="numbers")
squared_difference = op("SquaredDifference", _squared_difference, "x y", of="numbers")
div_no_nan         = op("DivNoNan",      _quotient_or_zero, "x y", default="div_no_nan", of="floats")
greater            = op("Greater",       ops.greater,       "x y", of="numbers", gives=bool_)
greater_equal      = op("GreaterEqual",  ops.greater_equal, "x y", of="numbers", gives=bool_)
less               = op("Less",          ops.less,          "x y", of="numbers", gives=bool_)
less_equal         = op("LessEqual",     ops.less_equal,    "x y", of="numbers", gives=bool_)
equal              = op("Equal",         ops.equal,         "x y", gives=bool_)
not_equal          = op("NotEqual",      ops.not_equal,     "x y", gives=bool_)
logical_and        = op("LogicalAnd",    ops.minimum,       "x y", of="bools")
logical_or         = op("LogicalOr",     ops.maximum,       "x y", of="bools")
logical_not        = op("LogicalNot",    _not,              "x", of="bools")
# fmt: on


def round(x: Any, name: str | None = None) -> Tensor:
    """The nearest whole numbers, the even one in a tie; integers stay as they are."""
    x = convert_to_tensor(x, name="x")
    return x if x.dtype.is_integer else _round(x, name=name)


def logical_xor(x: Any, y: Any, name: str = "LogicalXor") -> Tensor:
    """Whether exactly one of x and y is true."""
    both = logical_not(logical_and(x, y))
    return logical_and(logical_or(x, y), both, name=name)


def truediv(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y, in float64 for integers.

    Raises:
        TypeError: Their types differ.
    """
    graph = graph_of([x, y])
    with graph.name_scope(name or "truediv") as scope:
        x, y = _of_one_type(x, y)
        if x.dtype.is_integer:
            x, y = cast(x, float64), cast(y, float64)
    return realdiv(x, y, name=scope)


divide = truediv


def div(x: Any, y: Any, name: str | None = None) -> Tensor:
    """x / y as in Python 2: for integers, the floor of the quotient."""
    with graph_of([x, y]).name_scope(name or "div") as scope:
        x, y = _of_one_type(x, y)
    return (floordiv if x.dtype.is_integer else realdiv)(x, y, name=scope)


def _of_one_type(x: Any, y: Any) -> list[Tensor]:
    kinds = [value.dtype for value in (x, y) if is_tensor(value)]
    if len(set(kinds)) > 1:
        raise TypeError(
            f"x and y must have the same dtype, got {kinds[0]!r} != {kinds[1]!r}: tf.cast one of them"
        )
    return convert_n([x, y], names=SAME)


def where(condition: Any, x: Any = None, y: Any = None, name: str | None = None) -> Tensor:
    """Each element of x where the condition is true, else of y; or, with a vector, each row.

    Without x and y, the places where the condition is true, a row for each.

    Raises:
        ShapesError: The shapes of x, y and the condition differ.
        ValueError: One of x and y is missing.
    """
    if x is None and y is None:
        return apply("Where", _places, {"input": condition}, name=name, same=(), dtype=int64)
    if x is None or y is None:
        raise ValueError("x and y must both be non-None or both be None.")
    inputs = {"condition": condition, "t": x, "e": y}
    result = apply("Select", _selected, inputs, name=name, same=("t", "e"), dtype="t")
    check_types("Select", {"condition": result.op.inputs[0]}, "bools")
    return result


_places = Op("places", np.argwhere, lambda shape: (None, len(shape)), (None,))


def _selected(condition: Node, x: Node, y: Node, name: str) -> Node:
    _check_one_shape(x, y)
    if condition.shape and condition.shape != x.shape:
        _check_one_shape(condition, x, n_axes=len(condition.shape))
        condition = part_of(condition, (..., *[None] * (len(x.shape or ()) - len(condition.shape))))
    return ops.where(condition, x, y, name=name)


def _check_one_shape(x: Node, y: Node, n_axes: int | None = None) -> None:
    """Check that the first axes of two values have the same sizes; all axes if their number is None.

    Raises:
        ShapesError: They differ.
    """
    a, b = x.shape, y.shape
    if a is None or b is None:
        return
    if len(a) != len(b[:n_axes]):
        raise ShapesError(f"Shapes must be equal rank, but are {len(a)} and {len(b)}")
    if not fits(a, b[:n_axes]):
        i = next(
            i for i, sizes in enumerate(zip(a, b, strict=False)) if None not in sizes and len(set(sizes)) > 1
        )
        raise ShapesError(f"Dimension {i} in both shapes must be equal, but are {a[i]} and {b[i]}")


def add_n(inputs: Sequence[Any], name: str | None = None) -> Tensor:
    """The sum of several tensors of the same shape.

    Raises:
        ShapesError: Their shapes differ.
        ValueError: There are none.
    """
    if isinstance(inputs, Tensor) or not inputs:
        raise ValueError("inputs must be a list of at least one Tensor with the same dtype and shape")
    tensors = convert_n(inputs)
    if len(tensors) == 1:
        return identity(tensors[0], name=name) if name else tensors[0]
    names = [f"inputs_{i}" for i in range(len(tensors))]
    return apply("AddN", _sum, dict(zip(names, tensors, strict=True)), name=name, same=names)


accumulate_n = add_n


def _sum(*nodes: Node, name: str) -> Node:
    *first, last = nodes
    for node in first:
        _check_one_shape(node, last)
    return ops.add(reduce(ops.add, first), last, name=name)


def clip_by_value(t: Any, clip_value_min: Any, clip_value_max: Any, name: str | None = None) -> Tensor:
    """t, with elements below the minimum or above the maximum replaced by it."""
    with graph_of([t]).name_scope(name or "clip_by_value") as scope:
        least = minimum(convert_to_tensor(t, name="t"), clip_value_max)
    return maximum(least, clip_value_min, name=scope)


def _operator(default: str, function: Made) -> Callable[..., Tensor]:
    def applied(self: Tensor, other: Any) -> Tensor:
        return function(self, other, name=default)

    return applied


def _reflected(default: str, function: Made) -> Callable[..., Tensor]:
    def applied(self: Tensor, other: Any) -> Tensor:
        return function(other, self, name=default)

    return applied


_OPERATORS: dict[str, Made] = {
    "add": add,
    "sub": subtract,
    "mul": multiply,
    "truediv": truediv,
    "floordiv": floordiv,
    "mod": floormod,
    "pow": pow,
    "and": logical_and,
    "or": logical_or,
    "xor": logical_xor,
}
"""Operators that have a reflected form, by the name that they and their operations have."""

for _name, _function in _OPERATORS.items():
    setattr(Operators, f"__{_name}__", _operator(_name, _function))
    setattr(Operators, f"__r{_name}__", _reflected(_name, _function))
for _name, _function in (("lt", less), ("le", less_equal), ("gt", greater), ("ge", greater_equal)):
    setattr(Operators, f"__{_name}__", _operator("", _function))
for _name, _function in (("neg", negative), ("abs", abs), ("invert", logical_not)):
    setattr(Operators, f"__{_name}__", _function)
