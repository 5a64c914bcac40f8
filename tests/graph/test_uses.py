"""Where a runbook uses names: every place, and none that cannot matter."""

from __future__ import annotations

from steadyhand.graph import uses, ways

from .documents import END, READ, steps

ALL = """\
    each: {in: "{{ facts.list }}"}
    shell: echo {{ facts.params }}
    effect: change
    gate: {prompt: "{{ facts.prompt }}"}
    expect: "facts.expect == 1"
    facts: {x: "{{ facts.inner }}"}
    capture: {c: {shell: "echo {{ facts.capture }}"}}
    verify: {shell: "echo {{ facts.verify }}", expect: {stdout: {equals: "{{ facts.equals }}"}}}
    undo: {shell: "echo {{ facts.undo }}"}
    next: {pass: b, fail: end.escalated, error: end.escalated, rejected: end.escalated}
"""


def found(**bodies):
    return uses.of_scopes(ways.every(ways.of_runbook(steps(**bodies))))


def test_every_place_of_a_step_is_looked_at():
    seen = [(u.where, u.part, u.text, u.done) for u in found(a=ALL, b=READ + END)]
    assert seen == [
        ("a", "prompt", "{{ facts.prompt }}", False),
        ("a", "items", "{{ facts.list }}", False),
        ("a:before.c", "params", "echo {{ facts.capture }}", False),
        ("a", "params", "echo {{ facts.params }}", False),
        ("a", "expect", "facts.expect == 1", False),
        ("a", "facts", "{{ facts.inner }}", False),
        ("a:verify", "params", "echo {{ facts.verify }}", True),
        ("a:verify", "expect", "{{ facts.equals }}", True),
        ("a:undo", "params", "echo {{ facts.undo }}", True),
    ]


def test_the_other_kinds():
    more = {
        "m": "    manual: Do {{ facts.m }}\n    next: {pass: k, fail: end.escalated, error: end.escalated}\n",
        "k": "    ask: {prompt: 'How {{ facts.k }}?'}\n    next: {pass: s, error: end.escalated}\n",
        "s": "    set: {a: '{{ facts.s }}', b: '{{ facts.a }}'}\n    next: {pass: d}\n",
        "d": "    diagnose: {c: {cause: C, shell: 'echo {{ facts.d }}'}}\n" + END,
    }  # fmt: skip
    seen = [(u.where, u.text, u.earlier) for u in found(**more)]
    assert seen == [
        ("m", "Do {{ facts.m }}", ()),
        ("k", "How {{ facts.k }}?", ()),
        ("s", "{{ facts.s }}", ()),
        ("s", "{{ facts.a }}", ("a",)),
        ("d.c", "echo {{ facts.d }}", ()),
    ]


def test_what_is_always_there_is_left_out():
    body = "    shell: echo {{ run.id }} {{ contacts.team }}\n    effect: read\n"
    assert found(a=body + END) == ()


def test_texts_of_a_value():
    assert list(uses.texts({"a": ["{{ x }}", 3, "plain"], "b": {"c": "{% if y %}{% endif %}"}})) == [
        "{{ x }}",
        "{% if y %}{% endif %}",
    ]
