"""`tf.app`: runs the function `main` of a script, with its flags."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from lrfit.tf1 import flags
from lrfit.tf1.refusals import refuser

__all__ = ["flags", "run"]

__getattr__ = refuser(__name__)


def run(main: Callable[[list[str]], Any] | None = None, argv: Sequence[str] | None = None) -> NoReturn:
    """Call `main` with the script's name and the arguments that are not flags; exit with what it returns.

    Args:
        main: The function; the script's function of that name if None.
        argv: Name of the script and arguments; those of the process if None.

    Raises:
        SystemExit: At the end; with a line for stderr if the value of a flag is wrong.
    """
    try:
        rest = flags.FLAGS(sys.argv if argv is None else argv)
    except flags.IllegalFlagValueError as error:
        sys.exit(f"lrfit.tf1: {error}")
    sys.exit((main or sys.modules["__main__"].main)(rest))
