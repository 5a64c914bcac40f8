"""Dry runs with a step kind whose other side can say what it would do: asked, said so, and nothing is carried out."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.driver.drive import Driver, Ending
from steadyhand.driver.ports import Nobody, Ports, SystemClock, Unobserved
from steadyhand.driver.redaction import Redactor
from steadyhand.errors import Refused
from steadyhand.journal.memory import MemoryJournal
from steadyhand.model import END, Do, Effect, Operation, Plan, Result, Runbook, Step
from steadyhand.projections.dry import summary

from .stage import SPECS


class Asks:
    """A step kind that can be rehearsed; what was asked of it is kept."""

    spec = SPECS["act"]

    def __init__(self, *, would=True):
        self.asked = []
        self.done = []
        self._would = would

    def plan(self, params, target):
        return Plan("act", params["text"].masked(), {"text": params["text"]})

    def dry_run(self, plan, hands):
        self.asked.append(plan.preview)
        if not self._would:
            raise Refused("forbidden")
        return Result({"version": 2})

    def perform(self, plan, hands):
        self.done.append(plan.preview)
        return Result({})


def step(name, effect, to, text="x"):
    ends = {"pass": to, "fail": f"{END}escalated", "error": f"{END}escalated"}
    return Step(name, name, Do(Operation("act", {"text": text}, effect)), ends)


def run(handler, *steps, probe=False):
    book = Runbook("x", "X", {one.id: one for one in steps})
    journal = MemoryJournal()
    ports = Ports(journal, SPECS, lambda _: handler, {}, "/", "me", "here", SystemClock())
    driver = Driver(ports, book, "r1", people=Nobody(), observer=Unobserved(), redactor=Redactor())
    driver.start(e.RunStarted("x", "d", "dry-run", "sam", {}, {}, {}, "me", probe=probe))
    assert driver.drive() is Ending.CONCLUDED
    return {one.event.path: one.event for one in journal.read("r1") if isinstance(one.event, e.StepSettled)}, summary(
        journal.read("r1")
    )


@pytest.mark.parametrize("probe", [True, False])
def test_a_change_is_put_before_the_other_side_and_reads_are_probed_where_that_was_asked_for(probe):
    handler = Asks()
    look, act = step("look", Effect.READ, "act", "look"), step("act", Effect.CHANGE, f"{END}healthy", "act")
    settled, said = run(handler, look, act, probe=probe)
    assert (handler.asked, handler.done) == (["act"], ["look"] if probe else [])
    assert settled["act"].simulated
    assert settled["act"].reason.startswith("accepted by the other side")
    assert settled["act"].values == {"version": 2}
    assert settled["look"].simulated is not probe
    assert "  accepted by the other side, and not carried out: act" in said


def test_what_the_other_side_refuses_is_an_error_and_said():
    settled, said = run(Asks(would=False), step("act", Effect.CHANGE, f"{END}healthy"))
    assert (settled["act"].outcome, settled["act"].error) == ("error", "Refused")
    assert "  would not work: act: forbidden" in said


def test_nothing_is_sent_of_a_change_that_is_not_known_in_full():
    handler = Asks()
    settled, said = run(handler, step("act", Effect.CHANGE, f"{END}healthy", "drop {{ facts.table }}"))
    assert (handler.asked, handler.done, settled["act"].simulated) == ([], [], True)
    assert said[-1] == "  known only once a real run has come to it: act needs facts.table"


def test_a_read_after_a_change_that_was_not_made_is_not_probed():
    handler = Asks()
    act, look = step("act", Effect.CHANGE, "look", "act"), step("look", Effect.READ, f"{END}healthy", "look")
    _, said = run(handler, act, look, probe=True)
    assert handler.done == []
    assert "  only rendered: look" in said
