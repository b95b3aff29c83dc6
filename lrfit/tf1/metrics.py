"""`tf.metrics`: measures over all batches so far, kept in local variables.

Each function returns two tensors: the measure as it is, and one that takes in a batch when it runs, and gives
the new measure. `tf.local_variables_initializer()` starts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from lrfit.tf1.arithmetic import abs as absolute
from lrfit.tf1.arithmetic import (
    add,
    div_no_nan,
    equal,
    logical_and,
    logical_not,
    multiply,
    sqrt,
    squared_difference,
    subtract,
)
from lrfit.tf1.building import convert_to_tensor, graph_of
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import bool as bool_
from lrfit.tf1.dtypes import float32
from lrfit.tf1.filling import ones_like, zeros
from lrfit.tf1.graph import Graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.reductions import reduce_sum
from lrfit.tf1.refusals import refuser
from lrfit.tf1.reshaping import expand_dims, without_last_axis
from lrfit.tf1.sizes import size
from lrfit.tf1.tensors import Tensor
from lrfit.tf1.variables import Variable, assign_add

__all__ = [
    "accuracy",
    "mean",
    "mean_absolute_error",
    "mean_squared_error",
    "precision",
    "recall",
    "root_mean_squared_error",
]

__getattr__ = refuser(__name__)

_METRIC_VARIABLES = "metric_variables"


def mean(
    values: Any,
    weights: Any = None,
    metrics_collections: Sequence[str] | None = None,
    updates_collections: Sequence[str] | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The mean of all values so far; 0 before there are any.

    Args:
        values: The values of a batch.
        weights: Their weights: a number, or a tensor of as many axes, each of size 1 or that of the values.
        metrics_collections: Names of collections that the measure is added to.
        updates_collections: Names of collections that the second tensor is added to.
        name: The scope of the operations and variables.

    Raises:
        ValueError: The shapes do not fit.
    """
    graph = graph_of([values, weights])
    with graph.name_scope(name or "mean"):
        x = cast(convert_to_tensor(values, name="values"), float32)
        total, count = _start("total"), _start("count")
        if weights is None:
            n = cast(size(x), float32)
        else:
            factor = _of_shape(cast(convert_to_tensor(weights, name="weights"), float32), x)
            x, n = multiply(x, factor), reduce_sum(factor)
        after_total, after_count = assign_add(total, reduce_sum(x)), assign_add(count, n)
        value = div_no_nan(total, count, name="value")
        update = div_no_nan(after_total, after_count, name="update_op")
    return _collected(graph, value, update, metrics_collections, updates_collections)


def _start(name: str) -> Variable:
    """A new local variable that is 0."""
    keys = [GraphKeys.LOCAL_VARIABLES, _METRIC_VARIABLES]
    return Variable(lambda: zeros([], float32), trainable=False, collections=keys, name=name)


def _of_shape(weights: Tensor, values: Tensor) -> Tensor:
    """The weight of each value.

    Raises:
        ValueError: They have a different number of axes.
    """
    n_weights, n_values = weights.shape.ndims, values.shape.ndims
    if n_weights not in (0, None) and n_values is not None and n_weights != n_values:
        raise ValueError(
            f"weights can not be broadcast to values. values.rank={n_values}. weights.rank={n_weights}. "
            f"values.shape={values.shape}. weights.shape={weights.shape}"
        )
    return multiply(weights, ones_like(values))


def _collected(
    graph: Graph,
    value: Tensor,
    update: Tensor,
    metrics_collections: Sequence[str] | None,
    updates_collections: Sequence[str] | None,
) -> tuple[Tensor, Tensor]:
    for tensor, keys in ((value, metrics_collections), (update, updates_collections)):
        for key in [keys] if isinstance(keys, str) else keys or ():
            graph.add_to_collection(key, tensor)
    return value, update


