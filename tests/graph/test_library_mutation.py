"""A runbook of ours that loses a safeguard is noticed: the run of all mutants, in short form."""

from __future__ import annotations

import pytest

from . import library_mutation

PAIRS = list(library_mutation.tested())


def test_there_are_runbooks_with_tests():
    assert len(PAIRS) >= 2


BLUNT = frozenset(
    {
        "authentication-failures.yaml0",
        "cache-failure.yaml0",
        "cache-failure.yaml1",
        "high-error-rate.yaml0",
        "queue-backup-redis.yaml0",
        "queue-backup.yaml0",
        "slow-responses.yaml0",
        "rollback-release.yaml1",
    }
)
"""Runbooks with a test document that would not notice each loss. The list may only shrink."""


@pytest.mark.parametrize(("runbook", "test"), PAIRS, ids=[runbook.name for runbook, _ in PAIRS])
def test_somebody_notices_every_loss(runbook, test, request):
    if request.node.callspec.id in BLUNT:
        why = "its tests do not notice the loss of every edge, fact and verification yet"
        request.node.add_marker(pytest.mark.xfail(strict=True, reason=why))
    found = list(library_mutation.judged(runbook, test, short=True))
    assert [f"{one.mutant.kind} {one.mutant.where}" for one in found if one.by == "nobody"] == []
    assert {one.mutant.kind for one in found if one.by != "same"} >= {"edge"}


def test_a_loss_that_nobody_notices_would_be_told(tmp_path):
    (tmp_path / "x.yaml").write_text(
        "steadyhand: 1\nname: x\ntitle: X\nsteps:\n  a:\n    title: A\n    shell: x\n    effect: read\n"
        "    facts: {n: '{{ stdout }}'}\n    next: {pass: end.healthy, fail: end.stopped, error: end.escalated}\n"
    )
    (tmp_path / "x.test.yaml").write_text("tests: {well: {steps: {a: pass}, expect: {conclusion: healthy}}}\n")
    found = library_mutation.judged(tmp_path / "x.yaml", tmp_path / "x.test.yaml")
    assert {(one.mutant.where, one.by) for one in found} == {
        ("a.next.pass", "validate"),
        ("a.next.fail", "nobody"),
        ("a.next.error", "same"),
        ("a.facts.n", "nobody"),
    }
