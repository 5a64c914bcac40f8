"""Messages for chats: their form, that hostile text stays text, and their limits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from steadyhand.handlers._chat import CARD, Button, markdown, mentioned, mrkdwn, slack, teams
from steadyhand.handlers._notice import Notice

DATA = Path(__file__).parent / "data"
HOSTILE = "<!channel> <@U1> <https://evil|bank> &lt; *b* [x](https://evil) <at>All</at> <script>alert(1)</script>"


def texts(value):
    """Every text of a kind that is read as markup."""
    if isinstance(value, dict):
        return [value["text"]] if value.get("type") == "mrkdwn" else [t for v in value.values() for t in texts(v)]
    return [t for v in value for t in texts(v)] if isinstance(value, list) else []


def test_a_message_to_slack():
    notice = Notice("It is slow", "Checkout", "critical", links=(("Look", "https://g/"),), run="r1", step="tell")
    assert slack(notice) == {
        "text": "Checkout\nIt is slow",
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": "🔴 Checkout", "emoji": False}},
            {"type": "section", "text": {"type": "mrkdwn", "text": "It is slow", "verbatim": True}},
            {"type": "actions", "elements": [
                {"type": "button", "text": {"type": "plain_text", "text": "Look", "emoji": False}, "url": "https://g/"},
            ]},
            {"type": "context", "elements": [{"type": "mrkdwn", "text": "critical · run r1 · tell", "verbatim": True}]},
        ],
    }  # fmt: skip


def test_it_says_no_less_than_what_alertmanager_sends():
    theirs = json.loads((DATA / "alertmanager-out-slack.json").read_text())["attachments"][0]
    ours = slack(Notice("text", theirs["title"], links=(("Look", theirs["title_link"]),)))
    assert ours["blocks"][0]["text"]["text"] == theirs["title"]
    assert ours["blocks"][2]["elements"][0]["url"] == theirs["title_link"]
    assert ours["text"].startswith(theirs["fallback"].partition(" | ")[0])


def test_a_button_may_be_an_answer():
    body = slack(Notice("m"), buttons=(Button("Approve", name="gate", value="approve", style="primary"),))
    assert body["blocks"][1]["elements"] == [
        {"type": "button", "text": {"type": "plain_text", "text": "Approve", "emoji": False}, "action_id": "gate",
         "value": "approve", "style": "primary"},
    ]  # fmt: skip


def test_nobody_is_called_by_text_from_outside():
    body = slack(Notice(HOSTILE, run=HOSTILE), "here")
    for text in (body["text"], *texts(body["blocks"])):
        assert text.removeprefix("<!here> ").count("<") == 0
        assert ">" not in text.removeprefix("<!here> ")
    assert body["text"].startswith("<!here> &lt;!channel&gt; ")
    assert "&amp;lt;" in body["text"]


@pytest.mark.parametrize(
    ("who", "how"),
    [("here", "<!here>"), ("U024BE7LH", "<@U024BE7LH>"), ("S0ABCDEF", "<!subteam^S0ABCDEF>"), ("", "")],
)
def test_whom_slack_calls(who, how):
    assert mentioned(who) == how


def test_slacks_limits():
    links = tuple((f"{n}" * 100, f"https://h/{'x' * 5000}") for n in range(40))
    body = slack(Notice("<&>" * 5000, "T" * 400, "error", links=links, run="r" * 5000), "here")
    header, section, actions, context = body["blocks"]
    assert len(header["text"]["text"]) <= 150
    assert len(section["text"]["text"]) <= 3000
    assert section["text"]["text"].endswith("(cut: 15,000 characters)")
    assert len(actions["elements"]) == 25
    assert all(len(e["url"]) <= 3000 and len(e["text"]["text"]) <= 75 for e in actions["elements"])
    assert len(context["elements"][0]["text"]) <= 3000
    assert len(body["text"]) <= 4000


def test_a_message_to_teams():
    body = teams(Notice("It is slow", "Checkout", "warning", links=(("Look", "https://g/"),), run="r1"))
    (attachment,) = body["attachments"]
    assert body["type"] == "message"
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    card = attachment["content"]
    assert (card["type"], card["version"], card["fallbackText"]) == ("AdaptiveCard", "1.4", "Checkout")
    assert [block["text"] for block in card["body"]] == ["Checkout", "It is slow", "warning · run r1"]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Look", "url": "https://g/"}]


def test_hostile_text_is_no_markup_in_teams():
    text = teams(Notice(HOSTILE, HOSTILE))["attachments"][0]["content"]["body"][1]["text"]
    assert "<" not in text
    assert "\\[x\\]\\(https" in text
    assert "\\*b\\*" in text
    assert markdown("a\nb") == "a\n\nb"


@pytest.mark.parametrize("text", ["x" * 100_000, "<" * 60_000, "ü\n" * 40_000])
def test_teams_limit(text):
    body = teams(Notice(text, "T"))
    assert CARD * 0.8 < len(json.dumps(body).encode()) <= CARD
    assert f"cut: {len(text):,} characters" in body["attachments"][0]["content"]["body"][1]["text"]


def test_slack_escapes_three_characters():
    assert mrkdwn("a & <b> \"c\" 'd'") == "a &amp; &lt;b&gt; \"c\" 'd'"
