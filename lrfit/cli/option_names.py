"""Names of options: how the command line writes what the library calls by the names of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from shlex import quote

__all__ = ["as_options", "option_name"]

_NAMES = {
    "fit_intercept": "--intercept",
    "learning_rate": "--lr",
    "max_time_s": "--max-time",
    "separator": "--sep",
    "x": "-x",
    "y": "-y",
}


def option_name(setting: str) -> str:
    """The option of a setting.

    Examples:
        >>> option_name("learning_rate"), option_name("batch_size")
        ('--lr', '--batch-size')
    """
    return _NAMES.get(setting) or f"--{setting.replace('_', '-')}"


def as_options(settings: Mapping[str, object]) -> str:
    """Settings as options of a command line; `...` stands for any value.

    Examples:
        >>> print(as_options({"standardize": True, "learning_rate": "auto", "separator": ";"}))
        --standardize --lr auto --sep ';'
        >>> as_options({"header": False, "epochs": ...})
        '--no-header --epochs'
    """
    return " ".join(_as_option(option_name(name), value) for name, value in settings.items())


def _as_option(name: str, value: object) -> str:
    if value is True or value is ...:
        return name
    if value is False:
        return f"--no-{name.removeprefix('--')}"
    if isinstance(value, float):
        return f"{name} {value:.15g}" if float(f"{value:.15g}") == value else f"{name} {value!r}"
    return f"{name} {_pasteable(str(value))}"


def _pasteable(text: str) -> str:
    """A value as a shell takes it; signs stand in quotes, so that they are seen as such."""
    text = text.replace("\t", "\\t")
    return quote(text) if text.isalnum() or len(text) > 1 else f"'{text}'"
