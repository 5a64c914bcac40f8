"""The OpenAPI 3.1 document, made of the table of operations and the structs. `make schemas` writes it down."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from ... import __version__
from ...model.wire import Problem
from ..problems import KINDS, MEDIA, URN, Kind
from .operations import JSON, PREFIX, Operation, Param
from .table import OPERATIONS

ABOUT = """\
Runs, gates, alerts and leases of a Steadyhand server, for programs. The same JSON as that of the commands.

Whoever asks sends a token: `Authorization: Bearer steady_...`. Errors are problem details (RFC 9457); their kinds are
URNs. Every operation that takes a body takes an `Idempotency-Key` as well. Lists have cursors. What a client gets may
grow by fields that it does not know; what it sends may not.
"""
TAGS = {
    "runs": "Runs, and what people say to them.",
    "runbooks": "The library.",
    "alerts": "Alerts, and what came of them.",
    "leases": "Targets that people have taken.",
    "audit": "Whether what was recorded still stands.",
    "server": "Who asks, and whom.",
}
REF = "#/components/schemas/{name}"
KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "The same request under the same key is carried out once in a day, and answered alike.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
    "example": "deploy-4711",
}
REPLAYED = {
    "description": "`true` where an earlier answer is given again.",
    "schema": {"type": "string", "const": "true"},
}
RESUME = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "Of a stream: go on after this event.",
    "schema": {"type": "string", "pattern": "^[0-9]{1,15}$"},
    "example": "7",
}
SCHEMES = {
    "token": {"type": "http", "scheme": "bearer", "description": "A token of a person: `steady token new`."},
}


def document() -> dict[str, Any]:
    """The whole document."""
    kinds = [kind for one in OPERATIONS for kind in (one.body, one.answer) if isinstance(kind, type)]
    _, schemas = msgspec.json.schema_components([*dict.fromkeys(kinds), Problem], ref_template=REF)
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        if isinstance(one.answer, dict):
            schemas.update(_moved_in(_name(one), one.answer))
        paths.setdefault(PREFIX + one.path, {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Steadyhand", "version": __version__, "description": ABOUT, "license": _LICENSE},
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": "/", "description": "The server that this document came from."}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "responses": {name: _problem(name, kind) for name, kind in KINDS.items()},
            "securitySchemes": SCHEMES,
        },
    }


_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}


@cache
def text() -> str:
    """The document as it is served and checked in."""
    return f"{json.dumps(document(), indent=2, ensure_ascii=False)}\n"


def _name(one: Operation) -> str:
    """The name of an answer that has a published schema of its own."""
    return one.id.removeprefix("get").removesuffix("Runbook").capitalize()


def _moved_in(name: str, schema: dict[str, Any]) -> dict[str, Any]:
    """A published schema as components, its own definitions beside it."""
    text = json.dumps({key: value for key, value in schema.items() if key not in {"$schema", "$id"}})
    found = json.loads(text.replace("#/$defs/", f"#/components/schemas/{name}"))
    inner = found.pop("$defs", {})
    return {name: found, **{f"{name}{key}": value for key, value in inner.items()}}


def _operation(one: Operation) -> dict[str, Any]:
    right = f" Needs the role **{one.right.word}**." if one.right is not None else " Anybody may ask."
    found: dict[str, Any] = {
        "operationId": one.id,
        "tags": [one.tag],
        "summary": one.summary,
        "description": one.about + right,
        "security": [{"token": []}] if one.right is not None else [],
    }
    parameters = [_param(param) for param in one.params]
    parameters += [KEY] if one.body is not None else []
    parameters += [RESUME] if "text/event-stream" in one.media else []
    if parameters:
        found["parameters"] = parameters
    if one.body is not None:
        content = {JSON: {"schema": {"$ref": REF.format(name=one.body.__name__)}}}
        found["requestBody"] = {"required": True, "content": content}
    found["responses"] = dict(_responses(one))
    return found


def _param(param: Param) -> dict[str, Any]:
    return {
        "name": param.name,
        "in": param.where,
        "required": param.where == "path",
        "description": param.description,
        "schema": param.schema(),
        "example": param.example,
    }


def _responses(one: Operation) -> Iterator[tuple[str, Any]]:
    yield str(one.status), _good(one)
    for status, words in one.also.items():
        yield str(status), {"description": words}
    by_status: dict[int, list[str]] = {}
    for kind in (*one.all_problems, "bug"):
        by_status.setdefault(KINDS[kind].status, []).append(kind)
    for status, kinds in sorted(by_status.items()):
        if len(kinds) == 1:
            yield str(status), {"$ref": f"#/components/responses/{kinds[0]}"}
        else:
            yield str(status), _several(status, kinds)


def _good(one: Operation) -> dict[str, Any]:
    content: dict[str, Any] = {}
    for media in one.media:
        content[media] = {"schema": _schema(one, media)}
    headers: dict[str, Any] = {"Idempotency-Replayed": REPLAYED} if one.body is not None else {}
    if one.status == 201 and one.id == "startRun":
        headers["Location"] = {"description": "Where the run is.", "schema": {"type": "string"}}
    return {"description": f"{one.summary}: done.", **({"headers": headers} if headers else {}), "content": content}


def _schema(one: Operation, media: str) -> dict[str, Any]:
    if media != JSON:
        return {"type": "string", **({"format": "binary"} if media.startswith("application/") else {})}
    return {"$ref": REF.format(name=_name(one) if isinstance(one.answer, dict) else one.answer.__name__)}


def _problem(name: str, kind: Kind) -> dict[str, Any]:
    found: dict[str, Any] = {"description": f"{kind.title}. {kind.when}", "content": _told({name: kind})}
    headers = _headers(kind.status)
    return {**found, "headers": headers} if headers else found


def _several(status: int, kinds: list[str]) -> dict[str, Any]:
    words = " / ".join(f"{KINDS[name].title}. {KINDS[name].when}" for name in kinds)
    found: dict[str, Any] = {"description": words, "content": _told({name: KINDS[name] for name in kinds})}
    headers = _headers(status)
    return {**found, "headers": headers} if headers else found


def _headers(status: int) -> dict[str, Any]:
    text = {"schema": {"type": "string"}}
    match status:
        case 401:
            return {"WWW-Authenticate": {"description": "How to say who one is.", **text}}
        case 405:
            return {"Allow": {"description": "The methods that there are.", **text}}
        case 429 | 503:
            return {"Retry-After": {"description": "Seconds.", **text}}
        case _:
            return {}


def _told(kinds: dict[str, Kind]) -> dict[str, Any]:
    examples = {
        name: {"value": {"type": URN + name, "title": kind.title, "status": kind.status, "detail": kind.when}}
        for name, kind in kinds.items()
    }
    return {MEDIA: {"schema": {"$ref": REF.format(name="Problem")}, "examples": examples}}


def main() -> None:
    """Print the document."""
    import sys  # noqa: PLC0415 only as a program

    sys.stdout.write(text())


if __name__ == "__main__":
    main()
