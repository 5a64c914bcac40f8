"""A real Alertmanager posts to the hooks: with its token, again after a 503, and when the alert is over."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from steadyhand import events as e
from steadyhand.alerts.state import AlertState
from steadyhand.errors import JournalError
from steadyhand.web import hooks

from ..realparts import missing, until
from ..realparts.alertmanager import alertmanager
from ..serving import ROOT
from .doors import open_door
from .intakes import TOKEN, intakes_in


@pytest.fixture
def door(tmp_path):
    intakes_in(tmp_path)
    with open_door(tmp_path, list(hooks.ROUTES)) as (client, server):
        yield f"{client.base_url}/hooks/alertmanager", server


def only(server) -> AlertState:
    found = server.board.alerts()
    return found[0] if found else AlertState()


def test_fired_refused_for_a_while_told_again_and_resolved(door, monkeypatch):
    url, server = door
    real, refused = server.services.journal.append_all, []

    def fails_twice(appends):
        if len(refused) < 2:
            refused.append(appends)
            raise JournalError("the disk is full")
        return real(appends)

    monkeypatch.setattr(server.services.journal, "append_all", fails_twice)
    with alertmanager(url, TOKEN) as sender:
        sender.fire("QueueBacklog", queue="orders", service="checkout", severity="warning")
        until(lambda: only(server).status == "firing", "the alert")
        assert len(refused) == 2  # it was answered with 503, and sent again
        said = only(server).said
        assert (said.name, said.labels["queue"], said.annotations["summary"]) == (
            "QueueBacklog",
            "orders",
            "made by a test",
        )
        assert said.fingerprint in {one["fingerprint"] for one in sender.alerts()}
        sender.resolve("QueueBacklog", queue="orders", service="checkout", severity="warning")
        until(lambda: only(server).status == "resolved", "the end of the alert")
        assert len(server.board.alerts()) == 1
        told = [r.event for r in server.services.journal.read(only(server).stream)]
    assert [said.status for said in told if isinstance(said, e.AlertReceived)] == ["firing", "resolved"]


def test_a_wrong_token_lets_nothing_in(door):
    url, server = door
    with alertmanager(url, "not-the-token") as sender:
        sender.fire("QueueBacklog", queue="orders")
        until(lambda: len(sender.alerts()) == 1, "the alert at its sender")
        with pytest.raises(pytest.fail.Exception):
            until(lambda: bool(server.board.alerts()), "an alert", patience=1.5)


def test_what_the_page_shows_is_what_alertmanager_reads(tmp_path):
    page = (ROOT / "docs" / "how-to" / "alerts-in.md").read_text("utf-8")
    shown = re.search(r"^```yaml\n# alertmanager\.yml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    if shutil.which("amtool") is None:
        missing("prometheus-alertmanager", "amtool")
    (tmp_path / "alertmanager.yml").write_text(shown[1])
    done = subprocess.run(
        ["amtool", "check-config", tmp_path / "alertmanager.yml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
