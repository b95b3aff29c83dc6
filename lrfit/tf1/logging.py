"""`tf.logging`: messages to stderr, from level WARN on unless set otherwise, through Python's logging."""

from __future__ import annotations

import logging
from typing import Any

from lrfit.tf1.refusals import refuser

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "WARN",
    "debug",
    "error",
    "fatal",
    "get_verbosity",
    "info",
    "log",
    "set_verbosity",
    "warn",
    "warning",
]

__getattr__ = refuser(__name__)

DEBUG, INFO, WARN, ERROR, FATAL = (
    logging.DEBUG,
    logging.INFO,
    logging.WARNING,
    logging.ERROR,
    logging.CRITICAL,
)

_logger = logging.getLogger("tensorflow")


def log(level: int, msg: Any, *args: Any) -> None:
    """Write a message of this level, with the arguments put in by `%`."""
    if not _logger.hasHandlers():
        handler = logging.StreamHandler()
        handler.setFormatter(logging.Formatter(logging.BASIC_FORMAT))
        _logger.addHandler(handler)
    _logger.log(level, msg, *args)


def debug(msg: Any, *args: Any) -> None:
    """Write a message of level DEBUG."""
    log(DEBUG, msg, *args)


def info(msg: Any, *args: Any) -> None:
    """Write a message of level INFO."""
    log(INFO, msg, *args)


def warn(msg: Any, *args: Any) -> None:
    """Write a message of level WARN."""
    log(WARN, msg, *args)


def error(msg: Any, *args: Any) -> None:
    """Write a message of level ERROR."""
    log(ERROR, msg, *args)


def fatal(msg: Any, *args: Any) -> None:
    """Write a message of level FATAL; the script goes on."""
    log(FATAL, msg, *args)


warning = warn


def set_verbosity(verbosity: int) -> None:
    """Write messages of this level and above."""
    _logger.setLevel(verbosity)


def get_verbosity() -> int:
    """The lowest level of messages that are written."""
    return _logger.getEffectiveLevel()
