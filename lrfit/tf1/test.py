"""`tf.test`: questions of scripts about the machine; the processor is its one device."""

from __future__ import annotations

from typing import Any

from lrfit.tf1.refusals import refuser

__all__ = ["gpu_device_name", "is_built_with_cuda", "is_gpu_available"]

__getattr__ = refuser(__name__)


def is_gpu_available(*_: Any, **__: Any) -> bool:
    """False: graphs run on the processor."""
    return False


def is_built_with_cuda() -> bool:
    """False: graphs run on the processor."""
    return False


def gpu_device_name() -> str:
    """An empty string: there is no GPU."""
    return ""
