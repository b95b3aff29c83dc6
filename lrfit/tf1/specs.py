"""Specs: the types and static shapes of the elements of a dataset."""

from __future__ import annotations

from typing import Any

from lrfit.graph.shapes import Shape
from lrfit.tf1.dtypes import DType
from lrfit.tf1.shapes import TensorShape, static_shape
from lrfit.tf1.structures import mapped
from lrfit.tf1.tensors import Tensor

__all__ = ["Component", "Specified"]


class Component:
    """The type and the shape of a part of an element."""

    def __init__(self, dtype: DType, shape: Any) -> None:
        self.dtype = dtype
        self.shape: Shape = static_shape(shape)


class Specified:
    """The base of datasets and iterators: elements of one structure.

    Args:
        spec: The parts of an element, in its structure.

    Attributes:
        spec: The same.
    """

    def __init__(self, spec: Any) -> None:
        self.spec = spec

    @property
    def output_types(self) -> Any:
        """The types of an element."""
        return mapped(lambda component: component.dtype, self.spec)

    @property
    def output_shapes(self) -> Any:
        """The shapes of an element."""
        return mapped(lambda component: TensorShape(component.shape), self.spec)

    @property
    def output_classes(self) -> Any:
        """`tf.Tensor` for each part of an element."""
        return mapped(lambda _: Tensor, self.spec)
