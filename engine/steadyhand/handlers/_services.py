"""Requests to the services that are told over HTTP, and what their answers mean. Pure: a notice in, a request out.

Called by _deliver. Secrets stay in the request by name. A service's published limits are kept here, so that a message
arrives shortened rather than not at all. Each answer is read once: what the service calls the message (`ids`), or why
it did not take it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from msgspec import Struct

from ..errors import Refused, Unreachable
from ..model import Literal, Text, digest, plain
from . import _channels, _chat
from ._channels import word
from ._notice import Notice, cut
from ._texts import text_of

SUMMARY, DEDUP, DETAILS = 1024, 255, 400_000
"""Characters of a summary and a dedup_key of PagerDuty; of details (an event may have 512 KB)."""
MESSAGE, ALIAS, DESCRIPTION, NOTE = 130, 512, 15_000, 25_000
"""Characters of Opsgenie's message, alias, description and note."""
TAGS, TAG = 20, 50
"""Opsgenie's tags, and the characters of one."""
NAME, BODY = 255, 25_000
"""Characters of the name of an incident on a status page, and of an update."""
PRIORITIES: Mapping[str, str] = {"critical": "P1", "error": "P2", "warning": "P3", "info": "P5"}
_WORDS = re.compile(r"\$(\$|[a-z]+)")


class Again(Unreachable):
    """The service was reached and asks to be asked again; `after` is how many seconds it wants, None when unsaid."""

    def __init__(self, message: str, after: float | None = None) -> None:
        super().__init__(message, "look at the service's own status page")
        self.after = after


class Request(Struct, frozen=True):
    """One request. `json` may hold texts with secrets; `sign` is (header, secret) when the body is to be signed."""

    method: str
    url: Text
    headers: Mapping[str, Any] = {}
    json: Any = None
    sign: tuple[str, Text] | None = None


class Answer(Struct, frozen=True):
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: str
    json: Any = None


Params = Mapping[str, Any]


def request(kind: str, params: Params, notice: Notice) -> Request:
    """The request that tells a channel."""
    return _REQUESTS[kind](params, notice)


def receipt(kind: str, notice: Notice, answer: Answer) -> str:
    """What the service calls the message, '' when it says nothing. Raises Refused, or Again."""
    return _RECEIPTS[kind](notice, answer)


def reasons(answer: Answer) -> str:
    """Why a service refused, in its own words."""
    found = answer.json
    if isinstance(found, Mapping):
        parts = [found.get(name) for name in ("message", "error", "error_description", "errors", "detail")]
        said = [_flat(part) for part in parts if part]
        if said:
            return cut("; ".join(said), 200)
    return cut(" ".join(answer.body.split()), 200)


