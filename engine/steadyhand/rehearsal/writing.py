"""Test documents as text: what `--record` and `--explore` write, so that `read_tests` reads the same again. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from .documents import BESIDE, SPECIAL, Case, Turn
from .world import Came, Said

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*(?: [A-Za-z0-9_][A-Za-z0-9_./-]*)*")
_WORDS = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
"""Words that some reader of YAML takes for something else than text."""
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def written(runbook: str, cases: Iterable[Case], about: str = "") -> str:
    """A whole test document."""
    lines = [f"# {line}" for line in about.splitlines()]
    lines += [f"runbook: {flow(runbook)}", "tests:"]
    for case in cases:
        lines.append(f"  {flow(case.name)}:")
        lines.extend(f"    {line}" for line in _case(case))
    return "\n".join(lines) + "\n"


def _case(case: Case) -> Iterator[str]:
    if case.inputs:
        yield f"inputs: {flow(case.inputs)}"
    if case.mode != "guided":
        yield f"mode: {case.mode}"
    if case.by != "tester":
        yield f"by: {flow(case.by)}"
    for name in ("roles", "contacts", "targets", "channels", "secrets", "alert"):
        if getattr(case, name):
            yield f"{name}: {flow(getattr(case, name))}"
    yield from _block("steps", {path: _turns([came(one) for one in turns]) for path, turns in case.steps.items()})
    yield from _block("answers", {gate: _turns([_turn(one) for one in turns]) for gate, turns in case.answers.items()})
    if case.stop is not None:
        given = {"by": case.stop.by, "after": duration(case.stop.after), "reason": case.stop.reason}
        yield f"stop: {flow({name: value for name, value in given.items() if value})}"
    if case.crash_after:
        yield f"crash_after: {flow(list(case.crash_after))}"
    yield from _block("expect", case.expect)


def _block(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """A map with a line for each of its keys."""
    if values:
        yield f"{name}:"
        yield from (f"  {flow(key)}: {flow(value)}" for key, value in values.items())


def _turns(turns: Sequence[Any]) -> Any:
    """One turn stands for itself, unless it is a list of its own."""
    return turns[0] if len(turns) == 1 and not isinstance(turns[0], list) else list(turns)


def came(one: Came) -> Any:
    """What comes of an attempt, as it is written: in one word where that says it all."""
    for word, meant in SPECIAL.items():
        if one == meant:
            return word
    beside: dict[str, Any] = {}
    if one.error:
        beside["error"] = one.error
    elif one.outcome:
        beside["outcome"] = one.outcome
    beside |= {name: True for name in ("unsure", "crash") if getattr(one, name)}
    if one.reason:
        beside["reason"] = one.reason
    hidden = {name: value for name, value in one.values.items() if name in BESIDE}
    beside |= {name: value for name, value in one.values.items() if name not in BESIDE}
    if hidden:
        beside["values"] = hidden
    if one.facts is not None:
        beside["facts"] = dict(one.facts)
    if one.after:
        beside["after"] = duration(one.after)
    return beside


def _turn(turn: Turn) -> Any:
    if isinstance(turn, tuple):
        return _said(turn[0]) if len(turn) == 1 else [_said(one) for one in turn]
    return _said(turn)


def _said(one: Said) -> Any:
    given = {
        "answer": "" if one.answer == "answer" and one.value is not None else one.answer,
        "by": "" if one.by == "somebody" else one.by,
        "comment": one.comment,
        "after": duration(one.after) if one.after else "",
    }
    beside: dict[str, Any] = {name: value for name, value in given.items() if value}
    if one.value is not None:
        beside["value"] = one.value
    return one.answer if set(beside) == {"answer"} else beside


def duration(microseconds: int) -> str:
    """A duration, exactly."""
    for unit, size in (("s", 1_000_000), ("ms", 1_000)):
        if microseconds % size == 0:
            return f"{microseconds // size}{unit}"
    return f"{microseconds}us"


def flow(value: Any) -> str:
    """A value on one line of YAML; text is quoted wherever it could be read as something else."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{flow(str(key))}: {flow(inner)}" for key, inner in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(flow, value)) + "]"
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return {"inf": ".inf", "-inf": "-.inf", "nan": ".nan"}.get(str(value), repr(value))
    text = str(value)
    return text if _PLAIN.fullmatch(text) and text.lower() not in _WORDS else quoted(text)


def quoted(text: str) -> str:
    """Text between double quotes, whatever is in it; halves of characters, which no file can hold, become U+FFFD."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in _ESCAPES:
        return _ESCAPES[char]
    code = ord(char)
    if 0xD800 <= code <= 0xDFFF:
        return "\ufffd"
    if char.isprintable() and code not in {0xFEFF, 0xFFFE, 0xFFFF}:
        return char
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
