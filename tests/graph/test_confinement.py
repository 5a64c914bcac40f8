"""What a runbook says about confinement, against what can be confined and what the settings demand."""

from __future__ import annotations

import pytest

from steadyhand import schema
from steadyhand.errors import Severity
from steadyhand.graph.confinement import CODES, confinement
from steadyhand.handlers import registry

ENDS = "{pass: end.healthy, fail: end.escalated, error: end.escalated}"


def found(steps, **more):
    text = f"steadyhand: 1\nname: x\ntitle: X\nsteps:\n{steps}"
    read = schema.read(text, "x.yaml", registry.specs())
    assert read.runbook is not None, read.diagnostics
    return confinement(read.runbook, registry.specs().__getitem__, **more)


def step(body, name="look"):
    return f"  {name}:\n    title: T\n    {body}\n    next: {ENDS}\n"


@pytest.mark.parametrize("word", ["", "confine: false"])
def test_a_read_that_the_settings_want_confined(word):
    body = step(f"shell: df\n    effect: read\n    {word}")
    assert found(body) == ()
    (one,) = found(body, required=True)
    assert (one.code, one.severity, one.span.line) == ("SC001", Severity.ERROR, 6)
    which = "says `confine: false`" if word else "does not say `confine: true`"
    assert one.message == f"the settings demand confined reads, and `look` {which}"
    assert one.hint.startswith("write `confine: true`")
    assert one.why == CODES["SC001"][1]


def test_every_place_of_a_read_is_looked_at():
    body = (
        "  d:\n    title: D\n    diagnose:\n      full: {cause: F, shell: df}\n      ok: {cause: O, shell: df, confine: true}\n"
        f"    next: {ENDS}\n"
        "  p:\n    title: P\n    parallel:\n      a: {shell: df, effect: read}\n"
        "      b: {steps: {one: {title: O, shell: df, effect: read, next: {pass: end.healthy}}}}\n"
        f"    next: {ENDS}\n"
        "  c:\n    title: C\n    shell: 'true'\n    gate: ok?\n    capture: {n: {shell: df}}\n    undo: {shell: 'true'}\n"
        "    verify: {shell: df}\n    next: {pass: end.resolved}\n"
    )
    said = [one.message.split("`")[1] for one in found(body, required=True)]
    assert sorted(said) == ["c:before.n", "c:verify", "d.full", "p.a", "p.b/one"]
    assert {one.code for one in found(body, required=True)} == {"SC001"}


def test_what_is_demanded_and_written_is_fine():
    assert found(step("shell: df\n    effect: read\n    confine: true"), required=True) == ()
    assert found(step("http: http://h/"), required=True) == ()


def test_a_change_cannot_be_confined():
    (one,) = found(step("shell: reboot\n    confine: true"))
    assert (one.code, one.severity) == ("SC002", Severity.ERROR)
    assert one.message == "`look` is confined to reading, and is a change"
    assert one.hint == "add `effect: read` if it only looks; else remove `confine`"


def test_another_kind_cannot_be_confined():
    (one,) = found(step("http: http://h/\n    confine: true"))
    assert (one.code, one.severity) == ("SC002", Severity.WARNING)
    assert one.message == "`look` cannot be confined: it is of kind `http`, and only `shell` can be"
