"""Expectations that can never hold, and those that always do. Pure.

Called by `checks` for every expectation of a runbook. An expectation, or an expression, is read as a formula over a few
subjects; each subject is then tried with a value of every sort that the formula can tell apart: each constant in it,
each stretch of numbers between its bounds, any other text, nothing. What a text contains, and what a placeholder will
give, is left open, so that nothing is claimed which is not certain. The matchers themselves judge the values.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

from msgspec import Struct

from ..expressions import matchers, reading, scan
from ..expressions.durations import read_duration
from ..expressions.matchers import Nothing, Unit
from ..expressions.reading import Said
from ..model import Diagnose, Do, Operation, SetFacts, Step
from .findings import Findings
from .ways import Scope

NEVER, ALWAYS = "never", "always"
MOST = 4000
"""How many cases are tried; an expectation with more is let be."""
LONGEST = 100_000
"""Lengths of text up to this are tried."""

RANGES: Mapping[str, tuple[int, int]] = {"exit_code": (0, 255), "status": (100, 599)}
"""Subjects that are whole numbers between two others, as long as the program ended by itself."""
STREAMS = frozenset({"stdout", "stderr", "body"})
_OPEN = frozenset({"contains", "matches", "length"})
_TEXT, _ANY = (True, False), (True, False, None)
"""What a matcher that is left open may say of a text, and of any value: that it cannot be told, too."""
_BOUNDS = frozenset({"lt", "le", "gt", "ge", "eq", "number", "equals", "in"})


class Value(Struct, frozen=True):
    """A value that is tried. `other` stands for any text that the formula does not name; `size` is its length then.

    `open_` says that what it contains is not fixed.
    """

    value: Any = None
    open_: bool = True
    other: bool = False
    size: int = 8


def check(scope: Scope, step: Step, found: Findings) -> None:
    """SG013 and SG014 for every expectation of a step."""
    for where, expect in _expectations(step, f"{scope.prefix}{step.id}"):
        for part, verdict in verdicts(expect):
            if verdict == NEVER:
                what = f"the part `{part}` of `{where}` can never hold" if part else f"`{where}` can never pass"
                found.say("SG013", step.span, f"{what}: {_shown(expect, part)}", "write what is seen when all is well")
            else:
                what = f"the part `{part}` of `{where}` always holds" if part else f"`{where}` can never fail"
                found.say("SG014", step.span, f"{what}: {_shown(expect, part)}", "expect what tells well from ill")


def _expectations(step: Step, path: str) -> Iterator[tuple[str, Any]]:
    body = step.body
    operations: list[tuple[str, Operation]] = []
    if isinstance(body, Do):
        operations.append((path, body.operation))
    elif isinstance(body, Diagnose):
        operations += [(f"{path}.{check.id}", check.operation) for check in body.checks]
    elif isinstance(body, SetFacts) and body.expect is not None:
        yield path, body.expect
    if step.verify is not None:
        operations.append((f"{path}:verify", step.verify.operation))
    if step.undo is not None and step.undo.operation is not None:
        operations.append((f"{path}:undo", step.undo.operation))
    if step.each is not None and step.each.between is not None:
        operations.append((f"{path}:between", step.each.between))
    yield from ((where, one.expect) for where, one in operations if one.expect is not None)


def _shown(expect: Any, part: str) -> str:
    inner = expect[part] if part else expect
    if isinstance(inner, str):
        return f"`{inner.strip()}`"
    rows = [f"{subject}: {matchers.described(m, _unit(subject))}" for subject, m in inner.items()]
    return "; ".join(rows)


def verdicts(expect: Any) -> Iterator[tuple[str, str]]:
    """What is certain of an expectation: its part ('' for the whole), and never or always."""
    total = isinstance(expect, Mapping) and bool(expect) and set(expect) <= {"pass", "fail"}
    for part, inner in expect.items() if total else (("", expect),):
        said = reading.formula(inner) if isinstance(inner, str) else _of_subjects(inner)
        verdict = decide(said, mapped=not isinstance(inner, str)) if said is not None else ""
        if verdict:
            yield part, verdict


# --- an expectation as a formula


def _of_subjects(expect: Any) -> Said | None:
    if not isinstance(expect, Mapping) or not expect:
        return None
    return Said(
        "all", tuple(part for subject, matcher in expect.items() for part in _of_subject(str(subject), matcher))
    )


def _of_subject(subject: str, matcher: Any) -> Iterator[Said]:
    if subject in {"json", "object"}:
        if isinstance(matcher, (list, tuple)) and all(isinstance(m, Mapping) and "path" in m for m in matcher):
            for one in matcher:
                yield from _of_subject(subject, one)
            return
        if isinstance(matcher, Mapping) and "path" in matcher:
            rest = {name: operand for name, operand in matcher.items() if name != "path"} or {"exists": True}
            yield _of_matcher(f"{subject} {matcher['path']}", rest)
            return
    if subject == "headers" and isinstance(matcher, Mapping):
        yield from (_of_matcher(f"header {str(name).lower()}", inner) for name, inner in matcher.items())
        return
    yield _of_matcher(subject, matcher)


def _of_matcher(subject: str, matcher: Any) -> Said:
    return Said("all", tuple(_of_operator(subject, n, o) for n, o in matchers.operators(matcher).items()))


def _of_operator(subject: str, name: str, operand: Any) -> Said:
    if name in {"any", "all"} and isinstance(operand, (list, tuple)):
        return Said(name, tuple(_of_matcher(subject, inner) for inner in operand))
    if name == "not":
        return Said("not", (_of_matcher(subject, operand),))
    if name == "default" or _templated(operand):
        return Said("open", subject=repr((subject, name, operand)))
    return Said("is", subject=subject, name=name, operand=operand)


def _templated(operand: Any) -> bool:
    if isinstance(operand, str):
        return scan.templated(operand)
    if isinstance(operand, Mapping):
        return any(map(_templated, operand.values()))
    return isinstance(operand, (list, tuple)) and any(map(_templated, operand))


# --- every case that the formula can tell apart


def decide(said: Said, *, mapped: bool) -> str:
    """NEVER, ALWAYS or ''. `mapped` says that it is a map of matchers, whose subjects are read by their sort."""
    leaves = tuple(_leaves(said))
    subjects: dict[str, list[Said]] = {}
    free = {
        _key(leaf): _TEXT if leaf.op == "is" and mapped and leaf.subject in STREAMS else _ANY
        for leaf in leaves
        if leaf.op == "open" or leaf.name in _OPEN
    }
    for leaf in leaves:
        if leaf.op == "is":
            subjects.setdefault(leaf.subject, []).append(leaf)
    tried = {subject: _values(subject, found, mapped=mapped) for subject, found in subjects.items()}
    if math.prod(map(len, (*free.values(), *tried.values()))) > MOST:
        return ""
    answers: set[bool | None] = set()
    for values in product(*tried.values()):
        for bits in product(*free.values()):
            case = dict(zip(tried, values, strict=True)), dict(zip(free, bits, strict=True))
            answers.add(_holds(said, *case, mapped=mapped))
            if True in answers and len(answers) > 1:
                return ""
    return ALWAYS if answers == {True} else NEVER


def _leaves(said: Said) -> Iterator[Said]:
    if said.op in {"is", "open"}:
        yield said
    for part in said.parts:
        yield from _leaves(part)


def _key(leaf: Said) -> str:
    return repr((leaf.subject, leaf.name, leaf.operand))


def _holds(said: Said, values: Mapping[str, Value], bits: Mapping[str, bool | None], *, mapped: bool) -> bool | None:
    match said.op:
        case "is":
            return _leaf(said, values[said.subject], bits, mapped=mapped)
        case "open":
            return bits[_key(said)]
        case "not":
            inner = _holds(said.parts[0], values, bits, mapped=mapped)
            return None if inner is None else not inner
        case _:
            answers = {_holds(part, values, bits, mapped=mapped) for part in said.parts}
            decisive = said.op == "any"
            return decisive if decisive in answers else None if None in answers else not decisive


def _leaf(leaf: Said, tried: Value, bits: Mapping[str, bool | None], *, mapped: bool) -> bool | None:
    name, operand = leaf.name, leaf.operand
    if name in _OPEN and tried.open_ and not (name == "length" and tried.other):
        text = tried.other or leaf.subject in STREAMS
        return True if text and _holds_of_any(name, operand) else bits[_key(leaf)]
    if tried.other:
        if name == "length":
            return matchers.hold(name, operand, "x" * tried.size).holds
        if name == "exists":
            return operand is True
        return False if name in {"equals", "in"} else None
    unit = _unit(leaf.subject) if mapped else Unit.PLAIN
    return matchers.hold(name, operand, tried.value, unit).holds


def _holds_of_any(name: str, operand: Any) -> bool:
    """What every text contains, or matches."""
    if name != "matches":
        return name == "contains" and bool(operand == "")
    plain = not any(sign in str(operand) for sign in ("^", "$", "\\", "(?"))
    return isinstance(operand, str) and plain and matchers.hold("matches", operand, "").holds is True


def _unit(subject: str) -> Unit:
    return Unit.STREAM if subject in STREAMS else Unit.DURATION if subject == "duration" else Unit.PLAIN


def _values(subject: str, leaves: Sequence[Said], *, mapped: bool) -> list[Value]:
    """A value of every sort that these can tell apart."""
    unit = _unit(subject) if mapped else Unit.PLAIN
    bounds = sorted({b for leaf in leaves if leaf.name in _BOUNDS for b in _numbers(leaf.operand, unit)})
    numbers = _stretches(bounds)
    if subject in RANGES:
        least, most = RANGES[subject]
        whole = {least, most, *(n for n in numbers if least <= n <= most and n == int(n))}
        return [Value(int(n)) for n in sorted(whole)]
    if subject == "duration" or subject.endswith(("| length", "| count")):
        return [Value(n) for n in sorted({0, *(n for n in numbers if n >= 0)})]
    if subject.endswith(("| int", "| float")):
        return [Value(n) for n in numbers or [0]]
    lengths = sorted({b for leaf in leaves if leaf.name == "length" for b in _numbers(leaf.operand, Unit.PLAIN)})
    sizes = [size for size in _stretches(lengths) if 0 <= size <= LONGEST and size == int(size)]
    known = [item for leaf in leaves for item in _constants(leaf)]
    texts = [str(item) for item in known if isinstance(item, (int, float)) and unit is Unit.STREAM]
    found = [Value(item, open_=False) for item in (*known, *texts)]
    found += [Value(n) for n in numbers]
    found += [Value(other=True, size=int(size)) for size in sizes or [8]]
    if subject not in STREAMS:
        anything: tuple[Any, ...] = (True, False, None, [], {})
        found += [Value(one) for one in anything]
        found.append(Value(Nothing("it is not there"), open_=False))
    return found


def _constants(leaf: Said) -> Iterable[Any]:
    if leaf.name == "in" and isinstance(leaf.operand, (list, tuple)):
        return leaf.operand
    return (leaf.operand,) if leaf.name == "equals" else ()


def _numbers(operand: Any, unit: Unit) -> Iterator[float]:
    if isinstance(operand, (list, tuple)):
        for item in operand:
            yield from _numbers(item, unit)
    elif isinstance(operand, Mapping):
        for bound in operand.values():
            yield from _numbers(bound, unit)
    elif isinstance(operand, (int, float)) and not isinstance(operand, bool) and math.isfinite(operand):
        yield operand
    elif isinstance(operand, str) and unit is Unit.DURATION:
        duration = read_duration(operand)
        if duration is not None:
            yield duration


def _stretches(bounds: Sequence[float]) -> list[float]:
    """Every bound, a number between each two, and one beyond either end."""
    if not bounds:
        return []
    between = [(a + b) / 2 for a, b in pairwise(bounds)]
    near = [n + d for b in bounds for n in (math.floor(b), math.ceil(b)) for d in (-1, 0, 1)]
    return sorted({bounds[0] - 1, bounds[-1] + 1, *bounds, *between, *near})
