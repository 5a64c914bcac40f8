"""The door `steady` and `python -m steadyhand`."""

import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from .cli.main import run  # noqa: PLC0415 the door itself loads nothing

    sys.exit(run())


if __name__ == "__main__":
    main()
