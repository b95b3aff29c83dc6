"""Initializers: functions from a shape to the first value of a variable of this shape.

References:
    Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010). He et
    al., Delving deep into rectifiers (2015). The defaults are those of TensorFlow 1.15.
"""

from __future__ import annotations

from math import prod, sqrt
from typing import Any

import numpy as np

import lrfit.tf1.filling as filling  # noqa: PLR0402 (asked of the package, it would be looked for among the names)
import lrfit.tf1.random as draws
from lrfit.tf1.building import constant as constant_tensor
from lrfit.tf1.dtypes import as_dtype, float32
from lrfit.tf1.refusals import refuser
from lrfit.tf1.shapes import static_shape
from lrfit.tf1.tensors import Tensor

__all__ = [
    "constant_initializer", "glorot_normal_initializer", "glorot_uniform_initializer", "he_normal",
    "he_uniform", "ones_initializer", "random_normal_initializer", "random_uniform_initializer",
    "truncated_normal_initializer", "uniform_unit_scaling_initializer", "variance_scaling_initializer",
    "xavier_initializer", "zeros_initializer",
]  # fmt: skip

__getattr__ = refuser(__name__)


class Initializer:
    """A function from a shape and a type to a tensor.

    Args:
        dtype: The type, if none is asked for.
    """

    def __init__(self, dtype: Any = float32) -> None:
        self.dtype = as_dtype(dtype)

    def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Tensor:
        """The tensor for a shape."""
        return self.tensor(static_shape(shape) or (), self.dtype if dtype is None else as_dtype(dtype))

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        """The tensor of this shape and type."""
        raise NotImplementedError


class ZerosInitializer(Initializer):
    """Zeros."""

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        return filling.zeros(shape, dtype)


class OnesInitializer(Initializer):
    """Ones."""

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        return filling.ones(shape, dtype)


class ConstantInitializer(Initializer):
    """A value everywhere, or an array."""

    def __init__(self, value: Any = 0, dtype: Any = float32, verify_shape: bool = False) -> None:
        super().__init__(dtype)
        self.value, self.verify_shape = value, verify_shape

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        return constant_tensor(
            np.array(self.value, dtype.numpy), dtype, shape, verify_shape=self.verify_shape
        )


class RandomUniformInitializer(Initializer):
    """Uniform between two numbers."""

    def __init__(
        self, minval: Any = 0.0, maxval: Any = None, seed: int | None = None, dtype: Any = float32
    ) -> None:
        super().__init__(dtype)
        self.minval, self.maxval, self.seed = minval, 1.0 if maxval is None else maxval, seed

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        return draws.random_uniform(shape, self.minval, self.maxval, dtype, seed=self.seed)


class RandomNormalInitializer(Initializer):
    """Normal, with this mean and standard deviation."""

    draw = staticmethod(draws.random_normal)

    def __init__(
        self, mean: float = 0.0, stddev: float = 1.0, seed: int | None = None, dtype: Any = float32
    ) -> None:
        super().__init__(dtype)
        self.mean, self.stddev, self.seed = mean, stddev, seed

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        return self.draw(shape, self.mean, self.stddev, dtype, seed=self.seed)


class TruncatedNormalInitializer(RandomNormalInitializer):
    """Normal, without numbers that are two standard deviations or more from the mean."""

    draw = staticmethod(draws.truncated_normal)


_OF_TRUNCATED = 0.87962566103423978
"""Standard deviation of a normal distribution that is cut off at 2 standard deviations."""


