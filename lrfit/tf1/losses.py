"""`tf.losses`: losses with weights, in float32, which are kept in the collection "losses".

Their mean is over the elements whose weights are not 0, as TensorFlow's default has it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from lrfit.tf1 import nn
from lrfit.tf1.arithmetic import abs as absolute
from lrfit.tf1.arithmetic import (
    add,
    add_n,
    div_no_nan,
    log,
    minimum,
    multiply,
    negative,
    not_equal,
    squared_difference,
    stop_gradient,
    subtract,
)
from lrfit.tf1.building import constant, convert_to_tensor, graph_of, known_value
from lrfit.tf1.casting import cast
from lrfit.tf1.dtypes import float32
from lrfit.tf1.filling import ones_like
from lrfit.tf1.graph import get_default_graph
from lrfit.tf1.graph_def import GraphKeys
from lrfit.tf1.reductions import reduce_sum
from lrfit.tf1.refusals import refuser
from lrfit.tf1.reshaping import without_last_axis
from lrfit.tf1.sizes import shape, size
from lrfit.tf1.tensors import Tensor

__all__ = [
    "Reduction",
    "absolute_difference",
    "add_loss",
    "compute_weighted_loss",
    "get_losses",
    "get_regularization_loss",
    "get_regularization_losses",
    "get_total_loss",
    "hinge_loss",
    "huber_loss",
    "log_loss",
    "mean_squared_error",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "sparse_softmax_cross_entropy",
]

__getattr__ = refuser(__name__)


class Reduction:
    """The ways to reduce the weighted losses of all elements: not at all, to their sum, or to a mean."""

    NONE: ClassVar = "none"
    SUM: ClassVar = "weighted_sum"
    MEAN: ClassVar = "weighted_mean"
    SUM_OVER_BATCH_SIZE: ClassVar = "weighted_sum_over_batch_size"
    SUM_BY_NONZERO_WEIGHTS: ClassVar = "weighted_sum_by_nonzero_weights"
    SUM_OVER_NONZERO_WEIGHTS: ClassVar = SUM_BY_NONZERO_WEIGHTS

    @classmethod
    def all(cls) -> tuple[str, ...]:
        """All reductions."""
        return (cls.NONE, cls.SUM, cls.MEAN, cls.SUM_OVER_BATCH_SIZE, cls.SUM_BY_NONZERO_WEIGHTS)

    @classmethod
    def validate(cls, key: str) -> None:
        """Raise ValueError if there is no such reduction."""
        if key not in cls.all():
            raise ValueError(f"Invalid Reduction Key {key}. Key should be one of {', '.join(cls.all())}.")


_BY_NONZERO = Reduction.SUM_BY_NONZERO_WEIGHTS


def compute_weighted_loss(
    losses: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The sum of losses times weights, divided by the number of elements whose weights are not 0.

    Args:
        losses: A loss for each element.
        weights: A number, or a tensor of as many axes, each of size 1 or the size in the losses.
        scope: The scope of the operations.
        loss_collection: The collection that it is added to; none if None.
        reduction: How to reduce them otherwise; see `Reduction`.

    Raises:
        ValueError: There is no such reduction, or the shapes do not fit.
    """
    Reduction.validate(reduction)
    with graph_of([losses, weights]).name_scope(scope or "weighted_loss"):
        given = convert_to_tensor(losses)
        each, factor = cast(given, float32), cast(convert_to_tensor(weights), float32)
        _check_weights(factor, each)
        loss = multiply(each, factor)
        if reduction != Reduction.NONE:
            loss = reduce_sum(loss)
        if reduction == Reduction.MEAN:
            loss = div_no_nan(loss, reduce_sum(multiply(ones_like(each), factor)), name="value")
        elif reduction == Reduction.SUM_OVER_BATCH_SIZE:
            loss = div_no_nan(loss, cast(size(each), float32), name="value")
        elif reduction == _BY_NONZERO:
            loss = div_no_nan(loss, _n_present(each, factor), name="value")
        loss = cast(loss, given.dtype)
    add_loss(loss, loss_collection)
    return loss


