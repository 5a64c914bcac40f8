"""A misspelt kind hides nothing else, and a misspelt key is not taken for a kind."""

from __future__ import annotations

import pytest

from steadyhand import schema
from steadyhand.handlers import registry

from .documents import HEAD


def found(step):
    text = f"{HEAD}steps:\n  a:\n    {step}\n"
    return [(d.code, d.message) for d in schema.read(text, "x.yaml", registry.specs()).diagnostics]


@pytest.mark.parametrize(
    ("kind", "said"),
    [("shel: echo {{ x", "there is no step kind `shel`"), ("jira: {open: true}", "there is no step kind `jira`")],
)
def test_everything_else_about_a_step_is_said_whatever_its_kind(kind, said):
    rest = "title: [A]\n    effect: reed\n    timeout: 5x\n    next: {pas: end.helthy}"
    messages = [message for _, message in found(f"{kind}\n    {rest}")]
    for one in (
        said,
        "`title` must be text",
        "`effect` cannot be 'reed'",
        "`timeout` must be a duration",
        "`end.helthy`",
    ):
        assert any(one in message for message in messages), (one, messages)
    if kind.startswith("shel"):
        assert "step `a` cannot end in `pas`" in messages
        assert any("template cannot be read" in message for message in messages)


def test_a_misspelt_key_is_no_kind():
    codes = found("titel: A\n    next: end.healthy")
    assert ("SH101", "step `a` has no key `titel`") in codes
    assert [message for code, message in codes if code == "SH104"] == ["step `a` has no kind"]
    assert not [code for code, _ in codes if code == "SH307"]


def test_keys_of_ones_own_are_left_alone():
    assert found("x-mine: 1\n    wait: 3s\n    next: end.healthy") == []
