"""What a question says, who may answer it, and the buttons that stand for its answers."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import events as e
from steadyhand.app import questions
from steadyhand.app.questions import Question
from steadyhand.core import State
from steadyhand.core.state import GateState
from steadyhand.model.people import Identity, Role

OPENED = e.GateOpened(
    "change", "change", "confirm", 2, "Restart orders?", {"approve": "Approve", "reject": "Reject"}, "d" * 64,
    preview="$ systemctl restart orders", effect="change", targets=("app1", "app2"), roles=("approver",), quorum=2,
    due=1_795_447_926_000_000, notices=("leased by kim",),
)  # fmt: skip
RUN = e.RunStarted("fix", "x", "guided", "bo", {}, {}, {}, "engine@h/1", roles={"approver": ("ana",)})
STATE = State(stream="r1", run=RUN, gates={"change": GateState(OPENED, 3, 0)})
QUESTION = questions.question_of("r1", OPENED)
BOTH = {"*": Role.APPROVER}


def test_everything_that_matters_is_said():
    said = questions.notice(STATE, QUESTION, OPENED, [("Look", "https://x.example")], "ana")
    assert said.title == "fix: Restart orders?"
    for part in (
        "$ systemctl restart orders",
        "change",
        "app1, app2",
        "leased by kim",
        "approver",
        "2 people",
        "bo",
        "d" * 12,
        "UTC",
    ):
        assert part in said.message
    assert said.token != questions.notice(STATE, QUESTION, OPENED, [], "kim").token
    assert said.token == questions.notice(STATE, QUESTION, OPENED, [], "ana").token


def test_a_long_preview_is_cut_in_a_message_and_whole_on_the_page():
    long = replace(OPENED, preview="x" * 9_000)
    assert "all of it is on the page" in dict(questions.lines(STATE, long))["What would be done"]
    assert len(dict(questions.lines(STATE, long, most=10_000))["What would be done"]) == 9_000


@pytest.mark.parametrize(
    ("person", "rights", "may"),
    [
        ("ana", BOTH, True),
        ("ana", {"orders": Role.COMMANDER}, True),
        ("ana", {"*": Role.RESPONDER}, False),
        ("ana", {"payments": Role.ADMIN}, False),
        ("kim", BOTH, False),  # has none of the roles of the gate
    ],
)
def test_who_may_answer(person, rights, may):
    assert questions.may_answer(STATE, OPENED, Identity(person, "email", rights=rights), ["orders"], 0) is may


def test_what_changes_nothing_is_for_responders():
    assert questions.role_for(OPENED) is questions.role_for(replace(OPENED, kind="doubt")) is Role.APPROVER
    assert questions.role_for(replace(OPENED, kind="choose")) is Role.RESPONDER


def test_a_question_stands_while_it_is_the_same():
    assert questions.is_open(STATE, QUESTION)
    assert not questions.is_open(STATE, replace(QUESTION, opening=1))
    assert not questions.is_open(STATE, replace(QUESTION, digest="e" * 64))
    assert not questions.is_open(STATE, replace(QUESTION, gate="other"))
    over = State(stream="r1", run=RUN, gates={"change": GateState(OPENED, 3, 0, result="rejected")})
    assert not questions.is_open(over, QUESTION)


def test_what_became_of_it():
    yes = e.GateAnswered("change", 2, "ana", "approve", "d" * 64, "slack")
    known = GateState(OPENED, 3, 0, (yes,), "approved")
    assert questions.ending(STATE, QUESTION, known) == "approved: approve by ana (slack)"
    assert (
        questions.ending(STATE, replace(QUESTION, opening=1), known) == "It was asked anew since, about something else."
    )
    assert questions.ending(STATE, QUESTION, None) == "It was asked anew since, about something else."
    assert "ana; 1 more wanted" in questions.progress(replace(known, result=""))
    assert questions.progress(GateState(OPENED, 3, 0)) == ""
    assert questions.settled_notice(STATE, QUESTION, []).title == "Settled: fix: Restart orders?"


def test_a_button_means_what_it_was_made_for():
    made = questions.buttons(QUESTION, OPENED)
    assert [one.label for one in made] == ["Approve", "Reject"]
    assert [one.style for one in made] == ["primary", "danger"]
    back = [questions.pressed({"action_id": one.name, "value": one.value}) for one in made]
    assert back == [(QUESTION, "approve"), (QUESTION, "reject")]


def test_to_go_back_wants_a_reason_and_so_has_no_button():
    more = replace(OPENED, options={**OPENED.options, "back:look": "Go back to look"})
    assert [one.label for one in questions.buttons(QUESTION, more)] == ["Approve", "Reject"]


@pytest.mark.parametrize(
    "opened",
    [
        replace(OPENED, kind="ask"),
        replace(OPENED, evidence_required=True),
        replace(OPENED, options={f"o{n}": "x" for n in range(30)}),
    ],
)
def test_what_needs_words_has_no_buttons(opened):
    assert questions.buttons(QUESTION, opened) == ()


def test_a_name_that_is_too_long_for_a_button_has_none():
    assert questions.buttons(Question("r1", "g" * 3_000, 1, "d"), OPENED) == ()
