"""Steps: the session in which descent takes place, one step for each batch of the rows that it is given."""

from __future__ import annotations

from collections.abc import Mapping

from lrfit.arrays import Array
from lrfit.graph.program import LoopExecutor
from lrfit.graph.session import Session
from lrfit.graph.shapes import full_shape
from lrfit.training.graph import TrainingGraph

__all__ = ["Steps"]


class Steps:
    """A session of a training graph.

    Args:
        graph: The graph. Its variables start at their initial values.

    Attributes:
        graph: The graph.
    """

    def __init__(self, graph: TrainingGraph) -> None:
        self.graph = graph
        self._session = Session(graph.model.graph)
        self._session.run(graph.initialize)

    @property
    def n_features(self) -> int:
        """Number of features of the model."""
        shape = full_shape(self.graph.model.W.shape)
        return shape[0] if shape else 0

    def use(self, executor: LoopExecutor | None) -> None:
        """Run all batches at once in this executor; batch by batch in NumPy if None."""
        self._session.loop_executor = executor

    def take(self, rows: Array, batch_size: int, n_epochs: int = 1) -> None:
        """Take a step for each batch of rows, in order.

        Args:
            rows: The rows (x, y) in the units of descent, and their weights behind them if the graph takes
                some, shape (n_rows, width).
            batch_size: Number of rows of a step; the last one of an epoch may have fewer.
            n_epochs: Number of times to go over the rows.
        """
        model, k = self.graph.model, self.n_features
        feeds = {model.x: rows[:, :k], model.y: rows[:, k : k + 1]}
        if model.w is not None:
            feeds[model.w] = rows[:, k + 1 :]
        self._session.run_batches(self.graph.train_op, feeds, batch_size=batch_size, n_epochs=n_epochs)

    @property
    def learning_rate(self) -> float:
        """Learning rate of the next step."""
        return float(self._session.run(self.graph.learning_rate))

    def variables(self) -> dict[str, Array]:
        """Values of all variables, by name."""
        values: dict[str, Array] = self._session.run(dict(self.graph.variables))
        return values

    def restore(self, variables: Mapping[str, Array]) -> None:
        """Give all variables these values."""
        self._session.run(
            self.graph.restore, {node: variables[name] for name, node in self.graph.restored.items()}
        )
