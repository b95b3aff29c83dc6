"""Summaries under the names that they had before TensorFlow 1.0.

Their tag is taken as it is, and has no part in the name of the operation.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.summary import Summary, merge, merge_all, summary_tensor
from lrfit.tf1.tensors import Tensor

__all__ = [
    "Summary",
    "audio_summary",
    "histogram_summary",
    "image_summary",
    "merge_all_summaries",
    "merge_summary",
    "scalar_summary",
]


def scalar_summary(
    tags: Any, values: Any, collections: Sequence[str] | None = None, name: str | None = None
) -> Tensor:
    """A summary of a number; see `tf.summary.scalar`."""
    inputs = {"tags": tags, "values": values}
    return summary_tensor("scalar", "ScalarSummary", str(tags), inputs, collections, name)


def histogram_summary(
    tag: Any, values: Any, collections: Sequence[str] | None = None, name: str | None = None
) -> Tensor:
    """A summary of many numbers; see `tf.summary.histogram`."""
    inputs = {"tag": tag, "values": values}
    return summary_tensor("histogram", "HistogramSummary", str(tag), inputs, collections, name)


def image_summary(
    tag: Any,
    tensor: Any,
    max_images: int = 3,
    collections: Sequence[str] | None = None,
    name: str | None = None,
) -> Tensor:
    """A summary of pictures; see `tf.summary.image`."""
    inputs = {"tag": tag, "tensor": tensor}
    return summary_tensor("image", "ImageSummary", str(tag), inputs, collections, name)


def audio_summary(
    tag: Any,
    tensor: Any,
    sample_rate: Any,
    max_outputs: int = 3,
    collections: Sequence[str] | None = None,
    name: str | None = None,
) -> Tensor:
    """A summary of sounds; see `tf.summary.audio`."""
    inputs = {"tag": tag, "tensor": tensor}
    return summary_tensor("audio", "AudioSummary", str(tag), inputs, collections, name)


merge_summary = merge


def merge_all_summaries(key: str = GraphKeys.SUMMARIES) -> Tensor | None:
    """A summary that consists of all those of the default graph; None if it has none."""
    return merge_all(key)
