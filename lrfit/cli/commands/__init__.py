"""The commands, one a file, each named as its file and held in `command`."""
