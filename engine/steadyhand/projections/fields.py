"""A value that a person is to type, as a form shows it: made from its JSON Schema. Pure.

Called by the pages, for the inputs of a run and for a question that wants a typed answer. What comes back is checked
against the schema all the same; a field only helps to type it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from .words import spelled

NUMBERS = {"integer": "1", "number": "any"}
"""How fine a number may be typed."""


class Field(Struct, frozen=True):
    """`shape` is text, number, choice or json; `choices` are what may be chosen; `rule` says what is asked, in words.

    `value` is the text that stands in the field, `wrong` what was wrong with it.
    """

    name: str
    shape: str
    value: str = ""
    required: bool = False
    about: str = ""
    rule: str = ""
    choices: tuple[str, ...] = ()
    step: str = ""
    least: str = ""
    most: str = ""
    longest: str = ""
    source: str = ""
    wrong: str = ""


def field_of(
    name: str,
    schema: Mapping[str, Any],
    value: str = "",
    *,
    required: bool = False,
    about: str = "",
    source: str = "",
    wrong: str = "",
) -> Field:
    """The field for a value of that schema."""
    kinds = schema.get("type", "string")
    kind = kinds if isinstance(kinds, str) else next((k for k in kinds if k != "null"), "string")
    choices = tuple(written(one) for one in schema.get("enum", ("true", "false") if kind == "boolean" else ()))
    shape = "choice" if choices else "number" if kind in NUMBERS else "json" if kind in {"array", "object"} else "text"
    return Field(
        name,
        shape,
        value,
        required,
        about or str(schema.get("description", "")),
        rule_of(schema, kind),
        choices,
        NUMBERS.get(kind, ""),
        written(schema.get("minimum", "")),
        written(schema.get("maximum", "")),
        written(schema.get("maxLength", "")),
        source,
        wrong,
    )


def written(value: Any) -> str:
    """A value as the text that a form (or a command line) gives."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def rule_of(schema: Mapping[str, Any], kind: str) -> str:
    """What is asked of the value, in words."""
    found = [{"array": "a list, as JSON", "object": "a map, as JSON", "integer": "a whole number"}.get(kind, "")]
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None and high is not None:
        found.append(f"{written(low)} to {written(high)}")
    elif low is not None or high is not None:
        found.append(f"at least {written(low)}" if low is not None else f"at most {written(high)}")
    words = (("minLength", "at least {} characters"), ("maxLength", "at most {} characters"), ("pattern", "fits /{}/"))
    found += [text.format(schema[key]) for key, text in words if key in schema]
    if "format" in schema:
        found.append(spelled(schema["format"]))
    return ", ".join(part for part in found if part)
