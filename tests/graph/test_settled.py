"""What only the settings can tell."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import graph
from steadyhand.graph import Around

from .documents import END, READ, SPECS, leads, steps

REFUSED = {"fail": "end.escalated", "error": "end.escalated", "rejected": "end.stopped"}


def change(gate, effect="change"):
    body = f"    shell: x\n    effect: {effect}\n    undo: {{none: no}}\n    gate: {{prompt: Sure?, {gate}}}\n"
    return steps(a=body + leads(**{"pass": "end.escalated", **REFUSED}))


def found(runbook, **around):
    return [(d.code, d.message, d.severity.value) for d in graph.check(runbook, Around(settings=True, **around))]


def test_without_settings_nothing_is_held_against_a_runbook():
    runbook = replace(change("roles: [nobody], quorum: 9"), alerts=("X",))
    assert graph.check(runbook) == ()


@pytest.mark.parametrize(
    ("gate", "roles", "said"),
    [
        ("roles: [r]", {"r": ("ana",)}, ""),
        ("roles: [r]", {"r": ()}, "`a` can never be answered, for nobody has the role r: a"),
        ("roles: [r, s]", {"r": (), "s": ("ana",)}, ""),
        ("roles: [r], quorum: 2", {"r": ("ana",)}, "`a` can never be answered, for only 1 of 2 people have the role r: a"),
        ("roles: [r], quorum: 2", {"r": ("ana", "bo")}, ""),
        ("roles: [r], other_than_requester: true", {"r": ("ana",)},
         "`a` can never be answered, for only 1 of 2 people have the role r: a"),
        ("roles: [t]", {"r": ("ana",)}, "`a` asks for the role `t`, which the settings do not have, so anybody may answer: a"),
        ("roles: [r]", {}, ""), ("quorum: 3", {"r": ("ana",)}, ""),
    ],
)  # fmt: skip
def test_who_could_answer(gate, roles, said):
    assert found(change(gate), roles=roles) == ([("SG017", said, "warning")] if said else [])


def test_targets_are_declared_somewhere():
    runbook = steps(a="    ssh: {text: uptime, target: app}\n    effect: read\n" + END)
    assert [code for code, _, _ in found(runbook)] == ["SG020"]
    assert found(runbook, targets=frozenset({"app"})) == []


def test_channels_are_declared_somewhere_once_there_are_any():
    runbook = steps(a="    notify: {message: Hello, to: [ops, '{{ run.mode }}']}\n" + END)
    assert found(runbook, specs=SPECS) == []
    assert found(runbook, specs=SPECS, channels=frozenset({"ops"})) == []
    assert found(runbook, specs=SPECS, channels=frozenset({"opps"})) == [
        ("SG020", "`a` tells the channel `ops`, which nobody declares", "warning")
    ]


def test_alerts_have_a_rule():
    runbook = replace(steps(a=READ + END), alerts=("Down", "Up"))
    assert found(runbook) == []
    assert found(runbook, alerts=frozenset({"Down"})) == [
        ("SG019", "no rule raises the alert `Up`, which should start the run", "warning")
    ]


@pytest.mark.parametrize(
    ("effect", "gate", "around", "weight"),
    [
        ("change", "auto: true", {}, ""), ("change", "auto: false", {"policy": {"change": "asked"}}, ""),
        ("destructive", "auto: true", {}, "warning"),
        ("change", "auto: true", {"policy": {"change": "asked"}, "policy_said": True}, "error"),
        ("destructive", "auto: true", {"policy": {"destructive": "unasked"}, "policy_said": True}, ""),
    ],
)  # fmt: skip
def test_what_mode_auto_may_do_unasked(effect, gate, around, weight):
    said = [(code, severity) for code, _, severity in found(change(gate, effect), **around)]
    assert said == ([("SG021", weight)] if weight else [])
