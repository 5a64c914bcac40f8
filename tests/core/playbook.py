"""Dialogues with the heart: what happened, and what it asks for next, as short words."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand import schema
from steadyhand.core import State, decide, survey
from steadyhand.core.paths import visit
from steadyhand.core.recording import Clerk, thawed, unseen
from steadyhand.handlers import registry
from steadyhand.rehearsal.world import renderer

SPECS = registry.specs()
SECOND = 1_000_000
ENDS = "fail: end.escalated, error: end.escalated"


def runbook(body):
    loaded = schema.read(f"steadyhand: 1\nname: x\ntitle: X\n{body}", "x.yaml", SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


class Play:
    """A run without hands. `tell` says what happened; what follows is recorded, and given back as words."""

    def __init__(self, body, mode="guided", at=SECOND, look=unseen, frozen=thawed, **started):
        self.runbook = body if not isinstance(body, str) else runbook(body)
        self.clerk = Clerk(self.runbook, renderer(SPECS), look=look, frozen=frozen)
        self.state = State()
        self.recorded = []
        self.now = at
        given = {"inputs": {}, "texts": {}, "digests": {}, "driver": "one", **started}
        self.opening = self.tell(e.RunStarted("x", self.runbook.digest, mode, "starter", **given), epoch=1)

    def tell(self, *happened, epoch=0):
        for event in happened:
            number = event.epoch if isinstance(event, e.RunResumed) else epoch or self.state.epoch
            self._record(event, number)
        draft = self.clerk.advance("r1", self.state, self.now, ())
        for event in draft.events:
            self._record(event, self.state.epoch)
        assert survey(self.runbook, self.state) == survey(self.runbook, self.state)
        assert decide(self.runbook, self.recorded) == (), "what it asked for was recorded"
        return [words(event) for event in draft.events]

    def _record(self, event, epoch):
        one = e.Recorded("r1", self.state.seq + 1, self.now, "me", epoch, event)
        self.state = self.state.after(one)
        self.recorded.append(one)

    def wait(self, seconds):
        """Time passes; the timers that come due fire."""
        self.now += int(seconds * SECOND)
        timers = survey(self.runbook, self.state).timers
        due = sorted((self.state.timers[k].due, k) for k in timers if self.state.timers[k].due <= self.now)
        return self.tell(*(e.TimerFired(key, self.now - at) for at, key in due))

    def came(self, path, outcome="pass", **more):
        leaf = self.state.leaves[path]
        return self.tell(e.StepSettled(path, visit(self.state, path), leaf.attempt, outcome, **more))

    def says(self, gate, answer, by="somebody", value=None):
        opened = self.state.gates[gate].opened
        return self.tell(e.GateAnswered(gate, opened.opening, by, answer, opened.digest, "test", value))

    def locks(self):
        """Nobody else has the targets that changes wait for."""
        return self.tell(*(e.LocksTaken(path, lock.visit) for path, lock in self.state.wanted_locks))

    def dies(self):
        """The engine is gone, and another takes over."""
        return self.tell(e.RunResumed("two", self.state.epoch + 1))


def words(event):
    """An event in a few words."""
    match event:
        case e.StepEntered():
            return f"enter {event.path}"
        case e.StepIntended():
            return f"start {event.path}#{event.attempt}" + (f" by {event.gate}" if event.gate else "")
        case e.LocksWanted():
            return f"lock {event.path}: {', '.join(event.targets)}"
        case e.LocksReleased():
            return f"release {event.path} {event.outcome}{event.proved and f' proved {event.proved}'}"
        case e.CautionRaised():
            return f"caution {event.path}: {'; '.join(event.notices)}"
        case e.GateOpened():
            return f"ask {event.gate} ({event.kind})"
        case e.GateClosed():
            return f"close {event.gate}: {event.result}"
        case e.TimerSet():
            return f"timer {event.key.partition('#')[0]} +{event.due / SECOND:g}"
        case e.CancelRequested():
            return f"cancel {event.path}"
        case e.RunConcluded():
            return f"end {event.conclusion}" + (f" in doubt {','.join(event.in_doubt)}" if event.in_doubt else "")
        case e.StepSettled():
            return f"settled {event.path}: {event.outcome}"
        case e.FactsSet():
            return f"facts {event.path}"
        case e.EachExpanded():
            return f"items {','.join(event.keys)}"
        case e.CallStarted():
            return f"call {event.path}"
        case e.ScopeEnded():
            return f"scope {event.path}: {event.conclusion}"
        case e.EscalationRaised():
            return f"escalate to {event.to}"
        case _:
            return e.name_of(event)
