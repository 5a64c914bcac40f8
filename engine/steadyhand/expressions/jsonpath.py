"""JSONPath, the part of RFC 9535 that runbooks need: names, indices, slices, wildcards, descent and simple filters.

    $.database   $['a b'][0]   $.items[-1].name   $.items[*].id   $.items[1:3]   $..id   $.items[?@.ok == true].id

A path of names and indices alone is definite: it leads to one value or to none. Any other gives a list, which may be
empty. Called by the matchers, and by the check of expectations through `parsed`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from .failures import TemplateError
from .work import weight

MOST = 100_000
"""Values that a path may visit."""

Found = Iterator[Any]
Select = Callable[[Any, Any], Found]
"""(value, root of the document) to the values selected from it."""


class Path(Struct, frozen=True):
    """A parsed path: its steps, each a descent or not with its selectors, and whether it leads to one value."""

    text: str
    steps: tuple[tuple[bool, tuple[Select, ...]], ...]
    definite: bool


@lru_cache(maxsize=256)
def parsed(text: str) -> Path:
    """A path. Raises TemplateError with the place of what cannot be read."""
    try:
        reader = _Reader(text.strip())
        reader.expect("$", "a path begins with `$`")
        path = reader.path()
        reader.end()
    except RecursionError:
        raise TemplateError(f"the path `{text[:80]}` is nested too deeply") from None
    return path


def found(path: Path, document: Any) -> list[Any]:
    """All values that a path leads to, in order. Raises TemplateError when it leads to too many."""
    values = [document]
    visited = 0
    for deep, selectors in path.steps:
        selected: list[Any] = []
        for value in values:
            for start in _descended(value) if deep else (value,):
                visited += 1 + weight(start) * (len(selectors) > 1 or not path.definite)
                if visited > MOST:
                    raise TemplateError(f"the path `{path.text}` visits more than {MOST:,} values")
                for select in selectors:
                    selected += select(start, document)
        values = selected
    return values


def _descended(value: Any) -> Found:
    """A value and all that lies in it, each before what it holds."""
    waiting = [value]
    while waiting:
        value = waiting.pop()
        yield value
        waiting += reversed(_children(value))


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return list(value) if isinstance(value, (list, tuple)) else []


# --- selectors


def _name(name: str) -> Select:
    def select(value: Any, _: Any) -> Found:
        if isinstance(value, Mapping) and name in value:
            yield value[name]

    return select


def _index(index: int) -> Select:
    def select(value: Any, _: Any) -> Found:
        if isinstance(value, (list, tuple)) and -len(value) <= index < len(value):
            yield value[index]

    return select


def _slice(bounds: slice) -> Select:
    def select(value: Any, _: Any) -> Found:
        if isinstance(value, (list, tuple)) and bounds.step != 0:
            yield from value[bounds]

    return select


def _all(value: Any, _: Any) -> Found:
    yield from _children(value)


def _filter(holds: Callable[[Any, Any], bool]) -> Select:
    def select(value: Any, root: Any) -> Found:
        yield from (child for child in _children(value) if holds(child, root))

    return select


# --- reading

_SHORT = re.compile(r"[^\x00-@\[-^`{-\x7f][^\x00-/:-@\[-^`{-\x7f]*")  # ASCII letters, `_`, and all beyond ASCII
_INTEGER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})")
_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,14})(?:\.[0-9]{1,15})?(?:[eE][+-]?[0-9]{1,3})?")
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_SIGN = re.compile(r"==|!=|<=|>=|<|>")
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "null": None}

_NOTHING: Any = object()


class _Reader:
    """Reads one path from left to right."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def failed(self, why: str) -> TemplateError:
        return TemplateError(f"the path `{self.text[:80]}` cannot be read at character {self.at + 1}: {why}")

    def blank(self) -> None:
        while self.text[self.at : self.at + 1].isspace():
            self.at += 1

    def accept(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def then(self, sign: str) -> bool:
        self.blank()
        return self.accept(sign)

    def expect(self, sign: str, why: str) -> None:
        if not self.accept(sign):
            raise self.failed(why)

    def match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        if match:
            self.at = match.end()
        return match[0] if match else ""

    def end(self) -> None:
        if self.at < len(self.text):
            raise self.failed("write `.name`, `['name']`, `[0]`, `[*]`, `..name` or `[?@.name == 'x']`")

    def path(self) -> Path:
        steps: list[tuple[bool, tuple[Select, ...]]] = []
        start, definite = self.at, True
        while step := self.step():
            deep, selectors, single = step
            definite = definite and single and not deep
            steps.append((deep, selectors))
        return Path(self.text if start == 1 else "", tuple(steps), definite)

    def step(self) -> tuple[bool, tuple[Select, ...], bool] | None:
        """(whether it descends, selectors, whether they select at most one value)."""
        deep = self.accept("..")
        if self.accept("["):
            return (deep, *self.brackets())
        if not deep and not self.accept("."):
            return None
        if self.accept("*"):
            return deep, (_all,), False
        name = self.match(_SHORT)
        if not name:
            raise self.failed("a name is missing; write `['a name']` for one with other characters")
        return deep, (_name(name),), True

    def brackets(self) -> tuple[tuple[Select, ...], bool]:
        selectors: list[Select] = []
        single = True
        while True:
            self.blank()
            selector, one = self.selector()
            selectors.append(selector)
            single = single and one
            self.blank()
            if self.accept("]"):
                return tuple(selectors), single and len(selectors) == 1
            self.expect(",", "`]` is missing")

    def selector(self) -> tuple[Select, bool]:
        if self.accept("*"):
            return _all, False
        if self.accept("?"):
            return _filter(self.either()), False
        quoted = self.match(_QUOTED)
        if quoted:
            return _name(self.unquoted(quoted)), True
        start = self.match(_INTEGER)
        if self.text[self.at :].lstrip().startswith(":"):
            return _slice(self.bounds(start)), False
        if not start:
            raise self.failed("an index, a quoted name, `*` or a filter is missing")
        return _index(int(start)), True

    def bounds(self, start: str) -> slice:
        numbers = [start]
        for _ in range(2):
            self.blank()
            if not self.accept(":"):
                break
            self.blank()
            numbers.append(self.match(_INTEGER))
        return slice(*(int(n) if n else None for n in numbers))

    def unquoted(self, quoted: str) -> str:
        inner = quoted[1:-1]
        if quoted[0] == "'":
            inner = inner.replace("\\'", "'").replace('"', '\\"')
        try:
            return str(json.loads(f'"{inner}"', strict=False))
        except ValueError:
            raise self.failed(f"{quoted} is no quoted name") from None

    # --- filters

    def either(self) -> Callable[[Any, Any], bool]:
        tests = [self.both()]
        while self.then("||"):
            tests.append(self.both())
        return lambda value, root: any(test(value, root) for test in tests)

    def both(self) -> Callable[[Any, Any], bool]:
        tests = [self.one()]
        while self.then("&&"):
            tests.append(self.one())
        return lambda value, root: all(test(value, root) for test in tests)

    def one(self) -> Callable[[Any, Any], bool]:
        self.blank()
        if self.accept("!"):
            inner = self.one()
            return lambda value, root: not inner(value, root)
        if self.accept("("):
            inner = self.either()
            self.blank()
            self.expect(")", "`)` is missing")
            return inner
        return self.comparison()

    def comparison(self) -> Callable[[Any, Any], bool]:
        left, path = self.operand()
        self.blank()
        sign = self.match(_SIGN)
        if sign:
            self.blank()
            right, _ = self.operand()
            return lambda value, root: _compared(sign, left(value, root), right(value, root))
        if path is None:
            raise self.failed("a comparison is missing, as in `[?@.name == 'x']`")
        return lambda value, root: bool(found(path[0], root if path[1] else value))

    def operand(self) -> tuple[Callable[[Any, Any], Any], tuple[Path, bool] | None]:
        """How to get the operand, and its path (with whether it starts at the root) if it is one."""
        for sign, absolute in (("@", False), ("$", True)):
            if self.accept(sign):
                return self.relative(absolute=absolute)
        quoted = self.match(_QUOTED)
        if quoted:
            text = self.unquoted(quoted)
            return lambda _, __: text, None
        word = self.match(_SHORT)
        if word in _WORDS:
            return lambda _, __: _WORDS[word], None
        number = self.match(_NUMBER) if not word else ""
        if not number:
            raise self.failed("a filter compares `@.name` with a text in quotes, a number, true, false or null")
        constant = json.loads(number)
        return lambda _, __: constant, None

    def relative(self, *, absolute: bool) -> tuple[Callable[[Any, Any], Any], tuple[Path, bool]]:
        path = self.path()

        def operand(value: Any, root: Any) -> Any:
            values = found(path, root if absolute else value)
            return values[0] if path.definite and values else _NOTHING

        return operand, (path, absolute)


def same(left: Any, right: Any) -> bool:
    """Whether two JSON values are equal: true is not 1, and 1 is 1.0."""
    if isinstance(left, bool) or isinstance(right, bool):
        return left is right
    if isinstance(left, Mapping) and isinstance(right, Mapping):
        return left.keys() == right.keys() and all(same(value, right[key]) for key, value in left.items())
    if _listed(left) and _listed(right):
        return len(left) == len(right) and all(map(same, left, right))
    return bool(left == right)


def _listed(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _compared(sign: str, left: Any, right: Any) -> bool:
    if sign in {"==", "!="}:
        return same(left, right) is (sign == "==")
    numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in (left, right))
    if not numbers and not (isinstance(left, str) and isinstance(right, str)):
        return sign in {"<=", ">="} and left is not _NOTHING and same(left, right)
    return bool({"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[sign])
