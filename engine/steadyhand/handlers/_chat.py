"""Messages as chat services want them: Slack's Block Kit, Teams' Adaptive Cards. Pure: a notice in, JSON out.

Called by _services. What people wrote, and what placeholders put into it, is text: it cannot call a channel, show a
link that leads elsewhere, or become markup. Limits are those that the services publish.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import Struct

from ._notice import Notice, cut, fitted

HEADER, SECTION, BUTTON, ADDRESS, BUTTONS = 150, 3000, 75, 3000, 25
"""Characters of a Slack header, a section, a button's label and a button's address; buttons in a row."""
CARD = 28 * 1024
"""Bytes of a message to Teams."""
SIGNS: Mapping[str, str] = {"critical": "🔴", "error": "🔴", "warning": "🟠", "info": "🔵"}
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()#+\-.!~|])")


class Button(Struct, frozen=True):
    """Something to press: a link, or (with `name`) an answer that Slack sends to our server."""

    label: str
    url: str = ""
    name: str = ""
    value: str = ""
    style: str = ""


def buttons_of(notice: Notice) -> tuple[Button, ...]:
    """A button for each link."""
    return tuple(Button(label, url=address) for label, address in notice.links)


def mrkdwn(text: str) -> str:
    """Text as Slack shows it literally: with these three escaped it knows no mention, no link and no date."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def mentioned(who: str) -> str:
    """How Slack calls somebody."""
    if not who:
        return ""
    if who in {"here", "channel", "everyone"}:
        return f"<!{who}>"
    return f"<!subteam^{who}>" if who.startswith("S") else f"<@{who}>"


def slack(notice: Notice, mention: str = "", buttons: Sequence[Button] = ()) -> dict[str, Any]:
    """The body of a message to Slack. `text` is what notifications show, and what reads it aloud."""
    call = f"{mentioned(mention)} " if mention else ""
    sign = f"{SIGNS[notice.severity]} " if notice.severity in SIGNS else ""
    blocks: list[dict[str, Any]] = []
    if notice.title:
        title = {"type": "plain_text", "text": cut(f"{sign}{notice.title}", HEADER), "emoji": False}
        blocks.append({"type": "header", "text": title})
    lead = call if notice.title else call + sign
    blocks.append({"type": "section", "text": _mrkdwn(lead + fitted(notice.message, SECTION - len(lead), mrkdwn))})
    pressed = [_button(button) for button in (*buttons_of(notice), *buttons)[:BUTTONS]]
    if pressed:
        blocks.append({"type": "actions", "elements": pressed})
    if notice.footer:
        blocks.append({"type": "context", "elements": [_mrkdwn(fitted(notice.footer, SECTION, mrkdwn))]})
    said = f"{notice.title}\n{notice.message}" if notice.title else notice.message
    return {"text": call + fitted(said, SECTION - len(call), mrkdwn), "blocks": blocks}


def _mrkdwn(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _button(button: Button) -> dict[str, Any]:
    text = {"type": "plain_text", "text": cut(button.label, BUTTON), "emoji": False}
    given = {"url": button.url[:ADDRESS], "action_id": button.name, "value": button.value, "style": button.style}
    return {"type": "button", "text": text, **{name: value for name, value in given.items() if value}}


def markdown(text: str) -> str:
    """Text as an Adaptive Card shows it literally: no markup, no mention, and its line breaks kept."""
    safe = _MARKDOWN.sub(r"\\\1", text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
    return safe.replace("\n", "\n\n")


def teams(notice: Notice) -> dict[str, Any]:
    """The body of a message to Teams, in what its webhooks and its workflows take."""
    most = len(notice.message)
    while _bytes(found := _card(notice, cut(notice.message, most))) > CARD and most > 1:
        most -= max(1, (_bytes(found) - CARD) // 12)
    return found


def _bytes(value: Any) -> int:
    return len(json.dumps(value).encode())


def _card(notice: Notice, message: str) -> dict[str, Any]:
    colour = {"critical": "Attention", "error": "Attention", "warning": "Warning", "info": "Accent"}
    body: list[dict[str, Any]] = []
    if notice.title:
        head = {"size": "Large", "weight": "Bolder", "color": colour.get(notice.severity, "Default")}
        body.append(_block(cut(notice.title, HEADER), **head))
    body.append(_block(message))
    if notice.footer:
        body.append(_block(cut(notice.footer, HEADER), isSubtle=True, size="Small"))
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "fallbackText": cut(notice.headline, HEADER),
        "body": body,
        "actions": [
            {"type": "Action.OpenUrl", "title": cut(label, BUTTON), "url": address[:ADDRESS]}
            for label, address in notice.links[:6]
        ],
    }
    content = {"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": None, "content": card}
    return {"type": "message", "attachments": [content]}


def _block(text: str, **more: Any) -> dict[str, Any]:
    return {"type": "TextBlock", "text": markdown(text), "wrap": True, **more}
