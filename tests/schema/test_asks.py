"""`asks:` of the settings: where open questions are told."""

from __future__ import annotations

import pytest

from steadyhand.handlers import registry
from steadyhand.schema import read_settings
from steadyhand.schema.asks import Asking

SPECS = registry.specs()
HEAD = """\
secrets: {bot: {env: BOT}, signing: {env: SIGNING}}
channels:
  mail: {email: {host: localhost, from: a@shop.example, to: [b@shop.example]}}
  chat: {slack: {token: "{{ secrets.bot }}", channel: '#ops'}}
  hook: {slack: {webhook: "https://hooks.slack.example/x"}}
"""


def test_everything_may_be_said():
    settings, found = read_settings(
        f"{HEAD}asks: [{{roles: [approver], services: [orders], email: mail}}, {{slack: chat, signature: [signing]}}]\n",
        "steady.yaml", SPECS,
    )  # fmt: skip
    assert found == ()
    assert settings.asks == (
        Asking(("approver",), ("orders",), email="mail"),
        Asking(slack="chat", signature=("signing",)),
    )


@pytest.mark.parametrize(
    ("asks", "message", "hint"),
    [
        ("{}", "`asks` must be a list", "write [{roles: [approver], email: mail}]"),
        ("[{}]", "an item of `asks` tells nobody", "add `email:` or `slack:` with a channel"),
        ("[{email: mial}]", "there is no channel `mial`", "did you mean `mail`?"),
        ("[{email: chat}]", "the channel `chat` is of kind slack, not email", "channels: mail"),
        ("[{slack: chat}]", "buttons in Slack need `signature`",
         "add `signature: [name of the secret that holds the app's signing secret]`"),
        ("[{slack: hook, signature: [signing]}]", "the channel `hook` has a webhook, and buttons need a bot",
         "give it `token:` and `channel:` instead"),
        ("[{slack: chat, signature: [sining]}]", "there is no secret `sining`", "did you mean `signing`?"),
        ("[a]", "an item of `asks` must be a map, and is 'a'", "write `key: value` lines below it"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(asks, message, hint):
    _, found = read_settings(f"{HEAD}asks: {asks}\n", "steady.yaml", SPECS)
    assert [(d.message, d.hint) for d in found] == [(message, hint)]
