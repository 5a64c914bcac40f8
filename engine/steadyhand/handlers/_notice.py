"""What a channel is told, as plain text: who reads it decides which words it gets, and nothing secret is among them.

Pure. Called by `notify` when it plans, and by the builders of each service's message. Three promises stand here: a
secret never is a part of a message; customers read what was written for customers and nothing else; a text that is
too long for a service is cut where the service would cut it (or refuse it), and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ..errors import BadInput
from ..model import Text, digest, secrets_in
from ._texts import text_of

RESPONDERS, COMPANY, CUSTOMERS = AUDIENCES = ("responders", "company", "customers")
ACTIONS = ("trigger", "acknowledge", "resolve")
SEVERITIES: Mapping[str, str] = {
    "SEV1": "critical", "SEV2": "error", "SEV3": "warning", "SEV4": "info",
    "CRITICAL": "critical", "ERROR": "error", "WARNING": "warning", "INFO": "info",
}  # fmt: skip
"""How grave it is, as people write it, to the four words of the paging services."""
SAID = ("message", "title", "severity", "audience", "action", "link", "links", "key")
"""The parameters of a step that are said to somebody."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff\u2028\u2029]")


class Notice(Struct, frozen=True):
    """What one channel is told. `severity` and `action` are '' when the step gives none.

    `token` names this delivery, the same in every attempt.
    """

    message: str
    title: str = ""
    severity: str = ""
    action: str = ""
    audience: str = RESPONDERS
    links: tuple[tuple[str, str], ...] = ()
    key: str = ""
    run: str = ""
    step: str = ""
    token: str = ""

    @property
    def headline(self) -> str:
        """The title, or the first line of the message."""
        return self.title or one_line(self.message.split("\n", 1)[0])

    def subject(self, default: str = "") -> str:
        """What the services tell one matter from another by: the step's key, the channel's, else the run."""
        return self.key or default or f"steadyhand/{self.run}"

    @property
    def footer(self) -> str:
        """Where it comes from; nothing for customers."""
        if self.audience == CUSTOMERS:
            return ""
        return " · ".join(part for part in (self.severity, f"run {self.run}" if self.run else "", self.step) if part)


def check(params: Mapping[str, Any]) -> None:
    """Raises BadInput for what may not be said, or cannot be."""
    for name in SAID:
        for secret in sorted(secrets_in(params.get(name))):
            hint = "leave it out: what is sent is kept where we cannot take it back"
            raise BadInput(f"`{name}` holds the secret {secret}, and no message may", hint)
    message, audience = params.get("message"), _word(params, "audience")
    if isinstance(message, Mapping) or isinstance(params.get("title"), Mapping):
        _one_of("audience", [*(message if isinstance(message, Mapping) else ()), *_keys(params.get("title"))])
        if audience and isinstance(message, Mapping):
            hint = "leave `audience` out: each channel gets the text for its own"
            raise BadInput("`audience` and a message for each audience are both given", hint)
    texts = list(message.values()) if isinstance(message, Mapping) else [message]
    if not texts or not all(text_of(text if text is not None else "").masked().strip() for text in texts):
        raise BadInput("`message` is empty", "say what people should know")
    _one_of("audience", [audience] if audience else [])
    _one_of("action", [_word(params, "action")] if params.get("action") is not None else [], ACTIONS)
    if params.get("severity") is not None and _word(params, "severity").upper() not in SEVERITIES:
        raise BadInput(f"there is no severity {_word(params, 'severity')[:40]!r}", f"one of {', '.join(SEVERITIES)}")
    for label, address in _links(params):
        if not re.fullmatch(r"https?://[^\s/]\S*", address):
            raise BadInput(f"the link {label} is no address: {address[:80]!r}", "begin it with https:// and a host")


def noticed(
    params: Mapping[str, Any], channel: str, audience: str, environment: Mapping[str, str] | None = None
) -> Notice:
    """What a channel is told whose readers are `audience`. Raises BadInput when there is nothing for them."""
    known = environment or {}
    run, step, visit = (known.get(f"STEADY_{name}", "") for name in ("RUN", "STEP", "VISIT"))
    message, title = _message(params, channel, audience), _title(params, audience)
    open_to_all = audience != CUSTOMERS or _word(params, "audience") == CUSTOMERS
    return Notice(
        message=cleaned(message.masked()).strip(),
        title=one_line(cleaned(title.masked())) if title is not None else "",
        severity=SEVERITIES.get(_word(params, "severity").upper(), ""),
        action=_word(params, "action"),
        audience=audience,
        links=tuple(_links(params)) if open_to_all else (),
        key=one_line(cleaned(_word(params, "key"))),
        run=run,
        step=step,
        token=digest([run, step, visit, channel])[:32],
    )


def cleaned(text: str) -> str:
    """The text without what is no text: control characters and half characters are marks."""
    return _CONTROL.sub("\ufffd", text.replace("\r\n", "\n").replace("\r", "\n"))


def one_line(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())


def cut(text: str, most: int) -> str:
    """At most so many characters; what is left out is said."""
    if len(text) <= most:
        return text
    note = f" … (cut: {len(text):,} characters)" if most > 60 else "…"
    return f"{text[: most - len(note)]}{note}"


def fitted(text: str, most: int, written: Callable[[str], str]) -> str:
    """The text as a service wants it written (escaped), cut so that this is at most so many characters."""
    size = most
    while len(found := written(cut(text, size))) > most:
        size -= max(1, (len(found) - most) // 8)
    return found


def _message(params: Mapping[str, Any], channel: str, audience: str) -> Text:
    message = params["message"]
    if not isinstance(message, Mapping):
        if audience == CUSTOMERS and _word(params, "audience") != CUSTOMERS:
            hint = "write `message: {customers: ...}`, or `audience: customers` if they may read all of it"
            raise BadInput(f"customers read the channel {channel}, and this message is not written for them", hint)
        return text_of(message)
    found = next((message[a] for a in _readable(audience) if a in message), None)
    if found is None:
        raise BadInput(f"there is no message for {audience}, who read {channel}", f"write message: {{{audience}: ...}}")
    return text_of(found)


def _title(params: Mapping[str, Any], audience: str) -> Text | None:
    title = params.get("title")
    if isinstance(title, Mapping):
        title = next((title[a] for a in _readable(audience) if a in title), None)
    elif audience == CUSTOMERS and _word(params, "audience") != CUSTOMERS:
        return None
    return text_of(title) if title is not None else None


def _readable(audience: str) -> tuple[str, ...]:
    """Whose texts an audience may read, its own first. Customers read only their own."""
    return (audience,) if audience == CUSTOMERS else (audience, *(a for a in AUDIENCES if a != audience))


def _links(params: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = dict(params.get("links") or {})
    if params.get("link") is not None:
        given = {"Look": params["link"], **given}
    return [(one_line(cleaned(str(label))), text_of(address).masked()) for label, address in given.items()]


def _word(params: Mapping[str, Any], name: str) -> str:
    value = params.get(name)
    return text_of(value).masked().strip() if value is not None else ""


def _keys(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, Mapping) else ()


def _one_of(name: str, given: list[Any], known: tuple[str, ...] = AUDIENCES) -> None:
    for word in given:
        if word not in known:
            raise BadInput(f"there is no {name} {str(word)[:40]!r}", f"one of {', '.join(known)}")
