"""Times that are longer than the run may take."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from steadyhand import graph
from steadyhand.model import SECOND, Escalation

from .documents import END, READ, leads, steps

HOUR = 3600 * SECOND
SAFE = {"fail": "end.escalated", "error": "end.escalated"}
CHANGE = "    shell: x\n    effect: change\n    undo: {none: no}\n"


def found(body, **more):
    runbook = replace(steps(a=body), within=HOUR, **more)
    return [d.message for d in graph.check(runbook) if d.code == "SG018"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("    wait: 2h\n" + leads(**{"pass": "end.healthy"}), "`a` waits 2h"),
        ("    wait: 1h\n" + leads(**{"pass": "end.healthy"}), ""),
        (READ + "    timeout: 90m\n" + END, "`a` may take 1h 30m"),
        (READ + "    retry: {times: 10, every: 10m}\n" + END, "`a` is tried again for 1h 40m"),
        (CHANGE + "    gate: {prompt: Sure?, within: 2h}\n" + leads(**{"pass": "end.escalated", **SAFE}), "`a` asks for 2h"),
        (CHANGE + "    gate: Sure?\n    verify: {shell: y, settle: 30m, within: 40m}\n" + leads(**{"pass": "end.resolved", **SAFE}),
         "`a:verify` may take 1h 10m"),
        ("    diagnose: {c: {cause: C, shell: x, timeout: 2h}}\n" + END, "`a.c` may take 2h"),
    ],
)  # fmt: skip
def test_a_time_against_the_deadline(body, said):
    assert found(body) == ([f"{said}, and the run is over after 1h: a"] if said else [])


def test_the_deadline_holds_for_what_is_called():
    inner = replace(steps(b="    wait: 2h\n" + leads(**{"pass": "end.healthy"})), name="inner")
    assert found("    call: inner\n" + END, calls={"inner": inner}) == [
        "`a/b` waits 2h, and the run is over after 1h: a"
    ]


def test_an_escalation_that_comes_too_late():
    late = Escalation(after=2 * HOUR, to="team")
    assert found(READ + END, escalation=late) == ["the run is escalated after 2h, and is over after 1h"]


def test_without_a_deadline_nothing_is_too_long():
    runbook = steps(a="    wait: 20h\n" + leads(**{"pass": "end.healthy"}))
    assert graph.check(runbook) == ()
