"""Extras: packages that some things need and lrfit does not, and the word on one that is missing."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lrfit.errors import UsageError

__all__ = ["import_optional"]


def import_optional(module: str, user: str) -> ModuleType:
    """The module of an optional package.

    Args:
        module: Its name, of which the first part is that of the package.
        user: What needs it, for the message.

    Raises:
        UsageError: The package is not installed, or cannot be imported; names the command that installs it.

    Examples:
        >>> import_optional("math", "a sum").__name__
        'math'
        >>> import_optional("lrfit_imaginary", "a picture")
        Traceback (most recent call last):
            ...
        lrfit.errors.UsageError: a picture needs lrfit_imaginary: pip install lrfit_imaginary
    """
    package = module.partition(".")[0]
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        missing = (error.name or package).partition(".")[0]
        reason = "" if missing == package else f", with {missing}"
        raise UsageError(f"{user} needs {package}{reason}: pip install {missing}") from error
    except ImportError as error:
        raise UsageError(f"{user} needs {package}, which cannot be imported: {error}") from error
