"""What lies around the runbooks: settings and rules, as data for the proofs."""

from __future__ import annotations

import pytest

from steadyhand.app import library
from steadyhand.errors import UsageError

from .desk import desk, one_step, write

RULES = "groups: [{name: a, rules: [{alert: Down, expr: up == 0}]}]\n"


def around(folder, text, **files):
    (folder / "steady.yaml").write_text(text)
    for name, content in files.items():
        (folder / f"{name}.yml").write_text(content)
    return desk(folder).around


def test_without_settings_nothing_is_known(tmp_path):
    found = desk(tmp_path).around
    assert (found.settings, found.alerts, found.policy_said) == (False, None, False)


def test_what_the_settings_say(tmp_path):
    text = "roles: {r: [ana]}\ntargets: {app: {ssh: {hosts: [a]}}}\npolicy: {auto: {change: asked}}\n"
    found = around(tmp_path, text)
    assert found.settings
    assert found.roles == {"r": ("ana",)}
    assert found.targets == {"app"}
    assert found.policy == {"change": "asked", "destructive": "asked"}
    assert (found.policy_said, found.channels, found.alerts) == (True, {"console"}, None)


def test_rules_are_found_from_where_the_settings_lie(tmp_path):
    (tmp_path / "below").mkdir()
    (tmp_path / "steady.yaml").write_text("rules: ['*.yml']\n")
    (tmp_path / "a.yml").write_text(RULES)
    assert desk(tmp_path / "below").around.alerts == {"Down"}


def test_rules_that_are_not_there_or_cannot_be_read(tmp_path):
    with pytest.raises(UsageError, match=r"no rules file matches none/\*\.yml"):
        around(tmp_path, "rules: ['none/*.yml']\n")
    with pytest.raises(UsageError, match=r"a\.yml:2:1: the rules file cannot be read"):
        around(tmp_path, "rules: ['*.yml']\n", a="groups: [\n")


def test_a_policy_that_is_stated_keeps_a_runbook_from_running(tmp_path):
    gate = "gate: {prompt: Sure?, auto: true}\n    undo: {none: no}"
    path = write(
        tmp_path,
        "auto",
        one_step(f"shell: x\n    {gate}", "change", "pass: end.escalated, fail: end.escalated, error: end.escalated"),
    )
    assert library.read(desk(tmp_path), path).valid
    (tmp_path / "steady.yaml").write_text("policy: {auto: {change: asked}}\n")
    found = library.read(desk(tmp_path), path)
    assert not found.valid
    assert [d.code for d in found.diagnostics] == ["SG021"]
