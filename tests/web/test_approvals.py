"""Answers over HTTP: a link that is only looked at does nothing, a signed press is answered in time and then works."""

from __future__ import annotations

import re
import time
import urllib.parse

import httpx
import pytest

from steadyhand import events as e
from steadyhand.app import library
from steadyhand.model import Mode
from steadyhand.web import approvals
from steadyhand.web.routes import routes
from steadyhand.web.sessions import identify

from ..app.asked import place
from ..app.server import ANA, until
from ..app.test_asks import start, told_all
from ..realparts.mail import mail_server
from ..realparts.slack_fake import SIGNING, TOKEN, slack
from ..serving import ROOT, settings_of
from .doors import open_door


@pytest.fixture
def asked(tmp_path):
    with place(tmp_path) as there, open_door(tmp_path, routes(), identify) as (client, server):
        run = start(server)
        until(lambda: told_all(server, run))
        client.headers.pop("X-Test-Person")
        yield there, client, server, run


def answers(server, run):
    return [one.event for one in server.services.journal.read(run) if isinstance(one.event, e.GateAnswered)]


def test_a_scanner_that_opens_every_link_approves_nothing(asked):
    there, client, server, run = asked
    for method in ("GET", "HEAD"):
        page = client.request(method, f"/a/{there.link('ana')}")
        assert page.status_code == 200
    assert answers(server, run) == []
    page = client.get(f"/a/{there.link('ana')}")
    assert "echo changed" in page.text
    assert server.board.run(run).gates[0].digest[:12] in page.text
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    assert "script" not in page.text
    assert re.findall(r'name="answer" value="(\w+)"', page.text) == ["approve", "reject"]


def test_the_form_acts_once(asked):
    there, client, server, run = asked
    link = f"/a/{there.link('ana')}"
    done = client.post(link, data={"answer": "approve", "comment": "it looks <right>"})
    assert (done.status_code, "Thank you, ana" in done.text) == (200, True)
    (event,) = answers(server, run)
    assert (event.by, event.via, event.origin, event.comment) == ("ana", "email", "127.0.0.1", "it looks <right>")
    again = client.post(link, data={"answer": "approve"})
    assert again.status_code == 410
    assert "This link was used already: ana has answered approve to change" in again.text
    assert client.get(link).status_code == 410
    assert until(lambda: server.board.run(run).conclusion) == "resolved"


def test_a_rejection_with_a_comment(asked):
    there, client, server, run = asked
    client.post(f"/a/{there.link('kim')}", data={"answer": "reject", "comment": "not now"})
    (event,) = answers(server, run)
    assert (event.by, event.answer, event.comment) == ("kim", "reject", "not now")


def test_going_back_wants_a_reason(tmp_path):
    with place(tmp_path, more=", back: [look]") as there, open_door(tmp_path, routes(), identify) as (client, server):
        runbook = tmp_path / "asking.yaml"
        runbook.write_text(runbook.read_text().replace("    title: Look\n", "    title: Look\n    max_visits: 3\n"))
        run = start(server)
        until(lambda: told_all(server, run))
        link = f"/a/{there.link('ana')}"
        assert 'value="back:look"' in client.get(link).text
        assert list(there.slack.buttons()) == ["Approve", "Reject"]
        refused = client.post(link, data={"answer": "back:look", "comment": " "})
        assert (refused.status_code, "to go back wants a reason" in refused.text) == (409, True)
        assert client.post(link, data={"answer": "back:look", "comment": "look again"}).status_code == 200
        (event,) = answers(server, run)
        assert (event.answer, event.comment) == ("back:look", "look again")
        until(lambda: len(there.box.taken) == 4 and len(there.slack.posted) == 2)  # it asks anew, and that is told


def test_what_does_not_fit_is_said_on_the_page(asked):
    there, client, _, _ = asked
    link = f"/a/{there.link('ana')}"
    for data in ({}, {"answer": "perhaps"}, {"other": "x"}):
        page = client.post(link, data=data)
        assert page.status_code == 409
        assert "is no answer to change" in page.text
    assert client.post(link, data={"answer": "approve"}).status_code == 200
    missing = client.get("/a/nothing")
    assert (missing.status_code, "this link does not hold, or not any more" in missing.text) == (404, True)
    assert client.post("/a/nothing", data={"answer": "approve"}).status_code == 404


