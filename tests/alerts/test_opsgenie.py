"""Opsgenie's outgoing webhook."""

from __future__ import annotations

import pytest

from .senders import OPSGENIE, changed, heard


def alert(**more):
    return changed(OPSGENIE, alert=changed(OPSGENIE["alert"], **more))


def test_an_alert():
    (one,) = heard("opsgenie", OPSGENIE)
    assert (one.status, one.name) == ("firing", "Orders down")
    assert len(one.fingerprint) == 64  # the alias is no short word
    assert one.identity == "052652ac-5d1c-464a-812a-7dd18bbfba8c/Create/1795447926000000000"
    assert (one.starts_at, one.ends_at) == (1795447926000000, 0)
    assert one.labels == {
        "alertname": "Orders down", "env": "prod", "critical": "true", "team": "data", "host": "db2",
        "alias": "orders/db down", "entity": "orders-db", "source": "nagios", "tinyId": "23",
    }  # fmt: skip
    assert one.annotations == {"summary": "Orders down", "description": "No answer"}


def test_the_alias_makes_it_the_same_alert():
    later = alert(alertId="other", updatedAt=1795447999000000000)
    first, second = heard("opsgenie", OPSGENIE)[0], heard("opsgenie", later)[0]
    assert first.fingerprint == second.fingerprint
    assert first.identity != second.identity
    assert heard("opsgenie", alert(alias=""))[0].fingerprint == "052652ac-5d1c-464a-812a-7dd18bbfba8c"


@pytest.mark.parametrize(
    ("action", "status"),
    [("Acknowledge", "acknowledged"), ("UnAcknowledge", "firing"), ("Close", "resolved"), ("Delete", "resolved")],
)
def test_actions_that_change_what_it_is(action, status):
    assert heard("opsgenie", changed(OPSGENIE, action=action))[0].status == status


@pytest.mark.parametrize("action", ["AddNote", "AddTags", "Escalate", "SomethingNew"])
def test_other_actions_are_let_pass(action):
    passed = heard("opsgenie", changed(OPSGENIE, action=action))
    assert (passed.status, passed.why) == (202, f"{action} changes no status")


@pytest.mark.parametrize("body", [{}, {"action": "Create"}, {"action": "Create", "alert": {"alias": "x"}}])
def test_what_is_no_webhook_is_refused(body):
    assert heard("opsgenie", body).status == 400


def test_odd_tags_and_details_hurt_nobody():
    (one,) = heard("opsgenie", alert(tags=[":x", "", 7, None, "a:b:c"], details=["x"]))
    assert (one.labels[":x"], one.labels["7"], one.labels["a"]) == ("true", "true", "b:c")
