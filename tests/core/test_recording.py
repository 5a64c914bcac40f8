"""One batch: what arrived, what follows, and the jobs; intents before anything is done."""

from __future__ import annotations

from msgspec.structs import replace

from steadyhand import events as e

from .playbook import ENDS, Play

TWO = f"steps:\n  a: {{title: A, shell: x, effect: read, next: {{pass: b, {ENDS}}}}}\n  b: {{title: B, shell: y, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n"


def test_the_end_of_one_step_and_the_intent_of_the_next_are_one_batch():
    play = Play(TWO)
    draft = play.clerk.advance("r1", play.state, play.now, [e.StepSettled("a", 1, 1, "pass")])
    assert [e.name_of(event) for event in draft.events] == ["step.settled", "step.entered", "step.intended"]
    assert [(job.path, job.attempt, job.plan is not None) for job in draft.jobs] == [("b", 1, True)]
    assert play.state.leaves.get("b") is None, "the state from before is untouched"


def test_time_does_not_go_back():
    play = Play(TWO)
    assert play.clerk.advance("r1", play.state, 0, []).at == play.state.at


def test_a_yes_to_something_else_is_void_and_the_question_is_put_anew():
    play = Play(f"steps:\n  s: {{title: S, set: {{v: 1}}, next: {{pass: a, {ENDS}}}}}\n"
                f"  a: {{title: A, shell: 'echo {{{{ facts.v }}}}', gate: Sure?, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}\n")  # fmt: skip
    opened = play.state.gates["a"].opened
    changed = {**play.state.facts[""], "v": 2}
    play.state = replace(play.state, facts={"": changed})
    answered = e.GateAnswered("a", opened.opening, "ann", "approve", opened.digest, "x")
    draft = play.clerk.advance("r1", play.state, play.now, [answered])
    found = [(e.name_of(event), getattr(event, "result", getattr(event, "opening", ""))) for event in draft.events]
    assert found == [("gate.answered", 1), ("gate.closed", "approved"), ("gate.closed", "void"), ("gate.opened", 2)]
    assert draft.jobs == []


def test_an_escalation_without_an_address_is_raised_all_the_same():
    play = Play("escalation: {after: 1s, to: t, contact: '{{ contacts.t }}'}\n" + TWO)
    play.wait(1)
    (raised,) = [one.event for one in play.recorded if isinstance(one.event, e.EscalationRaised)]
    assert raised.contact.startswith("(no contact: ")
