"""Drill documents (`*.drill.yaml`): how a real service is started, broken and told to be well again. Pure.

A drill runs the runbook for real, against something disposable that the drill itself has broken. What it expects is
what a person would want to know of a runbook: does it find this cause, does it repair it, and does something other than
the runbook agree.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct, field

from .. import expressions
from ..core import State
from ..errors import Diagnostic, Span
from ..model import FAIL, Diagnose, Runbook
from ..schema.reader import Reader
from ..schema.tables import TABLES
from ..source import Mapping as MapNode
from ..source import Node, Scalar, builtin, parse
from .documents import Cases, Turn

CODES: dict[str, tuple[str, str]] = {
    "SD001": ("drill document", "The drill cannot be read as it is meant, so it would prove nothing."),
    "SD002": ("unknown name in a drill", "What a drill says of a name that the runbook does not have is never heard."),
}
PLACES = ("process", "namespace")
WITHIN = 120_000_000
"""Microseconds that one drill may take unless it says otherwise."""


class Drill(Struct, frozen=True):
    """One fault. `break_` and `broken` are shell texts ('' for none: the service is left well)."""

    name: str
    span: Span
    break_: str = ""
    broken: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, tuple[Turn, ...]] = field(default_factory=dict)
    mode: str = "guided"
    repaired: str = ""
    within: int = WITHIN
    expect: Mapping[str, Any] = field(default_factory=dict)


class DrillDocument(Struct, frozen=True):
    """A drill document: the runbook it is for (a path beside it, or ''), how to start what breaks, the faults."""

    runbook: str
    place: str
    start: str
    ready: str
    stop: str
    settings: Mapping[str, Any]
    needs: tuple[str, ...]
    drills: tuple[Drill, ...]


def read_drills(text: str | bytes, name: str) -> tuple[DrillDocument | None, tuple[Diagnostic, ...]]:
    """The drills of a document, and everything that is wrong with it."""
    root, found = parse(text, name)
    decoded = text.decode("utf-8-sig", "replace") if isinstance(text, bytes) else text
    reader = Reader(decoded, name)
    reader.found.extend(found)
    document = _document(reader, root) if root is not None else None
    findings = tuple(sorted(reader.found, key=lambda d: (d.span, d.code)))
    return (None if findings else document), findings


def _document(reader: Reader, root: Node) -> DrillDocument | None:
    mapping = reader.mapping(root, "a drill document")
    if mapping is None:
        return None
    given = reader.fields(mapping, "drills", "a drill document")
    plain = _plain(reader, "drills", given)
    drills = reader.mapping(given.get("drills"), "`drills`")
    if drills is not None and not drills.entries:
        reader.say(
            "SD001", drills.span, "there is no drill in `drills`", "write `name: {break: ..., expect: ...}` below it"
        )
    return DrillDocument(
        runbook=plain.get("runbook", ""),
        place=plain.get("place", "process"),
        start=plain.get("start", ""),
        ready=plain.get("ready", ""),
        stop=plain.get("stop", ""),
        settings=plain.get("settings", {}),
        needs=tuple(plain.get("needs", ())),
        drills=tuple(_drill(reader, *entry) for entry in (drills.entries if drills else ())),
    )


def _plain(reader: Reader, table: str, given: Mapping[str, Node]) -> dict[str, Any]:
    known = {f.name: f for f in TABLES[table] if f.type not in {"drills", "said"}}
    values = {name: reader.value(known[name], node) for name, node in given.items() if name in known}
    return {name: value for name, value in values.items() if value is not None}


def _drill(reader: Reader, key: Scalar, node: Node) -> Drill:
    mapping = reader.mapping(node, f"drill `{key.text}`")
    if mapping is None:
        return Drill(key.text, key.span)
    given = reader.fields(mapping, "drill", f"drill `{key.text}`")
    plain = _plain(reader, "drill", given)
    if "break" in plain and "broken" not in plain:
        hint = "add `broken:`, a command that succeeds only while the fault is there"
        reader.say("SD001", given["break"].span, f"drill `{key.text}` does not prove that it broke anything", hint)
    for name in ("inputs", "environment"):
        if name in given:
            _templates(reader, given[name])
    return Drill(
        name=key.text,
        span=key.span,
        break_=plain.get("break", ""),
        broken=plain.get("broken", ""),
        inputs=builtin(given["inputs"]) if "inputs" in given and isinstance(given["inputs"], MapNode) else {},
        environment=plain.get("environment", {}),
        answers=Cases(reader).answers(given.get("answers")),
        mode=plain.get("mode", "guided"),
        repaired=plain.get("repaired", ""),
        within=plain.get("within", WITHIN),
        expect=plain.get("expect", {}),
    )


def _templates(reader: Reader, node: Node) -> None:
    for _, value in node.entries if isinstance(node, MapNode) else ():
        if isinstance(value, Scalar) and isinstance(value.value, str):
            for problem in expressions.check(value.text):
                reader.say("SD001", value.span, problem.message, problem.hint)


def unknown_names(document: DrillDocument, runbook: Runbook) -> tuple[str, ...]:
    """What the drills say of inputs, gates and causes that the runbook does not have, a sentence each."""
    causes = {
        check.id for step in runbook.steps.values() if isinstance(step.body, Diagnose) for check in step.body.checks
    }
    found: list[str] = []
    for drill in document.drills:
        found += [
            f"drill {drill.name}: the runbook has no input `{n}`" for n in drill.inputs if n not in runbook.inputs
        ]
        heads = {gate: gate.partition("/")[0].partition(":")[0].partition(".")[0] for gate in drill.answers}
        found += [
            f"drill {drill.name}: the runbook has no step `{h}`" for h in heads.values() if h not in runbook.steps
        ]
        cause = drill.expect.get("cause")
        if cause and cause not in causes:
            found.append(f"drill {drill.name}: the runbook knows no cause `{cause}`")
    return tuple(found)


def cause_of(runbook: Runbook, state: State) -> str:
    """The id of the cause that the run found last ('' when it found none)."""
    found = ""
    for step in runbook.steps.values():
        if isinstance(step.body, Diagnose):
            for check in step.body.checks:
                leaf = state.leaves.get(f"{step.id}.{check.id}")
                if leaf is not None and leaf.outcome == FAIL:
                    found = check.id
                    break
    return found


def judged(drill: Drill, conclusion: str, cause: str, path: Sequence[str], *, repaired: bool | None) -> tuple[str, ...]:
    """What did not come as the drill expects it, a sentence each. `repaired` is None where nothing was asked."""
    wrong: list[str] = []
    expect = drill.expect
    if "conclusion" in expect and conclusion != expect["conclusion"]:
        wrong.append(f"the run ended {conclusion or 'nowhere'}, and should have ended {expect['conclusion']}")
    if "cause" in expect and cause != (expect["cause"] or ""):
        wrong.append(f"it found {cause or 'no cause'}, and the fault is {expect['cause'] or 'none that it knows'}")
    if "path" in expect and list(path) != list(expect["path"]):
        wrong.append(f"it went {' '.join(path)}, and should have gone {' '.join(expect['path'])}")
    if repaired is False:
        wrong.append("the service is not well afterwards, whatever the run says")
    return tuple(wrong)
