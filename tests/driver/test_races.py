"""Somebody is faster: what is said in the moment in which an engine comes, looks, lets go or is slow."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.app import runs
from steadyhand.app.services import Services
from steadyhand.core import fold
from steadyhand.core.answers import Answer
from steadyhand.journal.memory import MemoryJournal
from steadyhand.model import END, SECOND, Confirm, Gate, Runbook, Step
from steadyhand.schema import Changes

from .stage import Engine, Stage

ENDS = dict.fromkeys(("approved", "rejected", "expired"), f"{END}healthy")
ASKING = Runbook("outer", "Outer", {"sure": Step("sure", "Sure?", Confirm(Gate(within=5 * SECOND)), ENDS)})


class Scene:
    """One run that waits for an answer, and the desk at which it is given."""

    def __init__(self):
        self.stage = Stage(MemoryJournal())
        self.desk = Services(store=":memory:", environ={"HOME": "/"}, cwd="/", clock=self.stage.clock)
        self.desk.__dict__["journal"] = self.stage.journal

    def engine(self, *, here=True):
        return Engine(self.stage, ASKING, "r1", here, Changes())

    def begun(self, *, here=True):
        engine = self.engine(here=here)
        engine.driver.start(e.RunStarted("outer", "d", "guided", "alex", {}, {"outer": ""}, {}, "engine"))
        return engine

    def says(self, word="approve"):
        return runs.answer(self.desk, "r1", Answer("sure", "sam", word))

    def state(self):
        return fold(self.stage.journal.read("r1"))


@pytest.fixture
def scene():
    there = Scene()
    yield there
    there.stage.close()


def test_an_answer_in_the_moment_in_which_the_engine_lets_go_is_heard(scene):
    engine = scene.begun(here=False)
    engine.journal.meddlers = [(1, scene.says)]
    engine.turn()
    assert scene.state().conclusion.outcome == "approved"


def test_what_is_said_between_taking_a_run_over_and_driving_it_is_heard(scene):
    scene.begun().turn()
    second = scene.engine()
    second.driver.resume()
    scene.says()
    second.turn()
    second.turn()
    assert scene.state().conclusion.outcome == "approved"


def test_what_is_said_while_a_run_is_taken_over_is_no_obstacle(scene):
    scene.begun().turn()
    second = scene.engine()
    second.journal.meddlers = [(0, scene.says)]
    second.driver.resume()
    second.turn()
    assert scene.state().conclusion.outcome == "approved"


def test_a_run_that_ends_while_it_is_taken_over_is_left_alone(scene):
    first = scene.begun()
    first.turn()
    second = scene.engine()

    def end():
        scene.says()
        first.turn()

    second.journal.meddlers = [(0, end)]
    second.driver.resume()
    assert (second.driver.state.conclusion is not None, scene.state().epoch) == (True, 1)


def test_of_two_engines_that_take_a_run_over_one_drives(scene):
    scene.begun().turn()
    second, third = scene.engine(), scene.engine()
    second.journal.meddlers = [(0, third.driver.resume)]
    second.guarded(second.driver.resume)
    assert (second.alive, third.alive) == (False, True)


def test_an_answer_has_the_time_at_which_it_was_held_against_the_gate(scene):
    """Later, on a slow machine, the question is over, and an answer recorded then could never be folded again."""
    scene.begun().turn()
    scene.stage.clock.tick = 3 * SECOND
    assert isinstance(scene.says(), e.GateAnswered)
    assert scene.state().gates["sure"].answers


def test_so_has_one_that_is_given_while_an_engine_is_interrupted(scene):
    engine = scene.begun()
    engine.turn()
    engine.driver.interrupt()
    engine.crowd.questions["sure"][1](Answer("sure", "sam", "approve"))
    scene.stage.clock.tick = SECOND * 3 // 2  # the third look is in time, and the fourth is not
    engine.turn()
    assert scene.state().gates["sure"].answers
