"""A case as a script: turns in order, the last one stays, and what is not said is remembered."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.core.recording import Job
from steadyhand.rehearsal.script import CaseScript
from steadyhand.rehearsal.world import Came, Said

from .documents import case


def gate(name="a", quorum=1):
    return e.GateOpened(name, name, "confirm", 1, "?", {"approve": "", "reject": ""}, "d", quorum=quorum)


def test_turns_come_in_order_and_the_last_one_stays():
    script = CaseScript(case("steps: {a: [fail, pass]}"))
    assert [script.came(Job("a", n)) for n in (1, 2, 3)] == [Came("fail"), Came("pass"), Came("pass")]


def test_what_is_not_said_is_remembered():
    script = CaseScript(case("steps: {a: pass}"))
    assert script.came(Job("b", 1)) is None
    assert script.silent == ["the test does not say what comes of b"]


def test_a_crash_at_once_kills_the_engine_a_later_one_is_left_to_the_world():
    script = CaseScript(case("steps: {a: [crash, {crash: true, after: 3s}]}"))
    assert script.came(Job("a", 1)) is None
    assert [script.crash(1), script.crash(1)] == [True, False]
    assert script.came(Job("a", 2)) == Came(crash=True, after=3_000_000)
    assert script.silent == []


def test_crashes_after_events_happen_once_each():
    script = CaseScript(case("crash_after: [2, 4]"))
    assert [script.crash(n) for n in (1, 2, 3, 4, 5)] == [False, True, False, True, False]


def test_answers_one_opening_at_a_time_or_all_at_once():
    script = CaseScript(case("answers: {a: [approve, reject], b: [[approve, {answer: approve, by: bo}], []]}"))
    assert [script.said(gate()) for _ in range(3)] == [(Said("approve"),), (Said("reject"),), (Said("reject"),)]
    assert [len(script.said(gate("b"))) for _ in range(3)] == [2, 0, 0]
    assert script.said(gate("c")) == ()


def test_where_several_must_agree_a_list_is_all_of_them():
    script = CaseScript(case("answers: {a: [approve, {answer: approve, by: bo}]}"))
    assert len(script.said(gate(quorum=2))) == 2


def test_a_step_and_a_gate_of_one_name_keep_their_own_count():
    script = CaseScript(case("steps: {a: [fail, pass]}\nanswers: {a: [approve, reject]}"))
    script.came(Job("a", 1))
    assert script.said(gate()) == (Said("approve"),)
