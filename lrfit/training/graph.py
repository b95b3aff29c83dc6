"""The training graph: the model, and the node that takes one step of descent on it, by the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lrfit.arrays import Array
from lrfit.graph.assignments import assign, global_variables_initializer, group
from lrfit.graph.leaves import Variable, is_variable, placeholder
from lrfit.graph.nodes import Node, graph_of
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer, Optimizer, polynomial_average
from lrfit.graph.schedules import inverse_scaling, step_decay
from lrfit.model.equation import LinearModel, linear_model
from lrfit.training.settings import TrainingSettings

__all__ = ["TrainingGraph", "training_graph"]


@dataclass(frozen=True)
class TrainingGraph:
    """What a run of descent consists of.

    Attributes:
        model: The equation, its loss and its objective.
        train_op: Takes one step, and updates all that goes with it.
        learning_rate: That of the next step.
        stepped: Names of the variables that a step changes: W, and b if there is one.
        fitted: Names of those that the fit takes its parameters from: the same, or their averages.
        initialize: Gives all variables their initial values.
        variables: All variables by their names: what a run has to keep to be continued.
        restore: Gives the variables the values that are fed to `restored`.
        restored: A placeholder for each variable.
    """

    model: LinearModel
    train_op: Node
    learning_rate: Node | float
    stepped: Sequence[str]
    fitted: Sequence[str]
    initialize: Node
    variables: Mapping[str, Node]
    restore: Node
    restored: Mapping[str, Node]


def training_graph(
    weights: Array,
    intercept: float | None,
    settings: TrainingSettings,
    *,
    learning_rate: float,
    momentum: float,
    steps_per_epoch: int,
) -> TrainingGraph:
    """The graph of a run that starts from these parameters; finished: nothing can be added.

    Args:
        weights: To start from, shape (n_features,).
        intercept: To start from; None for a model without one.
        settings: The method.
        learning_rate: The settings' rate, or the one chosen for them.
        momentum: The settings' momentum, or the one chosen for them.
        steps_per_epoch: Number of batches.
    """
    model = linear_model(weights, intercept, l2=settings.l2)
    with model.graph.as_default():
        counts = settings.average or settings.schedule != "constant"
        global_step = Variable(0.0, name="global_step", trainable=False) if counts else None
        rate = _rate(learning_rate, settings, global_step, steps_per_epoch)
        train_op = _optimizer(rate, momentum, settings).minimize(
            model.objective, clip_norm=settings.clip_norm, global_step=global_step
        )
        stepped = fitted = [variable.name for variable in (model.W, model.b) if variable is not None]
        if settings.average and global_step is not None:
            train_op, averages = polynomial_average(train_op, global_step)
            fitted = [average.name for average in averages.values()]
        initialize = global_variables_initializer(model.graph)
        variables = {variable.name: variable for variable in filter(is_variable, model.graph.nodes)}
        restored = {name: placeholder(v.shape, name=f"restored_{name}") for name, v in variables.items()}
        restore = group(*(assign(v, restored[name]) for name, v in variables.items()), name="restore")
    model.graph.finalize()
    return TrainingGraph(model, train_op, rate, stepped, fitted, initialize, variables, restore, restored)


def _rate(
    learning_rate: float, settings: TrainingSettings, global_step: Node | None, steps_per_epoch: int
) -> Node | float:
    if global_step is None or settings.schedule == "constant":
        return learning_rate
    with graph_of(global_step).name_scope("learning_rate"):
        if settings.schedule == "invscaling":
            return inverse_scaling(learning_rate, global_step + 1.0, settings.power_t)
        epoch = global_step / float(steps_per_epoch)
        return step_decay(learning_rate, epoch, settings.step_size, settings.gamma)


def _optimizer(rate: Node | float, momentum: float, settings: TrainingSettings) -> Optimizer:
    if momentum:
        return MomentumOptimizer(rate, momentum, use_nesterov=settings.nesterov)
    return GradientDescentOptimizer(rate)
