"""From bytes to rows and their moments, read once from front to back.

Imports the ground and `analysis`. Start with `block.py`: what is read at a time, and how its numbers lie.
To add a kind of file, write a file or folder beside `csv/` with a table that has `header` and `map_blocks`.
"""
