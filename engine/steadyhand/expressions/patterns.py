"""Regular expressions that end: patterns that could take for ever are refused before they are used.

Called by the matchers, the filters and the check of expectations. The engine's regular expressions backtrack, cannot
be interrupted, and hold everything else up while they run; so a pattern that can split the same text in exponentially
many ways is refused, and so is text of more than 1 MiB. What remains is at worst polynomial in the length of the text:
`.*` several times in one pattern, over a very long line, is slow, and is the author's to avoid.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from re import _constants as op  # type: ignore[attr-defined] # the parse tree has no public name
from re import _parser  # type: ignore[attr-defined] # nor has its parser
from typing import Any

from .failures import TemplateError

LONGEST = 1024 * 1024
"""Characters that a pattern is held against."""

_MANY = 12
"""A repetition that may go on this long counts as unbounded."""

_WORD, _SPACE, _OTHER = 128, 129, 130
_BEYOND = frozenset([_WORD, _SPACE, _OTHER])
_ALPHABET = frozenset(range(128)) | _BEYOND
"""ASCII, and one stand-in for each sort of character beyond it."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled. Raises TemplateError when it is no pattern, or could take for ever."""
    if _set_within_set(pattern):
        raise TemplateError(
            f"`{pattern[:80]}` holds a set within a set, which does not mean here what it does elsewhere",
            r"write `\d`, `\s` or `\w` for `[:digit:]` and the like, and `\[` for a bracket in a set",
        )
    try:
        tree = _parser.parse(pattern)
        risky = _risky(tree)
        found = re.compile(pattern)
    except (re.error, RecursionError, OverflowError, MemoryError) as problem:
        raise TemplateError(f"`{pattern[:80]}` is not a regular expression: {problem}") from None
    if risky:
        raise TemplateError(
            f"the regular expression `{pattern[:80]}` could take for ever: "
            "a repetition inside a repetition can split the same text in too many ways",
            "put something that the inner one cannot match between its turns, as in `(\\d+\\.)+`",
        )
    return found


def _set_within_set(pattern: str) -> bool:
    """Whether a set holds `[` first, or a doubled sign: the parser would print a warning on that, and go on."""
    at, start = 0, -1
    while at < len(pattern):
        char, following = pattern[at], pattern[at + 1 : at + 2]
        if start < 0 and char == "[":
            start = at + 1 + (following == "^")
            if following == "[":
                return True
            at = start - 1
        elif start >= 0 and char == "]" and at > start:
            start = -1
        elif start >= 0 and char in "-&~|" and following == char:
            return True
        at += 2 if char == "\\" else 1
    return False


def searchable(text: str) -> str:
    """The text, if it is short enough. Raises TemplateError."""
    if len(text) > LONGEST:
        raise TemplateError(f"a text of {len(text):,} characters is too long for a regular expression")
    return text


@lru_cache(maxsize=256)
def looks_ahead(pattern: str) -> bool:
    """Whether a match may depend on what comes after it (an anchor, a look-ahead)."""
    return any(code in {op.AT, op.ASSERT, op.ASSERT_NOT} for code, _ in _everything(_parser.parse(pattern)))


def _everything(tree: Iterable[Any]) -> Iterable[tuple[Any, Any]]:
    for code, detail in tree:
        yield code, detail
        for part in _parts(code, detail):
            yield from _everything(part)


def _parts(code: Any, detail: Any) -> Sequence[Any]:
    """The sequences of items directly inside an item."""
    if code in _REPEATS:
        return [detail[2]]
    if code is op.SUBPATTERN:
        return [detail[3]]
    if code is op.BRANCH:
        return list(detail[1])
    if code in {op.ASSERT, op.ASSERT_NOT}:
        return [detail[1]]
    if code is op.ATOMIC_GROUP:
        return [detail]
    if code is op.GROUPREF_EXISTS:
        return [part for part in detail[1:] if part is not None]
    return []


_BACKTRACK = frozenset({op.MAX_REPEAT, op.MIN_REPEAT})
_REPEATS = _BACKTRACK | {op.POSSESSIVE_REPEAT}


def _risky(tree: Iterable[Any]) -> bool:
    return any(code in _BACKTRACK and detail[1] > _MANY and _splits(detail[2]) for code, detail in _everything(tree))


def _splits(body: Any) -> bool:
    """Whether the body of an unbounded repetition can match the same text in more than one way."""
    items = _flat(body)
    for code, detail in items:
        if code in _BACKTRACK and detail[1] > 1 and not _fenced(_characters(detail[2]), items):
            return True
        if code is op.BRANCH and _overlap(detail[1]):
            return True
        if any(_splits(part) for part in _parts(code, detail) if code is not op.ATOMIC_GROUP):
            return True
    return False


