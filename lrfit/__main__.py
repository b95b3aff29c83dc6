"""The entry point of `lrfit`: it handles Ctrl-C even while modules are imported, and exits fast."""

import gc
import os
import sys

_MANY_OBJECTS = 100_000


def main() -> None:
    """Run the arguments of the process, and exit."""
    gc.set_threshold(_MANY_OBJECTS)  # importing makes many objects, and no garbage to look for among them
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # no product here is worth a thread, nor its waiting
    try:
        from lrfit.system.interrupts import end_on_signals, ignore_signals  # noqa: PLC0415

        end_on_signals()
        code = _code()
        ignore_signals()
    except KeyboardInterrupt:  # before signals were taken over
        code = 130
    gc.freeze()  # the process is about to free all there is: spare it a last look for garbage
    sys.exit(code)


def _code() -> int:
    """The exit code of the command line, whose output has been written."""
    from lrfit.cli.streams import prepare_streams, settle_streams  # noqa: PLC0415

    prepare_streams()
    code = _code_of_run()
    settle_streams()
    return code


def _code_of_run() -> int:
    """The exit code; 1 for a bug, said in a line (`python -X dev` shows all of it)."""
    from lrfit.cli.group import run  # noqa: PLC0415

    try:
        return run(sys.argv[1:])
    except Exception as error:
        if sys.flags.dev_mode:
            raise
        from traceback import extract_tb  # noqa: PLC0415

        from lrfit.messages import shown  # noqa: PLC0415

        place = extract_tb(error.__traceback__)[-1]
        print(  # noqa: T201
            f"lrfit: error: this is a bug in lrfit ({type(error).__name__} {shown(str(error))}, in "
            f"{os.path.basename(place.filename)}, line {place.lineno}); please report it, with the command",  # noqa: PTH119
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    main()
