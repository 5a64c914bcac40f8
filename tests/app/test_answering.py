"""From typed words to an answer: short words, beginnings, values that fit, and refusals that help."""

from __future__ import annotations

import pytest

from steadyhand.app.answering import interpret
from steadyhand.errors import UsageError

from ..core.playbook import Play

ENDS = "fail: end.escalated, error: end.escalated"
CONFIRM = f"steps:\n  g: {{title: G, shell: a, effect: change, gate: {{prompt: Do it?}}, undo: {{none: no}}, next: {{pass: v, {ENDS}}}}}\n  v: {{title: V, purpose: verification, shell: b, effect: read, next: {{pass: end.resolved, {ENDS}}}}}\n"
CHOOSE = "steps:\n  g: {title: G, choose: {prompt: Which?, options: {restart: Restart, rollback: Go back}}, next: {restart: end.escalated, rollback: end.escalated}}\n"
ASK = "steps:\n  g: {title: G, ask: {prompt: How many?, schema: {type: integer, minimum: 1}, fact: many}, next: {pass: end.escalated, error: end.escalated}}\n"
MANUAL = f"steps:\n  g: {{title: G, manual: {{instructions: Press., evidence: true}}, next: {{pass: end.escalated, {ENDS}}}}}\n"


def says(body, words, comment=""):
    play = Play(body)
    gate = play.state.gates["g"].opened
    return interpret(play.runbook, play.state, gate, words, by="anna", via="test", comment=comment)


@pytest.mark.parametrize(
    ("body", "words", "option", "comment"),
    [
        (CONFIRM, "yes", "approve", ""), (CONFIRM, "Y", "approve", ""), (CONFIRM, " no ", "reject", ""),
        (CONFIRM, "app", "approve", ""), (CONFIRM, "reject not now", "reject", "not now"),
        (CHOOSE, "rest", "restart", ""), (CHOOSE, "rollback", "rollback", ""),
        (MANUAL, "done the light is green", "done", "the light is green"),
    ],
)  # fmt: skip
def test_what_is_understood(body, words, option, comment):
    answer = says(body, words)
    assert (answer.answer, answer.comment, answer.by, answer.via) == (option, comment, "anna", "test")
    assert answer.digest == Play(body).state.gates["g"].opened.digest


def test_a_typed_value_becomes_the_fact():
    assert says(ASK, "4").value == {"many": 4}


@pytest.mark.parametrize(
    ("body", "words", "said"),
    [
        (CONFIRM, "perhaps", "'perhaps' is no answer to g"),
        (CONFIRM, "", "'' is no answer to g"),
        (CHOOSE, "r", "'r' is no answer to g"),
        (CHOOSE, "yes", "'yes' is no answer to g"),
        (ASK, "many", "the answer does not fit: "),
        (ASK, "0", "the answer does not fit: "),
        (MANUAL, "done", "this step wants evidence"),
    ],
)
def test_what_is_not_understood_is_asked_for_again(body, words, said):
    with pytest.raises(UsageError) as caught:
        says(body, words)
    assert caught.value.message.startswith(said)


def test_who_vouches_for_a_person_and_where_they_were_go_with_the_answer():
    for body, words in ((CONFIRM, "yes"), (ASK, "4")):
        play = Play(body)
        opened = play.state.gates["g"].opened
        more = {"by": "anna", "via": "web", "origin": "10.0.0.9", "groups": ("sre",)}
        answer = interpret(play.runbook, play.state, opened, words, **more)
        assert (answer.via, answer.origin, answer.groups) == ("web", "10.0.0.9", ("sre",))


def test_the_refusal_lists_what_may_be_said():
    with pytest.raises(UsageError) as caught:
        says(CHOOSE, "x")
    assert caught.value.hint == "answers: restart (Restart), rollback (Go back)"


BACK = "steps:\n  look: {title: L, wait: 1s, max_visits: 3, next: g}\n  g: {title: G, gate: {prompt: Sure?, back: [look]}, next: {approved: end.healthy, rejected: end.stopped}}\n"


def test_to_go_back_wants_a_reason():
    play = Play(BACK)
    play.wait(1)
    opened = play.state.gates["g"].opened
    more = {"by": "anna", "via": "test"}
    for words, comment in (
        ("back:look it was the disk", ""),
        ("back", "it was the disk"),
        ("back it was the disk", ""),
    ):
        answer = interpret(play.runbook, play.state, opened, words, comment=comment, **more)
        assert (answer.answer, answer.comment) == ("back:look", "it was the disk")
    with pytest.raises(UsageError, match="to go back wants a reason") as caught:
        interpret(play.runbook, play.state, opened, "back:look", **more)
    assert caught.value.hint == "say why: back:look <why>, or --comment"
