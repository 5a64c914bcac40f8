"""What a change locks, and for how long: dialogues."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.core.locks import Lock, after, locked
from steadyhand.core.recording import Sighting

from .playbook import ENDS, Play, runbook

GATED = ", rejected: end.stopped"


def body(more="", ends=GATED):
    return f"""\
targets: {{app: {{ssh: {{hosts: [p, q]}}}}, one: {{ssh: {{hosts: [p]}}}}}}
steps:
  a:
    title: A
    shell: x
    effect: change
    lock: [db, cache]
{more}    next: {{pass: end.resolved, {ENDS}{ends}}}
"""


def test_what_is_locked():
    assert locked(runbook(body()).steps["a"]) == ("cache", "db")
    assert locked(runbook(body("    undo: {ssh: y, target: one}\n")).steps["a"]) == ("cache", "db", "one")
    assert locked(runbook(body(ends="").replace("effect: change", "effect: read")).steps["a"]) == ()
    wave = body().replace("shell: x", "ssh: x").replace("lock: [db, cache]", "each: {target: app}")
    assert locked(runbook(wave).steps["a"]) == ("app",)


def test_after_the_yes_and_until_the_end():
    play = Play(body())
    assert play.says("a", "approve") == ["close a: approved", "lock a: cache, db"]
    assert play.locks() == ["start a#1 by a"]
    assert play.came("a") == ["release a pass", "end resolved"]


def test_verification_and_undo_are_part_of_it():
    play = Play(body("    verify: {shell: v}\n    undo: {shell: u, effect: change}\n"))
    play.says("a", "approve")
    play.locks()
    assert play.came("a") == ["start a:verify#1"]
    assert play.came("a:verify", "fail") == ["start a:undo#1 by a"]
    assert play.came("a:undo") == ["release a fail proved fail", "end escalated"]


def test_nothing_is_locked_for_a_no():
    play = Play(body())
    assert play.says("a", "reject") == ["close a: rejected", "end stopped"]


def test_an_engine_that_died_while_it_waited_goes_on_waiting():
    play = Play(body())
    play.says("a", "approve")
    assert play.dies() == []
    assert [path for path, _ in play.state.wanted_locks] == ["a"]
    assert play.locks() == ["start a#1 by a"]


def test_a_change_in_doubt_keeps_its_locks():
    play = Play(body())
    play.says("a", "approve")
    play.locks()
    assert play.dies() == ["ask a:doubt (doubt)"]
    assert play.state.locks["a#1"].held
    assert play.says("a:doubt", "happened") == ["close a:doubt: happened", "release a pass", "end resolved"]


def test_a_stop_ends_the_wish():
    play = Play(body())
    play.says("a", "approve")
    assert play.tell(e.StopRequested("sam")) == ["end stopped"]


def auto(**sighting):
    text = body("    gate: {prompt: Sure?, auto: true}\n")
    return Play(text, mode="auto", look=lambda *_: Sighting(**sighting))


def test_an_unasked_change_is_looked_at_first():
    assert auto().opening[-1] == "lock a: cache, db"
    play = auto(notices=("it did not help",))
    assert play.opening[-2:] == ["caution a: it did not help", "ask a (confirm)"]
    assert play.state.gates["a"].opened.notices == ("it did not help",)
    assert play.says("a", "approve")[-1] == "lock a: cache, db"


def test_a_change_that_may_not_be_made_now_is_an_error_and_not_a_question():
    play = auto(blocked="changes are frozen", hint="wait")
    assert play.opening[-2:] == ["settled a: error", "end escalated"]
    asked = Play(body(), look=lambda *_: Sighting(blocked="changes are frozen"))
    assert asked.opening[-2:] == ["settled a: error", "end escalated"]
    assert asked.state.leaves["a"].reason == "changes are frozen"


def test_a_freeze_names_who_may_approve():
    play = Play(body("    gate: {roles: [responder]}\n"), look=lambda *_: Sighting(("frozen",), roles=("commander",)))
    assert play.state.gates["a"].opened.roles == ("commander",)


def test_an_unasked_change_without_targets_is_looked_at_as_well():
    text = body("    gate: {prompt: Sure?, auto: true}\n").replace("    lock: [db, cache]\n", "")
    play = Play(text, mode="auto", look=lambda *_: Sighting(blocked="frozen"))
    assert play.opening[-2:] == ["settled a: error", "end escalated"]


def test_what_a_dry_run_locks():
    assert not any(word.startswith("lock") for word in Play(body(), mode="dry-run").opening)


@pytest.mark.parametrize(
    "event", [e.LocksRefused("a", 1, "db", "x"), e.LocksTaken("a", 1), e.LocksReleased("a", 1, "pass")]
)
def test_what_was_never_wanted_changes_nothing(event):
    assert after({}, event, 5) == {}


def test_the_fold():
    locks = after({}, e.LocksWanted("a", 1, ("db",), "c"), 5)
    assert locks == {"a#1": Lock(("db",), 1, "c", 5)}
    locks = after(locks, e.LocksRefused("a", 1, "db", "held"), 6)
    assert (locks["a#1"].reason, locks["a#1"].held) == ("held", False)
    locks = after(locks, e.LocksTaken("a", 1), 7)
    assert locks["a#1"].held
    locks = after(locks, e.LocksReleased("a", 1, "pass", "fail"), 8)
    assert (locks["a#1"].held, locks["a#1"].released, locks["a#1"].proved) == (False, True, "fail")
