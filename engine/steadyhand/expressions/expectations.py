"""What is wrong with an expectation, before anything has been seen.

Called by the schema room for every `expect:`. A matcher that is misspelt would otherwise be found out when it is
needed. Each finding says where in the expectation it is, as the keys and indices that lead there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ..model.runbook import FAIL, PASS
from . import jsonpath, patterns
from .checking import check, check_expression
from .durations import read_duration
from .failures import TemplateError, nearest
from .matchers import COMPARISONS, OPERATORS
from .scan import templated
from .shown import printable
from .verdicts import DOCUMENTS

Where = tuple[str | int, ...]
Found = tuple[Where, str, str]
"""(where it is, message, hint)."""

ALIASES: Mapping[str, str] = {
    written: meant
    for meant, many in {
        "equals": ("equal", "is", "=="),
        "contains": ("contain", "include", "includes"),
        "matches": ("match", "regex", "regexp", "pattern"),
        "in": ("one_of", "oneof"),
        "lt": ("<", "less_than"),
        "le": ("<=", "lte"),
        "gt": (">", "greater_than"),
        "ge": (">=", "gte"),
        "length": ("len", "size"),
        "exists": ("exist", "present"),
        "any": ("or", "any_of"),
        "all": ("and", "all_of"),
    }.items()
    for written in many
}
"""What people write for a matcher, and what it is called here."""


def check_expect(expect: Mapping[str, Any], results: Collection[str] = ()) -> list[Found]:
    """All problems of an expectation, in its order.

    `results` are the names that the handler gives; when it is empty, any subject may stand in the expectation.
    """
    return [(where, printable(what), printable(hint)) for where, what, hint in _expect(expect, (), results)]


def documents(results: Collection[str]) -> tuple[str, ...]:
    """The subjects that can be read from what a handler gives, beside the names of that itself."""
    return tuple(name for name, texts in DOCUMENTS.items() if set(texts) & set(results))


def _expect(expect: Any, where: Where, results: Collection[str]) -> Iterator[Found]:
    if isinstance(expect, str):
        for problem in check_expression(expect):
            yield where, problem.message, problem.hint
    elif not isinstance(expect, Mapping):
        yield where, "an expectation is a map of matchers or an expression", "write `{exit_code: 0}`, for one"
    elif expect and set(expect) <= {PASS, FAIL}:
        for name, part in expect.items():
            yield from _expect(part, (*where, name), results)
    else:
        for subject, matcher in expect.items():
            yield from _subject(str(subject), matcher, (*where, subject), results)


def _subject(subject: str, matcher: Any, where: Where, results: Collection[str]) -> Iterator[Found]:
    known = {*results, *documents(results)}
    if results and subject not in known:
        meant = nearest(subject, known)
        hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(sorted(known))}"
        yield where, f"the result has no `{subject}`", hint
    elif subject in DOCUMENTS:
        yield from _document(matcher, where)
    elif subject == "headers" and isinstance(matcher, Mapping):
        for name, inner in matcher.items():
            yield from _matcher(inner, (*where, name), default=True)
    else:
        yield from _matcher(matcher, where, duration=subject == "duration")


def _document(matcher: Any, where: Where) -> Iterator[Found]:
    if isinstance(matcher, (list, tuple)):
        for index, inner in enumerate(matcher):
            yield from _document(inner, (*where, index))
        return
    if isinstance(matcher, Mapping) and "path" in matcher:
        yield from _path(matcher["path"], (*where, "path"))
        matcher = {name: operand for name, operand in matcher.items() if name != "path"}
        yield from _matcher(matcher, where, default=True)
    else:
        yield from _matcher(matcher, where)


def _path(path: Any, where: Where) -> Iterator[Found]:
    if not isinstance(path, str):
        yield where, "a path is a text", "write `$.name`"
    elif templated(path):
        yield from _template(path, where)
    else:
        try:
            jsonpath.parsed(path)
        except TemplateError as problem:
            yield where, problem.message, problem.hint


def _template(source: str, where: Where) -> Iterator[Found]:
    for problem in check(source):
        yield where, problem.message, problem.hint


def _matcher(matcher: Any, where: Where, *, duration: bool = False, default: bool = False) -> Iterator[Found]:
    if isinstance(matcher, str) and templated(matcher):
        yield from _template(matcher, where)
    if duration and not isinstance(matcher, Mapping):
        yield from _duration(matcher, where)
    for name, operand in matcher.items() if isinstance(matcher, Mapping) else ():
        if default and name == "default":
            continue
        if name not in OPERATORS:
            yield _unknown(name, operand, where, default=default)
        elif isinstance(operand, str) and templated(operand):
            yield from _template(operand, (*where, name))
        else:
            yield from _operand(name, operand, (*where, name), duration=duration)


def _unknown(name: Any, operand: Any, where: Where, *, default: bool) -> Found:
    known = (*OPERATORS, "default") if default else OPERATORS
    meant = ALIASES.get(str(name)) or nearest(str(name), known)
    if not meant and isinstance(operand, Mapping):
        return (*where, name), f"there is no matcher `{name}`", "to compare a whole map, write it under `equals:`"
    hint = f"did you mean `{meant}`?" if meant else f"there are {', '.join(known)}"
    return (*where, name), f"there is no matcher `{name}`", hint


def _operand(name: str, operand: Any, where: Where, *, duration: bool) -> Iterator[Found]:
    if name in {"any", "all"}:
        yield from _many(name, operand, where, duration=duration)
    elif name == "not":
        yield from _matcher(operand, where, duration=duration)
    elif name == "in":
        if not isinstance(operand, list) or not operand:
            yield where, "`in` takes a list", "write `in: [200, 204]`"
    elif name in {"number", "length"} and isinstance(operand, Mapping):
        yield from _comparisons(operand, where, duration=duration and name == "number")
    elif name in {"number", "length"} or name in COMPARISONS or (duration and name == "equals"):
        yield from (_duration if duration and name != "length" else _number)(operand, where)
    elif name in _SIMPLE:
        yield from _SIMPLE[name](operand, where)


def _many(name: str, operand: Any, where: Where, *, duration: bool) -> Iterator[Found]:
    if not isinstance(operand, list) or not operand:
        yield where, f"`{name}` takes a list of matchers", f"write `{name}: [{{contains: a}}, {{contains: b}}]`"
        return
    for index, inner in enumerate(operand):
        yield from _matcher(inner, (*where, index), duration=duration)


def _comparisons(tests: Mapping[str, Any], where: Where, *, duration: bool) -> Iterator[Found]:
    if not tests:
        yield where, "a comparison is missing", "write `{lt: 5}`"
    for name, bound in tests.items():
        if name not in COMPARISONS:
            meant = ALIASES.get(str(name)) or nearest(str(name), COMPARISONS)
            hint = f"did you mean `{meant}`?" if meant in COMPARISONS else f"there are {', '.join(COMPARISONS)}"
            yield (*where, name), f"there is no comparison `{name}`", hint
        elif not (isinstance(bound, str) and templated(bound)):
            yield from (_duration if duration else _number)(bound, (*where, name))
        else:
            yield from _template(bound, (*where, name))


def _number(bound: Any, where: Where) -> Iterator[Found]:
    if not isinstance(bound, (int, float)) or isinstance(bound, bool):
        yield where, "this is compared as a number, and is none", "write a number, as in `lt: 5`"


def _duration(bound: Any, where: Where) -> Iterator[Found]:
    if not isinstance(bound, str) or (not templated(bound) and read_duration(bound) is None):
        yield where, "this is compared as a duration, and is none", "write it with its unit: `500ms`, `5s`, `1h30m`"


def _text_pattern(operand: Any, where: Where) -> Iterator[Found]:
    if not isinstance(operand, str):
        yield where, "a regular expression is a text", "put it in quotes"
        return
    try:
        patterns.compiled(operand)
    except TemplateError as problem:
        yield where, problem.message, problem.hint


def _boolean(operand: Any, where: Where) -> Iterator[Found]:
    if not isinstance(operand, bool):
        yield where, "`exists` is true or false", "write `exists: true`"


def _part(operand: Any, where: Where) -> Iterator[Found]:
    if operand is None:
        yield where, "`contains` needs something to look for", "write `contains: 'text'`"


_SIMPLE: Mapping[str, Callable[[Any, Where], Iterator[Found]]] = {
    "matches": _text_pattern,
    "exists": _boolean,
    "contains": _part,
}
