"""lrfit: linear regression by gradient descent, on a static graph.

The graph library's public names live here: `import lrfit`, then `lrfit.placeholder`, `lrfit.gradients`,
`lrfit.Session` and so on. They are imported when first used, so that `lrfit --help` need not import NumPy.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lrfit.autodiff import *
    from lrfit.graph import *
    from lrfit.ops import *
    from lrfit.optimizers import *
    from lrfit.program import *
    from lrfit.session import *

__version__ = "0.1.0"

_PUBLIC_MODULES = ("graph", "ops", "autodiff", "optimizers", "program", "session")


def __getattr__(name: str) -> Any:  # noqa: ANN401
    if not name.startswith("__") and find_spec(f"lrfit.{name}") is None:  # a submodule is imported as such
        for module in map(import_module, (f"lrfit.{module}" for module in _PUBLIC_MODULES)):
            if name in module.__all__:
                return getattr(module, name)
    message = f"module 'lrfit' has no attribute {name!r}"
    raise AttributeError(message)


def __dir__() -> list[str]:
    modules = [import_module(f"lrfit.{module}") for module in _PUBLIC_MODULES]
    return sorted([*globals(), *(name for module in modules for name in module.__all__)])
