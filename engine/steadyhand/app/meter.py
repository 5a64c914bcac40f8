"""What the server measures of its own work: runs, gates, alerts, timers, queues, the store. A listener of the hub.

Counters begin with the server: they tell what this process has seen happen, and Prometheus knows what a restart is.
Levels are those of the moment, from the board. Labels are names of runbooks, intakes and fixed words, never a person, a
host or a text from outside.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from .. import events as e
from ..errors import SteadyError
from ..journal.backup import beside
from ..journal.open import location
from ..model import SECOND
from .metrics import PATIENT, QUICK, Level, Metrics, Readings
from .vitals import add_vitals

if TYPE_CHECKING:
    from .board import Grown
    from .whole import Whole

REMEMBERED = 50_000
"""Gates, alerts and runs of which something is remembered at most."""
LOOK = 60.0
"""Seconds until the artifacts are counted again."""
LATE = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 3600.0)


class Meter:
    """Counts what the hub tells, and looks at the server when it is asked."""

    def __init__(self, server: Whole, metrics: Metrics) -> None:
        self._server = server
        self._gates: dict[tuple[str, str], tuple[int, str]] = {}
        self._seen: dict[str, int] = {}
        self._received: dict[str, int] = {}
        self._modes: dict[str, tuple[str, str]] = {}
        self._artifacts = (-LOOK, 0.0)
        self._lock = threading.Lock()
        self._of_runs(metrics)
        self._of_alerts(metrics)
        self._of_doors(metrics)
        self._of_queues(metrics)
        self._of_store(metrics)
        add_vitals(metrics)

    def start(self) -> None:
        """Learn since when the questions stand open that were put before this server began."""
        for row in self._server.board.runs():
            if row.gates:
                with suppress(SteadyError):
                    for one in self._server.services.journal.read(row.id):
                        if isinstance(one.event, e.GateOpened):
                            self._gates.setdefault((row.id, one.event.gate), (one.at, one.event.kind))

    def stop(self) -> None:
        """Nothing goes on by itself."""

    # --- what there is

    def _of_runs(self, metrics: Metrics) -> None:
        new = metrics.counter
        self._started = new("steady_runs_started_total", "Runs that began.", "runbook", "mode")
        self._concluded = new("steady_runs_concluded_total", "Runs that ended.", "runbook", "mode", "conclusion")
        self._attempts = new("steady_attempts_total", "Attempts at steps that ended, by outcome.", "outcome")
        self._opened = new("steady_gates_opened_total", "Questions that were put to people.", "kind")
        self._closed = new("steady_gates_closed_total", "Questions that were settled, by how.", "kind", "result")
        self._lost = new("steady_events_lost_total", "Events of runs that were never seen: always 0.")
        text = "How long people were waited for."
        self._waited = metrics.histogram("steady_gate_wait_seconds", text, PATIENT, "kind")
        self._late = metrics.histogram("steady_timer_late_seconds", "How much too late timers fired.", LATE)
        metrics.reading("steady_runs", "Runs that are not over.", self._runs, "runbook", "mode", "status")
        metrics.reading("steady_gates_open", "Questions that stand open.", self._open, "kind")
        metrics.reading("steady_gate_age_seconds", "Age of the oldest question that stands open.", self._oldest)

    def _of_alerts(self, metrics: Metrics) -> None:
        new = metrics.counter
        self._alerts = new("steady_alerts_received_total", "Deliveries that were recorded.", "intake")
        self.deduplicated = new(
            "steady_alerts_deduplicated_total", "Deliveries that had been recorded before.", "intake"
        )
        self._routed = new("steady_alerts_routed_total", "Alerts that led to a run.", "intake")
        self._held = new("steady_alerts_held_total", "Alerts that led to no run for now.", "intake")
        self._unrouted = new("steady_alerts_unrouted_total", "Alerts that led nowhere.", "intake")
        text = "From the recording of an alert to what came of it."
        self._routing = metrics.histogram("steady_alert_routing_seconds", text, QUICK, "intake")

        def undecided() -> Readings:
            return [((), sum(row.undecided for row in self._server.board.alerts()))]

        metrics.reading("steady_alerts_undecided", "Alerts of which nobody has decided what comes of them.", undecided)

    def _of_doors(self, metrics: Metrics) -> None:
        text = "How long requests took, by door."
        self.requests = metrics.histogram("steady_http_request_seconds", text, QUICK, "door")
        self.answers = metrics.counter("steady_http_requests_total", "Requests that were answered.", "door", "status")
        self.streams: Level = metrics.level("steady_live_streams", "Pages and programs that follow live.")

    def _of_queues(self, metrics: Metrics) -> None:
        server = self._server

        def one(name: str, text: str, look: Callable[[], float], kind: str = "gauge") -> None:
            metrics.reading(name, text, lambda: [((), look())], kind=kind)

        one("steady_drivers_alive", "Runs that are driven right now.", lambda: len(server.conductor.driven))
        one("steady_drivers_limit", "Runs that may be driven at once.", lambda: server.settings.server.runs)
        one("steady_runs_queued", "Runs that wait for a driver.", lambda: server.conductor.queued)
        one("steady_hub_alive", "Whether the journal is followed.", lambda: server.hub.alive)
        one("steady_hub_trouble", "Whether the journal cannot be read.", lambda: bool(server.hub.trouble))
        one("steady_draining", "Whether the server is about to end.", server.draining.is_set)
        one("steady_spans_waiting", "Spans that wait for the collector.", lambda: server.traces.queued)
        one("steady_spans_sent_total", "Spans that were sent.", lambda: server.traces.sent, "counter")
        one("steady_spans_dropped_total", "Spans that were given up.", lambda: server.traces.dropped, "counter")

    def _of_store(self, metrics: Metrics) -> None:
        text = "Size of what is kept: database, wal, access, artifacts."
        metrics.reading("steady_journal_bytes", text, self._sizes, "part")
        metrics.reading("steady_journal_free_bytes", "Space that is left where the store lies.", self._free)

    # --- what happens

    def grown(self, grown: Grown) -> None:
        """A stream has grown. A listener of the hub."""
        if grown.stream.startswith(e.ALERTS):
            for one in grown.events:
                self._alert(grown.stream, one)
        elif ":" not in grown.stream:
            self._count_lost(grown)
            for one in grown.events:
                self._run(one)

    def _count_lost(self, grown: Grown) -> None:
        """Events of a stream come without a gap; if ever they do not, it shall be seen."""
        first, last = grown.events[0].seq, grown.events[-1].seq
        known = self._seen.get(grown.stream)
        if known is not None and first > known + 1:
            self._lost.add(by=first - known - 1)
        if isinstance(grown.events[-1].event, e.RunConcluded):
            self._seen.pop(grown.stream, None)
        elif known is not None or len(self._seen) < REMEMBERED:
            self._seen[grown.stream] = last

    def _run(self, one: e.Recorded) -> None:
        match one.event:
            case e.RunStarted(runbook=runbook, mode=mode):
                self._started.add(runbook, mode)
            case e.StepSettled(outcome=outcome):
                self._attempts.add(outcome)
            case e.GateOpened(gate=gate, kind=kind):
                self._opened.add(kind)
                if len(self._gates) < REMEMBERED:
                    self._gates[one.stream, gate] = (one.at, kind)
            case e.GateClosed(gate=gate, result=result):
                self._settled(one, gate, result)
            case e.TimerFired(late=late):
                self._late.observe(late / SECOND)
            case e.RunConcluded(conclusion=conclusion):
                self._ended(one, conclusion)
            case _:
                pass

    def _settled(self, one: e.Recorded, gate: str, result: str) -> None:
        opened, kind = self._gates.pop((one.stream, gate), (0, ""))
        known = {"approved", "rejected", "expired", "withdrawn", "void", "pass"}
        self._closed.add(kind or "confirm", result if result in known else "chosen")
        if opened:
            self._waited.observe((one.at - opened) / SECOND, kind)

    def _ended(self, one: e.Recorded, conclusion: str) -> None:
        row = self._server.board.run(one.stream)
        self._concluded.add(row.runbook if row else "", row.mode if row else "", conclusion)
        for key in [key for key in self._gates if key[0] == one.stream]:
            self._settled(one, key[1], "withdrawn")

    def _alert(self, stream: str, one: e.Recorded) -> None:
        intake = stream.split(":")[1] if stream.count(":") >= 2 else ""
        match one.event:
            case e.AlertReceived():
                self._alerts.add(intake)
                if len(self._received) < REMEMBERED:
                    self._received.setdefault(stream, one.at)
                return
            case e.AlertRouted():
                self._routed.add(intake)
            case e.AlertHeld():
                self._held.add(intake)
            case e.AlertUnrouted():
                self._unrouted.add(intake)
            case _:
                return
        received = self._received.pop(stream, None)
        if received is not None:
            self._routing.observe((one.at - received) / SECOND, intake)

    # --- what is looked at

    def _runs(self) -> Readings:
        counted: dict[tuple[str, ...], int] = {}
        for row in self._server.board.runs():
            if not row.conclusion:
                key = (row.runbook, row.mode, row.status)
                counted[key] = counted.get(key, 0) + 1
        return sorted(counted.items())

    def _open(self) -> Readings:
        counted = dict.fromkeys(("confirm", "choose", "ask", "manual", "doubt"), 0)
        for row in self._server.board.runs():
            for gate in row.gates:
                counted[gate.kind] = counted.get(gate.kind, 0) + 1
        return [((kind,), number) for kind, number in counted.items()]

    def _oldest(self) -> Readings:
        opened = min((at for at, _ in list(self._gates.values())), default=None)
        now = self._server.services.clock.now()
        return [((), max(0, now - opened) / SECOND if opened is not None else 0)]

    def _sizes(self) -> Iterator[tuple[tuple[str, ...], float]]:
        with suppress(SteadyError):
            store = location(self._server.services.store_url)
            if store is None:
                return
            access, _ = beside(store)
            parts = {"database": store, "wal": store.with_name(f"{store.name}-wal"), "access": access}
            for part, path in parts.items():
                with suppress(OSError):
                    yield (part,), path.stat().st_size
            yield ("artifacts",), self._kept(str(beside(store)[1]))

    def _kept(self, folder: str) -> float:
        """Bytes of all artifacts: there may be very many, so they are looked at now and then."""
        with self._lock:
            looked, size = self._artifacts
            if time.monotonic() - looked >= LOOK:
                size = _size_of(folder)
                self._artifacts = (time.monotonic(), size)
            return size

    def _free(self) -> Iterator[tuple[tuple[str, ...], float]]:
        with suppress(SteadyError, OSError):
            store = location(self._server.services.store_url)
            if store is not None:
                disk = os.statvfs(store.parent)
                yield (), disk.f_bavail * disk.f_frsize


def _size_of(folder: str) -> float:
    size = 0
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(OSError):
                size += int(_size_of(entry.path)) if entry.is_dir(follow_symlinks=False) else entry.stat().st_size
    return size
