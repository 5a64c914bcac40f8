"""How a finding is made: its place, its weight, its order."""

from __future__ import annotations

from steadyhand.errors import Severity
from steadyhand.graph.findings import CODES, ERRORS, Around, Findings, near

from .documents import END, READ, steps


def test_a_finding_shows_its_line_and_is_told_once():
    runbook = steps(a=READ + END, b=READ + END)
    found = Findings(runbook)
    for step in ("b", "a", "b"):
        found.say("SG001", runbook.steps[step].span, f"of {step}", "hint")
    assert [(d.message, d.text.strip(), d.why) for d in found.all()] == [
        ("of a", "a:", CODES["SG001"][1]),
        ("of b", "b:", CODES["SG001"][1]),
    ]


def test_the_code_says_how_much_it_weighs_unless_told():
    runbook = steps(a=READ + END)
    found = Findings(runbook)
    span = runbook.steps["a"].span
    found.say("SG001", span, "x", "")
    found.say("SG011", span, "y", "")
    found.say("SG011", span, "z", "", Severity.WARNING)
    assert [d.severity.value for d in found.all()] == ["warning", "error", "warning"]
    assert set(CODES) >= ERRORS


def test_the_nearest_word_or_all_of_them():
    assert near("stdot", ["stdout", "stderr"]) == "did you mean `stdout`?"
    assert near("x", ["stdout", "stderr"]) == "there are stderr, stdout"
    assert near("x", []) == ""


def test_around_nothing_only_what_destroys_is_asked_for():
    assert Around().policy == {"change": "unasked", "destructive": "asked"}
    assert (Around().settings, Around().alerts, Around().channels) == (False, None, None)
