"""Training by groups on the command line: a run for each group, a table with a row each."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lrfit.cli.group_report import groups_csv, groups_text
from lrfit.cli.streams import result_is_seen, write_result
from lrfit.cli.terminal import Terminal
from lrfit.data.training_data import TrainingData
from lrfit.errors import DivergenceError
from lrfit.messages import shown
from lrfit.model.document import ModelDocument
from lrfit.model.document_file import to_lines
from lrfit.system.files import open_output
from lrfit.training import advice
from lrfit.training.loop import descend
from lrfit.training.plan import TrainingPlan
from lrfit.training.planning import plan_training
from lrfit.training.settings import TrainingSettings
from lrfit.training.summary import summarize
from lrfit.views.number_texts import number_text_of

__all__ = ["train_groups"]


def train_groups(
    groups: Sequence[TrainingData],
    settings: TrainingSettings,
    terminal: Terminal,
    result: tuple[str | None, str, int | str | None],
    *,
    executor: str,
) -> None:
    """Run descent for each group, save the models, and print the result.

    Args:
        groups: The data of each group.
        settings: How to descend.
        terminal: Where notes and progress are shown.
        result: The file for the models, None for none; the format of what is printed; and its digits, see
            `number_text_of`.
        executor: What runs the graph.

    Raises:
        DivergenceError: The run of a group diverged; nothing is saved.
    """
    output, output_format, digits = result
    fits = []
    with terminal.work("groups") as advance:
        for i, data in enumerate(groups):
            advance(i, len(groups))
            fits.append(_fit(data, settings, terminal, executor))
    far = [name_of(fit) for fit in fits if fit.training and not fit.training.converged]
    terminal.note(f"{len(fits)} groups" + (f"; not converged: {', '.join(far)}" if far else ""))
    documents = to_lines(fits)
    if output is not None:
        with open_output(output) as file:
            file.write(documents)
    number_text = number_text_of(digits, is_seen=result_is_seen())
    results: dict[str, Callable[[], str | bytes]] = {
        "text": lambda: groups_text(fits, number_text),
        "json": lambda: documents,
        "csv": lambda: groups_csv(fits, ","),
        "tsv": lambda: groups_csv(fits, "\t"),
    }
    write_result(results[output_format]())


def name_of(fit: ModelDocument) -> str:
    """The group of a model."""
    return shown(fit.group.level) if fit.group else ""


def _fit(data: TrainingData, settings: TrainingSettings, terminal: Terminal, executor: str) -> ModelDocument:
    """The model of one group."""
    where = f"{data.group.column}={data.group.level}" if data.group else ""
    try:
        plan: TrainingPlan = plan_training(data, settings)
        for text in advice.warnings(plan):
            terminal.warn(f"{where}: {text}")
        last = plan.last_epoch
        for record in descend(plan, executor=executor, next_due=lambda epoch: last):  # noqa: ARG005, B007
            pass
    except DivergenceError as error:
        raise DivergenceError(f"{where}: {error} Nothing was saved.") from error
    return summarize(plan, record)
