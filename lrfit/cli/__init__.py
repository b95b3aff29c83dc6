"""The command line: options, messages and streams, with one file per command.

Imports all other packages. Start with `group.py`, which finds a command by its file name. To add a command,
write a file in `commands/` with a click command named `command`; shared options are in `options.py`.
"""
