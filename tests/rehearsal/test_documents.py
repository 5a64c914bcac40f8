"""Test documents: what is meant is read, and what cannot be meant is said, with its place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand.rehearsal.documents import Stop, read_tests
from steadyhand.rehearsal.world import Came, Said

GOOD = """\
runbook: x.yaml
tests:
  all of it:
    inputs: {who: web}
    mode: auto
    by: anna
    steps:
      look.disk: [fail, {stdout: "95", after: 2s}, {outcome: error, unsure: true, reason: lost}]
      look.mail: crash
    answers:
      clean: [approve, {answer: approve, by: bo, after: 1m, comment: yes}]
      number: {value: {many: 4}}
    crash_after: [3, 5]
    expect: {conclusion: resolved, path: [look, clean], facts: {freed: 1}, waits_for: clean, attempts: {clean: 1}}
"""


def test_everything_that_may_be_said():
    document, found = read_tests(GOOD, "x.test.yaml")
    assert found == ()
    assert document.runbook == "x.yaml"
    (case,) = document.cases
    assert (case.name, case.inputs, case.mode, case.by, case.crash_after) == (
        "all of it", {"who": "web"}, "auto", "anna", (3, 5),
    )  # fmt: skip
    assert case.steps["look.disk"] == (
        Came("fail"), Came("", {"stdout": "95"}, after=2_000_000), Came("error", reason="lost", unsure=True),
    )  # fmt: skip
    assert case.steps["look.mail"] == (Came(crash=True),)
    assert case.answers["clean"] == (Said("approve"), Said("approve", "bo", 60_000_000, None, "yes"))
    assert case.answers["number"] == (Said("answer", value={"many": 4}),)
    assert case.expect["waits_for"] == ["clean"]


def one(line):
    return f"tests:\n  t:\n    {line}\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "said", "hint"),
    [
        ("", 1, 1, "the document is empty", "begin with `tests:` and a name below it"),
        ("[]", 1, 1, "a test document must be a map, and is a list", ""),
        ("runbook: x", 1, 1, "a test document needs the key `tests`", ""),
        ("tests: 5", 1, 8, "`tests` must be a map, and is 5", ""),
        ("tests: {a: 5}", 1, 12, "test `a` must be a map, and is 5", ""),
        (one("stepps: {}"), 3, 5, "test `t` has no key `stepps`", "did you mean `steps`?"),
        (one("mode: dry"), 3, 11, "`mode` cannot be 'dry'", "values: guided, step, auto, diagnose"),
        (one("steps: {a: passed}"), 3, 16, "'passed' is no outcome", "write pass, fail, error, unsure, crash, or a map of values"),
        (one("steps: {a: {outcome: no}}"), 3, 16, "'no' is no outcome", "write pass, fail or error"),
        (one("steps: {a: {after: soon}}"), 3, 16, "'soon' is no duration", "write such as 20s or 5m"),
        (one("steps: {a: {unsure: maybe}}"), 3, 16, "`unsure` is true or false", "write `unsure: true`"),
        (one("answers: {a: {anser: approve}}"), 3, 19, "an answer has no key `anser`", "did you mean `answer`?"),
        (one("answers: {a: {after: soon}}"), 3, 26, "`after` must be a duration, and is 'soon'", ""),
        (one("crash_after: x"), 3, 18, "`crash_after` counts events", "write a whole number from 1, or a list of them"),
        (one("crash_after: [1, true]"), 3, 18, "`crash_after` counts events", ""),
        (one("expect: {conclusion: fine}"), 3, 26, "`conclusion` cannot be 'fine'", ""),
        (one("expect: {conclusio: healthy}"), 3, 14, "`expect` has no key `conclusio`", "did you mean `conclusion`?"),
        (one("expect: {path: look}"), 3, 20, "`path` must be a list, and is 'look'", ""),
        (one("inputs: [1]"), 3, 13, "`inputs` must be a map, and is a list", ""),
        ("tests: {}", 1, 8, "there is no test in `tests`", "write `name: {steps: ..., expect: ...}` below it"),
        (one("steps: {a: {error: Unreachabel}}"), 3, 16, "'Unreachabel' is no failure", "did you mean `Unreachable`?"),
        (one("steps: {a: {error: Refused, outcome: pass}}"), 3, 16, "the outcome of Refused is `error`, not `pass`", "leave `outcome` out"),
        (one("steps: {a: {unsure: true}}"), 3, 16, "`unsure` goes with an error", "write `error: TimedOut` or `outcome: error` beside it"),
        (one("steps: {a: {crash: soon}}"), 3, 16, "`crash` is true or false", "write `crash: true`"),
        (one("steps: {a: {facts: 3}}"), 3, 16, "`facts` must be a map", ""),
        (one("roles: {oncall: anna}"), 3, 21, "`oncall` must be a list, and is 'anna'", ""),
        (one("stop: soon"), 3, 11, "`after` must be a duration, and is 'soon'", ""),
        (one("stop: {bye: anna}"), 3, 12, "`stop` has no key `bye`", "did you mean `by`?"),
        (one("expect: {asks: [{gat: a}]}"), 3, 21, "a question needs the key `gate`", ""),
        (one("expect: {asks: [{gate: a, prompt: {contain: x}}]}"), 3, 40, "there is no matcher `contain`", "did you mean `contains`?"),
        (one("expect: {sends: [{text: {matches: '['}}]}"), 3, 30, "", ""),
        (one("expect: {sends: [text]}"), 3, 22, "a message must be a map, and is 'text'", ""),
        (one("expect: {refused: [a]}"), 3, 23, "`refused` must be a map, and is a list", ""),
    ],
)  # fmt: skip
def test_what_cannot_be_meant(text, line, column, said, hint):
    document, found = read_tests(text, "x.test.yaml")
    assert document is None
    assert [(d.span.line, d.span.column) for d in found][:1] == [(line, column)]
    assert found[0].message == said or not said
    assert hint in found[0].hint


@given(st.text())
def test_any_text_is_read_or_said(text):
    document, found = read_tests(text, "x")
    assert (document is None) == bool(found) or not text.strip()


def test_what_people_do_beside_answering():
    document, found = read_tests(
        """\
