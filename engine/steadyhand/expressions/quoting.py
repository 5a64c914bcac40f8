"""Quoting a value for the place where it will stand, so that it arrives as data whatever is in it.

Called by the renderer only, once for each placeholder. The rules, one for each syntax, are the table at the end:

    PLAIN  the text of the value, unchanged
    SHELL  one single-quoted word, always: what is quoted in a preview is what came from a value. A list is one word
           of JSON; for one word per item write `{% for i in items %}{{ i }} {% endfor %}`, or use `argv:`
    URL    one percent-encoded component; at the very start a whole http(s) URL, and `host:port` where the host stands
    JSON   one JSON value
    SQL    `?`; the value is bound as a parameter, with the type it has: a text as text, anything else as JSON has it

Text may hold lone surrogates: bytes of a command line that were not UTF-8. They pass through unchanged, or encoded as
the bytes that they were.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from typing import Any

from ..model.text import Literal, Part, Syntax, Value
from .failures import NotYetKnown, NulByte, TemplateError
from .values import Raw, SecretRef, Truncated, Unknown, Unusable, kind, transformed

DEEPEST = 100
"""How many lists and maps may lie inside each other in a value."""

_DEFAULT = "give it a default, or leave the placeholder out"


def as_text(value: Any, label: str = "the value") -> str:
    """The text of a value: texts as they are, true and false, numbers as written, lists and maps as JSON.

    Raises TemplateError for null, for what is no JSON value, and for a secret; NotYetKnown for what is not known yet.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None:
        raise TemplateError(f"`{label}` is null: null cannot stand in a text", _DEFAULT)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return _number(value, label)
    return as_json(value, label)


def _number(value: Any, label: str) -> str:
    if isinstance(value, float) and not isfinite(value):
        raise TemplateError(f"`{label}` is not a finite number ({value})", _DEFAULT)
    try:
        return repr(value)
    except ValueError:
        raise TemplateError(f"`{label}` is a number with too many digits") from None


def as_json(value: Any, label: str = "the value") -> str:
    """A value as JSON text on one line. Raises like as_text, except that null is fine."""
    text = json.dumps(native(value, label), ensure_ascii=False)
    return _SURROGATE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


_SURROGATE = re.compile("[\ud800-\udfff]")


def native(value: Any, label: str = "the value", depth: int = 0) -> Any:
    """A value made of nothing but null, booleans, finite numbers, texts, lists and maps with text keys.

    Raises TemplateError when it is not such a value (a secret anywhere in it included), NotYetKnown when any of it is
    not known yet.
    """
    if isinstance(value, str):
        return str.__str__(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, (int, float)):
        _number(value, label)
        return value
    if depth == DEEPEST:
        raise TemplateError(f"`{label}` is nested more than {DEEPEST} deep")
    if isinstance(value, Mapping):
        return {as_text(k, label): native(v, label, depth + 1) for k, v in value.items()}
    if isinstance(value, (list, tuple, range, Iterator)):
        return [native(v, label, depth + 1) for v in value]
    raise no_data(value, label)


def no_data(value: Any, label: str) -> TemplateError:
    """The error for a value that is no JSON value."""
    if isinstance(value, SecretRef):
        return transformed(value.name)
    if isinstance(value, Unknown):
        return NotYetKnown(value.label)
    if isinstance(value, Unusable):
        return value.error
    if isinstance(value, Truncated):
        return TemplateError(f"`{label}` is not whole: {value.why}", "make the command print less")
    return TemplateError(f"`{label}` is {kind(value)}")


def shell_word(text: str) -> str:
    """Exactly one word of a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def percent(text: str) -> str:
    """Percent-encoded as one component of a URL: everything but the unreserved characters of RFC 3986."""
    data = text.encode("utf-8", "surrogateescape") if _escaped_bytes(text) else text.encode("utf-8", "surrogatepass")
    return "".join(chr(b) if b in _UNRESERVED else f"%{b:02X}" for b in data)


def _escaped_bytes(text: str) -> bool:
    """Whether every lone surrogate in it stands for a byte of a command line."""
    return all("\udc80" <= s <= "\udcff" for s in _SURROGATE.findall(text))


def _plain(value: Any, label: str, _: str) -> Part:
    text = as_text(value, label)
    return Value(text, text)


def _shell(value: Any, label: str, _: str) -> Part:
    text = as_text(value, label)
    if "\0" in text:
        raise NulByte(f"`{label}` holds a NUL byte, which no command line can carry", "hand it over through a file")
    return Value(text, text if isinstance(value, Raw) else shell_word(text))


_AUTHORITY = re.compile(r"\s*https?://[^/?#\\]*\Z", re.IGNORECASE)
_HOST_PORT = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}\Z")
_WHOLE = re.compile(r"https?://[^\s\x00-\x20\x7f\\]+\Z", re.IGNORECASE)


def _url(value: Any, label: str, before: str) -> Part:
    text = as_text(value, label)
    if isinstance(value, Raw):
        return Value(text, text)
    if not before.strip():
        return _whole_url(text, label)
    if text in {".", ".."} and before.endswith("/"):
        raise TemplateError(f"`{label}` is `{text}`, which would lead to another path of the URL")
    if _AUTHORITY.match(before) and _HOST_PORT.match(text):
        return Value(text, text)
    return Value(text, percent(text))


def _whole_url(text: str, label: str) -> Part:
    if not _WHOLE.match(text):
        raise TemplateError(
            f"`{label}` stands where the URL begins, and is not an http or https URL",
            "write the scheme and the host before it, as in `https://{{ inputs.host }}/`",
        )
    return Value(text, text)


def _json(value: Any, label: str, _: str) -> Part:
    raw = "null" if value is None else as_text(value, label)
    return Value(raw, raw if isinstance(value, Raw) else as_json(value, label))


def _sql(value: Any, label: str, _: str) -> Part:
    # A raw value is part of the statement, and what is not a `Value` is never bound.
    if isinstance(value, Raw):
        return Literal(as_text(value, label))
    return Value(as_text(value), "?") if isinstance(value, str) else Value(as_json(value, label), "?", data=True)


QUOTE: Mapping[Syntax, Callable[[Any, str, str], Part]] = {
    Syntax.PLAIN: _plain,
    Syntax.SHELL: _shell,
    Syntax.URL: _url,
    Syntax.JSON: _json,
    Syntax.SQL: _sql,
}
"""(value, label, text that stands before it) to the part that stands for it."""
