"""Channels as they are declared: complete, plausible, and shown without their secrets."""

from __future__ import annotations

import pytest

from steadyhand.errors import BadInput
from steadyhand.handlers._channels import FAMILIES, MAILBOX, audience, check, loopback, place
from steadyhand.handlers.contract import _incomplete
from steadyhand.model import Literal, Secret, Text, plain

HOOK = Text((Secret("hook"),))
MAIL = {"host": plain("127.0.0.1"), "from": plain("a@example.com"), "to": [plain("b@example.com")]}


def test_every_parameter_of_every_kind_is_described():
    assert [f.name for f in FAMILIES] == [
        "slack", "teams", "email", "pagerduty", "opsgenie", "webhook", "statuspage", "status", "console", "apprise",
    ]  # fmt: skip
    assert [
        problem for family in FAMILIES for param in family.params for problem in _incomplete(param, family.name)
    ] == []
    assert all(f.summary for f in FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_examples_are_channels_that_can_be_used(family):
    example = {p.name: p.example for p in family.params if p.required}
    given = {"slack": {"webhook": "https://hooks/x"}}.get(family.name, example)
    texts = {"{{ secrets.teams }}": "https://hooks/x"}
    check(family.name, {k: plain(texts.get(v, v)) if isinstance(v, str) else v for k, v in given.items()})


@pytest.mark.parametrize(
    ("kind", "params", "message"),
    [
        ("bell", {}, "there is no kind of channel bell"),
        ("slack", {}, "`slack` needs one of `webhook` and `token`"),
        ("slack", {"webhook": HOOK, "token": HOOK}, "`slack` needs one of `webhook` and `token`"),
        ("slack", {"token": HOOK}, "a Slack bot needs a `channel`"),
        ("slack", {"webhook": HOOK, "mention": plain("all> <!here")}, "`mention` cannot be 'all> <!here'"),
        ("slack", {"webhook": plain("hooks.slack.com/x")}, "`webhook` is no http or https address: 'hooks.slack.com/x'"),
        ("slack", {"webhook": HOOK, "audience": plain("all")}, "`audience` cannot be 'all'"),
        ("teams", {}, "`teams` needs `webhook`"),
        ("email", {**MAIL, "host": plain("smtp.example.com"), "tls": plain("none")},
         "`tls: none` is for this machine only, and smtp.example.com is another"),
        ("email", {**MAIL, "tls": plain("ssl")}, "`tls` cannot be 'ssl'"),
        ("email", {**MAIL, "username": plain("x")}, "`username` and `password` belong together"),
        ("email", {**MAIL, "to": [plain("a@b\r\nBcc: c@d")]}, "'a@b\\r\\nBcc: c@d' is no address of mail"),
        ("email", {**MAIL, "to": []}, "`email` needs `to`"),
        ("pagerduty", {"routing_key": HOOK, "action": plain("open")}, "`action` cannot be 'open'"),
        ("opsgenie", {"api_key": HOOK, "region": plain("asia")}, "`region` cannot be 'asia'"),
        ("webhook", {"url": HOOK, "signature": plain("X")}, "`signature` needs `secret`"),
        ("webhook", {"url": plain("file:///etc/passwd")}, "`url` is no http or https address: 'file:///etc/passwd'"),
        ("webhook", {"url": HOOK, "method": plain("DELETE")}, "`method` cannot be 'DELETE'"),
        ("status", {"url": HOOK}, "`status` needs `fields`"),
    ],
)  # fmt: skip
def test_channels_that_cannot_be_used(kind, params, message):
    with pytest.raises(BadInput) as caught:
        check(kind, params)
    assert caught.value.message == message
    assert caught.value.hint


def test_who_reads_it():
    assert audience("slack", {}) == "responders"
    assert audience("statuspage", {}) == audience("status", {}) == "customers"
    assert audience("email", {"audience": plain("company")}) == "company"


@pytest.mark.parametrize(
    ("kind", "params", "shown"),
    [
        ("slack", {"webhook": Text((Literal("https://hooks.slack.com/services/"), Secret("hook")))},
         "https://hooks.slack.com/services/•••"),
        ("slack", {"token": HOOK, "channel": plain("#ops")}, "#ops"),
        ("teams", {"webhook": HOOK}, "•••"),
        ("email", MAIL, "b@example.com by 127.0.0.1"),
        ("pagerduty", {"routing_key": HOOK}, "•••"),
        ("webhook", {"url": plain("https://h/p?token=x")}, "https://h/p"),
        ("statuspage", {"page": plain("p1"), "api_key": HOOK}, "page p1 at https://api.statuspage.io"),
        ("apprise", {"url": plain("ntfy://user:pass@host/x")}, "•••"),
        ("console", {}, ""),
    ],
)  # fmt: skip
def test_where_it_leads(kind, params, shown):
    assert place(kind, params) == shown


def test_addresses_of_mail():
    assert MAILBOX.fullmatch("a.b+c@example.com")
    assert MAILBOX.fullmatch("Steady Hand <a@example.com>")
    assert not any(
        map(MAILBOX.fullmatch, ("", "a", "a@", "@b", "a@b, c@d", "a@b\n", "x\r\nBcc: <a@b>", "a b@c <d>", "a@b;c@d"))
    )


def test_this_machine():
    assert all(map(loopback, ("localhost", "127.0.0.1", "127.1.2.3", "::1")))
    assert not any(map(loopback, ("10.0.0.1", "localhost.example.com", "", "smtp")))
