"""The training graph: the model, and the node that takes one step of descent by the settings.

The names of its variables are those of `training.variables` in the model document, so they stay what they
are. Who needs a node by what it does asks here, and need not know its name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lrfit.arrays import Array
from lrfit.graph.assignments import assign, global_variables_initializer, group
from lrfit.graph.averaging import polynomial_average
from lrfit.graph.leaves import Variable, constant, is_variable, placeholder
from lrfit.graph.nodes import Node, graph_of
from lrfit.graph.optimizers import GradientDescentOptimizer, MomentumOptimizer, Optimizer
from lrfit.graph.schedules import inverse_scaling, step_decay
from lrfit.model.equation import LinearModel, linear_model
from lrfit.training.settings import TrainingSettings

__all__ = ["GLOBAL_STEP", "TrainingGraph", "start_of", "theta_of", "training_graph", "velocity_of"]


GLOBAL_STEP = "global_step"
"""Name of the variable that counts the steps, where the graph needs it."""


@dataclass(frozen=True, eq=False)
class TrainingGraph:
    """A model, and what a run does with it.

    Attributes:
        model: The equation, its loss and its objective.
        train_op: Node that takes one step, and updates all that goes with it.
        learning_rate: Node of the rate of the next step.
        momentum: Node of the share of the last step that is added to the next; None for plain descent.
        trainable: Names of the variables that a step changes: W, and b if there is one.
        fitted: Names of the variables that the fit takes its parameters from: the same, or their averages.
        initialize: Node that gives all variables their initial values.
        variables: All variables by their names: what a run has to keep to be continued.
        restore: Node that gives the variables the values that are fed to `restored`.
        restored: A placeholder for each variable.
    """

    model: LinearModel
    train_op: Node
    learning_rate: Node
    momentum: Node | None
    trainable: Sequence[str]
    fitted: Sequence[str]
    initialize: Node
    variables: Mapping[str, Node]
    restore: Node
    restored: Mapping[str, Node]

    def values_at(self, theta: Array, like: Mapping[str, Array]) -> dict[str, Array]:
        """Values of all variables for a run that starts to move at θ, at the step at which `like` stands."""
        values = {name: np.zeros_like(value) for name, value in like.items()}
        values |= {name: like[name] for name in (GLOBAL_STEP,) if name in like}
        ends = np.cumsum([np.size(like[name]) for name in self.trainable])[:-1]
        for name, part in zip(self.trainable, np.split(theta, ends), strict=True):
            values[name] = part.reshape(np.shape(like[name]))
        return values


def theta_of(variables: Mapping[str, Array], names: Sequence[str]) -> Array:
    """θ, the weights and then the intercept, from the variables of these names."""
    return np.concatenate([np.ravel(variables[name]) for name in names])


def velocity_of(variables: Mapping[str, Array], theta: Array) -> Array:
    """The velocity that momentum has given each parameter of θ; 0 where there is none."""
    names = [name for name in ("W_momentum", "b_momentum") if name in variables]
    return theta_of(variables, names) if names else np.zeros_like(theta)


def start_of(variables: Mapping[str, Array]) -> tuple[Array, float | None]:
    """The weights, shape (n_features,), and the intercept, None for a model without one, of the variables."""
    return variables["W"][:, 0], float(variables["b"]) if "b" in variables else None


def training_graph(
    weights: Array,
    intercept: float | None,
    settings: TrainingSettings,
    *,
    learning_rate: float,
    momentum: float,
    steps_per_epoch: int,
    is_weighted: bool = False,
) -> TrainingGraph:
    """The graph of a run that starts from these parameters; finished: nothing can be added.

    Args:
        weights: Weights to start from, shape (n_features,).
        intercept: Intercept to start from; None for a model without one.
        settings: The method.
        learning_rate: The settings' rate, or the one chosen for them.
        momentum: The settings' momentum, or the one chosen for them.
        steps_per_epoch: Number of batches.
        is_weighted: Whether the rows that are fed have weights.
    """
    model = linear_model(weights, intercept, l2=settings.l2, is_weighted=is_weighted)
    with model.graph.as_default():
        counts = settings.average or settings.schedule != "constant"
        global_step = Variable(0.0, name=GLOBAL_STEP, trainable=False) if counts else None
        rate = _rate(learning_rate, settings, global_step, steps_per_epoch)
        share = constant(momentum, name="momentum") if momentum else None
        train_op = _optimizer(rate, share, settings).minimize(
            model.objective, clip_norm=settings.clip_norm, global_step=global_step
        )
        trainable = fitted = [variable.name for variable in (model.W, model.b) if variable is not None]
        if settings.average and global_step is not None:
            train_op, averages = polynomial_average(train_op, global_step)
            fitted = [average.name for average in averages.values()]
        initialize = global_variables_initializer(model.graph)
        variables = {variable.name: variable for variable in filter(is_variable, model.graph.nodes)}
        restored = {name: placeholder(v.shape, name=f"restored_{name}") for name, v in variables.items()}
        restore = group(*(assign(v, restored[name]) for name, v in variables.items()), name="restore")
    model.graph.finalize()
    return TrainingGraph(
        model, train_op, rate, share, trainable, fitted, initialize, variables, restore, restored
    )


def _rate(
    learning_rate: float, settings: TrainingSettings, global_step: Node | None, steps_per_epoch: int
) -> Node:
    if global_step is None or settings.schedule == "constant":
        return constant(learning_rate, name="learning_rate")
    with graph_of(global_step).name_scope("learning_rate"):
        n_steps, per_epoch = global_step, float(steps_per_epoch)
        rate_of = {
            "invscaling": lambda: inverse_scaling(learning_rate, n_steps + 1.0, settings.power_t),
            "step": lambda: step_decay(
                learning_rate, n_steps / per_epoch, settings.step_size, settings.gamma
            ),
        }
        return rate_of[settings.schedule]()


def _optimizer(rate: Node, momentum: Node | None, settings: TrainingSettings) -> Optimizer:
    if momentum is not None:
        return MomentumOptimizer(rate, momentum, use_nesterov=settings.nesterov)
    return GradientDescentOptimizer(rate)
