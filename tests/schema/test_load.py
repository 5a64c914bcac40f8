"""Whole documents: every construct of the format, damaged documents, and that all findings come at once."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadyhand import graph, schema
from steadyhand import model as m
from steadyhand.app.library import is_other
from steadyhand.errors import Severity
from steadyhand.handlers import registry

from .documents import DOC, changed

SPECS = registry.specs()
ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "orders-db-connections.yaml"
DOCUMENTS = [p for p in [*ROOT.glob("examples/**/*.yaml"), *ROOT.glob("runbooks/**/*.yaml")] if not is_other(p)]


def check(text):
    loaded = schema.read(text, "doc.yaml", SPECS)
    more = graph.check(loaded.runbook) if loaded.runbook is not None else ()
    return loaded, (*loaded.diagnostics, *more)


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_everything_that_is_shipped_is_valid(path):
    loaded, _ = check(path.read_text())
    assert loaded.runbook is not None
    assert not [d for d in loaded.diagnostics if d.severity is Severity.ERROR]


def test_the_example_of_the_design_means_what_it_says():
    loaded, _ = check(EXAMPLE.read_text())
    runbook = loaded.runbook
    assert runbook is not None
    assert (runbook.name, runbook.first, runbook.severity) == ("orders-db-connections", "verify", m.Incidence.SEV2)
    assert runbook.alerts == ("PostgresTooManyConnections",)
    assert runbook.inputs["host"].source == "alert.labels.instance"
    assert runbook.inputs["app"].default == "orders"
    assert runbook.secrets["db_password"].kind == "env"
    assert runbook.targets["app-hosts"].params["jump"] == "bastion"
    assert runbook.requires.tools == ("psql",)
    causes = runbook.steps["causes"].body
    assert isinstance(causes, m.Diagnose)
    assert next((c.id, c.cause, c.fix) for c in causes.checks) == (
        "idle",
        "Sessions idle in transaction",
        "terminate-idle",
    )
    assert causes.otherwise == "pick"
    pick = runbook.steps["pick"].body
    assert isinstance(pick, m.Choose)
    assert list(pick.options) == ["restart", "rollback", "escalate"]
    assert pick.gate.within == 600_000_000
    restart = runbook.steps["restart"]
    assert restart.gate is not None
    assert (restart.gate.roles, restart.gate.quorum) == (("responder",), 1)
    assert restart.undo is not None
    assert restart.undo.why == "A restart has nothing to take back"
    confirm = runbook.steps["confirm"]
    assert confirm.verification
    assert isinstance(confirm.body, m.Do)
    assert (confirm.body.operation.retry.times, confirm.body.operation.retry.every) == (10, 6_000_000)
    assert (runbook.escalation.after, runbook.escalation.to) == (900_000_000, "team-data")
    assert confirm.next == {"pass": "end.resolved", "fail": "end.escalated", "error": "end.escalated"}


def damages(lines):
    """Each line deleted, doubled, misspelt, indented, cut in the middle."""
    for at, line in enumerate(lines):
        chance = random.Random(at)
        place = chance.randrange(len(line)) if line else 0
        yield lines[:at] + lines[at + 1 :]
        yield [*lines[: at + 1], line, *lines[at + 1 :]]
        yield [*lines[:at], line[:place] + "x" + line[place:], *lines[at + 1 :]]
        yield [*lines[:at], line[:place] + line[place + 1 :], *lines[at + 1 :]]
        yield [*lines[:at], " " + line, *lines[at + 1 :]]
        yield [*lines[:at], line[:place], *lines[at + 1 :]]


def test_with_every_line_damaged_it_is_valid_or_the_finding_has_a_place():
    lines = EXAMPLE.read_text().splitlines()
    valid = refused = 0
    for damaged in damages(lines):
        text = "\n".join(damaged) + "\n"
        loaded, found = check(text)
        for d in found:
            assert 1 <= d.span.line <= len(damaged) + 1
            assert 1 <= d.span.column < d.span.end
            assert d.message
        assert (loaded.runbook is None) == any(d.severity is Severity.ERROR for d in loaded.diagnostics)
        valid, refused = valid + (loaded.runbook is not None), refused + (loaded.runbook is None)
    assert valid > 50
    assert refused > 200


def test_all_findings_come_at_once_and_in_order():
    text = changed(
        "effect: read", "efect: read", changed("pass: end.healthy", "pass: nowhere", changed("name: x", "name: X"))
    )
    found = schema.read(text, "x", SPECS).diagnostics
    assert [(d.code, d.span.line) for d in found] == [("SH201", 2), ("SH101", 8), ("SH301", 9)]


def test_free_keys_are_left_alone():
    assert (
        check(
            changed("title: X", "title: X\nx-team: {a: [1]}", changed("    title: A", "    x-note: 1\n    title: A"))
        )[1]
        == ()
    )


def test_line_ends_of_other_systems_and_a_mark_are_read():
    assert check(DOC.replace("\n", "\r\n"))[1] == ()
    assert check(b"\xef\xbb\xbf" + DOC.encode())[1] == ()
    assert check("\ufeff" + DOC)[1] == ()


@given(st.recursive(
    st.none() | st.booleans() | st.integers(-3, 10**20) | st.floats(allow_nan=True) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from([*m.Step.__struct_fields__, "steadyhand", "name", "title", "steps", "shell", "http", "next", "expect",
                         "diagnose", "parallel", "each", "gate", "inputs", "secrets", "facts", "retry", "undo", "verify"]),
        inner, max_size=4),
    max_leaves=20,
))  # fmt: skip
def test_no_tree_breaks_the_reader(tree):
    import yaml

    body = {"steadyhand": 1, "name": "x", "title": "X", **(tree if isinstance(tree, dict) else {"steps": tree})}
    _, found = check(yaml.safe_dump(body, allow_unicode=True))
    assert all(d.span.line >= 1 for d in found)


@given(st.sampled_from(["title: A", "shell: echo", "effect: read", "steps:", "name: x"]), st.text(max_size=30))
def test_no_text_breaks_the_reader(part, text):
    _, found = check(DOC.replace(part, text))
    assert all(d.span.line >= 1 for d in found)
