"""From templates to plans and questions: what is shown is what is bound."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from .playbook import ENDS, Play, runbook

CHANGE = f"""\
inputs: {{h: {{type: string, default: x}}}}
steps:
  a:
    title: Act on it
    shell: "touch {{{{ inputs.h }}}}"
    gate: {{prompt: "Touch {{{{ inputs.h }}}}?", roles: [dba], quorum: 2, within: 5m}}
    verify: {{shell: v}}
    undo: {{shell: "rm {{{{ inputs.h }}}}", effect: change}}
    next: {{pass: end.resolved, {ENDS}, rejected: end.stopped, expired: end.stopped}}
"""


def opened(body, **started):
    play = Play(body, **started)
    return play.state.gates["a"].opened


def test_a_question_says_what_would_run_and_how_it_would_be_undone():
    gate = opened(CHANGE, inputs={"h": "f"})
    assert (gate.prompt, gate.roles, gate.quorum, gate.effect) == ("Touch f?", ("dba",), 2, "change")
    assert gate.due == 301_000_000
    assert "if it does not prove itself, undone by:" in gate.preview


@pytest.mark.parametrize(
    "other",
    [
        lambda: opened(CHANGE, inputs={"h": "g"}), lambda: opened(CHANGE.replace("touch", "touch -a"), inputs={"h": "f"}),
        lambda: opened(CHANGE.replace("title: Act on it", "title: Act"), inputs={"h": "f"}),
        lambda: opened(CHANGE.replace("Touch {", "Really touch {"), inputs={"h": "f"}),
    ],
    ids=["input", "command", "runbook", "question"],
)  # fmt: skip
def test_any_difference_is_another_digest(other):
    assert other().digest != opened(CHANGE, inputs={"h": "f"}).digest
    assert opened(CHANGE, inputs={"h": "f"}).digest == opened(CHANGE, inputs={"h": "f"}).digest


def test_the_evidence_that_was_shown_is_bound_as_well():
    body = f"steps:\n  c: {{title: C, shell: x, effect: read, next: {{pass: a, fail: a, error: a}}}}\n  a: {{title: A, shell: y, gate: Sure?, undo: {{none: x}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}\n"
    gates = []
    for outcome in ("pass", "fail"):
        play = Play(body)
        play.came("c", outcome)
        gates.append(play.state.gates["a"].opened)
    assert gates[0].evidence == ("c: pass",)
    assert gates[0].digest != gates[1].digest
    assert gates[0].plans == gates[1].plans


def test_a_wave_is_one_question_over_all_its_items():
    gate = opened(
        f"steps:\n  a: {{title: A, shell: 'touch {{{{ item }}}}', gate: All?, undo: {{none: x}}, each: {{in: [p, q]}}, next: {{pass: end.escalated, {ENDS}, rejected: end.stopped}}}}\n"
    )
    assert list(gate.plans) == ["a[p]", "a[q]"]


def test_inputs_of_a_call_are_rendered_and_what_is_missing_is_said():
    inner = Play(
        f"inputs: {{n: {{type: string}}}}\nsteps:\n  s: {{title: S, shell: x, effect: read, next: {{pass: end.healthy, {ENDS}}}}}\n"
    ).runbook
    outer = Play(
        f"steps:\n  a: {{title: A, wait: 1s, next: end.healthy}}\n  c: {{title: C, call: {{runbook: x, inputs: {{}}}}, next: {{pass: end.healthy, {ENDS}}}}}\n"
    ).runbook
    play = Play(replace(outer, steps={"c": outer.steps["c"]}, calls={"x": inner}))
    assert play.opening == ["enter c", "settled c: error", "end escalated"]
    (settled,) = [one.event for one in play.recorded if type(one.event).__name__ == "StepSettled"]
    assert settled.reason == "runbook x: the inputs do not fit: n: a value is needed"


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ("{app: 'a; rm -rf /'}", "'a; rm -rf /' must match"),
        ("{app: '{{ inputs.text }}', n: '{{ inputs.text }}'}", "n: 'x' must be of type integer"),
        ("{app: ok, other: 1}", "other: the runbook has no such input"),
    ],
)
def test_inputs_of_a_call_are_held_to_what_the_called_runbook_declares(given, why):
    inner = runbook(
        "inputs: {app: {type: string, pattern: '^[a-z]+$'}, n: {type: integer, default: 1}}\n"
        "steps: {a: {title: A, wait: 1s, next: end.healthy}}\n"
    )
    outer = runbook(
        "inputs: {text: {type: string, default: x}}\n"
        f"steps: {{c: {{title: C, call: {{runbook: x, inputs: {given}}}, next: {{pass: end.healthy, {ENDS}}}}}}}\n"
    )
    play = Play(replace(outer, calls={"x": inner}), inputs={"text": "x"})
    assert not play.state.calls
    assert (play.state.leaves["c"].outcome, why in play.state.leaves["c"].reason) == ("error", True)


def test_the_words_of_options_are_filled_in_and_keep_their_order():
    play = Play(
        "inputs: {app: {type: string, default: shop}}\n"
        "steps: {a: {title: 'A', choose: {prompt: Which?, options: {restart: 'Restart {{ inputs.app }}', a-wait: Wait}},"
        " next: {restart: end.escalated, a-wait: end.escalated}}}\n",
        inputs={"app": "shop"},
    )
    opened = play.state.gates["a"].opened
    assert list(opened.options.items()) == [("restart", "Restart shop"), ("a-wait", "Wait")]
    assert opened.order == ("restart", "a-wait")
