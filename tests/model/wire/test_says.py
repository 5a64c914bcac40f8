"""Names that are fine, and names that are not."""

from __future__ import annotations

import re

import pytest

from steadyhand.model.wire.says import NAME, RUN


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (NAME, "disk-full", True),
        (NAME, "../etc/passwd", False),
        (NAME, "Disk", False),
        (RUN, "rgq0b7k2m4xw", True),
        (RUN, "rgq0b7k200000-00ff00ff00ff00ff", True),
        (RUN, "alert:am:1", False),
        (RUN, "access:2026-11", False),
        (RUN, "r", False),
    ],
)
def test_what_may_be_called_so(pattern, text, fits):
    assert bool(re.fullmatch(pattern, text)) is fits
