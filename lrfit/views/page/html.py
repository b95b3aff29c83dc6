"""The page as one HTML document, made of its data and the files in `assets/`; it needs no other file.

Nothing in the data can become markup: numbers and texts stand in a JSON block in which `<`, `>` and `&` are
escaped, and the scripts give texts to the document as texts. And no script but those of this module runs,
and no request leaves the page: that is the policy in its head, with the hashes of the scripts.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Mapping
from hashlib import sha256
from html import escape
from importlib.resources import files
from string import Template
from typing import Any

from lrfit.errors import DataError
from lrfit.system.optional import import_optional
from lrfit.views.page.page_data import PageData

__all__ = ["page"]

_SCRIPTS = (
    "executor.js",
    "descent.js",
    "format.js",
    "charts.js",
    "surface.js",
    "diagram.js",
    "state.js",
    "display.js",
    "controls.js",
    "page.js",
)
"""The scripts, in the order in which they need each other."""

_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def page(data: PageData) -> bytes:
    """The page, in UTF-8.

    Args:
        data: All that it shows and computes with.

    Raises:
        DataError: A number is not finite.
        UsageError: plotly is not installed.
    """
    plotly: str = import_optional("plotly.offline", "the page").get_plotlyjs()
    script = f"(() => {{\n{''.join(map(_file, _SCRIPTS))}}})();\n"  # with no name that plotly could meet
    hashes = " ".join(f"'sha256-{_hash(text)}'" for text in (plotly, script))
    text = Template(_file("page.html")).substitute(
        policy=f"default-src 'none'; script-src {hashes}; style-src 'unsafe-inline'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'",
        title=escape(f"Gradient descent on {data.source}"),
        style=_file("page.css"),
        contents=_json(vars(data)),
        plotly=plotly,
        script=script,
    )
    return text.encode()


def _json(data: Mapping[str, Any]) -> str:
    """JSON in ASCII that cannot end the element in which it stands."""
    try:
        text = json.dumps(data, allow_nan=False, separators=(",", ":"))
    except ValueError as error:
        raise DataError(
            "a number of the page would not be finite: divide the columns by a power of ten first"
        ) from error
    return text.translate(_ESCAPES)


def _hash(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _file(name: str) -> str:
    return files("lrfit.views.page").joinpath("assets", name).read_text("utf-8")
