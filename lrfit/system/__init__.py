"""The services of the machine: signals, forked workers, files, optional packages, machine code, memory.

Imports only `errors`, `messages` and `arrays`. Start with `files.py`: files written whole or not at all.
To add a service, write a file that asks one thing of the machine, and knows nothing of regression.
"""
