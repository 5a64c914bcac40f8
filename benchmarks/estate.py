"""A noisy estate for a simulated day: nothing that was acknowledged is lost, and memory does not grow with the time.

    python benchmarks/estate.py [HOURS] [SEED]

Time is simulated, everything else is the product: the intake, the router, drivers, journal and hub of a real server, on
a real SQLite store. Services begin to fail, flap, and get well; every alert is told again every few minutes, some
deliveries come twice, some out of order; people answer late, say no, or not at all, and take targets; the server is
stopped and started anew every six hours. All of it follows from the seed. What is asked for in the end is the same that
`tests/reliability/test_estate.py` asks for in its short form.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from steadyhand import events as e
from steadyhand.alerts.state import fold_alert
from steadyhand.app import leases, runs
from steadyhand.app.server import Server
from steadyhand.app.services import Services
from steadyhand.core import State, fold
from steadyhand.core.answers import Answer
from steadyhand.errors import SteadyError

SECOND = 1_000_000
TICK = 30
"""Simulated seconds between two looks."""
RESTART = 6 * 3600
PATIENCE = 60.0
"""Real seconds that the server may take to come to rest."""
SERVICES = 20
HOSTS = 15
RUNBOOK = """\
steadyhand: 1
name: {name}
title: {name}
services: [{name}]
inputs:
  host: {{type: string, pattern: '^[a-z0-9-]+$', from: alert.labels.instance}}
steps:
  look: {{title: Look, set: {{seen: "{{{{ inputs.host }}}}"}}, next: {{pass: change}}}}
  change:
    title: Change it
    shell: {{argv: [/bin/true, "{{{{ inputs.host }}}}"]}}
    effect: change
    lock: ["{name}"]
    gate: {{prompt: "Change {{{{ inputs.host }}}}?", within: 20m}}
    undo: {{none: Nothing is done}}
    next: {{pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated, expired: end.escalated}}
  confirm:
    title: Is it well?
    purpose: verification
    shell: 'true'
    effect: read
    next: {{pass: end.resolved, fail: end.escalated, error: end.escalated}}
