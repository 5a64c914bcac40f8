"""The transcript, a run and a list of runs as JSON documents: a contract for programs (design: `--json`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from .. import events as e
from ..model import Runbook
from ..model.wire import Summary
from .sections import Transcript
from .transcript import draw
from .words import rfc3339, seconds

_TIMES = frozenset({"started", "ended", "last", "entered", "left", "opened", "closed", "at"})


def render(t: Transcript) -> dict[str, Any]:
    """The transcript as a JSON document. Times are RFC 3339 (UTC), durations seconds."""
    found = _readable(msgspec.to_builtins({n: getattr(t, n) for n in t.__struct_fields__ if n != "walked"}))
    found["remarks"] = [{"at": rfc3339(at), "text": text} for at, text in t.remarks]
    for section, drawn in zip(found["sections"], t.sections, strict=True):
        section["remarks"] = [{"at": rfc3339(at), "text": text} for at, text in drawn.remarks]
    found["path"] = [{"from": a, "by": by, "to": b, "times": n} for (a, by, b), n in t.walked.items()]
    return {"transcript": 1, **found}


def _readable(value: Any, name: str = "") -> Any:
    if isinstance(value, dict):
        return {k: v if k in {"values", "facts", "inputs"} else _readable(v, k) for k, v in value.items()}
    if isinstance(value, list):
        return [_readable(v) for v in value]
    if name in _TIMES and isinstance(value, int):
        return rfc3339(value) if value else None
    return seconds(value) if name == "duration" else value


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the transcript as `render` writes it."""
    (top,), defs = msgspec.json.schema_components([Transcript], ref_template="#/$defs/{name}")
    del top
    for about in defs.values():
        about["properties"] = {n: _published(n, v) for n, v in about["properties"].items() if n != "walked"}
        about["required"] = list(about["properties"])
        about["description"] = about["description"].replace("Times are microseconds (UTC).", "Times are UTC.")
    whole = defs.pop("Transcript")
    whole["properties"] = {"transcript": {"const": 1}, **whole["properties"], "path": _PATH}
    whole["required"] = list(whole["properties"])
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:steadyhand:transcript:1"}
    return {**head, **whole, "title": "Transcript of a run", "$defs": defs}


def _published(name: str, found: dict[str, Any]) -> dict[str, Any]:
    if name in _TIMES:
        return _TIME
    if name == "duration":
        return {"type": "number", "minimum": 0, "description": "Seconds."}
    if name == "remarks":
        return _REMARKS
    return {key: value for key, value in found.items() if key != "default"}


_TIME = {"type": ["string", "null"], "format": "date-time", "description": "RFC 3339, UTC; null when it has not come."}
_REMARKS = {
    "type": "array",
    "description": "What happened beside the attempts, such as a resume or a note.",
    "items": {
        "anyOf": [
            {"type": "string"},
            {
                "type": "object",
                "required": ["at", "text"],
                "additionalProperties": False,
                "properties": {"at": _TIME, "text": {"type": "string"}},
            },
        ]
    },
}
_PATH = {
    "type": "array",
    "description": "The edges of the top-level graph that were taken, and how often.",
    "items": {
        "type": "object",
        "required": ["from", "by", "to", "times"],
        "additionalProperties": False,
        "properties": {
            "from": {"type": "string"},
            "by": {"type": "string", "description": "The outcome, the option or the cause."},
            "to": {"type": "string"},
            "times": {"type": "integer", "minimum": 1},
        },
    },
}


def summarise(recorded: Sequence[e.Recorded]) -> Summary:
    """A run in one line: running while something may happen by itself, waiting while people must answer."""
    found = Summary(recorded[0].stream if recorded else "")
    for one in recorded:
        match one.event:
            case e.RunStarted(runbook=runbook, mode=mode, requester=requester):
                found.runbook, found.mode, found.requester = runbook, mode, requester
                found.started_at = rfc3339(one.at)
            case e.GateOpened(gate=gate):
                found.waiting_for.append(gate)
            case e.GateClosed(gate=gate) if gate in found.waiting_for:
                found.waiting_for.remove(gate)
            case e.RunConcluded(conclusion=conclusion):
                found.conclusion, found.ended_at = conclusion, rfc3339(one.at)
                found.waiting_for = []
            case _:
                pass
    found.status = "concluded" if found.conclusion else "waiting" if found.waiting_for else "running"
    return found


def detail(recorded: Sequence[e.Recorded], runbook: Runbook) -> dict[str, Any]:
    """A run with its path, every step's attempts, and the open gates."""
    t = draw(recorded, runbook)
    steps: dict[str, Any] = {}
    for section in t.sections:
        step = steps.setdefault(section.path, {"title": section.title, "outcome": None, "attempts": []})
        step["outcome"] = section.outcome or None
        for attempt in section.attempts:
            step["attempts"].append(
                {
                    "path": attempt.path,
                    "attempt": attempt.number,
                    "outcome": attempt.outcome or None,
                    "reason": attempt.reason,
                    "expected": [f.expected for f in attempt.findings],
                    "actual": [f.actual for f in attempt.findings],
                    "facts": attempt.facts,
                    "duration": seconds(attempt.duration),
                    "confined": attempt.confined,
                    "confinement": attempt.confinement,
                }
            )
    path = [{"step": s.path, "outcome": s.outcome or None, "to": s.to or None} for s in t.sections]
    gates = [_gate(one) for one in _open(recorded)]
    return {
        **msgspec.to_builtins(summarise(recorded)),
        "via": t.via,
        "origin": t.origin,
        "alert": {**t.alert, "now": t.alert_status} if t.alert_status else None,
        "path": path,
        "steps": steps,
        "gates": gates,
        "said": [row for one in recorded if (row := _said(one)) is not None],
        "in_doubt": t.in_doubt,
        "undelivered": [{"step": one.path, "at": rfc3339(one.at), "what": one.what} for one in t.undelivered],
    }


def _said(one: e.Recorded) -> dict[str, Any] | None:
    """What a person has said to the run, and through which door; None for any other event."""
    match one.event:
        case e.GateAnswered(gate=gate, answer=answer) as event:
            row = {"what": "answer", "gate": gate, "answer": answer, "text": event.comment, "roles": list(event.roles)}
        case e.AnswerRefused(gate=gate, answer=answer) as event:
            row = {"what": "refused", "gate": gate, "answer": answer, "text": event.comment, "reason": event.reason}
        case e.StopRequested(reason=reason) as event:
            row = {"what": "stop", "text": reason}
        case e.NoteAdded(text=text) as event:
            row = {"what": "note", "text": text}
        case _:
            return None
    return {"at": rfc3339(one.at), "by": event.by, "via": event.via, "origin": event.origin, **row}


def _open(recorded: Sequence[e.Recorded]) -> list[e.GateOpened]:
    found: dict[str, e.GateOpened] = {}
    for one in recorded:
        match one.event:
            case e.GateOpened() as opened:
                found[opened.gate] = opened
            case e.GateClosed(gate=gate):
                found.pop(gate, None)
            case e.RunConcluded():
                found.clear()
            case _:
                pass
    return list(found.values())


def _gate(gate: e.GateOpened) -> dict[str, Any]:
    return {
        "id": gate.gate,
        "kind": gate.kind,
        "prompt": gate.prompt,
        "options": dict(gate.options),
        "digest": gate.digest,
        "preview": gate.preview,
        "roles": list(gate.roles),
        "quorum": gate.quorum,
        "due": rfc3339(gate.due) if gate.due else None,
    }
