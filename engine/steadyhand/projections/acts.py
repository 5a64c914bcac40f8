"""Who did what, from where: one line for each event that is somebody's doing, whatever stream it is in. Pure.

Called by the desk for the audit page. What an engine does by itself stands in the transcript of its run.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from .. import events as e
from .words import brief, minute, spelled


class Act(Struct, frozen=True):
    """`kind` is run, gate, lease, alert, access or other; `run` is the run that it is about, where there is one."""

    at: int
    stream: str
    seq: int
    kind: str
    who: str
    what: str
    via: str = ""
    origin: str = ""
    name: str = ""

    @property
    def run(self) -> str:
        """The run that it is about; '' for none."""
        return "" if ":" in self.stream else self.stream


_PERSONS = ("by", "person", "subject")
_DOORS = ("via", "how")


def act(one: e.Recorded) -> Act | None:
    """The line of an event; None for what is nobody's doing."""
    told = _told(one.event)
    if told is None:
        return None
    kind, who, what = told
    event: Any = one.event
    via = "" if kind == "alert" else str(next((getattr(event, name) for name in _DOORS if hasattr(event, name)), ""))
    origin = str(getattr(event, "origin", ""))
    return Act(one.at, one.stream, one.seq, kind, who, what, via, origin, e.name_of(one.event))


def _told(event: e.Event) -> tuple[str, str, str] | None:
    match event:
        case e.RunStarted():
            return "run", event.requester, f"started {event.runbook} (mode {event.mode})"
        case e.RunConcluded():
            return "run", "the engine", f"concluded the run: {event.conclusion}{_why(event.reason)}"
        case e.RunResumed():
            return "run", event.driver, "took the run over"
        case e.StopRequested():
            return "run", event.by, f"asked for a stop{_why(event.reason)}"
        case e.NoteAdded():
            return "run", event.by, f"noted: {brief(event.text)}"
        case e.GateAnswered():
            said = event.answer if event.value is None else spelled(event.value)
            return "gate", event.by, f"answered {event.gate}: {brief(said)}{_why(event.comment)}"
        case e.AnswerRefused():
            return "gate", event.by, f"answered {event.gate}: {brief(event.answer)}; refused: {brief(event.reason)}"
        case _:
            return _around(event)


def _around(event: e.Event) -> tuple[str, str, str] | None:
    """What is no run's."""
    match event:
        case e.LeaseTaken():
            return "lease", event.by, f"took {event.target} until {minute(event.until)}{_why(event.reason)}"
        case e.LeaseReturned():
            return "lease", event.by, f"handed {event.target} back{_why(event.reason)}"
        case e.AlertReceived():
            return "alert", event.intake, f"told that {brief(event.name, 80)} is {event.status}"
        case e.AlertMuted():
            return "alert", "the source", f"{event.how or 'no longer mutes'} the alert"
        case e.AlertRouted():
            how = "joined" if event.joined else "started"
            return "alert", _by(event.route), f"{how} run {event.run} of {event.runbook}"
        case e.AlertHeld():
            return "alert", _by(event.route), f"held the alert{_why(event.why)}"
        case e.AlertUnrouted():
            return "alert", "routing", f"led the alert nowhere{_why(event.why)}"
        case _:
            return _other(event)


def _other(event: Any) -> tuple[str, str, str] | None:
    """Events of other kinds (the door, say) that name a person: their own name in words, and their texts."""
    name = e.name_of(event)
    used = next((one for one in _PERSONS if getattr(event, one, "")), "")
    door = name.startswith("access.")
    if not (used or door) or name.startswith(("step.", "child.", "lock.", "locks.")):
        return None
    more = {key: getattr(event, key) for key in event.__struct_fields__ if key not in {used, *_DOORS, "origin"}}
    texts = ", ".join(f"{key} {brief(value, 60)}" for key, value in more.items() if value)
    kind = name.partition(".")[0]
    words = name.partition(".")[2].replace("_", " ") + (f": {texts}" if texts else "")
    return kind, getattr(event, used, "") or "nobody known", words


def _by(route: str) -> str:
    return f"route {route}" if route else "routing"


def _why(reason: str) -> str:
    return f": {brief(reason)}" if reason else ""
