"""`tf.flags`: settings of a script that the command line can change.

As in Abseil: `--name value` or `--name=value`, also with one dash; for a switch, `--name`, `--noname` or
`--name=true`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from lrfit.tf1.refusals import refuser

__all__ = [
    "FLAGS",
    "DEFINE_bool",
    "DEFINE_boolean",
    "DEFINE_float",
    "DEFINE_integer",
    "DEFINE_string",
    "FlagValues",
    "IllegalFlagValueError",
]

__getattr__ = refuser(__name__)

_TRUTH = {
    "true": True,
    "t": True,
    "1": True,
    "yes": True,
    "false": False,
    "f": False,
    "0": False,
    "no": False,
}


class IllegalFlagValueError(ValueError):
    """A flag of the command line has no value, or one of the wrong type."""


class _Flag(NamedTuple):
    """A flag: what it is for, and the function that makes a value of a text."""

    help: str
    parse: Callable[[Any], Any]


class FlagValues:
    """The flags of a script, as attributes; the command line is read when the first is asked for."""

    def __init__(self) -> None:
        self.__dict__.update(_flags={}, _values={}, _is_parsed=False)

    def define(self, name: str, default: Any, about: str, parse: Callable[[Any], Any]) -> None:
        """Add a flag, or replace the one of this name."""
        self._flags[name] = _Flag(about or "", parse)
        self._values[name] = None if default is None else parse(default)

    def __call__(self, argv: Sequence[str]) -> list[str]:
        """Take flags from the name of a script and its arguments, and return what is left.

        Raises:
            IllegalFlagValueError: A flag has no value, or one of the wrong type.
            SystemExit: `--help` has been asked for, and written.
        """
        self.__dict__["_is_parsed"] = True
        rest = list(argv[:1])
        arguments = iter(argv[1:])
        for argument in arguments:
            name, has_value, text = argument.removeprefix("-").removeprefix("-").partition("=")
            switch = name if self._is_switch(name) else name.removeprefix("no")
            if argument == "--":
                return [*rest, *arguments]
            if not argument.startswith("-"):
                rest.append(argument)
            elif not has_value and self._is_switch(switch):
                self._values[switch] = switch == name
            elif name in self._flags:
                self._values[name] = self._parsed(name, text if has_value else next(arguments, None))
            elif name == "help":
                print(self._usage(rest[0]))
                sys.exit()
            else:
                rest.append(argument)
        return rest

    def _is_switch(self, name: str) -> bool:
        return name in self._flags and self._flags[name].parse is _truth

    def _parsed(self, name: str, text: str | None) -> Any:
        if text is None:
            raise IllegalFlagValueError(f"the flag --{name} has no value: write --{name}=VALUE")
        try:
            return self._flags[name].parse(text)
        except ValueError as error:
            raise IllegalFlagValueError(f"the flag --{name} has a wrong value: {error}") from None

    def _usage(self, script: str) -> str:
        flags = [
            f"  --{name}: {flag.help} (now {self._values[name]!r})" for name, flag in self._flags.items()
        ]
        return "\n".join([f"flags of {script}:", *flags])

    def __getattr__(self, name: str) -> Any:
        if name not in self._flags:
            raise AttributeError(f"there is no flag {name!r}; there are {', '.join(self._flags) or 'none'}")
        if not self._is_parsed:
            self(sys.argv)
        return self._values[name]

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._flags:
            raise AttributeError(f"there is no flag {name!r}: define it before its value is set")
        if not self._is_parsed:
            self(sys.argv)
        self._values[name] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self._flags)

    def flag_values_dict(self) -> dict[str, Any]:
        """The values of all flags, by name."""
        return {name: getattr(self, name) for name in self}


def _truth(value: Any) -> bool:
    if str(value).lower() not in _TRUTH:
        raise ValueError(f"{value!r} is neither true nor false")
    return _TRUTH[str(value).lower()]


FLAGS = FlagValues()
"""The flags of the process."""


def DEFINE_string(name: str, default: Any, help: str = "") -> None:
    """Add a flag whose value is a text."""
    FLAGS.define(name, default, help, str)


def DEFINE_integer(name: str, default: Any, help: str = "") -> None:
    """Add a flag whose value is a whole number."""
    FLAGS.define(name, default, help, int)


def DEFINE_float(name: str, default: Any, help: str = "") -> None:
    """Add a flag whose value is a number."""
    FLAGS.define(name, default, help, float)


def DEFINE_bool(name: str, default: Any, help: str = "") -> None:
    """Add a flag that is true or false."""
    FLAGS.define(name, default, help, _truth)


DEFINE_boolean = DEFINE_bool
