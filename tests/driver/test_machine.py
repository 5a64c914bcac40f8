"""The promises as a machine: real drivers, journal, locks and gates, and a world in which everything may go wrong.

Rules let people answer, time jump (backwards too), engines die between any two appends, a second engine take over while
the first one lives, targets be leased, freezes begin. What must hold is asked after each rule (oracle.py). A few seconds
by default; STEADY_DEEP=1 goes on for minutes (CONTRIBUTING.md).
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter

import pytest
from hypothesis import HealthCheck, Phase, event, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from steadyhand import events as e
from steadyhand.app import leases, runs
from steadyhand.app.services import Services
from steadyhand.core import State, fold
from steadyhand.core.answers import Answer
from steadyhand.core.waking import wake_at
from steadyhand.errors import UsageError
from steadyhand.journal.memory import MemoryJournal
from steadyhand.journal.open import open_journal
from steadyhand.journal.sqlite import SqliteJournal
from steadyhand.model import (
    END,
    SECOND,
    Branch,
    Call,
    Check,
    Confirm,
    Diagnose,
    Do,
    Each,
    Effect,
    Gate,
    Operation,
    Parallel,
    Retry,
    Runbook,
    Step,
    Undo,
    Verify,
    Wait,
)
from steadyhand.schema import Changes, Freeze

from ..journal.databases import new, server
from .oracle import QUIET, held, told
from .stage import START, Engine, Stage

DEEP = os.environ.get("STEADY_DEEP") == "1"
EXAMPLES = int(os.environ.get("STEADY_EXAMPLES", "1500" if DEEP else "60"))
STEPS = 60 if DEEP else 30
HOUR = 3600 * SECOND
ROLES = {"responder": ("sam", "kim"), "lead": ("lee", "kim")}
PEOPLE = ["alex", "sam", "kim", "lee", "mo"]
TARGETS = ["cache", "db"]
READ, CHANGE = Effect.READ, Effect.CHANGE


# --- runbooks


def op(effect=READ, text="x", retry=0, idempotent=False):
    return Operation("act", {"text": text}, effect, expect="ok", retry=Retry(retry, SECOND), idempotent=idempotent)


gates = st.builds(
    Gate,
    roles=st.sampled_from([(), (), ("responder",), ("lead",)]),
    quorum=st.sampled_from([1, 1, 2]),
    within=st.sampled_from([0, 5 * SECOND, HOUR]),
    other_than_requester=st.booleans(),
    auto=st.booleans(),
)
operations = st.one_of(
    st.builds(op, retry=st.sampled_from([0, 1])),
    st.builds(op, st.just(CHANGE), text=st.sampled_from(["x", "y"])),
    st.builds(op, st.sampled_from([CHANGE, Effect.DESTRUCTIVE])),
    st.builds(op, st.just(CHANGE), idempotent=st.just(True), retry=st.sampled_from([0, 2])),
)
LOCKS = st.sampled_from([(), ("db",), ("db",), ("cache", "db")])


@st.composite
def acting(draw, name, to):
    """A step that acts once, or for each item, with what may belong to it."""
    operation = draw(operations)
    change = operation.effect is not READ
    outcomes = ("pass", "fail", "error", "rejected", "expired")
    return Step(
        name,
        name,
        Do(operation),
        {outcome: draw(to) for outcome in outcomes},
        gate=draw(st.none() | gates | gates),
        each=Each([1, 2, 3], batches=(1, 2), max_failures=draw(st.integers(0, 1))) if draw(st.integers(0, 5)) == 0 else None,
        verify=Verify(op(), draw(st.sampled_from([0, SECOND, 60 * SECOND])), draw(st.sampled_from([0, 9 * SECOND])))
        if change and draw(st.booleans())
        else None,
        undo=Undo(op(CHANGE)) if change and draw(st.booleans()) else None,
        capture={"before": op()} if change and draw(st.integers(0, 3)) == 0 else {},
        max_visits=draw(st.integers(1, 3)),
        lock=draw(LOCKS),
    )  # fmt: skip


@st.composite
def graphs(draw):
    """Two steps with a graph of their own, for a branch or a called runbook."""
    ends = st.sampled_from([f"{END}healthy", f"{END}escalated"])
    return {"one": draw(acting("one", ends | st.just("two"))), "two": draw(acting("two", ends))}


@st.composite
def bodies(draw, ids):
    kind = draw(st.sampled_from(["parallel", "parallel", "diagnose", "confirm", "wait", "call"]))
    match kind:
        case "parallel":
            ends = st.just(f"{END}healthy")
            named = [
                Branch(name, step=draw(acting(name, ends))) if draw(st.booleans()) else Branch(name, steps=draw(graphs()))
                for name in ("left", "right")
            ]  # fmt: skip
            return Parallel(tuple(named), draw(st.sampled_from([0, 1])))
        case "diagnose":
            return Diagnose(
                tuple(Check(f"c{i}", f"cause {i}", op(), draw(st.sampled_from(["", *ids]))) for i in (1, 2))
            )
        case "call":
            return Call("inner")
        case "wait":
            return Wait(draw(st.sampled_from([SECOND, 60 * SECOND])))
        case _:
            return Confirm(draw(gates))


@st.composite
def runbooks(draw):
    ids = [f"s{i}" for i in range(draw(st.integers(1, 3)))]
    to = st.sampled_from([*ids, *ids, f"{END}healthy", f"{END}resolved", f"{END}escalated"])
    steps = {}
    for name in ids:
        if draw(st.integers(0, 2)):
            steps[name] = draw(acting(name, to))
        else:
            edges = {outcome: draw(to) for outcome in ("pass", "fail", "error", "approved", "rejected", "expired")}
            steps[name] = Step(name, name, draw(bodies(ids)), edges, max_visits=draw(st.integers(1, 3)))
    calls = {"inner": Runbook("inner", "Inner", draw(graphs()))}
    return Runbook("outer", "Outer", steps, within=draw(st.sampled_from([0, 0, 0, 2 * HOUR])), calls=calls)


MODES = st.sampled_from(["guided", "guided", "auto", "auto", "step", "diagnose", "dry-run"])
WHEN = st.sampled_from(["before", "after"])


class Promises(RuleBasedStateMachine):
    """Up to three runs in one store, and everything that may happen to them."""

    # --- the store and the people

    @initialize(disk=st.booleans(), per_hour=st.sampled_from([0, 0, 3]))
    def open(self, disk, per_hour):
        self.folder = tempfile.mkdtemp(prefix="steady-machine-")
        self.stage = Stage(self.store(disk))
        self.desk = Services(store=":memory:", environ={"HOME": self.folder}, cwd=self.folder, clock=self.stage.clock)
        self.desk.__dict__["journal"] = self.stage.journal
        self.changes = Changes(per_hour=per_hour)
        self.books = {}
        self.engines = []
        self.rows = {}
        self.folded = {}
        self.seen = 0
        self.intents = set()
        self.words = 0
        self.ended = False
        event("on disk" if disk else "in memory")

    def store(self, disk):
        return SqliteJournal(f"{self.folder}/j.db") if disk else MemoryJournal()

    def events(self, run):
        return self.stage.journal.streams_log.get(run, [])

    def state(self, run):
        """As it is now; what was folded before is not folded again."""
        known, log = self.folded.get(run, State()), self.stage.journal.streams_log.get(run, [])
        self.folded[run] = fold(log[known.seq :], known)
        return self.folded[run]

    def open_runs(self):
        return [run for run in self.books if (state := self.state(run)).run and state.conclusion is None]

    def living(self):
        return [engine for engine in self.engines if engine.alive]

    def pick(self, data, some, label):
        return data.draw(st.sampled_from(some), label=label) if some else None

    def go(self, engine, turns=12):
        """Turn after turn, until nothing comes of it."""
        for _ in range(turns):
            before = len(self.stage.journal.log)
            engine.turn()
            if not engine.alive or len(self.stage.journal.log) == before:
                break
        if engine.alive:
            missing = [word for word in engine.said if word not in self.comments(engine.stream)]
            assert not missing, "what a person has said is lost"
            engine.said = []

    def comments(self, run):
        kinds = (e.GateAnswered, e.AnswerRefused)
        return {one.event.comment for one in self.events(run) if isinstance(one.event, kinds)}

    # --- rules

    @precondition(lambda self: len(self.books) < 3)
    @rule(runbook=runbooks(), mode=MODES, here=st.booleans(), dies=st.none() | st.tuples(st.integers(0, 1), WHEN))
    def start(self, runbook, mode, here, dies):
        run = f"r{len(self.books)}"
        self.books[run] = runbook
        engine = Engine(self.stage, runbook, run, here, self.changes)
        engine.journal.dies = dies
        started = e.RunStarted("outer", "d", mode, "alex", {}, {"outer": ""}, {}, "engine", roles=ROLES)
        engine.guarded(lambda: engine.driver.start(started))
        self.engines.append(engine)
        if engine.alive:
            self.go(engine)
        event(f"mode {mode}")

    @precondition(lambda self: self.living())
    @rule(data=st.data(), turns=st.sampled_from([1, 12]))
    def on(self, data, turns):
        """Some engine goes on."""
        self.go(self.pick(data, self.living(), "engine"), turns)

    @precondition(lambda self: self.under_way())
    @rule(
        data=st.data(),
        how=st.sampled_from(["pass", "pass", "pass", "pass", "fail", "error", "lost"]),
        on=st.integers(0, 3),
    )
    def settle(self, data, how, on):
        """An attempt comes to its end in some way, and mostly its engine goes on."""
        effect = self.pick(data, self.under_way(), "attempt")
        effect.how = how
        effect.go.set()
        self.stage.wait_for_attempts()
        if on and effect.engine.alive:
            self.go(effect.engine)

    def under_way(self):
        return [effect for effect in self.stage.world if not effect.go.is_set()]

    def questions(self):
        """All gates of runs that have not ended, those too that are closed."""
        return [(run, gate) for run in self.open_runs() for gate in sorted(self.state(run).gates)]

    @precondition(lambda self: self.questions())
    @rule(
        data=st.data(),
        by=st.sampled_from(PEOPLE),
        stale=st.sampled_from(["", "", "", "", "digest", "opening"]),
        late=st.integers(0, 3),
    )
    def answer(self, data, by, stale, late):
        """Somebody answers: with the role or without, again, late, or to what is no longer asked; mostly yes."""
        stand = [(run, gate) for run, gate in self.questions() if self.state(run).gate_open(gate) is not None]
        run, gate = self.pick(data, stand if stand and late else self.questions(), "gate")
        self.give(data, run, gate, by, stale, on=True)

    @precondition(lambda self: self.questions())
    @rule(data=st.data())
    def approve(self, data):
        """All who may say yes do."""
        run, gate = self.pick(data, self.questions(), "gate")
        for by in PEOPLE:
            if self.state(run).gate_open(gate) is not None:
                self.give(None, run, gate, by, "", on=False)
        for engine in self.living():
            self.go(engine)

    def give(self, data, run, gate, by, stale, *, on):
        opened = self.state(run).gates[gate].opened
        options = list(opened.options)
        word = self.pick(data, [options[0], options[0], *options], "answer") if data else options[0]
        self.words += 1
        digest = "0" * 64 if stale == "digest" else opened.digest
        opening = opened.opening - 1 if stale == "opening" else opened.opening
        given = Answer(gate, by, word, digest, "test", None, f"word {self.words}", opening)
        engines = [x for x in self.living() if x.stream == run and gate in x.crowd.questions]
        if engines and data and data.draw(st.booleans(), label="at the terminal"):
            engines[-1].crowd.questions[gate][1](given)
            engines[-1].said.append(given.comment)
        else:
            self.at_the_desk(run, given)
        if on:
            for engine in self.living():
                if engine.stream == run:
                    self.go(engine)

    def at_the_desk(self, run, given):
        try:
            said = runs.answer(self.desk, run, given)
        except UsageError:
            return
        assert said in [one.event for one in self.events(run)]

    @rule(seconds=st.sampled_from([1, 1, 6, 60, 3600, 9000, -1, -60, -7200, -86400 * 400]), on=st.booleans())
    def time_passes(self, seconds, on):
        self.stage.clock.time += seconds * SECOND
        for engine in self.living() if on else []:
            self.go(engine)

    @rule(tick=st.sampled_from([0, 1, 2 * SECOND]))
    def the_machine_is_slow(self, tick):
        self.stage.clock.tick = tick

    @rule(obedient=st.booleans())
    def attempts_end_when_they_are_told(self, obedient):
        self.stage.obedient = obedient

    @precondition(lambda self: self.living())
    @rule(data=st.data(), dies=st.tuples(st.integers(0, 2), WHEN))
    def die_later(self, data, dies):
        """An engine will die before or after one of its next appends."""
        self.pick(data, self.living(), "engine").journal.dies = dies

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def die(self, data):
        self.pick(data, self.living(), "engine").over()
        self.stage.wait_for_attempts()

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def interrupt(self, data):
        """Ctrl-C."""
        engine = self.pick(data, self.living(), "engine")
        before, self.stage.obedient = self.stage.obedient, True
        for effect in engine.attempts():
            if effect.told:
                effect.how = "cancelled"
                effect.go.set()
        engine.driver.interrupt()
        for _ in range(2):
            if engine.alive:
                engine.turn()
        assert not engine.alive
        self.stage.obedient = before

    @precondition(lambda self: self.living())
    @rule(data=st.data(), how=st.sampled_from(["pass", "fail", "error", "never"]))
    def drain(self, data, how):
        """A server goes down: what runs may finish, if it does in time."""
        engine = self.pick(data, self.living(), "engine")
        for effect in engine.attempts() if how != "never" else []:
            effect.how = how
            effect.go.set()
        self.stage.wait_for_attempts()
        before, self.stage.obedient = self.stage.obedient, True
        for effect in engine.attempts():
            if effect.told:
                effect.how = "cancelled"
                effect.go.set()
        engine.driver.drain(1e30 if how != "never" else 0.0)
        begun = len(self.stage.world)
        for _ in range(2):
            if engine.alive:
                engine.turn()
        state = self.state(engine.stream)
        if state.stop is None:
            assert not engine.alive
            assert len(self.stage.world) == begun, "something was begun by an engine that goes down"
        elif engine.alive:
            engine.over()
        last = self.events(engine.stream)[-1].event
        if isinstance(last, e.RunPaused) and last.reason == "handed over":
            assert not state.running
            event("handed over")
        self.stage.obedient = before

    @precondition(lambda self: self.living())
    @rule(data=st.data())
    def parks(self, data):
        """An engine that would have to wait gives its thread up, and goes on later as if nothing had been."""
        engine = self.pick(data, self.living(), "engine")
        engine.turn(park=True)
        if engine.parked:
            event("parked")
            state = engine.driver.state
            assert not state.running
            assert state.conclusion is None
            when = wake_at(self.books[engine.stream], state, self.stage.clock.time)
            assert when is not None or state.open_gates, "it waits for nothing"

    @precondition(lambda self: self.open_runs())
    @rule(data=st.data(), here=st.booleans(), dies=st.none() | st.tuples(st.integers(0, 2), WHEN), on=st.booleans())
    def resume(self, data, here, dies, on):
        """Another engine takes a run over, whether or not the one before is alive."""
        run = self.pick(data, self.open_runs(), "run")
        engine = Engine(self.stage, self.books[run], run, here, self.changes)
        engine.journal.dies = dies
        before = [x for x in self.living() if x.stream == run]
        event("taken from an engine that lives" if before else "resumed")
        self.take_over(engine)
        if engine.alive and on:
            self.go(engine)

    def take_over(self, engine):
        engine.guarded(engine.driver.resume)
        self.engines.append(engine)

    @precondition(lambda self: self.living())
    @rule(
        data=st.data(),
        count=st.integers(0, 2),
        what=st.sampled_from(["answer", "alert", "stop", "lease", "resume", "note"]),
        by=st.sampled_from(PEOPLE),
    )
    def be_faster(self, data, count, what, by):
        """Just before one of the next appends of an engine, somebody else acts."""
        engine = self.pick(data, self.living(), "engine")
        run = engine.stream

        def meddle():
            self.stage.wait_for_attempts()
            state = self.state(run)
            if state.run is None or state.conclusion is not None:
                return
            event(f"faster: {what}")
            match what:
                case "answer":
                    for gate in state.open_gates:
                        self.give(None, run, gate.opened.gate, by, "", on=False)
                case "stop":
                    runs.stop(self.desk, run, by, "enough")
                case "alert":
                    self.tell_of_the_alert(run, "resolved")
                case "note":
                    runs.note(self.desk, run, by, "seen")
                case "lease":
                    self.lease_it(by, "db")
                case "resume":
                    self.take_over(Engine(self.stage, self.books[run], run, True, self.changes))

        engine.journal.meddlers.append((count, meddle))

    @rule(by=st.sampled_from(PEOPLE), name=st.sampled_from(TARGETS))
    def lease(self, by, name):
        self.lease_it(by, name)

    def lease_it(self, by, target):
        try:
            leases.take(self.desk, target, by, "index", HOUR)
        except UsageError as problem:
            assert "is leased by" in problem.message  # noqa: PT017 one of two that are allowed

    @rule(by=st.sampled_from(PEOPLE), name=st.sampled_from(TARGETS))
    def return_lease(self, by, name):
        self.give_back(by, name)

    def give_back(self, by, name):
        try:
            leases.give_back(self.desk, name, by, "needed")
        except UsageError as problem:
            assert "is not leased" in problem.message  # noqa: PT017 one of two that are allowed

    @precondition(lambda self: self.open_runs())
    @rule(data=st.data(), on=st.booleans())
    def stop(self, data, on):
        run = self.pick(data, self.open_runs(), "run")
        runs.stop(self.desk, run, "sam", "enough")
        for engine in self.living() if on else []:
            self.go(engine)

    @precondition(lambda self: self.open_runs())
    @rule(data=st.data(), status=st.sampled_from([*QUIET, "resolved", "firing", "acknowledged"]), on=st.booleans())
    def the_alert_changes(self, data, status, on):
        """The alert that started a run resolves, is silenced, fires again."""
        run = self.pick(data, self.open_runs(), "run")
        self.tell_of_the_alert(run, status)
        for engine in self.living() if on else []:
            self.go(engine)

    def tell_of_the_alert(self, run, status):
        known = self.state(run).alarm.status
        assert runs.alert_changed(self.desk, run, status, "am", self.stage.clock.time) == (status != known)

    @rule(
        after=st.sampled_from([0, 5 * SECOND]),
        roles=st.sampled_from([(), ("lead",)]),
        names=st.sampled_from([(), ("db",)]),
        thaws=st.booleans(),
    )
    def freeze(self, after, roles, names, thaws):
        """The settings change: engines that start from now on keep a freeze, which may begin a little later."""
        since = self.stage.clock.time + after
        until = since + HOUR if thaws else 0
        self.changes = Changes(freezes=(Freeze("sale", since, until, roles=roles, targets=names),))

    @rule()
    def thaw(self):
        self.changes = Changes()

    # --- what must hold

    @invariant()
    def the_promises_hold(self):
        try:
            self.all_hold()
        except AssertionError:
            self.tell()
            raise
        TALLY["steps"] += 1

    def tell(self):
        """What stands in the store, for whoever reads why an example fails."""
        for one in self.stage.journal.log:
            shown = ", ".join(f"{k}={v!r}" for k in one.event.__struct_fields__ if (v := getattr(one.event, k)))
            note(f"{one.stream} {one.seq} e{one.epoch} {one.at - START:+} {e.name_of(one.event)} {shown[:200]}")

    def all_hold(self):
        self.every_attempt_was_allowed()
        self.the_store_only_grows_and_holds()
        self.the_story_holds()
        for engine in self.living():
            known = engine.driver.state
            assert known.seq < self.state(engine.stream).seq or known == self.state(engine.stream)

    def every_attempt_was_allowed(self):
        stage = self.stage
        for effect in stage.world[self.seen :]:
            self.seen += 1
            book, log = self.books[effect.run], stage.journal.log[: effect.at]
            number = held(book, log, effect, effect.engine.changes)
            assert (effect.run, number) not in self.intents, "two effects of one intent"
            self.intents.add((effect.run, number))
            event("an attempt")

    def the_store_only_grows_and_holds(self):
        journal = self.stage.journal
        for head in journal.streams():
            rows = list(journal.rows(head.stream))
            before = self.rows.get(head.stream, [])
            assert rows[: len(before)] == before, "what was written has changed"
            self.rows[head.stream] = rows
            assert len(rows) == head.seq
            for one, row in zip(journal.streams_log[head.stream][len(before) :], rows[len(before) :], strict=True):
                assert (e.name_of(one.event), e.encode(one.event)) == (row.type, row.body)
        assert set(self.rows) == {head.stream for head in journal.streams()}, "a stream is gone"
        if DEEP or self.words % 8 == 0:
            assert journal.verify_store() == ()

    def the_story_holds(self):
        for run, book in self.books.items():
            if self.stage.journal.head(run) is None:
                continue
            story, state = self.events(run), self.state(run)
            told(book, story)
            ends = [one.seq for one in story if isinstance(one.event, e.RunConcluded)]
            assert len(ends) <= 1
            assert not (ends and state.open_gates)

    def teardown(self):
        if not hasattr(self, "stage"):
            return
        try:
            self.come_to_an_end()
        finally:
            TALLY.update(examples=1, runs=len(self.books), events=len(self.stage.journal.log))
            TALLY.update(attempts=len(self.stage.world), engines=len(self.engines))
            if DEEP and TALLY["examples"] % 200 == 0:
                print(figures(), flush=True)
            self.stage.close()
            shutil.rmtree(self.folder)

    def come_to_an_end(self):
        """When nobody is in the way any more, every run ends: there is nothing that it could wait for in vain."""
        self.stage.clock.tick, self.changes, self.stage.obedient = 0, Changes(), True
        for engine in self.engines:
            engine.journal.dies, engine.journal.meddlers = None, []
        for target in TARGETS:
            self.give_back("sam", target)
        self.stage.clock.time = max([self.stage.clock.time, *(self.state(run).at for run in self.books)])
        for _ in range(60):
            runs_left = self.open_runs()
            if not runs_left:
                break
            for run in runs_left:
                self.help_on(run)
            self.stage.clock.time += HOUR
        stuck = {run: [one.event for one in self.events(run)[-3:]] for run in self.open_runs()}
        if stuck:
            self.tell()
        assert not stuck, "a run waits for nothing"
        self.the_promises_hold()

    def help_on(self, run):
        engine = next((x for x in self.living() if x.stream == run), None)
        if engine is None:
            self.take_over(Engine(self.stage, self.books[run], run, True, self.changes))
            engine = self.engines[-1]
        for effect in self.under_way():
            if effect.run == run:
                effect.how = "pass"
                effect.go.set()
        self.stage.wait_for_attempts()
        for opened in [gate.opened for gate in self.state(run).open_gates]:
            for word in (next(iter(opened.options)), "reject"):
                for by in PEOPLE:
                    if self.state(run).gate_open(opened.gate) and word in opened.options:
                        self.at_the_desk(run, Answer(opened.gate, by, word, opened.digest, "test"))
        self.go(engine, 40)


Promises.TestCase.settings = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=not DEEP,
    print_blob=True,
    phases=[*Phase] if DEEP else [Phase.explicit, Phase.generate],
)


class PromisesInPostgresql(Promises):
    """The same over a real PostgreSQL, a database for each example."""

    server = None

    def store(self, disk):
        del disk
        return open_journal(new(self.server))


PromisesInPostgresql.TestCase.settings = settings(
    Promises.TestCase.settings, max_examples=EXAMPLES if DEEP else EXAMPLES // 5
)
TALLY: Counter[str] = Counter()
"""What the examples came to: the figures of a deep run."""


def figures():
    return ", ".join(f"{count} {what}" for what, count in TALLY.most_common())


@pytest.mark.timeout(0 if DEEP else 300)
class TestPromises(Promises.TestCase):  # type: ignore[misc]  # made by hypothesis
    @classmethod
    def tearDownClass(cls):
        if DEEP:
            print(f"\n{figures()}")


@pytest.mark.timeout(0 if DEEP else 300)
class TestPromisesInPostgresql(PromisesInPostgresql.TestCase):  # type: ignore[misc]  # made by hypothesis
    @classmethod
    def setUpClass(cls):
        running = server()
        PromisesInPostgresql.server = running.__enter__()
        cls.addClassCleanup(running.__exit__, None, None, None)
