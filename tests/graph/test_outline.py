"""Everything that a run could do, on one page."""

from __future__ import annotations

from steadyhand.graph.outline import outline

from .documents import GATED, READ, leads, steps

RUNBOOK = steps(
    look=READ + leads(**{"pass": "end.healthy", "fail": "act", "error": "end.escalated"}),
    act=GATED.replace("Sure?", "{prompt: Sure?, roles: [dba, lead], quorum: 2}") + "    verify: {shell: v}\n    capture: {was: {shell: c}}\n"
    + leads(**{"pass": "look", "fail": "end.escalated", "error": "end.escalated", "rejected": "end.escalated"}) + "    max_visits: 2\n",
)  # fmt: skip

ROWS = [
    (0, "", "look", "", False), (1, "pass", "end.healthy", "", False), (1, "fail", "act", "2 x dba or lead", False),
    (2, "pass", "look", "", True), (2, "fail", "end.escalated", "", False), (2, "error", "end.escalated", "", False),
    (2, "rejected", "end.escalated", "", False), (1, "error", "end.escalated", "", False),
]  # fmt: skip


def test_every_step_once_with_what_it_does_and_who_is_asked():
    rows = outline(RUNBOOK)
    assert [(row.depth, row.reached, row.step, row.gate, row.again) for row in rows] == ROWS
    assert (rows[0].title, rows[0].kind, rows[0].effect, rows[0].does) == ("LOOK", "shell", "read", ("shell: x",))
    assert rows[2].does == ("shell: x", "captures was: shell: c", "verifies: shell: v", "undo: none (no)")


def test_a_thousand_steps_do_not_go_too_deep():
    many = {f"s{n}": READ + leads(**{"pass": f"s{n + 1}", "fail": "end.escalated", "error": "s0"}) for n in range(1000)}
    rows = outline(steps(**many, s1000="    wait: 1s\n" + leads(**{"pass": "end.healthy"})))
    assert rows[1000].depth == 1000
    assert sum(not row.again and not row.step.startswith("end.") for row in rows) == 1001


def test_every_kind_is_said():
    runbook = steps(
        a="    choose: {prompt: Which?, options: {b: Bee, c: Sea}}\n" + leads(b="b", c="b"),
        b="    ask: {prompt: How many?}\n    next: c\n",
        c="    manual: Press it.\n    next: d\n",
        d="    set: {x: 1}\n    next: e\n",
        e="    wait: 90s\n    next: f\n",
        f="    call: {runbook: other, inputs: {k: v}}\n    next: g\n",
        g="    parallel: {l: {shell: x, effect: read}}\n    next: h\n",
        h="    diagnose: {c: {cause: Cold, shell: x}}\n    next: i\n",
        i=READ + "    each: {in: [1, 2]}\n    next: j\n",
        j="    gate: Sure?\n    next: end.healthy\n",
    )
    said = [line for row in outline(runbook) for line in row.does]
    assert said == [
        "b: Bee | c: Sea", "How many?", "Press it.", "x=1", "90 s", "runbook other v", "l: shell: x",
        "c: shell: x  finds: Cold", "shell: x", "for each of 1 2, in batches 100%", "Sure?",
    ]  # fmt: skip
