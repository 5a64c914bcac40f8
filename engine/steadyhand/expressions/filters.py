"""What templates can do with values: filters, methods, operators. Plain functions over plain values.

Called by the sandbox, which has refused secrets and values that are not known yet before anything here sees them.
Filters that would guess are strict: `int` of a text that is no number is an error unless a default is given, for a
check must not pass because an error message counted as 0. Nothing here knows the clock or chance.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from . import patterns
from .failures import TemplateError
from .quoting import as_json, as_text, percent
from .values import Raw, kind
from .work import ITEMS, LARGEST, affordable

_MISSING: Any = object()


def to_int(value: Any, default: Any = _MISSING, base: int = 10) -> Any:
    """A whole number of a text or a number; an error when it is none and no default is given."""
    try:
        return int(value.strip(), base) if isinstance(value, str) else int(value)
    except (TypeError, ValueError, OverflowError):
        return _or_default(value, default, "a whole number")


def to_float(value: Any, default: Any = _MISSING) -> Any:
    """A number of a text or a number; an error when it is none and no default is given."""
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return _or_default(value, default, "a number")


def _or_default(value: Any, default: Any, wanted: str) -> Any:
    if default is not _MISSING:
        return default
    shown = json.dumps(value[:40]) if isinstance(value, str) else kind(value)
    raise TemplateError(f"{shown} is not {wanted}", "give a default if that may be: `| int(0)`")


def join(values: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    """The texts of the items, one after the other."""
    items = [v[attribute] for v in values] if attribute is not None else list(values)
    texts = [as_text(v) for v in items]
    affordable(sum(map(len, texts)) + len(separator) * len(texts))
    return separator.join(texts)


def replace(value: Any, old: str, new: str, count: int | None = None) -> str:
    """Every occurrence of a text, or the first `count`, replaced by another."""
    text, times = as_text(value), -1 if count is None else count
    affordable(len(text) + text.count(old) * max(len(new) - len(old), 0))
    return text.replace(old, new, times)


def indent(value: str, width: int = 4, first: bool = False) -> str:
    """Lines moved to the right, all but the first unless `first` is true."""
    lines = value.split("\n")
    affordable(len(value) + len(lines) * width)
    moved = [" " * width + line if line else line for line in lines]
    return "\n".join(moved if first else [lines[0], *moved[1:]])


def rounded(value: float, precision: int = 0) -> float:
    """A number rounded to some decimals."""
    if abs(precision) > 30:
        raise TemplateError("`round` takes at most 30 decimals")
    return round(float(value), precision)


def total(values: Iterable[Any], attribute: str | None = None, start: float = 0) -> Any:
    """The sum of numbers."""
    items = [v[attribute] for v in values] if attribute is not None else list(values)
    wrong = next((v for v in [*items, start] if not isinstance(v, (int, float))), None)
    if wrong is not None:
        raise TemplateError(
            f"`sum` adds numbers, and one of the items is {kind(wrong)}", "put `| map('int')` before it"
        )
    return sum(items, start)


_SPECIFIER = re.compile(r"%(?:%|[-+ 0#]{0,5}(\d*)(?:\.(\d*))?[sdifeEgGxXo])")


def formatted(template: str, *values: Any) -> str:
    """Numbers and texts laid out by a pattern of the old style: `'%.2f' | format(x)`."""
    rest = _SPECIFIER.sub("", template)
    widths = [int(n) for match in _SPECIFIER.finditer(template) for n in match.groups() if n]
    if "%" in rest or max(widths, default=0) > 100:
        raise TemplateError("a format may hold `%s`, `%d`, `%.2f` and the like, with widths up to 100")
    return template % tuple(v if isinstance(v, (int, float, str)) else as_text(v) for v in values)


def b64encode(value: Any) -> str:
    """Base64 of the text's bytes."""
    return binascii.b2a_base64(as_text(value).encode("utf-8", "surrogateescape"), newline=False).decode("ascii")


def b64decode(value: str) -> str:
    """The text whose bytes are given in base64; bytes that are not UTF-8 are kept as they are."""
    try:
        return binascii.a2b_base64(value.encode("ascii"), strict_mode=True).decode("utf-8", "surrogateescape")
    except ValueError:
        raise TemplateError("`b64decode` was given what is not base64") from None


def from_json(value: str) -> Any:
    """The value of a JSON text."""
    try:
        return json.loads(value, parse_constant=_no_constant)
    except (ValueError, RecursionError) as problem:
        raise TemplateError(f"`from_json` was given what is not JSON: {problem}") from None


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON value")


def regex_search(value: str, pattern: str, group: int | str = 0) -> str | None:
    """The first match (or one group of it), or null when there is none."""
    found = patterns.compiled(pattern).search(patterns.searchable(value))
    return found[group] if found else None


