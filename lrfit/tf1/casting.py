"""Casts: values converted to a different type."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from lrfit.graph.nodes import Op
from lrfit.tf1.building import apply, convert_to_tensor, graph_of
from lrfit.tf1.dtypes import as_dtype, float32, float64, int32, int64, string
from lrfit.tf1.errors import UnimplementedError
from lrfit.tf1.tensors import Tensor

__all__ = ["cast", "to_double", "to_float", "to_int32", "to_int64"]


def _converted(x: Any, dtype: np.dtype[Any]) -> Any:
    return x.astype(dtype)


_cast = Op("cast", _converted, lambda shape, **_: shape, (lambda g, _y, _x: g,))
_cast_to_whole = Op("cast_to_whole", _converted, lambda shape, **_: shape, (None,))


def cast(x: Any, dtype: Any, name: str | None = None) -> Tensor:
    """x converted to a type: floats are cut to their whole part for integers, True becomes 1.

    A gradient flows back only between types of floats.
    """
    kind = as_dtype(dtype)
    if isinstance(x, Tensor) and x.dtype is kind:
        return x
    with graph_of([x]).name_scope(name or "Cast") as scope:
        tensor = convert_to_tensor(x, name="x")
    if tensor.dtype is kind:
        return tensor
    if string in (tensor.dtype, kind):
        raise UnimplementedError(f"Cast {tensor.dtype.name} to {kind.name} is not supported")
    op = _cast if tensor.dtype.is_floating and kind.is_floating else _cast_to_whole
    return apply("Cast", partial(op, dtype=kind.numpy), {"x": tensor}, name=scope, dtype=kind)


def to_float(x: Any, name: str = "ToFloat") -> Tensor:
    """x as float32."""
    return cast(x, float32, name)


def to_double(x: Any, name: str = "ToDouble") -> Tensor:
    """x as float64."""
    return cast(x, float64, name)


def to_int32(x: Any, name: str = "ToInt32") -> Tensor:
    """x as int32."""
    return cast(x, int32, name)


def to_int64(x: Any, name: str = "ToInt64") -> Tensor:
    """x as int64."""
    return cast(x, int64, name)
