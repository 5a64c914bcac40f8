"""What happened in a run, as one value that every renderer shows: a fold over its events, and nothing beside them.

A section is one visit of a step. Everything that happened at or below its path during that visit belongs to it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .. import events as e
from ..graph.build import kind_of, label_of
from ..model import Diagnose, Runbook, Step
from .sections import Answered, Attempt, Question, Section, Transcript
from .summary import summary
from .undelivered import undelivered
from .words import took


def draw(recorded: Sequence[e.Recorded], runbook: Runbook) -> Transcript:
    """The transcript of a run, as far as it has come. `runbook` gives titles; everything else is in the events."""
    drawer = _Drawer(runbook, recorded[0].stream if recorded else "")
    for one in recorded:
        drawer.take(one)
    return drawer.done()


class _Drawer:
    def __init__(self, runbook: Runbook, run: str) -> None:
        self._runbook = runbook
        self._t = Transcript(run, runbook.name, runbook.title, runbook.digest, "", "")
        self._t.severity = runbook.severity.value if runbook.severity else ""
        self._t.services = runbook.services
        self._gates: dict[str, Question] = {}
        self._attempts: dict[str, Attempt] = {}
        self._calls: dict[str, Runbook] = {"": runbook}

    def take(self, one: e.Recorded) -> None:
        self._t.events, self._t.last = one.seq, one.at
        handler = _TAKES.get(type(one.event))
        if handler is not None:
            handler(self, one, one.event)

    # --- where things belong

    def _section(self, path: str) -> Section | None:
        for section in reversed(self._t.sections):
            if path == section.path or (path.startswith(section.path) and path[len(section.path)] in ".[:/"):
                return section
        return None

    def _step(self, path: str) -> Step | None:
        """The step that a path of a step (not of a part of one) names."""
        head, slash, name = path.rpartition("/")
        found = self._calls.get(head if slash else "")
        return found.steps.get(name) if found else None

    def _label(self, path: str) -> str:
        """What a part of a step is called: its cause, its item, its phase."""
        section = self._section(path)
        if section is None or section.path == path:
            return ""
        rest = path[len(section.path) :].lstrip(".:/")
        step = self._step(section.path)
        if step is not None and isinstance(step.body, Diagnose):
            return next((check.cause for check in step.body.checks if check.id == rest), rest)
        return rest

    def _remark(self, path: str, at: int, text: str) -> None:
        section = self._section(path) if path else None
        (section.remarks if section else self._t.remarks).append((at, text))

    # --- events

    def started(self, one: e.Recorded, event: e.RunStarted) -> None:
        t = self._t
        t.runbook, t.digest, t.mode, t.requester = event.runbook, event.digest, event.mode, event.requester
        t.inputs, t.started = event.inputs, one.at
        t.via, t.origin, t.alert = event.via, event.origin, event.alert
        t.alert_status = "firing" if event.alert else ""

    def entered(self, one: e.Recorded, event: e.StepEntered) -> None:
        if event.came_from:
            self._leave(event.came_from, event.outcome, event.path, one.at)
        step = self._step(event.path)
        kind = kind_of(step) if step else "step"
        title = step.title if step else event.path
        self._t.sections.append(Section(event.path, title, kind, event.visit, one.at))

    def _leave(self, path: str, outcome: str, to: str, at: int) -> None:
        section, step = self._section(path), self._step(path)
        if section is not None and section.path == path:
            section.outcome, section.to, section.left = outcome, to, at
            section.decided = self._decided(section)
        if "/" not in path and step is not None:
            key = (path, label_of(step, outcome, section.decided if section else ""), to)
            self._t.walked[key] = self._t.walked.get(key, 0) + 1
            self._t.marks[path] = outcome

    def _decided(self, section: Section) -> str:
        """The cause that decided a diagnosis: the first in the runbook's order that failed."""
        step = self._step(section.path)
        if step is None or not isinstance(step.body, Diagnose) or section.outcome != "fail":
            return ""
        failed = {a.path for a in section.attempts if a.outcome == "fail"}
        return next((c.cause for c in step.body.checks if f"{section.path}.{c.id}" in failed), "")

    def intended(self, one: e.Recorded, event: e.StepIntended) -> None:
        section = self._section(event.path)
        attempt = Attempt(
            event.path, self._label(event.path), event.attempt, event.kind, event.effect, event.preview, one.at,
            event.gate, event.targets, confined=event.confined, confinement=event.confinement,
        )  # fmt: skip
        self._attempts[event.path] = attempt
        if section is not None:
            section.attempts.append(attempt)

    def settled(self, one: e.Recorded, event: e.StepSettled) -> None:
        attempt = self._attempts.get(event.path)
        if attempt is None or not event.attempt or attempt.number != event.attempt:
            attempt = Attempt(event.path, self._label(event.path), event.attempt, "", "", "", one.at)
            section = self._section(event.path)
            if section is not None:
                section.attempts.append(attempt)
        for name in (
            "outcome", "reason", "hint", "error", "unsure", "duration", "findings", "artifacts", "values", "facts",
            "simulated",
        ):  # fmt: skip
            setattr(attempt, name, getattr(event, name))
        self._facts(event.path, event.facts)

    def _facts(self, path: str, facts: Mapping[str, Any]) -> None:
        section = self._section(path)
        if section is not None:
            section.facts.update(facts)

    def facts_set(self, one: e.Recorded, event: e.FactsSet) -> None:
        del one
        self._facts(event.path, event.facts)
        section = self._section(event.path)
        if section is not None:
            section.findings = event.findings

    def interrupted(self, one: e.Recorded, event: e.StepInterrupted) -> None:
        del one
        attempt = self._attempts.get(event.path)
        if attempt is not None:
            attempt.outcome, attempt.reason = "interrupted", event.reason

    def resumed(self, one: e.Recorded, event: e.RunResumed) -> None:
        cut = [a for a in self._attempts.values() if not a.outcome]
        for attempt in cut:
            attempt.outcome, attempt.reason = "interrupted", "its engine was gone when the run was resumed"
        self._t.remarks.append((one.at, f"resumed by {event.driver} (before: {event.before or 'unknown'})"))

    def paused(self, one: e.Recorded, event: e.RunPaused) -> None:
        why = {
            "waiting": "left to wait",
            "interrupted": "interrupted, and left to be resumed",
            "handed over": "handed over to the next engine, with nothing left running",
        }
        self._t.remarks.append((one.at, why.get(event.reason, event.reason)))

    def opened(self, one: e.Recorded, event: e.GateOpened) -> None:
        question = Question(
            event.gate, event.kind, event.prompt, event.preview, event.digest, event.effect, event.targets,
            event.evidence, event.roles, event.quorum, event.options, one.at, notices=event.notices,
        )  # fmt: skip
        self._gates[event.gate] = question
        section = self._section(event.path)
        if section is not None:
            section.gates.append(question)

    def answered(self, one: e.Recorded, event: e.GateAnswered) -> None:
        question = self._gates.get(event.gate)
        if question is not None:
            question.answers.append(
                Answered(one.at, event.by, event.answer, event.via, event.comment, event.value, origin=event.origin)
            )

    def refused(self, one: e.Recorded, event: e.AnswerRefused) -> None:
        said = Answered(one.at, event.by, event.answer, event.via, event.comment, None, event.reason, event.origin)
        question = self._gates.get(event.gate)
        if question is not None:
            question.answers.append(said)
        else:
            self._t.remarks.append((one.at, f"an answer of {event.by} to {event.gate} was refused: {event.reason}"))

    def closed(self, one: e.Recorded, event: e.GateClosed) -> None:
        question = self._gates.get(event.gate)
        if question is not None:
            question.closed, question.result, question.reason = one.at, event.result, event.reason

    def child_found(self, one: e.Recorded, event: e.ChildFound) -> None:
        text = f"process {event.pid} of attempt {event.attempt} had outlived its engine: {event.command}"
        self._remark(event.path, one.at, text)

    def child_stopped(self, one: e.Recorded, event: e.ChildStopped) -> None:
        self._remark(event.path, one.at, f"process {event.pid} was ended ({event.how or 'it had ended by itself'})")

    def noted(self, one: e.Recorded, event: e.NoteAdded) -> None:
        self._t.remarks.append((one.at, f"note by {_whose(event.by, event.origin)}: {event.text}"))

    def alert_changed(self, one: e.Recorded, event: e.AlertChanged) -> None:
        self._t.alert_status = event.status
        self._t.remarks.append((one.at, f"the alert is {event.status}{f' (says {event.by})' if event.by else ''}"))

    def stopping(self, one: e.Recorded, event: e.StopRequested) -> None:
        why = f": {event.reason}" if event.reason else ""
        self._t.remarks.append((one.at, f"{_whose(event.by, event.origin)} asked for a stop{why}"))

    def escalating(self, one: e.Recorded, event: e.EscalationRaised) -> None:
        contact = f" ({event.contact})" if event.contact else ""
        self._t.remarks.append(
            (one.at, f"escalated to {event.to or 'nobody named'}{contact} after {took(event.after)}")
        )

    def preflight(self, one: e.Recorded, event: e.PreflightChecked) -> None:
        del one
        self._t.preflight = event.rows

    def called(self, one: e.Recorded, event: e.CallStarted) -> None:
        caller = self._calls.get(event.path.rpartition("/")[0], self._runbook)
        inner = caller.calls.get(event.runbook)
        if inner is not None:
            self._calls[event.path] = inner
        self._remark(event.path, one.at, f"runbook {event.runbook} begins")

    def scope_ended(self, one: e.Recorded, event: e.ScopeEnded) -> None:
        self._leave(event.came_from, event.outcome, f"end.{event.conclusion}", one.at)

    def of_targets(self, one: e.Recorded, event: e.LockEvent) -> None:
        """Locks, and what made a change be asked for: remarks of the step."""
        match event:
            case e.CautionRaised(path=path, notices=notices):
                self._remark(path, one.at, f"asked for, since: {'; '.join(notices)}")
            case e.LocksRefused(path=path, reason=reason):
                self._remark(path, one.at, f"waits: {reason}")
            case e.LocksTaken(path=path):
                self._remark(path, one.at, "its targets are locked for it")
            case e.LocksWanted() | e.LocksReleased():
                pass

    def expanded(self, one: e.Recorded, event: e.EachExpanded) -> None:
        self._remark(event.path, one.at, f"{len(event.keys)} items: {', '.join(event.keys[:20])}")

    def concluded(self, one: e.Recorded, event: e.RunConcluded) -> None:
        t = self._t
        t.conclusion, t.reason, t.in_doubt, t.ended = event.conclusion, event.reason, event.in_doubt, one.at
        if event.came_from and event.outcome:
            self._leave(event.came_from, event.outcome, f"end.{event.conclusion}", one.at)

    def done(self) -> Transcript:
        self._t.undelivered = [one for section in self._t.sections for one in undelivered(section)]
        self._t.summary = list(summary(self._t))
        return self._t


