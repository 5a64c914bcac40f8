"""One attempt: what a handler gives or raises becomes exactly one event, and a bug of a handler ends nothing else."""

from __future__ import annotations

import pytest

from steadyhand.core.paths import locate
from steadyhand.core.recording import Job
from steadyhand.driver.attempt import INLINE, perform, really, simulated, unstarted
from steadyhand.driver.hands import AttemptHands
from steadyhand.driver.ports import Ports, SystemClock
from steadyhand.driver.redaction import Redactor
from steadyhand.driver.secrets import SecretStore
from steadyhand.errors import BadInput, JournalError, Refused, TimedOut
from steadyhand.handlers import registry
from steadyhand.handlers.connections import Connections
from steadyhand.journal.memory import MemoryJournal
from steadyhand.model import Effect, Plan, Result, Verdict

from ..core.playbook import SPECS, Play

ENDS = "fail: end.escalated, error: end.escalated"


class Handler:
    """A handler of a plug-in: it does what it was made for, and nothing else."""

    spec = SPECS["shell"]

    def __init__(self, do):
        self._do = do

    def plan(self, params, target):
        raise NotImplementedError

    def perform(self, plan, hands):
        return self._do(hands)


def attempt(do, more="", secrets=(), confine="", effect="read"):
    play = Play(
        f"steps:\n  a:\n    title: A\n    shell: a\n    effect: {effect}\n{more}    next: {{pass: end.healthy, {ENDS}}}\n"
    )
    redactor = Redactor()
    for secret in secrets:
        redactor.learn("s", secret)
    ports = Ports(MemoryJournal(), SPECS, registry.handler, {}, "/", "me", "here", SystemClock())
    job = Job("a", 1, Plan("shell", "a", {}), locate(play.runbook, play.state, "a"))
    hands = AttemptHands(
        ports, job, confine=confine, timeout=5, limit=1000, environment={}, redactor=redactor,
        secrets=SecretStore({}, redactor, "/", {}), on_child=lambda pid: None, on_output=lambda name, data: None,
        connections=Connections(), verdict=lambda values: Verdict("pass", ""),
    )  # fmt: skip
    return perform(Handler(do), job, hands, {}, 1, ports.clock)


def gives(**values):
    return lambda hands: Result(values)


def raises(problem):
    def do(hands):
        raise problem

    return do


def test_the_expectation_judges_and_nothing_else():
    assert attempt(gives(exit_code=0, stdout="x", stderr="")).outcome == "pass"
    failed = attempt(gives(exit_code=1, stdout="", stderr=""))
    assert (failed.outcome, failed.error, failed.unsure) == ("fail", "", False)
    assert failed.findings[0].actual == "1"


def test_what_a_step_says_for_itself_is_the_reason():
    """Where the kind's own expectation judges; an author's own is told as it is, and what holds it up in those words."""
    failed = attempt(gives(exit_code=1, message="it is not there"))
    assert (failed.outcome, failed.reason) == ("fail", "it is not there")
    own = attempt(gives(exit_code=1, message="it is not there", stdout="x"), "    expect: {stdout: x}\n")
    assert (own.outcome, own.reason) == ("error", "exit_code 1: it is not there")
    good = attempt(gives(exit_code=0, message="it is there", stdout="x"), "    expect: {stdout: x}\n")
    assert good.reason != "it is there"


def test_output_of_a_program_that_failed_is_no_evidence():
    wanted = "    expect: {stdout: {contains: x}}\n"
    settled = attempt(gives(exit_code=127, stdout="", stderr="not found"), wanted)
    assert settled.outcome == "error"
    assert "exit_code 127: what it printed is no evidence" in settled.reason


@pytest.mark.parametrize(
    ("problem", "kind", "unsure"),
    [
        (Refused("no", "ask"), "Refused", False),
        (TimedOut("late", unsure=True), "TimedOut", True),
        (BadInput("odd"), "BadInput", False),
        (JournalError("full"), "JournalError", True),
    ],
)
def test_a_named_failure_is_an_error_that_says_whether_it_may_have_happened(problem, kind, unsure):
    settled = attempt(raises(problem), effect="change")
    assert (settled.outcome, settled.error, settled.unsure) == ("error", kind, unsure)
    assert not attempt(raises(problem)).unsure, "a read has no effect that anybody could be unsure of"
    assert (settled.reason, settled.hint) == (problem.message, problem.hint)


