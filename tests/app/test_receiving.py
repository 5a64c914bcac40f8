"""From bytes to alerts that are taken down: who is let in, what they are told, secrets that come and go."""

from __future__ import annotations

import logging

import pytest

from steadyhand.app.intake import Busy, Intake
from steadyhand.app.receiving import Receiving, Reply
from steadyhand.app.services import Services
from steadyhand.errors import JournalError
from steadyhand.journal.memory import MemoryJournal

from ..alerts.senders import BODIES, PAGERDUTY, PAYLOADS, body, changed
from ..web.intakes import OLD, TOKEN, intakes_in, posted


@pytest.fixture
def receiving(tmp_path):
    intakes_in(tmp_path)
    services = Services(cwd=str(tmp_path))
    made = Receiving(services, Intake(MemoryJournal(), services.clock, actor="a"))
    made.start()
    yield made
    made.stop()


def send(receiving, source, raw=None, headers=None) -> Reply:
    import threading

    now = receiving._services.clock.now() // 1_000_000
    spec = receiving.find(source, "")
    given, shown = posted(source, now, raw)
    wanted = {name.lower(): value for name, value in (headers if headers is not None else shown).items()}
    wrong = receiving.greet(spec, wanted)
    if wrong is not None:
        return wrong
    came, there = [], threading.Event()

    def answer(reply):
        came.append(reply)
        there.set()

    receiving.receive(spec, wanted, given, "192.0.2.1", answer)
    assert there.wait(10)
    return came[0]


@pytest.mark.parametrize("source", BODIES)
def test_each_sender_is_taken_and_known_again(receiving, source):
    assert send(receiving, source) == Reply(202, {"alerts": 1, "new": 1, "known": 0})
    assert send(receiving, source) == Reply(202, {"alerts": 1, "new": 0, "known": 1})


@pytest.mark.parametrize("source", [source for source in BODIES if source != "generic"])
def test_nobody_else_is_taken(receiving, source):
    refused = send(receiving, source, headers=BODIES[source][1])
    assert refused.status == 401
    assert refused.ask == ("Basic" if source == "datadog" else "Bearer")
    assert list(receiving.intake._journal.streams()) == []


def test_what_tells_nothing_is_acknowledged_with_a_reason(receiving):
    note = body({"event": changed(PAGERDUTY["event"], event_type="incident.annotated")})
    assert send(receiving, "pagerduty", note) == Reply(
        202,
        {"alerts": 0, "new": 0, "known": 0, "ignored": "incident.annotated tells no new status of an incident"},
    )


def test_what_its_sender_left_out_is_told(receiving, caplog):
    send(receiving, "alertmanager", (PAYLOADS / "alertmanager-real-truncated.json").read_bytes())
    assert "its sender left out 1 alerts of a group" in caplog.text


def test_a_compressed_body_is_refused(receiving):
    headers = {**posted("alertmanager", 0)[1], "Content-Encoding": "gzip"}
    refused = send(receiving, "alertmanager", headers=headers)
    assert (refused.status, refused.body["title"]) == (415, "the body is compressed (gzip)")


def test_what_an_address_means(receiving):
    names = [
        ("alertmanager", ""),
        ("grafana", ""),
        ("grafana", "second"),
        ("pagerduty", "second"),
        ("odd", ""),
        ("grafana", "x"),
    ]
    found = [receiving.find(*one) for one in names]
    assert [one.name if one else None for one in found] == ["alertmanager", "grafana", "second", None, None, None]


def test_a_secret_may_be_replaced_without_a_restart(receiving, tmp_path):
    def shown(token):
        return send(receiving, "alertmanager", headers={"Authorization": f"Bearer {token}"}).status

    assert [shown(TOKEN), shown(OLD), shown("a-third-token")] == [202, 202, 403]
    (tmp_path / "token").write_text("a-third-token\n")
    assert shown("a-third-token") == 403
    receiving.reload(receiving._services.settings)
    assert [shown(TOKEN), shown(OLD), shown("a-third-token")] == [403, 202, 202]


def test_an_intake_whose_secret_cannot_be_had_takes_nothing(receiving, tmp_path, caplog):
    (tmp_path / "token").unlink()
    with caplog.at_level(logging.WARNING):
        receiving.reload(receiving._services.settings)
    assert "intake opsgenie: secret token" in caplog.text
    assert send(receiving, "opsgenie").status == 403


def test_an_open_intake_is_told_of(receiving, caplog):
    with caplog.at_level(logging.WARNING):
        receiving.reload(receiving._services.settings)
    assert "intake generic asks nobody who they are: only this machine can reach it" in caplog.text


@pytest.mark.parametrize(("problem", "retry"), [(JournalError("the disk is full: /secret"), 10), (Busy("much"), 1)])
def test_what_cannot_be_written_is_to_come_again(receiving, monkeypatch, problem, retry):
    def refuse(*_):
        raise problem

    monkeypatch.setattr(receiving.intake, "submit", refuse)
    reply = send(receiving, "alertmanager")
    assert (reply.status, reply.retry) == (503, retry)
    assert "/secret" not in str(reply.body)


def test_a_refusal_repeats_no_secret(receiving):
    reply = send(receiving, "generic", body({"title": "x", "state": TOKEN}))
    assert reply.status == 400
    assert TOKEN not in str(reply.body)
    assert "•••" in str(reply.body) or "token" in str(reply.body)