def _whose(by: str, origin: str) -> str:
    return f"{by} (from {origin})" if origin else by


_TAKES: dict[type, Any] = {
    e.RunStarted: _Drawer.started, e.StepEntered: _Drawer.entered, e.StepIntended: _Drawer.intended,
    e.StepSettled: _Drawer.settled, e.FactsSet: _Drawer.facts_set, e.StepInterrupted: _Drawer.interrupted,
    e.RunResumed: _Drawer.resumed, e.RunPaused: _Drawer.paused, e.GateOpened: _Drawer.opened,
    e.GateAnswered: _Drawer.answered, e.AnswerRefused: _Drawer.refused, e.GateClosed: _Drawer.closed,
    e.ChildFound: _Drawer.child_found, e.ChildStopped: _Drawer.child_stopped, e.NoteAdded: _Drawer.noted,
    e.StopRequested: _Drawer.stopping, e.EscalationRaised: _Drawer.escalating, e.CallStarted: _Drawer.called,
    e.PreflightChecked: _Drawer.preflight, e.ScopeEnded: _Drawer.scope_ended, e.EachExpanded: _Drawer.expanded,
    e.RunConcluded: _Drawer.concluded, e.CautionRaised: _Drawer.of_targets, e.LocksWanted: _Drawer.of_targets,
    e.AlertChanged: _Drawer.alert_changed,
    e.LocksRefused: _Drawer.of_targets, e.LocksTaken: _Drawer.of_targets, e.LocksReleased: _Drawer.of_targets,
}  # fmt: skip