def regex_replace(value: str, pattern: str, replacement: str) -> str:
    r"""Every match replaced; the replacement may name groups as in `\1`."""
    room = LARGEST

    def put(match: re.Match[str]) -> str:
        nonlocal room
        text = match.expand(replacement)
        room -= len(text)
        affordable(LARGEST - room)
        return text

    return patterns.compiled(pattern).sub(put, patterns.searchable(value))


def basename(value: str) -> str:
    """What comes after the last slash of a path."""
    return value.rstrip("/").rpartition("/")[2]


def dirname(value: str) -> str:
    """What comes before the last slash of a path; '.' when there is none, '/' for the root."""
    head, slash, _ = value.rstrip("/").rpartition("/")
    return head or ("/" if slash or value.startswith("/") else ".")


def filesize(value: Any, binary: bool = False) -> str:
    """A number of bytes as people read it: `1.5 MB`, or `1.4 MiB` with `binary`."""
    size, step = float(value), 1024 if binary else 1000
    for unit in ("bytes", "k", "M", "G", "T"):
        if abs(size) < step or unit == "T":
            break
        size /= step
    return f"{size:.0f} bytes" if unit == "bytes" else f"{size:.1f} {unit}{'iB' if binary else 'B'}"


def numbers(*bounds: int) -> list[int]:
    """The whole numbers of a range, as a list."""
    found = range(*bounds)
    if found[ITEMS:]:
        raise TemplateError(f"`range` gives at most {ITEMS:,} numbers")
    return list(found)


OWN: Mapping[str, Callable[..., Any]] = {
    "b64decode": b64decode,
    "b64encode": b64encode,
    "basename": basename,
    "dirname": dirname,
    "filesizeformat": filesize,
    "float": to_float,
    "format": formatted,
    "from_json": from_json,
    "indent": indent,
    "int": to_int,
    "join": join,
    "list": list,
    "raw": lambda value: Raw(as_text(value)),
    "regex_replace": regex_replace,
    "regex_search": regex_search,
    "replace": replace,
    "round": rounded,
    "string": as_text,
    "sum": total,
    "to_json": as_json,
    "tojson": as_json,
    "urlencode": lambda value: percent(as_text(value)),
}
"""The filters that are ours, by name."""

ENGINE = (
    *("abs", "capitalize", "count", "d", "default", "dictsort", "first", "items", "last", "length", "lower"),
    *("map", "max", "min", "reject", "rejectattr", "reverse", "select", "selectattr", "sort", "title", "trim"),
    *("truncate", "unique", "upper", "wordcount"),
)
"""The filters that are the template engine's own."""

FILTERS = tuple(sorted({*OWN, *ENGINE}))

TESTS = (
    *("boolean", "defined", "divisibleby", "even", "false", "float", "in", "integer", "iterable", "lower", "mapping"),
    *("none", "number", "odd", "sameas", "sequence", "string", "true", "undefined", "upper"),
    *("eq", "equalto", "==", "ne", "!=", "gt", "greaterthan", ">", "ge", ">=", "lt", "lessthan", "<", "le", "<="),
)
"""The tests of the template engine that may follow `is`."""

_OF_TEXT = (
    *("capitalize", "casefold", "count", "endswith", "find", "index", "isalnum", "isalpha", "isascii", "isdecimal"),
    *("isdigit", "islower", "isnumeric", "isspace", "istitle", "isupper", "join", "lower", "lstrip", "partition"),
    *("removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "split"),
    *("splitlines", "startswith", "strip", "swapcase", "title", "upper"),
)
_OF_LIST = ("count", "index")
_OF_MAP = ("get", "items", "keys", "values")

METHODS = frozenset({*_OF_TEXT, *_OF_LIST, *_OF_MAP})
"""The methods that any value may have."""


def method(value: Any, name: str, *args: Any, **named: Any) -> Any:
    """`value.name(...)` for the few methods that only read."""
    if isinstance(value, str):
        return _of_text(value, name, *args, **named)
    known = _OF_MAP if isinstance(value, Mapping) else _OF_LIST if isinstance(value, (list, tuple)) else ()
    if name not in known:
        raise no_method(value, name, known)
    result = getattr(value, name)(*args, **named)
    return result if name in {"get", *_OF_LIST} else list(result)


def _of_text(value: str, name: str, *args: Any, **named: Any) -> Any:
    if name not in _OF_TEXT:
        raise no_method(value, name, _OF_TEXT)
    if name == "replace":
        return replace(value, *args, **named)
    if name == "join":
        (values,) = args
        return join(values, value)
    return getattr(value, name)(*args, **named)


def no_method(value: Any, name: str, known: Sequence[str]) -> TemplateError:
    """The error for a method that a value does not have."""
    hint = f"there are {', '.join(known)}" if known else ""
    return TemplateError(f"{kind(value)} has no method `{name}`", hint)
