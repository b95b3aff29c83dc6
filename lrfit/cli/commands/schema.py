"""`lrfit schema`: print the JSON Schema of what `lrfit train` writes."""

from __future__ import annotations

import click

from lrfit.cli.help import Command
from lrfit.cli.streams import write_result


@click.command(name="schema", cls=Command, short_help="Print the JSON Schema of models or histories.")
@click.argument("what", type=click.Choice(["model", "history"]), default="model")
def command(*, what: str) -> None:
    """Print the JSON Schema of a model document, or of a row of a history as an object.

    Within a version of the format, fields may be added, but none is renamed or moved.

    \b
    Examples:
      lrfit schema > model.schema.json
      lrfit schema history
    """
    import json

    from lrfit.model.schema import document_schema
    from lrfit.training.history_file import history_schema

    schema = {"model": document_schema, "history": history_schema}[what]()
    write_result(json.dumps(schema, indent=1, ensure_ascii=False) + "\n")