def test_a_link_whose_question_was_settled_in_slack_says_so(asked):
    there, client, server, run = asked
    hooks = str(client.base_url).rstrip("/")
    assert there.slack.press(hooks, there.slack.buttons()["Approve"], "U0KIM0000") == 200
    until(lambda: answers(server, run))
    until(lambda: server.board.run(run).conclusion)
    page = client.get(f"/a/{there.link('ana')}")
    assert (page.status_code, "approved: approve by kim (slack)" in page.text) == (410, True)


def test_a_press_is_answered_and_the_button_is_dead(asked):
    there, client, server, run = asked
    hooks, button = str(client.base_url).rstrip("/"), there.slack.buttons()["Approve"]
    assert there.slack.press(hooks, button, "U024BE7LH") == 200
    until(lambda: there.slack.buttons() == {})
    assert [event.by for event in answers(server, run)] == ["ana"]
    assert there.slack.press(hooks, button, "U0KIM0000") == 200
    until(lambda: there.slack.whispers)
    assert "The answer does not count" in there.slack.whispers[0][1]
    assert until(lambda: server.board.run(run).conclusion) == "resolved"


def test_a_stranger_is_refused_in_words(asked):
    there, client, server, run = asked
    there.slack.press(str(client.base_url).rstrip("/"), there.slack.buttons()["Approve"], "U0STRANGE")
    until(lambda: there.slack.whispers)
    assert "You are not known here" in there.slack.whispers[0][1]
    assert answers(server, run) == []


def test_slack_is_answered_within_three_seconds_and_the_work_goes_on(asked, monkeypatch):
    there, client, server, run = asked
    monkeypatch.setattr(approvals, "SOON", 0.3)
    real = server.replies.by_press

    def slow(payload, origin):
        time.sleep(1.0)
        return real(payload, origin)

    monkeypatch.setattr(server.replies, "by_press", slow)
    began = time.monotonic()
    assert there.slack.press(str(client.base_url).rstrip("/"), there.slack.buttons()["Approve"], "U024BE7LH") == 200
    assert time.monotonic() - began < 0.9
    assert answers(server, run) == []
    assert until(lambda: answers(server, run))[0].by == "ana"


@pytest.mark.parametrize(
    ("key", "at", "status"), [("wrong", None, 403), (SIGNING, 1_700_000_000, 403), (SIGNING, None, 400)]
)
def test_only_slack_may_press(asked, key, at, status):
    there, client, server, run = asked
    assert there.slack.send(str(client.base_url).rstrip("/"), b"payload=x", key, at) == status
    assert answers(server, run) == []


def test_what_slack_sends_beside_is_taken_and_left(asked):
    there, client, server, run = asked
    hooks = str(client.base_url).rstrip("/")
    assert there.slack.press(hooks, there.slack.buttons()["Approve"], "U024BE7LH", type="view_closed") == 200
    assert there.slack.send(hooks, urllib.parse.urlencode({"payload": "[" * 5_000}).encode()) == 400
    assert there.slack.send(hooks, b"") == 400
    assert httpx.post(f"{hooks}/hooks/slack/actions", content=b"payload={}").status_code == 401
    assert answers(server, run) == []


def test_the_settings_that_the_page_shows_work(tmp_path):
    settings = settings_of("approve.md")
    with mail_server() as (port, box), slack() as chat:
        smtp = f"host: 127.0.0.1\n      port: {port}\n      tls: none"
        settings = settings.replace("host: smtp.example.com", smtp)
        settings = re.sub(r"\n      (username|password): .*", "", settings)
        settings = settings.replace('channel: "#orders-oncall"', f'channel: "#orders-oncall", url: "{chat.url}"')
        settings = settings.replace("env: SLACK_BOT_TOKEN", f"file: {tmp_path}/bot").replace(
            "env: SLACK_SIGNING_SECRET", f"file: {tmp_path}/signing"
        )
        (tmp_path / "bot").write_text(TOKEN)
        (tmp_path / "signing").write_text(SIGNING)
        (tmp_path / "steady.yaml").write_text(f"{settings}\nlibrary: ['.']\n")
        page = (ROOT / "docs" / "how-to" / "approve.md").read_text("utf-8")
        runbook = re.search(r"^```yaml\n# restart-orders\.yaml\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        (tmp_path / "restart-orders.yaml").write_text(runbook[1])
        with open_door(tmp_path, routes(), identify) as (client, server):
            run = server.run(ANA, library.load(server.services, "restart-orders"), {}, Mode.GUIDED)
            until(lambda: len(box.taken) == 2 and chat.posted)
            assert chat.press(str(client.base_url).rstrip("/"), chat.buttons()["Approve"], "U024BE7LH") == 200
            assert until(lambda: server.board.run(run).conclusion) == "resolved"
            until(lambda: chat.buttons() == {})
