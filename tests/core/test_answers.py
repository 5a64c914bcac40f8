"""From what a person says to an event: one that counts, or one that is refused and remembered."""

from steadyhand import events as e
from steadyhand.core.answers import Answer, admit

from .playbook import Play

GATE = (
    "steps:\n  g: {title: G, gate: {prompt: Sure?, quorum: 2}, next: {approved: end.healthy, rejected: end.stopped}}\n"
)


def test_what_counts_carries_the_digest_and_the_roles():
    play = Play(GATE, roles={"lead": ("ann",)})
    event = admit(play.state, Answer("g", "ann", "approve", comment="looks right", via="cli"), 5)
    assert isinstance(event, e.GateAnswered)
    assert (event.digest, event.roles, event.opening) == (play.state.gates["g"].opened.digest, ("lead",), 1)


def test_what_does_not_count_says_why_and_what_it_was():
    play = Play(GATE)
    event = admit(play.state, Answer("g", "ann", "maybe", comment="hm"), 5)
    assert isinstance(event, e.AnswerRefused)
    assert (event.answer, event.reason) == ("maybe", "'maybe' is not among the answers of gate g: approve, reject")


def test_answers_that_arrive_together_are_admitted_one_after_the_other():
    play = Play(GATE)
    both = [
        Answer("g", "ann", "approve"),
        Answer("g", "ann", "approve"),
        Answer("g", "bob", "approve"),
        Answer("g", "bob", "reject"),
    ]
    draft = play.clerk.advance("r1", play.state, play.now, both)
    assert [type(event).__name__ for event in draft.events] == [
        "GateAnswered", "AnswerRefused", "GateAnswered", "AnswerRefused", "GateClosed", "RunConcluded",
    ]  # fmt: skip


def test_where_it_came_from_and_what_a_group_makes_of_it_is_written_down():
    play = Play(GATE, roles={"lead": ("group:sre",)})
    event = admit(play.state, Answer("g", "ann", "approve", via="web", origin="10.0.0.9", groups=("sre",)), 5)
    assert isinstance(event, e.GateAnswered)
    assert (event.origin, event.via, event.roles) == ("10.0.0.9", "web", ("lead",))
    refused = admit(play.state, Answer("g", "ann", "maybe", via="web", origin="10.0.0.9"), 5)
    assert isinstance(refused, e.AnswerRefused)
    assert (refused.origin, refused.via) == ("10.0.0.9", "web")
