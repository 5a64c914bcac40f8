"""Whose yes counts."""

from __future__ import annotations

import pytest

from steadyhand import events as e
from steadyhand.core.gates import refusal, roles_of, said_by, settled
from steadyhand.core.tables import IllegalEvent

from .playbook import Play


def asked(gate, **started):
    return Play(f"steps:\n  g: {{title: G, gate: {{prompt: Sure?, {gate}}}, next: {{approved: end.healthy, rejected: end.stopped, expired: end.escalated}}}}\n".replace(
        ", expired: end.escalated", ", expired: end.escalated" if "within" in gate else ""), **started)  # fmt: skip


def why(play, by="somebody", answer="approve", digest="", opening=0, gate="g"):
    return refusal(play.state, gate, by, answer, digest, opening)


ROLES = {"roles": {"dba": ("ann",), "lead": ("bob", "ann")}}


@pytest.mark.parametrize(
    ("gate", "started", "given", "said"),
    [
        ("quorum: 1", {}, {}, ""),
        ("quorum: 1", {}, {"gate": "h"}, "there is no gate h"),
        ("quorum: 1", {}, {"answer": "maybe"}, "'maybe' is not among the answers of gate g: approve, reject"),
        ("quorum: 1", {}, {"digest": "0" * 64}, "the answer is to 000000000000, and gate g now asks about"),
        ("quorum: 1", {}, {"opening": 2}, "gate g has been opened anew since (opening 1, the answer is to 2)"),
        ("other_than_requester: true", {}, {"by": "starter"}, "starter started the run, and gate g wants somebody else's answer"),
        ("other_than_requester: true", {}, {}, ""),
        ("roles: [dba]", ROLES, {}, "somebody has none of the roles that gate g asks for: dba"),
        ("roles: [dba]", ROLES, {"by": "bob"}, "bob has none of the roles that gate g asks for: dba"),
        ("roles: [dba]", ROLES, {"by": "ann"}, ""), ("roles: [dba, lead]", ROLES, {"by": "bob"}, ""),
        ("roles: [unlisted]", ROLES, {}, ""),
    ],
)  # fmt: skip
def test_who_may_answer_and_what(gate, started, given, said):
    assert why(asked(gate, **started), **given).startswith(said)
    assert bool(why(asked(gate, **started), **given)) == bool(said)


def test_one_person_counts_once():
    play = asked("quorum: 2")
    assert play.says("g", "approve", "ann") == []
    assert why(play, "ann") == "ann has already answered gate g"
    assert play.says("g", "approve", "bob") == ["close g: approved", "end healthy"]


def test_one_no_is_enough():
    play = asked("quorum: 3")
    play.says("g", "approve", "ann")
    assert play.says("g", "reject", "bob") == ["close g: rejected", "end stopped"]


def test_a_closed_question_takes_no_answer():
    play = Play(
        "steps:\n  g: {title: G, gate: Sure?, next: {approved: w, rejected: end.stopped}}\n  w: {title: W, wait: 9s, next: end.healthy}\n"
    )
    play.says("g", "approve", "ann")
    assert why(play, "bob") == "gate g is already closed: approved"
    with pytest.raises(IllegalEvent, match="gate g is not open"):
        play.says("g", "approve", "bob")


def test_a_question_expires_with_a_crash_in_between():
    play = asked("within: 10s")
    assert play.opening == ["enter g", "ask g (confirm)", "timer gate:g +11"]
    assert play.dies() == []
    assert play.wait(10) == ["close g: expired", "end escalated"]


def test_roles_of_a_person():
    assert roles_of(asked("quorum: 1", **ROLES).state, "ann") == ("dba", "lead")


def test_the_fold_refuses_what_the_door_should_have():
    play = asked("quorum: 2")
    opened = play.state.gates["g"].opened
    for event in (
        e.GateAnswered("g", 1, "ann", "approve", "0" * 64, "x"),
        e.GateAnswered("g", 2, "ann", "approve", opened.digest, "x"),
        e.GateAnswered("g", 1, "ann", "maybe", opened.digest, "x"),
    ):
        with pytest.raises(IllegalEvent):
            play.tell(event)
    assert settled(play.state.gates["g"]) == ""


def test_a_question_whose_time_is_over_takes_no_answer_closed_or_not():
    play = asked("within: 5s")
    due = play.state.gates["g"].opened.due
    assert refusal(play.state, "g", "ann", "approve", "", at=due) == ""
    assert (
        refusal(play.state, "g", "ann", "approve", "", at=due + 3_000_000)
        == "gate g has expired: its time was over 3 s ago"
    )
    play.now = due + 1
    with pytest.raises(IllegalEvent, match="gate g had expired"):
        play.says("g", "approve")


GROUPS = {"roles": {"lead": ("bob", "group:sre"), "dba": ("ann",)}}


@pytest.mark.parametrize(
    ("by", "groups", "said"),
    [
        ("kim", ("sre",), ""), ("kim", ("ops", "sre"), ""), ("bob", (), ""),
        ("kim", (), "kim has none of the roles"), ("kim", ("ops",), "kim has none of the roles"),
        ("kim", ("group:sre",), "kim has none of the roles"), ("group:sre", (), "group:sre has none of the roles"),
        ("kim", ("bob",), "kim has none of the roles"),
    ],
)  # fmt: skip
def test_a_group_that_the_settings_name_holds_the_role_and_nobody_is_called_like_one(by, groups, said):
    play = asked("roles: [lead]", **GROUPS)
    why = refusal(play.state, "g", by, "approve", "", groups=groups)
    assert why.startswith(said)
    assert bool(why) == bool(said)
    assert roles_of(play.state, by, groups) == (() if said else ("lead",))


def test_a_yes_that_came_through_a_group_is_one_of_that_role_later_too():
    play = asked("quorum: 2", **GROUPS)
    play.tell(e.GateAnswered("g", 1, "kim", "approve", play.state.gates["g"].opened.digest, roles=("lead",)))
    assert said_by(play.state, play.state.gates["g"], ["lead"])
    assert not said_by(play.state, play.state.gates["g"], ["dba"])
