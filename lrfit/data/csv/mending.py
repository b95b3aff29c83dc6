"""Commands that mend the text of a table where no option reads it as it is, to be pasted into a shell."""

from __future__ import annotations

import json
from shlex import quote

from lrfit.data.csv.place import Place

__all__ = ["iso_dates_by_pandas", "iso_dates_by_sed", "numbers_of_fortran", "with_row_names"]

_FROM_FORTRAN = r"sed -E 's/([0-9.])[dD]([-+]?[0-9])/\1e\2/g'"
_FROM_DOTTED = r"sed -E 's/([0-9]{2})\.([0-9]{2})\.([0-9]{4})/\3-\2-\1/g'"


def numbers_of_fortran(place: Place) -> str:
    """The command that writes 1.2e-03 for 1.2D-03."""
    return _filtered(_FROM_FORTRAN, place)


def iso_dates_by_sed(place: Place) -> str:
    """The command that writes 2026-03-01 for 01.03.2026."""
    return _filtered(_FROM_DOTTED, place)


def with_row_names(place: Place) -> str:
    """The command that names a first column which the header leaves out."""
    separator = place.layout.format.joint
    in_sed = {"\t": r"\t", "/": r"\/", "\\": r"\\", "&": r"\&"}.get(separator, separator)
    return _filtered(f"sed {quote(f'1s/^/row{in_sed}/')}", place)


def iso_dates_by_pandas(name: str, place: Place) -> str:
    """The command that writes the dates of a column by ISO 8601; empty for a table that is no file."""
    path = _path(place)
    if path is None:
        return ""
    separator = place.layout.format.separator
    options = "" if separator == "," else f", sep={json.dumps(separator)}"
    column = f"d[{json.dumps(name)}]"
    script = (
        f"import pandas as p; d = p.read_csv({json.dumps(path)}{options}); "
        f'{column} = p.to_datetime({column}); d.to_csv("mended.csv", index=False)'
    )
    return f"python -c {quote(script)}"


def _filtered(command: str, place: Place) -> str:
    """A command that filters a text, with the table's own name if it is a file."""
    path = _path(place)
    return f"pipe it through {command}" if path is None else f"{command} '{path}' > mended.csv"


def _path(place: Place) -> str | None:
    """The path of the table; None if it is no file, or if messages do not have all of it."""
    name = place.layout.source_name
    is_whole = name.startswith("'") and not any(c in name for c in "\\…")
    return name[1:-1] if is_whole else None
