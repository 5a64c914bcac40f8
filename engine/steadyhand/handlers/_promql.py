"""Placeholders in PromQL: a value is one string, one number or one duration, and never a part of the query.

Pure, for `prometheus`. The renderer has written each value as JSON, which is how PromQL writes strings too. What is
left to see to: that a value does not stand inside quotes of the author's own, where its quotes would end theirs.
"""

from __future__ import annotations

import json
import re

from ..errors import BadInput
from ..model import Literal, Part, Text, Value

DURATION = re.compile(r"(?:[0-9]+(?:ms|[smhdwy]))+\Z")
NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\Z")
WINDOW = re.compile(r"(?:\[|:|\boffset)\s*\Z")
"""What stands before a duration."""


def query_of(text: Text) -> str:
    """The query as it will be sent. Raises BadInput for a placeholder that could become a part of it."""
    whole, quote = "", ""
    for part in text.parts:
        if isinstance(part, Literal):
            whole += part.text
            quote = _quote_after(part.text, quote)
            continue
        if quote:
            what = f"a placeholder stands inside {quote} quotes in the query, where its value could end them"
            raise BadInput(what, "leave the quotes out, as in up{app={{ inputs.app }}}: they are put around it")
        whole += _value(part, whole)
    if not whole.strip():
        raise BadInput("`query` is empty", "write PromQL, as in prometheus: up")
    return whole.strip()


def _value(part: Part, before: str) -> str:
    if not isinstance(part, Value):
        raise BadInput("a secret cannot stand in a query: it would be in the server's log", "use `bearer` or `basic`")
    if not part.known or NUMBER.match(part.text):
        return part.text
    if WINDOW.search(before):
        if DURATION.match(part.raw):
            return part.raw
        raise BadInput(f"{part.raw[:40]!r} stands where PromQL takes a duration", "write it as in 5m or 1h30m")
    try:
        if isinstance(json.loads(part.text), str):
            return part.text
    except ValueError:
        pass
    what = f"{part.raw[:40]!r} can be neither a text nor a number of PromQL"
    raise BadInput(what, "in a query, a placeholder gives a label's value, a number or a duration")


def _quote_after(text: str, quote: str) -> str:
    """Which quotes are open after a piece of the query, given those that were open before it."""
    escaped, comment = False, False
    for char in text:
        if comment:
            comment = char != "\n"
        elif escaped:
            escaped = False
        elif quote and quote != "`" and char == "\\":
            escaped = True
        elif char == quote:
            quote = ""
        elif not quote and char in "\"'`":
            quote = char
        elif not quote and char == "#":
            comment = True
    return quote
