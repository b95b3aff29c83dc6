"""The services of the machine: signals, forked workers, files, optional packages, machine code, memory.

Imports nothing of lrfit but the ground. Start with `files.py`: how a file is written whole or not at all.
To add a member, write a file that asks one thing of the machine, and knows nothing of regression.
"""
