"""Events to canonical JSON text and back, and the hash that chains them.

The body of an event is stored as the text that was hashed, never as parsed JSON, so that a verifier needs SHA-256 and
nothing of ours. Text is ASCII (other characters are escaped), keys are sorted, and NaN is refused.

    hash = SHA-256( previous hash (32 bytes) || canonical JSON of [1, stream, seq, at, actor, epoch, type, body] )

The hash before the first event is 32 zero bytes. `body` enters as a string: the canonical text itself.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, get_args

import msgspec
from msgspec.structs import replace

from ..model import canonical
from .types import Event, GateOpened

FORMAT = 1
"""The number of the hashing rule above; it is part of what is hashed."""

GENESIS = bytes(32)

TYPES: dict[str, type[Any]] = {kind.__struct_config__.tag: kind for kind in get_args(Event)}


def name_of(event: Event) -> str:
    """The wire name, such as `step.intended`."""
    return str(type(event).__struct_config__.tag)


def encode(event: Event) -> str:
    """The body as canonical JSON text (ASCII). Raises ValueError for what JSON cannot hold."""
    try:
        body = msgspec.to_builtins(event)
        del body["type"]
        return canonical(body)
    except RecursionError:
        raise ValueError("it is nested too deeply to be written as JSON") from None


def decode(name: str, body: str) -> Event:
    """The event of that wire name. Raises ValueError when the name is unknown or the body does not fit."""
    kind = TYPES.get(name)
    if kind is None:
        raise ValueError(f"unknown event type {name!r}: it was written by a later version")
    try:
        fields = json.loads(body)
        if not isinstance(fields, dict):
            raise ValueError("the body of an event is a JSON object")  # noqa: TRY004 text that is damaged
        event: Event = msgspec.convert({**fields, "type": name}, kind)
    except RecursionError:
        raise ValueError("the body is nested too deeply") from None
    return _in_order(event) if isinstance(event, GateOpened) else event


def _in_order(event: GateOpened) -> GateOpened:
    """Canonical text sorts its keys; people are asked in the order of the runbook."""
    name = "schema" if event.kind == "ask" else "options"
    held = getattr(event, name)
    return replace(event, **{name: {**{key: held[key] for key in event.order if key in held}, **held}})


def chain(before: bytes, stream: str, seq: int, at: int, actor: str, epoch: int, name: str, body: str) -> bytes:
    """The hash (32 bytes) of an event that follows the one with hash `before`."""
    return hashlib.sha256(
        before + canonical([FORMAT, stream, seq, at, actor, epoch, name, body]).encode("ascii")
    ).digest()