def _matched(labels: Any, predictions: Any, weights: Any) -> tuple[Tensor, Tensor, Any]:
    """Labels, predictions and weights, without a last axis of size 1 that only some of them have.

    Raises:
        ValueError: The shapes of labels and predictions differ.
    """
    y, x = convert_to_tensor(labels), convert_to_tensor(predictions)
    x, y = without_last_axis(x, y.shape.ndims), without_last_axis(y, x.shape.ndims)
    if not x.shape.is_compatible_with(y.shape):
        raise ValueError(f"Shapes {x.shape} and {y.shape} are incompatible: tf.reshape the labels")
    if weights is None:
        return y, x, None
    factor = without_last_axis(convert_to_tensor(weights), x.shape.ndims)
    if factor.shape.ndims and x.shape.ndims == factor.shape.ndims + 1:
        factor = expand_dims(factor, -1)
    return y, x, factor


def _mean_of(what: Callable[[Tensor, Tensor], Tensor], default: str, doc: str) -> Callable[..., Any]:
    """A function for the mean of a measure of labels and predictions."""

    def measure(
        labels: Any,
        predictions: Any,
        weights: Any = None,
        metrics_collections: Sequence[str] | None = None,
        updates_collections: Sequence[str] | None = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        y, x, factor = _matched(labels, predictions, weights)
        return mean(what(y, x), factor, metrics_collections, updates_collections, name or default)

    measure.__doc__ = f"{doc}; for the arguments see `mean`."
    return measure


def _is_correct(labels: Tensor, predictions: Tensor) -> Tensor:
    return cast(equal(cast(predictions, labels.dtype), labels), float32)


def _absolute_error(labels: Tensor, predictions: Tensor) -> Tensor:
    return absolute(subtract(predictions, labels))


accuracy = _mean_of(_is_correct, "accuracy", "The share of predictions that equal their labels")
mean_squared_error = _mean_of(squared_difference, "mean_squared_error", "The mean of (prediction - label)²")
mean_absolute_error = _mean_of(_absolute_error, "mean_absolute_error", "The mean of |prediction - label|")


def root_mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = None,
    metrics_collections: Sequence[str] | None = None,
    updates_collections: Sequence[str] | None = None,
    name: str | None = None,
) -> tuple[Tensor, Tensor]:
    """The root of the mean of (prediction - label)²; for the arguments see `mean`."""
    value, update = mean_squared_error(labels, predictions, weights, name=name or "root_mean_squared_error")
    return _collected(value.graph, sqrt(value), sqrt(update), metrics_collections, updates_collections)


def _share_of(n_others: str, doc: str) -> Callable[..., Any]:
    """A function for true positives as a share of these and others."""

    def measure(
        labels: Any,
        predictions: Any,
        weights: Any = None,
        metrics_collections: Sequence[str] | None = None,
        updates_collections: Sequence[str] | None = None,
        name: str | None = None,
    ) -> tuple[Tensor, Tensor]:
        graph = graph_of([labels, predictions, weights])
        with graph.name_scope(name or ("precision" if n_others == "false_positives" else "recall")):
            y, x, factor = _matched(labels, predictions, weights)
            y, x = cast(y, bool_), cast(x, bool_)
            wrong = (
                logical_and(logical_not(y), x)
                if n_others == "false_positives"
                else logical_and(y, logical_not(x))
            )
            right, after_right = _counted(logical_and(y, x), factor, "true_positives")
            others, after_others = _counted(wrong, factor, n_others)
            value = div_no_nan(right, add(right, others), name="value")
            update = div_no_nan(after_right, add(after_right, after_others), name="update_op")
        return _collected(graph, value, update, metrics_collections, updates_collections)

    measure.__doc__ = f"{doc}; for the arguments see `mean`."
    return measure


def _counted(flags: Tensor, weights: Any, name: str) -> tuple[Variable, Tensor]:
    """The sum of the weights where a flag is true, and the tensor that adds to it."""
    with flags.graph.name_scope(name):
        count, ones = _start("count"), cast(flags, float32)
        if weights is not None:
            ones = multiply(ones, _of_shape(cast(weights, float32), ones))
        return count, assign_add(count, reduce_sum(ones))


precision = _share_of("false_positives", "The share of labels that are true where the prediction is")
recall = _share_of("false_negatives", "The share of predictions that are true where the label is")