def _flat(body: Any) -> list[tuple[Any, Any]]:
    """The items of a sequence, groups opened."""
    found: list[tuple[Any, Any]] = []
    for code, detail in body:
        found += _flat(detail[3]) if code is op.SUBPATTERN else [(code, detail)]
    return found


def _fenced(characters: frozenset[int], items: Iterable[tuple[Any, Any]]) -> bool:
    """Whether each turn must match something that an inner repetition over these characters cannot."""
    return any(
        not (_of_item(code, detail) & characters) and _of_item(code, detail) and _required(code, detail)
        for code, detail in items
    )


def _required(code: Any, detail: Any) -> bool:
    return detail[0] > 0 if code in _REPEATS else code not in {op.AT, op.ASSERT, op.ASSERT_NOT, op.BRANCH}


def _overlap(branches: Sequence[Any]) -> bool:
    """Whether two branches can begin with the same character, or one can match nothing."""
    seen: frozenset[int] = frozenset()
    for branch in branches:
        first = _characters(list(_flat(branch))[:1])
        if not first or first & seen or _flat(branch)[0][0] in _REPEATS:
            return True
        seen |= first
    return False


def _characters(body: Any) -> frozenset[int]:
    """All characters that a sequence can match anywhere."""
    return frozenset[int]().union(*(_of_item(code, detail) for code, detail in body))


def _of_item(code: Any, detail: Any) -> frozenset[int]:
    if code is op.LITERAL:
        return frozenset(map(_sort, chr(detail).lower() + chr(detail).upper()))
    if code is op.NOT_LITERAL:
        return _ALPHABET - ({detail} - _BEYOND)
    if code is op.ANY:
        return _ALPHABET
    if code is op.IN:
        return _of_class(detail)
    parts = _parts(code, detail)
    if parts:
        return frozenset[int]().union(*(_characters(part) for part in parts))
    return frozenset() if code is op.AT else _ALPHABET


def _sort(char: str) -> int:
    """What stands for a character in the alphabet."""
    if ord(char) < 128:
        return ord(char)
    return _WORD if char.isalnum() else _SPACE if char.isspace() else _OTHER


def _of_class(items: Sequence[Any]) -> frozenset[int]:
    negated = bool(items) and items[0][0] is op.NEGATE
    found: set[int] = set()
    covered: set[int] = set()
    for code, detail in items:
        if code is op.LITERAL:
            found.add(_sort(chr(detail)))
        elif code is op.RANGE:
            found |= set(range(detail[0], min(detail[1], 127) + 1)) | (_BEYOND if detail[1] > 127 else set())
        elif code is op.CATEGORY:
            found |= _CATEGORIES[detail]
            covered |= _COVERED[detail]
    # One character beyond ASCII in a class does not keep the others of its sort out of the opposite.
    return _ALPHABET - {c for c in found if c < 128} - covered if negated else frozenset(found)


def _category(test: Any, beyond: set[int]) -> frozenset[int]:
    return frozenset(c for c in range(128) if test(chr(c))) | beyond


_CATEGORIES = {
    op.CATEGORY_DIGIT: _category(str.isdigit, {_WORD}),
    op.CATEGORY_NOT_DIGIT: _category(lambda c: not c.isdigit(), {_WORD, _SPACE, _OTHER}),
    op.CATEGORY_SPACE: _category(str.isspace, {_SPACE}),
    op.CATEGORY_NOT_SPACE: _category(lambda c: not c.isspace(), {_WORD, _OTHER}),
    op.CATEGORY_WORD: _category(lambda c: c.isalnum() or c == "_", {_WORD}),
    op.CATEGORY_NOT_WORD: _category(lambda c: not (c.isalnum() or c == "_"), {_SPACE, _OTHER}),
}
_COVERED: Mapping[Any, set[int]] = {
    op.CATEGORY_DIGIT: set(),
    op.CATEGORY_NOT_DIGIT: {_SPACE, _OTHER},
    op.CATEGORY_SPACE: {_SPACE},
    op.CATEGORY_NOT_SPACE: {_WORD, _OTHER},
    op.CATEGORY_WORD: {_WORD},
    op.CATEGORY_NOT_WORD: {_SPACE, _OTHER},
}
"""The sorts of characters beyond ASCII that a category holds all of."""
