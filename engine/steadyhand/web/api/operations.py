"""What an operation of the API is, as data: the routes and the OpenAPI document are both made of a table of these."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from msgspec import Struct, field

from ...model.people import Role

JSON = "application/json"
PREFIX = "/api/v1"
SAFE = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
"""Headers of every answer."""

ALWAYS = ("unreadable", "unknown-person", "denied", "method", "not-acceptable", "too-many", "unavailable")
"""The kinds of problems that every operation may answer with which asks who it is."""
WRITING = ("in-progress", "too-large", "media-type", "unfit", "key-reused")
"""Those of every operation that takes a body."""


class Param(Struct, frozen=True):
    """A parameter in the path or the query. `kind` is string or integer; `choices` are all that it may be."""

    name: str
    description: str
    example: Any
    where: str = "query"
    kind: str = "string"
    choices: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    default: Any = None
    pattern: str = ""

    def schema(self) -> dict[str, Any]:
        """JSON Schema of its value."""
        found: dict[str, Any] = {"type": self.kind}
        if self.choices:
            found["enum"] = list(self.choices)
        if self.kind == "integer":
            found |= {"minimum": self.low, "maximum": self.high}
        elif not self.choices:
            found |= {"minLength": 1, "maxLength": self.high or 200}
        if self.pattern:
            found["pattern"] = self.pattern
        return found if self.default is None else {**found, "default": self.default}


class Reply(Struct):
    """An answer as it goes out. With `content` the body is read from there (and closed)."""

    body: bytes = b""
    media: str = JSON
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: BinaryIO | None = None


class Operation(Struct, frozen=True):
    """One thing that can be asked of the API.

    `right` is the role that it needs at least, None for nobody in particular. `perform` is called with the `Call`, in a
    thread; what it returns is an answer of type `answer` (or of the JSON Schema that stands there), or a Reply. `media`
    are the forms in which it can be given, the first one unless `Accept` says otherwise; `problems` are its own kinds.
    """

    id: str
    method: str
    path: str
    tag: str
    summary: str
    about: str
    right: Role | None
    perform: Callable[[Any], Any]
    answer: Any = None
    status: int = 200
    params: tuple[Param, ...] = ()
    body: Any = None
    media: tuple[str, ...] = (JSON,)
    problems: tuple[str, ...] = ()
    also: Mapping[int, str] = field(default_factory=dict)
    example: Mapping[str, Any] = field(default_factory=dict)

    @property
    def all_problems(self) -> tuple[str, ...]:
        """Every kind of problem that it may answer with."""
        known = (("unknown-person", "denied") if self.right is not None else ()) + tuple(
            kind for kind in ALWAYS if kind not in {"unknown-person", "denied"}
        )
        return tuple(dict.fromkeys((*known, *(WRITING if self.body is not None else ()), *self.problems)))
