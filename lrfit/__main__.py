"""The program, and `python -m lrfit`: imports within reach of an early Ctrl-C, and a quick process."""

import gc
import os
import sys

_MANY_OBJECTS = 100_000


def main() -> None:
    """Run the arguments of the process, and exit."""
    gc.set_threshold(_MANY_OBJECTS)  # importing makes many objects, and no garbage to look for among them
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no product here is worth a thread, nor its waiting
    try:
        from lrfit.interrupts import end_on_signals  # noqa: PLC0415

        end_on_signals()
        from lrfit.cli import run  # noqa: PLC0415
        from lrfit.terminal import prepare_streams  # noqa: PLC0415

        prepare_streams()
        code = run(sys.argv[1:])
    except KeyboardInterrupt:  # before signals were taken over
        code = 130
    gc.freeze()  # the process is about to free all there is: spare it a last look for garbage
    sys.exit(code)


if __name__ == "__main__":
    main()
