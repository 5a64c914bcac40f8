"""Cases in scripted worlds: what passes, what does not and why, and what was walked."""

from __future__ import annotations

import pytest

from steadyhand.errors import UsageError
from steadyhand.rehearsal.documents import read_tests
from steadyhand.rehearsal.rehearse import rehearse, started
from steadyhand.rehearsal.world import planner

from .documents import SPECS, book, wide
from .documents import case as one_case

FIXED = """\
    inputs: {who: web}
    steps: {look.disk: {stdout: "95"}, look.mail: pass, clean: {exit_code: 0, stdout: "7"}, check: pass}
    answers: {clean: [{answer: approve, by: anna}, {answer: approve, by: bo}]}
"""


def report(case, runbook=None):
    document, found = read_tests(f"tests:\n  t:\n{case}", "x")
    assert found == ()
    return rehearse(runbook or book(), document.cases[0], SPECS, planner)


def test_a_case_that_comes_out_as_expected():
    done = report(
        f"{FIXED}    expect: {{conclusion: resolved, path: [look, clean, check], facts: {{freed: '7'}}, attempts: {{clean: 1}}}}"
    )
    assert done.problems == ()
    assert done.path == ("look", "clean", "check")
    assert done.walked == (
        ("look", "The disk is full", "clean"), ("clean", "pass", "check"), ("check", "pass", "end.resolved"),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("conclusion: healthy", "conclusion: expected healthy, actual resolved"),
        ("path: [look]", "path: expected ['look'], actual ['look', 'clean', 'check']"),
        ("facts: {freed: '8'}", "facts.freed: expected '8', actual '7'"),
        ("facts: {gone: 8}", "facts.gone: expected 8, actual None"),
        ("attempts: {clean: 2}", "attempts.clean: expected 2, actual 1"),
        ("waits_for: clean", "waits_for: expected ['clean'], actual []"),
        ("asks: []", "asks: expected [], actual ['clean']"),
        ("asks: [{gate: clean, quorum: 1}]", "asks.clean.quorum: expected 1, actual 2"),
        ("undone: clean", "undone: expected ['clean'], actual []"),
        ("refused: {clean: bo}", "refused.clean: expected ['bo'], actual []"),
        ("sends: [{text: x}]", "sends: expected 1, actual 0"),
    ],
)
def test_what_differs_is_said(expect, problem):
    assert problem in report(f"{FIXED}    expect: {{{expect}}}").problems


def test_what_the_test_does_not_say_is_never_guessed():
    done = report("    inputs: {who: web}\n    steps: {look.mail: pass}\n")
    assert done.problems == ("the test does not say what comes of look.disk",)
    assert done.conclusion == ""


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ("{}", "who: a value is needed"),
        ("{who: mail}", "who: "),
        ("{who: web, many: x}", "many: "),
        ("{who: web, wo: x}", "wo: the runbook has no such input"),
    ],
)
def test_inputs_that_no_run_would_take(inputs, said):
    (problem,) = report(FIXED.replace("{who: web}", inputs)).problems
    assert problem.startswith("the inputs do not fit: ")
    assert said in problem


def test_one_of_two_approvals_waits_until_it_expires():
    done = report(FIXED.replace(", {answer: approve, by: bo}", "") + "    expect: {conclusion: escalated}")
    assert done.problems == ()
    assert ("clean", "expired", "end.escalated") in done.walked


def test_a_crash_in_a_change_asks_and_repeats_nothing():
    crash = FIXED.replace('clean: {exit_code: 0, stdout: "7"}', "clean: crash")
    done = report(f"{crash}    expect: {{waits_for: 'clean:doubt', attempts: {{clean: 1}}, conclusion: none}}")
    assert done.problems == ()


@pytest.mark.parametrize("at", range(1, 25))
def test_a_crash_after_any_event_changes_nothing_twice(at):
    answers = (
        "    answers: {clean: [{answer: approve, by: anna}, {answer: approve, by: bo}], 'clean:doubt': happened}\n"
    )
    case = f"{FIXED.split('    answers', maxsplit=1)[0]}{answers}    crash_after: {at}\n    expect: {{attempts: {{clean: 1}}}}"
    done = report(case)
    assert done.problems == ()
    assert done.conclusion == "resolved"


ON_CALL = "    roles: {oncall: [anna, bo]}\n"
LATE = "    answers: {clean: [{answer: approve, by: anna, after: 11m}, {answer: approve, by: bo, after: 12m}]}\n"
EARLY = FIXED.split("    answers", maxsplit=1)[0]


def test_an_answer_that_comes_too_late_does_not_count():
    done = report(f"{EARLY}{LATE}    expect: {{conclusion: escalated, refused: {{clean: [anna, bo]}}}}")
    assert done.problems == ()
    assert ("clean", "expired", "end.escalated") in done.walked


