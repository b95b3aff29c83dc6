"""From bytes to rows and their moments, read once from front to back.

Imports the ground and `analysis`. Start with `training_data.py`: what a run is given. To add a kind of input
file, write a file or folder beside `csv/` with a table that has a `header` and `map_blocks`.
"""
