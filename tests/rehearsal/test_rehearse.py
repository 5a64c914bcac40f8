"""Cases in scripted worlds: what passes, what does not and why, and what was walked."""

from __future__ import annotations

import pytest

from steadyhand.rehearsal.documents import read_tests
from steadyhand.rehearsal.rehearse import coverage, rehearse
from steadyhand.rehearsal.world import planner

from ..core.playbook import SPECS
from .documents import book

FIXED = """\
    inputs: {who: web}
    steps: {look.disk: {stdout: "95"}, look.mail: pass, clean: {exit_code: 0, stdout: "7"}, check: pass}
    answers: {clean: [{answer: approve, by: anna}, {answer: approve, by: bo}]}
"""


def report(case):
    document, found = read_tests(f"tests:\n  t:\n{case}", "x")
    assert found == ()
    return rehearse(book(), document.cases[0], SPECS, planner)


def test_a_case_that_comes_out_as_expected():
    done = report(
        f"{FIXED}    expect: {{conclusion: resolved, path: [look, clean, check], facts: {{freed: '7'}}, attempts: {{clean: 1}}}}"
    )
    assert done.problems == ()
    assert done.path == ("look", "clean", "check")
    assert done.walked == {
        ("look", "The disk is full", "clean"), ("clean", "pass", "check"), ("check", "pass", "end.resolved"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("expect", "problem"),
    [
        ("conclusion: healthy", "conclusion: expected healthy, actual resolved"),
        ("path: [look]", "path: expected ['look'], actual ['look', 'clean', 'check']"),
        ("facts: {freed: '8'}", "facts.freed: expected '8', actual '7'"),
        ("facts: {gone: 8}", "facts.gone: expected 8, actual None"),
        ("attempts: {clean: 2}", "attempts.clean: expected 2, actual 1"),
        ("waits_for: clean", "waits_for: expected ['clean'], actual []"),
        ("path: [lok]", "the runbook has no step `lok`; did you mean `look`?"),
    ],
)
def test_what_differs_is_said(expect, problem):
    assert problem in report(f"{FIXED}    expect: {{{expect}}}").problems


def test_what_the_test_does_not_say_is_never_guessed():
    done = report("    inputs: {who: web}\n    steps: {look.mail: pass}\n")
    assert done.problems == ("the test does not say what comes of look.disk",)
    assert done.conclusion == ""


def test_names_that_the_runbook_does_not_have_are_said():
    done = report(f"{FIXED.replace('check: pass', 'check: pass, chek: pass')}")
    assert done.problems == ("the runbook has no step `chek`; did you mean `check`?",)


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


def test_coverage_is_of_what_the_author_wrote():
    fixed, healthy = (
        report(FIXED),
        report("    inputs: {who: web}\n    steps: {look.disk: {stdout: '5'}, look.mail: pass}"),
    )
    half = coverage(book(), [fixed])
    both = coverage(book(), [fixed, healthy])
    assert half.steps == (3, 3)
    assert half.edges[0] == 3
    assert both.edges == (4, half.edges[1])
    assert "clean -rejected-> end.stopped" in both.missing
    assert both.percent == 100 * 4 // both.edges[1]
    assert coverage(book(), []).edges[0] == 0
