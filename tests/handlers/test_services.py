"""Requests to paging services and status pages, held to what those publish and to what Alertmanager sends them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.errors import Refused
from steadyhand.handlers import _services
from steadyhand.handlers._notice import Notice
from steadyhand.handlers._request import replaced
from steadyhand.handlers._services import Again, Answer, reasons, receipt, request
from steadyhand.model import Literal, Secret, Text, plain, secrets_in

DATA = Path(__file__).parent / "data"
KEY = Text((Secret("key"),))
NOTICE = Notice(
    "It is slow\nsince 9", "Checkout", "critical", links=(("Look", "https://g/"),), run="r1", step="tell", token="t1"
)
LONG = Notice("m" * 600_000, "t" * 3000, key="k" * 1000, run="r1")


def sent(kind, params, notice=NOTICE):
    asked = request(kind, params, notice)
    return (
        asked.method,
        asked.url.masked(),
        replaced(dict(asked.headers), Text.masked),
        replaced(asked.json, Text.masked),
    )


@pytest.mark.parametrize("action", ["trigger", "resolve"])
def test_pagerduty_gets_what_alertmanager_sends(action):
    theirs = json.loads((DATA / f"alertmanager-out-pagerduty-v2-{action}.json").read_text())
    method, url, _, ours = sent("pagerduty", {"routing_key": KEY, "action": plain(action)}, Notice("m", run="r1"))
    assert (method, url) == ("POST", "https://events.pagerduty.com/v2/enqueue")
    assert set(theirs) - set(ours) == {"client_url"}
    assert set(theirs["payload"]) <= set(ours["payload"])
    assert ours["event_action"] == theirs["event_action"] == action
    assert ours["payload"]["severity"] == theirs["payload"]["severity"] == "error"


def test_an_event_for_pagerduty():
    _, _, _, body = sent("pagerduty", {"routing_key": KEY, "source": plain("checkout")})
    assert body == {
        "routing_key": "•••", "event_action": "trigger", "dedup_key": "steadyhand/r1",
        "payload": {
            "summary": "Checkout: It is slow since 9", "source": "checkout", "severity": "critical",
            "custom_details": {"message": "It is slow\nsince 9", "run": "r1", "step": "tell"},
        },
        "client": "Steadyhand", "links": [{"href": "https://g/", "text": "Look"}],
    }  # fmt: skip
    assert secrets_in(request("pagerduty", {"routing_key": KEY}, NOTICE).json) == {"key"}


def test_pagerdutys_limits():
    _, _, _, body = sent("pagerduty", {"routing_key": KEY}, LONG)
    assert len(body["payload"]["summary"]) == 1024
    assert len(body["dedup_key"]) == 64
    assert len(json.dumps(body).encode()) < 512 * 1024
    assert body["dedup_key"] != sent("pagerduty", {"routing_key": KEY}, Notice("m", key="k" * 1001))[3]["dedup_key"]


def test_the_steps_action_and_severity_come_first():
    params = {"routing_key": KEY, "action": plain("trigger"), "severity": plain("info"), "dedup_key": plain("d")}
    assert sent("pagerduty", params, Notice("m", action="resolve"))[3]["event_action"] == "resolve"
    assert sent("pagerduty", params, Notice("m"))[3]["payload"]["severity"] == "info"
    assert sent("pagerduty", params, Notice("m"))[3]["dedup_key"] == "d"


def test_an_alert_for_opsgenie():
    params = {"api_key": KEY, "region": plain("eu"), "team": plain("checkout"), "tags": [plain("runbook")]}
    method, url, headers, body = sent("opsgenie", params)
    assert (method, url, headers) == (
        "POST",
        "https://api.eu.opsgenie.com/v2/alerts",
        {"Authorization": "GenieKey •••"},
    )
    assert body == {
        "message": "Checkout", "alias": "steadyhand/r1", "description": "It is slow\nsince 9", "priority": "P1",
        "source": "Steadyhand", "details": {"run": "r1", "step": "tell", "Look": "https://g/"}, "tags": ["runbook"],
        "responders": [{"type": "team", "name": "checkout"}],
    }  # fmt: skip


@pytest.mark.parametrize(("action", "verb"), [("resolve", "close"), ("acknowledge", "acknowledge")])
def test_an_alert_is_closed_by_its_alias(action, verb):
    _, url, _, body = sent(
        "opsgenie", {"api_key": KEY, "url": plain("https://proxy/og/")}, Notice("done", action=action, run="r1")
    )
    assert url == f"https://proxy/og/v2/alerts/steadyhand%2Fr1/{verb}?identifierType=alias"
    assert body == {"source": "Steadyhand", "note": "done"}


def test_opsgenies_limits():
    params = {"api_key": KEY, "tags": [plain("t" * 100)] * 30}
    _, _, _, body = sent("opsgenie", params, LONG)
    assert [len(body[name]) for name in ("message", "alias", "description")] == [130, 64, 15_000]
    assert (len(body["tags"]), len(body["tags"][0])) == (20, 50)


def test_a_message_to_slack_as_a_bot():
    method, url, headers, body = sent("slack", {"token": KEY, "channel": plain("#ops")})
    assert (method, url, headers) == ("POST", "https://slack.com/api/chat.postMessage", {"Authorization": "Bearer •••"})
    assert body["channel"] == "#ops"
    assert body["blocks"]
    assert sent("slack", {"webhook": plain("https://hooks/x")})[1] == "https://hooks/x"


def test_a_webhook_says_everything_unless_told_what():
    _, url, _, body = sent("webhook", {"url": plain("https://h/x")})
    assert url == "https://h/x"
    assert body == {
        "message": "It is slow\nsince 9", "title": "Checkout", "severity": "critical", "action": "trigger",
        "audience": "responders", "link": "https://g/", "key": "steadyhand/r1", "run": "r1", "step": "tell",
    }  # fmt: skip


def test_the_body_of_a_webhook():
    body = {
        "text": plain("*$title*: $message ($$5, $other)"), "n": 5, "deep": [{"m": plain("$message")}],
        "key": Text((Literal("k-$run-"), Secret("key"))),
    }  # fmt: skip
    params = {"url": plain("https://h/"), "method": plain("put"), "headers": {"X": KEY}, "body": body, "secret": KEY}
    method, _, headers, found = sent("webhook", params)
    assert (method, headers) == ("PUT", {"X": "•••"})
    assert found == {
        "text": "*Checkout*: It is slow\nsince 9 ($5, $other)", "n": 5, "deep": [{"m": "It is slow\nsince 9"}],
        "key": "k-r1-•••",
    }  # fmt: skip
    assert request("webhook", params, NOTICE).sign == ("X-Signature-256", KEY)


def test_customers_hear_of_no_run_and_no_step():
    theirs = Notice("m", audience="customers", run="r1", step="tell", key="db2")
    _, _, _, body = sent("webhook", {"url": plain("https://h/")}, theirs)
    assert (body["run"], body["step"]) == ("", "")
    assert "db2" not in json.dumps(body)


def test_any_status_page():
    params = {
        "url": plain("https://status/api/v1/incidents"), "headers": {"X-Cachet-Token": KEY},
        "fields": {"name": plain("$title"), "message": plain("$message"), "status": plain("$state"), "visible": 1},
        "states": {"trigger": 1, "resolve": 4},
    }  # fmt: skip
    method, _, headers, body = sent("status", params)
    assert (method, headers) == ("POST", {"X-Cachet-Token": "•••"})
    assert body == {"name": "Checkout", "message": "It is slow\nsince 9", "status": 1, "visible": 1}
    assert sent("status", params, Notice("m", action="acknowledge"))[3]["status"] == "identified"


PAGE = {"page": plain("p1"), "api_key": KEY, "components": {"c1": plain("partial_outage")}, "impact": plain("minor")}


def test_an_incident_of_a_statuspage_is_made_once_and_then_updated():
    opened = _services.statuspage_open(PAGE)
    assert (opened.method, opened.url.masked()) == ("GET", "https://api.statuspage.io/v1/pages/p1/incidents/unresolved")
    made = _services.statuspage(PAGE, NOTICE, "")
    assert (made.method, made.url.masked()) == ("POST", "https://api.statuspage.io/v1/pages/p1/incidents")
    incident = made.json["incident"]
    assert incident["metadata"]["steadyhand"]["key"] != "steadyhand/r1"
    assert {k: v for k, v in incident.items() if k != "metadata"} == {
        "name": "Checkout", "status": "investigating", "body": "It is slow\nsince 9", "impact_override": "minor",
        "components": {"c1": "partial_outage"}, "component_ids": ["c1"],
    }  # fmt: skip
    assert _services.statuspage_found(NOTICE, [{"id": "other", "metadata": {}}, {"id": "i7", **incident}]) == "i7"
    assert _services.statuspage_found(Notice("m", run="r2"), [{"id": "i7", **incident}]) == ""
    assert _services.statuspage_found(NOTICE, {"error": "x"}) == ""
    done = _services.statuspage(PAGE, Notice("well again", action="resolve", run="r1"), "i7")
    assert (done.method, done.url.masked()) == ("PATCH", "https://api.statuspage.io/v1/pages/p1/incidents/i7")
    assert done.json["incident"]["components"] == {"c1": "operational"}
    assert done.json["incident"]["status"] == "resolved"


@pytest.mark.parametrize(
    ("kind", "body", "found", "said"),
    [
        ("slack", "ok", None, ""),
        ("slack", "", {"ok": True, "ts": "1503435956.000247"}, "1503435956.000247"),
        ("teams", "1", 1, ""),
        ("pagerduty", "", {"status": "success", "dedup_key": "d"}, "d"),
        ("opsgenie", "", {"result": "Request will be processed", "requestId": "q"}, "q"),
        ("statuspage", "", {"id": "i7"}, "i7"),
        ("webhook", "", {"data": {"id": 7}}, "7"),
        ("webhook", "thanks", None, "t1"),
    ],
)
def test_what_a_service_calls_the_message(kind, body, found, said):
    assert receipt(kind, NOTICE, Answer(200, {}, body, found)) == said


@pytest.mark.parametrize(
    ("kind", "body", "found", "failure", "message"),
    [
        ("slack", "", {"ok": False, "error": "channel_not_found"}, Refused, "Slack refused it: channel_not_found"),
        ("slack", "", {"ok": False, "error": "ratelimited"}, Again, "Slack answered ratelimited"),
        ("teams", "Webhook message delivery failed with error: Microsoft Teams endpoint returned HTTP error 429", None,
         Again, "Teams could not deliver it: 429"),
        ("teams", "Webhook message delivery failed with error: HTTP error 403", None, Refused,
         "Teams could not deliver it: Webhook message delivery failed with error: HTTP error 403"),
    ],
)  # fmt: skip
def test_an_answer_of_200_that_is_a_refusal(kind, body, found, failure, message):
    with pytest.raises(failure) as caught:
        receipt(kind, NOTICE, Answer(200, {}, body, found))
    assert type(caught.value) is failure
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("body", "found", "why"),
    [
        ("no_service", None, "no_service"),
        ("", {"status": "invalid event", "message": "Event object is invalid", "errors": ["Length of 'routing_key' is wrong"]},
         "Event object is invalid; Length of 'routing_key' is wrong"),
        ("", {"message": "Key format is not valid!", "took": 0.1}, "Key format is not valid!"),
        ("<html>\n<b>no</b>", None, "<html> <b>no</b>"),
        ("", {"errors": {"name": ["is too long"]}}, "name: is too long"),
    ],
)  # fmt: skip
def test_why_a_service_refused_in_its_own_words(body, found, why):
    assert reasons(Answer(400, {}, body, found)) == why
