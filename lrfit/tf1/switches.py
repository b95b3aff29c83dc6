"""Switches of TensorFlow 2 back to TensorFlow 1, which change nothing here."""

from __future__ import annotations

from typing import Any

__all__ = ["disable_eager_execution", "disable_v2_behavior"]


def disable_eager_execution(*_: Any) -> None:
    """Do nothing: graphs are built first and run later here."""


def disable_v2_behavior(*_: Any) -> None:
    """Do nothing: this is TensorFlow 1."""
