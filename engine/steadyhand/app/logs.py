"""What the server writes about itself on standard error: a line each, for people or as JSON for programs.

Set up once, by `steady serve`. Below the driver nothing logs. No line holds a secret: values that the settings name are
taken out, and so is whatever looks like a credential. No text from outside can begin a line of its own.
"""

from __future__ import annotations

import json
import logging
import re
import sys
import traceback
from typing import TYPE_CHECKING, TextIO

from ..expressions.shown import printable
from ..projections.words import civil

if TYPE_CHECKING:
    from ..driver.redaction import Redactor
    from .services import Services

FIELDS = ("run", "stream", "person", "door", "method", "route", "status", "duration", "bytes", "origin")
"""What a line may tell beside its event, given as `extra`."""
LONGEST = 4_000
_CREDENTIALS = (
    (re.compile(r"(?i)\b(bearer|basic|digest|token)(\s+|=)[A-Za-z0-9._~+/=-]{8,}"), r"\1\2***"),
    (
        re.compile(
            r"(?i)((?:password|passwd|secret|api[_-]?key|authorization|cookie)[\"']?\s*[=:]\s*[\"']?)[^\s,;&\"']+"
        ),
        r"\1***",
    ),
    (re.compile(r"(?<=://)[^/\s@:]+:[^/\s@]+@"), "***@"),
)


class Lines(logging.Formatter):
    """One line for each record: `format` is text or json."""

    def __init__(self, form: str, redactor: Redactor | None = None) -> None:
        super().__init__()
        self._json = form == "json"
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """The record as a line (as several, for people, where something has failed)."""
        told = {name: getattr(record, name) for name in FIELDS if getattr(record, name, "") not in {"", None}}
        told = {name: self.clean(value) if isinstance(value, str) else value for name, value in told.items()}
        what = self.clean(record.getMessage())
        failed = self.clean("".join(traceback.format_exception(*record.exc_info)), keep="\n") if record.exc_info else ""
        at, level = _stamp(record.created), record.levelname.lower()
        if self._json:
            line = {"time": at, "level": level, "event": what, "logger": record.name, **told}
            return json.dumps({**line, **({"error": failed} if failed else {})}, ensure_ascii=False)
        more = "".join(f" {name}={value}" for name, value in told.items())
        return f"{at} {level:7} {what}{more}" + "".join(f"\n    {line}" for line in failed.splitlines())

    def clean(self, text: str, keep: str = "") -> str:
        """The text without secrets, and with no character that could begin a line or move a cursor."""
        text = text[:LONGEST] if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
        if self._redactor is not None:
            text = self._redactor.text(text)
        for pattern, instead in _CREDENTIALS:
            text = pattern.sub(instead, text)
        return keep.join(map(printable, text.split(keep))) if keep else printable(text)


def _stamp(created: float) -> str:
    at = int(created * 1_000_000)
    year, month, day, hour, minute, second = civil(at)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{at // 1000 % 1000:03}Z"


def settings_redactor(services: Services) -> Redactor:
    """Knows the values of the secrets that the settings name, as far as they can be had at no cost."""
    from ..driver.redaction import Redactor  # noqa: PLC0415 only where a log is written
    from ..driver.secrets import forewarn  # noqa: PLC0415 only where a log is written

    redactor = Redactor()
    forewarn(redactor, services.settings.secrets, services.cwd, services.environ)
    return redactor


def set_up(form: str, redactor: Redactor | None = None, stream: TextIO | None = None) -> None:
    """From now on, everything that is logged comes out as such lines. Other libraries only say what went wrong."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines(form, redactor))
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    logging.getLogger("steadyhand").setLevel(logging.INFO)
