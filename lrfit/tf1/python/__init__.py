"""`tensorflow.python`, of which scripts import `tensorflow.python.framework.ops`."""

from __future__ import annotations

from lrfit.tf1.python import framework
from lrfit.tf1.refusals import refuser

__all__ = ["framework"]

__getattr__ = refuser(__name__)
