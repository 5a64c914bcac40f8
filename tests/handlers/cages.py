"""By what reads are confined in tests: as they are, and by each means that this machine really has."""

from __future__ import annotations

from functools import cache

import pytest

from steadyhand.handlers import _confine
from steadyhand.handlers._confine import BUBBLEWRAP, LANDLOCK

CONFINED = (LANDLOCK, BUBBLEWRAP)
MEANS = ("", *CONFINED)


@cache
def lacking(means: str) -> str:
    """Why this machine cannot confine by that means; '' when it can."""
    if means == LANDLOCK and _confine.landlock() < _confine.ENOUGH:
        return f"this kernel has no Landlock of version {_confine.ENOUGH} (Linux 6.12)"
    if means == BUBBLEWRAP and not _confine.bubblewrap():
        return "bubblewrap is not installed: apt-get install bubblewrap"
    why = _confine.trial(means) if means else ""
    return f"{means} does not work here: {why}" if why else ""


def usable(means: str) -> str:
    """The means, or a skip that says why this machine has it not."""
    if lacking(means):
        pytest.skip(lacking(means))
    return means