def _n_present(losses: Tensor, weights: Tensor) -> Tensor:
    """The number of losses whose weights are not 0."""
    with losses.graph.name_scope("num_present"):
        if known_value(weights) is not None and weights.shape.ndims == 0 and float(known_value(weights)):
            return cast(size(losses), float32)
        return reduce_sum(multiply(ones_like(losses), cast(not_equal(weights, 0.0), float32)))


def _check_weights(weights: Tensor, losses: Tensor) -> None:
    """Raise ValueError if the weights cannot be broadcast to the losses."""
    if weights.shape.ndims in (0, None) or losses.shape.ndims is None:
        return
    of_weights, of_losses = weights.shape.as_list(), losses.shape.as_list()
    is_same = len(of_weights) == len(of_losses)
    if not is_same or any(n not in (1, None, m) and m for n, m in zip(of_weights, of_losses, strict=True)):
        raise ValueError(
            f"weights can not be broadcast to values. values.rank={len(of_losses)}. "
            f"weights.rank={len(of_weights)}. values.shape={losses.shape}. weights.shape={weights.shape}: "
            "give each axis of the weights the size 1, or that of the values"
        )


def _both(labels: Any, predictions: Any, name: str = "predictions") -> tuple[Tensor, Tensor]:
    """Labels and predictions, of this name, in float32; they must have the same shape."""
    _check_given(**{"labels": labels, name: predictions})
    x = cast(convert_to_tensor(predictions), float32)
    y = cast(convert_to_tensor(labels), float32)
    _check_shapes(x, y)
    return y, x


def _check_shapes(predictions: Tensor, labels: Tensor) -> None:
    if not predictions.shape.is_compatible_with(labels.shape):
        raise ValueError(
            f"Shapes {predictions.shape} and {labels.shape} are incompatible: tf.reshape the labels or the "
            "predictions"
        )


def _check_given(**arguments: Any) -> None:
    for name, value in arguments.items():
        if value is None:
            raise ValueError(f"{name} must not be None.")


