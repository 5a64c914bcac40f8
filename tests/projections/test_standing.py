"""A question as one person sees it."""

from __future__ import annotations

from steadyhand import events as e
from steadyhand.core.state import GateState, State
from steadyhand.model.people import Role
from steadyhand.projections.standing import choices_of, role_for, standing


def opened(kind="confirm", options=None, **more):
    return e.GateOpened(
        "g", "g", kind, 2, "Really?", options or {"approve": "Approve", "reject": "Reject"}, "d" * 64, **more
    )


def state(gate):
    run = e.RunStarted("b", "d", "guided", "ana", {}, {}, {}, "x", roles={"oncall": ("kim",)})
    return State(run=run, gates={"g": gate})


def test_the_buttons_and_their_tones():
    doubt = opened("doubt", {"happened": "It happened", "did_not_happen": "No", "run_again": "Again", "stop": "Stop"})
    assert [(c.id, c.tone) for c in choices_of(doubt)] == [
        ("happened", ""),
        ("did_not_happen", ""),
        ("run_again", "care"),
        ("stop", "no"),
    ]
    back = choices_of(opened(options={"approve": "Approve", "back:causes": "Go back to causes"}))
    assert (back[1].tone, back[1].comment) == ("back", True)
    assert [c.id for c in choices_of(opened("choose", {"a": "A", "b": "B"}, order=("b", "a")))] == ["b", "a"]
    assert [c.tone for c in choices_of(opened("choose", {"stop": "Stop", "go": "Go"}))] == ["", ""]
    done = choices_of(opened("manual", {"done": "Done", "failed": "No"}, evidence_required=True))
    assert [(c.tone, c.comment) for c in done] == [("yes", True), ("no", False)]


def test_what_one_must_be_to_answer():
    roles = {kind: role_for(opened(kind)) for kind in ("confirm", "doubt", "choose", "ask", "manual")}
    assert roles == {"confirm": Role.APPROVER, "doubt": Role.APPROVER, "choose": Role.RESPONDER, "ask": Role.RESPONDER, "manual": Role.RESPONDER}  # fmt: skip


def test_why_an_answer_would_not_count_and_how_many_are_missing():
    said = e.GateAnswered("g", 2, "kim", "approve", "d" * 64)
    gate = GateState(opened(roles=("oncall",), quorum=3, due=10), 1, 5, (said,))
    assert "has already answered" in standing(state(gate), gate, "kim", (), 6).why_not
    assert "none of the roles" in standing(state(gate), gate, "ana", (), 6).why_not
    assert "has expired" in standing(state(gate), gate, "kim", (), 11).why_not
    assert standing(state(gate), gate, "kim", (), 6).missing == 2
    free = GateState(opened("ask", {"answer": "Answer"}, schema={"type": "integer"}), 1, 5)
    found = standing(state(free), free, "ana", (), 6)
    assert (found.why_not, found.field.shape, found.key) == ("", "number", f"g.2.{'d' * 12}")
