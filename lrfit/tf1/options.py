"""Options that scripts set, and that have no effect here, where there is one device."""

from __future__ import annotations

from typing import Any

__all__ = ["ConfigProto", "GPUOptions", "RunMetadata", "RunOptions"]


class Options:
    """Options of any names, and options within them."""

    NO_TRACE, SOFTWARE_TRACE, HARDWARE_TRACE, FULL_TRACE = range(4)

    def __init__(self, **options: Any) -> None:
        self.__dict__.update(options)

    def __getattr__(self, name: str) -> Options:
        if name.startswith("__"):
            raise AttributeError(name)
        self.__dict__[name] = Options()
        return self.__dict__[name]  # type: ignore[no-any-return]


ConfigProto = GPUOptions = RunOptions = RunMetadata = Options
