"""What a run would do, held against what runs then do: the digest of the plan is that to which their gates bind a yes."""

from __future__ import annotations

import pytest

from steadyhand.app import library, planning, runs
from steadyhand.model import Mode
from steadyhand.projections.planned import text as drawn

from .desk import desk, write

ENDS = "fail: end.escalated, error: end.escalated, rejected: end.stopped"
ACT = f"""\
inputs: {{app: {{type: string, default: web}}}}
secrets: {{key: {{env: KEY}}}}
steps:
  act:
    title: Act
    shell: {{text: "true {{{{ inputs.app }}}}", env: {{KEY: "{{{{ secrets.key }}}}"}}}}
    gate: {{prompt: "Act on {{{{ inputs.app }}}}?", roles: [dba], quorum: 2, within: 10m, other_than_requester: true}}
    undo: {{none: x}}
    next: {{pass: end.resolved, {ENDS}, expired: end.stopped}}
"""
WAVE = f"""\
steps:
  act:
    title: Act
    shell: "true {{{{ item }}}}"
    effect: change
    each: {{in: [a, b]}}
    undo: {{none: x}}
    next: {{pass: end.resolved, {ENDS}}}
"""
BRANCH = """\
steps:
  p:
    title: P
    parallel:
      branches:
        l: {shell: "true one", effect: change, gate: One?}
        r: {steps: {two: {title: Two, shell: "true two", effect: change, undo: {none: x}}}}
    next: {pass: end.healthy, fail: end.escalated, error: end.escalated}
"""
CALL = "inputs: {who: {type: string}}\n" + ACT.split("\n", 1)[1].replace("inputs.app", "inputs.who")


def planned(folder, body, given=None, *, others=()):
    for name, text in others:
        write(folder, name, text)
    services = desk(folder, KEY="sesame-open")
    book = library.load(services, str(write(folder, "x", body)))
    return services, book, planning.plan(services, book, {"app": "web"} if given is None else given)


def actions(found):
    own = {action.path: action for step in found.steps.values() for action in step.actions}
    for called in found.calls:
        own.update(actions(called))
    return own


def calling():
    ends = "fail: end.escalated, error: end.escalated"
    return f"steps:\n  sub: {{title: Sub, call: {{runbook: inner, inputs: {{who: db}}}}, next: {{pass: end.healthy, {ends}}}}}\n"


@pytest.mark.parametrize(
    ("body", "given", "others"),
    [(ACT, {"app": "web"}, ()), (WAVE, {}, ()), (BRANCH, {}, ()), (calling(), {}, (("inner", CALL),))],
)
@pytest.mark.parametrize("mode", [Mode.GUIDED, Mode.DIAGNOSE])
def test_a_run_binds_a_yes_to_the_digest_that_was_planned(tmp_path, body, given, others, mode):
    services, book, found = planned(tmp_path, body, given, others=others)
    driver = runs.start(services, book, given, mode)
    driver.drive()
    bound = {path: d for gate in driver.state.open_gates for path, d in gate.opened.plans.items()}
    assert bound
    known = actions(found)
    assert bound == {path: known[path].digest for path in bound}
    services.journal.close()


def test_nothing_is_contacted_and_no_store_is_made(tmp_path):
    planned(tmp_path, ACT)
    assert not (tmp_path / "store").exists()


def test_whom_it_asks_what_it_locks_and_what_is_masked(tmp_path):
    _, _, found = planned(tmp_path, ACT.replace("    undo", "    lock: [db]\n    undo"))
    step = found.steps["act"]
    assert (step.asks.prompt, step.asks.roles, step.asks.quorum, step.asks.within) == ("Act on web?", ("dba",), 2, 600)
    assert (step.asks.other_than_requester, step.asks.written, step.locks) == (True, True, ("db",))
    assert "sesame" not in repr(found)


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("{{ inputs.app }}", "inputs.app"), ("{{ facts.seen }}", "facts.seen"), ("{{ steps.look.stdout }}", "steps.look.stdout"),
        ("{{ run.id }}", "run.id"), ("{{ run.mode }}", "run.mode"), ("{{ alert.labels.job }}", "alert.labels.job"),
    ],
)  # fmt: skip
def test_what_only_a_run_can_tell_is_named_and_has_no_digest(tmp_path, text, unknown):
    body = ACT.replace('{{ inputs.app }}", env', f'{text}", env').replace(
        "steps:\n",
        "steps:\n  look: {title: L, shell: x, effect: read, facts: {seen: '1'}, next: {pass: act, fail: act, error: act}}\n",
    )
    _, _, found = planned(tmp_path, body.replace(", default: web", ""), {})
    action = found.steps["act"].actions[0]
    assert (action.unknown, action.digest) == ((unknown,), "")
    assert f"⟨{unknown}⟩" in action.does


def test_items_that_are_not_known_yet_are_one_action_with_its_name(tmp_path):
    body = WAVE.replace("[a, b]", "'{{ facts.hosts }}'").replace(
        "steps:\n", "steps:\n  s: {title: S, set: {hosts: [1]}, next: act}\n"
    )
    _, _, found = planned(tmp_path, body, {})
    assert [(a.path, a.unknown) for a in found.steps["act"].actions] == [("act", ("item",))]


def test_all_parts_of_a_change_are_planned(tmp_path):
    more = "    capture: {was: {shell: ls}}\n    verify: {shell: v, settle: 5s, within: 1m}\n    undo: {shell: u, effect: change}\n"
    _, _, found = planned(tmp_path, ACT.replace("    undo: {none: x}\n", more))
    assert [(a.path, a.part, a.note) for a in found.steps["act"].actions] == [
        ("act", "do", ""), ("act:before.was", "capture", ""), ("act:verify", "verify", "after 5 s, for up to 1m"),
        ("act:undo", "undo", "when it does not prove itself"),
    ]  # fmt: skip


def test_what_cannot_be_rendered_is_said(tmp_path):
    _, _, found = planned(tmp_path, ACT.replace("true {{ inputs.app }}", "true {{ inputs.app[9] }}"))
    assert "does not exist" in found.steps["act"].actions[0].problem


def test_the_input_of_a_call_that_is_not_known_yet_is_unknown_inside(tmp_path):
    body = calling().replace("who: db", 'who: "{{ inputs.app }}"')
    _, _, found = planned(tmp_path, "inputs: {app: {type: string}}\n" + body, {}, others=(("inner", CALL),))
    assert actions(found)["sub/act"].unknown == ("inputs.who",)


def test_where_a_run_could_be_sent_back_to_is_told(tmp_path):
    body = f"""\
steps:
  look: {{title: L, max_visits: 2, shell: l, effect: read, next: {{pass: act, fail: end.escalated, error: end.escalated}}}}
  act: {{title: A, shell: a, effect: change, gate: {{prompt: Sure?, back: [look]}}, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}}}}}
"""
    write(tmp_path, "x", body)
    services = desk(tmp_path)
    found = planning.plan(services, library.load(services, "x.yaml"), {})
    assert found.steps["act"].asks.back == ("look",)
    shown = drawn(found)
    assert "asks anybody, or goes back to look: Sure?" in shown
    assert "back:look -> look" in shown
