"""Matchers: what an expectation says of one value, held against that value.

Called by `judge` for each subject of an expectation. A matcher is a bare value (it must be equal) or a map of
operators, all of which must hold. The answer has three values: it holds, it does not, or it cannot be told, and then
with the reason: a text that is no number is not less than 5, and it is not at least 5 either.

    equals  contains  matches  number: {lt le gt ge eq}  lt le gt ge eq  in  length  exists  not  any  all
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from . import patterns
from .durations import read_duration, write_duration
from .failures import TemplateError
from .jsonpath import same
from .quoting import as_text
from .shown import pattern, printable, shown
from .values import Truncated, kind


class Unit(Enum):
    """How a subject is read: a stream of text (its last line end does not count), a duration, or a plain value."""

    PLAIN = "plain"
    STREAM = "stream"
    DURATION = "duration"


class Nothing(Struct, frozen=True):
    """Stands for a value that there is none of; `why` is a clause.

    `absent` is whether it is known not to be there, and false when it could not be looked for.
    """

    why: str
    absent: bool = True


class Told(Struct, frozen=True):
    """What one operator says: `actual` is what was seen, or why it cannot be told when `holds` is None."""

    holds: bool | None
    actual: str


def operators(matcher: Any) -> Mapping[str, Any]:
    """A matcher as a map of operators."""
    return matcher if isinstance(matcher, Mapping) else {"equals": matcher}


def describe(name: str, operand: Any, unit: Unit = Unit.PLAIN) -> str:
    """What an operator expects, in words: `a number less than 5`."""
    known = _OPERATORS.get(name)
    return printable(known[0](operand, unit) if known else f"{name} {shown(operand)}")


def described(matcher: Any, unit: Unit = Unit.PLAIN) -> str:
    """What a whole matcher expects, in words."""
    return " and ".join(describe(name, operand, unit) for name, operand in operators(matcher).items())


def hold(name: str, operand: Any, value: Any, unit: Unit = Unit.PLAIN) -> Told:
    """One operator held against a value (which may be Nothing or Truncated). Never raises."""
    known = _OPERATORS.get(name)
    if known is None:
        return Told(None, f"there is no matcher `{name}`")
    if isinstance(value, Nothing) and name not in {"exists", "not", "any", "all"}:
        return Told(None, value.why)
    try:
        return known[1](operand, value, unit)
    except TemplateError as problem:
        return Told(None, printable(problem.message))
    except RecursionError:
        return Told(None, "the value is nested too deeply")


def held(matcher: Any, value: Any, unit: Unit = Unit.PLAIN) -> Told:
    """A whole matcher held against a value: the first operator that fails decides, then the first that cannot tell."""
    told = [hold(name, operand, value, unit) for name, operand in operators(matcher).items()]
    return _worst(told) if told else Told(True, _seen(value, unit))


def _worst(told: list[Told]) -> Told:
    return min(told, key=lambda t: _ORDER[t.holds])


_ORDER = {False: 0, None: 1, True: 2}


def _seen(value: Any, unit: Unit) -> str:
    if isinstance(value, Nothing):
        return "not there"
    if unit is Unit.DURATION and _is_number(value):
        return write_duration(value)
    return shown(_line(value) if unit is Unit.STREAM else value)


def _line(value: Any) -> Any:
    """Text without its last line end."""
    return value.removesuffix("\n").removesuffix("\r") if isinstance(value, str) else value


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cut(value: Truncated, unit: Unit) -> Told:
    del unit
    return Told(None, value.why)


# --- equality and contents


def _equals(operand: Any, value: Any, unit: Unit) -> Told:
    if isinstance(value, Truncated):
        return _cut(value, unit)
    wanted, seen = operand, _seen(value, unit)
    if unit is Unit.STREAM and isinstance(value, str):
        value = _line(value)
        wanted = _line(operand) if isinstance(operand, str) else "null" if operand is None else as_text(operand)
    if unit is Unit.DURATION:
        wanted = _number(operand, unit)
    return Told(same(value, wanted), seen)


def _contains(operand: Any, value: Any, unit: Unit) -> Told:
    if isinstance(value, (str, Truncated)):
        return _text_contains(as_text(operand), value, unit)
    if isinstance(value, Mapping):
        return Told(operand in value if isinstance(operand, str) else False, _seen(value, unit))
    if isinstance(value, (list, tuple)):
        return Told(any(same(operand, item) for item in value), _seen(value, unit))
    return Told(None, f"{shown(value)} is {kind(value)}, which contains nothing")


def _text_contains(operand: str, value: str | Truncated, unit: Unit) -> Told:
    text = value.text if isinstance(value, Truncated) else value
    if operand in text:
        return Told(True, _around(text, text.index(operand), len(operand)))
    return _cut(value, unit) if isinstance(value, Truncated) else Told(False, _seen(value, unit))


def _matches(operand: Any, value: Any, unit: Unit) -> Told:
    if isinstance(value, Truncated):
        return _matches_beginning(operand, value, unit)
    text = as_text(value)
    match = patterns.compiled(as_text(operand)).search(patterns.searchable(text))
    return Told(True, _around(text, match.start(), len(match[0]))) if match else Told(False, _seen(value, unit))


def _matches_beginning(operand: Any, value: Truncated, unit: Unit) -> Told:
    """A match in the part that was kept counts, unless what came after might have made it none."""
    match = patterns.compiled(as_text(operand)).search(patterns.searchable(value.text))
    if match and match.end() < len(value.text) and not patterns.looks_ahead(as_text(operand)):
        return Told(True, _around(value.text, match.start(), len(match[0])))
    return _cut(value, unit)


def _around(text: str, start: int, length: int) -> str:
    """The text when it is short, else the line around what was found."""
    if len(text) <= 200:
        return shown(text.removesuffix("\n"))
    begin = max(text.rfind("\n", 0, start) + 1, start - 60)
    end = min(e if (e := text.find("\n", start + length)) >= 0 else len(text), start + length + 60)
    return f"{shown(text[begin:end])} (in {len(text):,} characters)"


# --- numbers

_READS = re.compile(r"[+-]?(?:\d{1,4000}(?:\.\d{0,4000})?|\.\d{1,4000})(?:[eE][+-]?\d{1,4})?", re.ASCII)

_WORDS = {"lt": "less than", "le": "at most", "gt": "greater than", "ge": "at least", "eq": "equal to"}

_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
    "eq": lambda a, b: a == b,
}


def _number(value: Any, unit: Unit) -> Any:
    """The number that a value is, or reads as. Raises TemplateError."""
    if isinstance(value, Truncated):
        raise TemplateError(value.why)
    if _is_number(value):
        return value
    text = value.strip() if isinstance(value, str) else ""
    if unit is Unit.DURATION and (found := read_duration(text)) is not None:
        return found
    if not _READS.fullmatch(text):
        raise TemplateError(f"{shown(_line(value))} is not a {'duration' if unit is Unit.DURATION else 'number'}")
    return int(text) if text.lstrip("+-").isdigit() else float(text)


def _wanted(tests: Any, unit: Unit) -> str:
    if not isinstance(tests, Mapping):
        return _amount(tests, unit)
    return " and ".join(f"{_WORDS.get(name, name)} {_amount(bound, unit)}" for name, bound in tests.items())


def _amount(bound: Any, unit: Unit) -> str:
    duration = read_duration(bound) if isinstance(bound, str) and unit is Unit.DURATION else None
    if duration is not None:
        return write_duration(duration)
    return bound if isinstance(bound, str) else shown(bound)


def _within(tests: Any, number: Any, unit: Unit) -> bool:
    """Whether a number passes every comparison. Raises TemplateError."""
    for name, bound in tests.items() if isinstance(tests, Mapping) else (("eq", tests),):
        if name not in _TESTS:
            raise TemplateError(f"there is no comparison `{name}`")
        if not _TESTS[name](number, _number(bound, unit)):
            return False
    return True


def _describe_number(tests: Any, unit: Unit) -> str:
    what = "a duration" if unit is Unit.DURATION else "a number"
    equal = "" if isinstance(tests, Mapping) else "equal to "
    return f"{what} {equal}{_wanted(tests, unit)}".strip()


def _is_within(tests: Any, value: Any, unit: Unit) -> Told:
    number = _number(value, unit)
    return Told(_within(tests, number, unit), _seen(number, unit))


def _comparison(name: str) -> _Operator:
    return (
        lambda operand, unit: _describe_number({name: operand}, unit),
        lambda operand, value, unit: _is_within({name: operand}, value, unit),
    )


def _length(tests: Any, value: Any, unit: Unit) -> Told:
    if isinstance(value, Truncated):
        return _cut(value, unit)
    if not isinstance(value, (str, list, tuple, Mapping)):
        return Told(None, f"{shown(value)} is {kind(value)}, which has no length")
    size = len(_line(value) if unit is Unit.STREAM else value)
    return Told(_within(tests, size, Unit.PLAIN), f"a length of {size:,}")


def _describe_length(tests: Any, unit: Unit) -> str:
    del unit
    return f"a length {_wanted(tests, Unit.PLAIN)}" if isinstance(tests, Mapping) else f"a length of {shown(tests)}"


# --- composition


def _in(operand: Any, value: Any, unit: Unit) -> Told:
    if not isinstance(operand, (list, tuple)):
        return Told(None, "`in` takes a list")
    told = [_equals(item, value, unit) for item in operand]
    return max(told, key=lambda t: _ORDER[t.holds]) if told else Told(False, _seen(value, unit))


def _not(operand: Any, value: Any, unit: Unit) -> Told:
    told = held(operand, value, unit)
    return Told(None if told.holds is None else not told.holds, told.actual)


def _any(operand: Any, value: Any, unit: Unit) -> Told:
    told = [held(matcher, value, unit) for matcher in operand] if isinstance(operand, (list, tuple)) else []
    if not told:
        return Told(None, "`any` takes a list of matchers")
    best = max(told, key=lambda t: _ORDER[t.holds])
    return Told(best.holds, best.actual)


def _all(operand: Any, value: Any, unit: Unit) -> Told:
    told = [held(matcher, value, unit) for matcher in operand] if isinstance(operand, (list, tuple)) else []
    return _worst(told) if told else Told(None, "`all` takes a list of matchers")


def _exists(operand: Any, value: Any, unit: Unit) -> Told:
    if not isinstance(operand, bool):
        return Told(None, "`exists` is true or false")
    if isinstance(value, Nothing) and not value.absent:
        return Told(None, value.why)
    return Told(isinstance(value, Nothing) is not operand, _seen(value, unit))


def _joined(operand: Any, unit: Unit) -> str:
    many = operand if isinstance(operand, (list, tuple)) else [operand]
    return "; ".join(described(matcher, unit) for matcher in many)


def _described_value(operand: Any, unit: Unit) -> str:
    return _amount(operand, unit) if unit is Unit.DURATION else shown(operand)


_Operator = tuple[Callable[[Any, Unit], str], Callable[[Any, Any, Unit], Told]]

_OPERATORS: Mapping[str, _Operator] = {
    "equals": (_described_value, _equals),
    "contains": (lambda operand, _: f"to contain {shown(operand)}", _contains),
    "matches": (lambda operand, _: f"to match {pattern(str(operand))}", _matches),
    "number": (_describe_number, _is_within),
    "lt": _comparison("lt"),
    "le": _comparison("le"),
    "gt": _comparison("gt"),
    "ge": _comparison("ge"),
    "eq": _comparison("eq"),
    "in": (lambda operand, unit: f"one of {_joined_values(operand, unit)}", _in),
    "length": (_describe_length, _length),
    "exists": (lambda operand, _: "to be there" if operand else "not to be there", _exists),
    "not": (lambda operand, unit: f"not {described(operand, unit)}", _not),
    "any": (lambda operand, unit: f"any of ({_joined(operand, unit)})", _any),
    "all": (lambda operand, unit: f"all of ({_joined(operand, unit)})", _all),
}
"""Name to (what it expects in words, what it says of a value)."""


def _joined_values(operand: Any, unit: Unit) -> str:
    many = operand if isinstance(operand, (list, tuple)) else [operand]
    return ", ".join(_described_value(item, unit) for item in many[:20]) + (", …" if len(many) > 20 else "")


OPERATORS = tuple(_OPERATORS)
COMPARISONS = tuple(_TESTS)
