"""`tensorflow.python`: only `framework.ops` is here, which scripts import."""

from __future__ import annotations

from lrfit.tf1.python import framework
from lrfit.tf1.refusals import refuser

__all__ = ["framework"]

__getattr__ = refuser(__name__)