within: 2h
"""
SETTINGS = """\
store: journal.db
library: [runbooks]
server: {runs: 8, grace: 2s}
changes: {per_hour: 6}
routes:
"""
ROUTE = (
    "  - {{name: {name}, runbook: {name}, match: {{service: {name}}}, key: [alert.labels.instance],"
    " cool_down: 10m, per_hour: 20}}\n"
)


class Clock:
    """Time that moves when it is told to."""

    def __init__(self, at: int) -> None:
        self.at = at

    def now(self) -> int:
        """Microseconds since 1970."""
        return self.at

    def monotonic(self) -> float:
        """Seconds."""
        return self.at / SECOND


class Outcome(Struct):
    """What a simulation came to. Memory is in MB, after each quarter of the time."""

    delivered: int = 0
    known: int = 0
    alerts: int = 0
    runs: int = 0
    concluded: int = 0
    waiting: int = 0
    changes: int = 0
    answers: int = 0
    restarts: int = 0
    events: int = 0
    took: float = 0
    memory: list[float] = []
    wrong: list[str] = []


class Estate:
    """Services that fail by themselves, the alerts that tell of it, and people."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.chance = random.Random(seed)
        self.folder = folder
        self.clock = Clock(1_800_000_000 * SECOND)
        self.outcome = Outcome(memory=[], wrong=[])
        self.firing: dict[tuple[str, str], int] = {}
        self.sent: set[tuple[str, str]] = set()
        self.old: list[e.AlertReceived] = []
        names = [f"service-{number}" for number in range(SERVICES)]
        (folder / "runbooks").mkdir()
        for name in names:
            (folder / "runbooks" / f"{name}.yaml").write_text(RUNBOOK.format(name=name))
        (folder / "steady.yaml").write_text(SETTINGS + "".join(ROUTE.format(name=name) for name in names))
        self.names = names
        self.server = self._begin()

    def _begin(self) -> Server:
        services = Services(
            cwd=str(self.folder), environ={"PATH": os.environ["PATH"]}, clock=self.clock, engine="server"
        )
        server = Server(services)
        server.start()
        return server

    def restart(self) -> None:
        """The server is stopped, and another one goes on."""
        self.server.stop()
        self.server.services.close()
        self.server = self._begin()
        self.outcome.restarts += 1

    # --- what happens

    def tick(self) -> None:
        """Half a minute goes by."""
        self.clock.at += TICK * SECOND
        deliveries = [*self._changes(), *self._repeats()]
        self.chance.shuffle(deliveries)
        for start in range(0, len(deliveries), 20):
            self._deliver(deliveries[start : start + 20])
        self._people()
        self.rest()

    def _said(self, service: str, host: str, since: int, status: str) -> e.AlertReceived:
        labels = {"alertname": "Failing", "service": service, "instance": host}
        return e.AlertReceived(
            "am", "alertmanager", f"{service}.{host}", f"{since}/{status}", status, "Failing", labels,
            {"summary": f"{service} fails on {host}"}, starts_at=since,
            ends_at=self.clock.at if status == "resolved" else 0,
        )  # fmt: skip

    def _changes(self) -> list[e.AlertReceived]:
        """What begins to fail, and what gets well; now and then a whole service fails at once."""
        found = []
        if self.chance.random() < 0.02:
            service = self.chance.choice(self.names)
            struck = [(service, f"host-{number}") for number in range(HOSTS)]
        else:
            struck = [(s, f"host-{n}") for s in self.names for n in range(HOSTS) if self.chance.random() < 0.004]
        for place in struck:
            if place not in self.firing:
                self.firing[place] = self.clock.at
                found.append(self._said(*place, self.clock.at, "firing"))
        for place, since in list(self.firing.items()):
            if self.chance.random() < 0.03:
                del self.firing[place]
                found.append(self._said(*place, since, "resolved"))
        return found

    def _repeats(self) -> list[e.AlertReceived]:
        """What is told again, and what comes twice or late."""
        found = [self._said(*p, since, "firing") for p, since in self.firing.items() if self.chance.random() < 0.1]
        if self.old and self.chance.random() < 0.2:
            found.append(self.chance.choice(self.old))
        return found

    def _deliver(self, body: list[e.AlertReceived]) -> None:
        receipt = self.server.receiving.intake.take(body, "192.0.2.1")
        self.outcome.delivered += len(body)
        self.outcome.known += len(body) - receipt.new
        self.sent.update((one.fingerprint, one.identity) for one in body)
        self.old = [*self.old, *body][-50:]

    def _people(self) -> None:
        """Some answer, most wait a while; now and then somebody takes a target."""
        for row in self.server.board.runs():
            for gate in row.gates:
                if self.chance.random() > 0.25:
                    continue
                choices = list(gate.options)
                word = choices[0] if self.chance.random() < 0.7 else self.chance.choice(choices)
                given = Answer(gate.gate, f"person-{self.chance.randrange(5)}", word, gate.digest, "web")
                try:
                    runs.answer(self.server.services, row.id, given)
                    self.outcome.answers += 1
                except SteadyError:
                    pass  # the run has ended in this very moment
        if self.chance.random() < 0.02:
            with suppress(SteadyError):  # somebody has it
                leases.take(self.server.services, self.chance.choice(self.names), "person-9", "work", 600 * SECOND)

    def rest(self) -> None:
        """Wait until all that follows from what has happened has happened."""
        over = time.monotonic() + PATIENCE
        server = self.server
        while True:
            point, _ = server.services.journal.grown(None)
            quiet = not server.conductor.driven and not server.conductor.queued and not server.router.waiting
            if quiet and not any(alert.undecided for alert in server.board.alerts()):
                time.sleep(0.06)
                if server.services.journal.grown(None)[0] == point and not server.conductor.driven:
                    return
            if time.monotonic() > over:
                return  # such as a change that waits for somebody's lease: it goes on with the next tick
            time.sleep(0.01)

    # --- what must hold

    def judge(self) -> None:
        """Every promise, asked of the store alone."""
        journal, outcome = self.server.services.journal, self.outcome
        there: set[tuple[str, str]] = set()
        for head in journal.streams():
            outcome.events += head.seq
            recorded = journal.read(head.stream)
            if head.stream.startswith(e.ALERTS):
                outcome.alerts += 1
                told = [one.event for one in recorded if isinstance(one.event, e.AlertReceived)]
                identities = [one.identity for one in told]
                if len(identities) != len(set(identities)):
                    outcome.wrong.append(f"{head.stream}: a delivery stands there twice")
                there.update((one.fingerprint, one.identity) for one in told)
                if fold_alert(recorded).undecided:
                    outcome.wrong.append(f"{head.stream}: nobody has decided what comes of it")
            elif head.stream.startswith("r") and ":" not in head.stream:
                self._judge_run(fold(recorded), recorded)
        lost = sorted(self.sent - there)
        outcome.wrong += [f"{one} was acknowledged, and is not there" for one in lost]
        outcome.wrong += [f"{fault.stream}: {fault.problem}" for fault in journal.verify_store()]

    def _judge_run(self, state: State, recorded: tuple[e.Recorded, ...]) -> None:
        outcome = self.outcome
        outcome.runs += 1
        made = [one.event for one in recorded if isinstance(one.event, e.StepIntended) and one.event.effect != "read"]
        outcome.changes += len(made)
        if len(made) > 1:
            outcome.wrong.append(f"{state.stream}: the change was made {len(made)} times")
        yes = [one.event for one in recorded if isinstance(one.event, e.GateAnswered) and one.event.answer == "approve"]
        if made and not yes:
            outcome.wrong.append(f"{state.stream}: a change without a yes")
        if state.conclusion is not None:
            outcome.concluded += 1
        elif state.open_gates or state.wanted_locks:
            outcome.waiting += 1
        else:
            outcome.wrong.append(f"{state.stream}: it has not ended, and waits for nobody")


def resident() -> float:
    """Megabytes of memory that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def simulate(hours: float, seed: int, restart: int = RESTART) -> Outcome:
    """A stretch of time in the estate of that seed."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="steady-estate-") as name:
        estate = Estate(Path(name), seed)
        ticks = int(hours * 3600 / TICK)
        for number in range(1, ticks + 1):
            estate.tick()
            if number * TICK % restart == 0 and number < ticks:
                estate.restart()
            if number % max(1, ticks // 4) == 0:
                estate.outcome.memory.append(resident())
        estate.judge()
        estate.server.stop()
        estate.server.services.close()
    estate.outcome.took = time.perf_counter() - begun
    return estate.outcome


def main() -> int:
    """Simulate, and say what came of it."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 24
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    o = simulate(hours, seed)
    print(f"{hours:g} simulated hours (seed {seed}) in {o.took:.0f} s, {o.restarts} restarts of the server")
    print(f"{o.delivered} deliveries ({o.known} known before) of {o.alerts} alerts; {o.events} events")
    print(
        f"{o.runs} runs: {o.concluded} concluded, {o.waiting} wait; {o.changes} changes, {o.answers} answers of people"
    )
    print("memory after each quarter: " + ", ".join(f"{mb:.0f} MB" for mb in o.memory))
    print("\n".join(o.wrong) or "nothing was lost, nothing was done twice, every chain holds")
    return 1 if o.wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
