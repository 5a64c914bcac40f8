"""The scripted world: virtual time, people, crashes that forget what a process forgets."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.rehearsal.world import START, Came, Said, World, planner, renderer

from .documents import ENDS, SPECS, book, runbook

SLOW = f"""\
steps:
  a: {{title: A, shell: a, effect: read, timeout: 5s, next: {{pass: b, {ENDS}}}}}
  b: {{title: B, wait: {{for: 1h}}, next: {{pass: c}}}}
  c: {{title: C, gate: {{prompt: C?, within: 10m}}, next: {{approved: end.healthy, rejected: end.escalated, expired: end.escalated}}}}
"""


class Script:
    def __init__(self, came=None, said=None, crashes=()):
        self.came_, self.said_, self.crashes = came or {}, said or {}, list(crashes)
        self.started = []

    def came(self, job):
        self.started.append(job.path)
        return self.came_.get(job.path)

    def said(self, gate):
        return self.said_.get(gate.gate, ())

    def crash(self, recorded):
        if self.crashes and recorded >= self.crashes[0]:
            self.crashes.pop(0)
            return True
        return False


def run(body, script, outside=(), **inputs):
    book_ = body if not isinstance(body, str) else runbook(body)
    world = World(book_, renderer(SPECS), script, SPECS)
    world.run(e.RunStarted(book_.name, book_.digest, "guided", "me", inputs, {}, {}, "test"), outside=outside)
    return world


def at(world, kind):
    return [(one.at - START) // 1_000_000 for one in world.recorded if isinstance(one.event, kind)]


def test_time_jumps_to_what_comes_next():
    world = run(SLOW, Script({"a": Came("pass", after=3_000_000)}, {"c": (Said("approve", after=60_000_000),)}))
    assert world.state.conclusion.conclusion == "healthy"
    assert at(world, e.StepSettled) == [3]
    assert at(world, e.GateAnswered) == [3 + 3600 + 60]


def test_nobody_answers_and_the_question_expires():
    world = run(SLOW, Script({"a": Came("pass")}))
    assert at(world, e.RunConcluded) == [3600 + 600]
    assert world.state.conclusion.conclusion == "escalated"


def test_what_never_settles_leaves_the_run_where_it_is():
    world = run(SLOW, Script())
    assert world.state.conclusion is None
    assert list(world.state.running) == ["a"]


@pytest.mark.parametrize("when", range(1, 11))
def test_a_crash_at_any_point_ends_the_same(when):
    script = Script({"a": Came("pass", after=3_000_000)}, {"c": (Said("approve", after=60_000_000),)}, [when])
    world = run(SLOW, script)
    assert world.crashes == 1
    assert world.state.conclusion.conclusion == "healthy"
    assert world.state.epoch == 2


def test_values_are_judged_by_the_expectation_and_become_facts():
    script = Script({"look.disk": Came(values={"stdout": "95"}), "look.mail": Came("pass"), "clean": Came(values={"stdout": "7", "exit_code": 0})},
                    {"clean": (Said("approve", "a"), Said("approve", "b", 1_000_000))})  # fmt: skip
    world = run(book(), script, who="web", many=3)
    disk = next(
        one.event for one in world.recorded if isinstance(one.event, e.StepSettled) and one.event.path == "look.disk"
    )
    assert disk.outcome == "fail"
    assert disk.findings[0].actual == "95"
    assert world.state.facts[""] == {"freed": "7"}


def test_the_engine_dies_a_while_after_the_attempt_has_begun():
    world = run(SLOW, Script({"a": Came(after=2_000_000, crash=True)}))
    assert at(world, e.RunResumed)[0] == 2
    assert world.crashes > 1, "and again, since nothing else ever comes of it"
    assert not at(world, e.StepSettled)


def test_what_people_say_after_the_end_is_refused_and_remembered():
    world = run(SLOW, Script({"a": Came("pass")}, {"c": (Said("approve"), Said("reject", "bo", 60_000_000))}))
    assert world.state.conclusion.conclusion == "healthy"
    (refused,) = [one.event for one in world.recorded if isinstance(one.event, e.AnswerRefused)]
    assert (refused.by, refused.reason) == ("bo", "gate c is already closed: approved")


def test_what_comes_from_outside_comes_in_time():
    stop = (60_000_000, e.StopRequested("anna", "enough"))
    world = run(SLOW, Script({"a": Came("pass")}), [stop])
    assert at(world, e.StopRequested) == [60]
    assert world.state.conclusion.conclusion == "stopped"


def test_an_outcome_that_is_given_is_not_judged_and_facts_may_be_given_with_it():
    script = Script({"look.disk": Came("fail"), "look.mail": Came("pass"), "clean": Came("pass", {"stdout": "7"}, facts={"freed": "9"})},
                    {"clean": (Said("approve", "a"), Said("approve", "b"))})  # fmt: skip
    assert run(book(), script, who="web", many=3).state.facts[""] == {"freed": "9"}


def test_the_same_script_gives_the_same_events():
    worlds = [run(SLOW, Script({"a": Came("pass")}, {"c": (Said("reject"),)}, [4])) for _ in range(2)]
    assert worlds[0].recorded == worlds[1].recorded


def test_a_plan_without_a_handler_is_bound_to_its_parameters():
    assert planner("shell", {"text": "a"}, None).digest != planner("shell", {"text": "b"}, None).digest
