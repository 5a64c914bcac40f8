"""What the heart asks for, as dialogues: steps, branches, waves, calls, ends, deadlines, stops."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.core.decide import AT_ONCE

from .playbook import ENDS, SECOND, Play

ONE = f"steps:\n  a: {{title: A, shell: x, effect: read, next: {{pass: b, {ENDS}}}}}\n  b: {{title: B, shell: y, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n"


def test_one_step_after_the_other():
    play = Play(ONE)
    assert play.opening == ["enter a", "start a#1"]
    assert play.came("a") == ["enter b", "start b#1"]
    assert play.came("b") == ["end healthy"]
    assert play.tell() == []


def test_each_outcome_takes_its_edge():
    assert Play(ONE).came("a", "fail") == ["end escalated"]
    assert Play(ONE).came("a", "error") == ["end escalated"]


def test_a_stop_ends_what_runs_and_then_the_run():
    play = Play(ONE)
    assert play.tell(e.StopRequested("somebody", "enough", "cli")) == ["cancel a"]
    assert play.came("a", "error", error="Cancelled") == ["end stopped"]
    assert play.state.conclusion.reason == "enough"


def test_a_deadline_ends_reads_and_lets_a_change_finish():
    play = Play("within: 10s\n" + ONE)
    assert play.opening == ["timer run:within +11", "enter a", "start a#1"]
    assert play.wait(10) == ["cancel a"]
    assert play.came("a", "error") == ["end escalated"]
    change = Play(
        f"within: 10s\nsteps:\n  a: {{title: A, shell: x, gate: Sure?, undo: {{none: x}}, next: {{pass: end.resolved, {ENDS}, rejected: end.escalated}}}}\n"
    )
    change.says("a", "approve")
    assert change.wait(10) == []
    assert change.came("a") == ["end escalated"]


def test_escalation_is_raised_once_and_the_run_goes_on():
    play = Play("escalation: {after: 5s, to: team}\n" + ONE)
    assert play.wait(5) == ["escalate to team"]
    assert play.wait(5) == []
    assert play.came("a") == ["enter b", "start b#1"]


def test_diagnose_waits_for_all_and_the_order_of_the_file_decides():
    body = "steps:\n  d:\n    title: D\n    diagnose:\n      p: {cause: P, shell: x, fix: one}\n      q: {cause: Q, shell: y, fix: two}\n    otherwise: two\n    next: {error: end.broken}\n  one: {title: O, wait: 1s, next: end.escalated}\n  two: {title: T, wait: 1s, next: end.escalated}\n"
    play = Play(body)
    assert play.opening == ["enter d", "start d.p#1", "start d.q#1"]
    assert play.came("d.q", "fail") == []
    assert play.came("d.p", "fail")[0] == "enter one"
    other = Play(body)
    other.came("d.p", "error")
    assert other.came("d.q", "fail")[0] == "enter two", (
        "a cause that was found decides, though another could not be looked for"
    )
    unknown = Play(body)
    unknown.came("d.p", "error")
    assert unknown.came("d.q") == ["end broken"], "none was found, and one could not be looked for"
    none = Play(body)
    none.came("d.p")
    assert none.came("d.q")[0] == "enter two"


def test_branches_join_and_the_worst_decides():
    body = "steps:\n  p:\n    title: P\n    parallel:\n      limit: 2\n      branches: {u: {shell: x, effect: read}, v: {shell: y, effect: read}, w: {steps: {s: {title: S, shell: z, effect: read}}}}\n    next: {pass: end.healthy, fail: end.stopped, error: end.broken}\n"
    play = Play(body)
    assert play.opening == ["enter p", "start p.u#1", "start p.v#1"]
    assert play.came("p.v", "fail") == ["enter p.w/s", "start p.w/s#1"]
    assert play.came("p.w/s") == ["scope p.w: healthy"]
    assert play.came("p.u") == ["end stopped"]


def test_no_more_than_so_many_at_once():
    many = ", ".join(f"b{n}: {{shell: x, effect: read}}" for n in range(AT_ONCE + 5))
    play = Play(f"steps:\n  p: {{title: P, parallel: {{{many}}}, next: {{pass: end.healthy, {ENDS}}}}}\n")
    assert sum(word.startswith("start") for word in play.opening) == AT_ONCE
    assert play.came("p.b0") == [f"start p.b{AT_ONCE}#1"]


def test_a_loop_has_a_bound():
    play = Play(f"steps:\n  a: {{title: A, shell: x, effect: read, max_visits: 2, next: {{pass: a, {ENDS}}}}}\n")
    assert play.came("a") == ["enter a", "start a#1"]
    assert play.came("a") == ["end escalated"]


def test_wait_takes_time_and_survives_a_crash():
    play = Play("steps:\n  w: {title: W, wait: 30s, next: end.healthy}\n")
    assert play.opening == ["enter w", "timer wait:w +31"]
    assert play.wait(10) == []
    assert play.dies() == []
    assert play.wait(20) == ["end healthy"]


def test_set_computes_in_order():
    play = Play(
        f"steps:\n  s: {{title: S, set: {{a: '{{{{ 1 + 1 }}}}', b: '{{{{ facts.a * 2 }}}}'}}, next: {{pass: end.healthy, {ENDS}}}}}\n"
    )
    assert play.opening == ["enter s", "facts s", "end healthy"]
    assert play.state.facts[""] == {"a": 2, "b": 4}


def test_time_of_a_run_is_that_of_its_events():
    assert Play(ONE).state.started_at == SECOND
