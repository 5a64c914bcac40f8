"""When a run must be looked at next."""

from steadyhand import events as e
from steadyhand.core import State
from steadyhand.core.waking import LOOK, wake_at

from .playbook import ENDS, SECOND, Play


def wake(play, now=0):
    return wake_at(play.runbook, play.state, now)


def test_a_run_that_has_not_begun_or_is_over_wakes_nobody():
    play = Play("steps:\n  w: {title: W, wait: 9s, next: end.healthy}\n")
    assert wake_at(play.runbook, State()) is None
    play.wait(9)
    assert wake(play) is None


def test_a_run_that_nobody_has_taken_up_has_something_to_do_at_once():
    play = Play("steps:\n  w: {title: W, wait: 9s, next: end.healthy}\n")
    first = State().after(play.recorded[0])
    assert wake_at(play.runbook, first) == first.at


def test_a_step_that_waits_wakes_when_its_time_has_come():
    play = Play("steps:\n  w: {title: W, wait: 9s, next: end.healthy}\n")
    assert wake(play) == play.now + 9 * SECOND
    play.tell(e.NoteAdded("kim", "seen"))
    assert wake(play) == 10 * SECOND


def test_a_question_without_an_end_wakes_nobody_and_one_with_an_end_then():
    gate = (
        "steps:\n  g: {{title: G, gate: {{prompt: Sure?{}}}, next: {{approved: end.healthy, rejected: end.stopped}}}}\n"
    )
    assert wake(Play(gate.format(""))) is None
    assert wake(Play(gate.format(", within: 7s"))) == 8 * SECOND
    bounded = Play("within: 5s\n" + gate.format(""))
    assert wake(bounded) == 6 * SECOND


def test_an_answer_that_nobody_has_acted_upon_is_at_once():
    play = Play("steps:\n  g: {title: G, gate: Sure?, next: {approved: end.healthy, rejected: end.stopped}}\n")
    opened = play.state.gates["g"].opened
    answered = e.GateAnswered("g", 1, "kim", "approve", opened.digest)
    state = play.state.after(e.Recorded("r1", play.state.seq + 1, 5 * SECOND, "kim", 1, answered))
    assert wake_at(play.runbook, state) == 5 * SECOND


def test_an_attempt_that_runs_needs_somebody_at_once_be_it_one_whose_engine_died():
    play = Play(f"steps:\n  a: {{title: A, shell: x, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n")
    assert play.state.running
    assert wake(play) == play.state.at


def test_a_wait_for_locks_is_looked_at_again_since_nothing_is_appended_when_they_are_free():
    play = Play(
        f"steps:\n  a: {{title: A, shell: x, effect: change, gate: Sure?, lock: [db], undo: {{none: x}}, next: {{pass: end.healthy, {ENDS}}}}}\n"
    )
    play.says("a", "approve")
    assert play.state.wanted_locks
    assert wake(play) == play.state.at + LOOK
    assert wake(play, 90 * SECOND) == 90 * SECOND + LOOK


def test_a_change_that_settles_wakes_when_it_has():
    play = Play(
        f"steps:\n  a: {{title: A, shell: x, effect: change, gate: Sure?, undo: {{none: x}}, verify: {{shell: y, settle: 30s}}, next: {{pass: end.resolved, {ENDS}}}}}\n"
    )
    play.says("a", "approve")
    play.locks()
    play.came("a")
    assert wake(play) == play.state.leaves["a"].at + 30 * SECOND


def test_a_clock_that_was_set_back_keeps_no_run_that_can_go_on():
    play = Play("steps:\n  g: {title: G, gate: Sure?, next: {approved: end.healthy, rejected: end.stopped}}\n")
    opened = play.state.gates["g"].opened
    answered = e.GateAnswered("g", 1, "kim", "approve", opened.digest)
    state = play.state.after(e.Recorded("r1", play.state.seq + 1, 3600 * SECOND, "kim", 1, answered))
    assert wake_at(play.runbook, state, 5 * SECOND) == 5 * SECOND