tests:
  t:
    roles: {oncall: [anna]}
    contacts: {team: "#team"}
    targets: {hosts: {ssh: {hosts: [a]}}}
    alert: {labels: {instance: db1}}
    stop: {by: anna, after: 2m, reason: the wrong host}
    answers: {a: [[approve, {answer: approve, by: bo}], reject]}
    steps:
      a: [{error: Unreachable, unsure: true, reason: gone}, {crash: true, after: 3s}, {values: {reason: OK}, status: 200, facts: {n: 1}}]
    expect:
      asks: [a, {gate: b, prompt: {contains: x}, roles: oncall}]
      sends: {text: {contains: slow}}
      refused: {a: bo}
      undone: a
""",
        "x",
    )
    assert found == ()
    (case,) = document.cases
    assert case.roles == {"oncall": ("anna",)}
    assert (case.contacts, case.alert) == ({"team": "#team"}, {"labels": {"instance": "db1"}})
    assert case.stop == Stop("anna", 120_000_000, "the wrong host")
    assert case.answers["a"] == ((Said("approve"), Said("approve", "bo")), Said("reject"))
    assert case.steps["a"] == (
        Came("error", reason="gone", unsure=True, error="Unreachable"),
        Came(after=3_000_000, crash=True),
        Came(values={"status": 200, "reason": "OK"}, facts={"n": 1}),
    )
    assert case.expect == {
        "asks": [{"gate": "a"}, {"gate": "b", "prompt": {"contains": "x"}, "roles": ["oncall"]}],
        "sends": [{"text": {"contains": "slow"}}],
        "refused": {"a": ["bo"]},
        "undone": ["a"],
    }


def test_every_word_of_a_case_keeps_its_place():
    document, _ = read_tests(one("steps: {a: [pass, {stdout: x}]}"), "x")
    places = document.cases[0].places
    assert places["steps", "a"].column == 13
    assert places["steps", "a", "1", "stdout"].column == 24
