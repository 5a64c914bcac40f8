"""The door `steady` and `python -m steadyhand`."""

import gc
import os
import sys


def main() -> None:
    """Run the command line and exit with its code.

    Nearly everything that start-up makes lives until the end, so the collector is told to look rarely; and at the end
    the process leaves at once, because what matters was flushed and closed by whoever wrote it. Both together are a
    fifth of a cold start.
    """
    gc.set_threshold(100_000, 50, 100)
    from .cli.streams import open_missing  # noqa: PLC0415 the door itself loads nothing

    open_missing()
    from .cli.main import run  # noqa: PLC0415 the door itself loads nothing

    code = run()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            code = code or 1
    os._exit(code)


if __name__ == "__main__":
    main()
