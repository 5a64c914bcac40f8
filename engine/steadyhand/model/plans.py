"""What a handler would do, as a value: shown to people, bound by an approval, carried out once.

A plan is made by the pure half of a handler. Its digest covers everything that decides the effect: the handler, the
request with its secrets by name, and the targets. It does not cover secret values, which are not known yet.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct, to_builtins

from .text import Text, Value

Json = Any
"""A JSON value: None, bool, int, float, str, list of Json, dict from str to Json."""

Requested = Any
"""A Json value in which any string may also be a `Text`."""


class Plan(Struct, frozen=True):
    """What would be done. `preview` is masked, and what a person approves; `request` is all that `perform` may need."""

    handler: str
    preview: str
    request: Mapping[str, Requested]
    targets: tuple[str, ...] = ()

    @property
    def digest(self) -> str:
        """SHA-256 (hex) over handler, request and targets, in canonical form."""
        return digest({"handler": self.handler, "request": self.request, "targets": self.targets})


def secrets_in(value: Requested) -> frozenset[str]:
    """The names of all secrets anywhere in a request."""
    if isinstance(value, Text):
        return frozenset(value.secrets)
    if isinstance(value, Mapping):
        return frozenset[str]().union(*(secrets_in(v) for v in value.values()))
    if isinstance(value, (list, tuple)):
        return frozenset[str]().union(*(secrets_in(v) for v in value))
    return frozenset()


def unknown_in(value: Requested) -> bool:
    """Whether anything in a request is not known yet, so that nothing can be sent of it."""
    if isinstance(value, Text):
        return any(isinstance(part, Value) and not part.known for part in value.parts)
    if isinstance(value, Mapping):
        return any(unknown_in(v) for v in value.values())
    return isinstance(value, (list, tuple)) and any(unknown_in(v) for v in value)


def canonical(value: Json) -> str:
    """One spelling for one value: sorted keys, no spaces, ASCII only. Refuses NaN and infinities (ValueError)."""
    import json  # noqa: PLC0415 not for `validate`

    return json.dumps(to_builtins(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Json) -> str:
    """SHA-256 (hex) of the canonical form."""
    import hashlib  # noqa: PLC0415 not for `validate`

    return hashlib.sha256(canonical(value).encode("ascii")).hexdigest()
