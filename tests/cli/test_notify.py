"""Telling people from the command line: what goes out, what stops nothing, and that nothing is lost in silence."""

from __future__ import annotations

import json

import pytest

from ..handlers.servers import closed_port
from ..handlers.sink import sink
from .steady import start, steady

RUNBOOK = """\
steadyhand: 1
name: fix-it
title: Fix it
inputs: {where: {type: string, default: "<!channel> db2"}}
secrets: {token: {env: TOKEN}}
steps:
  begin:
    title: Tell who is on call
    notify: {to: [oncall, console], message: "It is broken: {{ inputs.where }}", title: Fix it, severity: SEV2}
    timeout: 4s
    next: {pass: repair}
  repair:
    title: Repair
    shell: rm broken
    gate: {prompt: 'Repair it?'}
    undo: {none: nothing}
    next: {pass: confirm, fail: end.escalated, error: end.escalated, rejected: end.escalated}
  confirm:
    title: Confirm
    purpose: verification
    shell: test ! -e broken
    effect: read
    next: {pass: done, fail: end.escalated, error: end.escalated}
  done:
    title: Tell them again
    notify: {to: lost, message: Repaired, action: resolve}
    timeout: 4s
    next: {pass: end.resolved}
"""
SETTINGS = """\
secrets: {{hook: {{env: HOOK}}}}
channels:
  oncall: {{slack: {{webhook: "{url}/services/{{{{ secrets.hook }}}}"}}}}
  lost: {{webhook: {{url: "http://{gone}/{{{{ secrets.hook }}}}"}}}}
"""


@pytest.fixture
def service():
    with sink((200, {}, "ok")) as found:
        yield found


@pytest.fixture
def folder(tmp_path, service):
    (tmp_path / "fix-it.yaml").write_text(RUNBOOK)
    (tmp_path / "steady.yaml").write_text(SETTINGS.format(url=service.url, gone=closed_port()))
    (tmp_path / "broken").touch()
    return tmp_path


KEYS = {"HOOK": "T0-sekrit-12345", "TOKEN": "tok-sekrit-12345"}
SAID = "lost (webhook): "


def test_a_fix_whose_message_is_lost_is_still_resolved_and_says_so_everywhere(folder, service):
    first = steady(folder, "run", "fix-it.yaml", **KEYS)
    assert first.returncode == 4, first.stderr
    assert "NOT DELIVERED" not in first.stdout + first.stderr
    done = steady(folder, "answer", "last", "repair", "approve", "--resume", **KEYS)
    assert done.returncode == 0, done.stderr
    assert not (folder / "broken").exists()
    assert "NOT DELIVERED: lost (webhook): " in done.stdout
    *_, lost, transcript = done.stderr.splitlines()
    assert lost.startswith("NOT DELIVERED: lost (webhook): ")
    assert "refused the connection" in lost
    assert lost.endswith("(step done)")
    assert transcript.startswith("transcript: ")

    document = json.loads(steady(folder, "transcript", "last", "--format", "json").stdout)
    assert document["conclusion"] == "resolved"
    (one,) = document["undelivered"]
    assert one["path"] == "done"
    assert one["what"].startswith(SAID)
    markdown = steady(folder, "transcript", "last").stdout
    assert markdown.splitlines()[2].startswith("> **Not delivered:** lost (webhook): ")
    page = steady(folder, "transcript", "last", "--format", "html").stdout
    assert "<b>Not delivered:</b> lost (webhook): " in page
    shown = steady(folder, "show", "last")
    assert shown.stdout.splitlines()[-1].startswith("NOT DELIVERED: lost (webhook): ")
    assert json.loads(steady(folder, "show", "last", "--json").stdout)["undelivered"][0]["step"] == "done"
    for text in (first, done, shown):
        assert "sekrit" not in text.stdout + text.stderr
    assert "sekrit" not in markdown + page + json.dumps(document)

    ((method, path, _, body),) = service.requests
    assert (method, path) == ("POST", "/services/T0-sekrit-12345")
    assert body["blocks"][1]["text"]["text"] == "It is broken: &lt;!channel&gt; db2"
    assert document["sections"][0]["attempts"][0]["values"]["sent"] == ["oncall", "console"]


def test_whoever_watches_reads_the_whole_message(folder):
    said = steady(folder, "run", "fix-it.yaml", **KEYS).stdout
    assert "console: [error] Fix it" in said
    assert "It is broken: <!channel> db2" in said


@pytest.mark.parametrize("probe", [(), ("--probe",)])
def test_a_dry_run_tells_nobody_and_shows_what_would_be_said(folder, service, probe):
    done = steady(folder, "run", "fix-it.yaml", "--dry-run", *probe, **KEYS)
    assert done.returncode in {0, 1}, done.stderr
    assert f"oncall (slack {service.url}/services/•••), console: [error] Fix it" in done.stdout
    assert "NOT DELIVERED" not in done.stdout + done.stderr
    assert service.requests == []


def test_preflight_looks_at_every_channel_and_tells_nobody(folder, service):
    done = steady(folder, "preflight", "fix-it.yaml", "--json", **KEYS)
    rows = {(row["step"], row["what"]): row["holds"] for row in json.loads(done.stdout)["rows"]}
    assert rows["begin", "channel oncall (slack)"] is True
    assert rows["done", "channel lost (webhook)"] is False
    assert [method for method, _, _, _ in service.requests] == ["HEAD"]


def test_a_channel_that_is_not_declared_is_said_by_preflight_and_in_the_end(folder):
    (folder / "fix-it.yaml").write_text(RUNBOOK.replace("to: lost", "to: nowhere"))
    rows = json.loads(steady(folder, "preflight", "fix-it.yaml", "--json", **KEYS).stdout)["rows"]
    assert any(row["why"] == "there is no channel nowhere" for row in rows)
    steady(folder, "run", "fix-it.yaml", **KEYS)
    done = steady(folder, "answer", "last", "repair", "approve", "--resume", **KEYS)
    assert done.returncode == 0
    assert "NOT DELIVERED: there is no channel nowhere (step done)" in done.stderr


def test_no_secret_of_the_runbook_is_told(folder, service):
    text = RUNBOOK.replace("It is broken: {{ inputs.where }}", "it is {{ secrets.token }}")
    (folder / "fix-it.yaml").write_text(text)
    done = steady(folder, "run", "fix-it.yaml", **KEYS)
    assert "NOT DELIVERED: `message` holds the secret token, and no message may" in done.stdout
    assert service.requests == []


def test_a_run_that_waits_says_what_was_not_delivered(folder):
    (folder / "fix-it.yaml").write_text(RUNBOOK.replace("to: [oncall, console]", "to: lost"))
    run = start(folder, "run", "fix-it.yaml", "--quiet", **KEYS)
    _, said = run.communicate(timeout=60)
    assert run.returncode == 4
    assert "NOT DELIVERED: lost (webhook): " in said


def test_the_settings_are_checked(folder):
    (folder / "steady.yaml").write_text(
        "channels: {oncall: {slak: {}}, page: {statuspage: {page: p1}}, c: {pagerduty: {routing_key: x, action: open}}}\n"
    )
    done = steady(folder, "run", "fix-it.yaml")
    assert done.returncode == 2
    for words in ("slak", "api_key", "'open'"):
        assert words in done.stderr
