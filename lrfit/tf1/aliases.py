"""Aliases: where a script runs, `tensorflow` and its modules are `lrfit.tf1` and its modules."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

from lrfit.tf1.refusals import NotHereImportError, not_here

__all__ = ["alias_tensorflow"]


def alias_tensorflow() -> None:
    """From now on, `import tensorflow` imports this package, even if TensorFlow is installed."""
    sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds `tensorflow` and all that is in it."""

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, _Loader()) if f"{fullname}.".startswith("tensorflow.") else None


class _Loader(Loader):
    """Loads the module of this package that a name stands for."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        name = "lrfit.tf1" + spec.name.removeprefix("tensorflow").removeprefix(".compat.v1")
        if not find_spec(name):
            raise NotHereImportError(not_here(spec.name))
        module = import_module(name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Give the module, which has run already, back the attributes that the importer has overwritten."""
        module.__spec__ = self._spec
        if not hasattr(module, "__path__"):
            module.__path__ = []  # so that the importer asks for what is in it, and is told of a refusal