@pytest.mark.parametrize("problem", [ZeroDivisionError("oops"), SystemExit(3), KeyboardInterrupt(), MemoryError()])
def test_a_bug_of_a_handler_is_said_with_its_place_and_ends_nothing_else(problem):
    settled = attempt(raises(problem), effect="change")
    assert (settled.outcome, settled.error, settled.unsure) == ("error", "Bug", True)
    assert settled.reason.startswith(f"the shell handler broke: {type(problem).__name__}: ")
    assert "test_attempt.py:" in settled.reason


def test_secrets_are_gone_before_anything_is_judged_or_kept():
    settled = attempt(
        gives(exit_code=0, stdout="the token is correct-horse", stderr=""),
        "    expect: {stdout: {contains: correct-horse}}\n    facts: {seen: '{{ stdout }}'}\n",
        secrets=["correct-horse"],
    )
    assert "correct-horse" not in str(settled.values) + str(settled.facts) + settled.findings[0].actual


def test_what_was_cut_is_not_concluded_from():
    def prints(hands):
        hands.sink("stdout").write(b"x" * 2_000_000 + b"needle")
        return Result({"exit_code": 0, "stdout": hands.sink("stdout").text(), "stderr": ""})

    settled = attempt(prints, "    expect: {stdout: {not: {contains: needle}}}\n")
    assert settled.outcome == "error"
    assert settled.cut == ("stdout",)
    assert len(settled.values["stdout"]) == INLINE // 8
    (artifact,) = settled.artifacts
    assert (artifact.size, artifact.stored, artifact.whole) == (2_000_006, 1000, False)


def test_a_large_value_that_is_no_text_is_left_out_and_said():
    settled = attempt(gives(exit_code=0, stdout="", stderr="", rows=[["x" * 100]] * 2000))
    assert (settled.values["rows"], settled.cut) == (None, ("rows",))


def test_a_fact_that_cannot_be_taken_is_an_error_but_what_was_done_is_known():
    settled = attempt(
        gives(exit_code=0, stdout="x", stderr=""), "    facts: {n: '{{ stdout | int + 1 }}', m: '{{ stdout.y.z }}'}\n"
    )
    assert settled.outcome == "error"
    assert settled.reason.startswith("a fact cannot be taken: ")
    assert settled.values["stdout"] == "x"
    assert not settled.unsure


@pytest.mark.parametrize(
    "said", ["sh: cannot create x: Permission denied", "kill: Operation not permitted", "Read-only file system"]
)
def test_a_confined_read_that_was_refused_something_has_found_nothing(said):
    sick = gives(exit_code=1, stdout="", stderr=said)
    assert attempt(sick).outcome == "fail"
    settled = attempt(sick, "    facts: {n: '{{ exit_code }}'}\n", confine="Landlock")
    assert (settled.outcome, settled.facts) == ("error", {})
    told = "confined by Landlock, it was refused something, so it could not tell: "
    assert settled.reason.startswith(f"{told}exit_code: ")
    assert "`confine: false` runs it unconfined" in settled.hint


def test_a_confined_read_that_was_refused_nothing_is_judged_as_ever():
    assert attempt(gives(exit_code=1, stdout="Permission denied", stderr=""), confine="Landlock").outcome == "fail"
    settled = attempt(gives(exit_code=0, stdout="", stderr="x: Permission denied"), confine="Landlock")
    assert settled.outcome == "pass"
    assert "something was refused to it, confined by Landlock" in settled.reason
    assert attempt(raises(Refused("no", "ask")), confine="Landlock").hint == "ask"


def test_what_was_not_done_says_so():
    job = Job("a", 2)
    assert (simulated(job, 1).outcome, simulated(job, 1).simulated) == ("pass", True)
    not_begun = unstarted(job, 1, "no thread", "wait")
    assert (not_begun.outcome, not_begun.unsure, not_begun.error) == ("error", False, "Refused")


@pytest.mark.parametrize(
    ("mode", "probe", "effect", "expected"),
    [
        ("guided", False, Effect.CHANGE, True), ("auto", False, Effect.DESTRUCTIVE, True),
        ("dry-run", False, Effect.READ, False), ("dry-run", True, Effect.READ, True),
        ("dry-run", True, Effect.CHANGE, False), ("dry-run", True, Effect.DESTRUCTIVE, False),
    ],
)  # fmt: skip
def test_what_a_dry_run_carries_out(mode, probe, effect, expected):
    assert really(mode, probe, effect) is expected


def test_it_never_raises_even_when_a_handler_returns_nonsense():
    assert attempt(lambda hands: None).error == "Bug"
    assert attempt(lambda hands: Result({"exit_code": object()})).outcome == "error"
