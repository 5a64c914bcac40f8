"""Any sender of JSON: where its alerts stand is said by the mapping of the intake."""

from __future__ import annotations

from collections.abc import Iterator

from .. import events as e
from ..schema.intakes import IntakeSpec
from .reading import Headers, json_body, reader
from .shaped import alerts


@reader
def read(body: bytes, headers: Headers, options: IntakeSpec) -> Iterator[e.AlertReceived]:
    """The alerts that the mapping finds."""
    return alerts(json_body(body, headers, "a generic intake"), options, {})