def _flat(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(map(_flat, value))
    return ", ".join(f"{k}: {_flat(v)}" for k, v in value.items()) if isinstance(value, Mapping) else str(value)


def under(params: Params, default: str, path: str) -> Text:
    """An address below that of an API."""
    base = text_of(params.get("url", default))
    last = base.parts[-1]
    kept = (*base.parts[:-1], Literal(last.text.rstrip("/"))) if isinstance(last, Literal) else base.parts
    return Text((*kept, Literal(path)))


# --- what goes out


def _slack(params: Params, notice: Notice) -> Request:
    body = _chat.slack(notice, word(params, "mention"))
    if "webhook" in params:
        return Request("POST", text_of(params["webhook"]), json=body)
    headers = {"Authorization": Text((Literal("Bearer "), *text_of(params["token"]).parts))}
    body = {"channel": text_of(params["channel"]), **body, "unfurl_links": False, "unfurl_media": False}
    return Request("POST", under(params, _channels.SLACK, "/chat.postMessage"), headers, body)


def _teams(params: Params, notice: Notice) -> Request:
    return Request("POST", text_of(params["webhook"]), json=_chat.teams(notice))


def _pagerduty(params: Params, notice: Notice) -> Request:
    details = {"message": cut(notice.message, DETAILS), "run": notice.run, "step": notice.step}
    event = {
        "routing_key": text_of(params["routing_key"]),
        "event_action": action(params, notice),
        "dedup_key": dedup(notice.subject(word(params, "dedup_key")), DEDUP),
        "payload": {
            "summary": cut(_summary(notice), SUMMARY),
            "source": cut(word(params, "source", "steadyhand"), SUMMARY),
            "severity": notice.severity or word(params, "severity", "error"),
            "custom_details": {name: value for name, value in details.items() if value},
        },
        "client": "Steadyhand",
        "links": [{"href": address, "text": label} for label, address in notice.links],
    }
    return Request("POST", under(params, _channels.PAGERDUTY, "/v2/enqueue"), json=event)


def _summary(notice: Notice) -> str:
    return f"{notice.title}: {' '.join(notice.message.split())}" if notice.title else " ".join(notice.message.split())


def _opsgenie(params: Params, notice: Notice) -> Request:
    base = _channels.OPSGENIE[word(params, "region", "us")]
    headers = {"Authorization": Text((Literal("GenieKey "), *text_of(params["api_key"]).parts))}
    alias, what = dedup(notice.subject(), ALIAS), action(params, notice)
    if what != "trigger":
        verb = "close" if what == "resolve" else "acknowledge"
        path = f"/v2/alerts/{_escaped(alias)}/{verb}?identifierType=alias"
        body = {"source": "Steadyhand", "note": cut(_told(notice), NOTE)}
        return Request("POST", under(params, base, path), headers, body)
    team = word(params, "team")
    details = {"run": notice.run, "step": notice.step, **dict(notice.links)}
    alert = {
        "message": cut(notice.headline, MESSAGE),
        "alias": alias,
        "description": cut(notice.message, DESCRIPTION),
        "priority": PRIORITIES.get(notice.severity, "P3"),
        "source": "Steadyhand",
        "details": {name: value for name, value in details.items() if value},
        "tags": [cut(text_of(tag).masked(), TAG) for tag in params.get("tags", ())][:TAGS],
        **({"responders": [{"type": "team", "name": team}]} if team else {}),
    }
    return Request("POST", under(params, base, "/v2/alerts"), headers, alert)


def _webhook(params: Params, notice: Notice) -> Request:
    words = ("message", "title", "severity", "action", "audience", "link", "key", "run", "step")
    body = filled(params.get("body") or {name: f"${name}" for name in words}, _known(params, notice))
    header = word(params, "signature", "X-Signature-256")
    sign = (header, text_of(params["secret"])) if "secret" in params else None
    return Request(
        word(params, "method", "POST").upper(), text_of(params["url"]), params.get("headers", {}), body, sign
    )


def _status(params: Params, notice: Notice) -> Request:
    states = {**_channels.STATES, **params.get("states", {})}
    body = filled(params["fields"], {**_known(params, notice), "state": states[action(params, notice)]})
    return Request(word(params, "method", "POST").upper(), text_of(params["url"]), params.get("headers", {}), body)


def _known(params: Params, notice: Notice) -> dict[str, Any]:
    ours = notice.audience != "customers"
    return {
        "message": notice.message,
        "title": notice.headline,
        "severity": notice.severity,
        "action": action(params, notice),
        "audience": notice.audience,
        "link": notice.links[0][1] if notice.links else "",
        "key": dedup(notice.subject(), DEDUP) if ours else digest(notice.subject())[:32],
        "run": notice.run if ours else "",
        "step": notice.step if ours else "",
        "token": notice.token,
    }


def filled(value: Any, known: Mapping[str, Any]) -> Any:
    """A body with its $words replaced. A text that is one word takes its value as it is; `$$` is a dollar."""
    if isinstance(value, Mapping):
        return {name: filled(inner, known) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [filled(inner, known) for inner in value]
    if isinstance(value, str):
        return filled(plain(value), known)
    if not isinstance(value, Text):
        return value

    def put(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else str(known.get(found[1], found[0]))

    if len(value.parts) == 1 and isinstance(value.parts[0], Literal):
        whole = value.parts[0].text
        if whole.startswith("$") and whole[1:] in known:
            return known[whole[1:]]
    return Text(tuple(Literal(_WORDS.sub(put, p.text)) if isinstance(p, Literal) else p for p in value.parts))


# --- Statuspage: an incident is looked for by its key before it is made, for the service knows no idempotency


def statuspage_open(params: Params) -> Request:
    """The incidents of the page that are not resolved."""
    return Request("GET", _page(params, "/incidents/unresolved"), _oauth(params))


def statuspage_found(notice: Notice, listed: Any) -> str:
    """The id of the incident that this key has; '' when there is none."""
    for one in listed if isinstance(listed, list) else ():
        meta = one.get("metadata") if isinstance(one, Mapping) else None
        ours = meta.get("steadyhand") if isinstance(meta, Mapping) else None
        if isinstance(ours, Mapping) and ours.get("key") == digest(notice.subject()):
            return str(one.get("id", ""))
    return ""


def statuspage(params: Params, notice: Notice, incident: str) -> Request:
    """Make an incident, or update the one that is there."""
    what = action(params, notice)
    components = {
        name: "operational" if what == "resolve" else text_of(status).masked()
        for name, status in params.get("components", {}).items()
    }
    about: dict[str, Any] = {"status": _channels.STATES[what], "body": cut(notice.message, BODY)}
    if components:
        about["components"] = components
        about["component_ids"] = list(components)
    if "impact" in params:
        about["impact_override"] = word(params, "impact")
    if incident:
        return Request("PATCH", _page(params, f"/incidents/{_escaped(incident)}"), _oauth(params), {"incident": about})
    about |= {"name": cut(notice.headline, NAME), "metadata": {"steadyhand": {"key": digest(notice.subject())}}}
    return Request("POST", _page(params, "/incidents"), _oauth(params), {"incident": about})


def _page(params: Params, path: str) -> Text:
    return under(params, _channels.STATUSPAGE, f"/v1/pages/{_escaped(word(params, 'page'))}{path}")


def _oauth(params: Params) -> dict[str, Any]:
    return {"Authorization": Text((Literal("OAuth "), *text_of(params["api_key"]).parts))}


# --- what comes back


def _said_by_slack(notice: Notice, answer: Answer) -> str:
    del notice
    if not isinstance(answer.json, Mapping):
        return ""  # a webhook says `ok`
    if answer.json.get("ok") is False:
        error = str(answer.json.get("error", "no reason given"))
        if error in {"ratelimited", "internal_error", "fatal_error", "service_unavailable", "request_timeout"}:
            raise Again(f"Slack answered {error}")
        raise Refused(f"Slack refused it: {cut(error, 200)}", "look at the token, its scopes and the channel")
    return str(answer.json.get("ts", ""))


def _said_by_teams(notice: Notice, answer: Answer) -> str:
    """An incoming webhook answers 200 for what it could not deliver."""
    del notice
    if "delivery failed" in answer.body.lower():
        status = re.search(r"HTTP error (\d{3})", answer.body)
        if status and (status[1] == "429" or status[1].startswith("5")):
            raise Again(f"Teams could not deliver it: {status[1]}")
        raise Refused(f"Teams could not deliver it: {reasons(answer)}", "look at the webhook of the channel")
    return ""


def _named(*names: str) -> Callable[[Notice, Answer], str]:
    def found(notice: Notice, answer: Answer) -> str:
        del notice
        here = answer.json
        for name in names:
            here = here.get(name) if isinstance(here, Mapping) else None
        return cut(str(here), 200) if isinstance(here, (str, int)) else ""

    return found


def _any_id(notice: Notice, answer: Answer) -> str:
    return next((said for path in (("id",), ("data", "id")) if (said := _named(*path)(notice, answer))), notice.token)


_REQUESTS: Mapping[str, Callable[[Params, Notice], Request]] = {
    "slack": _slack, "teams": _teams, "pagerduty": _pagerduty, "opsgenie": _opsgenie, "webhook": _webhook,
    "status": _status,
}  # fmt: skip
_RECEIPTS: Mapping[str, Callable[[Notice, Answer], str]] = {
    "slack": _said_by_slack, "teams": _said_by_teams, "pagerduty": _named("dedup_key"),
    "opsgenie": _named("requestId"), "webhook": _any_id, "status": _any_id, "statuspage": _named("id"),
}  # fmt: skip


def action(params: Params, notice: Notice) -> str:
    """What is to come of it: the step's word, else the channel's."""
    return notice.action or word(params, "action", "trigger")


def dedup(key: str, most: int) -> str:
    """The key as a service takes it: one that is too long is its digest, so that two of them stay two."""
    return key if len(key) <= most else digest(key)


def _told(notice: Notice) -> str:
    return f"{notice.title}\n{notice.message}" if notice.title else notice.message


def _escaped(text: str) -> str:
    from ..expressions.quoting import percent  # noqa: PLC0415 not for `validate`

    return percent(text)
