"""Routes, deliveries and runbooks for tests of the alerts room, and a lane that is driven without a journal."""

from __future__ import annotations

from itertools import count

from steadyhand import events as e
from steadyhand import schema
from steadyhand.alerts.lanes import Lane
from steadyhand.alerts.meaning import Delivery, Meant, Refused, meaning
from steadyhand.alerts.state import stream_of
from steadyhand.handlers import registry
from steadyhand.model import SECOND

SPECS = registry.specs()
STEPS = "steps: {a: {title: A, shell: 'true', effect: read, next: {pass: end.healthy, fail: end.escalated, error: end.escalated}}}\n"


def runbook(inputs="host: {type: string, from: alert.labels.host}", name="look"):
    text = f"steadyhand: 1\nname: {name}\ntitle: T\nalerts: [Slow]\ninputs: {{{inputs}}}\n{STEPS}"
    loaded = schema.read(text, name, SPECS)
    assert loaded.runbook is not None, loaded.diagnostics
    return loaded.runbook


def routes(text):
    settings, found = schema.read_settings(text, "steady.yaml", SPECS)
    assert not found, found
    return settings.routes


def route(text="", name="r"):
    (found,) = routes(f"routes: [{{name: {name}, runbook: look{', ' + text if text else ''}}}]\n")
    return found


def said(fingerprint="f1", status="firing", name="Slow", intake="am", **labels):
    labels = {"alertname": name, "host": "db1", **labels}
    return e.AlertReceived(intake, "alertmanager", fingerprint, f"{fingerprint}{status}", status, name, labels)


def delivery(one, seq=1, at=0):
    return Delivery(stream_of(one.intake, one.fingerprint), seq, at, one)


class Driven:
    """A lane whose decisions are recorded at once; times are seconds."""

    def __init__(self, text="", inputs="host: {type: string, from: alert.labels.host}", ranks=None):
        self.route = route(text)
        self.book = runbook(inputs)
        self.lane = Lane(self.route, ranks)
        self.ids = (f"r{n}" for n in count(1))
        self.seqs = {}
        self.room = 100
        self.recorded = []

    def step(self, now, *alerts, over=(), room=None):
        """Decide on these alerts at that time; what was started, and what was told of each alert."""
        inbox = []
        for one in alerts:
            stream = stream_of(one.intake, one.fingerprint)
            self.seqs[stream] = self.seqs.get(stream, 0) + 2
            meant = None if one.status == "resolved" else meaning(self.route, self.book, one)
            assert not isinstance(meant, Refused), meant
            inbox.append((Delivery(stream, self.seqs[stream], now * SECOND, one), meant))
        return self.decide(now, inbox, over=over, room=room)

    def decide(self, now, inbox, over=(), room=None):
        now = int(now * SECOND)
        batch = self.lane.decide(inbox, over, now, self.room if room is None else room, lambda: next(self.ids))
        at = self.lane.history.seq
        new = [e.Recorded("route:r", at + n, now, "me", 1, event) for n, event in enumerate(batch.events, 1)]
        self.recorded.extend(new)
        self.lane.commit(new, batch.looked, now)
        told = {one.stream.removeprefix("alert:am:"): one.event for one in batch.told}
        return [started.run for started in batch.started], told

    def due(self, now, room=None):
        found = self.lane.due(int(now * SECOND), self.room if room is None else room)
        return None if found is None else found / SECOND

    def started(self):
        return [one.event for one in self.recorded if isinstance(one.event, e.RouteStarted)]


__all__ = ["Driven", "Meant", "delivery", "route", "routes", "runbook", "said"]
