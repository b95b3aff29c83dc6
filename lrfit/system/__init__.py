"""Everything that lrfit asks of the machine: signals, processes, files, packages, machine code, memory.

Imports nothing of lrfit but `errors` and `arrays`. Start with `files.py`: how a file is written whole or not
at all. To add a member, write a file that asks one thing of the machine, and knows nothing of regression.
"""
