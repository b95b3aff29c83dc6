"""Optional packages: imported when they are needed, or refused with the command that installs them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from lrfit.errors import UsageError

__all__ = ["import_optional"]


def import_optional(module: str, user: str) -> ModuleType:
    """Import a module of an optional package.

    Args:
        module: The module's full name, which begins with the package's name.
        user: The thing that needs it, for the message.

    Raises:
        UsageError: The package is not installed, or cannot be imported. The message names the command that
            installs it.

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
