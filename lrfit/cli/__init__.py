"""The command line: options, words and streams, one command a file.

Imports all rooms. Start with `group.py`, which finds a command by its file name. To add a command, write a
file in `commands/` with a click command named `command`; its options are made in `options.py`.
"""
