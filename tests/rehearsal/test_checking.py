"""A test document held against its runbook: every finding has its place, and says what was meant."""

from __future__ import annotations

import pytest

from steadyhand.rehearsal.checking import check, names_of, plain
from steadyhand.rehearsal.documents import read_tests

from .documents import SPECS, book, runbook, wide


def findings(line, runbook):
    document, found = read_tests(f"tests:\n  t:\n    {line}\n", "x.test.yaml")
    assert found == ()
    return check(document, runbook, SPECS)


GOOD = [
    "steps: {tell: pass, 'wave[a]': pass, both.one: pass, both.two/first: pass, 'repair:verify': pass, 'repair:before.state': pass}",
    "answers: {pick: leave, number: {value: {many: 4}}, repair: approve, by_hand: failed, 'repair:doubt': happened}",
    "expect: {path: [tell, both, both.two/first], attempts: {'wave[b]': 1}, facts: {many: 4}, undone: repair, waits_for: pick}",
    "expect: {conclusion: stopped, asks: [pick, {gate: repair}], refused: {repair: bo}, sends: [{text: x}], in_doubt: repair}",
    "steps: {'repair': {stdout: x, json: {a: 1}, exit_code: 0, after: 2s}}",
]


@pytest.mark.parametrize("line", GOOD)
def test_what_the_runbook_has_may_be_spoken_of(line):
    found = findings(f"inputs: {{app: shop}}\n    {line}", wide())
    assert found == ()


@pytest.mark.parametrize(
    ("line", "place", "code", "said", "hint"),
    [
        ("steps: {tel: pass}", (3, 13), "ST002", "the runbook has no step `tel`", "did you mean `tell`?"),
        ("steps: {wave: pass}", (3, 13), "ST003", "no handler runs at `wave` itself", "say what comes of wave[]"),
        ("steps: {both: pass}", (3, 13), "ST003", "no handler runs at `both` itself", "say what comes of both.one, both.two/first, both.two/last"),
        ("steps: {pick: pass}", (3, 13), "ST003", "no handler runs at `pick` itself", "write what people say under `answers:`"),
        ("steps: {'repair:verfy': pass}", (3, 13), "ST002", "the runbook has no step `repair:verfy`", "did you mean `repair:verify`?"),
        ("steps: {repair: {stdot: x}}", (3, 22), "ST002", "a `shell` step gives no `stdot`", "did you mean `stdout`?"),
        ("steps: {repair: [pass, {stdot: x}]}", (3, 29), "ST002", "a `shell` step gives no `stdot`", "did you mean `stdout`?"),
        ("answers: {pik: fix}", (3, 15), "ST002", "the runbook has no gate `pik`", "did you mean `pick`?"),
        ("answers: {pick: fx}", (3, 15), "ST003", "`pick` cannot be answered with 'fx'", "did you mean `fix`?"),
        ("answers: {repair: [approve, [approve, no]]}", (3, 33), "ST003", "`repair` cannot be answered with 'no'", "answers: approve, reject"),
        ("answers: {'repair:doubt': approve}", (3, 15), "ST003", "`repair:doubt` cannot be answered with 'approve'", "answers: happened, did_not_happen, run_again, stop"),
        ("answers: {number: {value: {mny: 4}}}", (3, 15), "ST003", "the answer to `number` is a value for `many`", "write `value: {many: ...}`"),
        ("answers: {number: answer}", (3, 15), "ST003", "the answer to `number` is a value for `many`", "write `value: {many: ...}`"),
        ("answers: {number: {value: {many: 1}}}", (3, 15), "ST003", "many: 1 must be at least 2", "write a value that the question takes"),
        ("expect: {path: [tell, wav]}", (3, 27), "ST002", "the runbook has no step `wav`", "did you mean `wave`?"),
        ("expect: {attempts: {repare: 1}}", (3, 25), "ST002", "the runbook has no step `repare`", "did you mean `repair`?"),
        ("expect: {waits_for: pik}", (3, 14), "ST002", "the runbook has no gate `pik`", "did you mean `pick`?"),
        ("expect: {asks: [pick, nmber]}", (3, 27), "ST002", "the runbook has no gate `nmber`", "did you mean `number`?"),
        ("expect: {refused: {repare: bo}}", (3, 24), "ST002", "the runbook has no gate `repare`", "did you mean `repair`?"),
        ("expect: {facts: {mny: 4}}", (3, 22), "ST002", "the runbook has no fact `mny`", "did you mean `many`?"),
        ("expect: {conclusion: healthy}", (3, 14), "ST003", "no edge leads to end.healthy", "edges lead to resolved"),
    ],
)  # fmt: skip
def test_what_it_does_not_have_is_said_where_it_stands(line, place, code, said, hint):
    found = findings(f"{line}\n    inputs: {{app: shop}}", wide())
    (one,) = found
    assert (one.code, one.message, one.hint) == (code, said, hint)
    assert (one.span.line, one.span.column) == place
    assert one.text.strip() == line


@pytest.mark.parametrize(
    ("line", "place", "said"),
    [
        ("inputs: {who: mail}", (3, 14), "who: "),
        ("inputs: {who: web, wo: x}", (3, 24), "the runbook has no input `wo`"),
        ("inputs: {many: 1}", (2, 3), "the input `who` is needed"),
        ("inputs: {who: web}\n    expect: {sends: [{text: x}]}", (4, 14), "no step of the runbook sends anything"),
    ],
)
def test_inputs_and_ends(line, place, said):
    (one,) = findings(line, book())
    assert (one.span.line, one.span.column) == place
    assert one.message.startswith(said)


def test_names_of_a_called_runbook_are_known():
    from msgspec.structs import replace

    from .documents import runbook

    outer = runbook("steps: {go: {title: Go, call: {runbook: x, inputs: {who: web}}, next: {pass: end.healthy}}}\n")
    names = names_of(replace(outer, calls={"x": book()}))
    assert {"go/look.disk", "go/clean"} <= set(names.operations)
    assert "go/clean" in names.gates
    assert names.facts == set(), "facts of a called runbook are its own"


def test_items_of_a_wave_are_all_alike():
    assert plain("wave[a/b]") == "wave[]"
    assert plain("wave:between.7") == "wave:between.1"


BACK = """\
steps:
  look: {title: L, max_visits: 3, shell: l, effect: read, next: {pass: act, fail: end.escalated, error: end.escalated}}
  act: {title: A, shell: a, effect: change, gate: {prompt: Sure?, back: [look]}, undo: {none: x}, next: {pass: end.escalated, fail: end.escalated, error: end.escalated, rejected: end.stopped}}
"""


def test_who_sends_a_run_back_says_why():
    assert findings("answers: {act: {answer: 'back:look', comment: not yet}}", runbook(BACK)) == ()
    (found,) = findings("answers: {act: ['back:look', approve]}", runbook(BACK))
    assert found.message == "`act`: to go back needs a comment that says why"
    assert found.hint == "write {answer: 'back:look', comment: why}"
    (found,) = findings("answers: {act: 'back:lok'}", runbook(BACK))
    assert found.hint == "did you mean `back:look`?"
