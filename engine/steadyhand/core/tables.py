"""The life of one attempt and of one gate, as tables: everything that may happen, and nothing else.

Rules of this file: a pair that is not here cannot happen (`IllegalEvent`, and nothing changes); whatever affects a
transition stands here and not in the code that walks it. docs/reference/states.md is drawn from these tables.
"""

from __future__ import annotations

from enum import Enum

from ..errors import Exit, SteadyError


class IllegalEvent(SteadyError):
    """An event that cannot follow what has happened. The journal was written by something that broke the rules."""

    exit = Exit.BROKEN


class Phase(Enum):
    """Where the latest attempt at a path stands."""

    NEW = "new"
    RUNNING = "running"
    SETTLED = "settled"
    INTERRUPTED = "interrupted"


ATTEMPT: dict[tuple[Phase, str], Phase] = {
    (Phase.NEW, "step.intended"): Phase.RUNNING,
    (Phase.NEW, "step.settled"): Phase.SETTLED,  # attempt 0: it could not be rendered, so nothing started
    (Phase.NEW, "facts.set"): Phase.SETTLED,
    (Phase.RUNNING, "step.settled"): Phase.SETTLED,
    (Phase.RUNNING, "step.interrupted"): Phase.INTERRUPTED,
    (Phase.RUNNING, "run.resumed"): Phase.INTERRUPTED,  # the engine that ran it is gone
    (Phase.SETTLED, "step.intended"): Phase.RUNNING,  # a retry, or a person said: run it again
    (Phase.SETTLED, "step.settled"): Phase.SETTLED,  # a retry that could not be rendered
    (Phase.INTERRUPTED, "step.intended"): Phase.RUNNING,
    (Phase.INTERRUPTED, "step.settled"): Phase.SETTLED,  # a new attempt that could not be rendered
}

CONFIRM = {"approve": "Approve", "reject": "Reject"}
DONE = {"done": "It is done", "failed": "It could not be done"}
ANSWER = {"answer": "Answer"}

HAPPENED, DID_NOT_HAPPEN, RUN_AGAIN, STOP = "happened", "did_not_happen", "run_again", "stop"
DOUBT = {
    HAPPENED: "It happened",
    DID_NOT_HAPPEN: "It did not happen",
    RUN_AGAIN: "Run it again",
    STOP: "Stop the run",
}

OPTIONS: dict[str, dict[str, str]] = {"confirm": CONFIRM, "manual": DONE, "ask": ANSWER, "doubt": DOUBT}
"""The answers each kind of gate allows; a `choose` brings its own."""

RESULTS: dict[tuple[str, str], str] = {
    ("confirm", "reject"): "rejected",
    ("manual", "done"): "pass",
    ("manual", "failed"): "fail",
    ("ask", "answer"): "pass",
}
"""What an answer that decides alone makes of its gate; any other answer is its own result."""

WITHDRAWN, VOID = "withdrawn", "void"

APPROVES = frozenset({"approved", RUN_AGAIN})
"""The results of a gate that are a yes to its plans."""

AFTER_THE_END = frozenset({"note.added", "gate.refused", "child.found", "child.stopped"})
"""The only events that may follow a conclusion."""

CALLED = {"healthy": "pass", "resolved": "pass", "escalated": "fail", "stopped": "fail", "broken": "error"}
"""What the conclusion of a called runbook, or of a branch made of steps, is as an outcome."""

WORST = ("error", "fail", "rejected", "expired", "pass")
"""Outcomes of parts, the one that decides for the whole first."""
