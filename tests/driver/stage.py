"""A stage for the real driver: only the outside world on it is not real, and nothing moves unless a rule moves it.

The clock stands still, goes on and goes back as it is told. An attempt of the step kind `act` waits until it is said
what comes of it. A driver takes one turn of its loop and is then held where it asks whether anybody is present. The
journal, the locks, the gates, the redaction and the desk through which people answer are those of the product.
"""

from __future__ import annotations

import sys
import threading
import time
from dataclasses import dataclass, field

from steadyhand.driver.drive import Driver, Ending
from steadyhand.driver.ports import Ports, Unobserved
from steadyhand.driver.redaction import Redactor
from steadyhand.errors import Cancelled, Fenced, Unreachable
from steadyhand.model import HandlerSpec, Param, Plan, Result

SPECS = {"act": HandlerSpec("act", "Act.", (Param("text", "text", "What.", "x"),), short="text")}
START = 1_800_000_000_000_000


class Held(BaseException):
    """The driver is held at the end of a turn; it can go on."""


class Crash(BaseException):
    """The engine is gone, in the middle of whatever it did."""


class FakeClock:
    """Time as the rules have it. Every look takes `tick` microseconds, as on a slow machine."""

    def __init__(self):
        self.time = START
        self.tick = 0
        self._steady = 0.0

    def now(self):
        self.time += self.tick
        return self.time

    def monotonic(self):
        """Each wait is over at once."""
        self._steady += 1e9
        return self._steady


class Logged:
    """The store of all: it keeps the order of appends over all streams."""

    def __init__(self, inner):
        self._inner = inner
        self.log = []
        self.streams_log = {}

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def append(self, stream, expected, events, **named):
        done = self._inner.append(stream, expected, events, **named)
        self.log.extend(done)
        self.streams_log.setdefault(stream, []).extend(done)
        return done


class Shaky:
    """The store as one engine has it: at the n-th append from now, somebody is faster, or the engine dies."""

    def __init__(self, inner):
        self._inner = inner
        self.dies = None
        self.meddlers = []

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def append(self, *args, **named):
        faster, self.meddlers = self.meddlers, []
        for count, act in faster:
            if count:
                self.meddlers.append((count - 1, act))
            else:
                act()
        count, when = self.dies or (-1, "")
        if count > 0:
            self.dies = count - 1, when
        elif self.dies and when == "before":
            raise Crash
        done = self._inner.append(*args, **named)
        if count == 0 and when == "after":
            raise Crash
        return done


@dataclass
class Effect:
    """One attempt that has reached the outside world: which, and what was in the store when it did."""

    run: str
    path: str
    attempt: int
    fence: str
    at: int
    engine: object
    go: threading.Event = field(default_factory=threading.Event)
    how: str = ""
    told: bool = False


class Act:
    """The step kind `act`. Whatever it is, it happens at once; whether anybody learns of it is said later."""

    spec = SPECS["act"]

    def __init__(self, stage, engine):
        self._stage = stage
        self._engine = engine

    def plan(self, params, target):
        text = params["text"].masked()
        return Plan("act", text, {"text": text})

    def perform(self, plan, hands):
        environment = hands.environment
        effect = Effect(
            environment["STEADY_RUN"], environment["STEADY_STEP"], int(environment["STEADY_ATTEMPT"]),
            environment["STEADY_FENCE"], len(self._stage.journal.log), self._engine,
        )  # fmt: skip
        with self._stage.guard:
            self._stage.world.append(effect)
            self._stage.threads[threading.current_thread()] = effect

        def told():
            effect.told = True
            if self._stage.obedient:
                effect.how = effect.how or "cancelled"
                effect.go.set()

        hands.on_cancel(told)
        assert effect.go.wait(60)
        match effect.how:
            case "pass" | "fail":
                return Result({"ok": effect.how == "pass"})
            case "cancelled":
                raise Cancelled("told to stop", unsure=True)
            case "lost":
                raise Unreachable("the line went dead", unsure=True)
            case "dead":
                raise SystemExit
            case _:
                raise Unreachable("nobody there")


class Crowd:
    """Those at the terminal of one engine, who are there or not; and the place where a driver is held."""

    def __init__(self, here):
        self.here = here
        self.left = 0
        self.questions = {}

    def present(self):
        # While the driver waits it looks whether people have left; it is held only where it has just appended.
        if sys._getframe(1).f_code.co_name == "_waits_for_absent":
            if not self.left:
                raise Held
            self.left -= 1
        return self.here

    def ask(self, gate, deliver):
        self.questions[gate.gate] = (gate, deliver)

    def withdraw(self, gate):
        self.questions.pop(gate, None)


class Engine:
    """One process that drives one run."""

    def __init__(self, stage, runbook, stream, here, changes):
        self.stage = stage
        self.stream = stream
        self.changes = changes
        self.journal = Shaky(stage.journal)
        self.crowd = Crowd(here)
        self.alive = True
        self.parked = False
        self.said = []
        stage.count += 1
        ports = Ports(
            self.journal,
            SPECS,
            lambda _: Act(stage, self),
            {},
            "/",
            f"engine-{stage.count}",
            "here",
            stage.clock,
            changes,
        )
        self.driver = Driver(ports, runbook, stream, people=self.crowd, observer=Unobserved(), redactor=Redactor())

    def over(self):
        """The process has ended, and with it every attempt that it ran."""
        self.alive = False
        for effect in self.attempts():
            effect.how = "dead"
            effect.go.set()

    def attempts(self):
        return [effect for effect in self.stage.world if effect.engine is self and not effect.go.is_set()]

    def guarded(self, act):
        """Do that; what may end an engine ends it. Returns what came of it, or None."""
        try:
            return act()
        except Held:
            return None
        except Crash:
            self.over()
        except Fenced:
            head = self.stage.journal.head(self.stream)
            assert head.epoch > self.driver.state.epoch, "an engine that nobody replaced believes it was"
            self.alive = False
        finally:
            self.stage.wait_for_attempts()
        return None

    def turn(self, *, park=False):
        """One turn of the loop."""
        self.crowd.left = 1
        ending = self.guarded(lambda: self.driver.drive(park=park))
        self.parked = park and ending is Ending.WAITING
        if ending is not None and not self.parked:
            self.alive = False
            assert not self.attempts() or ending is not Ending.INTERRUPTED


class Stage:
    """Everything that engines share: time, the store, the world, and the threads at work."""

    def __init__(self, journal):
        self.clock = FakeClock()
        self.journal = Logged(journal)
        self.guard = threading.Lock()
        self.world = []
        self.threads = {}
        self.obedient = True
        self.count = 0
        self._others = set(threading.enumerate())

    def wait_for_attempts(self):
        """Until each attempt that was started has reached the world, and each that may end has ended."""
        over = time.monotonic() + 60
        while True:
            with self.guard:
                at_work = [t for t in threading.enumerate() if t.name.startswith("attempt ") and t not in self._others]
                late = [t for t in at_work if t not in self.threads or self.threads[t].go.is_set()]
            if not late:
                return
            assert time.monotonic() < over, f"does not come to an end: {late}"
            late[0].join(0.001)

    def close(self):
        for effect in self.world:
            effect.how = effect.how or "dead"
            effect.go.set()
        self.wait_for_attempts()
        self.journal.close()
