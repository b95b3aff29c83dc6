"""`tf.contrib`: only a part of `tf.contrib.layers` is here."""

from __future__ import annotations

from lrfit.tf1.contrib import layers
from lrfit.tf1.refusals import refuser

__all__ = ["layers"]

__getattr__ = refuser(__name__)
