"""Names that must mean something."""

from __future__ import annotations

import pytest

from steadyhand import schema
from steadyhand.handlers import registry

from .documents import changed

SPECS = registry.specs()
DECLARED = changed("title: X", "title: X\ninputs: {host: {type: string}}\nsecrets: {key: {env: KEY}}")


def messages(text):
    return [d.message for d in schema.read(text, "x", SPECS).diagnostics]


@pytest.mark.parametrize(
    "name", ["inputs.host", "secrets.key", "steps.a.stdout", "facts.anything", "run.id", "alert.labels.x", "contacts.x"]
)
def test_what_is_declared_or_cannot_be_known(name):
    assert messages(changed("echo", f"echo {{{{ {name} }}}}", DECLARED)) == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("inputs.hots", "there is no input `hots`"),
        ("steps.b.x", "there is no step `b`"),
    ],
)
def test_what_is_not(name, message):
    assert messages(changed("echo", f"echo {{{{ {name} | default('x') }}}}", DECLARED)) == [message]


def test_a_secret_that_is_not_declared():
    assert messages(changed("echo", "echo {{ secrets.kee }}", DECLARED)) == ["there is no secret `kee`"]


def test_steps_inside_branches_are_known():
    text = changed("    shell: echo\n    effect: read\n",
                   "    parallel: {one: {steps: {p: {title: P, shell: 'echo {{ steps.a.one.p.x }}', effect: read}}}}\n")  # fmt: skip
    assert messages(text) == []


def test_a_name_in_a_question_and_in_the_escalation_counts_as_well():
    text = changed("title: X", "title: X\nescalation: {to: x, contact: '{{ inputs.nobody }}'}")
    assert messages(text) == ["there is no input `nobody`"]
