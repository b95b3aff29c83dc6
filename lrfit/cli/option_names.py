"""Option names: settings of the library, written as options of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from lrfit.messages import pasteable, shown

__all__ = ["as_options", "option_name", "synonym"]

_NAMES = {
    "fit_intercept": "--intercept",
    "learning_rate": "--lr",
    "max_time_s": "--max-time",
    "shuffle_parts": "--shuffle parts",
    "separator": "--sep",
    "x": "-x",
    "y": "-y",
}
"""Options whose name differs from that of their setting."""

_SYNONYMS = {
    "--alpha": "--lr (or --l2, a penalty)",
    "--delimiter": "--sep",
    "--eta": "--lr",
    "--features": "-x",
    "--input": "DATA, without an option",
    "--iterations": "--epochs",
    "--lambda": "--l2",
    "--learning-rate": "--lr",
    "--log": "--history",
    "--loss-tolerance": "--tol",
    "--max-iter": "--epochs",
    "--model": "MODEL, without an option",
    "--n-epochs": "--epochs",
    "--normalize": "--standardize",
    "--out": "--output",
    "--penalty": "--l2",
    "--rate": "--lr",
    "--ridge": "--l2",
    "--save": "--output",
    "--scale": "--standardize",
    "--separator": "--sep",
    "--step": "--lr",
    "--steps": "--epochs",
    "--target": "-y",
    "--tolerance": "--tol",
}
"""Names of options in other tools, and those here."""

_SAFE = re.compile(r"(?=.*[0-9A-Za-z])[0-9A-Za-z_.,:/@%+=-]+", re.ASCII)
"""Values that need no quotes in a shell; a lone `,` or `.` is quoted to make it visible."""


def option_name(setting: str) -> str:
    """The option of a setting.

    Examples:
        >>> option_name("learning_rate"), option_name("batch_size")
        ('--lr', '--batch-size')
    """
    return _NAMES.get(setting) or f"--{setting.replace('_', '-')}"


def synonym(name: str) -> str | None:
    """The option that others call by this name; None if it is not known."""
    return _SYNONYMS.get(name.lower().replace("_", "-"))


def as_options(settings: Mapping[str, object]) -> str:
    """These settings, written as options.

    Args:
        settings: Values by the name of their setting. True stands for the bare flag, False for its `--no-`
            form, and `...` for the option with any value.

    Examples:
        >>> as_options({"standardize": True, "learning_rate": "auto"})
        '--standardize --lr auto'
        >>> as_options({"header": False, "x": ...})
        '--no-header -x'
        >>> print(as_options({"separator": ";", "missing": "drop", "thousands": "'"}))
        --sep ';' --missing drop --thousands "'"
    """
    return " ".join(_option(name, value) for name, value in settings.items())


def _option(setting: str, value: object) -> str:
    name = option_name(setting)
    if value is False:
        return f"--no-{name.removeprefix('--')}"
    return name if value is True or value is ... else f"{name} {_value(value)}"


def _value(value: object) -> str:
    if value is None:  # such as `batch_size=None`
        return "full"
    if isinstance(value, Iterable) and not isinstance(value, str):
        value = ",".join(map(str, value))
    text = f"{value:.15g}" if isinstance(value, float) and float(f"{value:.15g}") == value else str(value)
    if "'" in text and text.isprintable():
        return pasteable(text) if any(c in text for c in '"$`\\!') else f'"{text}"'
    return text if _SAFE.fullmatch(text) and len(text) <= len(shown(text)) - 2 else shown(text)
