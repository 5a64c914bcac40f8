"""What a test may look at, and how a difference is told."""

from __future__ import annotations

import pytest

from steadyhand.model import Text
from steadyhand.model.text import Literal, Secret
from steadyhand.rehearsal.expected import Observed, differences, message

SEEN = Observed(
    conclusion="resolved",
    path=("a", "b"),
    waits_for=(),
    facts={"n": 1, "flag": True},
    attempts={"a": 2},
    asked=(),
    sent=({"channel": "#ops", "text": "shop is slow"},),
    refused={"a": ("bo",)},
    undone=("a",),
    in_doubt=(),
    unrendered={},
)


@pytest.mark.parametrize(
    "expect",
    [
        {},
        {"conclusion": "resolved", "path": ["a", "b"], "waits_for": [], "undone": ["a"]},
        {"facts": {"n": 1}, "attempts": {"a": 2}, "refused": {"a": ["bo"]}},
        {"sends": [{"channel": "#ops", "text": {"contains": "slow"}}], "asks": []},
    ],
)
def test_what_came_as_expected(expect):
    assert list(differences(expect, SEEN)) == []


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ({"facts": {"n": True}}, "facts.n: expected True, actual 1"),
        ({"facts": {"m": 1}}, "facts.m: expected 1, actual None"),
        ({"refused": {}}, "refused.a: expected [], actual ['bo']"),
        ({"sends": []}, 'sends: expected 0, actual 1: "shop is slow"'),
        (
            {"sends": [{"subject": "x"}]},
            'sends 1.subject: expected "x", actual there is no `subject`; there are channel, text',
        ),
        ({"in_doubt": ["a"]}, "in_doubt: expected ['a'], actual []"),
    ],
)
def test_a_difference_says_what_and_where(expect, said):
    assert list(differences(expect, SEEN)) == [said]


def test_a_message_has_a_text_and_a_channel_whatever_the_handler_calls_them():
    text = Text((Literal("token "), Secret("api")))
    assert message({"message": text, "to": ["a"]}, "p", "") == {
        "preview": "p", "message": "token •••", "to": ["a"], "text": "token •••", "channel": "a",
    }  # fmt: skip
    assert message({"text": "t"}, "p", "chat") == {"preview": "p", "target": "chat", "text": "t", "channel": "chat"}
    assert message({}, "p", "")["text"] == "p"
