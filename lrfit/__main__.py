"""The program, and `python -m lrfit`: imports within reach of an early Ctrl-C."""

import sys


def main() -> None:
    """Run the arguments of the process, and exit."""
    try:
        from lrfit.cli import run  # noqa: PLC0415

        code = run(sys.argv[1:])
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


if __name__ == "__main__":
    main()
