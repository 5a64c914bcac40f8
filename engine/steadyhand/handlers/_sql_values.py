"""Values between JSON and PostgreSQL: bound as a literal of theirs would be read, and loaded so that nothing is lost.

Called by _postgresql and, for numbers and JSON, by _mysql. Pure. Loading is total: what is not in the tables, or does
not fit JSON, stays its text.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ._texts import bytes_of

BOOL, INT4, INT8, NUMERIC, UNKNOWN = 16, 23, 20, 1700, 0
ARRAYS = {BOOL: 1000, INT4: 1007, INT8: 1016, NUMERIC: 1231}
"""The type of a value to that of an array of them."""

_LOADED: Mapping[int, str] = {
    BOOL: "boolean", 20: "integer", 21: "integer", 23: "integer", 26: "integer", 28: "integer", 700: "number",
    701: "number", NUMERIC: "number", 114: "json", 3802: "json", 17: "bytes", 1114: "time", 1184: "time",
}  # fmt: skip
_LISTS: Mapping[int, int] = {
    1000: BOOL, 1005: 21, 1007: 23, 1016: 20, 1028: 26, 1021: 700, 1022: 701, 1231: NUMERIC, 1009: 25, 1015: 25,
    1003: 25, 1002: 25, 2951: 25, 1115: 1114, 1185: 1184, 1182: 25, 199: 25, 3807: 3802,
}  # fmt: skip
"""The type of an array to that of what is in it; 25 is text, which JSON types in an array stay."""


def dumped(value: Any) -> tuple[bytes | None, int]:
    """A JSON value as PostgreSQL reads a literal of it, and its type. The type of a text is told by where it stands."""
    if value is None:
        return None, UNKNOWN
    if isinstance(value, str):
        return bytes_of(value, "a value"), UNKNOWN
    if isinstance(value, bool):
        return (b"t" if value else b"f"), BOOL
    if isinstance(value, int):
        return str(value).encode(), INT4 if -(2**31) <= value < 2**31 else INT8 if -(
            2**63
        ) <= value < 2**63 else NUMERIC
    if isinstance(value, float):
        return repr(value).encode(), NUMERIC
    kind = _array(value) if isinstance(value, list) else None
    if kind is None:
        return bytes_of(json.dumps(value, ensure_ascii=False), "a value"), UNKNOWN
    return bytes_of(_literal(value), "a value"), ARRAYS.get(kind, UNKNOWN)


def _array(value: list[Any]) -> int | None:
    """The type of what is in a list; None when it can be no array."""
    kinds: set[int] = set()
    for item in value:
        if isinstance(item, dict):
            return None
        if isinstance(item, list):
            inner = _array(item)
            if inner is None:
                return None
            kinds.add(inner)
        elif item is not None:
            kinds.add(dumped(item)[1])
    if len(kinds) > 1 and kinds <= {INT4, INT8, NUMERIC}:
        return next(kind for kind in (NUMERIC, INT8) if kind in kinds)
    return kinds.pop() if len(kinds) == 1 else None if kinds else UNKNOWN


def _literal(value: Any) -> str:
    """A list as PostgreSQL writes arrays."""
    if value is None:
        return "NULL"
    if isinstance(value, list):
        return "{" + ",".join(_literal(item) for item in value) + "}"
    if isinstance(value, bool):
        return "t" if value else "f"
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def loaded(value: bytes | None, kind: int) -> Any:
    """A value as JSON: numbers where no digit is lost, times as ISO 8601, bytes as hex digits, all else as its text."""
    if value is None:
        return None
    text = value.decode("utf-8", "surrogateescape")
    if kind in _LISTS and text.startswith("{"):
        found, _ = _list(text, 1, _LISTS[kind])
        return found
    match _LOADED.get(kind):
        case "boolean":
            return text == "t"
        case "integer":
            return int(text)
        case "number":
            return number(text)
        case "json":
            return from_json(text)
        case "bytes":
            return text.removeprefix("\\x")
        case "time":
            return _iso(text)
        case _:
            return text


def number(text: str) -> Any:
    """A number, when it is finite and nothing of it is lost; else its text."""
    if text.lstrip("-").isdecimal():
        return int(text) if len(text) < 1000 else text
    digits = text.lower().partition("e")[0].replace(".", "").lstrip("-0")
    whole = len(digits) <= 17 and (digits.isdecimal() or not digits)
    return float(text) if whole and text[-1].isdecimal() and abs(float(text)) < 1e300 else text


def from_json(text: str) -> Any:
    """JSON as what it holds, a number of too many digits in it as its text."""
    try:
        return json.loads(text, parse_float=number)
    except (ValueError, RecursionError):
        return text


def _iso(text: str) -> str:
    """2026-11-20 10:00:00+00 as 2026-11-20T10:00:00+00:00. What is no such time (infinity, BC) stays as it is."""
    if not text[:4].isdecimal() or text.endswith("BC"):
        return text
    text = text.replace(" ", "T", 1)
    return f"{text}:00" if text[-3] in "+-" else text


def _list(text: str, at: int, kind: int) -> tuple[list[Any], int]:
    """The items of an array from behind its bracket, and where it ends."""
    found: list[Any] = []
    while text[at] != "}":
        if text[at] == ",":
            at += 1
        if text[at] == "{":
            inner, at = _list(text, at + 1, kind)
            found.append(inner)
            continue
        word, quoted = "", text[at] == '"'
        at += quoted
        while text[at] != '"' if quoted else text[at] not in ",}":
            at += text[at] == "\\"
            word += text[at]
            at += 1
        at += quoted
        found.append(None if word == "NULL" and not quoted else loaded(word.encode("utf-8", "surrogateescape"), kind))
    return found, at + 1