class VarianceScalingInitializer(Initializer):
    """Random numbers of variance scale / n; n is the number of inputs, of outputs, or the mean of both."""

    def __init__(
        self,
        scale: float = 1.0,
        mode: str = "fan_in",
        distribution: str = "truncated_normal",
        seed: int | None = None,
        dtype: Any = float32,
    ) -> None:
        super().__init__(dtype)
        self.scale, self.mode, self.distribution, self.seed = scale, mode, distribution, seed

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        fan_in, fan_out = _fans(shape)
        n = {"fan_in": fan_in, "fan_out": fan_out, "fan_avg": (fan_in + fan_out) / 2.0}[self.mode]
        variance = self.scale / max(1.0, n)
        if self.distribution == "uniform":
            limit = sqrt(3.0 * variance)
            return draws.random_uniform(shape, -limit, limit, dtype, seed=self.seed)
        if self.distribution == "untruncated_normal":
            return draws.random_normal(shape, 0.0, sqrt(variance), dtype, seed=self.seed)
        return draws.truncated_normal(shape, 0.0, sqrt(variance) / _OF_TRUNCATED, dtype, seed=self.seed)


def _fans(shape: Any) -> tuple[float, float]:
    """Number of inputs and of outputs of a layer whose weights have this shape."""
    if len(shape) < 2:  # noqa: PLR2004 (axes of a matrix)
        return (float(prod(shape)),) * 2
    return float(prod(shape[:-1])), float(prod(shape[:-2]) * shape[-1])


class UniformUnitScalingInitializer(Initializer):
    """Uniform within ±factor · √(3 / number of inputs)."""

    def __init__(self, factor: float = 1.0, seed: int | None = None, dtype: Any = float32) -> None:
        super().__init__(dtype)
        self.factor, self.seed = factor, seed

    def tensor(self, shape: Any, dtype: Any) -> Tensor:
        limit = sqrt(3.0 / max(1.0, float(prod(shape[:-1])))) * self.factor
        return draws.random_uniform(shape, -limit, limit, dtype, seed=self.seed)


zeros_initializer = zeros = ZerosInitializer
ones_initializer = ones = OnesInitializer
constant_initializer = constant = ConstantInitializer
random_uniform_initializer = random_uniform = RandomUniformInitializer
random_normal_initializer = random_normal = RandomNormalInitializer
truncated_normal_initializer = truncated_normal = TruncatedNormalInitializer
variance_scaling_initializer = variance_scaling = VarianceScalingInitializer
uniform_unit_scaling_initializer = uniform_unit_scaling = UniformUnitScalingInitializer


def glorot_uniform_initializer(seed: int | None = None, dtype: Any = float32) -> Initializer:
    """Glorot and Bengio's uniform distribution."""
    return VarianceScalingInitializer(1.0, "fan_avg", "uniform", seed, dtype)


def glorot_normal_initializer(seed: int | None = None, dtype: Any = float32) -> Initializer:
    """Glorot and Bengio's normal distribution, truncated."""
    return VarianceScalingInitializer(1.0, "fan_avg", "truncated_normal", seed, dtype)


glorot_uniform, glorot_normal = glorot_uniform_initializer, glorot_normal_initializer


def xavier_initializer(uniform: bool = True, seed: int | None = None, dtype: Any = float32) -> Initializer:
    """Glorot and Bengio's distribution by its other name, as `tf.contrib.layers` had it."""
    return (glorot_uniform_initializer if uniform else glorot_normal_initializer)(seed, dtype)


def he_normal(seed: int | None = None) -> Initializer:
    """He et al.'s normal distribution, truncated."""
    return VarianceScalingInitializer(2.0, "fan_in", "truncated_normal", seed)


def he_uniform(seed: int | None = None) -> Initializer:
    """He et al.'s uniform distribution."""
    return VarianceScalingInitializer(2.0, "fan_in", "uniform", seed)


def lecun_normal(seed: int | None = None) -> Initializer:
    """LeCun et al.'s normal distribution, truncated."""
    return VarianceScalingInitializer(1.0, "fan_in", "truncated_normal", seed)


def lecun_uniform(seed: int | None = None) -> Initializer:
    """LeCun et al.'s uniform distribution."""
    return VarianceScalingInitializer(1.0, "fan_in", "uniform", seed)
