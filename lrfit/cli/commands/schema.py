"""`lrfit schema`: print the JSON Schema of what `lrfit train` writes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from lrfit.cli.help import Command
from lrfit.cli.streams import write_result


@click.command(name="schema", cls=Command, short_help="Print the JSON Schema of what is written.")
@click.argument("what", type=click.Choice(["model", "history", "moments"]), default="model")
def command(*, what: str) -> None:
    """Print the JSON Schema of a model document, of a row of a history as an object, or of moments.

    Within a version of the format, fields may be added, but none is renamed or moved.

    \b
    Examples:
      lrfit schema > model.schema.json
      lrfit schema history
    """
    import json

    from lrfit.data import moments_document
    from lrfit.model import document_file
    from lrfit.model.schema import document_schema
    from lrfit.training.history_file import history_schema

    schemas: dict[str, Callable[[], dict[str, Any]]] = {
        "model": lambda: document_schema(document_file.FORMAT),
        "history": history_schema,
        "moments": lambda: document_schema(moments_document.FORMAT),
    }
    write_result(json.dumps(schemas[what](), indent=1, ensure_ascii=False) + "\n")
