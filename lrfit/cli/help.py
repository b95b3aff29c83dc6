"""Help: the options of a command under headings."""

from __future__ import annotations

import click

__all__ = ["Command"]

_HEADINGS = {
    "Columns": ("x", "y", "drop", "dates", "categories", "weights", "by"),
    "Reading": (
        "separator",
        "decimal",
        "thousands",
        "strip",
        "na",
        "missing",
        "comment",
        "skip",
        "skip_below",
        "skip_footer",
        "encoding",
        "header",
    ),
    "Model": ("fit_intercept", "l2", "init"),
    "Descent": (
        "learning_rate",
        "epochs",
        "batch_size",
        "momentum",
        "nesterov",
        "schedule",
        "power_t",
        "step_size",
        "gamma",
        "clip_norm",
        "average",
        "shuffle",
        "seed",
        "standardize",
        "condense",
    ),
    "Stopping": ("tol", "validation_fraction", "validation_rows", "validation", "patience", "max_time_s"),
    "Going on": ("resume", "allow_changes", "checkpoint_every"),
    "Running": ("executor", "max_memory", "cluster"),
}
"""Names of options by their headings, in the order of help; all others come last."""

_SETTINGS = ("Model", "Descent", "Stopping")
"""Headings of the settings of `lrfit train`."""

_OTHERS = "Output"

_SHUFFLES = {"--shuffle parts": "--shuffle-parts", "--shuffle rows": "--shuffle"}
"""Options that `--shuffle` with a word stands for."""


class Command(click.Command):
    """A command whose help lists its options under headings.

    Args:
        refers: Whether its help leaves out the settings of `lrfit train`, and says where they are explained.
        arguments: Arguments of `click.Command`.
        attributes: Its named arguments.
    """

    def __init__(self, *arguments: object, refers: bool = False, **attributes: object) -> None:
        super().__init__(*arguments, **attributes)  # type: ignore[arg-type]
        self._refers = refers

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the arguments; an override of click's, whose switches take no words.

        `--shuffle parts` and `--shuffle rows` are written as one argument each.
        """
        text = [*args, ""]
        joined: list[str] = []
        while text[:-1]:
            two = f"{text[0]} {text[1]}".replace("=", " ").strip() if text[0].startswith("--shuffle") else ""
            word = next((word for start, word in _SHUFFLES.items() if two.startswith(start)), None)
            is_apart = text[0] == "--shuffle"
            joined.append(word or text[0])
            text = text[2 if word and is_apart else 1 :]
        return super().parse_args(ctx, joined)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, heading by heading; an override of click's."""
        headings = {name: heading for heading, names in _HEADINGS.items() for name in names}
        records: dict[str, list[tuple[str, str]]] = {heading: [] for heading in (*_HEADINGS, _OTHERS)}
        options = (parameter for parameter in self.get_params(ctx) if isinstance(parameter, click.Option))
        for parameter in options:
            heading = headings.get(parameter.name or "", _OTHERS)
            records[heading] += filter(None, [parameter.get_help_record(ctx)])
        for heading, listed in records.items():
            if listed and not (self._refers and heading in _SETTINGS):
                with formatter.section(heading):
                    formatter.write_dl(listed)
        if self._refers:
            with formatter.section("Settings"):
                formatter.write_text(f"Those of lrfit train: {', '.join(_SETTINGS)}; see lrfit train --help.")
