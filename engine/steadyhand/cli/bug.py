"""A report that can be pasted: what broke, where, on what. It holds no values of variables, so no secrets."""

from __future__ import annotations

import os
import platform
import traceback

from .. import __version__


def report(bug: BaseException) -> str:
    """The text for the person in front of it."""
    frames = traceback.extract_tb(bug.__traceback__)[-12:]
    where = [f"  {frame.filename.rpartition('steadyhand/')[2]}:{frame.lineno} in {frame.name}" for frame in frames]
    lines = [
        "steady: this is a bug of Steadyhand, not of your runbook. The run, if there is one, can be resumed.",
        f"  steadyhand {__version__}, Python {platform.python_version()}, {platform.system()} {platform.release()}",
        f"  {type(bug).__name__}: {bug}",
        *where,
        "  Please report these lines.",
    ]
    if "STEADY_DEBUG" in os.environ:
        lines.append("".join(traceback.format_exception(bug)))
    return "\n".join(lines)
