"""A past run as a test: it passes, tells the same, and is refused where it would not."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.core import fold
from steadyhand.errors import UsageError
from steadyhand.rehearsal.documents import read_tests
from steadyhand.rehearsal.recording import record
from steadyhand.rehearsal.rehearse import play, rehearse
from steadyhand.rehearsal.script import CaseScript
from steadyhand.rehearsal.world import Came, planner
from steadyhand.rehearsal.writing import written

from .documents import SPECS, book, case, runbook, wide
from .test_rehearse import REPAIR

WEB = "inputs: {who: web}\n"
BOTH = "answers: {clean: [[{answer: approve, by: anna}, {answer: approve, by: bo, after: 1m}]]}\n"
RUNS = {
    "fixed": (book, WEB + "steps: {look.disk: {stdout: '95'}, look.mail: pass, clean: {exit_code: 0, stdout: '7'}, check: {exit_code: 0}}\n" + BOTH),
    "crash": (book, WEB + "steps: {look.disk: fail, look.mail: [{crash: true, after: 2s}, pass], clean: crash, check: pass}\n"
              "answers: {clean: [[{answer: approve, by: anna}, {answer: approve, by: bo}]], 'clean:doubt': happened}\n"),
    "again": (book, WEB + "steps: {look.disk: fail, look.mail: pass, clean: [{error: TimedOut, unsure: true, after: 3s}, pass], check: pass}\n"
              "answers: {clean: [[{answer: approve, by: anna}, {answer: approve, by: bo}]], 'clean:doubt': run_again}\n"),
    "expired": (book, WEB + "steps: {look.disk: fail, look.mail: pass}\nanswers: {clean: {answer: approve, by: anna, after: 12m}}\n"),
    "waiting": (book, WEB + "steps: {look.disk: fail, look.mail: pass, clean: crash}\n" + BOTH),
    "stopped": (book, WEB + "steps: {look.disk: fail, look.mail: {exit_code: 0, after: 5m}}\nstop: {by: anna, after: 1m, reason: enough}\n"),
    "roles": (book, WEB + "roles: {oncall: [anna, bo]}\nsteps: {look.disk: fail, look.mail: pass, clean: pass, check: pass}\n"
              "answers: {clean: [[{answer: approve, by: eve}, {answer: approve, by: anna}, {answer: approve, by: bo, after: 1m}]]}\n"),
    "wide": (wide, REPAIR),
    "undone": (wide, REPAIR.replace("repair:verify: {exit_code: 0}", "repair:verify: {exit_code: 1}")),
}  # fmt: skip


def played(make, text):
    one = case(text)
    return play(make(), one, CaseScript(one), SPECS, planner)


@pytest.mark.parametrize("name", RUNS)
def test_what_is_recorded_is_read_again_passes_and_tells_the_same(name):
    make, text = RUNS[name]
    past = played(make, text)
    told = record(make(), past.recorded, SPECS, planner, "as in r1")
    document, found = read_tests(written("x.yaml", [told]), "x.test.yaml")
    assert found == ()
    report = rehearse(make(), document.cases[0], SPECS, planner)
    assert report.problems == ()
    assert report.seen.conclusion == past.seen.conclusion
    assert report.seen.path == past.seen.path
    assert report.seen.attempts == past.seen.attempts
    assert report.walked == past.walked


def test_values_tell_the_outcome_where_they_can():
    told = record(book(), played(*RUNS["fixed"]).recorded, SPECS, planner, "t")
    assert told.steps["look.disk"] == (Came(values={"stdout": "95"}),)
    assert told.steps["clean"] == (Came(values={"exit_code": 0, "stdout": "7"}),)
    assert told.expect["facts"] == {"freed": "7"}
    assert told.expect["attempts"] == {"clean": 1}


def test_a_recorded_test_fails_when_the_runbook_decides_otherwise():
    told = record(book(), played(*RUNS["fixed"]).recorded, SPECS, planner, "t")
    from .documents import BODY

    other = runbook(BODY.replace("lt: 90", "lt: 96"))
    assert rehearse(other, told, SPECS, planner).problems != ()


def redacted(recorded, path, values):
    """The journal as it is when a secret was printed."""
    from msgspec.structs import replace

    return [
        replace(one, event=replace(one.event, values=values))
        if isinstance(one.event, e.StepSettled) and one.event.path == path
        else one
        for one in recorded
    ]


def test_of_the_settings_only_what_the_runbook_speaks_of_is_kept():
    more = "contacts: {oncall: a, elsewhere: b}\ntargets: {clean: {ssh: {hosts: ['{{ secrets.key }}']}}}\nsecrets: {key: {env: K}, other: {env: O}}\n"
    told = record(book(), played(book, RUNS["fixed"][1] + more).recorded, SPECS, planner, "t")
    assert (told.contacts, list(told.targets), told.secrets) == ({"oncall": "a"}, ["clean"], {"key": {"env": "K"}})


def test_where_a_mark_stands_for_what_was_judged_the_outcome_is_told_instead():
    past = played(*RUNS["fixed"])
    told = record(book(), redacted(past.recorded, "look.disk", {"stdout": "[secret x]"}), SPECS, planner, "t")
    assert told.steps["look.disk"][0].outcome == "fail"
    assert told.steps["look.disk"][0].values == {"stdout": "[secret x]"}
    assert rehearse(book(), told, SPECS, planner).problems == ()


def test_values_that_were_cut_are_not_judged_again():
    from msgspec.structs import replace

    past = played(*RUNS["fixed"])
    cut = [
        replace(one, event=replace(one.event, cut=("stdout",))) if isinstance(one.event, e.StepSettled) else one
        for one in past.recorded
    ]
    told = record(book(), cut, SPECS, planner, "t")
    assert told.steps["clean"][0].outcome == "pass"
    assert told.steps["clean"][0].facts == {"freed": "7"}


def test_a_run_that_is_under_way_is_not_recorded():
    past = played(*RUNS["fixed"])
    upto = next(n for n, one in enumerate(past.recorded) if isinstance(one.event, e.StepIntended)) + 1
    assert fold(past.recorded[:upto]).running
    with pytest.raises(UsageError, match="the run is not at rest"):
        record(book(), past.recorded[:upto], SPECS, planner, "t")


def test_a_dry_run_is_not_recorded():
    from msgspec.structs import replace

    past = played(*RUNS["fixed"])
    dry = [replace(past.recorded[0], event=replace(past.recorded[0].event, mode="dry-run")), *past.recorded[1:]]
    with pytest.raises(UsageError, match="a dry run cannot be told as a test"):
        record(book(), dry, SPECS, planner, "t")
