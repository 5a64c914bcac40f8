"""What differs between two captured values, as a unified diff of them written as JSON. Pure.

Used by the transcripts for what was captured before a change and after it, and by handlers that can tell what a change
would do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from difflib import unified_diff
from typing import Any

from .sections import Attempt

MOST = 400
"""Lines of a diff that are kept."""
AROUND = 3
"""Lines that stay the same and are shown around those that differ."""

SUBJECTS = ("object", "objects", "json", "rows", "stdout", "body")
"""What a capture is about, the first of these that its result has. Without any, it is all of the result."""
FLEETING = frozenset({"duration", "timings", "message", "signal", "held_open", "tls"})
"""Results that say how it was read, and not what."""


def captured(attempts: Sequence[Attempt]) -> Iterator[tuple[str, str]]:
    """For each capture that was taken before a change and after it: its name, and what differs ('' for nothing)."""
    last = {attempt.path: attempt for attempt in attempts if attempt.values}
    for path, before in last.items():
        head, mark, name = path.rpartition(":before.")
        after = last.get(f"{head}:after.{name}") if mark else None
        if after is not None:
            yield name, differences(_subject(before.values), _subject(after.values))


def _subject(values: Mapping[str, Any]) -> Any:
    name = next((name for name in SUBJECTS if values.get(name) is not None), "")
    return values[name] if name else {k: v for k, v in values.items() if k not in FLEETING}


def differences(before: Any, after: Any, most: int = MOST) -> str:
    """A unified diff; '' when nothing differs. None stands for nothing at all."""
    lines = list(unified_diff(_lines(before), _lines(after), "before", "after", lineterm="", n=AROUND))
    more = [f"... and {len(lines) - most} more lines"] if len(lines) > most else []
    return "\n".join([*lines[:most], *more])


def _lines(value: Any) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.splitlines()
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False).splitlines()
