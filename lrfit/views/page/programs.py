"""The programs that the page runs: the training program, and what is shown of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lrfit.graph.leaves import placeholder
from lrfit.graph.nodes import Graph, Node
from lrfit.graph.ops import reduce_sum, square
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program
from lrfit.training.graph import training_graph
from lrfit.training.plan import TrainingPlan
from lrfit.views.graph_annotations import differentiated
from lrfit.views.graph_formats.json import document
from lrfit.views.graph_view import GraphView

__all__ = ["page_programs"]

_ANY_MOMENTUM = 0.5
"""A momentum for the graph, into which the page feeds its own."""


def page_programs(plan: TrainingPlan) -> dict[str, Any]:
    """The programs of a page, each as the JSON that `lrfit graph` prints.

    `initialize` gives the variables their first values, `step` takes a step, `forward` computes the loss and
    the gradients along its `edges`, `predict` gives y_hat, and `read` says where the variables stand.

    The rate and the momentum are fed: any node may be. With a momentum of 0 the steps are those of plain
    descent, bit for bit.
    """
    graph = training_graph(
        plan.start.weights,
        plan.start.intercept,
        plan.settings,
        learning_rate=plan.learning_rate,
        momentum=_ANY_MOMENTUM,
        steps_per_epoch=1,
    )
    model = graph.model
    controls = [node for node in (graph.learning_rate, graph.momentum) if node is not None]
    forward, gradients = differentiated(
        Program.of(list(dict.fromkeys([model.loss, model.objective])), [model.x, model.y]),
        model.objective.name,
    )
    return {
        "initialize": _document(Program.of([graph.initialize])),
        "step": _document(apply_passes(Program.of([graph.train_op], [model.x, model.y, *controls]))),
        "forward": _document(forward),
        "objective": model.objective.name,
        "edges": [
            {"node": node.name, "input": position, "gradient": gradient.name}
            for (node, position), gradient in gradients.items()
        ],
        "predict": _document(Program.of([model.y_hat], [model.x])),
        "read": _document(_reading(plan)),
    }


def _reading(plan: TrainingPlan) -> Program:
    """From W and b in the units of descent, those in the units of the data, and the excess there.

    The excess is made from the distance from the minimiser, so that nothing cancels; see `Objective`.
    """
    k, scaling, objective = plan.moments.n_features, plan.scaling, plan.objective
    minimizer, root = objective.minimizer[:, np.newaxis], objective.root
    scale, shift = scaling.scale[:, np.newaxis], scaling.shift[:, np.newaxis]
    with Graph().as_default():
        W = placeholder((k, 1), name="W")  # noqa: N806 (the equation's letter)
        weights = W * scale[-1] / scale[:-1]
        slope: Node = root[:, :k] @ (W - minimizer[:k])
        feeds, fetches = [W], [weights]
        if plan.settings.fit_intercept:
            b = placeholder((), name="b")
            offset = scaling.shift[-1] - reduce_sum(weights * shift[:-1])
            slope = slope + root[:, k:] * (b - objective.minimizer[k])
            feeds.append(b)
            fetches.append(scaling.scale[-1] * b + offset)
        excess = reduce_sum(square(slope)) / 2.0 * plan.loss_unit
    return Program.of([excess, *fetches], feeds)


def _document(program: Program) -> dict[str, Any]:
    return document(GraphView(program))
