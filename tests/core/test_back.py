"""Dialogues: a person sends a run back to an earlier step, and says why."""

from steadyhand import events as e
from steadyhand.core.answers import Answer, admit

from .playbook import ENDS, Play

LOOP = f"""\
steps:
  causes: {{title: Causes, max_visits: 2, shell: c, effect: read, next: {{pass: pick, {ENDS}}}}}
  pick: {{title: Pick, gate: {{prompt: Right?, back: [causes]}}, next: {{approved: act, rejected: end.stopped}}}}
  act: {{title: Act, shell: a, effect: change, lock: [db], gate: {{prompt: Do it?, quorum: 2, back: [causes, pick]}}, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}}}}}
"""


def asked():
    play = Play(LOOP)
    play.came("causes")
    return play


def test_a_question_says_where_a_run_can_be_sent_back_to():
    play = asked()
    opened = play.state.gates["pick"].opened
    assert opened.options == {"approve": "Approve", "reject": "Reject", "back:causes": "Go back to causes"}
    assert opened.order == ("approve", "reject", "back:causes")
    assert e.decode("gate.opened", e.encode(opened)).options == opened.options


def test_it_goes_back_and_what_was_seen_is_looked_at_anew():
    play = asked()
    assert play.says("pick", "back:causes") == ["close pick: back:causes", "enter causes", "start causes#1"]
    entered = play.recorded[-2].event
    assert (entered.came_from, entered.outcome, entered.visit) == ("pick", "back:causes", 2)
    assert play.came("causes") == ["enter pick", "ask pick (confirm)"]


def test_one_of_several_who_should_approve_is_enough_and_nothing_was_locked():
    play = asked()
    play.says("pick", "approve")
    assert play.says("act", "approve", "ann") == []
    assert play.says("act", "back:pick", "bob") == ["close act: back:pick", "enter pick", "ask pick (confirm)"]
    assert not play.state.locks


def test_the_bound_of_the_step_holds():
    play = asked()
    play.says("pick", "back:causes")
    play.came("causes")
    assert play.says("pick", "back:causes") == ["close pick: back:causes", "end escalated"]
    assert play.state.conclusion.reason == "causes has been visited 2 times, which is its bound"


def test_without_a_reason_it_does_not_count():
    play = asked()
    for comment in ("", "  "):
        refused = admit(play.state, Answer("pick", "ann", "back:causes", comment=comment), play.now)
        assert isinstance(refused, e.AnswerRefused)
        assert refused.reason == "to go back needs a comment that says why"
    counts = admit(play.state, Answer("pick", "ann", "back:causes", comment="the disk was not looked at"), play.now)
    assert isinstance(counts, e.GateAnswered)
    assert counts.comment == "the disk was not looked at"


def test_only_where_the_gate_says_so():
    play = asked()
    refused = admit(play.state, Answer("pick", "ann", "back:act", comment="why not"), play.now)
    assert isinstance(refused, e.AnswerRefused)
    assert refused.reason == "'back:act' is not among the answers of gate pick: approve, reject, back:causes"


def test_in_a_branch_it_goes_back_to_a_step_of_the_branch():
    play = Play(f"""\
steps:
  both:
    title: Both
    parallel:
      left:
        steps:
          look: {{title: L, max_visits: 2, shell: l, effect: read, next: {{pass: act, {ENDS}}}}}
          act: {{title: A, shell: a, effect: change, gate: {{prompt: Sure?, back: [look]}}, undo: {{none: x}}, next: {{pass: end.healthy, {ENDS}}}}}
    next: {{pass: end.escalated, {ENDS}}}
""")  # fmt: skip
    play.came("both.left/look")
    assert play.says("both.left/act", "back:look")[1:] == ["enter both.left/look", "start both.left/look#1"]


def test_a_wave_that_was_asked_about_again_is_left_only_when_what_began_is_over():
    play = Play(f"""\
steps:
  look: {{title: L, max_visits: 2, shell: l, effect: read, next: {{pass: w, {ENDS}}}}}
  w:
    title: W
    shell: 'echo {{{{ item }}}}'
    effect: change
    gate: {{prompt: All?, back: [look]}}
    each: {{in: [1, 2], batch: 2}}
    capture: {{was: {{shell: c}}}}
    verify: {{shell: v}}
    undo: {{shell: u, effect: change}}
    next: {{pass: end.resolved, {ENDS}}}
""")
    play.came("look")
    play.says("w", "approve")
    play.came("w[1]:before.was")
    play.tell(e.AlertChanged("resolved"))
    assert play.came("w[2]:before.was") == ["close w: void", "ask w (confirm)"]
    assert play.says("w", "back:look") == ["close w: back:look"]
    play.came("w[1]")
    play.came("w[1]:verify")
    assert play.came("w[1]:after.was") == ["enter look", "start look#1"]
