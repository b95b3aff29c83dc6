"""From bytes to rows and their moments, read once from front to back.

Imports `errors`, `messages`, `arrays`, `system`, `analysis`. Start with `block.py`: what is read at a time.
To add a kind of file, write one beside `csv/` with the members of its `Table`, and open it in `tables.py`.
"""
