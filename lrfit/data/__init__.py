"""From bytes to rows and their moments, read once from front to back.

Imports `errors`, `messages`, `arrays`, `system`, `analysis`. Start with `block.py`: what is read at a time.
To add a kind of file, write a folder beside `csv/` and `columnar/` with a `TableFile`; `opening.py` opens it.
"""
