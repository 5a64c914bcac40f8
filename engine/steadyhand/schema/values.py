"""Values against a JSON Schema: the part of 2020-12 that inputs need, as tables. Nothing to import, exact sentences.

A keyword that is not in here is refused when the runbook is validated, so that none is silently not checked.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..expressions import TemplateError, patterns

TYPES: dict[str, Callable[[Any], bool]] = {
    "string": lambda v: isinstance(v, str),
    "integer": lambda v: (isinstance(v, int) and not isinstance(v, bool)) or (isinstance(v, float) and v.is_integer()),
    "number": lambda v: isinstance(v, (int, float)) and not isinstance(v, bool),
    "boolean": lambda v: isinstance(v, bool),
    "array": lambda v: isinstance(v, (list, tuple)),
    "object": lambda v: isinstance(v, Mapping),
    "null": lambda v: v is None,
}


def _pattern(pattern: str) -> re.Pattern[str]:
    """A pattern as JSON Schema means it: `$` is the end and nothing before it, digits and words are ASCII.

    Raises TemplateError for what is no pattern, or could take for ever.
    """
    return patterns.compiled("(?a)" + re.sub(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\$", _ending, pattern, flags=re.DOTALL))


def _ending(found: re.Match[str]) -> str:
    return r"\Z" if found[0] == "$" else found[0]


_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])"


def _ipv6(text: str) -> bool:
    import ipaddress  # noqa: PLC0415 only where a schema asks for it

    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


_TIME = re.compile(r"(?a)\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
FORMATS: dict[str, Callable[[str], bool]] = {
    "hostname": lambda t: (
        len(t) <= 253 and re.fullmatch(rf"{_LABEL}(?:\.{_LABEL})*\.?(?::[0-9]{{1,5}})?", t) is not None
    ),
    "ipv4": lambda t: _IPV4.fullmatch(t) is not None,
    "ipv6": _ipv6,
    "ip": lambda t: _IPV4.fullmatch(t) is not None or _ipv6(t),
    "uri": lambda t: re.fullmatch(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+", t) is not None,
    "email": lambda t: re.fullmatch(r"[^\s@]+@[^\s@]+\.[^\s@]+", t) is not None,
    "date": lambda t: re.fullmatch(r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])", t) is not None,
    "date-time": lambda t: _TIME.fullmatch(t) is not None,
    "duration": lambda t: re.fullmatch(r"(?:[0-9]+(?:\.[0-9]+)?(?:us|ms|s|m|h|d))+", t) is not None,
    "slug": lambda t: re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", t) is not None,
}
"""What `format` holds a text to. `hostname` may carry a port, as instance labels of alerts do."""

ANNOTATIONS = frozenset({"title", "description", "examples", "default", "$comment"})


def _equal(a: Any, b: Any) -> bool:
    """Equality as JSON has it: true is not 1, and 1.0 is 1."""
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(_equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    return bool(a == b)


def _multiple(value: float, of: float) -> bool:
    if isinstance(value, int) and isinstance(of, int):
        return value % of == 0
    ratio = value / of
    return ratio == int(ratio) if abs(ratio) < 1e300 else False


def _unique(value: Any) -> bool:
    return not any(_equal(a, b) for i, a in enumerate(value) for b in value[i + 1 :])


_TEXT, _NUMBER, _ARRAY, _OBJECT = (TYPES[t] for t in ("string", "number", "array", "object"))
_ANY: Callable[[Any], bool] = lambda _: True  # noqa: E731 a row of a table

CHECKS: dict[str, tuple[Callable[[Any], bool], Callable[[Any, Any], bool], str]] = {
    "enum": (_ANY, lambda v, k: any(_equal(v, one) for one in k), "must be one of {k}"),
    "const": (_ANY, _equal, "must be {k}"),
    "pattern": (_TEXT, lambda v, k: _pattern(k).search(v) is not None, "must match {k}"),
    "format": (_TEXT, lambda v, k: FORMATS[k](v) if k in FORMATS else True, "must be a {k}"),
    "minLength": (_TEXT, lambda v, k: len(v) >= k, "must have at least {k} characters"),
    "maxLength": (_TEXT, lambda v, k: len(v) <= k, "must have at most {k} characters"),
    "minimum": (_NUMBER, lambda v, k: v >= k, "must be at least {k}"),
    "maximum": (_NUMBER, lambda v, k: v <= k, "must be at most {k}"),
    "exclusiveMinimum": (_NUMBER, lambda v, k: v > k, "must be more than {k}"),
    "exclusiveMaximum": (_NUMBER, lambda v, k: v < k, "must be less than {k}"),
    "multipleOf": (_NUMBER, _multiple, "must be a multiple of {k}"),
    "minItems": (_ARRAY, lambda v, k: len(v) >= k, "must have at least {k} items"),
    "maxItems": (_ARRAY, lambda v, k: len(v) <= k, "must have at most {k} items"),
    "uniqueItems": (_ARRAY, lambda v, k: not k or _unique(v), "must not hold the same item twice"),
    "required": (_OBJECT, lambda v, k: all(name in v for name in k), "must have the keys {k}"),
}
NESTED = frozenset({"type", "items", "properties", "additionalProperties"})
KEYWORDS = frozenset(CHECKS) | NESTED | ANNOTATIONS


def problems(schema: Mapping[str, Any], value: Any) -> tuple[str, ...]:
    """Why a value does not satisfy a schema, a sentence each; empty when it does."""
    return tuple(_problems(schema, value, ""))


def _problems(schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if "type" in schema:
        wanted = schema["type"] if isinstance(schema["type"], (list, tuple)) else [schema["type"]]
        if not any(TYPES[name](value) for name in wanted if name in TYPES):
            yield f"{where}{_brief(value)} must be of type {' or '.join(map(str, wanted))}"
            return
    for keyword, (applies, holds, sentence) in CHECKS.items():
        if keyword in schema and applies(value) and not holds(value, schema[keyword]):
            yield f"{where}{_brief(value)} {sentence.format(k=_brief(schema[keyword]))}"
    yield from _inner(schema, value, where)


def _inner(schema: Mapping[str, Any], value: Any, where: str) -> Iterator[str]:
    if _ARRAY(value) and isinstance(schema.get("items"), Mapping):
        for number, item in enumerate(value):
            yield from _problems(schema["items"], item, f"{where}[{number}]: ")
    if _OBJECT(value):
        known = schema.get("properties", {})
        more = schema.get("additionalProperties", True)
        for name, item in value.items():
            if name in known:
                yield from _problems(known[name], item, f"{where}{name}: ")
            elif more is False:
                yield f"{where}{name} is not among the keys allowed"
            elif isinstance(more, Mapping):
                yield from _problems(more, item, f"{where}{name}: ")


def _brief(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value).replace("True", "true").replace("False", "false")
    return text if len(text) <= 80 else f"{text[:77]}..."


def schema_problems(schema: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """What is wrong with a schema itself: pairs of keyword (or '') and sentence."""
    found: list[tuple[str, str]] = [(k, f"the keyword `{k}` is not known here") for k in schema if k not in KEYWORDS]
    types = schema.get("type", [])
    named = types if isinstance(types, (list, tuple)) else [types]
    found += [("type", f"there is no type {name!r}: {', '.join(TYPES)}") for name in named if name not in TYPES]
    for keyword, (kind, words) in _SHAPES.items():
        if keyword in schema and not kind(schema[keyword]):
            found.append((keyword, f"`{keyword}` must be {words}"))
    if isinstance(schema.get("pattern"), str):
        found.extend(_pattern_problem(schema["pattern"]))
    if isinstance(schema.get("format"), str) and schema["format"] not in FORMATS:
        found.append(("format", f"there is no format {schema['format']!r}: {', '.join(FORMATS)}"))
    for keyword in ("items", "additionalProperties"):
        if isinstance(schema.get(keyword), Mapping):
            found.extend(schema_problems(schema[keyword]))
    if isinstance(schema.get("properties"), Mapping):
        for inner in schema["properties"].values():
            found.extend(
                schema_problems(inner) if isinstance(inner, Mapping) else [("properties", "each must be a map")]
            )
    return tuple(found)


def _pattern_problem(pattern: str) -> Iterator[tuple[str, str]]:
    try:
        _pattern(pattern)
    except TemplateError as problem:
        yield "pattern", problem.message.replace("(?a)", "").replace(r"\Z", "$")


def _natural(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SHAPES: dict[str, tuple[Callable[[Any], bool], str]] = {
    "enum": (lambda v: isinstance(v, list) and bool(v), "a list of values"),
    "pattern": (_TEXT, "text"),
    "format": (_TEXT, "text"),
    "minLength": (_natural, "a whole number"),
    "maxLength": (_natural, "a whole number"),
    "minItems": (_natural, "a whole number"),
    "maxItems": (_natural, "a whole number"),
    "minimum": (_NUMBER, "a number"),
    "maximum": (_NUMBER, "a number"),
    "exclusiveMinimum": (_NUMBER, "a number"),
    "exclusiveMaximum": (_NUMBER, "a number"),
    "multipleOf": (lambda v: _NUMBER(v) and v > 0, "a number above 0"),
    "uniqueItems": (lambda v: isinstance(v, bool), "true or false"),
    "required": (lambda v: isinstance(v, list) and all(isinstance(n, str) for n in v), "a list of keys"),
    "items": (_OBJECT, "a schema"),
    "properties": (_OBJECT, "a map of schemas"),
    "additionalProperties": (lambda v: isinstance(v, (bool, Mapping)), "true, false or a schema"),
}


def from_text(schema: Mapping[str, Any], text: str) -> Any:
    """The value that a word of the command line means for a schema. Raises ValueError with a sentence."""
    kind = schema.get("type", "string")
    for name in kind if isinstance(kind, (list, tuple)) else [kind]:
        if name == "string":
            return text
        if name in {"integer", "number"} and re.fullmatch(r"[-+]?\d+", text):
            return int(text)
        if name == "number" and re.fullmatch(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", text):
            return float(text)
        if name == "boolean" and text in {"true", "false"}:
            return text == "true"
        if name == "null" and text == "null":
            return None
        if name in {"array", "object"}:
            return _json(text, name)
    raise ValueError(f"{_brief(text)} is no {kind if isinstance(kind, str) else ' or '.join(kind)}")


def _json(text: str, kind: str) -> Any:
    import json  # noqa: PLC0415 only for such inputs

    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if not TYPES[kind](value):
        raise ValueError(f"{_brief(text)} is no {kind} written as JSON")
    return value
