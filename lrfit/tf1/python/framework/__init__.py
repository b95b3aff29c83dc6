"""`tensorflow.python.framework`: only `ops` is here, which scripts import."""

from __future__ import annotations

from lrfit.tf1.python.framework import ops
from lrfit.tf1.refusals import refuser

__all__ = ["ops"]

__getattr__ = refuser(__name__)
