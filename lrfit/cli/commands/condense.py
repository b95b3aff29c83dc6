"""`lrfit condense`: write the moments of a table, which full batches can be trained on without its rows."""

from __future__ import annotations

import click

from lrfit.cli.help import Command
from lrfit.cli.options import quiet_option
from lrfit.cli.output_files import MOMENTS, check_outputs
from lrfit.cli.streams import piped_data, write_result
from lrfit.cli.table_options import TableOf, data_argument, training_column_options
from lrfit.cli.terminal import Terminal


@click.command(name="condense", cls=Command, short_help="Condense a CSV to the moments that train needs.")
@data_argument()
@training_column_options
@click.option("-o", "--output", metavar="FILE.json", help="Write the moments here.  [default: stdout]")
@quiet_option
def command(*, data: tuple[str, ...], table_of: TableOf, output: str | None, quiet: bool) -> None:
    """Write what full-batch training needs of the CSV files DATA: a few hundred bytes, however many rows.

    Condense the parts of a large table wherever they are, and train on the moments in place of the rows: the
    numbers are the same, to the bit where each part is a whole file. What needs the rows, such as
    --batch-size, cannot do with them.

    \b
    Examples:
      lrfit condense part-1.csv -o part-1.json
      ssh far lrfit condense /data/part-2.csv > part-2.json
      lrfit train 'part-*.json'
    """
    from lrfit.data.moments_document import to_bytes
    from lrfit.data.training_data import condense_table
    from lrfit.system.files import open_output

    data = data or piped_data()
    if output is not None:
        check_outputs({"--output": output}, {"DATA": data}, overwritten={"--output": MOMENTS})
    document = to_bytes(condense_table(table_of(data), Terminal(quiet=quiet)))
    if output is None:
        write_result(document)
        return
    with open_output(output) as file:
        file.write(document)
