"""What a check saw: one row per expectation, with expected and actual side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, field


class Finding(Struct, frozen=True):
    """One expectation, held against the result.

    `holds` is True, False, or None when it could not be told (with `actual` saying why). `names` are the values of
    the names an expression used. All texts are short enough to read (long values are cut with their length told).
    """

    subject: str
    expected: str
    actual: str
    holds: bool | None
    names: Mapping[str, str] = field(default_factory=dict)


class Verdict(Struct, frozen=True):
    """A judged result: `outcome` is pass, fail or error; `reason` is one sentence."""

    outcome: str
    reason: str
    findings: tuple[Finding, ...] = ()


class Artifact(Struct, frozen=True):
    """Output that was kept beside the journal.

    `name` is the stream (stdout, stderr, body, ...). `size` is how many bytes came, `digest` their SHA-256 (hex),
    `sha256` names what was stored (the first `stored` bytes after redaction). `head` and `tail` are excerpts; `tail`
    is empty when the head is everything. `whole` is true when what was stored is all that came.
    """

    name: str
    size: int
    digest: str
    sha256: str
    stored: int
    head: str
    tail: str = ""
    whole: bool = True


class Need(Struct, frozen=True):
    """One thing that a step needs, as preflight saw it.

    `holds` is None when it could not be told. `why` says what was found, `how` how to get what is missing.
    """

    what: str
    holds: bool | None
    why: str = ""
    how: str = ""


class Result(Struct, frozen=True):
    """What `perform` hands back: names to Json values (the handler's `results`)."""

    values: Mapping[str, Any] = field(default_factory=dict)