def test_an_answer_that_comes_twice_counts_once():
    twice = "    answers: {clean: [[{answer: approve, by: anna}, {answer: approve, by: anna, after: 1m}]]}\n"
    done = report(f"{EARLY}{twice}    expect: {{conclusion: escalated, refused: {{clean: anna}}}}")
    assert done.problems == ()


def test_an_answer_by_somebody_without_the_role_does_not_count():
    said = (
        "    answers: {clean: [[{answer: approve, by: anna}, {answer: approve, by: eve}, {answer: approve, by: bo}]]}\n"
    )
    expect = (
        "    expect: {conclusion: resolved, refused: {clean: eve}, asks: [{gate: clean, roles: oncall, quorum: 2}]}"
    )
    assert report(f"{EARLY}{ON_CALL}{said}{expect}").problems == ()


def test_a_failure_by_name_is_an_error_and_a_change_that_may_have_happened_is_asked_about():
    unsure = FIXED.replace(
        'clean: {exit_code: 0, stdout: "7"}', "clean: {error: Unreachable, unsure: true, reason: gone}"
    )
    done = report(f"{unsure}    expect: {{waits_for: 'clean:doubt', conclusion: none, attempts: {{clean: 1}}}}")
    assert done.problems == ()
    sure = report(unsure.replace("unsure: true", "unsure: false"))
    assert ("clean", "error", "end.escalated") in sure.walked


def test_the_engine_dies_while_a_step_runs_and_others_have_settled():
    case = """
inputs: {who: web}
steps: {look.disk: {stdout: "5", after: 1s}, look.mail: [{crash: true, after: 2s}, pass]}
expect: {conclusion: escalated, attempts: {look.disk: 1, look.mail: 2}}
"""
    assert rehearse(book(), one_case(case), SPECS, planner).problems == ()


def test_a_person_stops_the_run_in_the_middle():
    slow = FIXED.replace('stdout: "7"', 'stdout: "7", after: 5m')
    expect = "    expect: {conclusion: stopped, in_doubt: clean}"
    assert report(f"{slow}    stop: {{by: anna, after: 1m}}\n{expect}").problems == ()


REPAIR = """
inputs: {app: shop}
roles: {oncall: [anna]}
steps:
  tell: pass
  wave[a]: pass
  wave[b]: pass
  both.one: pass
  both.two/first: pass
  both.two/last: pass
  repair:before.state: {exit_code: 0, stdout: before}
  repair:after.state: {exit_code: 0, stdout: after}
  repair: {exit_code: 0}
  repair:verify: {exit_code: 0}
  repair:undo: pass
answers: {pick: fix, number: {value: {many: 4}}, repair: {answer: approve, by: anna}, by_hand: done}
"""


def test_what_is_asked_and_what_is_sent_can_be_looked_at():
    expect = """\
expect:
  conclusion: resolved
  sends: [{channel: "#ops", text: {contains: "shop is"}}]
  asks: [{gate: pick, kind: choose}, number, {gate: repair, prompt: "Repair shop?", roles: [oncall], effect: change}, by_hand]
  undone: []
  facts: {many: 4}
"""
    done = rehearse(wide(), one_case(REPAIR + expect), SPECS, planner)
    assert done.problems == ()
    assert done.seen.sent[0]["step"] == "tell"


def test_what_did_not_prove_itself_was_undone():
    case = REPAIR.replace("repair:verify: {exit_code: 0}", "repair:verify: {exit_code: 1}")
    expect = "expect: {conclusion: escalated, undone: repair}\n"
    assert rehearse(wide(), one_case(case + expect), SPECS, planner).problems == ()


def test_a_message_that_was_not_delivered_was_not_sent():
    case = REPAIR.replace("tell: pass", "tell: {error: Unreachable}")
    assert rehearse(wide(), one_case(case + "expect: {sends: []}\n"), SPECS, planner).problems == ()


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("sends: [{text: {contains: fast}}]", 'sends 1.text: expected to contain "fast", actual "shop is slow"'),
        ("asks: [pick, number, {gate: repair, prompt: {matches: '^Stop'}}, by_hand]", "asks.repair.prompt: expected "),
    ],
)
def test_what_is_said_wrongly_is_told(expect, problem):
    (said,) = rehearse(wide(), one_case(REPAIR + f"expect: {{{expect}}}\n"), SPECS, planner).problems
    assert said.startswith(problem)


def test_no_run_starts_with_inputs_that_do_not_fit():
    with pytest.raises(UsageError, match="who: a value is needed"):
        started(book(), one_case("steps: {}"))
