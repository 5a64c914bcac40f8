"""Drill documents: read with places and hints, held against their runbook, judged by what came."""

from __future__ import annotations

import pytest

from steadyhand.core import State
from steadyhand.core.state import Leaf
from steadyhand.core.tables import Phase
from steadyhand.rehearsal.drills import Drill, cause_of, judged, read_drills, unknown_names
from steadyhand.rehearsal.world import Said

from ..core.playbook import ENDS, runbook

DOC = """\
place: namespace
needs: [nginx]
start: nginx
ready: curl x
stop: umount x
settings: {roles: {responder: [drill]}}
drills:
  down:
    break: kill 1
    broken: curl -f x
    inputs: {port: "{{ drill.port }}"}
    environment: {PASSWORD: x}
    answers: {restart: approve, pick: [{answer: a, by: kim}]}
    mode: auto
    within: 30s
    repaired: curl x
    expect: {cause: dead, conclusion: resolved, path: [a, b]}
  well:
    expect: {conclusion: healthy}
"""
BOOK = f"""\
inputs: {{port: {{type: integer}}}}
steps:
  causes:
    title: C
    diagnose: {{dead: {{cause: It is dead, shell: x, fix: restart}}, slow: {{cause: It is slow, shell: y, fix: restart}}}}
    otherwise: restart
    next: {{error: restart}}
  restart: {{title: R, shell: x, gate: Sure?, undo: {{none: x}}, next: {{pass: end.resolved, {ENDS}, rejected: end.stopped}}}}
  pick: {{title: P, choose: {{prompt: P, options: {{a: A}}}}, next: {{a: end.escalated}}}}
"""


def test_everything_may_be_said():
    document, found = read_drills(DOC, "x")
    assert found == ()
    assert (document.place, document.start, document.ready, document.stop, document.needs) == (
        "namespace", "nginx", "curl x", "umount x", ("nginx",),
    )  # fmt: skip
    assert document.settings == {"roles": {"responder": ["drill"]}}
    down, well = document.drills
    assert (down.break_, down.broken, down.repaired, down.within, down.mode) == (
        "kill 1", "curl -f x", "curl x", 30_000_000, "auto",
    )  # fmt: skip
    assert down.inputs == {"port": "{{ drill.port }}"}
    assert down.answers == {"restart": (Said("approve"),), "pick": (Said("a", "kim"),)}
    assert (well.break_, well.within, well.mode) == ("", 120_000_000, "guided")


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("drills: {}\n", "there is no drill in `drills`", 1),
        ("start: x\n", "a drill document needs the key `drills`", 1),
        ("drills: {a: {brake: x}}\n", "drill `a` has no key `brake`", 1),
        ("drills:\n  a:\n    break: x\n", "drill `a` does not prove that it broke anything", 3),
        ("drills: {a: 3}\n", "drill `a` must be a map, and is 3", 1),
        ("place: moon\ndrills: {a: {}}\n", "`place` cannot be 'moon'", 1),
        ("drills: {a: {inputs: {x: '{{ 1 + }}'}}}\n", "", 1),
        ("drills: {a: {expect: {conclusion: fine}}}\n", "`conclusion` cannot be 'fine'", 1),
        ("drills: [a]\n", "`drills` must be a map, and is a list", 1),
        ("", "", 1),
        ("a: [\n", "", 0),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text, message, line):
    document, found = read_drills(text, "x")
    assert document is None
    assert found
    assert any(message in one.message and (one.span.line == line or not line) for one in found), found


def test_names_that_the_runbook_does_not_have():
    document, _ = read_drills(DOC, "x")
    book = runbook(BOOK)
    assert unknown_names(document, book) == ()
    text = (
        DOC.replace("port:", "prot:")
        .replace("restart: approve", "restrat: approve")
        .replace("cause: dead", "cause: ded")
    )
    wrong, _ = read_drills(text, "x")
    assert unknown_names(wrong, book) == (
        "drill down: the runbook has no input `prot`", "drill down: the runbook has no step `restrat`",
        "drill down: the runbook knows no cause `ded`",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("outcomes", "cause"),
    [
        ({}, ""),
        ({"dead": "pass", "slow": "fail"}, "slow"),
        ({"dead": "fail", "slow": "fail"}, "dead"),
        ({"dead": "error"}, ""),
    ],
)
def test_the_cause_that_decided(outcomes, cause):
    leaves = {f"causes.{name}": Leaf(Phase.SETTLED, 1, 1, outcome=outcome) for name, outcome in outcomes.items()}
    assert cause_of(runbook(BOOK), State(leaves=leaves)) == cause


def drill(**expect):
    return Drill("d", None, expect=expect)


def test_what_came_as_expected():
    expected = drill(cause="dead", conclusion="resolved", path=["a", "b"])
    assert judged(expected, "resolved", "dead", ("a", "b"), repaired=True) == ()
    assert judged(drill(), "anything", "x", (), repaired=None) == ()
    assert judged(drill(cause=""), "healthy", "", (), repaired=None) == ()


def test_what_did_not():
    expected = drill(cause="dead", conclusion="resolved", path=["a", "b"])
    assert judged(expected, "", "", ("a",), repaired=False) == (
        "the run ended nowhere, and should have ended resolved", "it found no cause, and the fault is dead",
        "it went a, and should have gone a b", "the service is not well afterwards, whatever the run says",
    )  # fmt: skip
    assert judged(drill(cause=""), "healthy", "dead", (), repaired=None) == (
        "it found dead, and the fault is none that it knows",
    )
