"""Contents: all that the page computes with, as what JSON knows."""

from __future__ import annotations

from math import inf, isfinite
from typing import Any

import numpy as np

from lrfit.analysis.convergence import Method
from lrfit.arrays import Array
from lrfit.errors import DataError, DivergenceError, UsageError
from lrfit.graph.leaves import placeholder
from lrfit.graph.nodes import Graph, Node
from lrfit.graph.ops import reduce_sum, square
from lrfit.graph.passes import apply_passes
from lrfit.graph.program import Program
from lrfit.messages import printable, spelled
from lrfit.training.graph import training_graph
from lrfit.training.plan import TrainingPlan
from lrfit.views.graph_formats.json import document
from lrfit.views.graph_view import GraphView, differentiated

__all__ = ["contents"]

MOST_CELLS = 20_000
"""Most numbers (x, y) of rows in a page; they make it half a megabyte larger."""

MOST_SHOWN = 1000
"""Rows of a sample: more points could not be told apart in a picture."""

MOST_FEATURES = 99
"""Most features: with more, the sigma points alone would exceed `MOST_CELLS`."""

_ANY_MOMENTUM = 0.5
"""A momentum for the graph, into which the page feeds its own."""


def contents(plan: TrainingPlan, *, source: str, command: str) -> dict[str, Any]:
    """The content of the page: all that it shows and computes with.

    Args:
        plan: The run that the page starts with; its data have their rows.
        source: Name of the data.
        command: The command `lrfit train` that reads the same data, without the options that the page
            controls.

    Raises:
        DataError: There are too many features for a page.
        DivergenceError: The loss at the start is not finite.
        UsageError: Mini-batches are asked for, and the rows are too many for a page.
    """
    data = plan.data
    if data.rows is None:
        raise ValueError("a page shows rows, and there are none")
    rows = data.rows.rows()
    _check(plan, rows)
    moments, settings, scaling = plan.moments, plan.settings, plan.scaling
    chosen, has_all = _chosen(rows, settings.seed)
    objective = plan.objective
    bound = Method().max_stable_rate(objective.extremes[1])
    fastest = Method().fastest_rate(*objective.extremes)
    return {
        "source": printable(source),
        "command": command,
        "features": [printable(name) for name in data.features],
        "target": printable(data.target),
        "n_samples": moments.n_samples,
        "points": moments.rescaled(scaling.shift, scaling.scale).sigma_points().tolist(),
        "rows": scaling.apply(chosen).tolist(),
        "has_all_rows": has_all,
        "shift": scaling.shift.tolist(),
        "scale": scaling.scale.tolist(),
        "learning_rate": plan.learning_rate,
        "momentum": plan.method.momentum,
        "batch_size": settings.batch_size,
        "intercept": settings.fit_intercept,
        "standardize": settings.standardize,
        "l2": settings.l2,
        "max_stable_rate": bound if isfinite(bound) else None,  # without momentum, which the page sets
        "fastest_rate": fastest if 0.0 < fastest < inf else None,  # likewise
        "condition_number": objective.condition_number,
        "optimum": _parameters(plan, objective.minimizer),
        "minimum": objective.minimum * plan.loss_unit,
        "minimum_scale": objective.scale * plan.loss_unit,
        "minimizer": objective.minimizer.tolist(),  # in the units of descent, as the root
        "root": (objective.root * scaling.scale[-1]).tolist(),  # A: the excess is ½·‖A·(θ - θ*)‖²
        "loss_unit": plan.loss_unit,
        "programs": _programs(plan),
    }


def _check(plan: TrainingPlan, rows: Array) -> None:
    """Refuse what a page has no room for, and what it could not begin with."""
    if (n_features := plan.moments.n_features) > MOST_FEATURES:
        raise DataError(
            f"a page has room for {MOST_FEATURES} features, and there are {n_features:,}: "
            f"choose some ({spelled(x=...)})"
        )
    if not isfinite(plan.moments.half_mse(*plan.parameters(plan.start.theta))):
        raise DivergenceError("the loss at the start is not finite: start from smaller weights")
    if plan.settings.batch_size and rows.size > MOST_CELLS:
        raise UsageError(
            f"mini-batches need the rows in the page, which has room for {MOST_CELLS:,} numbers, and there "
            f"are {rows.size:,}: leave out {spelled(batch_size=...)}, "
            f"or choose fewer columns ({spelled(x=...)})"
        )


def _chosen(rows: Array, seed: int) -> tuple[Array, bool]:
    """All rows, if they are few enough; else as many of them as can be shown, drawn at random."""
    n_rows, width = rows.shape
    if rows.size <= MOST_CELLS:
        return rows, True
    n_chosen = min(MOST_SHOWN, MOST_CELLS // width)
    chosen = np.random.default_rng(seed).choice(n_rows, n_chosen, replace=False, shuffle=False)
    return np.asarray(rows[np.sort(chosen)]), False


def _parameters(plan: TrainingPlan, theta: Array) -> list[float]:
    """The weights, and the intercept if there is one, in the units of the data."""
    weights, intercept = plan.parameters(theta)
    return [*map(float, weights), *([float(intercept)] if plan.settings.fit_intercept else [])]


def _programs(plan: TrainingPlan) -> dict[str, Any]:
    """The programs that the page runs: what descends, and what is shown of it.

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
    forward, gradients = differentiated(
        Program.of(list(dict.fromkeys([model.loss, model.objective])), [model.x, model.y]),
        model.objective.name,
    )
    return {
        "initialize": _document(Program.of([graph.initialize])),
        "step": _document(apply_passes(Program.of([graph.train_op], [model.x, model.y, *graph.controls()]))),
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
