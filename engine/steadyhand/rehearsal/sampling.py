"""A value that a JSON Schema accepts, for tests that nobody has written yet. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..model import Runbook
from ..schema.values import problems

WORDS = (
    "x", "web", "db1", "db1.example", "1", "10", "a1", "/", "/srv", "v1", "v1.0", "v1.0.0", "1.0", "1.0.0", "1.2.3",
    "https://shop.example/", "127.0.0.1", "::1", "anna@shop.example", "2030-01-01", "2030-01-01T00:00:00Z", "00:00:00Z",
    "prod", "eu-west-1", "abc-123", "ABC-123", "SEV2", "a" * 40, "0" * 12, "5m",
)  # fmt: skip
"""Texts of the kinds that inputs of runbooks are: names, hosts, paths, versions, addresses, times."""


NAMED = (
    ("url", "https://shop.example/"), ("host", "db1.example"), ("path", "/srv"), ("file", "/srv/x"),
)  # fmt: skip
"""What an input is likely to be, going by a part of its name."""


class NoSample(LookupError):
    """Nothing plain satisfies the schema."""


def sample(schema: Mapping[str, Any], likely: tuple[Any, ...] = ()) -> Any:
    """A value that satisfies the schema, one of the likely ones before others. Raises NoSample."""
    for candidate in _candidates(schema, likely):
        if not problems(schema, candidate):
            return candidate
    raise NoSample


def _candidates(schema: Mapping[str, Any], likely: tuple[Any, ...]) -> Iterator[Any]:
    for name in ("const", "default"):
        if name in schema:
            yield schema[name]
    yield from schema.get("examples", ())
    yield from schema.get("enum", ())
    yield from likely
    kinds = schema.get("type", ("string", "integer", "boolean", "array", "object"))
    for kind in (kinds,) if isinstance(kinds, str) else kinds:
        yield from _of_kind(str(kind), schema)


def _of_kind(kind: str, schema: Mapping[str, Any]) -> Iterator[Any]:
    match kind:
        case "string":
            yield from WORDS
            yield "x" * int(schema.get("minLength", 1))
        case "integer" | "number":
            yield from _numbers(schema)
        case "boolean":
            yield from (True, False)
        case "null":
            yield None
        case "array":
            yield []
            inner = schema.get("items", {})
            yield [sample(inner if isinstance(inner, Mapping) else {})] * max(1, int(schema.get("minItems", 1)))
        case "object":
            properties = schema.get("properties", {})
            yield {name: sample(properties.get(name, {})) for name in schema.get("required", ())}
        case _:
            pass


def _numbers(schema: Mapping[str, Any]) -> Iterator[Any]:
    """Small numbers, then the bounds and what lies just inside them."""
    yield from (1, 0, 10, 100)
    for bound, by in (
        ("minimum", 0),
        ("maximum", 0),
        ("multipleOf", 0),
        ("exclusiveMinimum", 1),
        ("exclusiveMaximum", -1),
    ):
        if bound in schema:
            yield schema[bound] + by


def sampled(runbook: Runbook) -> dict[str, Any]:
    """Inputs that a run of this runbook would take: only those that it needs. Raises NoSample with the input's name."""
    found: dict[str, Any] = {}
    for name, spec in runbook.inputs.items():
        if spec.required:
            try:
                found[name] = sample(spec.schema, tuple(value for part, value in NAMED if part in name.lower()))
            except NoSample:
                raise NoSample(name) from None
    return found
