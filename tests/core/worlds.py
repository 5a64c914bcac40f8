"""Random runbooks and random worlds for the properties of the heart, over the product's own rehearsal world."""

from __future__ import annotations

from hypothesis import strategies as st

from steadyhand import events as e
from steadyhand.model import (
    END,
    Branch,
    Check,
    Choose,
    Confirm,
    Diagnose,
    Do,
    Each,
    Effect,
    Gate,
    HandlerSpec,
    Manual,
    Operation,
    Parallel,
    Param,
    Retry,
    Runbook,
    SetFacts,
    Step,
    Undo,
    Verify,
    Wait,
)
from steadyhand.rehearsal.world import Came, Said, World, renderer

SPECS = {"act": HandlerSpec("act", "Act.", (Param("text", "text", "What.", "x"),), short="text")}
READ, CHANGE = Effect.READ, Effect.CHANGE


def op(effect=READ, *, text="x", retry=0, idempotent=False):
    return Operation("act", {"text": text}, effect, retry=Retry(retry, 1_000_000), idempotent=idempotent)


def started(mode="guided", **more):
    return e.RunStarted("random", "d", mode, "alex", {}, {}, {}, "engine-1", **more)


operations = st.builds(
    op,
    st.sampled_from([READ, READ, CHANGE, Effect.DESTRUCTIVE]),
    retry=st.sampled_from([0, 0, 2]),
    idempotent=st.booleans(),
).map(lambda o: o if o.effect is READ or o.idempotent else op(o.effect))
reads = st.builds(op, st.just(READ), retry=st.sampled_from([0, 1]))
gates = st.builds(Gate, quorum=st.sampled_from([1, 1, 2]), within=st.sampled_from([0, 5_000_000]), auto=st.booleans())


@st.composite
def bodies(draw, ids):
    kind = draw(
        st.sampled_from(["do", "do", "do", "diagnose", "parallel", "choose", "confirm", "manual", "wait", "set"])
    )
    if kind == "do":
        return Do(draw(operations))
    if kind == "diagnose":
        fixes = st.sampled_from(["", *ids])
        return Diagnose(
            tuple(Check(f"c{i}", f"cause {i}", draw(reads), draw(fixes)) for i in range(draw(st.integers(1, 3))))
        )
    if kind == "parallel":
        limit = draw(st.sampled_from([0, 1, 2]))
        return Parallel(tuple(draw(branches(f"b{i}")) for i in range(draw(st.integers(1, 3)))), limit)
    if kind == "choose":
        return Choose({"a": "A", "b": "B"}, draw(gates))
    if kind == "wait":
        return Wait(1_000_000)
    if kind == "set":
        return SetFacts({"x": "1"})
    return Confirm(draw(gates)) if kind == "confirm" else Manual("do it", draw(gates))


@st.composite
def branches(draw, name):
    if draw(st.booleans()):
        return Branch(name, step=Step(name, name, Do(draw(operations)), {}, gate=draw(st.none() | gates)))
    steps = {}
    ids = ["one", "two"]
    for number, inner in enumerate(ids):
        after = ids[number + 1] if number + 1 < len(ids) else "end.healthy"
        steps[inner] = Step(inner, inner, Do(draw(operations)), {"pass": after, "fail": "end.escalated"})
    return Branch(name, steps=steps)


@st.composite
def runbooks(draw):
    ids = [f"s{i}" for i in range(draw(st.integers(1, 5)))]
    targets = st.sampled_from([*ids, *(f"{END}{c}" for c in ("healthy", "resolved", "escalated"))])
    steps = {}
    for name in ids:
        body = draw(bodies(ids))
        outcomes = ["pass", "fail", "error", "rejected", "expired", "approved", "a", "b"]
        acts = isinstance(body, Do)
        change = acts and body.operation.effect is not READ
        steps[name] = Step(
            name,
            name,
            body,
            {outcome: draw(targets) for outcome in outcomes},
            gate=draw(st.none() | gates) if isinstance(body, (Do, Diagnose, Parallel)) else None,
            each=draw(each()) if acts and draw(st.integers(0, 3)) == 0 else None,
            verify=Verify(op(), draw(st.sampled_from([0, 1_000_000])), draw(st.sampled_from([0, 9_000_000])))
            if change and draw(st.booleans())
            else None,
            undo=Undo(op(CHANGE)) if change and draw(st.booleans()) else None,
            capture={"before": op()} if change and draw(st.booleans()) else {},
            max_visits=draw(st.integers(1, 3)),
            lock=draw(st.sampled_from([(), ("db",), ("db", "cache")])) if acts else (),
        )
    return Runbook("random", "Random", steps, within=draw(st.sampled_from([0, 0, 30_000_000])))


@st.composite
def each(draw):
    items = list(range(draw(st.integers(0, 4))))
    return Each(
        items,
        batches=tuple(draw(st.lists(st.sampled_from([1, 2, "50%"]), min_size=1, max_size=2))),
        max_failures=draw(st.integers(0, 2)),
    )


STATUSES = ["resolved", "silenced", "inhibited", "acknowledged", "firing", "resolved"]


def news(data):
    """What the alert does while the run goes on: each so long after the start."""
    times = data.draw(st.lists(st.integers(0, 12), max_size=4))
    return [(at * 1_000_000, e.AlertChanged(data.draw(st.sampled_from(STATUSES)), "am")) for at in sorted(times)]


class Dice:
    """A script that draws everything. Crashes and people who say nothing are bounded, so that a run must end."""

    def __init__(self, data, crashes=3):
        self.data = data
        self.crashes = crashes
        self.asked = 0

    def came(self, job):
        outcome = self.data.draw(st.sampled_from(["pass", "fail", "error"]))
        unsure = outcome == "error" and self.data.draw(st.booleans())
        return Came(outcome, unsure=unsure, after=self.data.draw(st.sampled_from([0, 1_000_000, 3_000_000])))

    def said(self, gate):
        self.asked += 1
        options = list(gate.options)
        people = ["alex", "sam", "kim"]
        answers = [
            Said(
                self.data.draw(st.sampled_from(options)), by, self.data.draw(st.sampled_from([0, 2_000_000, 7_000_000]))
            )
            for by in people
        ]
        return tuple(answers)

    def crash(self, recorded):
        if self.crashes and self.data.draw(st.integers(0, 5)) == 5:
            self.crashes -= 1
            return True
        return False


def world(runbook, script):
    return World(runbook, renderer(SPECS), script, SPECS)