def absolute_difference(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of |prediction - label|; for the arguments see `compute_weighted_loss`."""
    with graph_of([predictions, labels]).name_scope(scope or "absolute_difference") as inner:
        y, x = _both(labels, predictions)
        losses = absolute(subtract(x, y))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def mean_squared_error(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of (prediction - label)²; for the arguments see `compute_weighted_loss`."""
    with graph_of([predictions, labels]).name_scope(scope or "mean_squared_error") as inner:
        y, x = _both(labels, predictions)
        losses = squared_difference(x, y)
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def huber_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    delta: float = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of e² / 2 where |e| ≤ delta, else of delta · |e| - delta² / 2, of errors e."""
    with graph_of([predictions, labels]).name_scope(scope or "huber_loss") as inner:
        y, x = _both(labels, predictions)
        error = absolute(subtract(x, y))
        quadratic = minimum(error, delta)
        linear = subtract(error, quadratic)
        losses = add(multiply(0.5, multiply(quadratic, quadratic)), multiply(delta, linear))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def log_loss(
    labels: Any,
    predictions: Any,
    weights: Any = 1.0,
    epsilon: float = 1e-7,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of -y · log(p + epsilon) - (1 - y) · log(1 - p + epsilon), of probabilities p and labels y."""
    with graph_of([predictions, labels]).name_scope(scope or "log_loss") as inner:
        y, p = _both(labels, predictions)
        of_ones = negative(multiply(y, log(add(p, epsilon))))
        losses = subtract(of_ones, multiply(subtract(1.0, y), log(add(subtract(1.0, p), epsilon))))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def hinge_loss(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of max(0, 1 - (2y - 1) · logit), of labels y that are 0 or 1."""
    with graph_of([logits, labels]).name_scope(scope or "hinge_loss") as inner:
        y, x = _both(labels, logits, "logits")
        ones = ones_like(y)
        signs = subtract(multiply(2.0, y), ones)
        losses = nn.relu(subtract(ones, multiply(signs, x)))
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def _labels_and_logits(labels: Any, logits: Any, name: str) -> tuple[Tensor, Tensor]:
    """Labels and logits, the labels with the type and shape of the logits."""
    _check_given(**{name: labels, "logits": logits})
    x = convert_to_tensor(logits)
    y = cast(convert_to_tensor(labels), x.dtype)
    _check_shapes(x, y)
    return y, x


def sigmoid_cross_entropy(
    multi_class_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of `tf.nn.sigmoid_cross_entropy_with_logits`; `label_smoothing` pulls labels towards 1/2."""
    with graph_of([logits, multi_class_labels]).name_scope(scope or "sigmoid_cross_entropy_loss") as inner:
        y, x = _labels_and_logits(multi_class_labels, logits, "multi_class_labels")
        if label_smoothing > 0:
            y = add(multiply(y, 1 - label_smoothing), 0.5 * label_smoothing)
        losses = nn.sigmoid_cross_entropy_with_logits(labels=y, logits=x, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def softmax_cross_entropy(
    onehot_labels: Any,
    logits: Any,
    weights: Any = 1.0,
    label_smoothing: float = 0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of `tf.nn.softmax_cross_entropy_with_logits`; `label_smoothing` pulls labels towards 1/n.

    No gradient flows into the labels. There is a loss, and so a weight, for each row.
    """
    with graph_of([logits, onehot_labels]).name_scope(scope or "softmax_cross_entropy_loss") as inner:
        y, x = _labels_and_logits(onehot_labels, logits, "onehot_labels")
        if label_smoothing > 0:
            n_classes = cast(shape(y)[-1], x.dtype)
            y = add(multiply(y, 1.0 - label_smoothing), label_smoothing / n_classes)
        y = stop_gradient(y, name="labels_stop_gradient")
        losses = nn.softmax_cross_entropy_with_logits_v2(labels=y, logits=x, name="xentropy")
        return compute_weighted_loss(losses, weights, inner, loss_collection, reduction)


def sparse_softmax_cross_entropy(
    labels: Any,
    logits: Any,
    weights: Any = 1.0,
    scope: str | None = None,
    loss_collection: str | None = GraphKeys.LOSSES,
    reduction: str = _BY_NONZERO,
) -> Tensor:
    """The mean of `tf.nn.sparse_softmax_cross_entropy_with_logits`; labels may be a column."""
    _check_given(labels=labels, logits=logits)
    with graph_of([logits, labels]).name_scope(scope or "sparse_softmax_cross_entropy_loss") as inner:
        x, y, factor = convert_to_tensor(logits), convert_to_tensor(labels), convert_to_tensor(weights)
        y = without_last_axis(y, (x.shape.ndims or 0) - 1)
        factor = without_last_axis(factor, y.shape.ndims)
        losses = nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=x, name="xentropy")
        return compute_weighted_loss(losses, factor, inner, loss_collection, reduction)


def add_loss(loss: Tensor, loss_collection: str | None = GraphKeys.LOSSES) -> None:
    """Add a loss to a collection; to none if None."""
    if loss_collection:
        loss.graph.add_to_collection(loss_collection, loss)


def get_losses(scope: str | None = None, loss_collection: str = GraphKeys.LOSSES) -> list[Tensor]:
    """The losses of the default graph; only those whose names begin with `scope`, if it is given."""
    return get_default_graph().get_collection(loss_collection, scope)


def get_regularization_losses(scope: str | None = None) -> list[Tensor]:
    """The losses that regularizers of variables have made."""
    return get_losses(scope, GraphKeys.REGULARIZATION_LOSSES)


def get_regularization_loss(scope: str | None = None, name: str = "total_regularization_loss") -> Tensor:
    """The sum of all regularization losses; 0 if there are none."""
    losses = get_regularization_losses(scope)
    return add_n(losses, name=name) if losses else constant(0.0)


def get_total_loss(
    add_regularization_losses: bool = True, name: str = "total_loss", scope: str | None = None
) -> Tensor:
    """The sum of all losses and, by default, of the regularization losses.

    Raises:
        ValueError: There are none.
    """
    losses = get_losses(scope)
    if add_regularization_losses:
        losses = losses + get_regularization_losses(scope)
    if not losses:
        raise ValueError("there are no losses in the graph: tf.losses.… or tf.losses.add_loss make some")
    return add_n(losses, name=name)
